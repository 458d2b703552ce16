//! Proof from inside the VPC: asking its verifier, and what to make of the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{StreamExt, TryStreamExt, iter};
use planner::current::{Zone, led, ours};
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::news::{ConnectionRecord, Status};
use planner::plan::{Change, Plan};
use planner::proof::{Address, Answer, MOST_HOSTS, MOST_TARGETS, Phase, Request, Target, Verdict};
use planner::record::{NEGATIVE_TTL, RecordType};
use planner::report::{Connection, Problem, Proof};
use planner::route::{Wish, Wishes};
use planner::trigger::Trigger;
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout_at};

use super::read::Vpc;
use super::{Clock, Reconcile, problems};
use crate::aws::lambda::Invoked;
use crate::error::Kind;

/// How long a resolver may remember that a name was missing, in a zone of ours.
const SETTLES_WITHIN: Duration = Duration::from_secs(NEGATIVE_TTL);
/// Between two proofs.
const PAUSE: Duration = Duration::from_secs(2);
/// A connection with more names than fit into one request is proved in several, so many at once.
const REQUESTS_AT_ONCE: usize = 4;

/// One endpoint of one VPC, to be proved.
pub(crate) struct Subject<'a> {
    pub vpc: &'a Vpc,
    pub endpoint: &'a Endpoint,
    /// The VPC's own endpoints to other services.
    pub own: &'a [Endpoint],
    /// Where each host should lead.
    pub wishes: &'a Wishes,
    pub clock: &'a Clock,
    /// Of the endpoints that hosts lead to; read at most once in a run.
    pub addresses: &'a OnceCell<BTreeMap<String, Vec<Address>>>,
}

impl Subject<'_> {
    /// The endpoints that hosts should lead to, each with those of `hosts` that lead there.
    fn targets(&self, hosts: &BTreeSet<Name>) -> Vec<(&Endpoint, Vec<String>)> {
        let all = std::iter::once(self.endpoint).chain(self.own);
        let leads = |host: &&Name, endpoint: &Endpoint| matches!(self.wishes.hosts.get(*host), Some(Wish::Lead(target)) if target.endpoint_id == endpoint.id);
        let hosts_of = |endpoint: &Endpoint| {
            hosts.iter().filter(|host| leads(host, endpoint)).map(Name::to_string).collect::<Vec<String>>()
        };
        all.map(|endpoint| (endpoint, hosts_of(endpoint))).filter(|(_, hosts)| !hosts.is_empty()).collect()
    }
}

/// What a run has done and found when it comes to proof.
pub(crate) struct Now<'a> {
    pub trigger: &'a Trigger,
    pub status: Status,
    /// Digest of what is wanted at the endpoint.
    pub wanted: &'a str,
    pub has_written: bool,
}

/// What Lambda says of a function that failed.
/// <https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html>
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FunctionError {
    error_type: String,
    error_message: String,
}

impl Reconcile {
    /// Whether anybody can prove a VPC's connection.
    pub(crate) fn has_verifier(&self, vpc_id: &str) -> bool {
        self.config.verifiers.contains_key(vpc_id)
    }

    /// Whether no name of a VPC may lead to the endpoint before that is proved.
    pub(crate) fn needs_proof(&self, vpc_id: &str) -> bool {
        self.config.requires_proof && self.has_verifier(vpc_id)
    }

    /// What is known of a connection's proof before this run looks: what was last recorded for this endpoint.
    pub(crate) fn known_proof(&self, subject: &Subject<'_>) -> Proof {
        let Subject { vpc, endpoint, .. } = subject;
        let same = |record: &&ConnectionRecord| {
            self.has_verifier(&vpc.id) && record.endpoint_id.as_deref() == Some(endpoint.id.as_str())
        };
        let recorded = vpc.record.as_ref().filter(same).map(|record| record.proof);
        let (before, after) = recorded.unwrap_or((Verdict::Unproven, Verdict::Unproven));
        Proof::known(before, after)
    }

