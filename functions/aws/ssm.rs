//! SSM Parameter Store: the connection records.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::ParameterType;
use aws_sdk_ssm::{Client, config};
use planner::news::ConnectionRecord;

use super::Sdk;
use crate::error::{AwsError, Kind, failed};

/// Reads and writes the connection records of one owner.
#[derive(Clone, Debug)]
pub struct Ssm {
    client: Client,
    path: String,
}

impl Ssm {
    pub fn new(sdk: &Sdk, owner_id: &str) -> Ssm {
        let config = config::Builder::from(&sdk.config).interceptor(sdk.calls.clone());
        Ssm { client: Client::from_conf(config.build()), path: format!("/tdp-privatelink/{owner_id}/") }
    }

    /// Every connection record of this owner, by VPC id. A parameter that is no record is left out: what it
    /// costs is one repeated announcement.
    ///
    /// # Errors
    /// [`AwsError`] when a page could not be read.
    pub async fn records(&self) -> Result<BTreeMap<String, ConnectionRecord>, AwsError> {
        let request = self.client.get_parameters_by_path().path(&self.path).recursive(false).max_results(10);
        let mut pages = request.into_paginator().send();
        let mut records = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ssm:GetParametersByPath", &self.path))?;
            for parameter in page.parameters() {
                let vpc_id = parameter.name().and_then(|name| name.strip_prefix(&self.path));
                let record = parameter.value().and_then(ConnectionRecord::from_json);
                if let Some((vpc_id, record)) = vpc_id.zip(record) {
                    records.insert(vpc_id.to_owned(), record);
                }
            }
        }
        Ok(records)
    }

    /// The connection record of one VPC as it is now.
    ///
    /// # Errors
    /// [`AwsError`] when it could not be read; a missing one is `None`.
    pub async fn record(&self, vpc_id: &str) -> Result<Option<ConnectionRecord>, AwsError> {
        let name = format!("{}{vpc_id}", self.path);
        match self.client.get_parameter().name(&name).send().await {
            Ok(answer) => Ok(answer.parameter().and_then(|p| p.value()).and_then(ConnectionRecord::from_json)),
            Err(error) => match failed("ssm:GetParameter", &name)(error) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Writes the connection record of one VPC.
    ///
    /// # Errors
    /// [`AwsError`] when SSM did not take it.
    pub async fn write(&self, vpc_id: &str, record: &ConnectionRecord) -> Result<(), AwsError> {
        let name = format!("{}{vpc_id}", self.path);
        let request = self.client.put_parameter().name(&name).value(record.to_json()).overwrite(true);
        request.r#type(ParameterType::String).send().await.map_err(failed("ssm:PutParameter", &name))?;
        Ok(())
    }
}
