//! A plan as a person reads it: the one rendering of changes, in messages, errors and golden tests.

use std::fmt;

use crate::marker::ZoneMarker;
use crate::name::Name;
use crate::plan::{Change, Plan, ZonePlan};

/// `+ name TYPE -> target`, `- …`, `* …: before => after`. The one rendering of a change.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { name, rtype, .. } = self;
        match (&self.before, &self.after) {
            (None, Some(after)) => write!(f, "+ {name} {rtype} {after}"),
            (Some(before), None) => write!(f, "- {name} {rtype} {before}"),
            (Some(before), Some(after)) => write!(f, "* {name} {rtype} {before} => {after}"),
            (None, None) => write!(f, "  {name} {rtype}"),
        }
    }
}

/// The plan as a person reads it in a message.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for zone in self.zones.iter().filter(|zone| !zone.is_empty()) {
            write!(f, "{zone}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ZonePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_deref().unwrap_or("new");
        writeln!(f, "zone {} ({id})", self.name)?;
        if self.id.is_none() && !self.hides.is_empty() {
            let hidden: Vec<&str> = self.hides.iter().map(Name::as_str).collect();
            writeln!(f, "  hides {} from this VPC", hidden.join(", "))?;
        }
        if self.associate {
            writeln!(f, "  + association with the VPC")?;
        }
        if let Some(former) = ZoneMarker::parse(&self.comment).filter(|_| self.claim) {
            writeln!(f, "  * handed over by {}", former.owner)?;
        }
        // What clients see first, bookkeeping after.
        let (addresses, others): (Vec<&Change>, Vec<&Change>) =
            self.changes.iter().partition(|change| change.rtype.steers_traffic());
        for change in addresses.into_iter().chain(others) {
            writeln!(f, "  {change}")?;
        }
        if self.unstage {
            writeln!(f, "  - association with the staging VPC")?;
        }
        if self.delete {
            writeln!(f, "  - the zone itself")?;
        }
        Ok(())
    }
}
