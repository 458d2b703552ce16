//! From what was seen to verdicts, causes and problems. No network here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use planner::name::Name;
use planner::proof::{Answer, Certificate, EXPIRES_SOON_DAYS, Finding, HostProof, NameProof, Phase, Try, Verdict};

use crate::allowed::Allowed;
use crate::certificate::certificate;
use crate::config::Config;
use crate::prove::{Tried, asked};
use crate::request::CheckedTarget;
use crate::tls::Failure;
use crate::words;
use dns::{Addresses, Lookup};

/// Everything that was seen of one endpoint.
pub(crate) struct Sight<'a> {
    pub phase: Phase,
    pub target: &'a CheckedTarget,
    pub lookups: &'a BTreeMap<Name, Addresses>,
    pub tried: Vec<Tried>,
    pub config: &'a Config,
    /// Seconds since 1970.
    pub now: i64,
}

/// Judges one endpoint.
pub(crate) fn judge(sight: &Sight<'_>) -> Answer {
    let hosts: Vec<HostProof> = sight.target.hosts.iter().map(|host| sight.host(host)).collect();
    let mut problems = sight.addresses(&hosts);
    problems.extend(sight.missing_answers(&hosts));
    problems.extend(sight.endpoint_names());
    problems.extend(expiring(&hosts));
    Answer {
        phase: sight.phase,
        verdict: Verdict::of_all(hosts.iter().map(|host| host.verdict)),
        names: sight.names(),
        hosts,
        problems,
    }
}

