//! Proof from inside a VPC: what `reconcile` asks of a verifier, what that answers, and what it amounts to.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::log::one_line;
use crate::report::Problem;

/// How many hosts one request may hold. A connection with more is proved in several.
pub const MOST_HOSTS: usize = 300;

/// How many endpoints one request may hold.
pub const MOST_TARGETS: usize = 16;

/// A certificate with so many days left is announced.
pub const EXPIRES_SOON_DAYS: i64 = 21;

/// The error type with which a verifier refuses a request that it must not act on.
pub const REFUSED: &str = "RefusedRequest";

/// What is proved: the endpoint itself, before names lead to it, or the names as a client sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Straight to each address of the endpoint, with the host's name in TLS. No DNS is needed for it.
    Before,
    /// The host's name by the VPC's resolver, and then TLS to what that answers.
    After,
}

/// What was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every host, on at least one address.
    Passed,
    Failed,
    /// Time ran out before anything failed.
    Incomplete,
    /// Nobody looked, or nobody could.
    Unproven,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Incomplete => "incomplete",
            Verdict::Unproven => "unproven",
        }
    }

    /// What parts amount to: one that failed decides, then one that is missing.
    pub fn of_all(parts: impl IntoIterator<Item = Verdict>) -> Verdict {
        parts.into_iter().fold(Verdict::Passed, |whole, part| match (whole, part) {
            (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
            (Verdict::Passed, Verdict::Passed) => Verdict::Passed,
            _ => Verdict::Incomplete,
        })
    }
}

/// The event of the `verify` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    pub phase: Phase,
    pub vpc_id: String,
    pub targets: Vec<Target>,
}

/// One endpoint, and the hosts that lead or should lead to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    pub endpoint_id: String,
    pub regional_dns_name: String,
    /// One per Availability Zone.
    #[serde(default)]
    pub zonal_dns_names: Vec<String>,
    pub addresses: Vec<Address>,
    pub hosts: Vec<String>,
    /// The private zones that hold the hosts' records. Without any, a host's record is expected in a zone of
    /// the host's own name.
    #[serde(default)]
    pub zones: Vec<String>,
}

/// An address of the endpoint's network interface in one Availability Zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    pub ip: IpAddr,
    /// `use1-az1`: the id, which means the same zone in every account, and not the name.
    #[serde(default)]
    pub az_id: Option<String>,
}

/// What a verifier answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub phase: Phase,
    pub verdict: Verdict,
    pub hosts: Vec<HostProof>,
    /// The endpoint's own DNS names, regional and zonal.
    #[serde(default)]
    pub names: Vec<NameProof>,
    /// What a person should know although it does not decide the verdict.
    pub problems: Vec<Finding>,
}

/// What was seen of one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostProof {
    pub host: String,
    pub verdict: Verdict,
    /// Why it failed.
    pub cause: Option<Finding>,
    /// The addresses that DNS answered; those tried, where DNS was not asked.
    pub answers: Vec<IpAddr>,
    pub tries: Vec<Try>,
    pub certificate: Option<Certificate>,
}

/// One connection to one address. Times in milliseconds; `None` for what was not reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Try {
    pub ip: IpAddr,
    pub az_id: Option<String>,
    pub connect_ms: Option<f64>,
    pub handshake_ms: Option<f64>,
    pub tls_version: Option<String>,
    /// The cause's code, and what the network or TLS said.
    pub error: Option<String>,
}

/// The certificate that a host showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// `2027-10-17T12:00:00Z`.
    pub not_after: String,
    pub days_left: i64,
}

/// A DNS name of the endpoint itself, and what it resolves to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameProof {
    pub name: String,
    pub answers: Vec<IpAddr>,
}

/// Something that a verifier found wrong, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub code: Cause,
    pub message: String,
    pub fix: String,
}

impl Answer {
    /// Several answers about one connection as one.
    pub fn merged(phase: Phase, parts: Vec<Answer>) -> Answer {
        let verdict = Verdict::of_all(parts.iter().map(|part| part.verdict));
        let mut whole = Answer { phase, verdict, hosts: Vec::new(), names: Vec::new(), problems: Vec::new() };
        for part in parts {
            whole.hosts.extend(part.hosts);
            add(&mut whole.names, part.names);
            add(&mut whole.problems, part.problems);
        }
        whole
    }

