//! Who owns a record or a zone: the marker beside each name, and the comment of a zone that we created.
//!
//! The syntax is external-dns's TXT registry syntax with a heritage of our own, so that neither tool takes
//! the other's records for its own.

use crate::name::Name;
use crate::record::{Data, RecordSet, RecordType};

const HERITAGE: &str = "tdp-privatelink";
const PLAIN_LABEL: &str = "_tdp-privatelink";
const WILDCARD_LABEL: &str = "_tdp-privatelink-wildcard";
const TTL: i64 = 300;
/// A TXT string holds at most 255 characters; a longer value is several strings.
const TXT_STRING: usize = 255;

/// The marker of one name: which of its record types are whose, for which endpoint, and by which change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub owner: String,
    pub endpoint_id: String,
    pub types: Vec<RecordType>,
    /// The change that wrote the name last. It tells an announced change from one that nobody was told of.
    pub change: String,
    /// Varies when a right marker is written anew, to see it INSYNC. It carries no meaning otherwise.
    pub confirmed: Option<String>,
}

impl Marker {
    /// Whether the two say the same of the records; the change that wrote them does not matter.
    pub fn same_claim(&self, other: &Marker) -> bool {
        self.owner == other.owner && self.endpoint_id == other.endpoint_id && self.types == other.types
    }

    pub fn data(&self) -> Data {
        let types: Vec<&str> = self.types.iter().map(RecordType::as_str).collect();
        let text = format!(
            "heritage={HERITAGE},{HERITAGE}/owner={},{HERITAGE}/endpoint={},{HERITAGE}/types={},{HERITAGE}/change={}",
            self.owner,
            self.endpoint_id,
            types.join("+"),
            self.change
        );
        let confirmed = self.confirmed.iter().map(|id| format!(",{HERITAGE}/confirmed={id}")).collect::<String>();
        let text = text + &confirmed;
        // ASCII by construction: every part is checked where it enters the product.
        let strings: Vec<String> =
            text.as_bytes().chunks(TXT_STRING).map(|chunk| format!("\"{}\"", String::from_utf8_lossy(chunk))).collect();
        Data::Values { ttl: TTL, values: vec![strings.join(" ")] }
    }

    /// Reads a marker back. `None` for everything that is not exactly one marker: other TXT values, two
    /// values in one set, a routing policy, an escape, a repeated key.
    pub fn parse(set: &RecordSet) -> Option<Marker> {
        if set.rtype != RecordType::Txt || !set.simple {
            return None;
        }
        let Data::Values { values, .. } = &set.data else { return None };
        let [value] = values.as_slice() else { return None };
        let text = unquote(value)?;
        let fields = Fields::parse(&text)?;
        Some(Marker {
            owner: fields.get("owner")?.to_owned(),
            endpoint_id: fields.get("endpoint")?.to_owned(),
            types: fields.get("types")?.split('+').map(RecordType::parse).collect(),
            change: fields.get("change")?.to_owned(),
            confirmed: fields.get("confirmed").map(str::to_owned),
        })
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
fn unquote(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (string, after) = rest.strip_prefix('"')?.split_once('"')?;
        if string.contains('\\') {
            return None;
        }
        text.push_str(string);
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
