//! Security groups and network ACLs.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self, Filter, IpPermission, NetworkAclEntry};
use checks::facts::{AclEntry, IngressRule, NetworkAcl, Read, SecurityGroup, Source};
use futures::future::join_all;
use ipnet::IpNet;

use super::{Ec2, filter, incomplete, sorted};
use crate::error::{AwsError, failed, unread};

const GROUPS: &str = "ec2:DescribeSecurityGroups";
const PREFIX_LIST: &str = "ec2:GetManagedPrefixListEntries";
const ACLS: &str = "ec2:DescribeNetworkAcls";

/// The ranges of prefix lists, by their ids, where they could be read.
type PrefixLists = BTreeMap<String, Read<Vec<IpNet>>>;

impl Ec2 {
    /// Security groups by their ids, all pages, with the ranges of the prefix lists that their rules name; sorted by
    /// id. An id that does not exist is missing in what is returned: it is a filter, because a call with unknown ids
    /// fails as a whole. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html>
    ///
    /// # Errors
    /// [`AwsError`], also for a rule that is not whole. A prefix list that could not be read says so in its rules.
    pub async fn security_groups(&self, ids: &[String]) -> Result<Vec<SecurityGroup>, AwsError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let subject = ids.join(", ");
        let by_id = Filter::builder().name("group-id").set_values(Some(ids.to_vec())).build();
        let pages = self.client.describe_security_groups().filters(by_id).into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(GROUPS, &subject))?;
        let prefix_lists = self.prefix_lists(&items).await;
        let groups: Option<Vec<SecurityGroup>> = items.iter().map(|item| group(item, &prefix_lists)).collect();
        let mut groups = groups.ok_or_else(|| incomplete(GROUPS, &subject))?;
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(groups)
    }

    /// The prefix lists that rules name, each read once.
    async fn prefix_lists(&self, groups: &[types::SecurityGroup]) -> PrefixLists {
        let rules = groups.iter().flat_map(types::SecurityGroup::ip_permissions);
        let named = rules.flat_map(IpPermission::prefix_list_ids).filter_map(|list| list.prefix_list_id());
        let ids: BTreeSet<&str> = named.collect();
        let lists = ids.into_iter().map(|id| async move {
            let ranges = self.prefix_list(id).await;
            (id.to_owned(), ranges.map_err(|error| unread(&error)))
        });
        join_all(lists).await.into_iter().collect()
    }

    /// The ranges of a prefix list of the customer's or of AWS, all pages.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html>
    async fn prefix_list(&self, id: &str) -> Result<Vec<IpNet>, AwsError> {
        let request = self.client.get_managed_prefix_list_entries().prefix_list_id(id);
        let items = request.into_paginator().items().send().try_collect().await.map_err(failed(PREFIX_LIST, id))?;
        let ranges: Option<Vec<IpNet>> = items.iter().map(|item| item.cidr()?.parse().ok()).collect();
        ranges.ok_or_else(|| incomplete(PREFIX_LIST, id))
    }

    /// The network ACLs of a VPC, all pages, sorted by id.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkAcls.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an entry that is not whole.
    pub async fn network_acls(&self, vpc_id: &str) -> Result<Vec<NetworkAcl>, AwsError> {
        let request = self.client.describe_network_acls().filters(filter("vpc-id", vpc_id));
        let items = request.into_paginator().items().send().try_collect().await.map_err(failed(ACLS, vpc_id))?;
        let acls: Option<Vec<NetworkAcl>> = items.iter().map(acl).collect();
        let mut acls = acls.ok_or_else(|| incomplete(ACLS, vpc_id))?;
        acls.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(acls)
    }
}

fn group(item: &types::SecurityGroup, prefix_lists: &PrefixLists) -> Option<SecurityGroup> {
    let mut ingress = Vec::new();
    for rule in item.ip_permissions() {
        let protocol = rule.ip_protocol()?.to_ascii_lowercase();
        let ports = ports(&protocol, || rule.from_port().zip(rule.to_port()))?;
        let sources = sources(rule, prefix_lists)?;
        ingress.extend(sources.into_iter().map(|source| IngressRule { protocol: protocol.clone(), ports, source }));
    }
    Some(SecurityGroup { id: item.group_id()?.to_owned(), vpc_id: item.vpc_id()?.to_owned(), ingress })
}

fn sources(rule: &IpPermission, prefix_lists: &PrefixLists) -> Option<Vec<Source>> {
    let v4 = rule.ip_ranges().iter().map(|range| range.cidr_ip());
    let v6 = rule.ipv6_ranges().iter().map(|range| range.cidr_ipv6());
    let ranges = v4.chain(v6).map(|text| Some(Source::Range(text?.parse().ok()?)));
    let groups = rule.user_id_group_pairs().iter().map(|pair| Some(Source::Group(pair.group_id()?.to_owned())));
    let lists = rule.prefix_list_ids().iter().map(|list| {
        let id = list.prefix_list_id()?;
        Some(Source::PrefixList(id.to_owned(), prefix_lists.get(id)?.clone()))
    });
    ranges.chain(groups).chain(lists).collect()
}

fn acl(item: &types::NetworkAcl) -> Option<NetworkAcl> {
    let subnets = item.associations().iter().map(|association| association.subnet_id().map(str::to_owned));
    let entries: Option<Vec<AclEntry>> = item.entries().iter().map(entry).collect();
    let mut entries = entries?;
    entries.sort_by_key(|entry| (entry.is_egress, entry.number));
    Some(NetworkAcl {
        id: item.network_acl_id()?.to_owned(),
        subnet_ids: sorted(subnets.collect::<Option<Vec<_>>>()?),
        entries,
    })
}

fn entry(item: &NetworkAclEntry) -> Option<AclEntry> {
    let protocol = item.protocol()?.to_ascii_lowercase();
    let text = item.cidr_block().or_else(|| item.ipv6_cidr_block())?;
    let range = || item.port_range().and_then(|range| range.from().zip(range.to()));
    Some(AclEntry {
        number: u32::try_from(item.rule_number()?).ok()?,
        is_egress: item.egress()?,
        allows: item.rule_action()?.as_str().eq_ignore_ascii_case("allow"),
        ports: ports(&protocol, range)?,
        protocol,
        cidr: text.parse().ok()?,
    })
}

/// First and last port, which only TCP and UDP have: for ICMP, EC2 gives a type and a code in their place. `None` for a
/// rule that has to say and does not.
fn ports(protocol: &str, range: impl FnOnce() -> Option<(i32, i32)>) -> Option<Option<(u16, u16)>> {
    if !matches!(protocol, "tcp" | "6" | "udp" | "17") {
        return Some(None);
    }
    match range()? {
        (-1, _) => Some(None),
        (from, to) => Some(Some((u16::try_from(from).ok()?, u16::try_from(to).ok()?))),
    }
}
