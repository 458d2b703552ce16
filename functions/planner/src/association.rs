//! More VPCs that see the zones that we made: which of their associations are ours, and what is to be done.
//!
//! Route 53 does not say who made an association. We note the VPC in a TXT record of the zone before we make one, and
//! take it out of the note after the association is gone. So whatever is interrupted, an association that is not
//! noted was made by somebody else, and is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::current::Owner;
use crate::marker::ZoneMarker;
use crate::name::Name;
use crate::record::{Data, RecordSet, RecordType};

const NOTE_LABEL: &str = "_tdp-privatelink-vpcs";
const NOTE_TTL: i64 = 300;
/// The longest name of a Region that is believed. With an owner of 128 characters, a value of the note is then one TXT
/// string, which holds 255.
const LONGEST_REGION: usize = 24;
/// As many VPCs as a note has room for when all of them change at once: 32,000 characters in one batch, up to 257 for
/// each VPC that goes and each that comes.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
pub const MOST_VPCS: usize = 60;

/// A VPC, wherever it is: `vpc-0a1b2c3d`, or `vpc-0a1b2c3d@123456789012/us-west-2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VpcRef {
    pub id: String,
    /// `None`: in this account and in the function's own Region.
    pub place: Option<Place>,
}

/// An account and a Region. The account may be our own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub account: String,
    pub region: String,
}

impl VpcRef {
    /// Parses what a person configured. Our own account and Region, when they are spelled out, are the same as none;
    /// while our own account is not known, what is given is kept.
    pub fn parse(text: &str, own_region: &str, own_account: Option<&str>) -> Option<VpcRef> {
        let vpc = VpcRef::read(text.trim())?;
        let is_here = |place: &Place| place.region == own_region && Some(place.account.as_str()) == own_account;
        Some(VpcRef { place: vpc.place.filter(|place| !is_here(place)), ..vpc })
    }

    /// Reads what [`VpcRef`] displays, and nothing else.
    fn read(text: &str) -> Option<VpcRef> {
        let (id, place) = match text.split_once('@') {
            None => (text, None),
            Some((id, place)) => (id, Some(place.split_once('/')?)),
        };
        let is_known = is_vpc_id(id) && place.is_none_or(|(account, region)| is_account(account) && is_region(region));
        let place = place.map(|(account, region)| Place { account: account.to_owned(), region: region.to_owned() });
        is_known.then(|| VpcRef { id: id.to_owned(), place })
    }

    /// The account of a VPC that is spelled with one.
    pub fn account(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.account.as_str())
    }

    pub fn region<'a>(&'a self, own_region: &'a str) -> &'a str {
        self.place.as_ref().map_or(own_region, |place| &place.region)
    }

    /// Whether somebody in another account has to associate it. An account is another one as long as ours is not known.
    pub fn is_of_another(&self, own_account: Option<&str>) -> bool {
        self.account().is_some_and(|account| Some(account) != own_account)
    }

    /// What the other account runs for it.
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html>
    fn command(&self, zone_id: &str) -> Option<String> {
        let region = &self.place.as_ref()?.region;
        Some(format!(
            "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone_id} --vpc VPCRegion={region},VPCId={}",
            self.id
        ))
    }
}

impl fmt::Display for VpcRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => f.write_str(&self.id),
            Some(Place { account, region }) => write!(f, "{}@{account}/{region}", self.id),
        }
    }
}

fn is_vpc_id(text: &str) -> bool {
    let hex = text.strip_prefix("vpc-").unwrap_or_default();
    (8..=17).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= LONGEST_REGION && text.contains('-') && text.split('-').all(is_part)
}

/// Where the note of a zone stands: `_tdp-privatelink-vpcs.<zone name>`.
pub fn note_name(zone: &Name) -> Name {
    zone.child(NOTE_LABEL)
}

/// The VPCs that our note in a zone names. `None` for everything that is not exactly such a note: another name or
/// owner, a routing policy, a value that we do not write.
pub fn noted(set: &RecordSet, zone: &Name, owner: Owner<'_>) -> Option<BTreeSet<VpcRef>> {
    if set.rtype != RecordType::Txt || !set.simple || set.name != note_name(zone) {
        return None;
    }
    let Data::Values { values, .. } = &*set.data else { return None };
    let read = |value: &String| {
        let text = value.strip_prefix('"')?.strip_suffix('"')?;
        let marker = ZoneMarker::parse(text).filter(|marker| owner.is(&marker.owner))?;
        let vpc = VpcRef::read(&marker.vpc_id)?;
        (noted_value(&marker.owner, &vpc) == *value).then_some(vpc)
    };
    let vpcs: Option<BTreeSet<VpcRef>> = values.iter().map(read).collect();
    vpcs.filter(|vpcs| !vpcs.is_empty())
}

