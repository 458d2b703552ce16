//! The endpoints, and the addresses of their network interfaces.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{DnsRecordIpType, Filter, IpAddressType, NetworkInterface, VpcEndpoint};
use planner::endpoint::{DnsEntry, Endpoint, Kind, State};
use planner::name::Name;
use planner::proof::Address;
use planner::record::RecordType;

use super::{Ec2, filter, incomplete, sorted};
use crate::error::{self, AwsError, failed};
use crate::settings::is_id;

const DESCRIBE: &str = "ec2:DescribeVpcEndpoints";
const INTERFACES: &str = "ec2:DescribeNetworkInterfaces";

/// The most values of one filter. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
const MOST_VALUES: usize = 200;

/// The endpoints in a VPC.
#[derive(Clone, Debug)]
pub struct InVpc {
    /// Every one of any kind and state, sorted by id.
    pub all: Vec<Endpoint>,
    /// How many count towards the quota: interface and Gateway Load Balancer endpoints together.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>
    pub counted: usize,
    /// The interface endpoints to the TDP service among them, sorted by id.
    pub tdp: Vec<TdpFound>,
}

/// An interface endpoint to the TDP service, and where it stands.
#[derive(Clone, Debug)]
pub struct TdpFound {
    pub endpoint: Endpoint,
    pub subnet_ids: Vec<String>,
    pub security_group_ids: Vec<String>,
}

/// The error of an endpoint that [`Ec2::addresses`] left out.
pub fn interfaces_missing(id: &str) -> AwsError {
    incomplete(INTERFACES, id)
}

