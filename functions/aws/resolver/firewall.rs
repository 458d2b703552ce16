//! DNS Firewall: the rules on a VPC, with the domains that they are about.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53resolver::types::{self, FirewallRuleGroupAssociationStatus};
use checks::facts::{FirewallDomains, FirewallRule};
use futures::future::{join_all, try_join_all};
use planner::name::Name;

use super::{PAGE, Resolver, incomplete};
use crate::error::{AwsError, failed, unread};

const ASSOCIATIONS: &str = "route53resolver:ListFirewallRuleGroupAssociations";
const RULES: &str = "route53resolver:ListFirewallRules";
const LIST: &str = "route53resolver:GetFirewallDomainList";
const DOMAINS: &str = "route53resolver:ListFirewallDomains";

/// The most that the API gives in one page of domains.
const DOMAINS_PAGE: i32 = 5000;

/// The state of a rule that is on its way out.
const DELETING: &str = "DELETING";

/// A rule group on a VPC.
struct Group {
    priority: i32,
    id: String,
    name: String,
}

/// A rule before the domains of its list are known; without a list, AWS judges the query itself.
struct Bare {
    priority: i32,
    list_id: Option<String>,
    rule: FirewallRule,
}

impl Resolver {
    /// The rules of every rule group that is associated with a VPC, in the order in which DNS Firewall looks at them:
    /// by the priority of the group, then by that of the rule. A domain list is read once, and one that could not be
    /// read says so in its rules.
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-groups.html>
    ///
    /// # Errors
    /// [`AwsError`] when the groups or their rules could not be read, also for one that is not whole.
    pub async fn firewall_rules(&self, vpc_id: &str) -> Result<Vec<FirewallRule>, AwsError> {
        let groups = self.groups(vpc_id).await?;
        let rules = try_join_all(groups.iter().map(|group| self.group_rules(group))).await?;
        let rules: Vec<Bare> = rules.into_iter().flatten().collect();
        let ids: BTreeSet<&str> = rules.iter().filter_map(|bare| bare.list_id.as_deref()).collect();
        let lists = ids.into_iter().map(|id| async move { (id.to_owned(), self.domains(id).await) });
        let lists: BTreeMap<String, FirewallDomains> = join_all(lists).await.into_iter().collect();
        let whole = |bare: Bare| {
            let domains = bare.list_id.and_then(|id| lists.get(&id).cloned());
            FirewallRule { domains: domains.unwrap_or(FirewallDomains::Advanced), ..bare.rule }
        };
        Ok(rules.into_iter().map(whole).collect())
    }

    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallRuleGroupAssociations.html>
    async fn groups(&self, vpc_id: &str) -> Result<Vec<Group>, AwsError> {
        let _turn = self.turn().await;
        let request = self.client.list_firewall_rule_group_associations().vpc_id(vpc_id).max_results(PAGE);
        let items = request.into_paginator().items().send().try_collect().await;
        let items = items.map_err(failed(ASSOCIATIONS, vpc_id))?;
        let mut groups = Vec::with_capacity(items.len());
        for item in &items {
            let status = item.status().ok_or_else(|| incomplete(ASSOCIATIONS, vpc_id))?;
            if *status != FirewallRuleGroupAssociationStatus::Deleting {
                groups.push(group(item).ok_or_else(|| incomplete(ASSOCIATIONS, vpc_id))?);
            }
        }
        groups.sort_by_key(|group| group.priority);
        Ok(groups)
    }

    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallRules.html>
    async fn group_rules(&self, group: &Group) -> Result<Vec<Bare>, AwsError> {
        let _turn = self.turn().await;
        let request = self.client.list_firewall_rules().firewall_rule_group_id(&group.id).max_results(PAGE);
        let items = request.into_paginator().items().send().try_collect().await.map_err(failed(RULES, &group.id))?;
        let is_looked_at = |item: &&types::FirewallRule| item.status() != Some(DELETING);
        let rules: Option<Vec<Bare>> = items.iter().filter(is_looked_at).map(|item| bare(item, group)).collect();
        let mut rules = rules.ok_or_else(|| incomplete(RULES, &group.id))?;
        rules.sort_by_key(|bare| bare.priority);
        Ok(rules)
    }

    async fn domains(&self, list_id: &str) -> FirewallDomains {
        match self.list(list_id).await {
            Ok(domains) => domains,
            Err(error) => FirewallDomains::Unread(list_id.to_owned(), unread(&error)),
        }
    }

    /// A domain list, all pages. Those that AWS manages do not show what is in them.
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html>
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_GetFirewallDomainList.html>
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallDomains.html>
    async fn list(&self, list_id: &str) -> Result<FirewallDomains, AwsError> {
        let _turn = self.turn().await;
        let request = self.client.get_firewall_domain_list().firewall_domain_list_id(list_id);
        let answer = request.send().await.map_err(failed(LIST, list_id))?;
        let list = answer.firewall_domain_list().ok_or_else(|| incomplete(LIST, list_id))?;
        if list.managed_owner_name().is_some_and(|owner| !owner.is_empty()) {
            return Ok(FirewallDomains::Managed(list.name().unwrap_or(list_id).to_owned()));
        }
        let request = self.client.list_firewall_domains().firewall_domain_list_id(list_id).max_results(DOMAINS_PAGE);
        let pages = request.into_paginator().items().send();
        let domains: Vec<String> = pages.try_collect().await.map_err(failed(DOMAINS, list_id))?;
        // The API ends each with a dot.
        let domains = domains.iter().map(|domain| Name::from_wire(domain).as_str().to_owned()).collect();
        Ok(FirewallDomains::Listed(list_id.to_owned(), domains))
    }
}

fn group(item: &types::FirewallRuleGroupAssociation) -> Option<Group> {
    Some(Group {
        priority: item.priority()?,
        id: item.firewall_rule_group_id()?.to_owned(),
        name: item.name().unwrap_or_default().to_owned(),
    })
}

fn bare(item: &types::FirewallRule, group: &Group) -> Option<Bare> {
    let list_id = item.firewall_domain_list_id().filter(|id| !id.is_empty()).map(str::to_owned);
    let is_advanced = item.firewall_threat_protection_id().is_some()
        || item.dns_threat_protection().is_some()
        || item.firewall_rule_type().is_some();
    if list_id.is_none() && !is_advanced {
        return None;
    }
    Some(Bare {
        priority: item.priority()?,
        list_id,
        rule: FirewallRule {
            group_id: group.id.clone(),
            group_name: group.name.clone(),
            name: item.name().unwrap_or_default().to_owned(),
            action: item.action()?.as_str().to_ascii_uppercase(),
            qtype: item.qtype().filter(|qtype| !qtype.is_empty()).map(str::to_owned),
            domains: FirewallDomains::Advanced,
        },
    })
}
