//! What should be in private DNS, what is there, and the difference.
//!
//! Everything here is a function of its arguments: no async, no AWS SDK, no clock, no environment.
//! The flow is `trigger` (why we woke) → [`endpoint`] (what EC2 said) → [`catalog`] and [`desired`] (what
//! should be) → [`current`] (what is there, and whose) → [`plan`] (the difference) → [`batch`] (how Route 53
//! takes it). [`proof`] and [`cause`] are what a verifier is asked and answers. [`report`], [`news`] and [`message`]
//! say what happened, to machines and to people; [`change_record`] and [`metrics`], to auditors and to graphs.

pub mod association;
pub mod batch;
pub mod catalog;
pub mod cause;
pub mod change_record;
pub mod current;
pub mod deadline;
pub mod desired;
mod diff;
pub mod digest;
pub mod endpoint;
pub mod hides;
pub mod log;
mod lookup;
pub mod marker;
pub mod message;
pub mod metrics;
pub mod name;
pub mod news;
pub mod partition;
pub mod plan;
pub mod proof;
pub mod record;
pub mod report;
pub mod route;
mod shorten;
mod show;
pub mod trigger;
pub mod undo;
pub mod variables;
