//! Who owns a record or a zone: the marker beside each name, and the comment of a zone that we created.
//!
//! The syntax is external-dns's TXT registry syntax with a heritage of our own, so that neither tool takes
//! the other's records for its own.

use std::borrow::Cow;

use crate::name::Name;
use crate::record::{Data, RecordSet, RecordType};

const HERITAGE: &str = "tdp-privatelink";
const PLAIN_LABEL: &str = "_tdp-privatelink";
const WILDCARD_LABEL: &str = "_tdp-privatelink-wildcard";
const TTL: i64 = 300;
/// A TXT string holds at most 255 characters; a longer value is several strings.
const TXT_STRING: usize = 255;

/// The marker of one name: which of its record types are whose, for which endpoint, and by which change. One that was
/// read borrows from the record set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker<'a> {
    pub owner: Cow<'a, str>,
    pub endpoint_id: Cow<'a, str>,
    pub types: Cow<'a, [RecordType]>,
    /// The change that wrote the name last. It tells an announced change from one that nobody was told of.
    pub change: Cow<'a, str>,
    /// Varies when a right marker is written anew, to see it INSYNC. It carries no meaning otherwise.
    pub confirmed: Option<Cow<'a, str>>,
}

impl<'a> Marker<'a> {
    /// Whether the two say the same of the records; the change that wrote them does not matter.
    pub fn same_claim(&self, other: &Marker<'_>) -> bool {
        self.owner == other.owner && self.endpoint_id == other.endpoint_id && self.types == other.types
    }

    pub fn data(&self) -> Data {
        let types = self.types.iter().map(RecordType::as_str).collect::<Vec<_>>().join("+");
        let fields = [("owner", &*self.owner), ("endpoint", &*self.endpoint_id), ("types", &*types)];
        let confirmed = self.confirmed.as_deref().map(|id| ("confirmed", id));
        let mut text = String::with_capacity(TXT_STRING);
        text.extend(["heritage=", HERITAGE]);
        for (key, value) in fields.into_iter().chain([("change", &*self.change)]).chain(confirmed) {
            text.extend([",", HERITAGE, "/", key, "=", value]);
        }
        // ASCII by construction: every part is checked where it enters the product.
        let strings = text.as_bytes().chunks(TXT_STRING).map(String::from_utf8_lossy);
        let mut value = String::with_capacity(text.len() + 2);
        for string in strings {
            value.extend([if value.is_empty() { "\"" } else { " \"" }, &*string, "\""]);
        }
        Data::Values { ttl: TTL, values: vec![value] }
    }

    /// Reads a marker back. `None` for everything that is not exactly one marker: other TXT values, two
    /// values in one set, a routing policy, an escape, a repeated key.
    pub fn parse(set: &'a RecordSet) -> Option<Marker<'a>> {
        if set.rtype != RecordType::Txt || !set.simple {
            return None;
        }
        let Data::Values { values, .. } = &*set.data else { return None };
        let [value] = values.as_slice() else { return None };
        match unquote(value)? {
            Cow::Borrowed(text) => Marker::read(text),
            Cow::Owned(text) => Some(Marker::read(&text)?.into_owned()),
        }
    }

    fn read(text: &'a str) -> Option<Marker<'a>> {
        let fields = Fields::parse(text)?;
        Some(Marker {
            owner: fields.get("owner")?.into(),
            endpoint_id: fields.get("endpoint")?.into(),
            types: fields.get("types")?.split('+').map(RecordType::parse).collect(),
            change: fields.get("change")?.into(),
            confirmed: fields.get("confirmed").map(Cow::Borrowed),
        })
    }

    fn into_owned(self) -> Marker<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Marker {
            owner: owned(self.owner),
            endpoint_id: owned(self.endpoint_id),
            types: Cow::Owned(self.types.into_owned()),
            change: owned(self.change),
            confirmed: self.confirmed.map(owned),
        }
    }
}

/// Where the marker of `name` stands: `_tdp-privatelink.<name>`, and for `*.x` `_tdp-privatelink-wildcard.x`.
pub fn marker_name(name: &Name) -> Name {
    match name.wildcard_base() {
        Some(base) => base.child(WILDCARD_LABEL),
        None => name.child(PLAIN_LABEL),
    }
}

/// The name that a marker at `name` speaks of; `None` when no marker can stand there.
pub fn marked_name(name: &Name) -> Option<Name> {
    match name.as_str().split_once('.')?.0 {
        PLAIN_LABEL => name.parent(),
        WILDCARD_LABEL => name.parent().map(|base| base.child("*")),
        _ => None,
    }
}

/// What the comment of a zone that we created says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneMarker {
    pub owner: String,
    pub vpc_id: String,
}

impl ZoneMarker {
    pub fn comment(&self) -> String {
        format!("heritage={HERITAGE},{HERITAGE}/owner={},{HERITAGE}/vpc={}", self.owner, self.vpc_id)
    }

    pub fn parse(comment: &str) -> Option<ZoneMarker> {
        let fields = Fields::parse(comment)?;
        Some(ZoneMarker { owner: fields.get("owner")?.to_owned(), vpc_id: fields.get("vpc")?.to_owned() })
    }
}

/// Joins the quoted strings of one TXT value. `None` for anything unquoted or escaped: we never write that.
fn unquote(value: &str) -> Option<Cow<'_, str>> {
    let mut text = Cow::Borrowed("");
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (string, after) = rest.strip_prefix('"')?.split_once('"')?;
        if string.contains('\\') {
            return None;
        }
        text += string;
        rest = after.trim_start();
    }
    Some(text)
}

/// What a marker or comment of ours says, by key.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Option<Fields<'a>> {
        let rest = text.strip_prefix("heritage=")?.strip_prefix(HERITAGE)?.strip_prefix(',')?;
        let mut fields = Fields(Vec::with_capacity(5));
        for pair in rest.split(',') {
            let (key, value) = pair.strip_prefix(HERITAGE)?.strip_prefix('/')?.split_once('=')?;
            // What we write is made of these; anything else is somebody's imitation, and would be repeated to people.
            let is_plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+@/".contains(&b));
            if !is_plain || fields.get(key).is_some() {
                return None;
            }
            fields.0.push((key, value));
        }
        Some(fields)
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }
}
