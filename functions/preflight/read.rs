//! Reads everything that the checks need, at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use checks::facts::{
    EmailIdentity, Facts, FirewallRule, PrivateZone, Read, Records, SecurityGroup, TdpEndpoint, Unread, Vpc,
};
use checks::wanted::{Made, Wanted};
use futures::future::try_join_all;
use futures::join;
use futures::stream::{StreamExt, TryStreamExt, iter};
use planner::current::pointed_at;
use planner::endpoint::{Endpoint, State, choose};
use planner::name::Name;
use planner::report::Mode;
use tokio::time::timeout;

use super::assemble::FoundProfile;
use super::event::Request;
use super::resolve::resolve;
use super::{Preflight, assemble, read};
use crate::aws::ec2::{InVpc, TdpFound, interfaces_missing};
use crate::aws::route53::{ListedZone, VpcZone};
use crate::error::AwsError;
use crate::settings::OnLoss;

/// As many zones are read at once: Route 53 takes ten requests a second after a burst of fifty.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
const ZONES_AT_ONCE: usize = 8;
/// Well within the time that the function has.
const FIREWALL: Duration = Duration::from_secs(75);

impl Preflight {
    /// The request, filled up from the settings. Without a VPC, the one with an endpoint to the service is taken, if
    /// there is exactly one.
    ///
    /// The second value is why the VPC could not be found out.
    pub(super) async fn wanted(&self, request: Request, made: Made) -> (Wanted, Read<()>) {
        let config = self.config.clone();
        let named = request.vpc_id.or(config.vpc_id);
        let (vpc_id, candidates, read) = match named {
            Some(vpc_id) => (vpc_id, Vec::new(), Ok(())),
            None => self.vpc_with_endpoint().await,
        };
        let contacts = if request.contacts.is_empty() { config.contacts } else { request.contacts };
        let wanted = Wanted {
            service_name: config.service_name,
            region: config.region,
            platform_host: config.platform_host,
            catalog: config.catalog,
            routes: config.routes,
            adopts: config.adopts,
            owner_id: config.owner_id,
            former_owners: config.former_owners,
            withdraws_on_loss: config.on_loss == OnLoss::Withdraw,
            withdraws: config.mode == Mode::Withdraw,
            made,
            architecture: std::env::consts::ARCH.to_owned(),
            vpc_id,
            candidates,
            subnet_ids: request.subnet_ids,
            security_group_ids: request.security_group_ids,
            users: request.users.or(config.users),
            email_domain: request
                .email_domain
                .and_then(|text| super::config::plain_host(&text))
                .or(config.email_domain),
            domain_confirmed: request.domain_confirmed.or(config.domain_confirmed),
            contacts,
        };
        (wanted, read)
    }

    async fn vpc_with_endpoint(&self) -> (String, Vec<String>, Read<()>) {
        let found = match read(self.ec2.endpoints(&self.config.service_name, &BTreeSet::new(), None).await) {
            Ok(found) => found,
            Err(why) => return (String::new(), Vec::new(), Err(why)),
        };
        let usable = found.into_iter().filter(|endpoint| !endpoint.state.is_lost());
        let mut vpcs: Vec<String> = usable.map(|endpoint| endpoint.vpc_id).collect();
        vpcs.sort();
        vpcs.dedup();
        match vpcs.as_slice() {
            [only] => (only.clone(), Vec::new(), Ok(())),
            _ => (String::new(), vpcs, Ok(())),
        }
    }

