//! The texts as people get them, word by word.
//!
//! After a change of a template: `UPDATE_GOLDEN=1 cargo test -p checks`, and read the difference.

use std::path::Path;

use checks::finding::Severity;
use checks::report::{Verdict, report};

use crate::scene::{facts, foreign_zone, name, routes, wanted};

pub(crate) fn assert_golden(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} is not what was written:\n{text}", path.display());
}

#[test]
fn before_the_endpoint_is_made_the_message_to_tetrascience_is_complete() {
    let (mut facts, wanted) = (facts(), wanted());
    facts.tdp_endpoint = Ok(None);
    facts.endpoints = Ok(Vec::new());
    facts.private_zones = Ok(Vec::new());
    let report = report(&facts, &wanted).unwrap();
    assert_golden("connection-before.txt", &report.texts.connection_details);
    assert_eq!(report.hand_over, None);
    assert_eq!(report.verdict, Verdict::Ready);
}

#[test]
fn what_is_not_known_stands_in_capitals_in_the_message_to_tetrascience() {
    let (mut facts, mut wanted) = (facts(), wanted());
    facts.tdp_endpoint = Ok(None);
    (wanted.users, wanted.email_domain, wanted.domain_confirmed) = (None, None, None);
    wanted.contacts.clear();
    let report = report(&facts, &wanted).unwrap();
    assert_golden("connection-unknown.txt", &report.texts.connection_details);
}

#[test]
fn a_live_connection_gives_a_hand_over_with_forwarders() {
    let report = report(&facts(), &wanted()).unwrap();
    assert_golden("connection-live.txt", &report.texts.connection_details);
    assert_golden("hand-over.md", report.texts.hand_over.as_deref().unwrap_or_default());
}

#[test]
fn without_an_inbound_endpoint_the_hand_over_has_fixed_addresses_and_a_warning() {
    let mut facts = facts();
    facts.inbound_endpoints = Ok(Vec::new());
    let report = report(&facts, &wanted()).unwrap();
    assert_golden("hand-over-fixed.md", report.texts.hand_over.as_deref().unwrap_or_default());
}

#[test]
fn a_report_of_thirty_findings_has_a_line_for_each_and_the_blockers_first() {
    let (mut facts, mut wanted) = (facts(), wanted());
    facts.dns_support = Ok(false);
    facts.private_zones = Ok((0..30).map(foreign_zone).collect());
    let more = (0..30).map(|number| name(&format!("host-{number}.files.example.com")));
    wanted.routes = routes(wanted.routes.at_tdp().into_iter().chain(more));
    wanted.users = None;
    let report = report(&facts, &wanted).unwrap();
    let severities: Vec<Severity> = report.findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted());
    assert!(severities.len() > 30);
    assert_golden("report-of-thirty.md", &report.texts.report);
    let summary = report.texts.report.split("## Details").next().unwrap();
    for finding in &report.findings {
        let entry = format!("`{}`: {}", finding.code, finding.what.replace('*', "\\*"));
        let lines = summary.lines().filter(|line| line.contains(&entry));
        assert_eq!(lines.count(), 1, "{}", finding.what);
    }
}

#[test]
fn a_report_without_findings_says_so() {
    let (facts, mut wanted) = (facts(), wanted());
    wanted.routes = routes([name("api.tetrascience.com")]);
    wanted.catalog.hosts.clear();
    let mut report = report(&facts, &wanted).unwrap();
    report.findings.clear();
    let text = checks::texts::texts(&report).unwrap().report;
    assert!(text.contains("Nothing was found."), "{text}");
}

#[test]
fn the_same_facts_give_the_same_report_byte_for_byte() {
    let once = || serde_json::to_string(&report(&facts(), &wanted()).unwrap()).unwrap();
    assert_eq!(once(), once());
}
