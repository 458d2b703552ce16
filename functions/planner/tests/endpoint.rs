//! The endpoint: states as EC2 spells them, the regional name by its shape, the choice among several.

use std::collections::BTreeSet;

use planner::endpoint::{DnsEntry, Endpoint, State, choose};
use planner::record::RecordType;

use crate::scene::{endpoint, name};

fn entry(text: &str, zone_id: &str) -> DnsEntry {
    DnsEntry { name: name(text), zone_id: zone_id.to_owned() }
}

#[test]
fn states_are_read_in_any_case() {
    assert_eq!(State::parse("pendingAcceptance"), State::PendingAcceptance);
    assert_eq!(State::parse("PendingAcceptance"), State::PendingAcceptance);
    assert_eq!(State::parse("available"), State::parse("Available"));
    assert_eq!(State::parse("partial"), State::Unknown("partial".to_owned()));
    assert_eq!(State::parse("odd\nstate\""), State::Unknown("oddstate".to_owned()));
}

#[test]
fn the_regional_name_is_found_wherever_it_stands() {
    let zonal = entry("vpce-0a1b-1a2b3c4d-us-east-1a.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "Z7");
    let regional = entry("vpce-0a1b-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "Z7");
    let private = entry("platform.example.com", "ZPRIVATE");
    for entries in [[&zonal, &regional, &private], [&private, &zonal, &regional], [&regional, &private, &zonal]] {
        let dns_entries = entries.into_iter().cloned().collect();
        assert_eq!(Endpoint { dns_entries, ..endpoint("vpce-0a1b") }.regional(), Some(&regional));
    }
}

#[test]
fn no_regional_name_is_better_than_a_wrong_one() {
    let regional = "vpce-0a1b-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com";
    let of = |dns_entries| Endpoint { dns_entries, ..endpoint("vpce-0a1b") };
    assert_eq!(of(vec![]).regional(), None);
    assert_eq!(of(vec![entry(regional, "ZONEIDPENDING")]).regional(), None);
    assert_eq!(of(vec![entry(&format!("a.{regional}"), "Z7")]).regional(), None);
    assert_eq!(
        of(vec![entry("vpce-0a1b-x-us-east-1a.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "Z7")]).regional(),
        None
    );
    assert_eq!(of(vec![entry("vpce-0ffff-1a2b.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "Z7")]).regional(), None);
    let two = vec![entry(regional, "Z7"), entry("vpce-0a1b-ffff.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "Z7")];
    assert_eq!(of(two).regional(), None, "two candidates: which one is a guess");
}

#[test]
fn the_star_before_the_names_of_amazon_s3_belongs_to_them() {
    let regional = entry("*.vpce-0a1b-1a2b.s3.us-east-1.vpce.amazonaws.com", "Z7");
    let zonal = entry("*.vpce-0a1b-1a2b-us-east-1a.s3.us-east-1.vpce.amazonaws.com", "Z7");
    let endpoint = Endpoint { dns_entries: vec![zonal.clone(), regional.clone()], ..endpoint("vpce-0a1b") };
    assert_eq!(endpoint.regional(), Some(&regional));
    assert_eq!(endpoint.zonal(), [&zonal.name]);
}

#[test]
fn a_pinned_endpoint_is_taken_once_it_is_available_and_never_left() {
    let (mut old, mut new) = (endpoint("vpce-0000aaaa"), endpoint("vpce-0000bbbb"));
    let pinned = BTreeSet::from(["vpce-0000bbbb".to_owned()]);
    let chosen = |old: &Endpoint, new: &Endpoint, current: &str| {
        choose([old, new], Some(current), &pinned).map(|endpoint| endpoint.id.clone()).unwrap_or_default()
    };
    new.state = State::PendingAcceptance;
    assert_eq!(chosen(&old, &new, "vpce-0000aaaa"), "vpce-0000aaaa", "not before it is available");
    new.state = State::Available;
    assert_eq!(chosen(&old, &new, "vpce-0000aaaa"), "vpce-0000bbbb");
    new.state = State::Rejected;
    assert_eq!(chosen(&old, &new, "vpce-0000bbbb"), "vpce-0000bbbb", "no way back by itself");
    assert_eq!(chosen(&old, &new, "vpce-0000aaaa"), "vpce-0000aaaa", "not to one that is lost");
    old.state = State::Rejected;
    assert_eq!(
        chosen(&old, &new, "vpce-0000aaaa"),
        "vpce-0000aaaa",
        "both lost: the loss of what records point at counts"
    );
}

#[test]
fn china_and_govcloud_names_have_the_same_shape() {
    let regional = entry("vpce-0a1b-1a2b.vpce-svc-0a.cn-north-1.vpce.amazonaws.com.cn", "ZCN");
    let endpoint = Endpoint { dns_entries: vec![regional.clone()], ..endpoint("vpce-0a1b") };
    assert_eq!(endpoint.regional(), Some(&regional));
}

#[test]
fn record_types_follow_the_ip_type() {
    let types = |ip_type: &str| Endpoint { ip_type: ip_type.to_owned(), ..endpoint("vpce-0a1b") }.record_types();
    assert_eq!(types("ipv4"), [RecordType::A]);
    assert_eq!(types("ipv6"), [RecordType::Aaaa]);
    assert_eq!(types("dualstack"), [RecordType::A, RecordType::Aaaa]);
}

#[test]
fn the_endpoint_that_records_point_at_stays_while_it_is_available() {
    let old = Endpoint { created: 1, ..endpoint("vpce-0000aaaa") };
    let new = Endpoint { created: 2, ..endpoint("vpce-0000bbbb") };
    let both = [old.clone(), new.clone()];
    assert_eq!(choose(&both, Some("vpce-0000aaaa"), &BTreeSet::new()), Some(&old));
    assert_eq!(choose(&both, None, &BTreeSet::new()), Some(&new), "nothing points anywhere: the newest");
    let modified = [Endpoint { state: State::Pending, ..old.clone() }, new.clone()];
    assert_eq!(
        choose(&modified, Some("vpce-0000aaaa"), &BTreeSet::new()).map(|e| e.created),
        Some(1),
        "a modification is no loss"
    );
    let rejected = [Endpoint { state: State::Rejected, ..old }, new.clone()];
    assert_eq!(choose(&rejected, Some("vpce-0000aaaa"), &BTreeSet::new()), Some(&new));
    let waiting = [Endpoint { state: State::PendingAcceptance, ..new }];
    assert_eq!(choose(&waiting, Some("vpce-0000aaaa"), &BTreeSet::new()).map(|e| e.created), Some(2));
}

#[test]
fn private_dns_covers_one_label_below_its_wildcard() {
    let mut endpoint = endpoint("vpce-0a1b");
    endpoint.private_dns = true;
    endpoint.dns_entries.push(entry("*.x.com", "ZPRIVATE"));
    assert!(endpoint.private_dns_covers(&name("api.x.com")));
    assert!(!endpoint.private_dns_covers(&name("x.com")));
    assert!(!endpoint.private_dns_covers(&name("a.api.x.com")));
    endpoint.dns_entries.pop();
    endpoint.dns_entries.push(entry("x.com", "ZONEIDPENDING"));
    assert!(!endpoint.private_dns_covers(&name("x.com")), "not ready yet");
}

#[test]
fn zonal_names_are_those_of_the_regional_one_with_a_zone() {
    let mut endpoint = endpoint("vpce-0000aaaa");
    let domain = "vpce-svc-0a.us-east-1.vpce.amazonaws.com";
    for label in
        ["vpce-0000aaaa-1a2b3c4d-us-east-1b", "vpce-0000aaaa-1a2b3c4d-us-east-1a", "vpce-0000bbbb-1a2b3c4d-us-east-1a"]
    {
        let entry = DnsEntry { name: name(&format!("{label}.{domain}")), zone_id: "Z7HUB22UULQXV".to_owned() };
        endpoint.dns_entries.push(entry);
    }
    let private = DnsEntry { name: name("platform.tetrascience.com"), zone_id: "Z1".to_owned() };
    endpoint.dns_entries.push(private);
    let zonal: Vec<&str> = endpoint.zonal().into_iter().map(planner::name::Name::as_str).collect();
    let expected =
        ["vpce-0000aaaa-1a2b3c4d-us-east-1a", "vpce-0000aaaa-1a2b3c4d-us-east-1b"].map(|l| format!("{l}.{domain}"));
    assert_eq!(zonal, expected);
    endpoint.dns_entries.clear();
    assert!(endpoint.zonal().is_empty());
}
