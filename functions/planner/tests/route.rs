//! Where each host should lead: the rules as a table.

use std::collections::{BTreeMap, BTreeSet};

use planner::endpoint::{DnsEntry, Endpoint, Kind, State, Target};
use planner::name::Name;
use planner::route::{Route, Routes, Seen, To, Via, Wish, Wishes, wishes};

use crate::scene::{OWNER, endpoint, name, names};

mod worlds;

const S3: &str = "s3.us-east-1.amazonaws.com";
const BUCKETS: &str = "*.s3.us-east-1.amazonaws.com";
const SQS: &str = "sqs.us-east-1.amazonaws.com";
const ECR: &str = "ecr.us-east-1.amazonaws.com";
const ECR_API: &str = "api.ecr.us-east-1.amazonaws.com";
const REGISTRY: &str = "753968983172.dkr.ecr.us-east-1.amazonaws.com";
const REGISTRIES: &str = "*.dkr.ecr.us-east-1.amazonaws.com";
const PLATFORM: &str = "platform.tetrascience.com";
/// Each host of a service, the service, and the host that it is written for.
const OF_AWS: [(&str, &str, Option<&str>); 7] = [
    (S3, "s3", None),
    (BUCKETS, "s3", Some(S3)),
    (SQS, "sqs", None),
    (ECR, "ecr.api", None),
    (ECR_API, "ecr.api", None),
    (REGISTRY, "ecr.dkr", None),
    (REGISTRIES, "ecr.dkr", Some(ECR)),
];
/// What private DNS of each service answers for, and the hidden zone that it makes in the VPC for it.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>
const PRIVATE: [(&str, &[&str], &str); 4] = [
    ("s3", &[S3, BUCKETS], S3),
    ("sqs", &[SQS], SQS),
    ("ecr.api", &[ECR_API], ECR_API),
    ("ecr.dkr", &[REGISTRIES], "dkr.ecr.us-east-1.amazonaws.com"),
];
const TDP: &str = "vpce-0000ffff";

fn service(short: &str) -> String {
    format!("com.amazonaws.us-east-1.{short}")
}

/// An endpoint of a service as EC2 lists it: without names once it is going.
fn own(id: &str, short: &str, state: State) -> Endpoint {
    let star = if short == "s3" { "*." } else { "" };
    let regional = format!("{star}{id}-1a2b3c4d.{short}.us-east-1.vpce.amazonaws.com");
    let entry = DnsEntry { name: name(&regional), zone_id: "Z7HUB22UULQXV".to_owned() };
    let has_names = !matches!(state, State::Deleting | State::Deleted | State::Missing);
    let dns_entries = has_names.then_some(entry).into_iter().collect();
    Endpoint { service_name: service(short), state, dns_entries, ..endpoint(id) }
}

fn with_private_dns(mut endpoint: Endpoint) -> Endpoint {
    let hosts =
        PRIVATE.iter().find(|(short, _, _)| service(short) == endpoint.service_name).map(|(_, hosts, _)| *hosts);
    let entries = hosts.unwrap_or_default().iter().filter(|_| !endpoint.dns_entries.is_empty());
    let entries: Vec<DnsEntry> =
        entries.map(|host| DnsEntry { name: name(host), zone_id: "Z0948372HIDDENZONE01".to_owned() }).collect();
    endpoint.dns_entries.extend(entries);
    endpoint.private_dns = true;
    endpoint
}

fn gateway(state: State) -> Endpoint {
    Endpoint {
        kind: Kind::Gateway,
        dns_entries: Vec::new(),
        interface_ids: Vec::new(),
        ..own("vpce-0000eeee", "s3", state)
    }
}

fn route(to: To, short: Option<&str>, beside: Option<&str>) -> Route {
    Route { to, services: short.map(service).into_iter().collect(), beside: beside.map(name), is_explicit: false }
}

/// The platform, and every host of AWS at one place.
fn routes(to: To) -> Routes {
    let of_aws = OF_AWS.iter().map(|(host, short, beside)| (name(host), route(to, Some(short), *beside)));
    let hosts = of_aws.chain([(name(PLATFORM), route(To::Tdp, None, None))]).collect();
    Routes { hosts, ..Routes::default() }
}

