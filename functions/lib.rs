//! The functions that call AWS, `reconcile` and `preflight`, and what they share: the AWS edges, their errors, settings.

pub mod aws;
pub mod error;
pub mod preflight;
pub mod reconcile;
mod routes;
pub mod settings;
