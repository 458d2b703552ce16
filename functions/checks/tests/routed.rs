//! Hosts of AWS services: who serves them, by what `reconcile` would do in the same VPC.

use std::collections::BTreeSet;

use checks::checks::run;
use checks::coverage::{Row, Via, coverage};
use checks::facts::Facts;
use checks::finding::{Finding, Severity};
use checks::wanted::Wanted;
use planner::catalog::{self, Deployment};
use planner::endpoint::{DnsEntry, Endpoint, Kind, State};
use planner::name::Name;
use planner::partition::service_names;
use planner::route::{Route, To};

use crate::scene::{ENDPOINT, endpoint, facts, foreign_zone, name, wanted};

pub(crate) const SQS: &str = "sqs.us-east-1.amazonaws.com";
const ECR: &str = "ecr.us-east-1.amazonaws.com";
const REGISTRY: &str = "753968983172.dkr.ecr.us-east-1.amazonaws.com";

/// A Hub's hosts, led to an endpoint of the platform or of the VPC's own.
pub(crate) fn hub(to: Option<To>, region: &str) -> Wanted {
    let mut wanted = Wanted { region: region.to_owned(), ..wanted() };
    let deployment = Deployment {
        platform_host: wanted.platform_host.clone(),
        region: region.to_owned(),
        components: BTreeSet::from(["hub".to_owned()]),
        bucket_prefix: None,
    };
    wanted.catalog = catalog::apply(&deployment).unwrap();
    let Some(to) = to else { return wanted };
    for row in wanted.catalog.hosts.iter().filter(|row| !row.service_names.is_empty()) {
        let services = row.service_names.clone();
        if let Ok(host) = Name::host(&row.host) {
            wanted.routes.hosts.insert(host, Route { to, services, beside: None, is_explicit: false });
        } else {
            wanted.routes.patterns.insert(row.host.clone(), services);
        }
    }
    for row in &wanted.catalog.beside {
        let beside = Some(row.beside.clone());
        let route = Route { to, services: row.service_names.clone(), beside, is_explicit: false };
        wanted.routes.hosts.insert(row.host.clone(), route);
    }
    wanted
}

pub(crate) fn own() -> Wanted {
    hub(Some(To::Own), "us-east-1")
}

/// The usual VPC with an endpoint of its own to a service.
pub(crate) fn with(services: &[&str]) -> Facts {
    let mut facts = facts();
    let more = services.iter().map(|service| endpoint(&id_of(service), &service_of(service)));
    facts.endpoints = facts.endpoints.map(|known| known.into_iter().chain(more).collect());
    facts
}

pub(crate) fn id_of(service: &str) -> String {
    format!("vpce-{}", service.replace('.', "-"))
}

fn service_of(service: &str) -> String {
    format!("com.amazonaws.us-east-1.{service}")
}

fn change(facts: &mut Facts, service: &str, change: impl Fn(&mut Endpoint)) {
    let all = facts.endpoints.as_mut().unwrap();
    all.iter_mut().filter(|one| one.service_name == service_of(service)).for_each(change);
}

pub(crate) fn private_dns(facts: &mut Facts, service: &str, names: &[&str]) {
    let entries = names.iter().map(|text| DnsEntry { name: name(text), zone_id: "Z1".to_owned() });
    let entries: Vec<DnsEntry> = entries.collect();
    change(facts, service, |one| {
        one.private_dns = true;
        one.dns_entries.extend(entries.clone());
    });
}

fn row(facts: &Facts, wanted: &Wanted, host: &str) -> Row {
    let rows = coverage(facts, wanted, &run(facts, wanted).1).unwrap();
    rows.into_iter().find(|row| row.host == host).unwrap()
}

fn served(facts: &Facts, wanted: &Wanted, host: &str) -> (Via, Option<String>) {
    let row = row(facts, wanted, host);
    (row.via, row.served_by)
}

pub(crate) fn findings(facts: &Facts, wanted: &Wanted, code: &str) -> Vec<Finding> {
    run(facts, wanted).1.into_iter().filter(|finding| finding.code == code).collect()
}

pub(crate) fn found(facts: &Facts, wanted: &Wanted, code: &str) -> Finding {
    let mut found = findings(facts, wanted, code);
    assert_eq!(found.len(), 1, "{code}: {found:?}");
    found.remove(0)
}

#[test]
fn a_record_leads_to_the_vpcs_own_endpoint_only_where_reconcile_routes_there() {
    let facts = with(&["sqs"]);
    assert_eq!(served(&facts, &own(), SQS), (Via::OwnEndpoint, Some(id_of("sqs"))));
    assert_eq!(served(&facts, &hub(None, "us-east-1"), SQS), (Via::Internet, None));
    let tdp = hub(Some(To::Tdp), "us-east-1");
    assert_eq!(served(&facts, &tdp, SQS), (Via::OurZone, Some(ENDPOINT.to_owned())));
}

