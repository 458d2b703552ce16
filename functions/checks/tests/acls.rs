//! Network ACLs, against a reading of their rules address by address and port by port.

use std::net::Ipv4Addr;

use checks::checks::run;
use checks::facts::{AclEntry, NetworkAcl};
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use crate::scene::{facts, subnet, wanted};

/// The clients' block: small enough to try every address of it.
const CLIENTS: &str = "10.9.0.0/28";
const PORTS: [u16; 8] = [443, 1024, 1025, 30000, 30001, 40000, 65534, 65535];

fn entries() -> impl Strategy<Value = Vec<AclEntry>> {
    let ports = prop_oneof![
        Just(None),
        Just(Some((443, 443))),
        Just(Some((1024, 65535))),
        Just(Some((1024, 30000))),
        Just(Some((30001, 65535))),
        Just(Some((40000, 40000))),
    ];
    let cidr = (0u8..20, 26u8..=32)
        .prop_map(|(last, length)| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(10, 9, 0, last), length).trunc()));
    let cidr = prop_oneof![2 => cidr, 1 => Just("0.0.0.0/0".parse().unwrap())];
    let protocol = prop_oneof![4 => Just("6"), 2 => Just("-1"), 1 => Just("17")].prop_map(str::to_owned);
    let entry = (1u32..500, any::<bool>(), any::<bool>(), protocol, ports, cidr);
    let entry = entry.prop_map(|(number, is_egress, allows, protocol, ports, cidr)| AclEntry {
        number,
        is_egress,
        allows,
        protocol,
        ports,
        cidr,
    });
    prop::collection::vec(entry, 0..8).prop_map(|mut entries| {
        // EC2 refuses two rules of one number and direction.
        entries.sort_by_key(|entry| (entry.is_egress, entry.number));
        entries.dedup_by_key(|entry| (entry.is_egress, entry.number));
        entries
    })
}

fn lets(entries: &[AclEntry], is_egress: bool, port: u16, address: Ipv4Addr) -> bool {
    let mut matching: Vec<&AclEntry> = entries
        .iter()
        .filter(|entry| entry.is_egress == is_egress && matches!(entry.protocol.as_str(), "6" | "-1"))
        .filter(|entry| entry.ports.is_none_or(|(first, last)| first <= port && port <= last))
        .filter(|entry| entry.cidr.contains(&std::net::IpAddr::V4(address)))
        .collect();
    matching.sort_by_key(|entry| entry.number);
    matching.first().is_some_and(|entry| entry.allows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_network_acl_passes_exactly_when_every_address_gets_in_and_every_answer_out(entries in entries()) {
        let (mut facts, wanted) = (facts(), wanted());
        if let Ok(Some(vpc)) = &mut facts.vpc {
            vpc.cidrs = vec![CLIENTS.parse().unwrap()];
        }
        let subnet_ids = vec![subnet(1).id, subnet(2).id];
        facts.network_acls = Ok(vec![NetworkAcl { id: "acl-1".to_owned(), subnet_ids, entries: entries.clone() }]);
        let (_, findings) = run(&facts, &wanted);
        let codes: Vec<&str> = findings.iter().map(|f| f.code).filter(|code| code.starts_with("network-acl")).collect();

        let addresses: Vec<Ipv4Addr> = (0..16).map(|last| Ipv4Addr::new(10, 9, 0, last)).collect();
        let gets_in = |address: &Ipv4Addr| lets(&entries, false, 443, *address);
        let answered = |address: &Ipv4Addr| {
            PORTS.iter().filter(|port| **port >= 1024).all(|port| lets(&entries, true, *port, *address))
        };
        let reached = |address: &Ipv4Addr| {
            PORTS.iter().filter(|port| **port >= 1024).any(|port| lets(&entries, true, *port, *address))
        };
        let is_open = addresses.iter().all(|address| gets_in(address) && answered(address));
        let is_closed = !addresses.iter().any(gets_in) || !addresses.iter().any(reached);
        let expected = if is_open { vec![] } else if is_closed { vec!["network-acl-closed"] } else { vec!["network-acl-narrow"] };
        prop_assert_eq!(codes, expected);
    }
}
