//! What is handed over of hosts of AWS services, and what their zones cost.

use checks::coverage::{Row, Via, coverage};
use checks::facts::Facts;
use checks::report::{Report, report};
use checks::wanted::Wanted;
use planner::endpoint::Endpoint;
use planner::route::To;

use crate::routed::{SQS, findings, found, hub, id_of, own, private_dns, with};
use crate::scene::{ENDPOINT, SERVICE, endpoint, facts, name, records, wanted};
use crate::texts::assert_golden;

fn tdp(host: &str) -> (&str, Endpoint) {
    (host, endpoint(ENDPOINT, SERVICE))
}

/// Everything that is wanted leads where it should.
fn live(mut facts: Facts, wanted: &Wanted) -> (Facts, Report) {
    let rows = coverage(&facts, wanted, &[]).unwrap();
    let all = facts.endpoints.clone().unwrap();
    let led = |row: &'_ Row| {
        let is_ours = matches!(row.via, Via::OurZone | Via::OwnEndpoint);
        all.iter().find(|one| is_ours && row.served_by.as_ref() == Some(&one.id)).cloned()
    };
    let led: Vec<(&str, Endpoint)> = rows.iter().filter_map(|row| Some((row.host.as_str(), led(row)?))).collect();
    facts.records = Ok(records(&led));
    let report = report(&facts, wanted).unwrap();
    (facts, report)
}

#[test]
fn names_at_endpoints_of_the_vpcs_own_are_forwarded_with_a_warning() {
    let wanted = own();
    let mut facts = with(&["sqs", "ecr.api", "ecr.dkr", "logs"]);
    private_dns(&mut facts, "ecr.dkr", &["*.dkr.ecr.us-east-1.amazonaws.com"]);
    private_dns(&mut facts, "logs", &["logs.us-east-1.amazonaws.com"]);
    let (mut facts, report) = live(facts, &wanted);
    assert_eq!(findings(&facts, &wanted, "records-missing"), []);
    assert_golden("hand-over-own.md", report.texts.hand_over.as_deref().unwrap_or_default());

    // Its endpoint was not proved, so it leads nowhere: that holds up nothing else.
    facts.records.as_mut().unwrap().aliases.remove(&name(SQS));
    let missing = found(&facts, &wanted, "records-missing");
    assert!(missing.what.ends_with(&format!("leads {SQS} to {}", id_of("sqs"))), "{}", missing.what);
    let hand_over = checks::report::report(&facts, &wanted).unwrap().hand_over.unwrap();
    assert!(!hand_over.zones.contains(&name(SQS)));
    assert!(hand_over.zones.contains(&name("ecr.us-east-1.amazonaws.com")));
}

#[test]
fn names_through_tdp_are_forwarded_with_a_warning() {
    let wanted = hub(Some(To::Tdp), "us-east-1");
    let (mut facts, report) = live(facts(), &wanted);
    assert_golden("hand-over-tdp.md", report.texts.hand_over.as_deref().unwrap_or_default());
    facts.records.as_mut().unwrap().aliases.remove(&name(SQS));
    assert_eq!(checks::report::report(&facts, &wanted).unwrap().hand_over, None);
}

#[test]
fn without_an_inbound_endpoint_names_at_other_endpoints_have_no_fixed_addresses() {
    let wanted = own();
    let mut facts = with(&["sqs"]);
    facts.inbound_endpoints = Ok(Vec::new());
    let text = live(facts, &wanted).1.texts.hand_over.unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("10.0.")).collect();
    assert_eq!(lines.len(), 2);
    assert!(!lines.concat().contains(SQS), "{text}");
    assert!(text.contains("are not among the fixed addresses"), "{text}");
}

#[test]
fn zones_for_aws_hosts_are_counted_in_the_costs() {
    let quantity = |facts: &Facts, wanted: &Wanted| {
        let costs = report(facts, wanted).unwrap().costs.unwrap();
        costs.rows.into_iter().find(|row| row.what == "Private hosted zones").unwrap().quantity
    };
    assert_eq!(quantity(&with(&["sqs"]), &hub(None, "us-east-1")), "2 × 0.5");
    assert_eq!(quantity(&with(&["sqs", "ecr.api", "ecr.dkr"]), &own()), "4 × 0.5");
    assert_eq!(quantity(&with(&["sqs"]), &hub(Some(To::Tdp), "us-east-1")), "11 × 0.5");
}

#[test]
fn a_held_host_of_the_platform_is_expected_to_lead_nowhere() {
    let (mut facts, mut wanted) = (facts(), wanted());
    wanted.routes.held = [name("api.tetrascience.com")].into();
    facts.records = Ok(records(&["platform.tetrascience.com", "api.platform.tetrascience.com"].map(tdp)));
    assert_eq!(findings(&facts, &wanted, "records-missing"), []);
    let hand_over = report(&facts, &wanted).unwrap().hand_over.unwrap();
    assert_eq!(hand_over.zones, [name("platform.tetrascience.com")]);
}