    /// Whether names that lead to the endpoint have to be proved in this run: after a write, on each drift pass,
    /// when a person asks, and on each sweep until the proof that people were told of is a good one.
    pub(crate) fn must_prove(&self, subject: &Subject<'_>, now: &Now<'_>) -> bool {
        let is_asked = matches!(now.trigger, Trigger::Drift | Trigger::Verify { .. } | Trigger::Reconcile { .. });
        let is_told = subject.vpc.record.as_ref().is_some_and(|record| {
            let announced = &record.announced;
            announced.status == now.status
                && announced.endpoint_id.as_deref() == Some(subject.endpoint.id.as_str())
                && announced.config == now.wanted
                && announced.proof == Verdict::Passed
                && !announced.is_proof_missing
        });
        self.has_verifier(&subject.vpc.id) && (is_asked || now.has_written || !is_told)
    }

    /// The configured names that lead to the endpoint already, as its VPC sees them.
    pub(crate) fn led(&self, subject: &Subject<'_>, zones: &[Zone]) -> BTreeSet<Name> {
        let owner = self.owner(&subject.vpc.id);
        let ours = ours(zones, owner);
        let leads = |host: &Name| match (subject.wishes.hosts.get(host), ours.get(host)) {
            (Some(Wish::Lead(target)), Some(id)) => target.endpoint_id == *id,
            _ => false,
        };
        led(zones, owner).into_iter().filter(leads).collect()
    }

    /// Has the endpoints proved before `wanted` makes names lead to them, and notes the result. Returns the names for which
    /// that has to wait.
    pub(crate) async fn prove_before(
        &self,
        subject: &Subject<'_>,
        wanted: &Plan,
        connection: &mut Connection,
    ) -> BTreeSet<Name> {
        let hosts = leading(wanted, &subject.wishes.leading());
        if hosts.is_empty() || !self.has_verifier(&subject.vpc.id) {
            return BTreeSet::new();
        }
        let answer = self.ask(subject, Phase::Before, &hosts, connection).await;
        let passed: BTreeSet<String> = answer.iter().flat_map(Answer::passed).collect();
        let unasked = self.unasked(subject, &hosts);
        connection.proof.before = note(connection, answer, unasked);
        if connection.proof.before == Verdict::Passed || !self.config.requires_proof {
            return BTreeSet::new();
        }
        hosts.into_iter().filter(|host| !passed.contains(host.as_str())).collect()
    }

    /// Has names proved as a client in the VPC sees them, and notes the result.
    ///
    /// What fails is looked at once more before it is believed, unless people know that it fails; and after a
    /// write, for as long as a resolver may remember what was there before.
    pub(crate) async fn prove_after(
        &self,
        subject: &Subject<'_>,
        hosts: &BTreeSet<Name>,
        has_written: bool,
        connection: &mut Connection,
    ) {
        let settled = Instant::now() + if has_written { SETTLES_WITHIN } else { Duration::ZERO };
        let announced = subject.vpc.record.as_ref().map(|record| record.announced.proof);
        let mut is_doubtful = has_written || announced != Some(Verdict::Failed);
        let mut failed: Option<Answer> = None;
        let answer = loop {
            let answer = match self.ask(subject, Phase::After, hosts, connection).await {
                Ok(answer) if answer.verdict == Verdict::Failed => answer,
                Ok(answer) if answer.verdict == Verdict::Passed => break Ok(answer),
                // A second look without a verdict does not undo the first.
                other => break failed.map_or(other, Ok),
            };
            let may_settle = answer.may_settle() && Instant::now() < settled;
            if !(is_doubtful || may_settle) || Instant::now() + PAUSE > subject.clock.sync_until() {
                break Ok(answer);
            }
            failed = Some(answer);
            is_doubtful = false;
            sleep(PAUSE).await;
        };
        connection.proof.is_fresh = true;
        let unasked = self.unasked(subject, hosts);
        connection.proof.after = note(connection, answer, unasked);
    }

    /// Asks the VPC's verifier about hosts, and asks again once when there is no answer.
    ///
    /// # Errors
    /// The problem for which there is no answer. It says nothing about the connection.
    async fn ask(
        &self,
        subject: &Subject<'_>,
        phase: Phase,
        hosts: &BTreeSet<Name>,
        connection: &Connection,
    ) -> Result<Answer, Problem> {
        let answer = self.ask_all(subject, phase, hosts, connection).await;
        if answer.is_ok() || Instant::now() + PAUSE > subject.clock.sync_until() {
            return answer;
        }
        sleep(PAUSE).await;
        self.ask_all(subject, phase, hosts, connection).await
    }

