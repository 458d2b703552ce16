//! Messages: a subject that SNS takes, a text that says what to do.

use planner::message::{subject, text};
use planner::news::Event;
use planner::plan::Plan;
use planner::report::{Connection, Outcome, Problem};

use crate::scene::{endpoint, names, planned};

const EVENTS: [Event; 16] = [
    Event::ConnectionMoved,
    Event::CoverageChanged,
    Event::AssociationsChanged,
    Event::ConnectionWaiting,
    Event::Held,
    Event::ProofFailed,
    Event::ProofRecovered,
    Event::ProofMissing,
    Event::CertificateExpiring,
    Event::ConnectionLive,
    Event::ConnectionLost,
    Event::ConnectionRecovered,
    Event::DriftRepaired,
    Event::Withdrawn,
    Event::Refused,
    Event::Failed,
];

fn live() -> (Connection, Plan) {
    let plan = planned(&names(&["x.com", "api.x.com"]), Some(&endpoint("vpce-0000aaaa")), false, &[]);
    let mut connection =
        Connection::new("vpc-0a1b", Some("vpce-0000aaaa"), "available", Outcome::Changed).with_plan(&plan);
    connection.primary_dns_name = Some("vpce-0000aaaa-1a2b.vpce-svc-0a.us-east-1.vpce.amazonaws.com".to_owned());
    connection.change_ids = vec!["C0123456789".to_owned()];
    (connection, plan)
}

#[test]
fn a_live_message_says_what_a_person_needs() {
    let (connection, plan) = live();
    assert_eq!(subject(Event::ConnectionLive, &connection), "TDP PrivateLink is live in vpc-0a1b: 2 names, unproven");
    let text = text(Event::ConnectionLive, &connection, &plan, "tdp-test");
    for part in [
        "vpce-0000aaaa-1a2b.vpce-svc-0a.us-east-1.vpce.amazonaws.com",
        "Keep this name on record",
        "unproven",
        "+ api.x.com A -> vpce-0000aaaa",
        "*.x.com",
        "What to do next",
        "C0123456789",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn every_subject_fits_sns_whatever_aws_says() {
    let (mut connection, _) = live();
    connection.state = "st\u{e4}te\n".repeat(40);
    connection.problems.push(Problem::note("aws-refused", "", String::new(), ""));
    for event in EVENTS {
        let subject = subject(event, &connection);
        assert!(
            (1..=100).contains(&subject.len()) && subject.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{subject:?}"
        );
    }
}

#[test]
fn every_event_says_what_it_means_and_what_to_do() {
    let (connection, plan) = live();
    for event in EVENTS {
        let text = text(event, &connection, &plan, "tdp-test");
        assert!(text.contains("What it means: ") && text.contains("What to do next: "), "{text}");
    }
}

#[test]
fn a_long_text_is_shortened_and_says_where_the_rest_is() {
    let hosts: Vec<String> = (0..3000).map(|n| format!("host-{n}.x.com")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let plan = planned(&names(&hosts), Some(&endpoint("vpce-0000aaaa")), false, &[]);
    let connection = Connection::new("vpc-0a1b", Some("vpce-0000aaaa"), "available", Outcome::Changed).with_plan(&plan);
    let mut connection = Connection { change_ids: vec!["C0123456789".to_owned()], ..connection };
    let whole = text(Event::ConnectionLive, &connection, &plan, "tdp-test");
    let ends = ["more lines, in the function's log", "What to do next: ", "Route 53 changes (INSYNC): C0123456789\n"];
    let places: Vec<usize> = ends.iter().filter_map(|end| whole.find(end)).collect();
    assert!(whole.len() < 32 * 1024 && places.len() == 3 && places.is_sorted(), "{whole}");

    let problem = Problem::note("zone-kept", "", "x".repeat(2000), "");
    connection.problems = vec![problem; 100];
    let text = text(Event::ConnectionLive, &connection, &plan, "tdp-test");
    assert!(text.len() < 66 * 1024 && text.ends_with("shortened: the whole report is in the function's log.\n"));
}

#[test]
fn a_withdrawal_tells_of_names_without_an_answer_only_where_a_zone_was_kept() {
    let mut connection = Connection::new("vpc-0a1b", None, "available", Outcome::Withdrawn);
    assert_eq!(subject(Event::Withdrawn, &connection), "TDP PrivateLink withdrawn from vpc-0a1b: public DNS again");
    connection.problems.push(Problem::note("zone-kept", "", String::new(), ""));
    let subject = subject(Event::Withdrawn, &connection);
    assert_eq!(subject, "TDP PrivateLink withdrawn from vpc-0a1b: some names have NO ANSWER");
}
