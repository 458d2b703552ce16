//! A request, checked: nothing that it says is used before.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use planner::name::{Name, NameError};
use planner::proof::{Address, MOST_HOSTS, MOST_TARGETS, Phase, Request};
use planner::trigger::shown;

use crate::allowed::Allowed;
use crate::config::Config;

/// An endpoint has one or two addresses per Availability Zone.
const MOST_ADDRESSES: usize = 64;

/// A request that may be acted on.
#[derive(Debug)]
pub(crate) struct Checked {
    pub phase: Phase,
    pub targets: Vec<CheckedTarget>,
}

#[derive(Debug)]
pub(crate) struct CheckedTarget {
    pub regional: Name,
    pub zonal: Vec<Name>,
    pub addresses: Vec<Address>,
    pub hosts: Vec<Name>,
    /// The private zones that hold the hosts' records.
    pub zones: BTreeSet<Name>,
}

/// A request that must not be acted on, and why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the event is no request for proof: {0}")]
    Shape(String),
    #[error("the request names {found} {what}, more than {most}")]
    TooMany { what: &'static str, found: usize, most: usize },
    #[error("the request names no {0}")]
    Nothing(&'static str),
    #[error("'{host}' is not a name to prove")]
    Host { host: String, source: NameError },
    #[error("'{0}' is not a DNS name of an interface endpoint")]
    EndpointName(String),
    #[error("{0} is loopback, link-local, metadata or no address of a host: nothing is connected to")]
    Address(IpAddr),
}

/// Checks a request as it came.
///
/// # Errors
/// [`Refused`]: no packet has been sent, and none will be.
pub(crate) fn check(event: &str, config: &Config) -> Result<Checked, Refused> {
    let request: Request = serde_json::from_str(event).map_err(|error| Refused::Shape(shown(&error.to_string())))?;
    at_most("targets", request.targets.len(), MOST_TARGETS)?;
    at_most("hosts", request.targets.iter().map(|target| target.hosts.len()).sum(), MOST_HOSTS)?;
    let targets = request.targets.into_iter().map(|target| {
        at_most("addresses", target.addresses.len(), MOST_ADDRESSES)?;
        at_most("zonal DNS names", target.zonal_dns_names.len(), MOST_ADDRESSES)?;
        if let Some(address) = target.addresses.iter().find(|a| config.allows(a.ip) == Allowed::Never) {
            return Err(Refused::Address(address.ip));
        }
        let hosts = target.hosts.iter().map(|text| host(text)).collect::<Result<Vec<Name>, Refused>>()?;
        let zones = target.zones.iter().map(|text| host(text)).collect::<Result<BTreeSet<Name>, Refused>>()?;
        let own_zones = hosts.iter().map(|host| host.wildcard_base().unwrap_or_else(|| host.clone())).collect();
        Ok(CheckedTarget {
            regional: endpoint_name(&target.regional_dns_name)?,
            zonal: target.zonal_dns_names.iter().map(|text| endpoint_name(text)).collect::<Result<_, Refused>>()?,
            addresses: target.addresses,
            zones: if zones.is_empty() { own_zones } else { zones },
            hosts,
        })
    });
    Ok(Checked { phase: request.phase, targets: targets.collect::<Result<_, Refused>>()? })
}

fn at_most(what: &'static str, found: usize, most: usize) -> Result<(), Refused> {
    match found {
        0 if what != "zonal DNS names" => Err(Refused::Nothing(what)),
        _ if found > most => Err(Refused::TooMany { what, found, most }),
        _ => Ok(()),
    }
}

fn host(text: &str) -> Result<Name, Refused> {
    Name::host(text).map_err(|source| Refused::Host { host: shown(text), source })
}

fn endpoint_name(text: &str) -> Result<Name, Refused> {
    // The names of Amazon S3's endpoints have a star before them.
    let is_endpoint = |name: &Name| {
        let plain = name.as_str().strip_prefix("*.").unwrap_or(name.as_str());
        plain.starts_with("vpce-") && plain.contains(".vpce.")
    };
    Name::host(text).ok().filter(is_endpoint).ok_or_else(|| Refused::EndpointName(shown(text)))
}

impl CheckedTarget {
    /// `10.0.1.12 (use1-az1)`.
    pub(crate) fn named(&self, ip: IpAddr) -> Named<'_> {
        Named { ip, az_id: self.az_id(ip) }
    }

    pub(crate) fn az_id(&self, ip: IpAddr) -> Option<&str> {
        self.addresses.iter().find(|address| address.ip == ip).and_then(|address| address.az_id.as_deref())
    }
}

/// An address as a person reads it, with its Availability Zone.
pub(crate) struct Named<'a> {
    ip: IpAddr,
    az_id: Option<&'a str>,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.az_id {
            Some(az_id) => write!(f, "{} ({})", self.ip, shown(az_id)),
            None => write!(f, "{}", self.ip),
        }
    }
}
