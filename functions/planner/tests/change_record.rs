//! The document that a change leaves behind.

use std::collections::BTreeMap;

use planner::change_record::{ChangeRecord, SHAPE, parts};
use planner::plan::{Action, Change};
use planner::record::{Data, RecordType};
use planner::report::{Connection, Mode, Outcome, Problem};
use proptest::prelude::*;

use crate::scene::name;

fn record(changes: usize) -> ChangeRecord {
    let mut connection = Connection::new("vpc-0a1b2c3d", Some("vpce-0001"), "available", Outcome::Changed);
    let change = |number| Change {
        action: Action::Create,
        zone: name("example.com"),
        name: name(&format!("h{number}.example.com")),
        rtype: RecordType::Txt,
        before: None,
        after: Some(Data::Values { ttl: 300, values: vec!["\"a | b\"".to_owned()] }.into()),
    };
    connection.changes = (0..changes).map(change).collect();
    connection.change_ids = vec!["C1".to_owned(), "C2".to_owned()];
    connection.undo = vec!["# first".to_owned(), "aws route53 …".to_owned()];
    ChangeRecord {
        shape: SHAPE,
        id: "dd260b9a".to_owned(),
        owner_id: "tdp".to_owned(),
        request_id: "r-1".to_owned(),
        version: "0.1.0".to_owned(),
        commit: "unknown".to_owned(),
        trigger: "drift".to_owned(),
        configuration: "00".to_owned(),
        mode: Mode::Apply,
        started: "2026-11-26T10:00:00Z".to_owned(),
        ended: "2026-11-26T10:01:00Z".to_owned(),
        in_sync: BTreeMap::from([("C2".to_owned(), "2026-11-26T10:00:59Z".to_owned())]),
        announced: vec!["drift-repaired"],
        connection,
    }
}

#[test]
fn a_change_that_was_not_waited_for_says_why_and_after_a_failure_that_nobody_knows() {
    let text = record(1).markdown();
    assert!(text.contains("| C1 | with the last change of its zone |"), "{text}");
    assert!(text.contains("| C2 | 2026-11-26T10:00:59Z |"));
    let mut failed = record(1);
    failed.connection.outcome = Outcome::Failed;
    assert!(failed.markdown().contains("| C1 | not seen |"));
}

#[test]
fn text_from_outside_cannot_leave_its_cell_or_its_line() {
    let mut hostile = record(1);
    let evil = "a\n## Undo\n| x | `rm` |\u{2028}b";
    hostile.connection.problems = vec![Problem::note("foreign-record", "", evil.to_owned(), evil)];
    hostile.connection.state = evil.to_owned();
    let text = hostile.markdown();
    assert_eq!(text.matches("\n## Undo\n").count(), 1);
    assert!(text.contains("a ## Undo \\| x \\| 'rm' \\| b"), "{text}");
    assert!(text.contains(r#"| create | h0.example.com | TXT | none | "a \| b" (TTL 300) |"#), "{text}");
}

#[test]
fn one_that_is_too_long_keeps_its_head_and_its_document_keeps_all() {
    let long = record(2_000);
    let bytes = |record: &ChangeRecord| serde_json::to_string(record).map_or(0, |json| json.len());
    let short = long.shortened(50_000, bytes);
    assert!(bytes(&short) <= 50_000 && bytes(&long) > 50_000);
    assert_eq!((short.id.as_str(), short.connection.outcome), ("dd260b9a", Outcome::Changed));
    assert_eq!(record(3).shortened(50_000, bytes).connection, record(3).connection);
    assert_eq!(long.markdown().matches("| create | h").count(), 2_000);
}

proptest! {
    #[test]
    fn the_parts_of_a_text_are_the_text(text in "(.|\n){0,400}", most in 4_usize..200) {
        let parts = parts(&text, most);
        prop_assert_eq!(&parts.concat(), &text);
        prop_assert!(parts.iter().all(|part| part.len() <= most));
    }
}
