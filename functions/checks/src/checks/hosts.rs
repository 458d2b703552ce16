//! What our zones take away, and who serves the hosts that are not ours.

use std::collections::BTreeSet;

use planner::hides::hides;
use planner::name::Name;

use super::{Found, Look, nothing_found};
use crate::coverage::{REGISTRY_REGION, Row, Via, coverage as table, is_of_registry};
use crate::finding::{Finding, counted, listed};
use crate::zones::made;

/// A private zone answers for every name in it, also with "no such name".
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub(super) fn hidden_names(look: Look<'_>) -> Found<'_> {
    let hidden: Vec<String> = made(look.facts, look.wanted)
        .iter()
        .flat_map(|(zone, hosts)| hides(zone, hosts))
        .map(|name| name.to_string())
        .collect();
    if hidden.is_empty() {
        return nothing_found();
    }
    Ok(vec![Finding::note(
        "names-hidden",
        format!(
            "Our zones will hide {} from public DNS in the VPC: {}",
            counted(hidden.len(), "name"),
            listed(&hidden)
        ),
        "A private zone answers for every name in it; those without a record get \"no such name\".",
        "If somebody in the VPC needs one of them, add it to ExtraHosts.",
    )]
    .into())
}

pub(super) fn coverage(look: Look<'_>) -> Found<'_> {
    let rows = table(look.facts, look.wanted, &[])?;
    let mut findings = Vec::new();
    findings.extend(ecr(look, &rows));
    findings.extend(internet(look, &rows));
    findings.extend(gateway(&rows));
    findings.extend(partial_wildcards(look, &rows));
    Ok(findings.into())
}

/// An endpoint for ECR serves the registry of its own Region only.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>
fn ecr(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let hosts: Vec<&str> = rows.iter().filter(|row| is_far_registry(look, row)).map(|row| row.host.as_str()).collect();
    if hosts.is_empty() {
        return None;
    }
    let region = &look.wanted.region;
    Some(Finding::warning(
        "ecr-us-east-1",
        format!("Container images come from {REGISTRY_REGION}, and this VPC is in {region}: {}", listed(&hosts)),
        format!(
            "ECR endpoints for {region} do not serve another Region's registry: a Hub without a way to the internet gets no images."
        ),
        "Allow these hosts, and prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com for the layers, through a proxy; or make endpoints for the services of us-east-1, where AWS offers them to this Region.",
    ))
}

/// A host of the image registry that is another Region's and that no endpoint serves.
fn is_far_registry(look: Look<'_>, row: &Row) -> bool {
    row.via == Via::Internet && is_of_registry(&row.host) && look.wanted.region != REGISTRY_REGION
}

fn internet(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let public: Vec<&Row> = rows.iter().filter(|row| row.via == Via::Internet && !is_far_registry(look, row)).collect();
    if public.is_empty() {
        return None;
    }
    let hosts: Vec<&str> = public.iter().map(|row| row.host.as_str()).collect();
    let services: BTreeSet<&str> = public.iter().filter_map(|row| row.aws_service.as_deref()).collect();
    let services: Vec<&str> = services.into_iter().collect();
    let first = services.iter().find(|service| **service != "s3").copied().unwrap_or("s3");
    let kind = if first == "s3" {
        "Gateway --route-table-ids rtb-ID"
    } else {
        "Interface --subnet-ids subnet-ID --security-group-ids sg-ID --private-dns-enabled"
    };
    Some(
        Finding::warning(
            "hosts-over-internet",
            format!("{} of the components would be reached over the internet: {}", counted(hosts.len(), "host"), listed(&hosts)),
            "In a network without a way to the internet these parts of Hubs, Agents and Connectors do not work.",
            format!(
                "Make interface endpoints with private DNS for {}, or allow the hosts through a proxy. The command is for {first}. S3's private DNS and iot.credentials have settings of their own.",
                services.join(", ")
            ),
        )
        .command(format!(
            "aws ec2 create-vpc-endpoint --vpc-id {} --service-name com.amazonaws.{}.{first} --vpc-endpoint-type {kind} {}",
            look.wanted.vpc_id,
            look.wanted.region,
            look.in_region()
        )),
    )
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html>
fn gateway(rows: &[Row]) -> Option<Finding> {
    let served: Vec<&str> =
        rows.iter().filter(|row| row.via == Via::GatewayEndpoint).map(|row| row.host.as_str()).collect();
    if served.is_empty() {
        return None;
    }
    Some(Finding::note(
        "gateway-endpoint-only",
        format!("Served by a gateway endpoint only: {}", listed(&served)),
        "It works for subnets whose route table has it; clients on-prem and in peered VPCs cannot use it.",
        "For such clients make an interface endpoint for S3 as well.",
    ))
}

fn partial_wildcards(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let is_partial = |row: &&Row| row.host.contains('*') && Name::host(&row.host).is_err();
    let open: Vec<&Row> = rows.iter().filter(is_partial).collect();
    if open.is_empty() {
        return None;
    }
    let hosts: Vec<&str> = open.iter().map(|row| row.host.as_str()).collect();
    let services: BTreeSet<&str> = open.iter().filter_map(|row| row.aws_service.as_deref()).collect();
    let services: Vec<&str> = services.into_iter().collect();
    Some(
        Finding::note(
            "partial-wildcard",
            format!("No record can be written for {}", listed(&hosts)),
            "A star stands only for a whole first label in DNS, so these are patterns for people, not names.",
            format!("Private DNS of the endpoints for {} covers them; a firewall or proxy takes them as patterns.", services.join(", ")),
        )
        .command(format!(
            "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={} --query 'VpcEndpoints[].[ServiceName,PrivateDnsEnabled]' --output table {}",
            look.wanted.vpc_id,
            look.in_region()
        )),
    )
}
