//! The reviewed list of hosts: `catalog.json`, compiled in.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::name::{Name, NameError};
use crate::partition::{dns_suffix, is_of_whole_region, service_names};

const CATALOG: &str = include_str!("../catalog.json");

/// The values that the catalog's placeholders stand for, and which rows apply.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub platform_host: Name,
    /// AWS Region, for example `us-east-1`.
    pub region: String,
    pub components: BTreeSet<String>,
    /// `{infra}-{env}`; needed by `agent-s3-direct`.
    pub bucket_prefix: Option<String>,
}

/// One host of the catalog with its placeholders filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// May hold a star inside a label (`ecs-a-*`), which is no DNS wildcard.
    pub host: String,
    /// `tdp`, or `aws:<service>`.
    pub via: String,
    /// The names of that AWS service as an endpoint service; empty for `tdp`.
    pub service_names: Vec<String>,
}

/// A name that is not needed by itself: a private zone for `beside` would take it from the VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    pub host: Name,
    pub beside: Name,
    pub service_names: Vec<String>,
}

/// A zone that is never made, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverZone {
    pub zone: Name,
    pub why: String,
}

/// The catalog's words do not parse. A defect of the build, found by the catalog's own test.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the host catalog is not valid")]
    Json(#[source] serde_json::Error),
    #[error("the host catalog has '{host}', which cannot be a record")]
    Name {
        host: String,
        #[source]
        source: NameError,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalog {
    never_zones: Vec<NeverRow>,
    hosts: Vec<HostRow>,
    beside: Vec<BesideRow>,
}

#[derive(Deserialize)]
struct NeverRow {
    zone: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostRow {
    host: String,
    only: Option<String>,
    components: Vec<String>,
    via: String,
    service_region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BesideRow {
    host: String,
    beside: String,
    via: String,
    service_region: Option<String>,
}

impl Deployment {
    fn fill(&self, text: &str) -> Option<String> {
        let bucket = self.bucket_prefix.as_deref();
        if text.contains("{bucket}") && bucket.is_none() {
            return None;
        }
        Some(
            text.replace("{platform}", self.platform_host.as_str())
                .replace("{region}", &self.region)
                .replace("{suffix}", dns_suffix(&self.region))
                .replace("{bucket}", bucket.unwrap_or_default()),
        )
    }

    fn service_names(&self, via: &str, region: Option<&str>) -> Vec<String> {
        let service = via.strip_prefix("aws:");
        service.map(|service| service_names(region.unwrap_or(&self.region), service)).unwrap_or_default()
    }
}

/// The catalog as it applies to one deployment.
#[derive(Clone, Debug)]
pub struct Applied {
    pub hosts: Vec<Host>,
    pub beside: Vec<Beside>,
    pub never_zones: Vec<NeverZone>,
}

impl Applied {
    /// The hosts served at the TDP endpoint itself.
    ///
    /// # Errors
    /// [`CatalogError::Name`] for a row that cannot be a record.
    pub fn tdp_hosts(&self) -> Result<BTreeSet<Name>, CatalogError> {
        self.hosts
            .iter()
            .filter(|host| host.via == "tdp")
            .map(|host| Name::host(&host.host).map_err(|source| CatalogError::Name { host: host.host.clone(), source }))
            .collect()
    }

    /// Why a zone for `zone` must never be made; `None` when it may.
    pub fn never(&self, zone: &Name) -> Option<&str> {
        let listed = self.never_zones.iter().find(|never| never.zone.is_within(zone));
        listed.map(|never| never.why.as_str()).or_else(|| is_of_whole_region(zone).then_some(OF_A_REGION))
    }
}

const OF_A_REGION: &str = "it would hide every AWS service of a Region";

/// Fills in the catalog for a deployment.
///
/// # Errors
/// [`CatalogError`] when the compiled-in catalog is broken.
pub fn apply(deployment: &Deployment) -> Result<Applied, CatalogError> {
    let catalog: Catalog = serde_json::from_str(CATALOG).map_err(CatalogError::Json)?;
    let wanted = |row: &HostRow| {
        row.components.iter().any(|component| deployment.components.contains(component))
            && row.only.as_deref().is_none_or(|only| only == deployment.platform_host.as_str())
    };
    let hosts = catalog
        .hosts
        .iter()
        .filter(|row| wanted(row))
        .filter_map(|row| {
            let service_names = deployment.service_names(&row.via, row.service_region.as_deref());
            deployment.fill(&row.host).map(|host| Host { host, via: row.via.clone(), service_names })
        })
        .collect();
    let beside = catalog
        .beside
        .iter()
        .filter_map(|row| {
            let service_names = deployment.service_names(&row.via, row.service_region.as_deref());
            let (host, beside) = (deployment.fill(&row.host)?, deployment.fill(&row.beside)?);
            Some(Beside { host: Name::from_wire(&host), beside: Name::from_wire(&beside), service_names })
        })
        .collect();
    let never_zones = catalog
        .never_zones
        .into_iter()
        .filter_map(|row| {
            deployment.fill(&row.zone).map(|zone| NeverZone { zone: Name::from_wire(&zone), why: row.why })
        })
        .collect();
    Ok(Applied { hosts, beside, never_zones })
}
