//! What was read about a VPC and what stands around it. A fact that could not be read says so, and takes only the
//! checks with it that need it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::proof::Address;

/// A fact, or why it is not known.
pub type Read<T> = Result<T, Unread>;

/// A read that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The IAM action, for example `ec2:DescribeSubnets`, or `dns` for a question to the DNS.
    pub action: &'static str,
    /// Whether the identity lacks the permission.
    pub is_denied: bool,
    /// What failed and why, on one line.
    pub message: String,
}

/// Everything that the checks judge.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The account that the function runs in, 12 digits.
    pub account: String,
    pub vpc: Read<Option<Vpc>>,
    pub dns_support: Read<bool>,
    pub dns_hostnames: Read<bool>,
    /// The DNS servers of the VPC's DHCP options, as EC2 spells them: `AmazonProvidedDNS` or addresses. Empty when
    /// the VPC has the set that gives none.
    pub dns_servers: Read<Vec<String>>,
    /// Every subnet of the VPC, sorted by id.
    pub subnets: Read<Vec<Subnet>>,
    /// The TDP endpoint service as this account sees it; `None`: it does not.
    pub service: Read<Option<Service>>,
    /// Every endpoint in the VPC of any kind and state, sorted by id.
    pub endpoints: Read<Vec<Endpoint>>,
    /// How many of them count towards the quota of interface endpoints.
    pub counted_endpoints: Read<usize>,
    /// The endpoint to the TDP service in the VPC that records point at or would point at.
    pub tdp_endpoint: Read<Option<TdpEndpoint>>,
    /// How many interface endpoints the VPC may have.
    pub endpoint_quota: Read<u32>,
    /// Those of the TDP endpoint or, before it exists, those of the request. Ids that do not exist are missing.
    pub security_groups: Read<Vec<SecurityGroup>>,
    /// The network ACLs of the VPC.
    pub network_acls: Read<Vec<NetworkAcl>>,
    /// The private zones that are associated with the VPC, of any account.
    pub private_zones: Read<Vec<PrivateZone>>,
    /// What is at our hosts in the private zones of this account.
    pub records: Read<Records>,
    /// The Route 53 Profiles of the VPC.
    pub profiles: Read<Vec<Profile>>,
    /// The Resolver rules that are associated with the VPC.
    pub resolver_rules: Read<Vec<ResolverRule>>,
    /// The DNS Firewall rules of the VPC, in the order in which they are looked at.
    pub firewall_rules: Read<Vec<FirewallRule>>,
    /// The inbound Resolver endpoints in the VPC that take plain DNS.
    pub inbound_endpoints: Read<Vec<InboundEndpoint>>,
    /// The SES identity of the customer's e-mail domain; `Ok(None)`: there is none, or none was asked for.
    pub email_identity: Read<Option<EmailIdentity>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    pub id: String,
    /// The account that owns it; another one where its subnets are shared with this account.
    pub owner: String,
    /// Associated IPv4 and IPv6 blocks, the primary one first: the VPC's resolver has its address.
    pub cidrs: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    /// Availability Zone id, which is the same in every account.
    pub az_id: String,
    pub cidrs: Vec<IpNet>,
    /// IPv4 addresses that nobody has.
    pub free_addresses: u32,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ServiceDetail.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Ids of its Availability Zones, sorted.
    pub az_ids: Vec<String>,
    /// The names that its owner offers private DNS for, with whether AWS has verified that he may.
    pub private_dns: Vec<(Name, bool)>,
}

/// The endpoint to the TDP service.
#[derive(Clone, Debug)]
pub struct TdpEndpoint {
    pub endpoint: Endpoint,
    pub subnet_ids: Vec<String>,
    pub security_group_ids: Vec<String>,
    /// Further endpoints to the service in the VPC.
    pub others: Vec<String>,
    /// The addresses of its network interfaces.
    pub addresses: Read<Vec<Address>>,
    /// What public DNS answers for its regional name; empty: no such name. Not asked before it is available.
    pub resolved: Read<Vec<IpAddr>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    pub id: String,
    pub vpc_id: String,
    pub ingress: Vec<IngressRule>,
}

