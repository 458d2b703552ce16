//! What TetraScience asks for, step 1 of the procedure.
//! <https://developers.tetrascience.com/docs/aws-privatelink-connections>

use std::collections::BTreeMap;

use planner::endpoint::State;
use planner::name::Name;
use serde::Serialize;

use crate::facts::{EmailIdentity, Facts};
use crate::wanted::{Users, Wanted};

/// The connection details, to be sent to the customer success manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    pub account_id: String,
    pub region: String,
    pub vpc_id: String,
    pub service_name: String,
    pub platform_host: Name,
    /// The zones of the chosen subnets, or of all subnets while none is chosen.
    pub availability_zones: Vec<Zone>,
    /// Whether the subnets of the endpoint are chosen; otherwise all of the VPC are listed.
    pub subnets_are_chosen: bool,
    pub users: Option<Users>,
    pub email: Option<Email>,
    pub domain_confirmed: Option<bool>,
    pub endpoint: Option<EndpointDetails>,
    /// Whether the endpoints could be read: without, that there is none is not known.
    pub endpoint_is_known: bool,
    /// Whether this account sees the service; `None` when that could not be read.
    pub service_is_visible: Option<bool>,
    /// Whether TetraScience has told the service's name.
    pub service_is_told: bool,
    pub contacts: Vec<String>,
}

/// An Availability Zone, by the id that means the same in every account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    pub az_id: String,
    pub subnet_ids: Vec<String>,
    /// Whether the service is in that zone too; `None` when that is not known.
    pub is_shared: Option<bool>,
}

/// The domain that e-mail of the platform should come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    pub domain: Name,
    /// `verified`, `not verified`, `no identity`, `not checked`, or `not needed` for a domain of TetraScience.
    pub status: &'static str,
    pub dkim_status: Option<String>,
    /// CNAME records for the domain's public DNS.
    pub dkim_records: Vec<Cname>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cname {
    pub name: String,
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointDetails {
    pub id: String,
    pub state: String,
    pub primary_dns_name: Option<Name>,
}

/// Collects the details; what could not be read is left out.
pub fn details(facts: &Facts, wanted: &Wanted) -> Details {
    let endpoint = facts.tdp_endpoint.as_ref().ok().and_then(Option::as_ref);
    let chosen = endpoint.map_or(&wanted.subnet_ids, |found| &found.subnet_ids);
    let mut zones: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for subnet in facts.subnets.iter().flatten().filter(|subnet| chosen.is_empty() || chosen.contains(&subnet.id)) {
        zones.entry(&subnet.az_id).or_default().push(subnet.id.clone());
    }
    let service = facts.service.as_ref().ok().and_then(Option::as_ref);
    let is_shared = |az_id: &str| service.map(|service| service.az_ids.iter().any(|id| id == az_id));
    let zone =
        |(az_id, subnet_ids): (&str, _)| Zone { az_id: az_id.to_owned(), is_shared: is_shared(az_id), subnet_ids };
    let mut zones: Vec<Zone> = zones.into_iter().map(zone).collect();
    zones.sort_by_key(|zone| zone.is_shared == Some(false));
    let endpoint = endpoint.map(|found| &found.endpoint);
    Details {
        account_id: facts.account.clone(),
        region: wanted.region.clone(),
        vpc_id: wanted.vpc_id.clone(),
        service_name: wanted.service_name.clone(),
        platform_host: wanted.platform_host.clone(),
        availability_zones: zones,
        subnets_are_chosen: !chosen.is_empty(),
        users: wanted.users,
        email: wanted.email_domain.as_ref().map(|domain| email(domain, facts, wanted)),
        domain_confirmed: wanted.domain_confirmed,
        endpoint: endpoint.map(|endpoint| EndpointDetails {
            id: endpoint.id.clone(),
            state: endpoint.state.as_str().to_owned(),
            primary_dns_name: endpoint
                .regional()
                .filter(|_| endpoint.state == State::Available)
                .map(|e| e.name.clone()),
        }),
        endpoint_is_known: facts.tdp_endpoint.is_ok(),
        service_is_visible: facts.service.as_ref().ok().map(Option::is_some),
        service_is_told: !wanted.has_placeholder(),
        contacts: wanted.contacts.clone(),
    }
}

fn email(domain: &Name, facts: &Facts, wanted: &Wanted) -> Email {
    let identity: Option<&EmailIdentity> = facts.email_identity.as_ref().ok().and_then(Option::as_ref);
    let status = match (&facts.email_identity, identity) {
        _ if wanted.own_email_domain().is_none() => "not needed",
        (Err(_), _) => "not checked",
        (Ok(_), None) => "no identity",
        (Ok(_), Some(identity)) if identity.is_verified => "verified",
        (Ok(_), Some(_)) => "not verified",
    };
    Email {
        domain: domain.clone(),
        status,
        dkim_status: identity.map(|identity| identity.dkim_status.clone()),
        dkim_records: identity.iter().flat_map(|identity| &identity.dkim_records).map(cname).collect(),
    }
}

fn cname((name, target): &(String, String)) -> Cname {
    Cname { name: name.clone(), target: target.clone() }
}
