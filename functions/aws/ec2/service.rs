//! The TDP endpoint service, as this account sees it.

use aws_sdk_ec2::types::{DnsNameState, ServiceDetail};
use checks::facts::Service;
use planner::name::Name;

use super::{Ec2, incomplete, sorted};
use crate::error::{AwsError, Kind, failed};

const SERVICES: &str = "ec2:DescribeVpcEndpointServices";

/// An endpoint service, and the names of its Availability Zones for when EC2 gave no ids.
#[derive(Clone, Debug)]
pub struct SeenService {
    /// Without `az_ids` when EC2 gave none.
    pub service: Service,
    /// Names, which mean another zone in each account, sorted.
    pub az_names: Vec<String>,
}

impl Ec2 {
    /// An endpoint service by its name; `None` when EC2 says that there is none, which it also says when the
    /// service's owner has not permitted this account.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html>
    ///
    /// # Errors
    /// [`AwsError`] for everything else, also for an answer without the service: that is half an answer.
    pub async fn service(&self, service_name: &str) -> Result<Option<SeenService>, AwsError> {
        let mut token: Option<String> = None;
        loop {
            let request = self.client.describe_vpc_endpoint_services().service_names(service_name);
            let page = match request.set_next_token(token.take()).send().await {
                Ok(page) => page,
                Err(error) => match failed(SERVICES, service_name)(error) {
                    error if error.kind == Kind::NotFound => return Ok(None),
                    error => return Err(error),
                },
            };
            if let Some(item) = page.service_details().iter().find(|item| item.service_name() == Some(service_name)) {
                return Ok(Some(seen(item)));
            }
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Err(incomplete(SERVICES, service_name));
            }
        }
    }
}

fn seen(item: &ServiceDetail) -> SeenService {
    let is_verified = item.private_dns_name_verification_state() == Some(&DnsNameState::Verified);
    let listed = item.private_dns_names().iter().filter_map(|one| one.private_dns_name());
    let mut names: Vec<Name> = listed.chain(item.private_dns_name()).map(Name::from_wire).collect();
    names.sort();
    names.dedup();
    SeenService {
        service: Service {
            az_ids: sorted(item.availability_zone_ids().iter().cloned()),
            private_dns: names.into_iter().map(|name| (name, is_verified)).collect(),
        },
        az_names: sorted(item.availability_zones().iter().cloned()),
    }
}