/// What [`wishes`] is told beside the routes; names are `host=endpoint`.
struct World {
    own: Vec<Endpoint>,
    ours: BTreeMap<Name, String>,
    gone: BTreeSet<String>,
    withdraws: bool,
    tdp: Option<Endpoint>,
}

impl World {
    fn new(own: &[Endpoint], ours: &[(&str, &str)]) -> World {
        let ours = ours.iter().map(|(host, id)| (name(host), (*id).to_owned())).collect();
        World { own: own.to_vec(), ours, gone: BTreeSet::new(), withdraws: false, tdp: Some(endpoint(TDP)) }
    }

    fn wishes(&self, routes: &Routes) -> Wishes {
        let target = self.tdp.as_ref().and_then(Endpoint::target);
        let tdp = self.tdp.as_ref().zip(target.as_ref());
        let World { own, ours, gone, withdraws, .. } = self;
        wishes(routes, &Seen { vpc_id: OWNER.vpc_id, tdp, own, ours, gone, withdraws_on_loss: *withdraws })
    }
}

/// `lead <endpoint>`, `leave` or `none`, how the host is served, and the endpoint that is named for it.
fn said(wishes: &Wishes, host: &str) -> String {
    let wish = match wishes.hosts.get(&name(host)) {
        Some(Wish::Lead(Target { endpoint_id, .. })) => format!("lead {endpoint_id}"),
        Some(Wish::Leave) => "leave".to_owned(),
        None => "none".to_owned(),
    };
    let row = wishes.coverage.iter().find(|row| row.host == host);
    let via = row.map_or_else(|| "no row".to_owned(), |row| serde_json::to_string(&row.via).unwrap().replace('"', ""));
    let id = row.and_then(|row| row.endpoint_id.as_deref()).unwrap_or("-");
    format!("{wish}, {via} {id}")
}

const FIRST: &str = "vpce-00000001";
const SECOND: &str = "vpce-00000002";

fn first(state: State) -> Endpoint {
    own(FIRST, "s3", state)
}

fn second(state: State) -> Endpoint {
    Endpoint { created: 1_800_000_000, ..own(SECOND, "s3", state) }
}

#[test]
fn a_host_without_a_record_of_ours_leads_to_an_endpoint_that_is_available() {
    let unnamed = Endpoint { dns_entries: Vec::new(), ..first(State::Available) };
    for (endpoints, expected) in [
        (vec![], "none, not-covered -"),
        (vec![first(State::Available)], "lead vpce-00000001, own-endpoint vpce-00000001"),
        (vec![second(State::Available), first(State::Available)], "lead vpce-00000002, own-endpoint vpce-00000002"),
        (vec![second(State::Pending), first(State::Available)], "lead vpce-00000001, own-endpoint vpce-00000001"),
        (vec![first(State::Pending)], "none, waiting vpce-00000001"),
        (vec![first(State::PendingAcceptance)], "none, waiting vpce-00000001"),
        (vec![unnamed], "none, waiting vpce-00000001"),
        (vec![first(State::Rejected)], "none, not-covered -"),
        (vec![first(State::Failed)], "none, not-covered -"),
        (vec![first(State::Deleting)], "none, not-covered -"),
        (vec![with_private_dns(first(State::Available))], "none, private-dns vpce-00000001"),
        (vec![with_private_dns(first(State::Pending))], "none, private-dns vpce-00000001"),
        (vec![with_private_dns(first(State::Failed))], "none, not-covered -"),
        (vec![gateway(State::Available)], "none, gateway vpce-0000eeee"),
        (vec![gateway(State::Available), first(State::Available)], "none, gateway vpce-0000eeee"),
        (vec![gateway(State::Deleting), first(State::Available)], "lead vpce-00000001, own-endpoint vpce-00000001"),
        (vec![gateway(State::Available), with_private_dns(first(State::Available))], "none, private-dns vpce-00000001"),
        (vec![own(FIRST, "sqs", State::Available)], "none, not-covered -"),
    ] {
        let wishes = World::new(&endpoints, &[]).wishes(&routes(To::Own));
        assert_eq!(said(&wishes, S3), expected, "{endpoints:?}");
    }
}

/// Whether EC2 said that [`FIRST`] does not exist, and whether our records go on a loss.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Keep,
    Withdraw,
    GoneKeep,
    GoneWithdraw,
}