    /// What stands for hosts that nobody could be asked about.
    pub fn unasked(phase: Phase, hosts: &[String]) -> Answer {
        let proof = |host: &String| HostProof {
            host: host.clone(),
            verdict: Verdict::Unproven,
            cause: None,
            answers: Vec::new(),
            tries: Vec::new(),
            certificate: None,
        };
        let hosts: Vec<HostProof> = hosts.iter().map(proof).collect();
        Answer { phase, verdict: Verdict::Incomplete, hosts, names: Vec::new(), problems: Vec::new() }
    }

    /// The hosts that were proved.
    pub fn passed(&self) -> Vec<String> {
        let passed = self.hosts.iter().filter(|host| host.verdict == Verdict::Passed);
        passed.map(|host| host.host.clone()).collect()
    }

    /// What is wrong, for the report: a problem for each cause, with the hosts that it concerns, and what was
    /// found beside.
    pub fn to_problems(&self) -> Vec<Problem> {
        let mut by_cause: BTreeMap<Cause, Vec<(&str, &Finding)>> = BTreeMap::new();
        for host in &self.hosts {
            if let Some(finding) = &host.cause {
                by_cause.entry(finding.code).or_default().push((&host.host, finding));
            }
        }
        let of_hosts = by_cause.into_values().filter_map(|found| {
            let (_, first) = found.first()?;
            let hosts: Vec<&str> = found.iter().map(|(host, _)| *host).collect();
            let others = match found.len() - 1 {
                0 => String::new(),
                1 => " One more name has the same problem.".to_owned(),
                n => format!(" {n} more names have the same problem."),
            };
            Some(first.to_problem(&hosts.join(","), &others))
        });
        let beside = self.problems.iter().map(|finding| finding.to_problem("", ""));
        let unfinished = self.hosts.iter().filter(|host| host.verdict == Verdict::Incomplete).count();
        let was_asked = self.hosts.iter().all(|host| host.verdict != Verdict::Unproven);
        let is_cut_short = (self.verdict == Verdict::Incomplete && was_asked) || unfinished > 0;
        of_hosts.chain(beside).chain(is_cut_short.then(|| incomplete(unfinished, self.hosts.len()))).collect()
    }

    /// Whether only DNS is wrong, in a way that passes by itself once resolvers forget what they knew before.
    pub fn may_settle(&self) -> bool {
        let causes = self.hosts.iter().filter_map(|host| host.cause.as_ref());
        self.verdict == Verdict::Failed && causes.map(|cause| cause.code).all(Cause::may_settle)
    }
}

/// Adds what is not there yet: several requests about one endpoint see the same things.
fn add<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !to.contains(&item) {
            to.push(item);
        }
    }
}

/// The end dates of the certificates that serve and expire soon, each once; the latest where there are many.
pub fn expiring(hosts: &[HostProof]) -> BTreeSet<String> {
    let serve = hosts.iter().filter(|host| host.verdict == Verdict::Passed);
    let certificates = serve.filter_map(|host| host.certificate.as_ref());
    let soon = certificates.filter(|certificate| (0..=EXPIRES_SOON_DAYS).contains(&certificate.days_left));
    let mut ends: BTreeSet<String> = soon.map(|certificate| certificate.not_after.clone()).collect();
    while ends.len() > MOST_EXPIRING && ends.pop_first().is_some() {}
    ends
}

/// How many ends of certificates are told apart.
pub(crate) const MOST_EXPIRING: usize = 20;

impl Finding {
    fn to_problem(&self, subject: &str, more: &str) -> Problem {
        Problem::note(self.code.as_str(), subject, format!("{}{more}", plain(&self.message)), plain(&self.fix))
    }
}

fn incomplete(unfinished: usize, hosts: usize) -> Problem {
    Problem::note(
        "proof-incomplete",
        "",
        format!("The verifier ran out of time: {unfinished} of {hosts} names are not proved either way."),
        "Nothing: it is looked at again. If it stays, look for addresses and DNS servers that do not answer, or raise the verify function's Timeout in the template (at most 44 s).",
    )
}

/// The longest text taken over from a verifier, in characters.
const MOST_TEXT: usize = 1000;

/// Text from a verifier, which quotes certificates: no line breaks or control characters, and not endless.
pub(crate) fn plain(text: &str) -> String {
    one_line(text).chars().take(MOST_TEXT).collect()
}
