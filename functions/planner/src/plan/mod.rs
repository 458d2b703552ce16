//! The difference between what is there and what should be, or the reasons why nothing may be written.

mod obstacles;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use self::obstacles::{choose_zone, hidden, in_the_way, is_usable, shadows, staged_by_others, unsafe_parts};
use crate::current::{Owner, Zone, split};
use crate::desired;
use crate::diff::{Targets, ZoneDiff, diff_removed, diff_wanted};
use crate::hides::hides;
use crate::marker::{Marker, marker_name};
use crate::name::Name;
use crate::record::{Data, RecordType};
use crate::report::{Problem, ZoneAction, ZoneChange, ZoneReport};
use crate::route::Wish;

/// What happens to one record set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// One record set, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub action: Action,
    pub zone: Name,
    pub name: Name,
    #[serde(rename = "type")]
    pub rtype: RecordType,
    #[serde(serialize_with = "shared")]
    pub before: Option<Arc<Data>>,
    #[serde(serialize_with = "shared")]
    pub after: Option<Arc<Data>>,
}

fn shared<S: Serializer>(data: &Option<Arc<Data>>, serializer: S) -> Result<S::Ok, S::Error> {
    data.as_deref().serialize(serializer)
}

impl Change {
    /// The change that undoes this one.
    pub fn reversed(&self) -> Change {
        let action = match self.action {
            Action::Create => Action::Delete,
            Action::Update => Action::Update,
            Action::Delete => Action::Create,
        };
        Change { action, before: self.after.clone(), after: self.before.clone(), ..self.clone() }
    }
}

/// What happens to one zone. `changes` may be empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ZonePlan {
    pub name: Name,
    /// `None`: the zone is to be made.
    pub id: Option<String>,
    /// The id that it got when it was made.
    pub made: Option<String>,
    /// Ours: made by us, or to be made.
    pub created: bool,
    /// Wanted hosts live in it. Zones that only lose records are written last.
    pub wanted: bool,
    /// Ours, but not associated with the VPC.
    pub associate: bool,
    /// Still associated with the staging VPC.
    pub unstage: bool,
    /// Its comment until now; empty for a zone that is to be made.
    pub comment: String,
    /// Handed over: its comment names a former owner, and is to name this one.
    pub claim: bool,
    /// To be deleted after its changes: nothing but our records is in it, and none is wanted.
    pub delete: bool,
    /// Names below it that lose their public answer.
    pub hides: Vec<Name>,
    pub changes: Vec<Change>,
}

impl ZonePlan {
    pub fn is_empty(&self) -> bool {
        let stays = !self.associate && !self.unstage && !self.claim && !self.delete;
        self.id.is_some() && stays && self.changes.is_empty()
    }

    /// What happens to the zone beside its records.
    fn as_a_whole(&self) -> impl Iterator<Item = ZoneChange> {
        let actions = [
            (self.id.is_none(), ZoneAction::Create),
            (self.associate, ZoneAction::Associate),
            (self.claim, ZoneAction::TakeOver),
            (self.unstage, ZoneAction::Unstage),
            (self.delete, ZoneAction::Delete),
        ];
        let id = || self.made.clone().or_else(|| self.id.clone());
        let done = actions.into_iter().filter(|(is_done, _)| *is_done);
        done.map(move |(_, action)| ZoneChange { action, zone: self.name.clone(), id: id() })
    }
}

/// What to write for one connection: zones with wanted hosts first, then zones that only lose records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub zones: Vec<ZonePlan>,
    pub problems: Vec<Problem>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.zones.iter().all(ZonePlan::is_empty)
    }

    /// Whether a problem forbids writing anything for the connection.
    pub fn is_refused(&self) -> bool {
        self.problems.iter().any(|problem| problem.refuses)
    }

    /// Adds what [`confirm`] gave, for the zones whose records this plan does not write anyway.
    pub fn confirm(&mut self, other: Plan) {
        for more in other.zones {
            match self.zones.iter_mut().find(|zone| zone.id == more.id) {
                Some(zone) if zone.changes.is_empty() && !zone.delete => zone.changes = more.changes,
                Some(_) => {}
                None => self.zones.push(more),
            }
        }
    }

    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.zones.iter().flat_map(|zone| &zone.changes)
    }

    pub fn zone_changes(&self) -> Vec<ZoneChange> {
        self.zones.iter().flat_map(ZonePlan::as_a_whole).collect()
    }

    pub fn zone_reports(&self) -> Vec<ZoneReport> {
        self.zones
            .iter()
            .map(|zone| ZoneReport {
                name: zone.name.clone(),
                id: zone.id.clone(),
                created: zone.created,
                hides: zone.hides.clone(),
            })
            .collect()
    }
}