    async fn ask_all(
        &self,
        subject: &Subject<'_>,
        phase: Phase,
        hosts: &BTreeSet<Name>,
        connection: &Connection,
    ) -> Result<Answer, Problem> {
        let addresses = subject.addresses.get_or_try_init(|| self.addresses(subject)).await?;
        let zones = connection.zones.iter().map(|zone| zone.name.to_string()).collect::<Vec<String>>();
        let mut asked: Vec<Target> = Vec::new();
        let mut unasked: Vec<Answer> = Vec::new();
        for (endpoint, hosts) in subject.targets(hosts) {
            match addresses.get(&endpoint.id).filter(|addresses| !addresses.is_empty()) {
                Some(addresses) => {
                    asked.extend(hosts.chunks(MOST_HOSTS).map(|hosts| target(endpoint, addresses, hosts, &zones)));
                }
                None if endpoint.id == subject.endpoint.id => {
                    return Err(problems::no_addresses(endpoint, addresses.contains_key(&endpoint.id)));
                }
                // One of the VPC's own endpoints does not keep the platform from being proved.
                None => unasked.push(Answer::unasked(phase, &hosts)),
            }
        }
        let requests = requests(phase, &subject.vpc.id, asked);
        let answers: Vec<Answer> = iter(&requests)
            .map(|request| self.ask_once(subject, request))
            .buffered(REQUESTS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Answer::merged(phase, answers.into_iter().chain(unasked).collect()))
    }

    /// Why nobody was asked about hosts at the VPC's own endpoints.
    fn unasked(&self, subject: &Subject<'_>, hosts: &BTreeSet<Name>) -> Vec<Problem> {
        let Some(known) = subject.addresses.get() else { return Vec::new() };
        let targets = subject.targets(hosts).into_iter().map(|(endpoint, _)| endpoint);
        let own = targets.filter(|endpoint| endpoint.id != subject.endpoint.id);
        let unknown = own.filter(|endpoint| known.get(&endpoint.id).is_none_or(Vec::is_empty));
        unknown.map(|endpoint| problems::no_addresses(endpoint, known.contains_key(&endpoint.id))).collect()
    }

    /// The addresses of the endpoints that hosts lead to, by endpoint id.
    async fn addresses(&self, subject: &Subject<'_>) -> Result<BTreeMap<String, Vec<Address>>, Problem> {
        let all = subject.targets(&subject.wishes.leading());
        let own = all.into_iter().map(|(endpoint, _)| endpoint).filter(|e| e.id != subject.endpoint.id);
        let endpoints: Vec<&Endpoint> = std::iter::once(subject.endpoint).chain(own).collect();
        self.ec2.addresses(&endpoints).await.map_err(|error| problems::of_call(&error))
    }

    async fn ask_once(&self, subject: &Subject<'_>, request: &Request) -> Result<Answer, Problem> {
        let vpc_id = &subject.vpc.id;
        let Some(function) = self.config.verifiers.get(vpc_id) else { return Err(problems::unproven(vpc_id)) };
        // Strings, lists and options only: this cannot fail.
        let payload = serde_json::to_vec(request).unwrap_or_default();
        let invoked = match timeout_at(subject.clock.sync_until(), self.lambda.invoke(function, payload)).await {
            Ok(Ok(invoked)) => invoked,
            Ok(Err(error)) if error.kind == Kind::NotFound => return Err(problems::verifier_missing(function)),
            Ok(Err(error)) if error.kind == Kind::TimedOut => return Err(problems::verifier_timed_out(function)),
            Ok(Err(error)) => return Err(problems::verifier_failed(function, &error)),
            Err(_) => return Err(problems::verifier_timed_out(function)),
        };
        answer(function, &invoked, request)
    }
}