    /// Everything about the VPC. The reads do not wait for each other, but where one needs what another found.
    pub(super) async fn facts(&self, wanted: &Wanted, account: String) -> Facts {
        let vpc_id = wanted.vpc_id.as_str();
        let of_vpc = async { join!(self.vpc(vpc_id), self.ec2.dns_support(vpc_id), self.ec2.dns_hostnames(vpc_id)) };
        let network =
            async { join!(self.ec2.subnets(vpc_id), self.ec2.network_acls(vpc_id), self.quotas.interface_endpoints()) };
        let service = async { join!(self.ec2.service(&wanted.service_name), self.ec2.zone_ids()) };
        let zones = async { join!(self.route53.zones(), self.route53.zones_on_vpc(vpc_id), self.profiles(vpc_id)) };
        let rules = async { join!(self.resolver.rules(), self.resolver.associated_rule_ids(vpc_id)) };
        let resolver = async { join!(rules, self.firewall_rules(vpc_id), self.resolver.inbound_endpoints(vpc_id)) };
        let (of_vpc, network, service, zones, resolver, endpoints, email) =
            join!(of_vpc, network, service, zones, resolver, self.endpoints(wanted, None), self.identity(wanted));

        let ((vpc, dns_servers), dns_support, dns_hostnames) = of_vpc;
        let (subnets, network_acls, endpoint_quota) = network;
        let (all_zones, on_vpc, profiles) = zones;
        let ((rules, rule_ids), firewall_rules, inbound_endpoints) = resolver;
        let (all_zones, rules) = (read(all_zones), read(rules));
        let (private_zones, records) = self.zones(wanted, &account, all_zones.as_ref(), read(on_vpc)).await;
        let (all_endpoints, tdp_endpoint, security_groups) = match followed(wanted, &records, &endpoints.1) {
            Some(id) => self.endpoints(wanted, Some(&id)).await,
            None => endpoints,
        };
        let (endpoints, counted_endpoints) = match all_endpoints {
            Ok((all, counted)) => (Ok(all), Ok(counted)),
            Err(why) => (Err(why.clone()), Err(why)),
        };
        Facts {
            account,
            vpc,
            dns_support: read(dns_support),
            dns_hostnames: read(dns_hostnames),
            dns_servers,
            subnets: read(subnets),
            service: assemble::service(service.0, service.1),
            endpoints,
            counted_endpoints,
            tdp_endpoint,
            endpoint_quota: read(endpoint_quota),
            security_groups,
            network_acls: read(network_acls),
            private_zones,
            records,
            profiles: assemble::profiles(profiles, all_zones.as_ref(), rules.as_ref()),
            resolver_rules: assemble::associated(rules.as_ref(), rule_ids),
            firewall_rules,
            inbound_endpoints: read(inbound_endpoints),
            email_identity: read(email),
        }
    }

    /// The VPC, and the DNS servers that its DHCP options give.
    async fn vpc(&self, vpc_id: &str) -> (Read<Option<Vpc>>, Read<Vec<String>>) {
        match read(self.ec2.vpc(vpc_id).await) {
            Ok(Some((vpc, options))) => {
                let servers = match options {
                    Some(id) => read(self.ec2.dns_servers(&id).await),
                    None => Ok(Vec::new()),
                };
                (Ok(Some(vpc)), servers)
            }
            Ok(None) => (Ok(None), Ok(Vec::new())),
            Err(why) => (Err(why.clone()), Err(why)),
        }
    }

    /// Each Profile of the VPC, with the ARN of each resource in it.
    async fn profiles(&self, vpc_id: &str) -> Result<Vec<FoundProfile>, AwsError> {
        let found = self.profiles.profiles(vpc_id).await?;
        let with_resources = found.into_iter().map(|(id, name)| async move {
            let resources = self.profiles.resources(&id).await?;
            Ok((id, name, resources))
        });
        try_join_all(with_resources).await
    }

    /// The zones on the VPC, and what is at our hosts in them. Records are read of zones of this account only, and only
    /// where they can matter.
    async fn zones(
        &self,
        wanted: &Wanted,
        account: &str,
        all: Result<&Vec<ListedZone>, &Unread>,
        on_vpc: Read<Vec<VpcZone>>,
    ) -> (Read<Vec<PrivateZone>>, Read<Records>) {
        let (all, on_vpc) = match (all, on_vpc) {
            (Ok(all), Ok(on_vpc)) => (all, on_vpc),
            (Err(why), _) => return (Err(why.clone()), Err(why.clone())),
            (_, Err(why)) => return (Err(why.clone()), Err(why)),
        };
        let zones = wanted.zones();
        let is_seen = |id: &str| on_vpc.iter().any(|zone| zone.id == id && !zone.of_service);
        let matters = |zone: &&ListedZone| {
            let is_needed = zones.iter().any(|name| zone.name.is_within(name));
            assemble::is_ours(wanted, zone) || (is_needed && is_seen(&zone.id))
        };
        let ids: Vec<String> = all.iter().filter(matters).map(|zone| zone.id.clone()).collect();
        let lists = ids.into_iter().map(|id| async move { Ok((id.clone(), read(self.route53.records(&id).await)?)) });
        let records: Read<BTreeMap<_, _>> = iter(lists).buffer_unordered(ZONES_AT_ONCE).try_collect().await;
        let records = match records {
            Ok(records) => records,
            Err(why) => return (Err(why.clone()), Err(why)),
        };
        let read = assemble::read_zones(all, &on_vpc, records);
        let zones = assemble::private_zones(wanted, account, all, on_vpc, &read);
        let records = assemble::records(wanted, &zones, &read);
        (Ok(zones), Ok(records))
    }