#[test]
fn private_dns_of_the_service_comes_before_a_record_unless_ours_is_there() {
    let mut facts = with(&["sqs"]);
    private_dns(&mut facts, "sqs", &[SQS]);
    for wanted in [own(), hub(Some(To::Tdp), "us-east-1"), hub(None, "us-east-1")] {
        assert_eq!(served(&facts, &wanted, SQS), (Via::AwsEndpoint, Some(id_of("sqs"))));
    }
    facts.records.as_mut().unwrap().ours.insert(name(SQS), id_of("sqs"));
    assert_eq!(served(&facts, &own(), SQS), (Via::OwnEndpoint, Some(id_of("sqs"))));
}

#[test]
fn through_tdp_every_client_is_named_with_every_host_and_the_endpoints_that_had_them() {
    let (mut facts, wanted) = (with(&["sqs", "s3"]), hub(Some(To::Tdp), "us-east-1"));
    private_dns(&mut facts, "sqs", &[SQS]);
    change(&mut facts, "s3", |one| {
        (one.kind, one.dns_entries) = (Kind::Gateway, Vec::new());
    });
    let warning = found(&facts, &wanted, "aws-through-tdp");
    assert_eq!(warning.severity, Severity::Warning);
    assert!(warning.what.contains("ecs.us-east-1.amazonaws.com"), "{}", warning.what);
    assert!(warning.what.contains(REGISTRY), "{}", warning.what);
    assert!(!warning.what.contains(SQS), "{}", warning.what);
    assert!(warning.why.contains("A gateway endpoint of the VPC serves s3.us-east-1.amazonaws.com"), "{}", warning.why);
    let note = found(&facts, &wanted, "private-dns-serves");
    assert!(note.what.contains(SQS) && note.what.contains(&id_of("sqs")), "{}", note.what);
    assert_eq!(findings(&facts, &own(), "aws-through-tdp"), []);
}

#[test]
fn a_host_that_nobody_serves_is_told_with_the_service_to_make_an_endpoint_for() {
    let finding = found(&with(&["sqs"]), &own(), "hosts-over-internet");
    assert!(finding.fix.contains("com.amazonaws.us-east-1.ecr.dkr"), "{}", finding.fix);
    assert!(finding.fix.contains("a star inside a label"), "{}", finding.fix);
    assert!(!finding.fix.contains("us-east-1.sqs"), "{}", finding.fix);
    assert!(finding.what.contains("ecs-a-*.us-east-1.amazonaws.com"), "{}", finding.what);
}

#[test]
fn a_gateway_serves_what_nobody_named_with_its_service() {
    let (mut facts, mut wanted) = (with(&["s3"]), own());
    let host = "s3.us-east-1.amazonaws.com";
    change(&mut facts, "s3", |one| one.kind = Kind::Gateway);
    assert_eq!(served(&facts, &wanted, host), (Via::GatewayEndpoint, Some(id_of("s3"))));
    let note = found(&facts, &wanted, "gateway-endpoint-only");
    assert!(note.fix.contains("host=<service name>"), "{}", note.fix);
    let interface = Endpoint { id: "vpce-0b".to_owned(), ..endpoint("vpce-0b", &service_of("s3")) };
    facts.endpoints.as_mut().unwrap().push(interface);
    assert_eq!(served(&facts, &wanted, host).0, Via::GatewayEndpoint);
    // As the settings are read: what lies below a host that a person names goes where that host goes.
    let of_s3 = |route: &&mut Route| route.services.contains(&service_of("s3"));
    wanted.routes.hosts.values_mut().filter(of_s3).for_each(|route| route.is_explicit = true);
    assert_eq!(served(&facts, &wanted, host), (Via::OwnEndpoint, Some("vpce-0b".to_owned())));
}

#[test]
fn an_endpoint_whose_zone_would_hide_a_host_that_nobody_serves_is_not_led_to() {
    let facts = with(&["ecr.api"]);
    assert_eq!(served(&facts, &own(), ECR), (Via::Internet, None));
    assert_eq!(served(&facts, &own(), REGISTRY), (Via::Internet, None));
    let finding = found(&facts, &own(), "hosts-over-internet");
    assert!(finding.fix.contains("com.amazonaws.us-east-1.ecr.dkr"), "{}", finding.fix);
    assert!(!finding.fix.contains("com.amazonaws.us-east-1.ecr.api"), "{}", finding.fix);
    assert!(finding.fix.contains(&format!("For {ECR} an endpoint is there")), "{}", finding.fix);
    let mut on_its_way = with(&["ecr.api", "ecr.dkr"]);
    change(&mut on_its_way, "ecr.dkr", |one| one.state = State::Pending);
    assert_eq!(served(&on_its_way, &own(), ECR), (Via::Internet, None));
    // With an endpoint for it there is a record, and one for every other registry.
    let facts = with(&["ecr.api", "ecr.dkr"]);
    assert_eq!(served(&facts, &own(), ECR), (Via::OwnEndpoint, Some(id_of("ecr.api"))));
    assert_eq!(served(&facts, &own(), REGISTRY), (Via::OwnEndpoint, Some(id_of("ecr.dkr"))));
    let every = "*.dkr.ecr.us-east-1.amazonaws.com";
    assert_eq!(served(&facts, &own(), every), (Via::OwnEndpoint, Some(id_of("ecr.dkr"))));
}

