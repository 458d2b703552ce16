//! Plans: one test for each thing that may stand in a zone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use planner::current::{Holder, Zone};
use planner::current::{ours, pointed_at};
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::plan::{Action, Intent, Plan, confirm, written_unseen};
use planner::record::{Data, RecordSet, RecordType};

use crate::scene::{OWNER, alias, apply, at, endpoint, name, names, our_comment, planned, values, zone};

const HOSTS: [&str; 2] = ["x.com", "api.x.com"];

/// A connection that is live for [`HOSTS`].
fn live() -> (Endpoint, Vec<Zone>) {
    let endpoint = endpoint("vpce-0000aaaa");
    let zones = apply(&planned(&names(&HOSTS), Some(&endpoint), false, &[]), &[]);
    // The first batch of a real zone also has the SOA, which is known only once the zone exists.
    let zones = apply(&planned(&names(&HOSTS), Some(&endpoint), false, &zones), &zones);
    assert!(planned(&names(&HOSTS), Some(&endpoint), false, &zones).is_empty());
    (endpoint, zones)
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.problems.iter().map(|problem| problem.code).collect()
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.changes()
        .filter(|c| !c.name.as_str().starts_with('_'))
        .map(|c| format!("{:?} {} {}", c.action, c.name, c.rtype))
        .collect()
}

#[test]
fn the_first_plan_makes_one_zone_with_records_and_markers() {
    let endpoint = endpoint("vpce-0000aaaa");
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &[]);
    let shown = plan.to_string();
    let expected = "\
zone x.com (new)
  hides *.x.com from this VPC
  + api.x.com A -> vpce-0000aaaa-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com
  + x.com A -> vpce-0000aaaa-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com
  + _tdp-privatelink.api.x.com TXT \"heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/endpoint=vpce-0000aaaa,tdp-privatelink/types=A,tdp-privatelink/change=c0ffee00\" (TTL 300)
  + _tdp-privatelink.x.com TXT \"heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/endpoint=vpce-0000aaaa,tdp-privatelink/types=A,tdp-privatelink/change=c0ffee00\" (TTL 300)
";
    assert_eq!(shown, expected);
}

#[test]
fn a_new_zone_gets_a_short_negative_ttl() {
    let (_, zones) = live();
    let soa = at(&zones, "x.com", "SOA").unwrap();
    assert!(matches!(&*soa.data, Data::Values { values, .. } if values[0].ends_with(" 1209600 60")), "{soa:?}");
}

#[test]
fn a_dualstack_endpoint_gets_both_types_and_loses_one_when_it_becomes_ipv4() {
    let (endpoint, zones) = live();
    let dual = Endpoint { ip_type: "dualstack".to_owned(), ..endpoint.clone() };
    let plan = planned(&names(&HOSTS), Some(&dual), false, &zones);
    assert_eq!(lines(&plan), ["Create api.x.com AAAA", "Create x.com AAAA"]);
    let zones = apply(&plan, &zones);
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &zones);
    assert_eq!(lines(&plan), ["Delete api.x.com AAAA", "Delete x.com AAAA"]);
}

#[test]
fn a_wrong_alias_of_ours_is_repaired() {
    let (endpoint, mut zones) = live();
    let index = zones[0].records.iter().position(|set| *set == *at(&zones, "api.x.com", "A").unwrap()).unwrap();
    zones[0].records[index] = alias("api.x.com", "A", "elsewhere.example.com");
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &zones);
    assert_eq!(lines(&plan), ["Update api.x.com A"]);
}

#[test]
fn a_record_deleted_by_hand_comes_back() {
    let (endpoint, mut zones) = live();
    zones[0].records.retain(|set| set.name != name("api.x.com"));
    assert_eq!(lines(&planned(&names(&HOSTS), Some(&endpoint), false, &zones)), ["Create api.x.com A"]);
}

