//! An interface endpoint as EC2 described it, and what may be done with it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::name::Name;
use crate::record::{Data, RecordType};

/// The state of an endpoint.
///
/// EC2 answers in camel case (`pendingAcceptance`) while the SDKs' enums are in Pascal case, so the text is
/// compared without case. <https://github.com/awslabs/aws-sdk-rust/issues/619>
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html#concepts-endpoint-states>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    PendingAcceptance,
    Pending,
    Available,
    Rejected,
    Expired,
    Failed,
    Deleting,
    Deleted,
    /// Not in EC2's answer, and EC2 said by id that there is no such endpoint.
    Missing,
    /// A word that we have no rule for, `partial` among them: nothing is written.
    Unknown(String),
}

impl State {
    pub fn parse(text: &str) -> State {
        match text.to_ascii_lowercase().as_str() {
            "pendingacceptance" => State::PendingAcceptance,
            "pending" => State::Pending,
            "available" => State::Available,
            "rejected" => State::Rejected,
            "expired" => State::Expired,
            "failed" => State::Failed,
            "deleting" => State::Deleting,
            "deleted" => State::Deleted,
            _ => State::Unknown(text.chars().filter(char::is_ascii_alphanumeric).take(40).collect()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            State::PendingAcceptance => "pendingAcceptance",
            State::Pending => "pending",
            State::Available => "available",
            State::Rejected => "rejected",
            State::Expired => "expired",
            State::Failed => "failed",
            State::Deleting => "deleting",
            State::Deleted => "deleted",
            State::Missing => "missing",
            State::Unknown(word) => word,
        }
    }

    /// On the way to `available`.
    pub fn is_pending(&self) -> bool {
        matches!(self, State::PendingAcceptance | State::Pending)
    }

    /// The connection does not come back by itself. `deleting` counts as lost, but proves nothing yet.
    pub fn is_lost(&self) -> bool {
        matches!(
            self,
            State::Rejected | State::Expired | State::Failed | State::Deleting | State::Deleted | State::Missing
        )
    }

    /// Whether the state itself proves that withdrawing records cuts nobody off.
    pub fn proves_loss(&self) -> bool {
        self.is_lost() && *self != State::Deleting
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the DNS names that EC2 lists for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsEntry {
    pub name: Name,
    pub zone_id: String,
}

/// What sort of endpoint it is, as far as DNS is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Has names and addresses.
    Interface,
    /// Works by the route tables of its VPC: no name leads to it.
    Gateway,
    Other,
}

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub vpc_id: String,
    pub service_name: String,
    pub kind: Kind,
    pub state: State,
    /// Creation time, seconds since 1970.
    pub created: i64,
    pub dns_entries: Vec<DnsEntry>,
    /// `dnsOptions.dnsRecordIpType`, or else `ipAddressType`: `ipv4`, `ipv6`, `dualstack`.
    pub ip_type: String,
    pub private_dns: bool,
    /// One network interface per subnet.
    pub interface_ids: Vec<String>,
    /// EC2's own words on why it failed.
    pub last_error: Option<String>,
}

/// The zone id that EC2 shows while private DNS is being set up.
const PENDING_ZONE: &str = "ZONEIDPENDING";

impl Endpoint {
    /// An endpoint that EC2 does not know any more.
    pub fn missing(id: &str, vpc_id: &str) -> Endpoint {
        Endpoint {
            id: id.to_owned(),
            vpc_id: vpc_id.to_owned(),
            service_name: String::new(),
            kind: Kind::Interface,
            state: State::Missing,
            created: 0,
            dns_entries: Vec::new(),
            ip_type: String::new(),
            private_dns: false,
            interface_ids: Vec::new(),
            last_error: None,
        }
    }

    /// The record types that the endpoint's name serves.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DnsOptionsSpecification.html>
    pub fn record_types(&self) -> Vec<RecordType> {
        match self.ip_type.to_ascii_lowercase().as_str() {
            "ipv6" => vec![RecordType::Aaaa],
            "dualstack" => vec![RecordType::A, RecordType::Aaaa],
            _ => vec![RecordType::A],
        }
    }

