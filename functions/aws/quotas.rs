//! Service Quotas: how many interface endpoints a VPC may have.

use aws_sdk_servicequotas::Client;
use aws_sdk_servicequotas::types::ServiceQuota;

use super::Sdk;
use crate::error::{AwsError, Kind, failed};

const QUOTA: &str = "servicequotas:GetServiceQuota";

/// "Interface VPC endpoints per VPC", which counts Gateway Load Balancer endpoints as well.
const SERVICE: &str = "vpc";
const INTERFACE_ENDPOINTS: &str = "L-29B6F2EB";

/// What applies to an account that never had it changed.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>
const DEFAULT: u32 = 50;

/// Reads quotas.
#[derive(Clone, Debug)]
pub struct Quotas {
    client: Client,
}

impl Quotas {
    pub fn new(sdk: &Sdk) -> Quotas {
        Quotas { client: Client::new(&sdk.config) }
    }

    /// How many interface endpoints a VPC may have in this account and Region. Where Service Quotas has no value for
    /// the account, the default applies.
    /// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an answer without a value that makes sense.
    pub async fn interface_endpoints(&self) -> Result<u32, AwsError> {
        let request = self.client.get_service_quota().service_code(SERVICE).quota_code(INTERFACE_ENDPOINTS);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => match failed(QUOTA, INTERFACE_ENDPOINTS)(error) {
                error if error.kind == Kind::NotFound => return Ok(DEFAULT),
                error => return Err(error),
            },
        };
        let value = answer.quota().and_then(ServiceQuota::value);
        // Printed and parsed, because no cast from a float says when it fails.
        let count = value.and_then(|value| format!("{value:.0}").parse().ok());
        count.ok_or_else(|| AwsError::answer(QUOTA, INTERFACE_ENDPOINTS, Kind::Unavailable, "incomplete answer"))
    }
}
