//! Properties of everything that reads outside data: it never panics, and takes for right only what is.
//!
//! `PROPTEST_CASES` says how many cases each property has.

mod plans;
mod text;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use planner::association::{VpcRef, named, note, noted};
use planner::current::Owner;
use planner::endpoint::{DnsEntry, Endpoint, State};
use planner::marker::{Marker, ZoneMarker, marked_name, marker_name};
use planner::name::{Name, NameError};
use planner::record::{Data, RecordSet, RecordType, soa_wanted};
use planner::trigger::{Trigger, endpoint_ids, is_endpoint_id, shown};
use planner::variables::Reader;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use self::text::{hostile, one_of, stays_in_its_line};
use crate::scene::{OWNER, endpoint};

const HOSTS: &[&str] =
    &["platform.example.com", "*.x.com", "\\052.x.com.", "API.x.com.", "a_b.x-y.com", "x\\100.com", "localhost"];
const MARKER: &str = "heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,\
    tdp-privatelink/endpoint=vpce-0a1b2c3d,tdp-privatelink/types=A+AAAA,tdp-privatelink/change=c0ffee00";
const COMMENT: &str = "heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/vpc=vpc-0a1b2c3d";
const VPCS: &[&str] =
    &["vpc-0a1b2c3d", "vpc-0a1b2c3d@123456789012/us-west-2", "vpc-0a1b2c3d4e5f60718@210987654321/us-gov-east-1"];

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn txt_values() -> impl Strategy<Value = Vec<String>> {
    let noted: Vec<String> = VPCS.iter().map(|vpc| format!("\"{}\"", COMMENT.replace("vpc-0a1b2c3d", vpc))).collect();
    let other = MARKER.replace("tdp-test", "somebody");
    let split = MARKER.replace(",tdp-privatelink/types", "\" \",tdp-privatelink/types");
    let right = [MARKER.to_owned(), other, split].map(|text| format!("\"{text}\"")).into_iter();
    let right: Vec<String> = right.chain(noted).chain([format!("\"{}\"", "x".repeat(4000))]).collect();
    vec(hostile(select(right)), 1..4)
}