#[test]
fn a_lost_marker_is_written_again_when_the_value_is_ours_and_refused_when_not() {
    let (endpoint, mut zones) = live();
    zones[0].records.retain(|set| set.name != name("_tdp-privatelink.api.x.com"));
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &zones);
    assert!(lines(&plan).is_empty() && !plan.is_empty() && !plan.is_refused());
    zones[0].records.retain(|set| set.name != name("api.x.com"));
    zones[0].records.push(alias("api.x.com", "A", "elsewhere.example.com"));
    assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), false, &zones)), ["foreign-record"]);
}

#[test]
fn foreign_records_at_a_wanted_name_refuse_and_those_that_can_be_put_back_are_adopted() {
    let (endpoint, zones) = live();
    let without: Vec<RecordSet> =
        zones[0].records.iter().filter(|set| !set.name.as_str().ends_with("api.x.com")).cloned().collect();
    let with = |set: &RecordSet| {
        let mut zone = Zone { records: without.clone(), ..zones[0].clone() };
        zone.records.push(set.clone());
        vec![zone]
    };
    let adoptable = [
        values("api.x.com", "A", 60, &["10.0.0.1"]),
        values("api.x.com", "AAAA", 60, &["fd00::1"]),
        values("api.x.com", "CNAME", 60, &["y.com"]),
    ];
    for set in &adoptable {
        assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), false, &with(set))), ["foreign-record"], "{set:?}");
        let plan = planned(&names(&HOSTS), Some(&endpoint), true, &with(set));
        assert!(!plan.is_refused(), "{set:?}");
        assert!(
            plan.changes().any(|change| change.before.as_ref() == Some(&set.data)),
            "its value stays in the report"
        );
        let after = apply(&plan, &with(set));
        assert!(planned(&names(&HOSTS), Some(&endpoint), true, &after).is_empty());
    }
    let routed = RecordSet { simple: false, ..adoptable[0].clone() };
    let never = [
        routed,
        values("api.x.com", "HTTPS", 60, &["1 ."]),
        values("api.x.com", "NS", 60, &["ns.y.com."]),
        values("_tdp-privatelink.api.x.com", "TXT", 60, &["\"theirs\""]),
    ];
    for set in &never {
        assert!(
            codes(&planned(&names(&HOSTS), Some(&endpoint), true, &with(set))).contains(&"foreign-record"),
            "{set:?}"
        );
    }
}

#[test]
fn foreign_records_elsewhere_in_the_zone_do_not_matter() {
    let (endpoint, mut zones) = live();
    zones[0].records.extend([
        values("mail.x.com", "A", 60, &["10.0.0.9"]),
        values("x.com", "TXT", 60, &["\"v=spf1 -all\""]),
        values("api.x.com", "CAA", 60, &["0 issue \"ca\""]),
    ]);
    assert!(planned(&names(&HOSTS), Some(&endpoint), false, &zones).is_empty());
}

#[test]
fn a_delegation_above_the_host_refuses() {
    let (endpoint, mut zones) = live();
    zones[0].records.push(values("b.x.com", "NS", 60, &["ns.y.com."]));
    let hosts = names(&["x.com", "api.x.com", "a.b.x.com"]);
    assert_eq!(codes(&planned(&hosts, Some(&endpoint), true, &zones)), ["foreign-record"]);
}

#[test]
fn records_of_another_owner_are_never_taken() {
    let (endpoint, mut zones) = live();
    for set in &mut zones[0].records {
        if let Data::Values { values, .. } = Arc::make_mut(&mut set.data) {
            values[0] = values[0].replace("owner=tdp-test", "owner=another");
        }
    }
    for adopt in [false, true] {
        assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), adopt, &zones)), ["other-owner", "other-owner"]);
    }
    zones[0].comment = our_comment().replace("tdp-test", "another");
    for adopt in [false, true] {
        assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), adopt, &zones)), ["other-owner"]);
    }
}