/// The VPCs that a note names, whoever wrote it.
pub fn named(note: &Data) -> Vec<VpcRef> {
    let Data::Values { values, .. } = note else { return Vec::new() };
    let read = |value: &String| VpcRef::read(&ZoneMarker::parse(value.trim_matches('"'))?.vpc_id);
    values.iter().filter_map(read).collect()
}

/// The note that names these VPCs, one value for each. A note of none is no record.
pub fn note(owner_id: &str, vpcs: &BTreeSet<VpcRef>) -> Data {
    Data::Values { ttl: NOTE_TTL, values: vpcs.iter().map(|vpc| noted_value(owner_id, vpc)).collect() }
}

/// The markers' syntax, as in the comment of a zone.
fn noted_value(owner_id: &str, vpc: &VpcRef) -> String {
    format!("\"{}\"", ZoneMarker { owner: owner_id.to_owned(), vpc_id: vpc.to_string() }.comment())
}

/// How it stands with one VPC on one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Associated,
    /// The other account may associate it, and has to.
    Authorized,
    /// Nothing was done yet: see what it becomes.
    Planned,
    /// Ours, and not wanted any more: it is gone.
    Removed,
    Failed,
}

impl State {
    /// Whether something is left to do, or to look into.
    pub fn is_open(self) -> bool {
        matches!(self, State::Authorized | State::Failed | State::Planned)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            State::Associated => "associated",
            State::Authorized => "authorized",
            State::Planned => "planned",
            State::Removed => "removed",
            State::Failed => "failed",
        }
    }
}

/// One VPC on one zone, for the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Association {
    pub zone: Name,
    pub zone_id: String,
    /// As [`VpcRef`] is displayed.
    pub vpc: String,
    pub state: State,
    /// What a planned one will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<State>,
    /// For an authorized one: what to run with credentials of the VPC's account.
    pub command: Option<String>,
}

/// What is done about a zone, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Dissociate(VpcRef),
    Deauthorize(VpcRef),
    /// Makes the note name exactly these.
    Note(BTreeSet<VpcRef>),
    Associate(VpcRef),
    Authorize(VpcRef),
}

impl Step {
    /// The VPC that it is about; `None` for the note of all.
    pub fn vpc(&self) -> Option<&VpcRef> {
        match self {
            Step::Dissociate(vpc) | Step::Deauthorize(vpc) | Step::Associate(vpc) | Step::Authorize(vpc) => Some(vpc),
            Step::Note(_) => None,
        }
    }

    /// Whether it makes something, which must be noted before.
    pub fn adds(&self) -> bool {
        matches!(self, Step::Associate(_) | Step::Authorize(_))
    }
}

/// One zone as it is.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub zone: &'a Name,
    pub zone_id: &'a str,
    /// The account that the zone is in, if it is known.
    pub own_account: Option<&'a str>,
    /// The VPCs that it is associated with, whoever made that: id and Region.
    pub vpcs: &'a BTreeMap<String, String>,
    /// The VPCs that other accounts may associate it with.
    pub authorized: &'a BTreeSet<String>,
    /// Those that our note names.
    pub noted: &'a BTreeSet<VpcRef>,
    /// The VPCs that the zone is there for, and those that others care for: never touched here.
    pub keeps: &'a BTreeSet<String>,
}

/// Plans the associations of one zone with the VPCs that are wanted; and how it will stand with each of them, and with
/// each that goes, when the steps are done.
///
/// A VPC is known by its id: what is noted for it with another account or Region is corrected. Planning again after
/// the steps gives none; so does planning after any number of them that were done in order, and doing the rest.
pub fn plan(wanted: &BTreeSet<VpcRef>, seen: &Seen<'_>) -> (Vec<Step>, Vec<Association>) {
    let mut made: BTreeMap<&str, Vec<&VpcRef>> = BTreeMap::new();
    for vpc in seen.noted.iter().filter(|vpc| !seen.keeps.contains(&vpc.id)) {
        made.entry(&vpc.id).or_default().push(vpc);
    }
    let mut draft =
        Draft { seen, goes: Vec::new(), note: BTreeSet::new(), comes: Vec::new(), associations: Vec::new() };
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for vpc in wanted.iter().filter(|vpc| !seen.keeps.contains(&vpc.id)) {
        if done.insert(&vpc.id) {
            draft.wanted(vpc, made.get(vpc.id.as_str()).map_or(&[], Vec::as_slice));
        }
    }
    for (_, vpcs) in made.into_iter().filter(|(id, _)| !done.contains(id)) {
        draft.unwanted(&vpcs);
    }
    draft.associations.sort_by(|a, b| a.vpc.cmp(&b.vpc));
    let mut steps = draft.goes;
    if draft.note != *seen.noted {
        steps.push(Step::Note(draft.note));
    }
    steps.extend(draft.comes);
    (steps, draft.associations)
}

