//! EC2: the endpoints, the addresses of their network interfaces, and the VPC around them.

mod endpoints;
mod network;
mod security;
mod service;

pub use endpoints::{InVpc, TdpFound, interfaces_missing};
pub use service::SeenService;

use aws_sdk_ec2::types::Filter;
use aws_sdk_ec2::{Client, config};

use super::Sdk;
use super::whole::WholeXml;
use crate::error::{AwsError, Kind};

/// Reads endpoints and VPCs.
#[derive(Clone, Debug)]
pub struct Ec2 {
    client: Client,
}

impl Ec2 {
    pub fn new(sdk: &Sdk) -> Ec2 {
        let config = config::Builder::from(&sdk.config).interceptor(WholeXml).interceptor(sdk.calls.clone());
        Ec2 { client: Client::from_conf(config.build()) }
    }
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// EC2 promises no order, and what was read is compared with what it was.
fn sorted(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().collect();
    ids.sort();
    ids
}

fn incomplete(action: &'static str, subject: &str) -> AwsError {
    AwsError::answer(action, subject, Kind::Unavailable, "incomplete answer")
}
