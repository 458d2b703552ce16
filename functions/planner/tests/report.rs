//! Reports that are too long.

use planner::report::{Connection, Mode, Outcome, Problem, Report, ZoneReport};

use crate::scene::name;

fn connection(zones: usize) -> Connection {
    let zone = |number| ZoneReport {
        name: name(&format!("z{number}.example.com")),
        id: None,
        created: true,
        hides: Vec::new(),
    };
    let mut connection = Connection::new("vpc-0a1b2c3d", Some("vpce-0001"), "available", Outcome::Changed);
    connection.zones = (0..zones).map(zone).collect();
    connection.undo = vec!["aws route53 …".to_owned()];
    connection
}

fn report(connections: Vec<Connection>) -> Report {
    Report { mode: Mode::Apply, connections, problems: vec![Problem::note("other-vpc", "", "x".to_owned(), "y")] }
}

fn bytes(report: &Report) -> usize {
    serde_json::to_string(report).map_or(0, |json| json.len())
}

#[test]
fn one_that_fits_stays_as_it_is() {
    let whole = report(vec![connection(300)]);
    assert_eq!(whole.clone().shortened(bytes(&whole), bytes), whole);
}

#[test]
fn one_that_does_not_fit_keeps_the_beginning_of_each_list_and_says_what_there_was() {
    let short = report(vec![connection(300)]).shortened(10_000, bytes);
    let [connection] = short.connections.as_slice() else { panic!("{short:?}") };
    assert_eq!((connection.zones.len(), connection.undo.len()), (20, 0));
    assert_eq!((connection.outcome, connection.vpc_id.as_str()), (Outcome::Changed, "vpc-0a1b2c3d"));
    let told: Vec<&str> = connection.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told, ["The report is too long to be shown whole: it has 300 zones and 0 changes."]);
    assert_eq!(short.problems.len(), 1);
}

#[test]
fn with_very_many_connections_the_lists_go_and_the_outcomes_stay() {
    let short = report(vec![connection(300); 50]).shortened(40_000, bytes);
    assert!(bytes(&short) <= 40_000);
    assert_eq!(short.connections.len(), 50);
    let told = "it has 300 zones and 0 changes";
    assert!(
        short
            .connections
            .iter()
            .all(|one| one.zones.is_empty() && one.problems.iter().any(|p| p.message.contains(told)))
    );
}

#[test]
fn its_parts_have_one_connection_each_and_lose_nothing() {
    let whole = report(vec![connection(1), connection(2)]);
    let parts = whole.by_connection();
    let zones: Vec<usize> = parts.iter().flat_map(|part| &part.connections).map(|one| one.zones.len()).collect();
    assert_eq!((parts.len(), zones), (3, vec![1, 2]));
    assert_eq!(parts.iter().flat_map(|part| &part.problems).count(), 1);
}