#[test]
fn where_all_others_are_served_what_is_given_up_is_told_without_a_service_to_make() {
    let (mut facts, mut wanted) = (with(&["ecr.api", "ecr.dkr"]), own());
    change(&mut facts, "ecr.dkr", |one| one.state = State::Pending);
    wanted.catalog.hosts.retain(|row| row.via.starts_with("aws:ecr."));
    wanted.routes.hosts.retain(|host, route| route.services.is_empty() || host.as_str().contains("ecr."));
    let finding = found(&facts, &wanted, "hosts-over-internet");
    assert!(finding.fix.starts_with(&format!("For {ECR} an endpoint is there")), "{}", finding.fix);
    assert_eq!(finding.command, None);
}

#[test]
fn a_host_that_a_zone_of_ours_takes_away_is_not_said_to_be_public() {
    let (facts, mut wanted) = (facts(), hub(None, "us-east-1"));
    let above = "dkr.ecr.us-east-1.amazonaws.com";
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    wanted.routes.hosts.insert(name(above), route);
    assert_eq!(served(&facts, &wanted, above).0, Via::OurZone);
    assert_eq!(served(&facts, &wanted, REGISTRY), (Via::Hidden, None));
    let warning = findings(&facts, &wanted, "names-hidden").remove(0);
    assert_eq!(warning.severity, Severity::Warning);
    assert!(warning.what.contains(REGISTRY) && warning.fix.contains("ecr.dkr"), "{warning:?}");
}

#[test]
fn a_host_below_one_that_is_kept_is_hidden_as_reconcile_has_it() {
    let mut facts = with(&["ecr.api"]);
    facts.records.as_mut().unwrap().ours.insert(name(ECR), id_of("ecr.api"));
    change(&mut facts, "ecr.api", |one| one.state = State::Failed);
    assert_eq!(served(&facts, &own(), ECR).0, Via::Lost);
    assert_eq!(served(&facts, &own(), REGISTRY), (Via::Hidden, None));
}

#[test]
fn what_was_written_beside_a_host_that_is_left_alone_is_left_alone_too() {
    let (mut facts, mut wanted) = (with(&["s3"]), own());
    let (host, buckets) = ("s3.us-east-1.amazonaws.com", "*.s3.us-east-1.amazonaws.com");
    for one in [host, buckets] {
        facts.records.as_mut().unwrap().ours.insert(name(one), id_of("s3"));
    }
    change(&mut facts, "s3", |one| one.state = State::Failed);
    assert_eq!(served(&facts, &wanted, host), (Via::Lost, Some(id_of("s3"))));
    assert_eq!(served(&facts, &wanted, buckets), (Via::Lost, Some(id_of("s3"))));
    wanted.routes.held = [name(host)].into();
    assert_eq!(served(&facts, &wanted, buckets), (Via::Held, None));
}

#[test]
fn a_wildcard_of_ours_answers_for_a_host_in_its_zone() {
    let (facts, mut wanted) = (with(&[]), hub(None, "us-east-1"));
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    wanted.routes.hosts.insert(name("*.dkr.ecr.us-east-1.amazonaws.com"), route);
    assert_eq!(served(&facts, &wanted, REGISTRY), (Via::OurZone, Some(ENDPOINT.to_owned())));
    assert!(found(&facts, &wanted, "aws-through-tdp").what.contains(REGISTRY));
}

#[test]
fn a_host_put_at_the_tdp_endpoint_by_name_is_there_whatever_is_routed() {
    let (facts, mut wanted) = (with(&[]), hub(None, "us-east-1"));
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    wanted.routes.hosts.insert(name(SQS), route);
    assert_eq!(served(&facts, &wanted, SQS), (Via::OurZone, Some(ENDPOINT.to_owned())));
    assert!(
        found(&facts, &wanted, "aws-through-tdp").what.ends_with(&format!("1 host of AWS services through TDP: {SQS}"))
    );
}