#[test]
fn only_proof_of_a_loss_or_a_better_endpoint_moves_a_record_of_ours() {
    use On::{GoneKeep, GoneWithdraw, Keep, Withdraw};
    let stays = "lead vpce-00000001, own-endpoint vpce-00000001";
    let moves = "lead vpce-00000002, own-endpoint vpce-00000002";
    let nothing = "none, not-covered -";
    for (endpoints, on, expected) in [
        (vec![first(State::Available), second(State::Available)], Withdraw, stays),
        (vec![first(State::Pending), second(State::Available)], Withdraw, "leave, waiting vpce-00000001"),
        (vec![first(State::Pending)], Withdraw, "leave, waiting vpce-00000001"),
        (vec![first(State::Unknown("partial".to_owned()))], Withdraw, "leave, waiting vpce-00000001"),
        (vec![first(State::Failed), second(State::Available)], Keep, moves),
        (vec![first(State::Deleting), second(State::Available)], Keep, moves),
        (vec![second(State::Available)], GoneWithdraw, moves),
        (vec![second(State::Available)], GoneKeep, moves),
        (vec![first(State::Rejected)], Keep, "leave, lost vpce-00000001"),
        (vec![first(State::Expired)], Keep, "leave, lost vpce-00000001"),
        (vec![first(State::Failed)], Keep, "leave, lost vpce-00000001"),
        (vec![first(State::Deleted)], Keep, "leave, lost vpce-00000001"),
        (vec![first(State::Rejected)], Withdraw, nothing),
        (vec![first(State::Expired)], Withdraw, nothing),
        (vec![first(State::Failed)], Withdraw, nothing),
        (vec![first(State::Deleted)], Withdraw, nothing),
        (vec![first(State::Deleting)], Withdraw, "leave, lost vpce-00000001"),
        (vec![first(State::Failed), second(State::Pending)], Withdraw, nothing),
        (vec![], GoneKeep, "leave, lost -"),
        (vec![], GoneWithdraw, nothing),
        (vec![], Withdraw, "leave, lost -"),
        (vec![gateway(State::Available), first(State::Available)], Keep, "none, gateway vpce-0000eeee"),
    ] {
        let mut world = World::new(&endpoints, &[(S3, FIRST), (BUCKETS, FIRST)]);
        world.withdraws = matches!(on, Withdraw | GoneWithdraw);
        world.gone.extend(matches!(on, GoneKeep | GoneWithdraw).then(|| FIRST.to_owned()));
        assert_eq!(said(&world.wishes(&routes(To::Own)), S3), expected, "{endpoints:?}");
    }
}

#[test]
fn a_person_who_names_host_and_service_goes_before_a_gateway() {
    let mut routes = routes(To::Own);
    for host in [S3, BUCKETS] {
        routes.hosts.get_mut(&name(host)).unwrap().is_explicit = true;
    }
    let wishes = World::new(&[gateway(State::Available), first(State::Available)], &[]).wishes(&routes);
    assert_eq!(said(&wishes, S3), "lead vpce-00000001, own-endpoint vpce-00000001");
    assert_eq!(wishes.leading(), names(&[S3, BUCKETS, PLATFORM]));
    // A zone without the buckets would take them from the VPC.
    routes.hosts.get_mut(&name(BUCKETS)).unwrap().is_explicit = false;
    let wishes = World::new(&[gateway(State::Available), first(State::Available)], &[]).wishes(&routes);
    assert_eq!(wishes.leading(), names(&[PLATFORM]));
}

#[test]
fn a_zone_that_would_take_hosts_that_nobody_serves_is_not_made() {
    let api = own(FIRST, "ecr.api", State::Available);
    for (registry, expected) in [
        (None, "none, not-covered -"),
        (Some(own(SECOND, "ecr.dkr", State::Pending)), "none, not-covered -"),
        (Some(own(SECOND, "ecr.dkr", State::Available)), "lead vpce-00000001, own-endpoint vpce-00000001"),
        (
            Some(with_private_dns(own(SECOND, "ecr.dkr", State::Available))),
            "lead vpce-00000001, own-endpoint vpce-00000001",
        ),
    ] {
        let endpoints: Vec<Endpoint> = registry.into_iter().chain([api.clone()]).collect();
        let wishes = World::new(&endpoints, &[]).wishes(&routes(To::Own));
        assert_eq!(said(&wishes, ECR), expected, "{endpoints:?}");
        assert_eq!(
            said(&wishes, ECR_API),
            "lead vpce-00000001, own-endpoint vpce-00000001",
            "it has a zone of its own"
        );
    }
}

