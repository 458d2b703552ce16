//! A VPC in which nothing is wrong, with the endpoint live.

use std::collections::BTreeSet;

use checks::facts::{
    AclEntry, EmailIdentity, Facts, InboundEndpoint, IngressRule, NetworkAcl, PrivateZone, Records, SecurityGroup,
    Service, Source, Subnet, TdpEndpoint, Vpc,
};
use checks::wanted::{Made, Users, Wanted};
use planner::catalog::{self, Deployment};
use planner::endpoint::{DnsEntry, Endpoint, Kind, State};
use planner::name::Name;
use planner::proof::Address;
use planner::route::{Route, Routes, To};

pub(crate) const ENDPOINT: &str = "vpce-0a1b2c3d4e5f60718";
pub(crate) const SERVICE: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718";
const AGENT_HOSTS: [&str; 3] = ["platform.tetrascience.com", "api.platform.tetrascience.com", "api.tetrascience.com"];

pub(crate) fn name(text: &str) -> Name {
    Name::host(text).unwrap()
}

/// Hosts that lead to the TDP endpoint, and no others.
pub(crate) fn routes(hosts: impl IntoIterator<Item = Name>) -> Routes {
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    Routes { hosts: hosts.into_iter().map(|host| (host, route.clone())).collect(), ..Routes::default() }
}

pub(crate) fn wanted() -> Wanted {
    let deployment = Deployment {
        platform_host: name("platform.tetrascience.com"),
        region: "us-east-1".to_owned(),
        components: BTreeSet::from(["agent".to_owned()]),
        bucket_prefix: None,
    };
    Wanted {
        service_name: SERVICE.to_owned(),
        region: deployment.region.clone(),
        platform_host: deployment.platform_host.clone(),
        catalog: catalog::apply(&deployment).unwrap(),
        routes: routes(AGENT_HOSTS.map(name)),
        adopts: false,
        owner_id: "tdp".to_owned(),
        former_owners: Vec::new(),
        withdraws_on_loss: false,
        withdraws: false,
        made: Made {
            at: "2026-11-26T08:15:02Z".to_owned(),
            request_id: "8c3f6a2e-1b7d-4e59-9a60-5d2c7f8e9b10".to_owned(),
            owner: "tdp".to_owned(),
            version: "0.1.0",
        },
        architecture: "x86_64".to_owned(),
        vpc_id: "vpc-0a1b2c3d4e5f60718".to_owned(),
        candidates: Vec::new(),
        subnet_ids: Vec::new(),
        security_group_ids: Vec::new(),
        users: Some(Users::Both),
        email_domain: Some(name("lab.example.com")),
        domain_confirmed: Some(true),
        contacts: vec!["Jo Doe, network, jo@example.com".to_owned()],
    }
}

pub(crate) fn subnet(number: u8) -> Subnet {
    Subnet {
        id: format!("subnet-0000000000000000{number}"),
        az_id: format!("use1-az{number}"),
        cidrs: vec![format!("10.0.{number}.0/24").parse().unwrap()],
        free_addresses: 200,
    }
}

fn entry(number: u32, is_egress: bool, allows: bool) -> AclEntry {
    let cidr = "0.0.0.0/0".parse().unwrap();
    AclEntry { number, is_egress, allows, protocol: "-1".to_owned(), ports: None, cidr }
}

fn zone(name_: &str) -> PrivateZone {
    PrivateZone {
        id: format!("Z{}", name_.len()),
        name: name(name_),
        holder: "this account".to_owned(),
        is_of_service: false,
        is_ours: true,
        other_owner: None,
        other_vpc: None,
        has_our_markers: true,
    }
}

/// An available endpoint of the VPC, without private DNS.
pub(crate) fn endpoint(id: &str, service_name: &str) -> Endpoint {
    let (_, service) = service_name.rsplit_once('.').unwrap();
    let dns = format!("{id}-1a2b3c4d.{service}.us-east-1.vpce.amazonaws.com");
    Endpoint {
        id: id.to_owned(),
        vpc_id: "vpc-0a1b2c3d4e5f60718".to_owned(),
        service_name: service_name.to_owned(),
        kind: Kind::Interface,
        state: State::Available,
        created: 0,
        dns_entries: vec![DnsEntry { name: name(&dns), zone_id: "Z7HUB22UULQXV".to_owned() }],
        ip_type: "ipv4".to_owned(),
        private_dns: false,
        interface_ids: vec!["eni-1".to_owned(), "eni-2".to_owned()],
        last_error: None,
    }
}

