//! What stands in the way of a plan: zones and records of others, and the plan's own last look at itself.

use std::collections::BTreeSet;

use super::{Change, Intent, Plan, ZonePlan};
use crate::current::{Holder, Zone, split};
use crate::diff::Targets;
use crate::lookup::Known;
use crate::marker::marked_name;
use crate::name::Name;
use crate::record::RecordType;
use crate::report::Problem;

/// Names that are left alone and that a new zone would take from the VPC, because no narrower zone holds them.
pub(super) fn hidden(intent: &Intent<'_>, left: &[&Name], zones: &[&Zone], name: &Name) -> Option<Problem> {
    let is_narrower = |zone: &&Zone| zone.on_vpc && zone.name.is_below(name);
    let holds = |host: &Name| zones.iter().copied().filter(is_narrower).any(|zone| host.is_within(&zone.name));
    let is_hidden = |host: &&&Name| host.is_within(name) && !holds(host);
    let hosts: Vec<&str> = left.iter().filter(is_hidden).map(|host| host.as_str()).collect();
    let all = hosts.join(", ");
    (!hosts.is_empty()).then(|| {
        Problem::refusal(
            "held-host-hidden",
            all.clone(),
            format!("{all} is to be left alone, but the new zone {name} would take it from {}.", intent.owner.vpc_id),
            format!("Put the hosts at and above {all} into HOLD_HOSTS as well, or take {all} out of it."),
        )
    })
}

/// A zone of somebody else on the staging VPC, where ours would have to be made; `named` are the zones of that name.
pub(super) fn staged_by_others(intent: &Intent<'_>, named: &[&Zone], name: &Name) -> Option<Problem> {
    let is_theirs = |zone: &&&Zone| zone.on_staging && !zone.on_vpc && !zone.is_of_another_vpc(intent.owner);
    let zone = named.iter().find(is_theirs).filter(|zone| !zone.is_created_by(intent.owner))?;
    Some(Problem::refusal(
        "staging-conflict",
        zone.id.clone(),
        format!(
            "The staging VPC has a private zone {name} ({}) of somebody else, so ours cannot be made there.",
            zone.id
        ),
        "Take a VPC without private zones for STAGING_VPC_ID, or empty it.",
    ))
}

/// The zone for a wanted name, of those that are `named` like it: ours, or a foreign one that may be used; `None` when one
/// is to be made.
pub(super) fn choose_zone<'a>(
    intent: &Intent<'_>,
    named: &[&'a Zone],
    name: &Name,
) -> Result<Option<&'a Zone>, Problem> {
    let named = || named.iter().copied();
    let foreign = named().find(|zone| zone.on_vpc && !zone.is_created_by(intent.owner));
    let Some(foreign) = foreign else {
        let ours = || named().filter(|zone| zone.is_created_by(intent.owner));
        return Ok(ours().find(|zone| zone.on_vpc).or_else(|| ours().next()));
    };
    let vpc = intent.owner.vpc_id;
    let subject = foreign.id.clone();
    if let Holder::Other(holder) = &foreign.holder {
        return Err(Problem::refusal(
            "foreign-zone",
            subject,
            format!("{vpc} already has a private zone {name} ({}) that belongs to {holder}.", foreign.id),
            format!("Ask {holder} to serve the name, or to dissociate the zone from {vpc}."),
        ));
    }
    if let Some(other) = foreign.vpc_of_another(intent.owner) {
        return Err(Problem::refusal(
            "foreign-zone",
            subject,
            format!("{vpc} sees the private zone {name} ({}), which this owner made for {other}.", foreign.id),
            format!(
                "Dissociate it from {vpc} (also by EXTRA_VPC_IDS), or leave {vpc} to the zones of {other} (VPC_ID)."
            ),
        ));
    }
    if let Some(other) = foreign.other_owner(intent.owner) {
        return Err(Problem::refusal(
            "other-owner",
            subject,
            format!("The private zone {name} ({}) on {vpc} is owned by '{other}'.", foreign.id),
            format!("Withdraw '{other}' first (MODE=withdraw), or remove {name} from one of the two."),
        ));
    }
    if is_usable(intent, foreign) {
        return Ok(Some(foreign));
    }
    Err(Problem::refusal(
        "foreign-zone",
        subject,
        format!("{vpc} already has a private zone {name} ({}) that this product did not make.", foreign.id),
        "Dissociate or delete that zone, or set EXISTING_ZONES=adopt to add the records to it: its own records stay.",
    ))
}