#[test]
fn a_foreign_zone_refuses_or_is_adopted_and_is_never_deleted() {
    let endpoint = endpoint("vpce-0000aaaa");
    let theirs = vec![zone("Z1", "x.com", "made by hand")];
    assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), false, &theirs)), ["foreign-zone"]);
    let plan = planned(&names(&HOSTS), Some(&endpoint), true, &theirs);
    assert!(plan.zones[0].id.as_deref() == Some("Z1") && !plan.zones[0].created);
    let after = apply(&plan, &theirs);
    assert!(planned(&names(&HOSTS), Some(&endpoint), false, &after).is_empty(), "adopted once, it stays in use");
    let back = planned(&names(&HOSTS), None, false, &after);
    assert!(!back.zones[0].delete);
    assert_eq!(apply(&back, &after), theirs);
}

#[test]
fn a_zone_of_another_account_is_refused_even_with_adopt() {
    let endpoint = endpoint("vpce-0000aaaa");
    let lent = Zone { holder: Holder::Other("account 999999999999".to_owned()), ..zone("Z1", "x.com", "") };
    let plan = planned(&names(&HOSTS), Some(&endpoint), true, &[lent]);
    assert!(plan.is_refused() && plan.problems[0].message.contains("999999999999"));
}

#[test]
fn a_narrower_foreign_zone_would_win_so_it_refuses_or_is_used() {
    let endpoint = endpoint("vpce-0000aaaa");
    let theirs = [zone("Z1", "api.x.com", "theirs")];
    assert_eq!(codes(&planned(&names(&HOSTS), Some(&endpoint), false, &theirs)), ["foreign-zone"]);
    let plan = planned(&names(&HOSTS), Some(&endpoint), true, &theirs);
    let homes: Vec<(&str, Option<&str>)> = plan.zones.iter().map(|z| (z.name.as_str(), z.id.as_deref())).collect();
    assert_eq!(homes, [("api.x.com", Some("Z1")), ("x.com", None)], "adopted: the host goes where it is answered");
}

#[test]
fn a_zone_on_another_vpc_is_not_ours_to_use() {
    let endpoint = endpoint("vpce-0000aaaa");
    let elsewhere =
        Zone { on_vpc: false, ..zone("Z1", "x.com", &our_comment().replace("vpc-0a1b2c3d", "vpc-99999999")) };
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &[elsewhere]);
    assert_eq!((plan.zones.len(), plan.zones[0].id.as_deref()), (1, None), "a zone of our own is made");
}

#[test]
fn an_association_that_was_dropped_is_made_again() {
    let (endpoint, mut zones) = live();
    zones[0].on_vpc = false;
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &zones);
    assert!(plan.zones[0].associate);
    // So that it is told: what is told goes by the markers.
    let changes: Vec<(&str, Action)> = plan.zones[0].changes.iter().map(|c| (c.rtype.as_str(), c.action)).collect();
    assert_eq!(changes, [("TXT", Action::Update)]);
}

#[test]
fn a_host_that_is_no_longer_wanted_goes_with_its_marker() {
    let (endpoint, zones) = live();
    let plan = planned(&names(&["x.com"]), Some(&endpoint), false, &zones);
    assert!(plan.changes().all(|change| change.action == Action::Delete));
    assert!(at(&apply(&plan, &zones), "_tdp-privatelink.api.x.com", "TXT").is_none());
}

#[test]
fn withdrawing_removes_records_and_zone_but_not_a_zone_with_foreign_records() {
    let (_, mut zones) = live();
    assert!(apply(&planned(&names(&HOSTS), None, false, &zones), &zones).is_empty());
    zones[0].records.push(values("mail.x.com", "A", 60, &["10.0.0.9"]));
    let plan = planned(&names(&HOSTS), None, false, &zones);
    assert_eq!(codes(&plan), ["zone-kept"]);
    let after = apply(&plan, &zones);
    assert!(at(&after, "mail.x.com", "A").is_some() && at(&after, "x.com", "A").is_none());
}

