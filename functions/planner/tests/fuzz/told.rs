//! What is told and remembered: texts that nobody outside can add a line to, and connection records that anybody may
//! have written.

use planner::message::{subject, text};
use planner::news::{ConnectionRecord, Event, Situation, Status, news, record};
use planner::plan::Plan;
use planner::report::{Connection, Mode, Outcome, Problem, Report};
use proptest::prelude::*;
use proptest::sample::select;

use super::plans::{hosts, world};
use super::text::{hostile, one_of, stays_in_its_line};
use super::{COMMENT, config};
use crate::scene::{endpoint, names, planned, zone};

const RECORD: &str = r#"{"state":"available","outcome":"in-sync","endpointId":"vpce-0000aaaa","primaryDnsName":null,
    "zones":[["x.com","Z1"]],"proof":["unproven","passed"],"changeIds":["C1"],"announced":{"event":"connection-live",
    "status":"live","endpointId":"vpce-0000aaaa","records":"r1","problems":"p1","config":"c1","coverage":"",
    "associations":"","wasLive":true,"isLossTold":false,"proof":"passed","isProofMissing":false,
    "expiring":["2026-01-01T00:00:00Z"]}}"#;
const EVENTS: [Event; 6] = [
    Event::ConnectionLive,
    Event::ConnectionMoved,
    Event::DriftRepaired,
    Event::Withdrawn,
    Event::Refused,
    Event::AssociationsChanged,
];

/// Right records with a hostile text in one field, and hostile JSON.
fn record_text() -> impl Strategy<Value = String> {
    let fields = ["available", "vpce-0000aaaa", "x.com", "C1", "r1", "passed", "live", "2026-01-01T00:00:00Z"];
    let with_field = (select(fields.to_vec()), hostile(one_of(&["vpce-0000bbbb", "lost", "unproven"])))
        .prop_map(|(field, text)| RECORD.replacen(&format!("\"{field}\""), &serde_json::json!(text).to_string(), 1));
    prop_oneof![with_field, hostile(one_of(&[RECORD])), (1..2000_usize).prop_map(|depth| "[".repeat(depth))]
}

fn about(plan: &Plan, state: &str) -> Connection {
    let outcome = if plan.is_refused() { Outcome::Refused } else { Outcome::Changed };
    Connection::new("vpc-0a1b2c3d", Some("vpce-0000aaaa"), state, outcome).with_plan(plan)
}

/// The lines of a text that nobody could have added to it.
fn is_whole(text: &str) -> bool {
    text.lines().all(|line| stays_in_its_line(line) && !line.starts_with("INJECTED"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_connection_record_is_read_whole_or_not_at_all(text in record_text()) {
        if let Some(read) = ConnectionRecord::from_json(&text) {
            prop_assert_eq!(ConnectionRecord::from_json(&read.to_json()), Some(read));
        }
    }

    #[test]
    fn whatever_was_remembered_there_is_a_next_record(
        text in record_text(), event in select(EVENTS.to_vec()),
        status in select(vec![Status::Live, Status::Lost, Status::Refused]),
    ) {
        let last = ConnectionRecord::from_json(&text);
        let now = Situation { status, records: "r2".to_owned(), config: "c1".to_owned() };
        let connection = Connection::new("vpc-0a1b2c3d", Some("vpce-0000aaaa"), "available", Outcome::InSync);
        let told = news(last.as_ref().map(|last| &last.announced), &now, &connection);
        let next = record(told.unwrap_or(event), last.as_ref(), &now, &connection);
        prop_assert_eq!(news(Some(&next.announced), &now, &connection), None, "the same is not told twice");
    }

    #[test]
    fn a_report_is_one_line_of_json_whatever_is_in_the_zones(hosts in hosts(), zones in world()) {
        let plan = planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &zones);
        let report = Report { mode: Mode::Apply, connections: vec![about(&plan, "available")], problems: Vec::new() };
        let line = serde_json::to_string(&report).unwrap();
        prop_assert!(!line.bytes().any(|b| b < b' '), "{line:?}");
        prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
    }

    #[test]
    fn a_subject_is_one_line_of_ascii(
        hosts in hosts(), zones in world(), event in select(EVENTS.to_vec()), state in hostile(one_of(&["available"])),
    ) {
        let plan = planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &zones);
        let subject = subject(event, &about(&plan, &state));
        prop_assert!((1..=100).contains(&subject.len()) && subject.bytes().all(|b| (b' '..=b'~').contains(&b)));
    }

    #[test]
    fn nothing_from_outside_begins_a_line_of_a_message(
        hosts in hosts(), zones in world(), event in select(EVENTS.to_vec()),
    ) {
        let plan = planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &zones);
        let shown = text(event, &about(&plan, "available"), &plan, "tdp-test");
        prop_assert!(is_whole(&shown), "{shown:?}");
    }

    #[test]
    fn nothing_a_problem_repeats_begins_a_line_of_a_message(said in hostile(one_of(&["AccessDenied", "somebody"]))) {
        let mut connection = about(&Plan::default(), "available");
        connection.problems.push(Problem::note("aws-refused", "", said, "Nothing."));
        let shown = text(Event::Failed, &connection, &Plan::default(), "tdp-test");
        prop_assert!(is_whole(&shown), "{shown:?}");
    }
}

/// The comment of a zone is free text of anybody in the account.
#[test]
fn what_a_zone_says_of_itself_stays_in_its_line() {
    let comment = COMMENT.replace("tdp-test", "somebody\nINJECTED: run this");
    let plan = planned(&names(&["x.com"]), Some(&endpoint("vpce-0000aaaa")), false, &[zone("Z1", "x.com", &comment)]);
    assert!(plan.is_refused());
    let shown = text(Event::Refused, &about(&plan, "available"), &plan, "tdp-test");
    assert!(is_whole(&shown), "{shown}");
}
