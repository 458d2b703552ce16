//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::config::Config;

/// Ranges that no endpoint can have and that lead to this machine, to its neighbours or to the credentials of
/// AWS's instance metadata. Allowed only where a range that lies inside them is configured.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry> and its IPv6 sister
const SPECIAL: [&str; 9] = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/3",
    "::/127",
    "fe80::/10",
    "ff00::/8",
    // Instance metadata and Amazon's time and DNS servers, inside the unique local range.
    "fd00:ec2::/32",
    // IPv4 addresses in an IPv6 coat, for a translator on the way.
    "64:ff9b::/96",
];

/// What may be done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    Yes,
    /// Outside the configured ranges.
    No,
    /// Nobody asks for it in good faith: the whole request is refused.
    Never,
}

impl Config {
    /// Whether this function may connect to an address.
    pub(crate) fn allows(&self, ip: IpAddr) -> Allowed {
        let ip = ip.to_canonical();
        let inside = |range: &&IpNet| range.contains(&ip);
        let mut special = SPECIAL.iter().filter_map(|range| range.parse::<IpNet>().ok());
        match special.find(|range| range.contains(&ip)) {
            Some(range) if self.cidrs.iter().filter(inside).any(|cidr| range.contains(cidr)) => Allowed::Yes,
            Some(_) => Allowed::Never,
            None if self.cidrs.iter().any(|cidr| inside(&cidr)) => Allowed::Yes,
            None => Allowed::No,
        }
    }

    /// Whether an address belongs to the public internet, as far as anybody can tell from it.
    pub(crate) fn is_public(&self, ip: IpAddr) -> bool {
        let is_private = match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let is_shared = matches!(ip.octets(), [100, 64..=127, ..]);
                ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared
            }
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip == Ipv6Addr::LOCALHOST,
        };
        !is_private && self.allows(ip) != Allowed::Yes
    }
}