/// The connection that a plan is for.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    pub owner: Owner<'a>,
    /// What should be at each name. What is ours at other names goes.
    pub wishes: &'a BTreeMap<Name, Wish>,
    /// Whether foreign zones and records at wanted names are taken over.
    pub adopt: bool,
    /// Names this change in the markers that it writes.
    pub change: &'a str,
}

impl Intent<'_> {
    pub(crate) fn leads(&self, host: &Name) -> bool {
        matches!(self.wishes.get(host), Some(Wish::Lead(_)))
    }

    fn targets(&self) -> Targets<'_> {
        let mut targets = Targets::with_capacity_and_hasher(self.wishes.len(), BuildHasherDefault::default());
        for (host, wish) in self.wishes {
            if let Wish::Lead(target) = wish {
                targets.insert(host.as_str(), target);
            }
        }
        targets
    }

    /// Whether what is at a name stays, whatever it is.
    pub(crate) fn leaves(&self, host: &Name) -> bool {
        self.wishes.get(host) == Some(&Wish::Leave)
    }

    /// The names that are to lead somewhere, and those that are left alone and have a zone of their own already: they keep
    /// it.
    fn grouped(&self, zones: &[&Zone]) -> Vec<&Name> {
        let has_zone = |host: &Name| {
            let base = host.wildcard_base().unwrap_or_else(|| host.clone());
            let holds = |zone: &&Zone| zone.records.iter().any(|set| set.name == *host && set.rtype.steers_traffic());
            let is_ours = |zone: &&&Zone| zone.name == base && zone.on_vpc && zone.is_created_by(self.owner);
            zones.iter().filter(is_ours).any(holds)
        };
        let is_grouped = |host: &Name, wish: &Wish| matches!(wish, Wish::Lead(_)) || has_zone(host);
        self.wishes.iter().filter(|(host, wish)| is_grouped(host, wish)).map(|(host, _)| host).collect()
    }
}

/// Plans one connection.
///
/// `zones` are the private zones that may matter: those on the VPC with a name that a wanted host needs, and
/// those that hold records of this owner. A zone that is not given is not touched. The same input gives the
/// same plan, whatever its order; planning again after the plan was applied gives an empty plan.
pub fn plan(intent: &Intent<'_>, zones: &[Zone]) -> Plan {
    let mut plan = Plan::default();
    let mut zones: Vec<&Zone> = zones.iter().collect();
    zones.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let mut kept: BTreeSet<&str> = BTreeSet::new();

    let wanted = intent.grouped(&zones);
    let left: Vec<&Name> = intent.wishes.keys().filter(|host| intent.leaves(host)).collect();
    let narrower = zones.iter().filter(|zone| is_usable(intent, zone)).map(|zone| zone.name.clone()).collect();
    let is_theirs = |zone: &&&Zone| zone.on_vpc && !zone.is_created_by(intent.owner);
    let theirs: Vec<&Zone> = zones.iter().filter(is_theirs).copied().collect();
    let mut by_name: BTreeMap<&Name, Vec<&Zone>> = BTreeMap::new();
    for zone in &zones {
        by_name.entry(&zone.name).or_default().push(zone);
    }
    let targets = intent.targets();
    for (name, mut hosts) in desired::zones(wanted.iter().copied(), &narrower) {
        if !left.is_empty() {
            hosts.retain(|host| targets.contains_key(host.as_str()));
        }
        if hosts.is_empty() {
            continue;
        }
        let named = by_name.get(&name).map(Vec::as_slice).unwrap_or_default();
        plan.problems.extend(shadows(intent, &theirs, &name, &hosts));
        let chosen = match choose_zone(intent, named, &name) {
            Ok(zone) => zone,
            Err(problem) => {
                plan.problems.push(problem);
                continue;
            }
        };
        if chosen.is_none() {
            plan.problems.extend(staged_by_others(intent, named, &name));
        }
        if chosen.is_none_or(|zone| !zone.on_vpc) {
            plan.problems.extend(hidden(intent, &left, &zones, &name));
        }
        kept.extend(chosen.map(|zone| zone.id.as_str()));
        let diff = diff_wanted(intent, &targets, &name, chosen, &hosts);
        plan.problems.extend(diff.problems);
        let created = chosen.is_none_or(|zone| zone.is_created_by(intent.owner));
        plan.zones.push(ZonePlan {
            id: chosen.map(|zone| zone.id.clone()),
            made: None,
            created,
            wanted: true,
            associate: chosen.is_some_and(|zone| !zone.on_vpc),
            unstage: created && chosen.is_some_and(|zone| zone.on_staging),
            comment: chosen.map(|zone| zone.comment.clone()).unwrap_or_default(),
            claim: chosen.is_some_and(|zone| zone.is_handed_over(intent.owner)),
            delete: false,
            hides: if created { hides(&name, &hosts) } else { Vec::new() },
            changes: diff.changes,
            name,
        });
    }
    for zone in zones.into_iter().filter(|zone| !kept.contains(zone.id.as_str())) {
        plan.remove(intent, zone);
    }
    plan.problems.extend(unsafe_parts(&targets, &left, &plan));
    plan
}