/// One source of an ingress rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngressRule {
    /// EC2's word: `tcp`, `6`, `-1` for all.
    pub protocol: String,
    /// First and last port; `None`: all.
    pub ports: Option<(u16, u16)>,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Range(IpNet),
    /// Members of a security group.
    Group(String),
    /// A prefix list, with its ranges.
    PrefixList(String, Read<Vec<IpNet>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAcl {
    pub id: String,
    pub subnet_ids: Vec<String>,
    pub entries: Vec<AclEntry>,
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// The lowest number that matches decides.
    pub number: u32,
    pub is_egress: bool,
    pub allows: bool,
    /// IANA's number as EC2 spells it: `6` for TCP, `-1` for all.
    pub protocol: String,
    /// First and last port; `None`: all.
    pub ports: Option<(u16, u16)>,
    pub cidr: IpNet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateZone {
    pub id: String,
    pub name: Name,
    /// `this account`, `account 123456789012` or the AWS service's name.
    pub holder: String,
    /// Made by an AWS service, such as the zone behind an endpoint's private DNS.
    pub is_of_service: bool,
    /// Made by this product's `OWNER_ID` for this VPC.
    pub is_ours: bool,
    /// The stack that made it, where that is another one.
    pub other_owner: Option<String>,
    /// The VPC that this stack made it for, where that is another one.
    pub other_vpc: Option<String>,
    /// Whether records of this product's `OWNER_ID` are in it.
    pub has_our_markers: bool,
}

impl PrivateZone {
    /// Whether it is this account's own to change.
    pub fn is_of_account(&self) -> bool {
        self.holder == "this account" && !self.is_of_service
    }
}

/// What is at our hosts now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Our names, with the endpoint that the marker of each names.
    pub ours: BTreeMap<Name, String>,
    /// Where the aliases of a host lead, in the zone that answers for it in the VPC.
    pub aliases: BTreeMap<Name, BTreeSet<Name>>,
    /// The hosts at which that zone has any record that decides where clients go.
    pub there: BTreeSet<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub id: String,
    pub name: String,
    /// Private zones in it whose names are known.
    pub zones: Vec<ProfileZone>,
    pub resolver_rules: Vec<ResolverRule>,
    /// ARNs of zones and rules in it whose names this account cannot read, and of DNS Firewall rule groups.
    pub unknown: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileZone {
    pub id: String,
    pub name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverRule {
    pub id: String,
    pub name: String,
    pub domain: Name,
    /// Whether it forwards to other DNS servers; `SYSTEM` rules keep a domain with the VPC's resolver.
    pub forwards: bool,
    /// `ip:port` of the servers.
    pub targets: Vec<String>,
}

/// A rule of a DNS Firewall rule group on the VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirewallRule {
    pub group_id: String,
    pub group_name: String,
    pub name: String,
    /// `ALLOW`, `BLOCK` or `ALERT`.
    pub action: String,
    /// The query type that it is about, such as `A` or `AAAA`; `None`: every type.
    pub qtype: Option<String>,
    pub domains: FirewallDomains,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirewallDomains {
    /// A list of the customer's, by id: names, or patterns such as `*.example.com`.
    Listed(String, Vec<String>),
    /// AWS's list of that name: its contents are not shown.
    Managed(String),
    /// Judged by AWS from the query itself.
    Advanced,
    /// A list that could not be read.
    Unread(String, Unread),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundEndpoint {
    pub id: String,
    pub addresses: Vec<IpAddr>,
}

/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailIdentity {
    pub is_verified: bool,
    /// SES's word for the state of DKIM, such as `SUCCESS` or `PENDING`.
    pub dkim_status: String,
    /// The names and targets of the CNAME records that DKIM needs in the domain's public DNS; none where the domain
    /// signs with a key of its own.
    pub dkim_records: Vec<(String, String)>,
}

/// Availability Zone ids by name.
pub type ZoneIds = BTreeMap<String, String>;
