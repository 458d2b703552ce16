//! How Route 53 takes a plan: atomic batches within its limits.
//! <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::marker::marked_name;
use crate::name::Name;
use crate::plan::Change;
use crate::record::{Data, RecordType};

/// One element of a Route 53 change batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub verb: Verb,
    pub name: Name,
    pub rtype: RecordType,
    pub data: Arc<Data>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// The set exactly as read: a stale plan fails whole.
    Delete,
    Create,
    /// For SOA alone, which Route 53 lets nobody delete.
    Upsert,
}

const MOST_ELEMENTS: usize = 1000;
const MOST_CHARACTERS: usize = 32_000;

/// Splits the changes of one zone into batches. A name's records and its marker are never apart; within a
/// batch, what goes comes before what takes its place. Names that only go are in batches of their own, after
/// the others: the function's role allows deleting former names, but writing configured ones only.
pub fn batches(changes: &[Change]) -> Vec<Vec<Step>> {
    let mut units: BTreeMap<Name, Vec<Step>> = BTreeMap::new();
    for change in changes {
        let key = marked_name(&change.name).unwrap_or_else(|| change.name.clone());
        units.entry(key).or_default().extend(steps(change));
    }
    let only_goes = |unit: &Vec<Step>| unit.iter().all(|step| step.verb == Verb::Delete);
    let (going, staying): (Vec<_>, Vec<_>) = units.into_values().partition(only_goes);
    let mut batches = pack(staying);
    batches.extend(pack(going));
    batches
}

fn pack(units: Vec<Vec<Step>>) -> Vec<Vec<Step>> {
    let mut batches: Vec<Vec<Step>> = Vec::new();
    let mut size = Size::default();
    for unit in units {
        let more = Size::of(&unit);
        match batches.last_mut() {
            Some(batch) if size.plus(more).fits() => {
                size = size.plus(more);
                batch.extend(unit);
            }
            _ => {
                size = more;
                batches.push(unit);
            }
        }
    }
    for batch in &mut batches {
        batch.sort_by_key(|step| step.verb);
    }
    batches
}

fn steps(change: &Change) -> Vec<Step> {
    let step = |verb, data: &Arc<Data>| Step {
        verb,
        name: change.name.clone(),
        rtype: change.rtype.clone(),
        data: data.clone(),
    };
    match (&change.before, &change.after) {
        (_, Some(after)) if change.rtype == RecordType::Soa => vec![step(Verb::Upsert, after)],
        (before, after) => {
            let delete = before.iter().map(|data| step(Verb::Delete, data));
            delete.chain(after.iter().map(|data| step(Verb::Create, data))).collect()
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Size {
    elements: usize,
    characters: usize,
}

impl Size {
    fn of(steps: &[Step]) -> Size {
        steps.iter().fold(Size::default(), |size, step| {
            // An UPSERT counts twice, an alias as one element.
            let times = if step.verb == Verb::Upsert { 2 } else { 1 };
            let (elements, characters) = match &*step.data {
                Data::Alias { .. } => (1, 0),
                Data::Values { values, .. } => (values.len(), values.iter().map(|v| v.chars().count()).sum()),
            };
            size.plus(Size { elements: elements * times, characters: characters * times })
        })
    }

    fn plus(self, other: Size) -> Size {
        Size { elements: self.elements + other.elements, characters: self.characters + other.characters }
    }

    fn fits(self) -> bool {
        self.elements <= MOST_ELEMENTS && self.characters <= MOST_CHARACTERS
    }
}