struct Draft<'a> {
    seen: &'a Seen<'a>,
    /// What is done before the note is written: the VPCs stay noted until it is done.
    goes: Vec<Step>,
    note: BTreeSet<VpcRef>,
    /// What is done after the note is written.
    comes: Vec<Step>,
    associations: Vec<Association>,
}

impl Draft<'_> {
    /// `made` are the notes of the same VPC.
    fn wanted(&mut self, vpc: &VpcRef, made: &[&VpcRef]) {
        let Seen { vpcs, authorized, own_account, .. } = *self.seen;
        let is_associated = vpcs.contains_key(&vpc.id);
        if is_associated && made.is_empty() {
            return self.report(vpc, State::Associated);
        }
        self.note.insert(vpc.clone());
        let is_authorized = authorized.contains(&vpc.id);
        let waits = !is_associated && vpc.is_of_another(own_account);
        // An authorization serves the very VPC that waits for it. One for another spelling is made anew.
        let mut spent: BTreeSet<&VpcRef> = made.iter().copied().chain([vpc]).collect();
        spent.retain(|old| is_authorized && old.is_of_another(own_account) && !(waits && *old == vpc));
        if waits && (!is_authorized || !spent.is_empty()) {
            self.comes.push(Step::Authorize(vpc.clone()));
        } else if !waits && !is_associated {
            self.comes.push(Step::Associate(vpc.clone()));
        }
        self.goes.extend(spent.into_iter().cloned().map(Step::Deauthorize));
        self.report(vpc, if waits { State::Authorized } else { State::Associated });
    }

    /// All notes of one VPC.
    fn unwanted(&mut self, made: &[&VpcRef]) {
        let Seen { vpcs, authorized, own_account, .. } = *self.seen;
        let Some(vpc) = made.first().copied() else { return };
        if vpcs.contains_key(&vpc.id) {
            self.goes.push(Step::Dissociate(vpc.clone()));
        }
        let is_authorized = authorized.contains(&vpc.id);
        let spent = made.iter().filter(|old| is_authorized && old.is_of_another(own_account));
        self.goes.extend(spent.map(|old| Step::Deauthorize((*old).clone())));
        self.report(vpc, State::Removed);
    }

    fn report(&mut self, vpc: &VpcRef, state: State) {
        self.associations.push(Association {
            zone: self.seen.zone.clone(),
            zone_id: self.seen.zone_id.to_owned(),
            vpc: vpc.to_string(),
            state,
            becomes: None,
            command: vpc.command(self.seen.zone_id).filter(|_| state == State::Authorized),
        });
    }
}

/// The associations of a plan before any of its steps is done.
pub fn planned(steps: &[Step], associations: Vec<Association>) -> Vec<Association> {
    let before = |association: Association| {
        let comes = |step: &Step| step.adds() && step.vpc().is_some_and(|vpc| association.is_about(vpc));
        if association.state != State::Removed && !steps.iter().any(comes) {
            return association;
        }
        Association { state: State::Planned, becomes: Some(association.state), command: None, ..association }
    };
    associations.into_iter().map(before).collect()
}

impl Association {
    pub fn failed(vpc: &VpcRef, zone: &Name, zone_id: &str) -> Association {
        Association {
            zone: zone.clone(),
            zone_id: zone_id.to_owned(),
            vpc: vpc.to_string(),
            state: State::Failed,
            becomes: None,
            command: None,
        }
    }

    /// That of a zone that is still to be made.
    pub fn to_come(vpc: &VpcRef, zone: &Name, own_account: Option<&str>) -> Association {
        let becomes = if vpc.is_of_another(own_account) { State::Authorized } else { State::Associated };
        Association { state: State::Planned, becomes: Some(becomes), ..Association::failed(vpc, zone, "new") }
    }

    pub fn vpc_id(&self) -> &str {
        self.vpc.split_once('@').map_or(self.vpc.as_str(), |(id, _)| id)
    }

    pub fn is_about(&self, vpc: &VpcRef) -> bool {
        self.vpc_id() == vpc.id
    }
}