impl Plan {
    /// Takes our records out of a zone that no wanted host needs, and the zone itself when it is ours and empty.
    fn remove(&mut self, intent: &Intent<'_>, zone: &Zone) {
        let created = zone.is_created_by(intent.owner);
        let ZoneDiff { changes, problems, empties } = diff_removed(intent, zone, created);
        if changes.is_empty() && !created {
            return;
        }
        self.problems.extend(problems);
        let holds_left = split(zone, intent.owner).ours.keys().any(|name| intent.leaves(name));
        let is_below_wanted = self.zones.iter().any(|wanted| wanted.wanted && zone.name.is_within(&wanted.name));
        let is_wanted = |host: &Name| intent.leads(host) && host.is_within(&zone.name);
        let stays_in_the_way = zone.on_vpc && !empties && is_below_wanted && intent.wishes.keys().any(is_wanted);
        if stays_in_the_way {
            self.problems.push(in_the_way(intent, zone));
        }
        self.zones.push(ZonePlan {
            name: zone.name.clone(),
            id: Some(zone.id.clone()),
            made: None,
            created,
            wanted: false,
            associate: false,
            unstage: created && !empties && zone.on_vpc && zone.on_staging,
            comment: zone.comment.clone(),
            // With a marker that is left alone, the zone stays the former owner's as well.
            claim: !empties && !holds_left && zone.is_handed_over(intent.owner),
            delete: created && empties,
            hides: Vec::new(),
            changes,
        });
    }
}

/// The zones in which something was written since `before` of which this run does not know whether it is everywhere: by
/// another run, or by a request of its own whose answer was lost. In zones that are `answered`, markers by the changes `ours`
/// are known, and so is that those at `removed` are gone.
pub fn written_unseen(
    owner: Owner<'_>,
    (before, after): (&[Zone], &[Zone]),
    answered: &BTreeSet<String>,
    ours: &[&str],
    removed: &BTreeSet<Name>,
) -> BTreeSet<String> {
    fn marks<'a>(zone: &'a Zone, owner: Owner<'_>) -> BTreeMap<Name, Marker<'a>> {
        split(zone, owner).ours.into_iter().map(|(name, claim)| (name, claim.marker)).collect()
    }
    let is_unseen = |zone: &&Zone| {
        let now = marks(zone, owner);
        let then = before.iter().find(|other| other.id == zone.id).map(|zone| marks(zone, owner)).unwrap_or_default();
        let is_known = |marker: &Marker<'_>| ours.contains(&&**marker.confirmed.as_ref().unwrap_or(&marker.change));
        let knows = answered.contains(&zone.id);
        let is_new =
            |(name, marker): (&Name, &Marker<'_>)| then.get(name) != Some(marker) && !(knows && is_known(marker));
        let gone: Vec<&Name> = then.keys().filter(|name| !now.contains_key(*name)).collect();
        now.iter().any(is_new) || gone.into_iter().any(|name| !knows || !removed.contains(name))
    };
    after.iter().filter(is_unseen).map(|zone| zone.id.clone()).collect()
}

/// Writes one marker of each zone anew, with the same claim.
///
/// For records that are right but that nobody was told of: whoever wrote them may have died before they were
/// INSYNC. Route 53 applies the changes of a zone in order, so once this change is INSYNC they are too.
pub fn confirm(intent: &Intent<'_>, zones: &[Zone]) -> Plan {
    let owner = intent.owner;
    let mut plan = Plan::default();
    for zone in zones {
        let claims = split(zone, owner).ours.into_iter().filter(|(name, _)| !intent.leaves(name));
        let Some((name, claim)) = claims.min_by(|a, b| a.0.cmp(&b.0)) else { continue };
        let after = Marker { confirmed: Some(Cow::Borrowed(intent.change)), ..claim.marker };
        plan.zones.push(ZonePlan {
            name: zone.name.clone(),
            id: Some(zone.id.clone()),
            made: None,
            created: zone.is_created_by(owner),
            wanted: true,
            associate: false,
            unstage: false,
            comment: zone.comment.clone(),
            claim: false,
            delete: false,
            hides: Vec::new(),
            changes: vec![Change {
                action: Action::Update,
                zone: zone.name.clone(),
                name: marker_name(&name),
                rtype: RecordType::Txt,
                before: Some(claim.set.data.clone()),
                after: Some(Arc::new(after.data())),
            }],
        });
    }
    plan
}
