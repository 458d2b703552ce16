//! The checks, one after the other. Each judges facts and knows nothing of the others.

mod endpoint;
mod firewall;
mod hosts;
mod names;
mod network;
mod people;
mod reach;
mod routed;
mod service;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::facts::{Facts, Subnet, TdpEndpoint, Unread, Vpc};
use crate::finding::{Finding, Severity, listed};
use crate::wanted::Wanted;

/// What one check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Found,
    /// There was nothing to judge yet, or any more.
    NotApplicable,
    /// Something that it needs could not be read.
    NotChecked,
}

/// One check of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub check: &'static str,
    pub about: &'static str,
    pub verdict: Verdict,
    /// Why there was nothing to judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// The IAM action without which it could not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
}

/// What a check came to, where everything that it needs is known.
enum Judged<'a> {
    Found(Vec<Finding>),
    /// What was found, although not everything could be looked at.
    Partly(Vec<Finding>, &'a Unread),
    NotApplicable(&'static str),
}

impl From<Vec<Finding>> for Judged<'_> {
    fn from(findings: Vec<Finding>) -> Self {
        Judged::Found(findings)
    }
}

type Found<'a> = Result<Judged<'a>, &'a Unread>;

/// Findings, and the rest of the check, which stops at what could not be read.
fn and_then<'a>(mut findings: Vec<Finding>, rest: Result<Vec<Finding>, &'a Unread>) -> Found<'a> {
    match rest {
        Ok(more) => {
            findings.extend(more);
            Ok(findings.into())
        }
        Err(why) if findings.is_empty() => Err(why),
        Err(why) => Ok(Judged::Partly(findings, why)),
    }
}

fn nothing_found() -> Found<'static> {
    Ok(Vec::new().into())
}

fn not_applicable(because: &'static str) -> Found<'static> {
    Ok(Judged::NotApplicable(because))
}

struct Check {
    name: &'static str,
    about: &'static str,
    run: for<'a> fn(Look<'a>) -> Found<'a>,
}

const CHECKS: &[Check] = &[
    Check { name: "vpc-owner", about: "the VPC is this account's own", run: network::owner },
    Check { name: "region", about: "the service and the VPC are in one Region", run: service::region },
    Check { name: "service", about: "this account sees the TDP endpoint service", run: service::is_visible },
    Check { name: "availability-zones", about: "VPC and service share Availability Zones", run: service::zones },
    Check { name: "subnets", about: "the chosen subnets can take the endpoint", run: service::subnets },
    Check { name: "free-addresses", about: "the subnets have free addresses", run: network::free_addresses },
    Check { name: "endpoint-quota", about: "the VPC may have one more endpoint", run: network::quota },
    Check { name: "dns-attributes", about: "DNS support and DNS hostnames are on", run: network::dns_attributes },
    Check { name: "dhcp-options", about: "instances ask the VPC's resolver", run: network::dhcp },
    Check { name: "security-groups", about: "the security groups let the VPC in on 443", run: reach::security_groups },
    Check { name: "network-acls", about: "the network ACLs let 443 in and the answers out", run: reach::network_acls },
    Check { name: "endpoint", about: "the endpoint is there and usable", run: endpoint::state },
    Check { name: "primary-dns-name", about: "the primary DNS name leads to every zone", run: endpoint::primary_name },
    Check { name: "private-dns", about: "what private DNS of the endpoint serves", run: endpoint::private_dns },
    Check { name: "records", about: "our names lead to the endpoint", run: endpoint::records },
    Check { name: "private-zones", about: "no zone of others stands in the way", run: names::private_zones },
    Check { name: "profiles", about: "no Route 53 Profile stands in the way", run: names::profiles },
    Check { name: "resolver-rules", about: "no Resolver rule leads our names elsewhere", run: names::resolver_rules },
    Check { name: "dns-firewall", about: "DNS Firewall lets our names pass", run: firewall::firewall },
    Check { name: "hidden-names", about: "what our zones will hide", run: hosts::hidden_names },
    Check { name: "coverage", about: "every host of the components is served", run: hosts::coverage },
    Check { name: "users", about: "who will use it, and whether the domain is accepted", run: people::users },
    Check { name: "e-mail", about: "TDP may send e-mail from the customer's domain", run: people::email },
    Check { name: "on-prem-dns", about: "clients outside AWS can ask the VPC's resolver", run: people::inbound },
];