fn tdp_endpoint() -> TdpEndpoint {
    let ips = ["10.0.1.10", "10.0.2.10"].map(|ip| ip.parse().unwrap());
    TdpEndpoint {
        endpoint: endpoint(ENDPOINT, SERVICE),
        subnet_ids: [1, 2].map(|number| subnet(number).id).into(),
        security_group_ids: vec!["sg-00000001".to_owned()],
        others: Vec::new(),
        addresses: Ok(ips.map(|ip| Address { ip, az_id: None }).into()),
        resolved: Ok(ips.into()),
    }
}

/// Records of ours that lead hosts to endpoints.
pub(crate) fn records(hosts: &[(&str, Endpoint)]) -> Records {
    let mut records = Records::default();
    for (host, endpoint) in hosts {
        let target = endpoint.regional().unwrap().name.clone();
        records.ours.insert(name(host), endpoint.id.clone());
        records.aliases.insert(name(host), [target].into());
        records.there.insert(name(host));
    }
    records
}

pub(crate) fn facts() -> Facts {
    let everyone = IngressRule {
        protocol: "tcp".to_owned(),
        ports: Some((443, 443)),
        source: Source::Range("10.0.0.0/16".parse().unwrap()),
    };
    Facts {
        account: "123456789012".to_owned(),
        vpc: Ok(Some(Vpc {
            id: "vpc-0a1b2c3d4e5f60718".to_owned(),
            owner: "123456789012".to_owned(),
            cidrs: vec!["10.0.0.0/16".parse().unwrap()],
        })),
        dns_support: Ok(true),
        dns_hostnames: Ok(true),
        dns_servers: Ok(vec!["AmazonProvidedDNS".to_owned()]),
        subnets: Ok([1, 2].map(subnet).into()),
        service: Ok(Some(Service {
            az_ids: ["use1-az1", "use1-az2", "use1-az4"].map(str::to_owned).into(),
            private_dns: Vec::new(),
        })),
        endpoints: Ok(vec![endpoint(ENDPOINT, SERVICE)]),
        counted_endpoints: Ok(1),
        tdp_endpoint: Ok(Some(tdp_endpoint())),
        endpoint_quota: Ok(50),
        security_groups: Ok(vec![SecurityGroup {
            id: "sg-00000001".to_owned(),
            vpc_id: "vpc-0a1b2c3d4e5f60718".to_owned(),
            ingress: vec![everyone],
        }]),
        network_acls: Ok(vec![NetworkAcl {
            id: "acl-00000001".to_owned(),
            subnet_ids: [1, 2].map(|number| subnet(number).id).into(),
            entries: [(100, true), (32767, false)]
                .into_iter()
                .flat_map(|(number, allows)| [false, true].map(|is_egress| entry(number, is_egress, allows)))
                .collect(),
        }]),
        private_zones: Ok(vec![zone("platform.tetrascience.com"), zone("api.tetrascience.com")]),
        records: Ok(records(&AGENT_HOSTS.map(|host| (host, endpoint(ENDPOINT, SERVICE))))),
        profiles: Ok(Vec::new()),
        resolver_rules: Ok(Vec::new()),
        firewall_rules: Ok(Vec::new()),
        inbound_endpoints: Ok(vec![InboundEndpoint {
            id: "rslvr-in-0a1b2c3d4e5f60718".to_owned(),
            addresses: ["10.0.1.5", "10.0.2.5"].map(|ip| ip.parse().unwrap()).into(),
        }]),
        email_identity: Ok(Some(EmailIdentity {
            is_verified: true,
            dkim_status: "SUCCESS".to_owned(),
            dkim_records: ["token1", "token2", "token3"]
                .map(|token| (format!("{token}._domainkey.lab.example.com"), format!("{token}.dkim.amazonses.com")))
                .into(),
        })),
    }
}

/// A zone that somebody else made at `host-<number>.files.example.com`.
pub(crate) fn foreign_zone(number: usize) -> PrivateZone {
    PrivateZone { is_ours: false, has_our_markers: false, ..zone(&format!("host-{number}.files.example.com")) }
}
