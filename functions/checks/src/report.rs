//! The report: findings, what was checked, connection details, coverage, costs and the texts.

use serde::Serialize;

use crate::checks::{self, Checked};
use crate::costs::{Costs, costs};
use crate::coverage::{Row, coverage};
use crate::details::{Details, details};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::hand_over::{HandOver, hand_over};
use crate::texts::{self, Texts};
use crate::wanted::{Made, Wanted};

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is a blocker.
    Blocked,
    /// No blocker was found, but not everything could be checked.
    Incomplete,
    /// No blocker, but a warning.
    ReadyWithWarnings,
    Ready,
}

/// The answer of `preflight`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `preflight`: tells this report from those of `reconcile`, for machines that get both.
    pub report: &'static str,
    pub made: Made,
    /// Empty when none was named.
    pub vpc_id: String,
    pub region: String,
    pub verdict: Verdict,
    /// Blockers first.
    pub findings: Vec<Finding>,
    pub checks: Vec<Checked>,
    pub connection_details: Details,
    /// Empty when the endpoints of the VPC could not be read, or there is no VPC.
    pub coverage: Vec<Row>,
    /// `None` without a VPC.
    pub costs: Option<Costs>,
    /// What lab IT needs, once the connection is live and nothing blocks it.
    pub hand_over: Option<HandOver>,
    /// The same for people.
    pub texts: Texts,
}

/// Judges the facts and writes the texts. The same facts give the same report, byte for byte.
///
/// # Errors
/// A template is broken: a defect of the build, found by the templates' own test.
pub fn report(facts: &Facts, wanted: &Wanted) -> Result<Report, texts::TextError> {
    let (checks, findings) = checks::run(facts, wanted);
    let verdict = match findings.first().map(|finding| finding.severity) {
        Some(Severity::Blocker) => Verdict::Blocked,
        _ if findings.iter().any(|finding| finding.code == "not-checked") => Verdict::Incomplete,
        Some(Severity::Warning) => Verdict::ReadyWithWarnings,
        Some(Severity::Note) | None => Verdict::Ready,
    };
    let has_vpc = !wanted.vpc_id.is_empty() && facts.vpc != Ok(None);
    let coverage = if has_vpc { coverage(facts, wanted, &findings).unwrap_or_default() } else { Vec::new() };
    let mut hand_over = hand_over(facts, wanted, &coverage).filter(|_| verdict != Verdict::Blocked);
    if let Some(hand_over) = &mut hand_over {
        hand_over.snippets = texts::snippets(hand_over)?;
    }
    let mut report = Report {
        report: "preflight",
        made: wanted.made.clone(),
        vpc_id: wanted.vpc_id.clone(),
        region: wanted.region.clone(),
        verdict,
        findings,
        checks,
        connection_details: details(facts, wanted),
        coverage,
        costs: has_vpc.then(|| costs(facts, wanted)),
        hand_over,
        texts: Texts::default(),
    };
    report.texts = texts::texts(&report)?;
    Ok(report)
}
