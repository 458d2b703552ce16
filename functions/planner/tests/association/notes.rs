//! How a VPC is spelled, and the note of those that we associated: what we write reads back, and nothing else does.

use std::collections::BTreeSet;

use planner::association::{MOST_VPCS, Place, VpcRef, note, note_name, noted};
use planner::batch::batches;
use planner::current::Owner;
use planner::plan::{Action, Change};
use planner::record::{Data, RecordSet, RecordType};
use proptest::prelude::*;

use super::{FAR, HERE, OWN, THEIRS, some, vpc, vpcs};
use crate::scene::{OWNER, name, values};

#[test]
fn without_our_account_every_account_is_another_one() {
    let far = VpcRef::parse(FAR, "us-east-1", None).unwrap();
    assert_eq!(far.to_string(), FAR);
    assert!(far.is_of_another(None) && !far.is_of_another(Some(OWN)));
    assert!(!vpc(HERE).is_of_another(None));
    let spelled = "vpc-0000aaaa@111122223333/us-east-1";
    assert_eq!(VpcRef::parse(spelled, "us-east-1", None).unwrap().to_string(), spelled);
    assert_eq!(vpc(spelled), vpc(HERE), "our own account and Region are the same as none");
}

#[test]
fn what_is_displayed_parses_to_the_same() {
    for text in [HERE, FAR, THEIRS, "vpc-0123456789abcdef0", "vpc-0000cccc@999988887777/us-gov-west-1"] {
        assert_eq!(vpc(text).to_string(), text);
    }
    assert_eq!(vpc("  vpc-0000aaaa "), vpc(HERE));
    let place = Place { account: "999988887777".to_owned(), region: "us-west-2".to_owned() };
    assert_eq!(vpc(THEIRS), VpcRef { id: "vpc-0000cccc".to_owned(), place: Some(place) });
    assert_eq!((vpc(THEIRS).account(), vpc(THEIRS).region("us-east-1")), (Some("999988887777"), "us-west-2"));
    assert_eq!((vpc(HERE).account(), vpc(HERE).region("us-east-1")), (None, "us-east-1"));
}

#[test]
fn nothing_else_is_a_vpc() {
    for text in [
        "",
        "vpc-",
        "vpc-0a1b2c3",
        "vpc-0123456789abcdef01",
        "vpc-0000AAAA",
        "vpc-0000aaag",
        "subnet-0000aaaa",
        "vpc-0000aaaa@",
        "vpc-0000aaaa@111122223333",
        "vpc-0000aaaa@111122223333/",
        "vpc-0000aaaa@/us-east-1",
        "vpc-0000aaaa@11112222333/us-east-1",
        "vpc-0000aaaa@1111222233334/us-east-1",
        "vpc-0000aaaa@11112222333x/us-east-1",
        "vpc-0000aaaa@111122223333/us-east-1/x",
        "vpc-0000aaaa@111122223333/us--east",
        "vpc-0000aaaa@111122223333/-us",
        "vpc-0000aaaa@111122223333/useast1",
        "vpc-0000aaaa@111122223333/US-EAST-1",
        "vpc-0000aaaa@111122223333/us-east-1;reboot",
        "vpc-0000aaaa@111122223333/us-east-1,VPCId=vpc-0000bbbb",
        "vpc-0000aaaa@111122223333/us-east-1\u{e9}",
        "vpc-0000aaaa@111122223333/us-gov-northwest-1-localx",
        "vpc-0000aaaa,tdp-privatelink/x=y",
    ] {
        assert_eq!(VpcRef::parse(text, "us-east-1", Some(OWN)), None, "{text}");
    }
}

fn note_set(data: Data) -> RecordSet {
    RecordSet { name: note_name(&name("x.com")), rtype: RecordType::Txt, data: data.into(), simple: true }
}

fn read(set: &RecordSet, owner: Owner<'_>) -> Option<BTreeSet<VpcRef>> {
    noted(set, &name("x.com"), owner)
}

const OURS: &str = "\"heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/vpc=vpc-0000aaaa\"";

#[test]
fn a_note_has_a_value_for_each_vpc_and_reads_back() {
    let wanted = vpcs(&[HERE, FAR, THEIRS]);
    let data = note(OWNER.id, &wanted);
    let Data::Values { ttl, values } = &data else { panic!("a note has values") };
    assert_eq!((*ttl, values.len(), values[0].as_str()), (300, 3, OURS));
    let set = note_set(data);
    assert_eq!(set.name.as_str(), "_tdp-privatelink-vpcs.x.com");
    assert_eq!(read(&set, OWNER), Some(wanted));
}

#[test]
fn a_note_of_a_former_owner_is_ours_and_one_of_another_is_not() {
    let set = note_set(note("tdp-old", &vpcs(&[HERE])));
    assert_eq!(read(&set, OWNER), None);
    assert_eq!(read(&set, Owner { former: &["tdp-old".to_owned()], ..OWNER }), Some(vpcs(&[HERE])));
}

