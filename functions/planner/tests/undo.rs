//! Undo: the commands as a shell takes them, and the world as it was.

mod shell;

use std::collections::{BTreeMap, BTreeSet};

use planner::current::Zone;
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::plan::{Action, Change, Plan, ZonePlan};
use planner::record::{Data, RecordSet, RecordType};
use planner::undo::{Place, commands};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use self::shell::{option, run, shell};
use crate::scene::{OWNER, alias, apply, endpoint, name, planned, values, zone};

const FIRST: &str = "# First deploy with Mode=plan, or put the hosts into HoldHosts: otherwise this is written again within 15 minutes.";
const SOA: &str = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600";
const COMMENT: &str = "heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/vpc=vpc-0a1b2c3d";

fn undo(zones: Vec<ZonePlan>) -> Vec<String> {
    let place = Place {
        vpc_id: OWNER.vpc_id,
        staging_vpc_id: Some("vpc-57a61c00"),
        region: "us-east-1",
        own_account: None,
        change: "c0ffee00",
    };
    commands(&Plan { zones, problems: Vec::new() }, &place)
}

/// What was written into the zone x.com that was there before.
fn written(id: &str, changes: Vec<Change>) -> ZonePlan {
    ZonePlan {
        name: name("x.com"),
        id: Some(id.to_owned()),
        made: None,
        created: true,
        wanted: true,
        associate: false,
        unstage: false,
        comment: COMMENT.to_owned(),
        claim: false,
        delete: false,
        hides: Vec::new(),
        changes,
    }
}

fn change(before: Option<RecordSet>, after: Option<RecordSet>) -> Change {
    let set = after.as_ref().or(before.as_ref()).expect("a change has a side");
    let action = match (&before, &after) {
        (None, _) => Action::Create,
        (_, None) => Action::Delete,
        _ => Action::Update,
    };
    let (name, rtype) = (set.name.clone(), set.rtype.clone());
    let data = |set: Option<RecordSet>| set.map(|set| set.data);
    Change { action, zone: Name::from_wire("x.com"), name, rtype, before: data(before), after: data(after) }
}

fn soa(before: &str, after: &str) -> Change {
    let set = |negative: &str| Some(values("x.com", "SOA", 900, &[&format!("{SOA} {negative}")]));
    change(set(before), set(after))
}

#[test]
fn where_nothing_was_written_there_is_nothing_to_undo() {
    assert!(undo(vec![]).is_empty());
    assert!(undo(vec![written("Z1", vec![])]).is_empty());
    let planned_only = ZonePlan { id: None, ..written("", vec![change(None, Some(alias("x.com", "A", "e.com")))]) };
    assert!(undo(vec![planned_only]).is_empty());
}

#[test]
fn a_zone_that_was_made_loses_its_records_and_goes() {
    let marker = values("_tdp-privatelink.x.com", "TXT", 300, &["\"heritage=tdp-privatelink\""]);
    let changes = vec![
        change(None, Some(marker)),
        change(None, Some(alias("x.com", "A", "vpce-1.vpce.amazonaws.com"))),
        soa("86400", "60"),
    ];
    let made = ZonePlan { id: None, made: Some("Z0NEW".to_owned()), ..written("", changes) };
    assert_eq!(
        undo(vec![made]),
        [
            FIRST,
            concat!(
                r#"aws route53 change-resource-record-sets --hosted-zone-id Z0NEW --change-batch '"#,
                r#"{"Comment":"tdp-privatelink undo c0ffee00","Changes":["#,
                r#"{"Action":"DELETE","ResourceRecordSet":{"Name":"_tdp-privatelink.x.com.","Type":"TXT","TTL":300,"#,
                r#""ResourceRecords":[{"Value":"\"heritage=tdp-privatelink\""}]}},"#,
                r#"{"Action":"DELETE","ResourceRecordSet":{"Name":"x.com.","Type":"A","AliasTarget":"#,
                r#"{"HostedZoneId":"Z7HUB22UULQXV","DNSName":"vpce-1.vpce.amazonaws.com.","EvaluateTargetHealth":false}}}"#,
                r#"]}'"#
            ),
            "aws route53 delete-hosted-zone --id Z0NEW",
        ]
    );
}

