//! Record sets as Route 53 holds them, in normal form.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::log::one_line;
use crate::name::Name;

/// A record type. Types that the product never writes keep their name in `Other`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordType {
    A,
    Aaaa,
    Cname,
    Ns,
    Soa,
    Txt,
    Other(String),
}

impl RecordType {
    pub fn parse(text: &str) -> RecordType {
        match text {
            "A" => RecordType::A,
            "AAAA" => RecordType::Aaaa,
            "CNAME" => RecordType::Cname,
            "NS" => RecordType::Ns,
            "SOA" => RecordType::Soa,
            "TXT" => RecordType::Txt,
            other => RecordType::Other(other.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            RecordType::A => "A",
            RecordType::Aaaa => "AAAA",
            RecordType::Cname => "CNAME",
            RecordType::Ns => "NS",
            RecordType::Soa => "SOA",
            RecordType::Txt => "TXT",
            RecordType::Other(name) => name,
        }
    }

    /// Whether a record of this type decides where a client of the name connects to, so that a foreign one
    /// beside ours would split or stop the traffic. HTTPS and SVCB carry address hints, NS delegates the name away.
    pub fn steers_traffic(&self) -> bool {
        match self {
            RecordType::A | RecordType::Aaaa | RecordType::Cname | RecordType::Ns => true,
            RecordType::Soa | RecordType::Txt => false,
            RecordType::Other(name) => name == "HTTPS" || name == "SVCB",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RecordType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a record set answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A Route 53 alias. `target` and `zone_id` are those of the endpoint's regional DNS entry.
    Alias { target: Name, zone_id: String, evaluate_health: bool },
    /// Plain values with a TTL in seconds, as Route 53 spells them (TXT in quotes).
    Values { ttl: i64, values: Vec<String> },
}

impl Data {
    /// Equal in what DNS answers. The order of values carries no meaning in DNS.
    pub fn same_as(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Values { ttl: a, values: x }, Data::Values { ttl: b, values: y }) => {
                let (mut x, mut y) = (x.clone(), y.clone());
                x.sort();
                y.sort();
                a == b && x == y
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::Alias { target, .. } => write!(f, "-> {}", one_line(target.as_str())),
            Data::Values { ttl, values } => write!(f, "{} (TTL {ttl})", one_line(&values.join(", "))),
        }
    }
}

/// `{"alias": …, "aliasZoneId": …}` or `{"ttl": …, "values": […]}`: the `before` and `after` of a report.
impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Data::Alias { target, zone_id, evaluate_health } => {
                map.serialize_entry("alias", target)?;
                map.serialize_entry("aliasZoneId", zone_id)?;
                if *evaluate_health {
                    map.serialize_entry("evaluateTargetHealth", evaluate_health)?;
                }
            }
            Data::Values { ttl, values } => {
                map.serialize_entry("ttl", ttl)?;
                map.serialize_entry("values", values)?;
            }
        }
        map.end()
    }
}

/// One record set of a hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    pub name: Name,
    pub rtype: RecordType,
    /// Shared with the changes that name it as what was there before.
    pub data: Arc<Data>,
    /// False when the set has a routing policy or a health check: such a set is never ours and cannot be
    /// removed by a plain DELETE-as-read, so it is never adopted either.
    pub simple: bool,
}

/// The negative-caching TTL in seconds that zones of ours carry: a client that asked too early asks again
/// within a minute. Route 53's default is 86,400, capped by the SOA's own TTL of 900.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html>
pub const NEGATIVE_TTL: u64 = 60;

/// The SOA of a private zone as Route 53 makes it. Of its fields, clients in a VPC see the last one at work: how long "no
/// such name" is remembered.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html>
pub fn soa_of_aws(zone: &Name) -> RecordSet {
    let soa = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
    let data = Arc::new(Data::Values { ttl: 900, values: vec![soa.to_owned()] });
    RecordSet { name: zone.clone(), rtype: RecordType::Soa, data, simple: true }
}

/// The SOA data that a zone of ours should have, given the one it has; `None` when it has it already, or
/// when the record does not have SOA's seven fields.
pub fn soa_wanted(current: &Data) -> Option<Data> {
    let Data::Values { ttl, values } = current else { return None };
    let [value] = values.as_slice() else { return None };
    let mut fields: Vec<&str> = value.split_whitespace().collect();
    let negative_ttl = NEGATIVE_TTL.to_string();
    if fields.len() != 7 || fields.last() == Some(&negative_ttl.as_str()) {
        return None;
    }
    fields.pop();
    fields.push(&negative_ttl);
    Some(Data::Values { ttl: *ttl, values: vec![fields.join(" ")] })
}
