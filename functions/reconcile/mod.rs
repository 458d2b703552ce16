//! `reconcile`: reads the world, plans, writes private DNS, waits until it is everywhere, and tells people.

mod announce;
mod apply;
mod associations;
mod clock;
mod config;
mod connection;
mod end;
mod event;
mod look;
mod memory;
mod problems;
mod proof;
mod read;
mod run;
mod staging;
mod sync;
mod trace;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::name::Name;
use planner::report::Report;
use planner::variables::Invalid;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::aws::Calls;
use crate::aws::ec2::Ec2;
use crate::aws::lambda::Lambda;
use crate::aws::route53::Route53;
use crate::aws::sns::Sns;
use crate::aws::ssm::Ssm;
pub use clock::Clock;
pub use config::Config;
use memory::Memory;
use trace::Trace;

/// The function, ready for events: configuration, clients, and what it remembers between invocations.
#[derive(Debug)]
pub struct Reconcile {
    config: Config,
    ec2: Ec2,
    lambda: Lambda,
    route53: Route53,
    sns: Sns,
    ssm: Ssm,
    calls: Calls,
    memory: Mutex<Memory>,
    /// Whose turn it is on the staging VPC, by zone name.
    staging: Mutex<BTreeMap<Name, Arc<Mutex<()>>>>,
}

/// An invocation that should be delivered again, with what it did until then.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Redeliver {
    pub report: Report,
    pub message: String,
}

impl Reconcile {
    /// Parses the configuration and makes the clients. No call is made.
    ///
    /// # Errors
    /// Everything that is wrong with the variables.
    pub async fn init(variables: &BTreeMap<String, String>) -> Result<Reconcile, Vec<Invalid>> {
        let config = Config::parse(variables)?;
        let sdk = crate::aws::connect(variables).await;
        Ok(Reconcile {
            ec2: Ec2::new(&sdk),
            lambda: Lambda::new(&sdk),
            route53: Route53::new(&sdk, &config.region),
            sns: Sns::new(&sdk, &config.topic_arn),
            ssm: Ssm::new(&sdk, &config.owner_id),
            calls: sdk.calls,
            memory: Mutex::default(),
            staging: Mutex::default(),
            config,
        })
    }

    /// Handles one event.
    ///
    /// An event that is no trigger is answered with a problem and touches nothing: another delivery would
    /// not help.
    ///
    /// # Errors
    /// [`Redeliver`] exactly when another delivery of the same event helps.
    pub async fn handle(&self, event: &RawValue, clock: &Clock) -> Result<Report, Box<Redeliver>> {
        match event::trigger(event) {
            Ok(trigger) => {
                self.memory.lock().await.trace = Trace::new(trigger.as_str());
                self.run(&trigger, clock).await
            }
            Err(message) => Ok(Report {
                mode: self.config.mode,
                connections: Vec::new(),
                problems: vec![problems::unknown_event(&message)],
            }),
        }
    }
}