#[test]
fn a_record_that_was_taken_over_comes_back_with_its_value() {
    let before = values("*.x.com", "A", 60, &["192.0.2.7", "192.0.2.8"]);
    let changes = vec![change(Some(before), Some(alias("*.x.com", "A", "e.com")))];
    assert_eq!(
        undo(vec![written("Z1", changes)]),
        [
            FIRST,
            concat!(
                r#"aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '"#,
                r#"{"Comment":"tdp-privatelink undo c0ffee00","Changes":["#,
                r#"{"Action":"DELETE","ResourceRecordSet":{"Name":"*.x.com.","Type":"A","AliasTarget":"#,
                r#"{"HostedZoneId":"Z7HUB22UULQXV","DNSName":"e.com.","EvaluateTargetHealth":false}}},"#,
                r#"{"Action":"CREATE","ResourceRecordSet":{"Name":"*.x.com.","Type":"A","TTL":60,"#,
                r#""ResourceRecords":[{"Value":"192.0.2.7"},{"Value":"192.0.2.8"}]}}"#,
                r#"]}'"#
            ),
        ]
    );
}

#[test]
fn an_soa_goes_back_by_upsert() {
    let lines = undo(vec![written("Z1", vec![soa("86400", "60")])]);
    let set = format!(r#"{{"Name":"x.com.","Type":"SOA","TTL":900,"ResourceRecords":[{{"Value":"{SOA} 86400"}}]}}"#);
    assert!(lines[1].contains(&format!(r#"[{{"Action":"UPSERT","ResourceRecordSet":{set}}}]"#)), "{}", lines[1]);
}

#[test]
fn the_vpc_leaves_a_zone_before_its_records_go_back() {
    let changes = vec![change(None, Some(alias("x.com", "A", "e.com")))];
    let lines = undo(vec![ZonePlan { associate: true, ..written("Z1", changes) }]);
    let leave = "aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id Z1 \
                 --vpc VPCRegion=us-east-1,VPCId=vpc-0a1b2c3d";
    assert_eq!(lines[1], leave);
    assert!(lines[2].starts_with("aws route53 change-resource-record-sets --hosted-zone-id Z1 "));
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_zone_that_left_the_staging_vpc_has_it_back_before_it_leaves_the_vpc() {
    let lines = undo(vec![ZonePlan { associate: true, unstage: true, ..written("Z1", vec![]) }]);
    let back = "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z1 \
                --vpc VPCRegion=us-east-1,VPCId=vpc-57a61c00";
    assert_eq!(lines[1], back);
    assert!(lines[2].starts_with("aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id Z1 "));
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_zone_that_was_made_is_not_taken_from_its_vpc_first() {
    // The association may be its last, which Route 53 does not remove. The second plan is of a second try.
    let made = ZonePlan { id: None, made: Some("Z0NEW".to_owned()), ..written("", vec![]) };
    let associated = ZonePlan { associate: true, unstage: true, ..written("Z0NEW", vec![]) };
    assert_eq!(undo(vec![made, associated]), [FIRST, "aws route53 delete-hosted-zone --id Z0NEW"]);
}

#[test]
fn a_zone_that_was_deleted_is_made_again_and_filled() {
    let changes = vec![change(Some(values("x.com", "A", 60, &["192.0.2.7"])), None)];
    assert_eq!(
        undo(vec![ZonePlan { delete: true, ..written("Z1", changes) }]),
        [
            FIRST,
            concat!(
                "ZONE_ID=$(aws route53 create-hosted-zone --name x.com --vpc VPCRegion=us-east-1,VPCId=vpc-0a1b2c3d ",
                "--caller-reference tdp-privatelink-undo-c0ffee00-vpc-0a1b2c3d-1 --hosted-zone-config '",
                r#"{"Comment":"heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/vpc=vpc-0a1b2c3d","#,
                r#""PrivateZone":true}' "#,
                "--query HostedZone.Id --output text)"
            ),
            concat!(
                r#"aws route53 change-resource-record-sets --hosted-zone-id "$ZONE_ID" --change-batch '"#,
                r#"{"Comment":"tdp-privatelink undo c0ffee00","Changes":["#,
                r#"{"Action":"CREATE","ResourceRecordSet":{"Name":"x.com.","Type":"A","TTL":60,"#,
                r#""ResourceRecords":[{"Value":"192.0.2.7"}]}}"#,
                r#"]}'"#
            ),
        ]
    );
}

#[test]
fn what_an_earlier_try_took_out_of_a_deleted_zone_goes_into_the_new_one() {
    let gone = |host: &str| vec![change(Some(values(host, "A", 60, &["192.0.2.7"])), None)];
    let lines = undo(vec![
        written("Z1", gone("a.x.com")),
        ZonePlan { delete: true, ..written("Z2", gone("b.x.com")) },
        ZonePlan { delete: true, ..written("Z1", gone("x.com")) },
    ]);
    let starts = [
        "#",
        "ZONE_ID=$(aws route53 create-hosted-zone ",
        "aws route53 change-resource-record-sets --hosted-zone-id \"$ZONE_ID\" ",
        "ZONE_ID_2=$(aws route53 create-hosted-zone ",
        "aws route53 change-resource-record-sets --hosted-zone-id \"$ZONE_ID_2\" ",
        "aws route53 change-resource-record-sets --hosted-zone-id \"$ZONE_ID\" ",
    ];
    assert_eq!(lines.len(), starts.len());
    assert!(lines.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{lines:#?}");
    assert!(lines[3].contains(" --caller-reference tdp-privatelink-undo-c0ffee00-vpc-0a1b2c3d-2 "));
    assert!(lines[5].contains("\"a.x.com.\""));
}

#[test]
fn the_last_zone_is_undone_first_and_in_a_zone_what_went_comes_back_first() {
    let came = change(None, Some(alias("a.x.com", "A", "e.com")));
    let went = change(Some(alias("b.x.com", "A", "e.com")), None);
    let lines = undo(vec![written("Z1", vec![came, went.clone()]), written("Z2", vec![went])]);
    let seen: Vec<(bool, bool)> =
        lines.iter().skip(1).map(|line| (line.contains(" Z2 "), line.contains("CREATE"))).collect();
    assert_eq!(seen, [(true, true), (false, true), (false, false)]);
}

#[test]
fn a_shell_gives_the_cli_what_was_there() {
    let odd = r#""it's $HOME `id` \"x\" \\ ; # *" "$(id)""#;
    let before = values("odd\\047.x.com", "TXT", 60, &[odd]);
    let calls = shell(&undo(vec![written("Z1", vec![change(Some(before), None)])]));
    let batch: Value = serde_json::from_str(option(&calls[0], "--change-batch")).unwrap();
    let set = &batch["Changes"][0]["ResourceRecordSet"];
    assert_eq!((&set["Name"], &set["ResourceRecords"][0]["Value"]), (&json!("odd\\047.x.com."), &json!(odd)));
}

#[test]
fn three_thousand_long_names_stay_within_the_limits_of_route_53_and_of_a_command_line() {
    let label = "l".repeat(60);
    let long = |n: u32| name(&format!("{n:04}.{label}.{label}.{label}.x.com"));
    let hosts: BTreeSet<Name> = (0..3000).map(long).chain([name("x.com")]).collect();
    let endpoint = Endpoint { ip_type: "dualstack".to_owned(), ..endpoint("vpce-0000aaaa") };
    let plan = planned(&hosts, Some(&endpoint), false, &[]);
    let all = plan.changes().count();
    let calls = shell(&undo(made(&plan)));
    let mut seen = 0;
    for call in calls.iter().filter(|call| call[1] == "change-resource-record-sets") {
        // Linux takes no argument of 128 KiB or more.
        assert!(call.iter().all(|word| word.len() < 131_072));
        let batch: Value = serde_json::from_str(option(call, "--change-batch")).unwrap();
        let sets: Vec<&Value> =
            batch["Changes"].as_array().unwrap().iter().map(|one| &one["ResourceRecordSet"]).collect();
        let values = sets.iter().filter_map(|set| set["ResourceRecords"][0]["Value"].as_str());
        assert!(values.map(|value| value.chars().count()).sum::<usize>() <= 32_000);
        assert!(sets.len() <= 1000);
        // A and AAAA of a host, and its marker.
        assert_eq!(sets.len() % 3, 0);
        seen += sets.len();
    }
    assert_eq!(seen, all);
}

/// Any text, as a foreign record may hold it.
fn data() -> impl Strategy<Value = Data> {
    let alias = (any::<String>(), "[A-Z0-9]{1,20}", any::<bool>()).prop_map(|(target, zone_id, evaluate_health)| {
        Data::Alias { target: Name::from_wire(&target), zone_id, evaluate_health }
    });
    let values = (any::<i64>(), vec(any::<String>(), 1..3)).prop_map(|(ttl, values)| Data::Values { ttl, values });
    prop_oneof![alias, values]
}

fn any_change() -> impl Strategy<Value = Change> {
    let sides = prop_oneof![
        data().prop_map(|data| (None, Some(data))),
        data().prop_map(|data| (Some(data), None)),
        (data(), data()).prop_map(|(before, after)| (Some(before), Some(after))),
    ];
    let set = |data: Option<Data>, (name, rtype): &(String, String)| {
        data.map(|data| RecordSet {
            name: Name::from_wire(name),
            rtype: RecordType::parse(rtype),
            data: data.into(),
            simple: true,
        })
    };
    (sides, (any::<String>(), "[A-Z]{4,9}"))
        .prop_map(move |((before, after), key)| change(set(before, &key), set(after, &key)))
}

/// An element of a change batch, as AWS documents it.
fn element(action: &str, change: &Change, data: &Data) -> Value {
    let (name, rtype) = (format!("{}.", change.name), change.rtype.as_str());
    let set = match data {
        Data::Alias { target, zone_id, evaluate_health } => json!({
            "Name": name, "Type": rtype,
            "AliasTarget": {
                "HostedZoneId": zone_id, "DNSName": format!("{target}."), "EvaluateTargetHealth": evaluate_health
            },
        }),
        Data::Values { ttl, values } => {
            let values: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
            json!({ "Name": name, "Type": rtype, "TTL": ttl, "ResourceRecords": values })
        }
    };
    json!({ "Action": action, "ResourceRecordSet": set })
}

const HOSTS: [&str; 6] = ["x.com", "api.x.com", "*.x.com", "a.b.x.com", "y.org", "z.y.org"];

fn hosts() -> impl Strategy<Value = BTreeSet<Name>> {
    btree_set(prop::sample::select(HOSTS.to_vec()).prop_map(Name::from_wire), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_commands_say_exactly_the_reversed_changes(changes in vec(any_change(), 1..8)) {
        let mut expected: Vec<String> = Vec::new();
        for change in &changes {
            expected.extend(change.after.iter().map(|data| element("DELETE", change, data).to_string()));
            expected.extend(change.before.iter().map(|data| element("CREATE", change, data).to_string()));
        }
        let mut seen: Vec<String> = Vec::new();
        for call in shell(&undo(vec![written("Z1", changes)])) {
            prop_assert_eq!(&call[..4], ["route53", "change-resource-record-sets", "--hosted-zone-id", "Z1"]);
            let batch: Value = serde_json::from_str(option(&call, "--change-batch")).unwrap();
            let elements = batch["Changes"].as_array().unwrap();
            // What goes makes room for what comes.
            prop_assert!(elements.is_sorted_by_key(|one| one["Action"] == "CREATE"));
            seen.extend(elements.iter().map(ToString::to_string));
        }
        expected.sort();
        seen.sort();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn after_the_commands_the_zones_are_as_they_were(
        earlier in hosts(), later in hosts(), moves in any::<bool>(), leaves in any::<bool>(), foreign in any::<bool>(),
    ) {
        let mut zones = apply(&planned(&earlier, Some(&endpoint("vpce-0000aaaa")), false, &[]), &[]);
        if foreign && zones.iter().all(|zone| zone.name != name("y.org")) {
            let mut theirs = zone("ZFOREIGN", "y.org", "made by hand");
            theirs.records.push(values("y.org", "A", 60, &["192.0.2.7"]));
            zones.push(theirs);
        }
        if let Some(zone) = zones.first_mut().filter(|_| leaves) {
            zone.on_vpc = false;
        }
        let target = endpoint(if moves { "vpce-0000bbbb" } else { "vpce-0000aaaa" });
        let plan = planned(&later, Some(&target), true, &zones);
        prop_assume!(!plan.is_refused());
        // No plan says that a zone that it deletes was not on the VPC: it comes back on it.
        let off: BTreeSet<&str> = zones.iter().filter(|zone| !zone.on_vpc).map(|zone| zone.id.as_str()).collect();
        prop_assume!(plan.zones.iter().all(|zone| !zone.delete || !zone.id.as_deref().is_some_and(|id| off.contains(id))));
        let after = run(&shell(&undo(made(&plan))), apply(&plan, &zones));
        // A zone that was made again has another id, and AWS's own SOA.
        let gone: BTreeSet<&Name> = plan.zones.iter().filter(|zone| zone.delete).map(|zone| &zone.name).collect();
        prop_assert_eq!(content(&after, &gone), content(&zones, &gone));
    }
}

type Content = BTreeMap<(String, String, bool), BTreeMap<(String, String), Data>>;

fn content(zones: &[Zone], without_soa: &BTreeSet<&Name>) -> Content {
    let sets = |zone: &Zone| {
        let kept = zone.records.iter().filter(|set| set.rtype != RecordType::Soa || !without_soa.contains(&zone.name));
        kept.map(|set| ((set.name.to_string(), set.rtype.to_string()), (*set.data).clone())).collect()
    };
    zones.iter().map(|zone| ((zone.name.to_string(), zone.comment.clone(), zone.on_vpc), sets(zone))).collect()
}

/// The plan as it was written: with the ids that [`apply`] gives to the zones that it makes.
fn made(plan: &Plan) -> Vec<ZonePlan> {
    let id = |zone: &ZonePlan| zone.id.is_none().then(|| format!("ZNEW{}", zone.name));
    plan.zones.iter().map(|zone| ZonePlan { made: id(zone), ..zone.clone() }).collect()
}

#[test]
fn a_zone_that_was_handed_over_gets_its_comment_back_after_its_records() {
    let former = "heritage=tdp-privatelink,tdp-privatelink/owner=old,tdp-privatelink/vpc=vpc-0a1b2c3d".to_owned();
    let marker = |owner: &str| values("_tdp-privatelink.x.com", "TXT", 300, &[owner]);
    let change = change(Some(marker("\"old\"")), Some(marker("\"new\"")));
    let lines = undo(vec![ZonePlan { claim: true, comment: former.clone(), ..written("Z1", vec![change]) }]);
    assert!(lines[1].starts_with("aws route53 change-resource-record-sets --hosted-zone-id Z1 "), "{lines:?}");
    assert_eq!(lines[2..], [format!("aws route53 update-hosted-zone-comment --id Z1 --comment {former}")]);
}
