//! What the functions of `tdp-privatelink` share: the AWS edges, their errors, settings, and `reconcile`.

pub mod aws;
pub mod error;
pub mod reconcile;
pub mod settings;