impl Ec2 {
    /// Every interface endpoint to a service in this account and Region, and the endpoints of any kind to others; all pages,
    /// sorted by id.
    ///
    /// # Errors
    /// [`AwsError`], also for an entry without an id, VPC or state: half an answer is none.
    pub async fn endpoints(
        &self,
        service_name: &str,
        others: &BTreeSet<&str>,
        vpc_id: Option<&str>,
    ) -> Result<Vec<Endpoint>, AwsError> {
        let names = std::iter::once(service_name).chain(others.iter().copied());
        let services = Filter::builder().name("service-name").set_values(Some(names.map(str::to_owned).collect()));
        let mut request = self.client.describe_vpc_endpoints().filters(services.build());
        if others.is_empty() {
            request = request.filters(filter("vpc-endpoint-type", "Interface"));
        }
        if let Some(vpc) = vpc_id {
            request = request.filters(filter("vpc-id", vpc));
        }
        let mut pages = request.into_paginator().items().send();
        let mut endpoints = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(failed(DESCRIBE, service_name))?;
            endpoints.push(endpoint(&item).ok_or_else(|| incomplete(DESCRIBE, service_name))?);
        }
        endpoints.retain(|e: &Endpoint| e.kind == Kind::Interface || e.service_name != service_name);
        endpoints.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(endpoints)
    }

    /// One endpoint by its id; `None` when EC2 says that there is none. That answer is the proof that an
    /// endpoint is gone, which an empty list is not.
    ///
    /// # Errors
    /// [`AwsError`] for everything else.
    pub async fn endpoint(&self, id: &str) -> Result<Option<Endpoint>, AwsError> {
        match self.client.describe_vpc_endpoints().vpc_endpoint_ids(id).send().await {
            Ok(answer) => match answer.vpc_endpoints() {
                [item] => endpoint(item).map(Some).ok_or_else(|| incomplete(DESCRIBE, id)),
                _ => Err(incomplete(DESCRIBE, id)),
            },
            Err(error) => match failed(DESCRIBE, id)(error) {
                error if error.kind == error::Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Every endpoint in a VPC, of any kind and state and to any service, all pages; with what else is known of
    /// those to one service. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an entry without an id, kind or state: half an answer is none.
    pub async fn vpc_endpoints(&self, vpc_id: &str, service_name: &str) -> Result<InVpc, AwsError> {
        let request = self.client.describe_vpc_endpoints().filters(filter("vpc-id", vpc_id));
        let items = request.into_paginator().items().send().try_collect().await.map_err(failed(DESCRIBE, vpc_id))?;
        let mut found = InVpc { all: Vec::with_capacity(items.len()), counted: 0, tdp: Vec::new() };
        for item in &items {
            let one = endpoint(item).ok_or_else(|| incomplete(DESCRIBE, vpc_id))?;
            if one.kind == Kind::Interface && one.service_name == service_name {
                found.tdp.push(tdp(item).ok_or_else(|| incomplete(DESCRIBE, vpc_id))?);
            }
            let is_counted = one.kind == Kind::Interface || is_load_balancer(item);
            found.counted += usize::from(is_counted && one.state != State::Deleted);
            found.all.push(one);
        }
        found.all.sort_by(|a, b| a.id.cmp(&b.id));
        found.tdp.sort_by(|a, b| a.endpoint.id.cmp(&b.endpoint.id));
        Ok(found)
    }

    /// The addresses that clients reach endpoints at, by endpoint id: of the families that each one's DNS name serves, sorted.
    /// An endpoint has one network interface per subnet.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>
    ///
    /// Half of an endpoint's addresses are none: one with an interface that EC2 does not show, such as that of an endpoint
    /// that is being deleted, is left out. So interfaces are asked for by a filter, where EC2 refuses a list of ids whole.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html>
    ///
    /// # Errors
    /// [`AwsError`].
    pub async fn addresses(&self, endpoints: &[&Endpoint]) -> Result<BTreeMap<String, Vec<Address>>, AwsError> {
        let ids: BTreeSet<String> = endpoints.iter().flat_map(|e| e.interface_ids.iter().cloned()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let subject = endpoints.iter().map(|e| e.id.as_str()).collect::<Vec<&str>>().join(", ");
        let mut found: BTreeMap<String, NetworkInterface> = BTreeMap::new();
        for ids in ids.chunks(MOST_VALUES) {
            let these = Filter::builder().name("network-interface-id").set_values(Some(ids.to_vec())).build();
            let pages = self.client.describe_network_interfaces().filters(these).into_paginator().items().send();
            let interfaces = pages.try_collect().await.map_err(failed(INTERFACES, &subject))?.into_iter();
            found.extend(interfaces.filter_map(|item| Some((item.network_interface_id()?.to_owned(), item))));
        }
        let is_whole = |endpoint: &&&Endpoint| endpoint.interface_ids.iter().all(|id| found.contains_key(id));
        let of = |endpoint: &&Endpoint| {
            let items = endpoint.interface_ids.iter().filter_map(|id| found.get(id));
            let mut addresses: Vec<Address> = items.flat_map(|item| addresses(item, endpoint)).collect();
            addresses.sort_by_key(|address| address.ip);
            (endpoint.id.clone(), addresses)
        };
        Ok(endpoints.iter().filter(is_whole).map(of).collect())
    }
}

fn addresses(item: &NetworkInterface, endpoint: &Endpoint) -> Vec<Address> {
    let types = endpoint.record_types();
    let v4 = item.private_ip_address().filter(|_| types.contains(&RecordType::A));
    let v6 = item.ipv6_addresses().iter().filter_map(|one| one.ipv6_address());
    let texts = v4.into_iter().chain(v6.filter(|_| types.contains(&RecordType::Aaaa)));
    let az_id = item.availability_zone_id().map(str::to_owned);
    texts.filter_map(|text| Some(Address { ip: text.parse().ok()?, az_id: az_id.clone() })).collect()
}

fn endpoint(item: &VpcEndpoint) -> Option<Endpoint> {
    // The wire says `available`, the enum knows `Available`: the text is what EC2 said.
    let state = State::parse(item.state()?.as_str());
    let kind = match item.vpc_endpoint_type()?.as_str().to_ascii_lowercase().as_str() {
        "interface" => Kind::Interface,
        "gateway" => Kind::Gateway,
        _ => Kind::Other,
    };
    let dns_entries = item
        .dns_entries()
        .iter()
        .filter_map(|entry| {
            let zone_id = entry.hosted_zone_id()?.to_owned();
            Some(DnsEntry { name: Name::from_wire(entry.dns_name()?), zone_id })
        })
        .collect();
    let record_type = item.dns_options().and_then(|options| options.dns_record_ip_type()).map(DnsRecordIpType::as_str);
    let ip_type = record_type
        .filter(|word| !word.eq_ignore_ascii_case("service-defined"))
        .or_else(|| item.ip_address_type().map(IpAddressType::as_str));
    Some(Endpoint {
        id: item.vpc_endpoint_id().filter(|id| is_id(id, "vpce-"))?.to_owned(),
        vpc_id: item.vpc_id().filter(|id| is_id(id, "vpc-"))?.to_owned(),
        // An endpoint to a VPC Lattice resource names that instead of a service.
        service_name: item.service_name().unwrap_or_default().to_owned(),
        kind,
        state,
        created: item.creation_timestamp().map_or(0, DateTime::secs),
        dns_entries,
        ip_type: ip_type.unwrap_or("ipv4").to_owned(),
        private_dns: item.private_dns_enabled().unwrap_or(false),
        interface_ids: sorted(item.network_interface_ids().iter().cloned()),
        last_error: item.last_error().and_then(|error| error.message()).map(str::to_owned),
    })
}

fn is_load_balancer(item: &VpcEndpoint) -> bool {
    item.vpc_endpoint_type().is_some_and(|kind| kind.as_str().eq_ignore_ascii_case("gatewayloadbalancer"))
}

fn tdp(item: &VpcEndpoint) -> Option<TdpFound> {
    let groups = item.groups().iter().map(|group| group.group_id().map(str::to_owned));
    Some(TdpFound {
        endpoint: endpoint(item)?,
        subnet_ids: sorted(item.subnet_ids().iter().cloned()),
        security_group_ids: sorted(groups.collect::<Option<Vec<_>>>()?),
    })
}