/// The names that a plan makes lead to the endpoint: those it writes, and those of `hosts` whose records become
/// visible with their zone.
pub(crate) fn leading(plan: &Plan, hosts: &BTreeSet<Name>) -> BTreeSet<Name> {
    let leads = |change: &&Change| change.after.is_some() && matches!(change.rtype, RecordType::A | RecordType::Aaaa);
    let written = plan.changes().filter(leads).map(|change| change.name.clone());
    let attached = plan.zones.iter().filter(|zone| zone.associate);
    let seen = attached.flat_map(|zone| hosts.iter().filter(|host| host.is_within(&zone.name)).cloned());
    written.chain(seen).collect()
}

fn target(endpoint: &Endpoint, addresses: &[Address], hosts: &[String], zones: &[String]) -> Target {
    Target {
        endpoint_id: endpoint.id.clone(),
        regional_dns_name: endpoint.regional().map(|entry| entry.name.to_string()).unwrap_or_default(),
        zonal_dns_names: endpoint.zonal().into_iter().map(Name::to_string).collect(),
        addresses: addresses.to_vec(),
        hosts: hosts.to_vec(),
        zones: zones.to_vec(),
    }
}

/// Packs targets into requests, as many as one takes.
fn requests(phase: Phase, vpc_id: &str, targets: Vec<Target>) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for target in targets {
        let fits = |request: &&mut Request| {
            let hosts: usize = request.targets.iter().map(|target| target.hosts.len()).sum();
            request.targets.len() < MOST_TARGETS && hosts + target.hosts.len() <= MOST_HOSTS
        };
        match requests.last_mut().filter(fits) {
            Some(request) => request.targets.push(target),
            None => requests.push(Request { phase, vpc_id: vpc_id.to_owned(), targets: vec![target] }),
        }
    }
    requests
}

/// Reads what a verifier gave back. An answer to another question is none.
fn answer(function: &str, invoked: &Invoked, request: &Request) -> Result<Answer, Problem> {
    if invoked.has_failed {
        let error: FunctionError = serde_json::from_slice(&invoked.payload).unwrap_or_default();
        // Lambda's own words: "… Task timed out after 35.00 seconds".
        return Err(if error.error_message.contains("Task timed out") {
            problems::verifier_timed_out(function)
        } else {
            problems::verifier_error(function, &error.error_type, &error.error_message)
        });
    }
    let answer: Answer = serde_json::from_slice(&invoked.payload)
        .map_err(|_| problems::verifier_error(function, "Answer", "it did not answer with a proof"))?;
    let asked: BTreeSet<&str> = request.targets.iter().flat_map(|t| &t.hosts).map(String::as_str).collect();
    let answered: BTreeSet<&str> = answer.hosts.iter().map(|host| host.host.as_str()).collect();
    if answer.phase != request.phase || asked != answered {
        return Err(problems::verifier_error(function, "Answer", "it answered to another question"));
    }
    let verdict = Verdict::of_all(answer.hosts.iter().map(|host| host.verdict));
    Ok(Answer { verdict, ..answer })
}

/// Adds problems behind those that are there, each once.
pub(crate) fn add(problems: &mut Vec<Problem>, more: impl IntoIterator<Item = Problem>) {
    for problem in more {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Notes on the report what was proved, or why nobody knows.
fn note(connection: &mut Connection, answer: Result<Answer, Problem>, unasked: Vec<Problem>) -> Verdict {
    let mut problems = match &answer {
        Ok(answer) => answer.to_problems(),
        Err(problem) => vec![problem.clone()],
    };
    problems.extend(unasked);
    // Before all others: what subjects name is the first.
    let known = std::mem::take(&mut connection.problems);
    let seen = problems.into_iter().map(|problem| Problem { is_of_proof: true, ..problem });
    add(&mut connection.problems, seen.chain(known));
    let Ok(answer) = answer else { return Verdict::Unproven };
    let hosts = &mut connection.proof.hosts;
    hosts.retain(|known| answer.hosts.iter().all(|host| host.host != known.host));
    hosts.extend(answer.hosts);
    hosts.sort_by(|a, b| a.host.cmp(&b.host));
    connection.proof.names = answer.names;
    answer.verdict
}
