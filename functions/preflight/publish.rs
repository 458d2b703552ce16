//! A report as a message.

use checks::finding::{Severity, counted};
use checks::report::{Report, Verdict};
use serde_json::json;

/// What SNS takes: 256 KiB, of which the text is one part and the report another.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_BYTES: usize = 240 * 1024;
const MOST_TEXT: usize = 60 * 1024;
/// As many findings as a message has when the whole report does not fit.
const SHORT_LIST: usize = 20;

pub(super) fn severity(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Blocked => "error",
        Verdict::ReadyWithWarnings => "warning",
        Verdict::Ready => "info",
    }
}

/// At most 100 ASCII characters.
pub(super) fn subject(report: &Report) -> String {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (blockers, warnings) = (count(Severity::Blocker), count(Severity::Warning));
    let vpc = if report.vpc_id.is_empty() { "no VPC" } else { &report.vpc_id };
    format!("TDP PrivateLink preflight of {vpc}: {}, {}", counted(blockers, "blocker"), counted(warnings, "warning"))
}

/// One message for all protocols: texts for people, the report for machines.
pub(super) fn envelope(report: &Report) -> String {
    let whole = wrap(report);
    if whole.len() <= MOST_BYTES {
        return whole;
    }
    let mut short = report.clone();
    short.findings.truncate(SHORT_LIST);
    short.coverage.truncate(SHORT_LIST);
    short.connection_details.availability_zones.truncate(SHORT_LIST);
    wrap(&short)
}

fn wrap(report: &Report) -> String {
    let texts = &report.texts;
    let parts = [Some(&texts.report), Some(&texts.connection_details), texts.hand_over.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let line = "-".repeat(72);
    let text = shortened(parts.join(&format!("\n{line}\n\n")));
    let mut machine = report.clone();
    // People have them already, and they repeat what the rest says.
    machine.texts.report.clear();
    // Strings, lists and options only: this cannot fail.
    let machine = serde_json::to_string(&machine).unwrap_or_default();
    json!({
        "default": text, "email": text,
        "sqs": machine, "lambda": machine, "http": machine, "https": machine,
    })
    .to_string()
}

fn shortened(mut text: String) -> String {
    if text.len() > MOST_TEXT {
        let end = (0..=MOST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n… shortened: the whole report is in the function's log.\n");
    }
    text
}