#[test]
fn an_endpoint_on_its_way_is_no_missing_one() {
    let mut facts = with(&["sqs"]);
    change(&mut facts, "sqs", |one| one.state = State::Pending);
    assert_eq!(served(&facts, &own(), SQS), (Via::Waiting, Some(id_of("sqs"))));
    assert!(found(&facts, &own(), "endpoint-waits").what.contains(SQS));
    assert!(!found(&facts, &own(), "hosts-over-internet").what.contains(SQS));
    assert_eq!(findings(&facts, &hub(None, "us-east-1"), "endpoint-waits"), []);
}

#[test]
fn a_record_at_an_endpoint_that_is_lost_is_told_also_when_ec2_lists_it_no_more() {
    let mut facts = with(&["sqs"]);
    facts.records.as_mut().unwrap().ours.insert(name(SQS), id_of("sqs"));
    change(&mut facts, "sqs", |one| one.state = State::Failed);
    for is_listed in [true, false] {
        if !is_listed {
            facts.endpoints.as_mut().unwrap().retain(|one| one.id != id_of("sqs"));
        }
        assert_eq!(served(&facts, &own(), SQS), (Via::Lost, Some(id_of("sqs"))));
        let finding = found(&facts, &own(), "endpoint-not-usable");
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.what.contains(&format!("{SQS} ({})", id_of("sqs"))), "{}", finding.what);
    }
}

#[test]
fn what_stands_in_the_way_of_an_aws_host_is_a_blocker_only_where_a_record_leads_it() {
    let mut facts = with(&["sqs"]);
    let theirs = checks::facts::PrivateZone { name: name(SQS), ..foreign_zone(1) };
    facts.private_zones.as_mut().unwrap().push(theirs);
    assert_eq!(found(&facts, &own(), "zone-taken").hosts, [SQS]);
    assert_eq!(served(&facts, &own(), SQS), (Via::Contested, None));
    let none = hub(None, "us-east-1");
    assert_eq!(findings(&facts, &none, "zone-taken"), []);
    assert_eq!(served(&facts, &none, SQS).0, Via::OtherZone);
    let adopted = Wanted { adopts: true, ..own() };
    assert_eq!(served(&facts, &adopted, SQS).0, Via::OwnEndpoint);
}

#[test]
fn a_held_host_is_left_alone_and_must_not_be_hidden_by_a_new_zone() {
    let mut wanted = own();
    wanted.routes.held = [name(SQS)].into();
    assert_eq!(served(&with(&["sqs"]), &wanted, SQS), (Via::Held, None));
    assert_eq!(findings(&with(&["sqs"]), &wanted, "held-host-hidden"), []);
    wanted.routes.held = [name(REGISTRY)].into();
    let facts = with(&["ecr.api", "ecr.dkr"]);
    let finding = found(&facts, &wanted, "held-host-hidden");
    assert!(finding.what.contains(REGISTRY), "{}", finding.what);
    // A zone that is there already hides nothing new, and a narrower one still answers.
    for theirs in ["ecr.us-east-1.amazonaws.com", REGISTRY] {
        let mut facts = facts.clone();
        let is_ours = theirs != REGISTRY;
        let zone = checks::facts::PrivateZone { name: name(theirs), is_ours, ..foreign_zone(1) };
        facts.private_zones.as_mut().unwrap().push(zone);
        assert_eq!(findings(&facts, &wanted, "held-host-hidden"), [], "{theirs}");
    }
}

#[test]
fn in_china_either_name_of_a_service_counts() {
    let (mut facts, wanted) = (facts(), hub(Some(To::Own), "cn-north-1"));
    for service in service_names("cn-north-1", "sqs") {
        facts.endpoints = Ok(vec![endpoint("vpce-0b", &service)]);
        let row = row(&facts, &wanted, "sqs.cn-north-1.amazonaws.com.cn");
        assert_eq!((row.via, row.aws_service.as_deref()), (Via::OwnEndpoint, Some("sqs")));
    }
    let far = found(&facts, &wanted, "ecr-us-east-1");
    assert!(far.what.contains(REGISTRY), "{}", far.what);
    assert!(!found(&facts, &wanted, "hosts-over-internet").what.contains(REGISTRY));
}

#[test]
fn a_held_host_that_stands_in_a_zone_of_its_own_keeps_it_with_what_lies_below() {
    let (mut facts, mut wanted) = (facts(), wanted());
    let (above, below) = ("platform.tetrascience.com", "api.platform.tetrascience.com");
    wanted.routes.held = [name(above)].into();
    facts.private_zones.as_mut().unwrap().retain(|zone| zone.name == name(above));
    let hidden = |facts: &Facts| found(facts, &wanted, "names-hidden").what;
    assert!(!hidden(&facts).contains(&format!("*.{below}")), "it is in the zone above: {}", hidden(&facts));
    facts.records.as_mut().unwrap().there.remove(&name(above));
    assert!(hidden(&facts).contains(&format!("*.{below}")), "it gets a zone of its own: {}", hidden(&facts));
}
