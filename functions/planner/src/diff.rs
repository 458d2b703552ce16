//! One zone: what is there against what should be, ownership decided before.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::current::{Claim, Holder, Split, Zone, split};
use crate::endpoint::Target;
use crate::lookup::Lookup;
use crate::marker::{Marker, marker_name};
use crate::name::Name;
use crate::plan::{Action, Change, Intent};
use crate::record::{Data, RecordSet, RecordType, soa_wanted};
use crate::report::Problem;

/// The difference of one zone.
pub(crate) struct ZoneDiff {
    pub changes: Vec<Change>,
    pub problems: Vec<Problem>,
    /// Whether nothing but the zone's own NS and SOA is left after the changes.
    pub empties: bool,
}

const ADDRESS_TYPES: [RecordType; 2] = [RecordType::A, RecordType::Aaaa];

/// The changes that make `hosts` of the zone `name` point at their targets. `zone` is `None` for a zone that is to be made.
pub(crate) fn diff_wanted(
    intent: &Intent<'_>,
    targets: &Targets<'_>,
    name: &Name,
    zone: Option<&Zone>,
    hosts: &BTreeSet<Name>,
) -> ZoneDiff {
    let empty = Zone {
        id: String::new(),
        name: name.clone(),
        comment: String::new(),
        holder: Holder::Account,
        on_vpc: true,
        on_staging: false,
        records: Vec::new(),
    };
    let mut diff = Diff::new(intent, name, split(zone.unwrap_or(&empty), intent.owner));
    diff.created = zone.is_none_or(|zone| zone.is_created_by(intent.owner));
    diff.negative_ttl();
    diff.is_repair = zone.is_some_and(|zone| !zone.on_vpc) || !diff.changes.is_empty();
    for (host, target) in hosts.iter().filter_map(|host| Some((host, *targets.get(host.as_str())?))) {
        diff.host(host, target);
    }
    diff.unwanted(false);
    diff.done()
}

/// The changes that take everything of ours out of a zone.
pub(crate) fn diff_removed(intent: &Intent<'_>, zone: &Zone, created: bool) -> ZoneDiff {
    let mut diff = Diff::new(intent, &zone.name, split(zone, intent.owner));
    diff.created = created;
    diff.unwanted(true);
    let left: Vec<String> =
        diff.split.foreign.values().flatten().take(3).map(|set| format!("{} {}", set.name, set.rtype)).collect();
    let held: BTreeSet<&str> = diff.split.ours.keys().filter(|name| intent.leaves(name)).map(Name::as_str).collect();
    let held: Vec<&str> = held.into_iter().take(3).collect();
    let stays = !created || !left.is_empty() || !held.is_empty();
    if zone.on_vpc && stays && (!left.is_empty() && created || !diff.changes.is_empty()) {
        let why = if created && left.is_empty() {
            format!("is ours, and holds what is to be left alone ({})", held.join(", "))
        } else if created {
            format!("is ours, but holds records that are not ({})", left.join(", "))
        } else {
            "is not ours".to_owned()
        };
        diff.problems.push(Problem::note(
            "zone-kept",
            zone.id.clone(),
            format!(
                "Zone {} ({}) {why}: it stays, and names in it without a record have no answer in {}.",
                zone.name, zone.id, intent.owner.vpc_id
            ),
            "Add what is missing to that zone, or move its records, then delete it or dissociate it from the VPC.",
        ));
    }
    diff.done()
}

/// Where each wanted name should lead.
pub(crate) type Targets<'a> = Lookup<&'a str, &'a Target>;

struct Diff<'a> {
    intent: &'a Intent<'a>,
    zone: &'a Name,
    /// What is there. Claims at wanted names are taken out as these are compared; what is left is unwanted.
    split: Split<'a>,
    created: bool,
    /// Whether the zone itself is to be repaired: one of its markers is written anew, so that people are told of it, however
    /// this run ends.
    is_repair: bool,
    changes: Vec<Change>,
    /// Those of markers, apart: with each in order, there is little left to sort.
    of_markers: Vec<Change>,
    problems: Vec<Problem>,
}