impl Sight<'_> {
    fn host(&self, host: &Name) -> HostProof {
        let mut tried: Vec<&Tried> = self.tried.iter().filter(|tried| tried.host == *host).collect();
        tried.sort_by_key(|tried| tried.ip);
        let certificate = self.certificate(&tried);
        let answers = match self.phase {
            Phase::Before => self.target.addresses.iter().map(|address| address.ip).collect(),
            Phase::After => self.lookups.get(&asked(host)).map(Addresses::all).unwrap_or_default(),
        };
        let (verdict, cause) = self.verdict(host, &answers, &tried, certificate.as_ref());
        HostProof {
            host: host.to_string(),
            verdict,
            cause,
            tries: tried.iter().map(|tried| self.shown(tried)).collect(),
            answers,
            certificate,
        }
    }

    fn verdict(
        &self,
        host: &Name,
        answers: &[IpAddr],
        tried: &[&Tried],
        certificate: Option<&Certificate>,
    ) -> (Verdict, Option<Finding>) {
        if self.phase == Phase::After {
            match self.lookups.get(&asked(host)) {
                None => return (Verdict::Incomplete, None),
                Some(found) => {
                    if let Some(cause) = self.dns_cause(host, found, answers) {
                        return (Verdict::Failed, Some(cause));
                    }
                }
            }
        }
        if tried.iter().any(|tried| tried.seen.failure.is_none()) {
            return (Verdict::Passed, None);
        }
        let expected = answers.iter().filter(|ip| self.config.allows(**ip) == Allowed::Yes).count();
        if expected == 0 {
            return (Verdict::Failed, Some(words::not_allowed(host, answers)));
        }
        if tried.len() < expected {
            return (Verdict::Incomplete, None);
        }
        let finding = furthest(tried)
            .map(|(tried, failure)| words::of_try(host, &self.target.named(tried.ip), failure, certificate));
        (Verdict::Failed, finding)
    }

    /// The certificate to show: of those that serve the one that ends first, and otherwise the one that the cause
    /// speaks of.
    fn certificate(&self, tried: &[&Tried]) -> Option<Certificate> {
        let read = |tried: &Tried| certificate(tried.seen.certificate.as_ref()?, self.now);
        let serving = tried.iter().filter(|tried| tried.seen.failure.is_none()).filter_map(|tried| read(tried));
        serving.min_by_key(|certificate| certificate.days_left).or_else(|| read(furthest(tried)?.0))
    }

    /// What is wrong with the answers of DNS, if anything.
    fn dns_cause(&self, host: &Name, found: &Addresses, answers: &[IpAddr]) -> Option<Finding> {
        let foreign: Vec<IpAddr> = answers.iter().copied().filter(|ip| !self.is_own(*ip)).collect();
        if let Some(public) = foreign.iter().find(|ip| self.config.is_public(**ip)) {
            return Some(words::public(host, *public));
        }
        if let Some(ip) = foreign.first() {
            return Some(words::resolver_rule(host, *ip));
        }
        if !answers.is_empty() {
            return None;
        }
        // The family that the endpoint has is the one to explain.
        let has_v4 = self.target.addresses.iter().any(|address| address.ip.is_ipv4());
        let lookup = if has_v4 { &found.v4 } else { &found.v6 };
        Some(match lookup {
            Lookup::TimedOut => words::dns_timed_out(host),
            Lookup::Failed(code) => words::dns_failed(host, code),
            Lookup::Nothing { zone: Some(zone), is_name } if self.target.zones.contains(zone) => {
                words::record_missing(host, zone, *is_name)
            }
            Lookup::Nothing { zone, .. } => words::zone_not_associated(host, zone.as_ref()),
            Lookup::Addresses(_) => words::dns_failed(host, "an answer without addresses"),
        })
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        self.target.addresses.iter().any(|address| address.ip == ip)
    }

    fn shown(&self, tried: &Tried) -> Try {
        let seen = &tried.seen;
        Try {
            ip: tried.ip,
            az_id: self.target.az_id(tried.ip).map(str::to_owned),
            connect_ms: seen.connect.map(milliseconds),
            handshake_ms: seen.handshake.map(milliseconds),
            tls_version: seen.version.map(str::to_owned),
            error: seen.failure.as_ref().map(|failure| format!("{}: {}", failure.cause.as_str(), failure.detail)),
        }
    }

    /// Addresses that fail for a host which another address serves, and addresses outside the allowed ranges.
    fn addresses(&self, hosts: &[HostProof]) -> Vec<Finding> {
        let passed: BTreeSet<&str> =
            hosts.iter().filter(|host| host.verdict == Verdict::Passed).map(|host| host.host.as_str()).collect();
        let mut found = Vec::new();
        for address in &self.target.addresses {
            let named = self.target.named(address.ip);
            if self.config.allows(address.ip) == Allowed::No {
                found.push(words::address_outside(&named));
            }
            let tried = self.tried.iter().filter(|t| t.ip == address.ip && passed.contains(t.host.as_str()));
            let failures: Vec<&Tried> = tried.filter(|tried| tried.seen.failure.is_some()).collect();
            let first = failures.iter().filter_map(|tried| tried.seen.failure.as_ref()).max_by_key(|f| f.cause);
            found.extend(first.map(|failure| words::az_unreachable(&named, failure, failures.len(), passed.len())));
        }
        found
    }

    /// Addresses of the endpoint that DNS leaves out, for hosts that are proved all the same.
    fn missing_answers(&self, hosts: &[HostProof]) -> Vec<Finding> {
        if self.phase == Phase::Before {
            return Vec::new();
        }
        let mut by_missing: BTreeMap<Vec<IpAddr>, Vec<&str>> = BTreeMap::new();
        for host in hosts.iter().filter(|host| host.verdict == Verdict::Passed) {
            let missing = self.target.addresses.iter().map(|a| a.ip).filter(|ip| !host.answers.contains(ip)).collect();
            by_missing.entry(missing).or_default().push(&host.host);
        }
        let missing = by_missing.into_iter().filter(|(missing, _)| !missing.is_empty());
        missing.map(|(missing, hosts)| words::answer_incomplete(&hosts, &self.named_list(&missing))).collect()
    }

    fn named_list(&self, ips: &[IpAddr]) -> String {
        let named: Vec<String> = ips.iter().map(|ip| self.target.named(*ip).to_string()).collect();
        named.join(", ")
    }

    fn names(&self) -> Vec<NameProof> {
        let names = std::iter::once(&self.target.regional).chain(&self.target.zonal);
        let proof = |name: &Name| {
            let answers = self.lookups.get(name).map(Addresses::all)?;
            Some(NameProof { name: name.to_string(), answers })
        };
        names.filter_map(proof).collect()
    }

    /// The procedure asks that the primary DNS name resolves to more than one subnet when the endpoint has more
    /// than one. <https://developers.tetrascience.com/docs/aws-privatelink-connections>
    fn endpoint_names(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for proof in self.names() {
            let is_own = !proof.answers.is_empty() && proof.answers.iter().all(|ip| self.is_own(*ip));
            let is_regional = proof.name == self.target.regional.as_str();
            if !is_own {
                found.push(words::endpoint_name_wrong(&proof.name, &proof.answers));
            } else if is_regional && self.subnets(&proof.answers) == 1 && self.all_subnets() > 1 {
                found.push(words::primary_name_narrow(&proof.name, self.all_subnets()));
            }
        }
        found
    }

    fn all_subnets(&self) -> usize {
        let all: Vec<IpAddr> = self.target.addresses.iter().map(|address| address.ip).collect();
        self.subnets(&all)
    }

    /// In how many subnets addresses are: an endpoint has one subnet in an Availability Zone.
    fn subnets(&self, ips: &[IpAddr]) -> usize {
        let zones: BTreeSet<String> =
            ips.iter().map(|ip| self.target.az_id(*ip).map_or_else(|| ip.to_string(), str::to_owned)).collect();
        zones.len()
    }
}

/// The failed try that says most: the one that came furthest.
fn furthest<'a>(tried: &[&'a Tried]) -> Option<(&'a Tried, &'a Failure)> {
    let failures = tried.iter().filter_map(|tried| Some((*tried, tried.seen.failure.as_ref()?)));
    failures.max_by_key(|(tried, failure)| (failure.cause, std::cmp::Reverse(tried.ip)))
}

/// Certificates that end soon, each once.
fn expiring(hosts: &[HostProof]) -> Vec<Finding> {
    let mut certificates: BTreeMap<(&str, &str), (&Certificate, Vec<&str>)> = BTreeMap::new();
    for host in hosts {
        let serving = host.certificate.as_ref().filter(|_| host.verdict == Verdict::Passed);
        if let Some(certificate) = serving.filter(|c| (0..=EXPIRES_SOON_DAYS).contains(&c.days_left)) {
            let key = (certificate.not_after.as_str(), certificate.subject.as_str());
            certificates.entry(key).or_insert_with(|| (certificate, Vec::new())).1.push(&host.host);
        }
    }
    certificates.into_values().map(|(certificate, hosts)| words::expiring(certificate, &hosts)).collect()
}

/// With one digit: the network's noise is larger.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
