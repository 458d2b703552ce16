//! What takes a change back: the commands of the AWS CLI, for whoever has to undo it by hand.
//!
//! Commands and their shapes, under <https://docs.aws.amazon.com/cli/latest/reference/route53/>:
//! `change-resource-record-sets`, `create-hosted-zone`, `delete-hosted-zone`, `update-hosted-zone-comment`,
//! `associate-vpc-with-hosted-zone` and `disassociate-vpc-from-hosted-zone`.
//! The CLI itself tries again while Route 53 is still busy with the change before (`PriorRequestNotComplete`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::association;
use crate::batch::{Step, Verb, batches};
use crate::marker::marked_name;
use crate::name::Name;
use crate::plan::{Change, Plan, ZonePlan};
use crate::record::{Data, RecordType};

/// What the commands need to know beside the plan.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub vpc_id: &'a str,
    /// Where zones are filled before the VPC sees them, if anywhere.
    pub staging_vpc_id: Option<&'a str>,
    pub region: &'a str,
    /// The account that the zones are in, if it is known.
    pub own_account: Option<&'a str>,
    /// Names the change that is undone. Part of caller references, which Route 53 accepts once.
    pub change: &'a str,
}

/// What stands before the commands. Nothing in it means anything to a shell, also to one that takes `#` for a command.
pub const FIRST: &str = "# First deploy with Mode=plan, or put the hosts into HoldHosts: otherwise this is written again within 15 minutes.";

/// The same where other VPCs are among them, which no held host holds.
pub const FIRST_OF_VPCS: &str = "# First deploy with Mode=plan: otherwise this is done again within 15 minutes.";

/// The most bytes of one `--change-batch`: Linux takes no argument of 128 KiB, which a full batch of long names
/// exceeds. <https://man7.org/linux/man-pages/man2/execve.2.html> (`MAX_ARG_STRLEN`)
const MOST_BYTES: usize = 120_000;

/// The commands that undo what was written, in the order in which to run them, one a line; empty when nothing was.
///
/// `written` is what was really written. The last zone is undone first, and in each zone what went comes back
/// before what came goes, so that no name is without an answer. Records are deleted as they were written: when
/// somebody has changed them since, Route 53 refuses the batch whole.
pub fn commands(written: &Plan, place: &Place<'_>) -> Vec<String> {
    let made = written.zones.iter().filter_map(|zone| zone.made.as_deref()).collect();
    let mut undo = Undo { place, made, again: BTreeMap::new(), lines: Vec::new() };
    for zone in written.zones.iter().rev() {
        undo.zone(zone);
    }
    if !undo.lines.is_empty() {
        undo.lines.insert(0, FIRST.to_owned());
    }
    undo.lines
}

/// The command that undoes one step of a zone's other VPCs; `None` for one that this account cannot undo by itself.
pub fn of_association(
    zone_id: &str,
    step: &association::Step,
    region: &str,
    own_account: Option<&str>,
) -> Option<String> {
    use association::Step;
    let (operation, vpc) = match step {
        Step::Associate(vpc) => ("disassociate-vpc-from-hosted-zone", vpc),
        Step::Authorize(vpc) => ("delete-vpc-association-authorization", vpc),
        Step::Dissociate(vpc) if vpc.is_of_another(own_account) => return None,
        Step::Dissociate(vpc) => ("associate-vpc-with-hosted-zone", vpc),
        Step::Deauthorize(_) | Step::Note(_) => return None,
    };
    let (zone_id, vpc) = (quoted(zone_id), quoted(&format!("VPCRegion={},VPCId={}", vpc.region(region), vpc.id)));
    Some(format!("aws route53 {operation} --hosted-zone-id {zone_id} --vpc {vpc}"))
}

/// The commands that undo changes of the records of a zone that stays.
pub fn of_records(zone_id: &str, changes: &[Change], change: &str) -> Vec<String> {
    let back: Vec<Change> = changes.iter().map(Change::reversed).collect();
    let batches = batches(&back).into_iter().flat_map(fitting);
    batches.map(|batch| format!("aws route53 {}", records(&quoted(zone_id), &batch, change))).collect()
}

/// `target` is one word of a shell.
fn records(target: &str, batch: &[Step], change: &str) -> String {
    let comment = format!("tdp-privatelink undo {change}");
    let batch = json(&ChangeBatch { comment: &comment, changes: batch.iter().map(CliChange::of).collect() });
    format!("change-resource-record-sets --hosted-zone-id {target} --change-batch {}", quoted(&batch))
}

struct Undo<'a> {
    place: &'a Place<'a>,
    /// Zones that go as a whole. A run that had to plan again has more than one plan for such a zone.
    made: BTreeSet<&'a str>,
    /// Zones that are made again, by the id that they had: the variable with their new one.
    again: BTreeMap<&'a str, String>,
    lines: Vec<String>,
}