impl<'a> Diff<'a> {
    fn new(intent: &'a Intent<'a>, name: &'a Name, split: Split<'a>) -> Diff<'a> {
        let (changes, of_markers, problems) = (Vec::new(), Vec::new(), Vec::new());
        Diff { intent, zone: name, split, created: false, is_repair: false, changes, of_markers, problems }
    }

    fn done(mut self) -> ZoneDiff {
        self.changes.append(&mut self.of_markers);
        self.changes.sort_by(|a, b| (&a.name, &a.rtype).cmp(&(&b.name, &b.rtype)));
        ZoneDiff { empties: self.empties(), changes: self.changes, problems: self.problems }
    }

    /// Whether nothing is left when everything of ours that may go is gone.
    fn empties(&self) -> bool {
        self.split.foreign.is_empty() && !self.split.ours.keys().any(|name| self.intent.leaves(name))
    }

    fn change(&mut self, name: Name, rtype: &RecordType, before: Option<&Arc<Data>>, after: Option<Arc<Data>>) {
        let action = match (before, &after) {
            (None, _) => Action::Create,
            (Some(_), None) => Action::Delete,
            (Some(_), Some(_)) => Action::Update,
        };
        let changes = if *rtype == RecordType::Txt { &mut self.of_markers } else { &mut self.changes };
        changes.push(Change {
            action,
            zone: self.zone.clone(),
            name,
            rtype: rtype.clone(),
            before: before.cloned(),
            after,
        });
    }

    fn negative_ttl(&mut self) {
        let soa = self.split.soa.filter(|_| self.created);
        if let Some((set, wanted)) = soa.and_then(|set| soa_wanted(&set.data).map(|wanted| (set, wanted))) {
            self.change(set.name.clone(), &set.rtype, Some(&set.data), Some(Arc::new(wanted)));
        }
    }

    /// One wanted host: its address records and its marker.
    fn host(&mut self, host: &Name, target: &Target) {
        let claim = self.split.ours.remove(host);
        if let Some(other) = self.split.other_owners.get(host).cloned() {
            self.problems.push(other_owner(host, &other));
            return;
        }
        let (types, alias) = (&target.types, &target.alias);
        let taken = self.foreign_at(host, types, alias);
        let before = self.changes.len();
        for rtype in &ADDRESS_TYPES {
            let claimed = claim.iter().flat_map(Claim::addresses);
            let set = claimed.chain(taken.iter().copied()).find(|set| set.rtype == *rtype);
            match (types.contains(rtype), set) {
                (true, Some(set)) if set.data.same_as(alias) => {}
                (true, set) => self.change(host.clone(), rtype, set.map(|set| &set.data), Some(alias.clone())),
                (false, Some(set)) => self.change(host.clone(), rtype, Some(&set.data), None),
                (false, None) => {}
            }
        }
        for set in taken.iter().filter(|set| !ADDRESS_TYPES.contains(&set.rtype)) {
            self.change(host.clone(), &set.rtype, Some(&set.data), None);
        }
        let records_change = self.changes.len() > before;
        self.marker(host, target, claim, records_change);
    }

    fn marker(&mut self, host: &Name, target: &Target, claim: Option<Claim<'_>>, records_change: bool) {
        let wanted = Marker {
            owner: Cow::Borrowed(self.intent.owner.id),
            endpoint_id: Cow::Borrowed(&target.endpoint_id),
            types: Cow::Borrowed(&target.types),
            change: Cow::Borrowed(self.intent.change),
            confirmed: None,
        };
        let is_changed = std::mem::take(&mut self.is_repair) || records_change;
        let is_right = |claim: &Claim<'_>| claim.marker.same_claim(&wanted) && !is_changed;
        if !claim.as_ref().is_some_and(is_right) {
            let before = claim.map(|claim| &claim.set.data);
            self.change(marker_name(host), &RecordType::Txt, before, Some(Arc::new(wanted.data())));
        }
    }

    /// Foreign sets at a wanted name that are taken over: those of the very value in a zone of ours, whose
    /// marker was lost, and with `adopt` all that can be put back from their before-value. The others refuse.
    fn foreign_at(&mut self, host: &Name, types: &[RecordType], alias: &Data) -> Vec<&'a RecordSet> {
        let foreign = &self.split.foreign;
        if foreign.is_empty() {
            return Vec::new();
        }
        let marker = marker_name(host);
        let at = |name: &Name| foreign.get(name).into_iter().flatten().copied();
        let mut taken = Vec::new();
        let mut refused = Vec::new();
        for set in at(host).filter(|set| set.rtype.steers_traffic()) {
            let is_lost_marker = self.created && set.simple && types.contains(&set.rtype) && set.data.same_as(alias);
            let is_plain = ADDRESS_TYPES.contains(&set.rtype) || set.rtype == RecordType::Cname;
            if is_lost_marker || (self.intent.adopt && set.simple && is_plain) {
                taken.push(set);
            } else {
                refused.push(set);
            }
        }
        let on_marker = |set: &&RecordSet| matches!(set.rtype, RecordType::Txt | RecordType::Cname);
        refused.extend(at(&marker).filter(on_marker));
        // An NS set above the host delegates it away.
        let above = std::iter::successors(host.parent(), Name::parent).take_while(|name| name.is_below(self.zone));
        refused.extend(above.flat_map(|name| at(&name).collect::<Vec<_>>()).filter(|set| set.rtype == RecordType::Ns));
        self.problems.extend(refused.into_iter().map(|set| foreign_record(self.zone, host, set, self.intent.adopt)));
        taken
    }

    /// Everything of ours that is left, at names that are not to be left alone. With `whole`, no name is wanted here.
    fn unwanted(&mut self, whole: bool) {
        let goes = self.split.ours.iter().filter(|(name, _)| !self.intent.leaves(name));
        let sets = goes.flat_map(|(_, claim)| claim.addresses().chain([claim.set]));
        // The note of associations goes with the zone: until then it says which of them are ours.
        let goes_too = whole && self.created && self.empties();
        let note = self.split.note.filter(|_| goes_too);
        for set in sets.chain(note).collect::<Vec<&RecordSet>>() {
            self.change(set.name.clone(), &set.rtype, Some(&set.data), None);
        }
    }
}

fn other_owner(host: &Name, other: &str) -> Problem {
    Problem::refusal(
        "other-owner",
        host.as_str(),
        format!("{host} is owned by '{other}'."),
        format!("Remove {host} from the configuration of one of the two, or withdraw '{other}' first (MODE=withdraw)."),
    )
}

fn foreign_record(zone: &Name, host: &Name, set: &RecordSet, adopt: bool) -> Problem {
    let fix = if adopt {
        "This kind of record cannot be taken over. Remove it by hand, or remove the host from the configuration."
    } else {
        "Remove that record, or set EXISTING_ZONES=adopt to take it over (its value stays in the report), or remove the host from the configuration."
    };
    Problem::refusal(
        "foreign-record",
        format!("{} {}", set.name, set.rtype),
        format!("Zone {zone} has a record for {host} that is not ours: {} {} {}.", set.name, set.rtype, set.data),
        fix,
    )
}
