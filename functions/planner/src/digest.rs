//! Digests: whether something is as it was when people were told. Hexadecimal, compared for equality only.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::association::State;
use crate::current::{Owner, Zone, split};
use crate::name::Name;
use crate::report::{Connection, Problem};
use crate::route::Coverage;

/// Digest of our records: which names, and which change wrote each last. A write that nobody was told of
/// shows as a difference, even when the process that wrote it died before it could tell. What becomes of `held` names is
/// no news.
pub fn records_digest(zones: &[Zone], owner: Owner<'_>, held: &BTreeSet<Name>) -> String {
    let mut lines: Vec<String> = zones
        .iter()
        .flat_map(|zone| split(zone, owner).ours)
        .filter(|(name, _)| !held.contains(name))
        .map(|(name, claim)| format!("{name}={}", claim.marker.change))
        .collect();
    lines.sort();
    digest(lines.iter().map(String::as_str))
}

/// Digest of what the configuration wants: anything that makes a change wanted rather than drift.
pub fn config_digest<'a>(wanted: impl Iterator<Item = &'a str>) -> String {
    digest(wanted)
}

pub(crate) fn coverage_digest(connection: &Connection) -> String {
    let line = |row: &Coverage| {
        let endpoint_id = row.endpoint_id.as_deref().unwrap_or_default();
        format!("{} {:?} {endpoint_id} {}", row.host, row.via, row.ip_type)
    };
    let lines: Vec<String> = connection.coverage.iter().map(line).collect();
    digest_of_some(&lines)
}

/// What was removed is told once, and is no part of what there is.
pub(crate) fn associations_digest(connection: &Connection) -> String {
    let there = connection.associations.iter().filter(|one| one.state != State::Removed);
    let mut lines: Vec<String> = there.map(|one| format!("{} {} {:?}", one.zone_id, one.vpc, one.state)).collect();
    lines.sort();
    digest_of_some(&lines)
}

/// Empty for nothing, as in records of earlier versions.
fn digest_of_some(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { digest(lines.iter().map(String::as_str)) }
}

pub(crate) fn problems_digest(problems: &[Problem]) -> String {
    let told = problems.iter().filter(|problem| !problem.is_of_proof);
    let mut lines: Vec<String> = told.map(|p| format!("{} {}", p.code, p.subject)).collect();
    lines.sort();
    lines.dedup();
    digest(lines.iter().map(String::as_str))
}

/// The first 16 hexadecimal digits of a SHA-256 over the lines.
pub fn digest<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