#[test]
fn at_tdp_a_host_leads_to_tdp_unless_private_dns_serves_it() {
    let to_tdp = "lead vpce-0000ffff, tdp vpce-0000ffff";
    for (endpoints, ours, expected) in [
        (vec![], vec![], to_tdp),
        (vec![first(State::Available)], vec![], to_tdp),
        (vec![gateway(State::Available)], vec![], to_tdp),
        (vec![first(State::Available)], vec![(S3, FIRST)], to_tdp),
        (vec![with_private_dns(first(State::Available))], vec![], "none, private-dns vpce-00000001"),
        (vec![with_private_dns(first(State::Failed))], vec![], to_tdp),
    ] {
        let wishes = World::new(&endpoints, &ours).wishes(&routes(To::Tdp));
        assert_eq!(said(&wishes, S3), expected, "{endpoints:?}");
    }
    let without = World { tdp: None, ..World::new(&[first(State::Available)], &[]) };
    assert_eq!(said(&without.wishes(&routes(To::Tdp)), S3), "none, not-covered -");
    assert!(without.wishes(&routes(To::Tdp)).hosts.is_empty());
}

#[test]
fn without_the_tdp_endpoint_own_hosts_stay_and_none_comes() {
    let endpoints = [first(State::Available), own(SECOND, "sqs", State::Available)];
    let world = World { tdp: None, ..World::new(&endpoints, &[(S3, FIRST), (BUCKETS, FIRST), (PLATFORM, TDP)]) };
    let wishes = world.wishes(&routes(To::Own));
    assert_eq!(said(&wishes, S3), "leave, own-endpoint vpce-00000001", "nobody could prove a move");
    assert_eq!(wishes.hosts.get(&name(BUCKETS)), Some(&Wish::Leave));
    assert_eq!(wishes.hosts.get(&name(PLATFORM)), None);
    assert_eq!(said(&wishes, SQS), "none, waiting vpce-00000002");
    assert!(wishes.problems.is_empty(), "nothing is wanted that could be covered: {:?}", wishes.problems);
    for (gone, withdraws, expected) in
        [(true, true, None), (true, false, Some(&Wish::Leave)), (false, true, Some(&Wish::Leave))]
    {
        let gone = gone.then(|| FIRST.to_owned()).into_iter().collect();
        let world = World { tdp: None, gone, withdraws, ..World::new(&[], &[(S3, FIRST), (BUCKETS, FIRST)]) };
        assert_eq!(world.wishes(&routes(To::Own)).hosts.get(&name(S3)), expected, "{withdraws}");
    }
}

#[test]
fn a_record_at_tdp_moves_to_an_own_endpoint_or_goes() {
    let moved = World::new(&[first(State::Available)], &[(S3, TDP), (BUCKETS, TDP)]).wishes(&routes(To::Own));
    assert_eq!(said(&moved, S3), "lead vpce-00000001, own-endpoint vpce-00000001");
    let waits = World::new(&[first(State::Pending)], &[(S3, TDP), (BUCKETS, TDP)]).wishes(&routes(To::Own));
    assert_ne!(said(&waits, S3).split(' ').nth(1), Some("lost"), "the TDP endpoint is there");
    let none = World::new(&[], &[(S3, TDP), (BUCKETS, TDP)]).wishes(&routes(To::Own));
    assert_eq!(said(&none, S3), "none, not-covered -");
}