/// The longest of everything.
fn long(n: usize) -> VpcRef {
    vpc(&format!("vpc-{n:017x}@999988887777/us-gov-northwest-1-local"))
}

#[test]
fn the_longest_value_is_one_string_and_reads_back() {
    let owner_id = "o".repeat(128);
    let wanted = BTreeSet::from([long(0)]);
    let data = note(&owner_id, &wanted);
    let Data::Values { values, .. } = &data else { panic!("a note has values") };
    assert_eq!(values[0].trim_matches('"').len(), 255);
    assert_eq!(read(&note_set(data), Owner { id: &owner_id, ..OWNER }), Some(wanted));
}

#[test]
fn nothing_else_is_a_note_of_ours() {
    let set = note_set(note(OWNER.id, &vpcs(&[HERE])));
    let elsewhere = RecordSet { name: name("_tdp-privatelink-vpcs.api.x.com"), ..set.clone() };
    let routed = RecordSet { simple: false, ..set.clone() };
    let other_type = RecordSet { rtype: RecordType::parse("SPF"), ..set.clone() };
    let alias = Data::Alias { target: name("y.org"), zone_id: "Z1".to_owned(), evaluate_health: false };
    let empty = Data::Values { ttl: 300, values: Vec::new() };
    for set in [elsewhere, routed, other_type, note_set(alias), note_set(empty)] {
        assert_eq!(read(&set, OWNER), None, "{set:?}");
    }
}

#[test]
fn a_value_that_we_do_not_write_makes_the_whole_note_foreign() {
    let hostile = [
        "\"v=spf1 -all\"".to_owned(),
        OURS.trim_matches('"').to_owned(),
        OURS.replace("vpc-0000aaaa", "vpc-0000aaaa,tdp-privatelink/extra=1"),
        OURS.replace("vpc-0000aaaa", "vpc-0000aaaa,tdp-privatelink/vpc=vpc-0000bbbb"),
        OURS.replace("vpc-0000aaaa", ""),
        OURS.replace("vpc-0000aaaa", "vpc-0000aaaa@111122223333"),
        OURS.replace("vpc-0000aaaa", " vpc-0000aaaa"),
        OURS.replace("tdp-test", "tdp-test "),
        OURS.replace("heritage=tdp-privatelink", "heritage=external-dns"),
        OURS.replace("owner=", "owner=\\"),
        OURS.replace(',', "\" \","),
        format!("{OURS} "),
        "\"".to_owned(),
        "\"\u{e9}\"".to_owned(),
        String::new(),
    ];
    for value in hostile {
        let both = values("_tdp-privatelink-vpcs.x.com", "TXT", 300, &[OURS, &value]);
        assert_eq!(read(&both, OWNER), None, "{value}");
    }
}

#[test]
fn a_note_of_the_most_vpcs_can_be_replaced_whole_in_one_batch() {
    let many = |from: usize| -> BTreeSet<VpcRef> { (from..from + MOST_VPCS).map(long).collect() };
    let owner_id = "o".repeat(128);
    let change = Change {
        action: Action::Update,
        zone: name("x.com"),
        name: note_name(&name("x.com")),
        rtype: RecordType::Txt,
        before: Some(note(&owner_id, &many(0)).into()),
        after: Some(note(&owner_id, &many(MOST_VPCS)).into()),
    };
    let [batch] = batches(&[change]).try_into().expect("one batch");
    let length = |data: &Data| match data {
        Data::Values { values, .. } => values.iter().map(String::len).sum::<usize>(),
        Data::Alias { .. } => 0,
    };
    assert!(batch.iter().map(|step| length(&step.data)).sum::<usize>() <= 32_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_note_reads_back_whatever_it_names(wanted in some()) {
        let read = read(&note_set(note(OWNER.id, &wanted)), OWNER);
        prop_assert_eq!(read, Some(wanted).filter(|wanted| !wanted.is_empty()));
    }

    #[test]
    fn any_text_at_all_is_read_without_a_panic(text in "\\PC{0,80}", owner in "\\PC{0,20}") {
        let _ = VpcRef::parse(&text, "us-east-1", Some(OWN));
        let value = format!("\"heritage=tdp-privatelink,tdp-privatelink/owner={owner},tdp-privatelink/vpc={text}\"");
        let set = values("_tdp-privatelink-vpcs.x.com", "TXT", 300, &[&value]);
        let spelled = Owner { id: &owner, ..OWNER };
        if let Some(vpcs) = noted(&set, &name("x.com"), spelled) {
            prop_assert!(note(&owner, &vpcs).same_as(&set.data), "only what we would write is read");
        }
    }
}