/// Whether a zone that we did not make may hold our records: with `adopt`, or because it holds some already.
pub(super) fn is_usable(intent: &Intent<'_>, zone: &Zone) -> bool {
    let is_free = zone.holder == Holder::Account
        && zone.other_owner(intent.owner).is_none()
        && !zone.is_of_another_vpc(intent.owner);
    let is_foreign = zone.on_vpc && !zone.is_created_by(intent.owner);
    is_foreign && is_free && (intent.adopt || !split(zone, intent.owner).ours.is_empty())
}

/// Zones of others on the VPC, `theirs`, between a host and its zone: Resolver uses the most specific one, so our record
/// would never be seen.
pub(super) fn shadows(intent: &Intent<'_>, theirs: &[&Zone], name: &Name, hosts: &BTreeSet<Name>) -> Vec<Problem> {
    theirs
        .iter()
        .filter(|zone| zone.name.is_below(name))
        .filter(|zone| hosts.iter().any(|host| host.is_within(&zone.name)))
        .map(|zone| in_the_way(intent, zone))
        .collect()
}

pub(super) fn in_the_way(intent: &Intent<'_>, zone: &Zone) -> Problem {
    Problem::refusal(
        "foreign-zone",
        zone.id.clone(),
        format!(
            "The private zone {} ({}) on {} holds records that are not ours and answers for a name that is wanted in a wider zone; the narrower zone wins.",
            zone.name, zone.id, intent.owner.vpc_id
        ),
        "Move its records and dissociate or delete that zone, or change the configuration.",
    )
}

/// The plan's last look at itself: whatever the code above does, these never leave this crate as writes.
pub(super) fn unsafe_parts(targets: &Targets<'_>, left: &[&Name], plan: &Plan) -> Vec<Problem> {
    let left: Known<&Name> = left.iter().copied().collect();
    let is_unsafe = |zone: &ZonePlan, change: &Change| {
        let outside = !change.name.is_within(&zone.name);
        let is_address = matches!(change.rtype, RecordType::A | RecordType::Aaaa);
        let target = is_address.then(|| targets.get(change.name.as_str())).flatten();
        let elsewhere = is_address && change.after.is_some() && change.after.as_ref() != target.map(|to| &to.alias);
        // A zone that stays without the record answers NXDOMAIN; one that goes leaves the name to the next zone.
        let is_served = target.is_some_and(|to| to.types.contains(&change.rtype));
        let answers = |other: &ZonePlan| other.name.is_below(&zone.name) && change.name.is_within(&other.name);
        let has_narrower = || plan.zones.iter().any(|other| other.wanted && answers(other));
        let cut_off = change.after.is_none() && !zone.delete && is_served && !has_narrower();
        // The SOA is the zone's, also at a name that is left alone.
        let is_left = || {
            let name = marked_name(&change.name);
            change.rtype != RecordType::Soa && left.contains(name.as_ref().unwrap_or(&change.name))
        };
        outside || elsewhere || cut_off || (!left.is_empty() && is_left())
    };
    let pairs = plan.zones.iter().flat_map(|zone| zone.changes.iter().map(move |change| (zone, change)));
    pairs
        .filter(|(zone, change)| is_unsafe(zone, change))
        .take(MOST_UNSAFE)
        .map(|(zone, change)| {
            Problem::refusal(
                "unsafe-plan",
                change.name.as_str(),
                format!("In zone {} ({}) the plan would cut off or misdirect a wanted name: {change}.", zone.name, zone.id.as_deref().unwrap_or("new")),
                "Nothing was written. If records that are not ours keep a narrower zone alive, move or remove them; otherwise report this plan.",
            )
        })
        .collect()
}

/// One is enough to refuse; a few help to see why.
const MOST_UNSAFE: usize = 5;
