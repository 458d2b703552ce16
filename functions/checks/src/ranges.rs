//! Sets of addresses: which part of a block a list of rules lets through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

/// Addresses of one family, as disjoint ranges of numbers in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    is_v4: bool,
    spans: Vec<(u128, u128)>,
}

impl Ranges {
    pub(crate) fn of(net: &IpNet) -> Ranges {
        Ranges { is_v4: is_v4(net), spans: vec![span(net)] }
    }

    /// No address of the block's family.
    pub(crate) fn none(net: &IpNet) -> Ranges {
        Ranges { is_v4: is_v4(net), spans: Vec::new() }
    }

    /// Takes a block out. One of the other family takes nothing.
    pub(crate) fn remove(&mut self, net: &IpNet) {
        if is_v4(net) != self.is_v4 {
            return;
        }
        let (first, last) = span(net);
        let cut = |&(from, to): &(u128, u128)| {
            if to < first || last < from {
                return vec![(from, to)];
            }
            let below = (from < first).then(|| (from, first.saturating_sub(1)));
            let above = (last < to).then(|| (last.saturating_add(1), to));
            below.into_iter().chain(above).collect()
        };
        self.spans = self.spans.iter().flat_map(cut).collect();
    }

    /// The part that lies in a block.
    pub(crate) fn within(&self, net: &IpNet) -> Ranges {
        let (first, last) = span(net);
        let common = |&(from, to): &(u128, u128)| {
            let (from, to) = (from.max(first), to.min(last));
            (from <= to).then_some((from, to))
        };
        let spans = if is_v4(net) == self.is_v4 { self.spans.iter().filter_map(common).collect() } else { Vec::new() };
        Ranges { is_v4: self.is_v4, spans }
    }

    /// Adds what another set of the same family has besides.
    pub(crate) fn add(&mut self, other: &Ranges) {
        let mut spans = [self.spans.as_slice(), other.spans.as_slice()].concat();
        spans.sort_unstable();
        self.spans.clear();
        for (from, to) in spans {
            match self.spans.last_mut() {
                Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
                _ => self.spans.push((from, to)),
            }
        }
    }

    /// The blocks that it is made of.
    pub(crate) fn blocks(&self) -> Vec<IpNet> {
        let blocks = |&(from, to): &(u128, u128)| -> Vec<IpNet> {
            if self.is_v4 {
                let v4 = |number: u128| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
                Ipv4Subnets::new(v4(from), v4(to), 0).map(IpNet::from).collect()
            } else {
                Ipv6Subnets::new(Ipv6Addr::from(from), Ipv6Addr::from(to), 0).map(IpNet::from).collect()
            }
        };
        self.spans.iter().flat_map(blocks).collect()
    }
}

fn is_v4(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(_))
}

fn span(net: &IpNet) -> (u128, u128) {
    (number(net.network()), number(net.broadcast()))
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}