    /// The regional entry: the procedure's "primary DNS name" and the alias target.
    ///
    /// It is known by its shape `vpce-<id>-<hash>.…`: a zonal name has the Availability Zone after the hash,
    /// the private DNS name does not start with the endpoint's id. Its place in the list means nothing. Those of
    /// Amazon S3 have a star before them, which belongs to the name.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html>
    /// `None` while EC2 lists no such entry, lists two, or has no zone id for it yet.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames>
    pub fn regional(&self) -> Option<&DnsEntry> {
        let mut found = self.dns_entries.iter().filter(|entry| self.is_regional(entry));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    fn is_regional(&self, entry: &DnsEntry) -> bool {
        let Some((label, domain)) = plain(&entry.name).split_once('.') else { return false };
        let hash = label.strip_prefix(self.id.to_ascii_lowercase().as_str()).and_then(|rest| rest.strip_prefix('-'));
        let is_vpce = domain.contains(".vpce.");
        hash.is_some_and(|hash| !hash.is_empty() && hash.bytes().all(|b| b.is_ascii_alphanumeric()))
            && is_vpce
            && !entry.zone_id.is_empty()
            && entry.zone_id != PENDING_ZONE
    }

    /// The names that lead to one Availability Zone each, `vpce-<id>-<hash>-<zone>.…`, in order.
    pub fn zonal(&self) -> Vec<&Name> {
        let Some(regional) = self.regional() else { return Vec::new() };
        let Some((label, domain)) = plain(&regional.name).split_once('.') else { return Vec::new() };
        let is_zonal = |name: &Name| {
            let parts = plain(name).split_once('.');
            parts.is_some_and(|(own, rest)| {
                rest == domain && own.strip_prefix(label).is_some_and(|zone| zone.starts_with('-'))
            })
        };
        let mut names: Vec<&Name> =
            self.dns_entries.iter().map(|entry| &entry.name).filter(|name| is_zonal(name)).collect();
        names.sort();
        names
    }

    /// The alias that every name gets.
    pub fn alias(&self) -> Option<Arc<Data>> {
        self.regional().map(|entry| {
            let (target, zone_id) = (entry.name.clone(), entry.zone_id.clone());
            Arc::new(Data::Alias { target, zone_id, evaluate_health: false })
        })
    }

    /// Where a name that should lead to the endpoint points; `None` while EC2 lists no regional name.
    pub fn target(&self) -> Option<Target> {
        Some(Target { endpoint_id: self.id.clone(), alias: self.alias()?, types: self.record_types() })
    }

    /// Whether the endpoint's own private DNS already answers for `host` in this VPC.
    pub fn private_dns_covers(&self, host: &Name) -> bool {
        self.private_dns_name(host).is_some()
    }

    /// The name of the endpoint's private DNS that answers for `host`: the host itself, or `*.` before its parent.
    pub fn private_dns_name(&self, host: &Name) -> Option<&Name> {
        let is_parent = |base: Name| host.parent() == Some(base) && host.wildcard_base().is_none();
        let entries = self.dns_entries.iter().filter(|entry| self.private_dns && entry.zone_id != PENDING_ZONE);
        let mut names = entries.map(|entry| &entry.name).filter(|name| !name.as_str().contains(".vpce."));
        names.find(|name| *name == host || name.wildcard_base().is_some_and(is_parent))
    }
}

/// Where a name leads: an endpoint, its alias, and the record types that this serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub endpoint_id: String,
    pub alias: Arc<Data>,
    pub types: Vec<RecordType>,
}

/// A name without the star before it.
fn plain(name: &Name) -> &str {
    name.as_str().strip_prefix("*.").unwrap_or(name.as_str())
}

/// Which endpoint of a VPC the records should point at.
///
/// One that is pinned is taken once it is available, and not left again: a move is not undone by a second one. Until then,
/// and otherwise, the one that records point at stays while it is available or on its way there; otherwise the newest
/// available one; otherwise the one they point at, whatever its state; otherwise the newest.
pub fn choose<'a>(
    endpoints: impl IntoIterator<Item = &'a Endpoint>,
    pointed_at: Option<&str>,
    pinned: &BTreeSet<String>,
) -> Option<&'a Endpoint> {
    let endpoints: Vec<&Endpoint> = endpoints.into_iter().collect();
    let pinned = endpoints.iter().copied().find(|e| pinned.contains(&e.id));
    let is_taken = |e: &&Endpoint| e.state == State::Available || Some(e.id.as_str()) == pointed_at;
    let free = choose_freely(&endpoints, pointed_at);
    let is_followed = |e: &&Endpoint| e.state == State::Available || Some(e.id.as_str()) == pointed_at;
    pinned.filter(is_taken).or(free.filter(is_followed)).or(pinned).or(free)
}

fn choose_freely<'a>(endpoints: &[&'a Endpoint], pointed_at: Option<&str>) -> Option<&'a Endpoint> {
    let endpoints = || endpoints.iter().copied();
    let current = endpoints().find(|e| Some(e.id.as_str()) == pointed_at);
    let newest = |wanted: fn(&Endpoint) -> bool| {
        endpoints().filter(|e| wanted(e)).max_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)))
    };
    current
        .filter(|e| !e.state.is_lost())
        .or_else(|| newest(|e| e.state == State::Available && e.regional().is_some()))
        .or(current)
        .or_else(|| newest(|e| e.state == State::Available))
        .or_else(|| newest(|e| e.state.is_pending()))
        .or_else(|| newest(|_| true))
}
