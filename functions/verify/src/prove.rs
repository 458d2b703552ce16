//! The algorithm: ask DNS, open connections, many at once, and judge what came back before time runs out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures::stream::{Stream, StreamExt, iter};
use planner::cause::Cause;
use planner::name::Name;
use planner::proof::{Answer, Phase};
use tokio::time::{Instant, sleep_until};

use crate::allowed::Allowed;
use crate::config::Config;
use crate::judge::{Sight, judge};
use crate::request::{Checked, CheckedTarget};
use crate::tls::{Failure, Seen, Tls};
use dns::{Addresses, Dns, Lookup};

/// Questions or connections under way at once.
const AT_ONCE: usize = 50;
/// After so many tries without any answer, an address or a resolver is not asked again in this proof: three
/// hundred names at a silent address would otherwise take all the time that the other addresses need.
const SILENT_AFTER: u32 = 3;

/// What proves: whom it asks, whom it trusts.
#[derive(Debug)]
pub(crate) struct Prover {
    dns: Dns,
    tls: Tls,
}

/// One connection to open: for which of the request's targets, which host, and where.
struct Wanted {
    target: usize,
    host: Name,
    ip: IpAddr,
}

/// One try that was made, or spared.
pub(crate) struct Tried {
    pub host: Name,
    pub ip: IpAddr,
    pub seen: Seen,
}

impl Prover {
    /// # Errors
    /// A sentence on what is missing.
    pub(crate) fn new(config: &Config) -> Result<Prover, String> {
        let dns = Dns::new(config.resolver).map_err(|error| format!("DNS cannot be set up: {error}"))?;
        let tls = Tls::new(config.roots(), config.port).map_err(|error| format!("TLS cannot be set up: {error}"))?;
        Ok(Prover { dns, tls })
    }

    /// Proves what a request asks for. `now` in seconds since 1970, for certificates.
    ///
    /// Flow: every name is resolved (before the cut-over, the endpoint's own only); then every host is tried at
    /// each address that the endpoint has, or that DNS gave. What is not done at `until` is missing in the
    /// answer, which then says so.
    pub(crate) async fn prove(&self, config: &Config, request: &Checked, until: Instant, now: i64) -> Answer {
        let lookups = self.look_up(request, until).await;
        // All at once: an Availability Zone that is silent is so at each target, and its time is to be spent once.
        let wanted = request.targets.iter().enumerate().flat_map(|(at, target)| {
            let pairs = wanted(config, request.phase, target, &lookups);
            pairs.into_iter().map(move |(host, ip)| Wanted { target: at, host, ip })
        });
        let mut tried = self.connect(wanted.collect(), until).await;
        let parts = request.targets.iter().enumerate().map(|(at, target)| {
            let tried = tried.remove(&at).unwrap_or_default();
            judge(&Sight { phase: request.phase, target, lookups: &lookups, tried, config, now })
        });
        Answer::merged(request.phase, parts.collect())
    }

    async fn look_up(&self, request: &Checked, until: Instant) -> BTreeMap<Name, Addresses> {
        let mut names: Vec<Name> = Vec::new();
        for target in &request.targets {
            names.push(target.regional.clone());
            names.extend(target.zonal.iter().cloned());
            if request.phase == Phase::After {
                names.extend(target.hosts.iter().map(asked));
            }
        }
        names.sort();
        names.dedup();
        let silence = Silence::default();
        let questions = iter(names).map(|name| async {
            let silent = Addresses { v4: Lookup::TimedOut, v6: Lookup::TimedOut };
            let addresses = if silence.is_certain() { silent } else { self.dns.addresses(&name).await };
            silence.note(addresses.v4 == Lookup::TimedOut && addresses.v6 == Lookup::TimedOut);
            (name, addresses)
        });
        in_time(questions.buffer_unordered(AT_ONCE), until).await.into_iter().collect()
    }

    /// Returns the tries by target.
    async fn connect(&self, wanted: Vec<Wanted>, until: Instant) -> BTreeMap<usize, Vec<Tried>> {
        let silences: BTreeMap<IpAddr, Silence> = wanted.iter().map(|one| (one.ip, Silence::default())).collect();
        let silences = &silences;
        let tries = iter(wanted).map(|Wanted { target, host, ip }| async move {
            let silence = silences.get(&ip);
            if let Some(silence) = silence.filter(|silence| silence.is_certain()) {
                return (target, Tried { host, ip, seen: spared(silence) });
            }
            let seen = self.tls.connect(&asked(&host), ip).await;
            let is_timeout = |failure: &Failure| matches!(failure.cause, Cause::ConnectTimedOut | Cause::TlsTimedOut);
            if let Some(silence) = silence {
                silence.note(seen.failure.as_ref().is_some_and(is_timeout));
                silence.has_connected.fetch_or(seen.connect.is_some(), Ordering::Relaxed);
            }
            (target, Tried { host, ip, seen })
        });
        let mut by_target: BTreeMap<usize, Vec<Tried>> = BTreeMap::new();
        for (target, tried) in in_time(tries.buffer_unordered(AT_ONCE), until).await {
            by_target.entry(target).or_default().push(tried);
        }
        by_target
    }
}

/// The connections to open: each host with each address that it may be tried at.
fn wanted(
    config: &Config,
    phase: Phase,
    target: &CheckedTarget,
    lookups: &BTreeMap<Name, Addresses>,
) -> Vec<(Name, IpAddr)> {
    let addresses = |host: &Name| match phase {
        Phase::Before => target.addresses.iter().map(|address| address.ip).collect(),
        Phase::After => lookups.get(&asked(host)).map(Addresses::all).unwrap_or_default(),
    };
    let pairs = target.hosts.iter().flat_map(|host| addresses(host).into_iter().map(|ip| (host.clone(), ip)));
    pairs.filter(|(_, ip)| config.allows(*ip) == Allowed::Yes).collect()
}

/// The name that stands for a host: a wildcard is proved by one name that it covers.
pub(crate) fn asked(host: &Name) -> Name {
    host.wildcard_base().map_or_else(|| host.clone(), |base| base.child("tdp-privatelink-proof"))
}

/// What a stream gives until time runs out.
async fn in_time<T>(stream: impl Stream<Item = T>, until: Instant) -> Vec<T> {
    stream.take_until(Box::pin(sleep_until(until))).collect().await
}

/// What stands for a try that was not made, since those before it had no answer.
fn spared(silence: &Silence) -> Seen {
    let has_connected = silence.has_connected.load(Ordering::Relaxed);
    let cause = if has_connected { Cause::TlsTimedOut } else { Cause::ConnectTimedOut };
    let detail = format!("not tried: {SILENT_AFTER} tries at this address had no answer");
    Seen { failure: Some(Failure { cause, detail }), ..Seen::default() }
}

/// Whether an address or a resolver ever answered.
#[derive(Debug, Default)]
struct Silence {
    timeouts: AtomicU32,
    has_answered: AtomicBool,
    /// Whether a connection came about, though nothing came back over it.
    has_connected: AtomicBool,
}

impl Silence {
    fn note(&self, is_timeout: bool) {
        if is_timeout {
            self.timeouts.fetch_add(1, Ordering::Relaxed);
        } else {
            self.has_answered.store(true, Ordering::Relaxed);
        }
    }

    fn is_certain(&self) -> bool {
        !self.has_answered.load(Ordering::Relaxed) && self.timeouts.load(Ordering::Relaxed) >= SILENT_AFTER
    }
}
