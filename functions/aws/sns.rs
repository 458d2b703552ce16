//! SNS: the announcements.

use std::sync::OnceLock;

use aws_sdk_sns::types::MessageAttributeValue;
use aws_sdk_sns::{Client, Config, config};

use super::Sdk;
use super::whole::WholeXml;
use crate::error::{AwsError, Kind, failed};

const PUBLISH: &str = "sns:Publish";

/// Publishes to one topic. Most starts have no news, so the client is made for the first message.
#[derive(Debug)]
pub struct Sns {
    config: Config,
    client: OnceLock<Client>,
    topic_arn: String,
}

impl Sns {
    pub fn new(sdk: &Sdk, topic_arn: &str) -> Sns {
        let config = config::Builder::from(&sdk.config).interceptor(WholeXml).interceptor(sdk.calls.clone());
        Sns { config: config.build(), client: OnceLock::new(), topic_arn: topic_arn.to_owned() }
    }

    /// Publishes one message. `message` is a JSON object with a text per protocol, `attributes` are for filter
    /// policies. Returns when SNS has accepted it.
    ///
    /// # Errors
    /// [`AwsError`] when SNS did not accept it.
    pub async fn publish(&self, subject: &str, message: String, attributes: &[(&str, &str)]) -> Result<(), AwsError> {
        let client = self.client.get_or_init(|| Client::from_conf(self.config.clone()));
        let mut request =
            client.publish().topic_arn(&self.topic_arn).subject(subject).message(message).message_structure("json");
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            let value = value.map_err(|_| AwsError::answer(PUBLISH, name, Kind::Refused, "attribute not valid"))?;
            request = request.message_attributes(*name, value);
        }
        request.send().await.map_err(failed(PUBLISH, &self.topic_arn))?;
        Ok(())
    }
}