/// Runs every check. The findings come sorted: blockers first, then in the order of the checks.
pub fn run(facts: &Facts, wanted: &Wanted) -> (Vec<Checked>, Vec<Finding>) {
    let look = Look { facts, wanted };
    if wanted.vpc_id.is_empty() || facts.vpc == Ok(None) {
        let unread = facts.vpc.as_ref().err().map(|why| not_checked(why, &["which VPC has an endpoint"]));
        return (Vec::new(), [Some(network::no_vpc(look)), unread].into_iter().flatten().collect());
    }
    let mut checked = Vec::new();
    let mut findings = Vec::new();
    let mut unread: BTreeMap<&Unread, Vec<&'static str>> = BTreeMap::new();
    for Check { name, about, run } in CHECKS {
        let mut one = Checked { check: name, about, verdict: Verdict::Passed, because: None, needs: None };
        match run(look) {
            Ok(Judged::Found(found)) if found.is_empty() => {}
            Ok(Judged::Found(found)) => {
                one.verdict = Verdict::Found;
                findings.extend(found);
            }
            Ok(Judged::Partly(found, why)) => {
                one.verdict = Verdict::Found;
                findings.extend(found);
                unread.entry(why).or_default().push(about);
            }
            Ok(Judged::NotApplicable(because)) => {
                one.verdict = Verdict::NotApplicable;
                one.because = Some(because);
            }
            Err(why) => {
                one.verdict = Verdict::NotChecked;
                one.needs = why.is_denied.then(|| why.action.to_owned());
                unread.entry(why).or_default().push(about);
            }
        }
        checked.push(one);
    }
    findings.extend(unread.into_iter().map(|(why, about)| not_checked(why, &about)));
    findings.sort_by_key(|finding| finding.severity);
    (checked, findings)
}

fn not_checked(why: &Unread, about: &[&str]) -> Finding {
    let about = listed(about);
    let Unread { action, is_denied, message } = why;
    if *is_denied {
        let fix =
            format!("Allow {action} in the function's role and in every policy above it, then run preflight again.");
        return Finding::warning(
            "not-checked",
            format!("Not checked: needs action {action} ({about})"),
            "What was not looked at may still go wrong.",
            fix,
        );
    }
    Finding::warning(
        "not-checked",
        format!("Not checked: {message} ({about})"),
        "What was not looked at may still go wrong.",
        "Run preflight again. If it stays, see the error code in the AWS documentation of this action.",
    )
}

/// What a check sees.
#[derive(Clone, Copy)]
struct Look<'a> {
    facts: &'a Facts,
    wanted: &'a Wanted,
}

impl<'a> Look<'a> {
    fn vpc(self) -> Result<Option<&'a Vpc>, &'a Unread> {
        self.facts.vpc.as_ref().map(Option::as_ref)
    }

    fn endpoint(self) -> Result<Option<&'a TdpEndpoint>, &'a Unread> {
        self.facts.tdp_endpoint.as_ref().map(Option::as_ref)
    }

    fn subnets(self) -> Result<&'a [Subnet], &'a Unread> {
        self.facts.subnets.as_deref()
    }

    /// The subnets that hold the endpoint, or that were chosen for it; empty while none is.
    fn chosen(self) -> Result<Vec<&'a Subnet>, &'a Unread> {
        let ids: BTreeSet<&str> = match self.endpoint()? {
            Some(found) => found.subnet_ids.iter().map(String::as_str).collect(),
            None => self.wanted.subnet_ids.iter().map(String::as_str).collect(),
        };
        Ok(self.subnets()?.iter().filter(|subnet| ids.contains(subnet.id.as_str())).collect())
    }

    /// The subnets that could hold the endpoint: those chosen, or else all in a zone of the service.
    fn candidates(self) -> Result<Vec<&'a Subnet>, &'a Unread> {
        let chosen = self.chosen()?;
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let subnets = self.subnets()?.iter();
        Ok(match self.facts.service.as_ref()? {
            Some(service) => subnets.filter(|subnet| service.az_ids.contains(&subnet.az_id)).collect(),
            None => subnets.collect(),
        })
    }

    /// `--region` for a command.
    fn in_region(self) -> String {
        format!("--region {}", self.wanted.region)
    }
}

/// A blocker where something was chosen or exists; a warning where another choice is still open.
fn severity(is_chosen: bool) -> Severity {
    if is_chosen { Severity::Blocker } else { Severity::Warning }
}
