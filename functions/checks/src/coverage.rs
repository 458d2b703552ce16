//! Which host is served by whom, in this VPC.

use planner::name::Name;
use serde::Serialize;

use crate::facts::{Facts, PrivateZone, Unread, VpcEndpoint};
use crate::finding::Finding;
use crate::wanted::Wanted;

/// Who serves a host, to clients of the VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Our record, at the TDP endpoint.
    OurZone,
    /// Something of others keeps the name from the endpoint: a blocker says what.
    Contested,
    /// Private DNS of the TDP endpoint.
    TdpPrivateDns,
    /// Private DNS of an AWS service's interface endpoint.
    AwsEndpoint,
    /// A private zone of others on the VPC, such as one for a central endpoint. What is in it is not looked into.
    OtherZone,
    /// A gateway endpoint, by the route tables of the VPC. Clients outside the VPC cannot use it.
    GatewayEndpoint,
    /// The public internet.
    Internet,
}

/// One host of the components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// May hold a star inside a label, such as `ecs-a-*`, which is no DNS wildcard.
    pub host: String,
    pub via: Via,
    /// The endpoint, or the zone, that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// The AWS service whose endpoint would serve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_service: Option<String>,
}

/// The coverage table, in the order of the catalog, extra hosts last. `findings` say which hosts something of others
/// keeps from the endpoint.
///
/// # Errors
/// The endpoints of the VPC could not be read.
pub fn coverage<'a>(facts: &'a Facts, wanted: &Wanted, findings: &[Finding]) -> Result<Vec<Row>, &'a Unread> {
    let mut rows = Vec::new();
    for host in &wanted.catalog.hosts {
        rows.push(match host.via.strip_prefix("aws:") {
            Some(service) => aws(facts, wanted, &host.host, service)?,
            None => tdp(facts, &host.host)?,
        });
    }
    for host in &wanted.hosts {
        if !rows.iter().any(|row| row.host == host.as_str()) {
            rows.push(tdp(facts, host.as_str())?);
        }
    }
    for row in rows.iter_mut().filter(|row| matches!(row.via, Via::OurZone | Via::TdpPrivateDns)) {
        if findings.iter().any(|finding| finding.hosts.contains(&row.host)) {
            row.via = Via::Contested;
            row.served_by = None;
        }
    }
    Ok(rows)
}

fn tdp<'a>(facts: &'a Facts, host: &str) -> Result<Row, &'a Unread> {
    let endpoint = facts.tdp_endpoint.as_ref()?.as_ref().map(|found| &found.endpoint);
    let by_private_dns = endpoint.filter(|endpoint| endpoint.private_dns_covers(&Name::from_wire(host)));
    Ok(Row {
        host: host.to_owned(),
        via: if by_private_dns.is_some() { Via::TdpPrivateDns } else { Via::OurZone },
        served_by: endpoint.map(|endpoint| endpoint.id.clone()),
        aws_service: None,
    })
}

/// An interface endpoint serves the names that EC2 lists for its private DNS, and no others: not those of another Region,
/// and not the global name `<bucket>.s3.amazonaws.com`. A pattern such as `ecs-a-*` is no name, so there the service
/// counts. <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
fn aws<'a>(facts: &'a Facts, wanted: &Wanted, host: &str, service: &str) -> Result<Row, &'a Unread> {
    let region = if is_of_registry(host) { REGISTRY_REGION } else { &wanted.region };
    let service_name = format!("com.amazonaws.{region}.{service}");
    let name = Name::host(host).ok();
    let serves = |endpoint: &VpcEndpoint| match &name {
        Some(name) => endpoint.private_names.iter().any(|private| answers(private, name)),
        None => endpoint.service_name == service_name && !endpoint.private_names.is_empty(),
    };
    // By its addresses, so it serves every name of the service in the Region, also the global one of a bucket.
    let routes = |endpoint: &VpcEndpoint| endpoint.kind == "gateway" && endpoint.service_name == service_name;
    let is_in_zone = |zone: &&PrivateZone| !zone.is_of_service && Name::from_wire(host).is_within(&zone.name);
    if let Some(zone) = facts.private_zones.iter().flatten().find(is_in_zone) {
        let aws_service = Some(service.to_owned());
        return Ok(Row { host: host.to_owned(), via: Via::OtherZone, served_by: Some(zone.id.clone()), aws_service });
    }
    let all = facts.endpoints.as_ref()?.iter().filter(|endpoint| endpoint.state == "available");
    let interface = all.clone().find(|endpoint| endpoint.kind == "interface" && serves(endpoint));
    let gateway = all.clone().find(|endpoint| routes(endpoint));
    let (via, endpoint) = match (interface, gateway) {
        (Some(endpoint), _) => (Via::AwsEndpoint, Some(endpoint)),
        (None, Some(endpoint)) => (Via::GatewayEndpoint, Some(endpoint)),
        (None, None) => (Via::Internet, None),
    };
    Ok(Row {
        host: host.to_owned(),
        via,
        served_by: endpoint.map(|endpoint| endpoint.id.clone()),
        aws_service: Some(service.to_owned()),
    })
}

/// Whether private DNS with this name, which may start with a star, answers for a host.
fn answers(private: &Name, host: &Name) -> bool {
    private == host || private.wildcard_base().is_some_and(|base| host.is_below(&base))
}

/// Where TetraScience keeps its container images.
/// <https://developers.tetrascience.com/docs/tetra-hub-url-allow-list>
pub(crate) const REGISTRY_REGION: &str = "us-east-1";

/// Whether a host is one of the image registry's.
pub(crate) fn is_of_registry(host: &str) -> bool {
    host.contains(".ecr.us-east-1.") || host.starts_with("ecr.us-east-1.")
}