#[test]
fn a_wider_zone_takes_over_before_the_narrow_one_goes() {
    let endpoint = endpoint("vpce-0000aaaa");
    let narrow = apply(&planned(&names(&["api.x.com"]), Some(&endpoint), false, &[]), &[]);
    let plan = planned(&names(&HOSTS), Some(&endpoint), false, &narrow);
    let order: Vec<(&str, bool, bool)> = plan.zones.iter().map(|z| (z.name.as_str(), z.wanted, z.delete)).collect();
    assert_eq!(order, [("x.com", true, false), ("api.x.com", false, true)]);
    assert!(!plan.is_refused());
}

#[test]
fn a_narrow_zone_that_cannot_go_would_cut_the_name_off_and_refuses() {
    let endpoint = endpoint("vpce-0000aaaa");
    let mut narrow = apply(&planned(&names(&["api.x.com"]), Some(&endpoint), false, &[]), &[]);
    narrow[0].records.push(values("v2.api.x.com", "A", 60, &["10.0.0.9"]));
    assert!(codes(&planned(&names(&HOSTS), Some(&endpoint), false, &narrow)).contains(&"foreign-zone"));
}

#[test]
fn moving_to_another_endpoint_updates_every_name() {
    let (_, zones) = live();
    let other = endpoint("vpce-0000bbbb");
    let plan = planned(&names(&HOSTS), Some(&other), false, &zones);
    assert_eq!(lines(&plan), ["Update api.x.com A", "Update x.com A"]);
    let after = apply(&plan, &zones);
    assert_eq!(pointed_at(&ours(&after, OWNER), |_, _| true).as_deref(), Some("vpce-0000bbbb"));
}

#[test]
fn private_dns_leaves_a_host_alone_unless_records_of_ours_are_there() {
    let mut covered = endpoint("vpce-0000aaaa");
    covered.private_dns = true;
    covered.dns_entries.push(planner::endpoint::DnsEntry { name: name("x.com"), zone_id: "ZP".to_owned() });
    let plan = planned(&names(&HOSTS), Some(&covered), false, &[]);
    assert_eq!(codes(&plan), ["private-dns-covers"]);
    let zones: Vec<&str> = plan.zones.iter().map(|zone| zone.name.as_str()).collect();
    assert_eq!(zones, ["api.x.com"], "the other host gets a zone that does not collide with AWS's");
    let (_, zones) = live();
    assert!(planned(&names(&HOSTS), Some(&covered), false, &zones).is_empty());
}

/// What another run wrote, and what this one had no answer about, is not known to be everywhere.
#[test]
fn what_was_written_unseen_is_known_by_its_zone() {
    let hosts = names(&["x.com", "api.y.org"]);
    let before = apply(&planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &[]), &[]);
    let ids: Vec<String> = before.iter().map(|zone| zone.id.clone()).collect();
    let all: BTreeSet<String> = ids.iter().cloned().collect();
    let (none, kept) = (BTreeSet::new(), BTreeSet::new());
    let unseen = |before: &[Zone], after: &[Zone], answered: &BTreeSet<String>, removed: &BTreeSet<Name>| {
        written_unseen(OWNER, (before, after), answered, &["c0ffee00"], removed)
    };
    assert_eq!(unseen(&before, &before, &none, &kept), none, "nothing was written");
    assert_eq!(unseen(&[], &before, &all, &kept), none, "all of it by this run, and answered");
    assert_eq!(unseen(&[], &before, &none, &kept), all, "the answers were lost");
    let wishes = BTreeMap::new();
    let theirs = Intent { owner: OWNER, wishes: &wishes, adopt: false, change: "c0ffee02" };
    let confirmed = apply(&confirm(&theirs, &before[..1]), &before);
    assert_eq!(unseen(&before, &confirmed, &all, &kept), BTreeSet::from([ids[0].clone()]), "another run wrote");
    let mut fewer = before.clone();
    fewer[0].records.retain(|set| set.rtype != RecordType::Txt);
    let gone: BTreeSet<Name> = ours(&before[..1], OWNER).into_keys().collect();
    assert_eq!(unseen(&before, &fewer, &all, &kept), BTreeSet::from([ids[0].clone()]), "somebody took it out");
    assert_eq!(unseen(&before, &fewer, &all, &gone), none, "this run took it out");
}
