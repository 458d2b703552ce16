//! Markers: what we write reads back, and nothing else does.

use planner::marker::{Marker, ZoneMarker, marked_name, marker_name};
use planner::record::{Data, RecordSet, RecordType};

use crate::scene::{name, values};

fn marker() -> Marker<'static> {
    Marker {
        owner: "tdp-test".into(),
        endpoint_id: "vpce-0a1b2c3d".into(),
        types: vec![RecordType::A, RecordType::Aaaa].into(),
        change: "c0ffee00".into(),
        confirmed: None,
    }
}

fn set(data: Data) -> RecordSet {
    RecordSet { name: name("_tdp-privatelink.x.com"), rtype: RecordType::Txt, data: data.into(), simple: true }
}

#[test]
fn a_marker_reads_back() {
    assert_eq!(Marker::parse(&set(marker().data())), Some(marker()));
}

#[test]
fn a_confirmed_marker_makes_the_same_claim() {
    let confirmed = Marker { confirmed: Some("0badcafe".into()), ..marker() };
    assert_eq!(Marker::parse(&set(confirmed.data())), Some(confirmed.clone()));
    assert!(confirmed.same_claim(&marker()));
}

#[test]
fn a_long_marker_is_several_strings_of_at_most_255_characters() {
    let long = Marker { owner: "o".repeat(128).into(), ..marker() };
    let Data::Values { values, .. } = long.data() else { panic!("a TXT set has values") };
    assert!(values[0].split("\" \"").all(|string| string.trim_matches('"').len() <= 255));
    assert_eq!(Marker::parse(&set(long.data())), Some(long));
}

#[test]
fn what_only_resembles_a_marker_is_none() {
    let text = "heritage=tdp-privatelink,tdp-privatelink/owner=o,tdp-privatelink/endpoint=e,tdp-privatelink/types=A,tdp-privatelink/change=c";
    let quoted = format!("\"{text}\"");
    let is_one = |list: &[&str]| Marker::parse(&values("_tdp-privatelink.x.com", "TXT", 300, list)).is_some();
    assert!(is_one(&[&quoted]), "the genuine one");
    let spoilt = [
        text.to_owned(),
        format!("{quoted} x"),
        quoted.replace("heritage=tdp-privatelink", "heritage=external-dns"),
        quoted.replace("owner=o", "owner=o\\163"),
        quoted.replace("tdp-privatelink/change=c", "tdp-privatelink/owner=p"),
        quoted.replace(",tdp-privatelink/types=A", ""),
        quoted.replace(",tdp-privatelink/types", ";tdp-privatelink/types"),
        "\"".to_owned(),
        "\"\"".to_owned(),
        format!("\"{}\"", "x".repeat(4000)),
    ];
    for value in spoilt {
        assert!(!is_one(&[&value]), "{value}");
    }
    assert!(!is_one(&[&quoted, "\"v=spf1 -all\""]), "a second value makes the set somebody else's too");
    let routed = RecordSet { simple: false, ..values("_tdp-privatelink.x.com", "TXT", 300, &[&quoted]) };
    assert_eq!(Marker::parse(&routed), None);
}

#[test]
fn a_marker_stands_beside_its_name() {
    assert_eq!(marker_name(&name("x.com")), name("_tdp-privatelink.x.com"));
    assert_eq!(marker_name(&name("*.x.com")), name("_tdp-privatelink-wildcard.x.com"));
    for host in ["x.com", "*.x.com", "wildcard.x.com"] {
        assert_eq!(marked_name(&marker_name(&name(host))), Some(name(host)));
    }
    assert_eq!(marked_name(&name("x.com")), None);
}

#[test]
fn a_zone_comment_reads_back() {
    let marker = ZoneMarker { owner: "tdp-test".into(), vpc_id: "vpc-0a1b2c3d".to_owned() };
    assert_eq!(ZoneMarker::parse(&marker.comment()), Some(marker));
    assert_eq!(ZoneMarker::parse("made by hand for tdp-test"), None);
}
