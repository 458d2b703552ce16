//! A report as a message.

use checks::finding::{Severity, counted};
use checks::report::{Report, Verdict};
use serde_json::json;

/// What SNS takes: 256 KiB, of which the text is one part and the report four others.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_BYTES: usize = 240 * 1024;
const MOST_TEXT: usize = 60 * 1024;

pub(super) fn severity(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Blocked => "error",
        Verdict::Incomplete | Verdict::ReadyWithWarnings => "warning",
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

/// One message for all protocols: texts for people, the report for machines, shortened until SNS takes it.
pub(super) fn envelope(report: &Report) -> String {
    let text = text(report);
    let mut machine = report.clone();
    // People have them, and they repeat what the rest says.
    machine.texts.report.clear();
    let mut most = machine.findings.len().max(machine.coverage.len());
    loop {
        let message = wrap(&text, &machine);
        if message.len() <= MOST_BYTES || most == 0 {
            return message;
        }
        // First the texts and what is made for people, then ever shorter lists.
        if let Some(hand_over) = &mut machine.hand_over {
            hand_over.snippets.clear();
        }
        machine.texts = checks::texts::Texts::default();
        most /= 2;
        machine.findings.truncate(most);
        machine.coverage.truncate(most);
        machine.connection_details.availability_zones.truncate(most);
        if let Some(hand_over) = &mut machine.hand_over {
            hand_over.zones.truncate(most);
            hand_over.hosts.truncate(most);
            hand_over.forwarded_aws.truncate(most);
            hand_over.aws_hosts.truncate(most);
        }
    }
}

fn wrap(text: &str, machine: &Report) -> String {
    // Strings, lists and options only: this cannot fail.
    let machine = serde_json::to_string(machine).unwrap_or_default();
    json!({
        "default": text, "email": text,
        "sqs": machine, "lambda": machine, "http": machine, "https": machine,
    })
    .to_string()
}

/// The report, then what is made to be passed on. When it is too long, it is the report that is cut.
fn text(report: &Report) -> String {
    let line = format!("\n{}\n\n", "-".repeat(72));
    let texts = &report.texts;
    let to_pass_on = [Some(&texts.connection_details), texts.hand_over.as_ref()];
    let mut rest = String::new();
    for part in to_pass_on.into_iter().flatten() {
        rest.push_str(&line);
        rest.push_str(part);
    }
    let rest = shortened(rest, MOST_TEXT / 2);
    // In an e-mail the escapes of Markdown are only in the way.
    let findings = texts.report.replace('\\', "");
    shortened(findings, MOST_TEXT - rest.len()) + &rest
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n… shortened: the whole report is in the function's log.\n");
    }
    text
}
