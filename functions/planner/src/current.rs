//! What Route 53 holds now, split into ours and foreign before anything is compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::association::noted;
use crate::lookup::Lookup;
use crate::marker::{self, Marker, ZoneMarker};
use crate::name::Name;
use crate::record::{RecordSet, RecordType};

/// Who may edit a hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This account.
    Account,
    /// Another account or an AWS service, which lent the zone to the VPC.
    Other(String),
}

/// A private hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub id: String,
    pub name: Name,
    pub comment: String,
    pub holder: Holder,
    /// Whether the zone is associated with the VPC in question.
    pub on_vpc: bool,
    /// Whether it is associated with the staging VPC.
    pub on_staging: bool,
    /// Every record set, all pages.
    pub records: Vec<RecordSet>,
}

/// For whom we look: the owner of the records, and the VPC that they serve.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub id: &'a str,
    pub vpc_id: &'a str,
    /// Former owners that handed over to this one: what is theirs is ours.
    pub former: &'a [String],
}

impl Owner<'_> {
    /// Whether a marker that names this owner makes a thing ours.
    pub fn is(&self, owner: &str) -> bool {
        owner == self.id || self.former.iter().any(|id| id == owner)
    }
}

impl Zone {
    /// Whether nothing is in it but the SOA and NS that Route 53 made.
    pub fn is_bare(&self) -> bool {
        self.records.iter().all(|set| matches!(set.rtype, RecordType::Ns | RecordType::Soa))
    }

    /// Whether this owner created the zone for this VPC, or it was handed over.
    pub fn is_created_by(&self, owner: Owner<'_>) -> bool {
        self.holder == Holder::Account
            && ZoneMarker::parse(&self.comment).is_some_and(|m| owner.is(&m.owner) && m.vpc_id == owner.vpc_id)
    }

    /// Whether the zone's comment still names a former owner.
    pub fn is_handed_over(&self, owner: Owner<'_>) -> bool {
        self.is_created_by(owner) && ZoneMarker::parse(&self.comment).is_some_and(|m| m.owner != owner.id)
    }

    /// The VPC that this owner made the zone for, when that is another one.
    pub fn vpc_of_another(&self, owner: Owner<'_>) -> Option<String> {
        let marker = ZoneMarker::parse(&self.comment).filter(|m| owner.is(&m.owner) && m.vpc_id != owner.vpc_id);
        marker.map(|m| m.vpc_id)
    }

    /// Whether this owner made the zone for another VPC: what is in it is that VPC's.
    pub fn is_of_another_vpc(&self, owner: Owner<'_>) -> bool {
        self.vpc_of_another(owner).is_some()
    }

    /// The owner that the zone's comment names, when that is another one.
    pub fn other_owner(&self, owner: Owner<'_>) -> Option<String> {
        ZoneMarker::parse(&self.comment).map(|m| m.owner).filter(|id| !owner.is(id))
    }
}

/// A marker of ours, its record set, and the address records that it makes ours.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    pub marker: Marker<'a>,
    pub set: &'a RecordSet,
    pub a: Option<&'a RecordSet>,
    pub aaaa: Option<&'a RecordSet>,
}

impl<'a> Claim<'a> {
    pub fn addresses(&self) -> impl Iterator<Item = &'a RecordSet> + use<'a> {
        self.a.into_iter().chain(self.aaaa)
    }

    fn place(&mut self, rtype: &RecordType) -> Option<&mut Option<&'a RecordSet>> {
        match rtype {
            RecordType::A => Some(&mut self.a),
            RecordType::Aaaa => Some(&mut self.aaaa),
            _ => None,
        }
        .filter(|_| self.marker.types.contains(rtype))
    }
}

/// The record sets of one zone, by whose they are.
#[derive(Debug)]
pub struct Split<'a> {
    /// What markers of ours claim, by the name that they speak of. In no order.
    pub ours: Lookup<Name, Claim<'a>>,
    /// Markers of other owners, by the name that they speak of: the owner's id.
    pub other_owners: BTreeMap<Name, String>,
    /// Our note of the VPCs that we associated the zone with.
    pub note: Option<&'a RecordSet>,
    /// Everything else but the zone's own NS and SOA, by name.
    pub foreign: BTreeMap<&'a Name, Vec<&'a RecordSet>>,
    pub soa: Option<&'a RecordSet>,
}

/// Splits a zone's record sets. A set is ours when the marker beside it names us and its type, and when it
/// has no routing policy: the product never writes one. Nothing is, in a zone that this owner made for another VPC.
pub fn split<'a>(zone: &'a Zone, owner: Owner<'_>) -> Split<'a> {
    let mut split = Split {
        ours: Lookup::default(),
        other_owners: BTreeMap::new(),
        note: None,
        foreign: BTreeMap::new(),
        soa: None,
    };
    let is_of_another_vpc = zone.is_of_another_vpc(owner);
    let mut others = Vec::with_capacity(zone.records.len());
    let mut claims = Vec::new();
    for set in &zone.records {
        let name = Some(&set.name).filter(|_| set.rtype == RecordType::Txt).and_then(marker::marked_name);
        match name.and_then(|name| Some((name, Marker::parse(set)?))) {
            Some((name, marker)) if !is_of_another_vpc && owner.is(&marker.owner) => {
                claims.push((name, Claim { marker, set, a: None, aaaa: None }));
                continue;
            }
            Some((name, marker)) => {
                split.other_owners.insert(name, marker.owner.into_owned());
            }
            None => {}
        }
        others.push(set);
    }
    split.ours = claims.into_iter().collect();
    for set in others {
        let is_apex = set.name == zone.name;
        match set.rtype {
            RecordType::Soa if is_apex => split.soa = Some(set),
            RecordType::Ns if is_apex => {}
            RecordType::Txt if noted(set, &zone.name, owner).is_some() => split.note = Some(set),
            _ => match split.ours.get_mut(&set.name).filter(|_| set.simple).and_then(|claim| claim.place(&set.rtype)) {
                Some(place) => *place = Some(set),
                None => split.foreign.entry(&set.name).or_default().push(set),
            },
        }
    }
    for sets in split.foreign.values_mut() {
        // Only sets with a routing policy have name and type in common.
        sets.sort_by_cached_key(|set| (set.rtype.clone(), set.data.to_string()));
    }
    split
}

/// The names whose addresses are ours, in the zones that the VPC sees.
pub fn led(zones: &[Zone], owner: Owner<'_>) -> BTreeSet<Name> {
    let seen = zones.iter().filter(|zone| zone.on_vpc);
    seen.flat_map(|zone| split(zone, owner).ours)
        .filter(|(_, claim)| claim.addresses().next().is_some())
        .map(|(name, _)| name)
        .collect()
}

/// Our names, with the endpoint that the marker of each names.
pub fn ours(zones: &[Zone], owner: Owner<'_>) -> BTreeMap<Name, String> {
    let claims = zones.iter().flat_map(|zone| split(zone, owner).ours);
    claims.map(|(name, claim)| (name, claim.marker.endpoint_id.into_owned())).collect()
}

/// The endpoint that most of our names point at, of those that `counts` takes.
pub fn pointed_at(ours: &BTreeMap<Name, String>, counts: impl Fn(&Name, &str) -> bool) -> Option<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, id) in ours.iter().filter(|(name, id)| counts(name, id)) {
        *count.entry(id).or_default() += 1;
    }
    count.into_iter().max_by_key(|(_, n)| *n).map(|(id, _)| id.to_owned())
}