    /// Long lists of many groups, at Resolver's few requests a second, must not take the other checks with them.
    async fn firewall_rules(&self, vpc_id: &str) -> Read<Vec<FirewallRule>> {
        match timeout(FIREWALL, self.resolver.firewall_rules(vpc_id)).await {
            Ok(found) => read(found),
            Err(_) => {
                let action = "route53resolver:ListFirewallRules";
                let message = format!("{action} for {vpc_id} and what follows took more than {} s", FIREWALL.as_secs());
                Err(Unread { action, is_denied: false, message })
            }
        }
    }

    /// The SES identity of the e-mail domain, or of the closest domain above it, whose verification it has then too.
    /// <https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>
    async fn identity(&self, wanted: &Wanted) -> Result<Option<EmailIdentity>, AwsError> {
        let mut next = wanted.own_email_domain().cloned();
        while let Some(domain) = next.filter(|name| name.as_str().contains('.')) {
            if let Some(found) = self.ses.identity(domain.as_str()).await? {
                return Ok(Some(found));
            }
            next = domain.parent();
        }
        Ok(None)
    }

    /// Every endpoint in the VPC; the one to the TDP service with its addresses and what its name resolves to; and the
    /// security groups that it has, or is to have.
    async fn endpoints(&self, wanted: &Wanted, followed: Option<&str>) -> Endpoints {
        let found = match read(self.ec2.vpc_endpoints(&wanted.vpc_id, &wanted.service_name).await) {
            Ok(found) => found,
            Err(why) => {
                let groups = self.ec2.security_groups(&wanted.security_group_ids).await;
                return (Err(why.clone()), Err(why), read(groups));
            }
        };
        let InVpc { all, counted, tdp } = found;
        let (chosen, others) = match chosen(tdp, followed, &self.config.pinned) {
            Some((chosen, others)) => (Some(chosen), others),
            None => (None, Vec::new()),
        };
        let ids = chosen.as_ref().map_or(&wanted.security_group_ids, |found| &found.security_group_ids);
        let endpoint = async {
            let found = chosen.as_ref()?;
            let one = [&found.endpoint];
            let (addresses, resolved) = join!(self.ec2.addresses(&one), self.resolved(&found.endpoint));
            let id = &found.endpoint.id;
            let addresses = addresses.and_then(|mut by_id| by_id.remove(id).ok_or_else(|| interfaces_missing(id)));
            Some((read(addresses), resolved))
        };
        let (read_of_endpoint, groups) = join!(endpoint, self.ec2.security_groups(ids));
        let tdp_endpoint = chosen.zip(read_of_endpoint).map(|(found, (addresses, resolved))| TdpEndpoint {
            endpoint: found.endpoint,
            subnet_ids: found.subnet_ids,
            security_group_ids: found.security_group_ids,
            others,
            addresses,
            resolved,
        });
        (Ok((all, counted)), Ok(tdp_endpoint), read(groups))
    }

    /// What the endpoint's regional name resolves to, once it is available.
    async fn resolved(&self, endpoint: &Endpoint) -> Read<Vec<IpAddr>> {
        match endpoint.regional().filter(|_| endpoint.state == State::Available) {
            Some(entry) => resolve(&entry.name, self.config.resolver).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Every endpoint and how many count towards the quota; the one to the TDP service; security groups.
type Endpoints = (Read<(Vec<Endpoint>, usize)>, Read<Option<TdpEndpoint>>, Read<Vec<SecurityGroup>>);

/// The endpoint that records would point at, and the ids of the others. Those that are deleted count no more.
fn chosen(found: Vec<TdpFound>, followed: Option<&str>, pinned: &BTreeSet<String>) -> Option<(TdpFound, Vec<String>)> {
    let is_gone = |found: &TdpFound| matches!(found.endpoint.state, State::Deleting | State::Deleted);
    let mut found: Vec<TdpFound> = found.into_iter().filter(|one| !is_gone(one)).collect();
    let endpoints: Vec<Endpoint> = found.iter().map(|one| one.endpoint.clone()).collect();
    let id = choose(&endpoints, followed, pinned)?.id.clone();
    let at = found.iter().position(|one| one.endpoint.id == id)?;
    let chosen = found.remove(at);
    Some((chosen, found.into_iter().map(|one| one.endpoint.id).collect()))
}

/// The endpoint that our records lead to, when the VPC has several and another one was looked at first: whose the records
/// are is known only after both were read.
fn followed(wanted: &Wanted, records: &Read<Records>, found: &Read<Option<TdpEndpoint>>) -> Option<String> {
    let (records, found) = (records.as_ref().ok()?, found.as_ref().ok()?.as_ref()?);
    let is_one = |id: &str| id == found.endpoint.id || found.others.iter().any(|other| other == id);
    let counts = |name: &Name, id: &str| !wanted.routes.held.contains(name) && is_one(id);
    pointed_at(&records.ours, counts).filter(|id| *id != found.endpoint.id)
}
