//! A VPC, its DNS settings, its subnets and their Availability Zones.

use aws_sdk_ec2::types::{
    self, AttributeBooleanValue, DhcpConfiguration, SubnetCidrBlockStateCode, VpcAttributeName, VpcCidrBlockState,
    VpcCidrBlockStateCode,
};
use checks::facts::{Subnet, Vpc, ZoneIds};
use ipnet::IpNet;

use super::{Ec2, filter, incomplete};
use crate::error::{AwsError, Kind, failed};

const VPCS: &str = "ec2:DescribeVpcs";
const ATTRIBUTE: &str = "ec2:DescribeVpcAttribute";
const DHCP_OPTIONS: &str = "ec2:DescribeDhcpOptions";
const SUBNETS: &str = "ec2:DescribeSubnets";
const ZONES: &str = "ec2:DescribeAvailabilityZones";

/// What a VPC has instead of the id of a set of DHCP options when none is associated with it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html>
const NO_DHCP_OPTIONS: &str = "default";

impl Ec2 {
    /// A VPC with the id of its DHCP options; `None` when EC2 says that there is no such VPC. Blocks that are not
    /// associated, or no longer, are left out; the primary one comes first.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html>
    ///
    /// # Errors
    /// [`AwsError`] for everything else, also for an entry without an owner: half an answer is none.
    pub async fn vpc(&self, vpc_id: &str) -> Result<Option<(Vpc, Option<String>)>, AwsError> {
        match self.client.describe_vpcs().vpc_ids(vpc_id).send().await {
            Ok(answer) => match answer.vpcs() {
                [item] => vpc(item).map(Some).ok_or_else(|| incomplete(VPCS, vpc_id)),
                _ => Err(incomplete(VPCS, vpc_id)),
            },
            Err(error) => match failed(VPCS, vpc_id)(error) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Whether the VPC has Amazon's DNS server.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support>
    ///
    /// # Errors
    /// [`AwsError`], also for an answer without the attribute.
    pub async fn dns_support(&self, vpc_id: &str) -> Result<bool, AwsError> {
        let request = self.client.describe_vpc_attribute().vpc_id(vpc_id);
        let request = request.attribute(VpcAttributeName::EnableDnsSupport);
        let answer = request.send().await.map_err(failed(ATTRIBUTE, vpc_id))?;
        let value = answer.enable_dns_support().and_then(AttributeBooleanValue::value);
        value.ok_or_else(|| incomplete(ATTRIBUTE, vpc_id))
    }

    /// Whether instances in the VPC get DNS names, which private zones need as well.
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an answer without the attribute.
    pub async fn dns_hostnames(&self, vpc_id: &str) -> Result<bool, AwsError> {
        let request = self.client.describe_vpc_attribute().vpc_id(vpc_id);
        let request = request.attribute(VpcAttributeName::EnableDnsHostnames);
        let answer = request.send().await.map_err(failed(ATTRIBUTE, vpc_id))?;
        let value = answer.enable_dns_hostnames().and_then(AttributeBooleanValue::value);
        value.ok_or_else(|| incomplete(ATTRIBUTE, vpc_id))
    }

    /// The DNS servers that a set of DHCP options gives, as EC2 spells them and in its order; empty when it gives
    /// none. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeDhcpOptions.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an answer without the set.
    pub async fn dns_servers(&self, dhcp_options_id: &str) -> Result<Vec<String>, AwsError> {
        if dhcp_options_id == NO_DHCP_OPTIONS {
            return Ok(Vec::new());
        }
        let request = self.client.describe_dhcp_options().dhcp_options_ids(dhcp_options_id);
        let answer = request.send().await.map_err(failed(DHCP_OPTIONS, dhcp_options_id))?;
        let [options] = answer.dhcp_options() else { return Err(incomplete(DHCP_OPTIONS, dhcp_options_id)) };
        let settings = options.dhcp_configurations().iter();
        let servers = settings.filter(|setting| setting.key() == Some("domain-name-servers"));
        // Several addresses may also have been given as one value, with commas.
        let values = servers.flat_map(DhcpConfiguration::values).filter_map(|value| value.value());
        let servers = values.flat_map(|value| value.split(',')).map(str::trim).filter(|server| !server.is_empty());
        Ok(servers.map(str::to_owned).collect())
    }

    /// Every subnet of a VPC, all pages, sorted by id.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an entry without an id, zone or count of free addresses: half an answer is none.
    pub async fn subnets(&self, vpc_id: &str) -> Result<Vec<Subnet>, AwsError> {
        let request = self.client.describe_subnets().filters(filter("vpc-id", vpc_id));
        let items = request.into_paginator().items().send().try_collect().await.map_err(failed(SUBNETS, vpc_id))?;
        let subnets: Option<Vec<Subnet>> = items.iter().map(subnet).collect();
        let mut subnets = subnets.ok_or_else(|| incomplete(SUBNETS, vpc_id))?;
        subnets.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(subnets)
    }

    /// The ids of the Region's Availability Zones by the names that they have in this account. EC2 gives them in
    /// one page. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an entry without a name or id.
    pub async fn zone_ids(&self) -> Result<ZoneIds, AwsError> {
        let answer = self.client.describe_availability_zones().send().await.map_err(failed(ZONES, "this Region"))?;
        let zones = answer.availability_zones().iter();
        let ids: Option<ZoneIds> =
            zones.map(|zone| Some((zone.zone_name()?.to_owned(), zone.zone_id()?.to_owned()))).collect();
        ids.filter(|ids| !ids.is_empty()).ok_or_else(|| incomplete(ZONES, "this Region"))
    }
}

fn vpc(item: &types::Vpc) -> Option<(Vpc, Option<String>)> {
    let is_associated = |state: Option<&VpcCidrBlockState>| {
        state.and_then(|state| state.state()) == Some(&VpcCidrBlockStateCode::Associated)
    };
    let v4 = item.cidr_block_association_set().iter();
    let v4 = v4.filter(|block| is_associated(block.cidr_block_state())).map(|block| block.cidr_block());
    let v6 = item.ipv6_cidr_block_association_set().iter();
    let v6 = v6.filter(|block| is_associated(block.ipv6_cidr_block_state())).map(|block| block.ipv6_cidr_block());
    let mut cidrs = v4.chain(v6).map(|text| text?.parse().ok()).collect::<Option<Vec<IpNet>>>()?;
    let primary: Option<IpNet> = item.cidr_block().and_then(|text| text.parse().ok());
    cidrs.sort_by_key(|cidr| Some(*cidr) != primary);
    let vpc = Vpc { id: item.vpc_id()?.to_owned(), owner: item.owner_id()?.to_owned(), cidrs };
    Some((vpc, item.dhcp_options_id().map(str::to_owned)))
}

fn subnet(item: &types::Subnet) -> Option<Subnet> {
    // A subnet with IPv6 only has no IPv4 block, and no IPv4 address to give.
    let v4 = item.cidr_block().filter(|text| !text.is_empty()).map(Some);
    let free = item.available_ip_address_count().or_else(|| item.ipv6_native()?.then_some(0))?;
    let v6 = item.ipv6_cidr_block_association_set().iter().filter(|block| {
        let state = block.ipv6_cidr_block_state().and_then(|state| state.state());
        state == Some(&SubnetCidrBlockStateCode::Associated)
    });
    let texts = v4.into_iter().chain(v6.map(|block| block.ipv6_cidr_block()));
    Some(Subnet {
        id: item.subnet_id()?.to_owned(),
        az_id: item.availability_zone_id()?.to_owned(),
        cidrs: texts.map(|text| text?.parse().ok()).collect::<Option<Vec<IpNet>>>()?,
        free_addresses: u32::try_from(free).ok()?,
    })
}