fn txt(at: &str, values: Vec<String>, simple: bool) -> RecordSet {
    RecordSet {
        name: Name::from_wire(at),
        rtype: RecordType::Txt,
        data: Data::Values { ttl: 300, values }.into(),
        simple,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_name_from_the_wire_has_one_spelling(text in hostile(one_of(HOSTS)), prefix in "[a-z*]{1,3}") {
        let name = Name::from_wire(&text);
        if name.as_str().ends_with('.') {
            return Ok(());
        }
        prop_assert_eq!(&Name::from_wire(name.as_str()), &name);
        prop_assert_eq!(&Name::from_wire(&format!("{name}.")), &name);
        prop_assert_eq!(&Name::from_wire(&text.to_ascii_uppercase()), &name);
        let below = name.child(&prefix);
        prop_assert!(below.is_below(&name) && below.is_within(&name) && !name.is_below(&below));
        prop_assert_eq!(below.parent(), Some(name.clone()));
        prop_assert!(name.parent().is_none_or(|parent| name.is_below(&parent)));
        prop_assert_eq!(marked_name(&marker_name(&name)), Some(name));
    }

    #[test]
    fn a_host_is_plain_ascii_or_refused_in_one_line(text in hostile(one_of(HOSTS))) {
        match Name::host(&text) {
            Ok(host) => {
                let plain = host.as_str().strip_prefix("*.").unwrap_or(host.as_str());
                let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
                prop_assert!(plain.bytes().all(is_plain) && host.as_str().len() <= 253, "{host}");
                prop_assert!(plain.split('.').count() >= 2 && plain.split('.').all(|l| (1..=63).contains(&l.len())));
                prop_assert_eq!(Name::host(host.as_str()), Ok(host));
            }
            // What it repeats is one variable of the configuration.
            Err(NameError::PartialWildcard(name)) => prop_assert!(name.contains('*') && name.len() <= 253),
            Err(error) => prop_assert!(stays_in_its_line(&error.to_string()), "{error:?}"),
        }
    }

    #[test]
    fn a_marker_that_is_read_is_written_the_same(values in txt_values(), simple in any::<bool>()) {
        let set = txt("_tdp-privatelink.x.com", values.clone(), simple);
        if let Some(marker) = Marker::parse(&set) {
            prop_assert!(simple && values.len() == 1 && !values[0].contains('\\'));
            let written = RecordSet { data: marker.data().into(), ..set.clone() };
            let again = Marker::parse(&written);
            if values[0].is_ascii() {
                prop_assert_eq!(again, Some(marker));
            }
        }
    }

    #[test]
    fn a_zone_marker_that_is_read_is_written_the_same(comment in hostile(one_of(&[COMMENT]))) {
        if let Some(marker) = ZoneMarker::parse(&comment) {
            prop_assert!(comment.starts_with("heritage=tdp-privatelink,"));
            prop_assert_eq!(ZoneMarker::parse(&marker.comment()), Some(marker));
        }
    }

    #[test]
    fn a_note_is_ours_only_when_we_would_write_exactly_that(values in txt_values(), simple in any::<bool>()) {
        let zone = Name::from_wire("x.com");
        let set = txt("_tdp-privatelink-vpcs.x.com", values.clone(), simple);
        prop_assert!(named(&set.data).iter().all(|vpc| stays_in_its_line(&vpc.to_string())));
        if let Some(vpcs) = noted(&set, &zone, OWNER) {
            let Data::Values { values: ours, .. } = note(OWNER.id, &vpcs) else { panic!("a note has values") };
            prop_assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), values.into_iter().collect::<BTreeSet<_>>());
            prop_assert!(simple);
        }
        prop_assert_eq!(noted(&set, &zone, Owner { id: "imitator", ..OWNER }), None);
        prop_assert_eq!(noted(&set, &Name::from_wire("y.com"), OWNER), None);
    }

    #[test]
    fn a_vpc_is_spelled_so_that_a_shell_may_see_it(text in hostile(one_of(VPCS))) {
        if let Some(vpc) = VpcRef::parse(&text, "us-east-1", Some("123456789012")) {
            let shown = vpc.to_string();
            prop_assert!(shown.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-@/".contains(&b)));
            prop_assert!(shown.len() <= 60);
            prop_assert_eq!(VpcRef::parse(&shown, "us-east-1", Some("123456789012")), Some(vpc));
        }
    }

    #[test]
    fn a_state_is_one_of_ec2s_words_or_unknown(
        text in hostile(one_of(&["pendingAcceptance", "Available", "partial", "deleting", "missing"])),
    ) {
        let state = State::parse(&text);
        prop_assert!(state != State::Missing, "EC2 has no such word");
        if let State::Unknown(word) = &state {
            prop_assert!(word.len() <= 40 && word.bytes().all(|b| b.is_ascii_alphanumeric()));
            prop_assert!(!state.is_lost() && !state.is_pending() && !state.proves_loss());
        } else {
            prop_assert!(state.as_str().eq_ignore_ascii_case(&text));
        }
    }

    #[test]
    fn an_endpoints_names_are_its_own_in_any_order(
        names in vec((hostile(one_of(&[
            "vpce-0000aaaa-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com",
            "vpce-0000aaaa-1a2b3c4d-us-east-1a.vpce-svc-0a.us-east-1.vpce.amazonaws.com",
            "*.vpce-0000aaaa-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com",
            "\\052.s3.us-east-1.amazonaws.com",
        ])), select(vec!["Z7HUB22UULQXV", "", "ZONEIDPENDING"])), 0..6),
        turn in any::<usize>(), private in any::<bool>(),
    ) {
        let entry = |(name, zone): &(String, &str)| {
            DnsEntry { name: Name::from_wire(name), zone_id: (*zone).to_owned() }
        };
        let dns_entries = names.iter().map(entry).collect();
        let one = Endpoint { dns_entries, private_dns: private, ..endpoint("vpce-0000aaaa") };
        let mut other = one.clone();
        other.dns_entries.rotate_left(turn % names.len().max(1));
        prop_assert_eq!(one.regional(), other.regional());
        prop_assert_eq!(one.zonal(), other.zonal());
        if let Some(entry) = one.regional() {
            let plain = entry.name.as_str().strip_prefix("*.").unwrap_or(entry.name.as_str());
            prop_assert!(plain.starts_with("vpce-0000aaaa-") && plain.contains(".vpce."));
            prop_assert!(entry.zone_id == "Z7HUB22UULQXV" && one.target().is_some());
            prop_assert!(!one.zonal().contains(&&entry.name));
        }
        prop_assert!(private || one.private_dns_name(&Name::from_wire("bucket.s3.us-east-1.amazonaws.com")).is_none());
    }

    #[test]
    fn ids_in_any_text_are_ids_each_once(
        text in hostile(one_of(&["\"vpce-0a1b2c3d4e5f60718\"", "vpce-12345678 vpce-12345678", "vpce-svc-0a1b2c3d"])),
    ) {
        let ids = endpoint_ids(&text);
        prop_assert!(ids.len() <= 50 && ids.iter().all(|id| is_endpoint_id(id) && text.contains(id.as_str())));
        prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        prop_assert!(shown(&text).bytes().all(|b| (b' '..=b'~').contains(&b)) && shown(&text).len() <= 600);
    }

    #[test]
    fn a_task_is_one_of_five_words_or_refused_in_one_short_line(
        task in hostile(one_of(&["sweep", "drift", "plan", "reconcile", "verify"])),
        id in prop::option::of(hostile(one_of(&["vpce-0a1b2c3d4e5f60718", "vpce-12345678"]))),
    ) {
        match Trigger::task(&task, id.as_deref()) {
            Ok(trigger) => {
                prop_assert!(["sweep", "drift", "plan", "reconcile", "verify"].contains(&task.as_str()));
                prop_assert_eq!(trigger.only(), id.as_deref());
                prop_assert!(id.as_deref().is_none_or(is_endpoint_id));
            }
            Err(why) => prop_assert!(stays_in_its_line(&why) && why.len() < 800, "{why:?}"),
        }
    }

    #[test]
    fn what_is_wrong_with_a_variable_is_said_in_one_short_line(
        value in hostile(one_of(&["apply", "withdraw", "a,b, c", "vpc-0a1b2c3d"])),
    ) {
        let variables = BTreeMap::from([("V".to_owned(), value.clone())]);
        let mut reader = Reader::new(&variables);
        let choice = reader.choice("V", &["apply", "withdraw"], "apply");
        prop_assert!(["apply", "withdraw"].contains(&choice));
        reader.required("V", "right", |text| text == "apply");
        reader.optional("V", "right", |text| text == "apply");
        let parsed = reader.parsed("V", "a host", |text| Name::host(text).ok());
        prop_assert!(parsed.is_none_or(|host| host.as_str().is_ascii()));
        let is_item = |item: &&str| !item.is_empty() && item.trim() == *item && !item.contains(',');
        prop_assert!(reader.list("V").iter().all(is_item));
        for invalid in &reader.invalid {
            prop_assert!(stays_in_its_line(&invalid.to_string()) && invalid.to_string().len() < 800, "{invalid:?}");
        }
    }

    #[test]
    fn an_soa_is_changed_in_its_last_field_alone(
        value in hostile(one_of(&["ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"])),
        ttl in any::<i64>(),
    ) {
        let before = Data::Values { ttl, values: vec![value.clone()] };
        if let Some(after) = soa_wanted(&before) {
            let Data::Values { values, .. } = &after else { panic!("an SOA has values") };
            let fields = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(&fields(&values[0])[..6], &fields(&value)[..6]);
            prop_assert_eq!(soa_wanted(&after), None);
        }
    }
}