#[test]
fn what_is_beside_a_host_is_written_kept_and_removed_with_it() {
    let both = [(S3, FIRST), (BUCKETS, FIRST)];
    let lead = World::new(&[first(State::Available)], &[]).wishes(&routes(To::Own));
    assert_eq!(lead.leading(), names(&[S3, BUCKETS, PLATFORM]));
    let never = World::new(&[], &[]).wishes(&routes(To::Own));
    assert_eq!(said(&never, BUCKETS), "none, no row -");
    let lost = World { withdraws: true, ..World::new(&[first(State::Failed)], &both) };
    assert_eq!(lost.wishes(&routes(To::Own)).leading(), names(&[PLATFORM]));
    assert_eq!(lost.wishes(&routes(To::Own)).hosts.len(), 1);
    // What stays in a zone without the other would be all that resolves in it.
    for state in [State::Pending, State::Deleting, State::Failed] {
        let wishes = World::new(&[first(state)], &both).wishes(&routes(To::Own));
        assert_eq!(wishes.hosts.get(&name(S3)), Some(&Wish::Leave));
        assert_eq!(wishes.hosts.get(&name(BUCKETS)), Some(&Wish::Leave));
    }
    let held = Routes { held: names(&[S3]), ..routes(To::Own) };
    let wishes = World::new(&[first(State::Available)], &both).wishes(&held);
    assert_ne!(wishes.hosts.get(&name(BUCKETS)), None, "it is held for the sake of its host");
}

#[test]
fn a_pattern_is_covered_by_private_dns_alone() {
    let agent = |state, private| {
        let endpoint = own(FIRST, "ecs-agent", state);
        Endpoint { private_dns: private, ..endpoint }
    };
    let pattern = "ecs-a-*.us-east-1.amazonaws.com";
    let patterns = BTreeMap::from([(pattern.to_owned(), vec![service("ecs-agent")])]);
    for to in [To::Own, To::Tdp] {
        let routes = Routes { patterns: patterns.clone(), ..routes(to) };
        for (endpoint, expected) in [
            (agent(State::Available, true), "none, private-dns vpce-00000001"),
            (agent(State::Available, false), "none, not-covered -"),
            (agent(State::Failed, true), "none, not-covered -"),
        ] {
            assert_eq!(said(&World::new(&[endpoint], &[]).wishes(&routes), pattern), expected);
        }
    }
}

#[test]
fn held_hosts_are_left_and_said_to_be_held() {
    let held = Routes { held: names(&[SQS, "files.example.com"]), ..routes(To::Own) };
    let wishes = World::new(&[own(FIRST, "sqs", State::Available)], &[]).wishes(&held);
    for host in [SQS, "files.example.com"] {
        assert_eq!(said(&wishes, host), "leave, held -");
    }
    assert_eq!(wishes.leading(), names(&[PLATFORM]));
}

#[test]
fn problems_name_hosts_and_services() {
    let find = |wishes: &Wishes, code: &str| wishes.problems.iter().find(|one| one.code == code).cloned();
    let none = World::new(&[], &[]).wishes(&routes(To::Own));
    let said = find(&none, "not-covered").unwrap();
    for (host, short, beside) in OF_AWS {
        assert_eq!(said.message.contains(&format!(" {host}")), beside.is_none(), "{host}: {}", said.message);
        assert!(said.fix.contains(&service(short)));
    }
    let tdp = World::new(&[], &[]).wishes(&routes(To::Tdp));
    let said = find(&tdp, "aws-through-tdp").unwrap().message;
    assert!(said.starts_with(&format!("Every client in {} will reach ", OWNER.vpc_id)), "{said}");
    assert!(said.contains(S3) && said.ends_with(" through TDP."), "{said}");
    let lost = World::new(&[first(State::Failed)], &[(S3, FIRST), (BUCKETS, FIRST)]).wishes(&routes(To::Own));
    let said = find(&lost, "own-endpoint-lost").unwrap().message;
    assert!(said.contains(S3) && said.contains(FIRST) && said.contains("was kept"), "{said}");
    assert!(tdp.problems.iter().chain(&none.problems).chain(&lost.problems).all(|problem| !problem.refuses));
}

#[test]
fn hosts_that_are_not_proved_stay_where_they_are_or_are_not_written() {
    let endpoints = [second(State::Available), own("vpce-00000003", "sqs", State::Available)];
    let world = World::new(&endpoints, &[(S3, FIRST), (BUCKETS, FIRST)]);
    let mut wishes = world.wishes(&routes(To::Own));
    wishes.leave(&names(&[S3, BUCKETS, SQS]), &world.ours);
    assert_eq!(wishes.hosts.get(&name(S3)), Some(&Wish::Leave));
    assert_eq!(wishes.hosts.get(&name(BUCKETS)), Some(&Wish::Leave));
    assert_eq!(wishes.leading(), names(&[PLATFORM]));
    let unproved = wishes.coverage.iter().filter(|row| row.via == Via::Unproved).count();
    assert_eq!(unproved, 3);
}