impl<'a> Undo<'a> {
    fn zone(&mut self, zone: &'a ZonePlan) {
        let Some(id) = zone.made.as_deref().or(zone.id.as_deref()) else { return };
        let goes = self.made.contains(id);
        if zone.delete {
            self.make_again(id, zone);
        }
        let target = self.again.get(id).map_or_else(|| quoted(id), |variable| format!("\"${variable}\""));
        // A zone that goes takes its associations along. The last one cannot be removed, so the staging VPC comes first.
        if let Some(staging) = self.place.staging_vpc_id.filter(|_| zone.unstage && !goes) {
            let vpc = self.vpc(staging);
            self.aws(&format!("associate-vpc-with-hosted-zone --hosted-zone-id {target} --vpc {vpc}"));
        }
        if zone.associate && !goes {
            let vpc = self.vpc(self.place.vpc_id);
            self.aws(&format!("disassociate-vpc-from-hosted-zone --hosted-zone-id {target} --vpc {vpc}"));
        }
        let back: Vec<Change> =
            zone.changes.iter().filter(|change| can_go_back(change, goes)).map(Change::reversed).collect();
        for batch in batches(&back).into_iter().flat_map(fitting) {
            self.aws(&records(&target, &batch, self.place.change));
        }
        // The other VPCs that it had, as its note says; those of other accounts have to come by themselves.
        let note = association::note_name(&zone.name);
        let noted = zone.changes.iter().filter(|change| zone.delete && change.name == note);
        for vpc in noted.filter_map(|change| change.before.as_deref()).flat_map(association::named) {
            if !vpc.is_of_another(self.place.own_account) {
                let region = vpc.region(self.place.region);
                let vpc = quoted(&format!("VPCRegion={region},VPCId={}", vpc.id));
                self.aws(&format!("associate-vpc-with-hosted-zone --hosted-zone-id {target} --vpc {vpc}"));
            }
        }
        if zone.claim && !goes {
            self.aws(&format!("update-hosted-zone-comment --id {target} --comment {}", quoted(&zone.comment)));
        }
        if zone.made.is_some() {
            self.aws(&format!("delete-hosted-zone --id {target}"));
        }
    }

    fn make_again(&mut self, id: &'a str, zone: &ZonePlan) {
        let number = self.again.len() + 1;
        let variable = if number == 1 { "ZONE_ID".to_owned() } else { format!("ZONE_ID_{number}") };
        let config = ZoneConfig { comment: &zone.comment, private_zone: true };
        self.lines.push(format!(
            "{variable}=$(aws route53 create-hosted-zone --name {} --vpc {} --caller-reference {} \
             --hosted-zone-config {} --query HostedZone.Id --output text)",
            quoted(zone.name.as_str()),
            self.vpc(self.place.vpc_id),
            quoted(&format!("tdp-privatelink-undo-{}-{}-{number}", self.place.change, self.place.vpc_id)),
            quoted(&json(&config)),
        ));
        self.again.insert(id, variable);
    }

    fn aws(&mut self, command: &str) {
        self.lines.push(format!("aws route53 {command}"));
    }

    fn vpc(&self, id: &str) -> String {
        quoted(&format!("VPCRegion={},VPCId={id}", self.place.region))
    }
}

/// Whether a change can be taken back at all: an SOA goes with its zone only, and cannot be deleted.
fn can_go_back(change: &Change, zone_goes: bool) -> bool {
    change.rtype != RecordType::Soa || (!zone_goes && change.before.is_some())
}

/// Halves a batch until each part fits into one argument. A name's records and its marker stay together.
fn fitting(batch: Vec<Step>) -> Vec<Vec<Step>> {
    let bytes: usize = batch.iter().map(|step| json(&CliChange::of(step)).len() + 1).sum();
    let names: BTreeSet<Name> = batch.iter().map(of).collect();
    match names.iter().nth(names.len() / 2) {
        Some(middle) if bytes > MOST_BYTES && names.len() > 1 => {
            let (first, second) = batch.into_iter().partition(|step| of(step) < *middle);
            [fitting(first), fitting(second)].concat()
        }
        _ => vec![batch],
    }
}

/// The name that a record set belongs to: a marker's is the one that it speaks of.
fn of(step: &Step) -> Name {
    marked_name(&step.name).unwrap_or_else(|| step.name.clone())
}

/// One word for a POSIX shell, whatever is in it.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,=@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn json(value: &impl Serialize) -> String {
    // Strings, numbers and lists only: this cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneConfig<'a> {
    comment: &'a str,
    private_zone: bool,
}

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeBatch.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeBatch<'a> {
    comment: &'a str,
    changes: Vec<CliChange<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CliChange<'a> {
    action: &'static str,
    resource_record_set: CliSet<'a>,
}

/// Either an alias, or a TTL and values.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CliSet<'a> {
    name: String,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_target: Option<CliAlias<'a>>,
    #[serde(rename = "TTL", skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_records: Option<Vec<CliValue<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CliAlias<'a> {
    hosted_zone_id: &'a str,
    #[serde(rename = "DNSName")]
    dns_name: String,
    evaluate_target_health: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CliValue<'a> {
    value: &'a str,
}

impl CliChange<'_> {
    fn of(step: &Step) -> CliChange<'_> {
        let action = match step.verb {
            Verb::Create => "CREATE",
            Verb::Delete => "DELETE",
            Verb::Upsert => "UPSERT",
        };
        let (alias_target, ttl, resource_records) = match &*step.data {
            Data::Alias { target, zone_id, evaluate_health } => {
                let dns_name = absolute(target);
                let evaluate_target_health = *evaluate_health;
                (Some(CliAlias { hosted_zone_id: zone_id, dns_name, evaluate_target_health }), None, None)
            }
            Data::Values { ttl, values } => {
                (None, Some(*ttl), Some(values.iter().map(|value| CliValue { value }).collect()))
            }
        };
        let name = absolute(&step.name);
        let resource_record_set = CliSet { name, r#type: step.rtype.as_str(), alias_target, ttl, resource_records };
        CliChange { action, resource_record_set }
    }
}

fn absolute(name: &Name) -> String {
    format!("{name}.")
}
