//! News: each piece once, none lost.

use std::collections::{BTreeMap, BTreeSet};

use planner::digest::records_digest;
use planner::news::{ConnectionRecord, Event, Situation, Status, news, record};
use planner::plan::Intent;
use planner::report::{Connection, Outcome, Problem, ZoneReport};

use crate::scene::{OWNER, apply, endpoint, name, names, planned};

fn connection(outcome: Outcome) -> Connection {
    Connection::new("vpc-0a1b2c3d", Some("vpce-0000aaaa"), "available", outcome)
}

fn situation(status: Status) -> Situation {
    Situation { status, records: "r1".to_owned(), config: "c1".to_owned() }
}

/// What is announced for each situation in turn, each remembered as the product does.
fn told(story: &[(Status, &str)]) -> Vec<Option<Event>> {
    let mut last: Option<ConnectionRecord> = None;
    let mut events = Vec::new();
    for (status, records) in story {
        let now = Situation { records: (*records).to_owned(), ..situation(*status) };
        let connection = connection(Outcome::InSync);
        let event = news(last.as_ref().map(|last| &last.announced), &now, &connection);
        if let Some(event) = event {
            last = Some(record(event, last.as_ref(), &now, &connection));
        }
        events.push(event);
    }
    events
}

#[test]
fn a_life_is_told_once_each() {
    use Event::{ConnectionLive, ConnectionLost, ConnectionRecovered, ConnectionWaiting, DriftRepaired};
    let story = [
        (Status::Waiting, ""),
        (Status::Waiting, ""),
        (Status::Live, "r1"),
        (Status::Live, "r1"),
        (Status::Live, "r2"),
        (Status::Live, "r2"),
        (Status::Lost, "r2"),
        (Status::Lost, "r2"),
        (Status::Live, "r2"),
        (Status::Live, "r2"),
    ];
    let expected = [
        Some(ConnectionWaiting),
        None,
        Some(ConnectionLive),
        None,
        Some(DriftRepaired),
        None,
        Some(ConnectionLost),
        None,
        Some(ConnectionRecovered),
        None,
    ];
    assert_eq!(told(&story), expected);
}

#[test]
fn live_after_a_refusal_is_live_the_first_time_and_back_the_second() {
    let story = [(Status::Refused, ""), (Status::Live, "r1"), (Status::Refused, "r1"), (Status::Live, "r1")];
    let expected = [Event::Refused, Event::ConnectionLive, Event::Refused, Event::ConnectionRecovered];
    assert_eq!(told(&story), expected.map(Some));
}

#[test]
fn withdrawing_nothing_is_no_news() {
    assert_eq!(told(&[(Status::Withdrawn, "")]), [None]);
    assert_eq!(
        told(&[(Status::Live, "r1"), (Status::Withdrawn, ""), (Status::Withdrawn, ""), (Status::Live, "r2")]),
        [Some(Event::ConnectionLive), Some(Event::Withdrawn), None, Some(Event::ConnectionLive)]
    );
}

#[test]
fn a_new_configuration_or_endpoint_is_no_drift() {
    let now = situation(Status::Live);
    let last = record(Event::ConnectionLive, None, &now, &connection(Outcome::Changed)).announced;
    let configured = Situation { config: "c2".to_owned(), records: "r2".to_owned(), ..now.clone() };
    assert_eq!(news(Some(&last), &configured, &connection(Outcome::Changed)), Some(Event::ConnectionLive));
    let moved = Connection { endpoint_id: Some("vpce-0000bbbb".to_owned()), ..connection(Outcome::Changed) };
    assert_eq!(news(Some(&last), &now, &moved), Some(Event::ConnectionMoved));
}

#[test]
fn another_reason_to_refuse_is_news_and_the_same_one_is_not() {
    let refused = |subject: &str| Connection {
        problems: vec![Problem::refusal("foreign-record", subject, format!("text {subject}"), "fix")],
        ..connection(Outcome::Refused)
    };
    let now = situation(Status::Refused);
    let last = record(Event::Refused, None, &now, &refused("a")).announced;
    assert_eq!(news(Some(&last), &now, &refused("a")), None);
    assert_eq!(news(Some(&last), &now, &refused("b")), Some(Event::Refused));
}

#[test]
fn a_write_changes_the_digest_and_a_confirmation_does_not() {
    let hosts = names(&["x.com", "api.x.com"]);
    let target = endpoint("vpce-0000aaaa");
    let made = apply(&planned(&hosts, Some(&target), false, &[]), &[]);
    let zones = apply(&planned(&hosts, Some(&target), false, &made), &made);
    let before = records_digest(&zones, OWNER, &BTreeSet::new());
    let wishes = BTreeMap::new();
    let intent = Intent { owner: OWNER, wishes: &wishes, adopt: false, change: "another0" };
    let confirmed = apply(&planner::plan::confirm(&intent, &zones), &zones);
    assert_ne!(confirmed, zones);
    assert_eq!(records_digest(&confirmed, OWNER, &BTreeSet::new()), before);
    assert_eq!(planned(&hosts, Some(&target), false, &confirmed).changes().count(), 0);
    let fewer = apply(&planned(&names(&["x.com"]), Some(&target), false, &zones), &zones);
    assert_ne!(records_digest(&fewer, OWNER, &BTreeSet::new()), before);
}

#[test]
fn zones_that_could_not_be_read_stay_in_the_record() {
    let zone = ZoneReport { name: name("x.com"), id: Some("Z1".to_owned()), created: false, hides: Vec::new() };
    let live = Connection { zones: vec![zone], ..connection(Outcome::Changed) };
    let before = record(Event::ConnectionLive, None, &situation(Status::Live), &live);
    let failed = record(Event::Failed, Some(&before), &situation(Status::Failed), &connection(Outcome::Failed));
    assert_eq!(failed.zones, before.zones);
    let withdrawn = connection(Outcome::Withdrawn);
    assert!(record(Event::Withdrawn, Some(&failed), &situation(Status::Withdrawn), &withdrawn).zones.is_empty());
}

#[test]
fn the_record_fits_a_parameter_and_reads_back() {
    let mut many = connection(Outcome::Changed);
    many.zones = (0..300)
        .map(|n| ZoneReport {
            name: name(&format!("host-{n}.example.com")),
            id: Some(format!("Z{n:020}")),
            created: true,
            hides: Vec::new(),
        })
        .collect();
    many.change_ids = (0..300).map(|n| format!("C{n:020}")).collect();
    let record = record(Event::ConnectionLive, None, &situation(Status::Live), &many);
    let json = record.to_json();
    assert!(json.len() <= 4096, "{}", json.len());
    assert_eq!(ConnectionRecord::from_json(&json), Some(record));
    assert_eq!(ConnectionRecord::from_json("{\"announced\":1}"), None);
}
