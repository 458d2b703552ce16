//! Lambda: the verifiers.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::{Client, Config, config};

use super::Sdk;
use crate::error::{AwsError, Kind, failed};

const INVOKE: &str = "lambda:InvokeFunction";

/// Longer than a verifier may run, so that it is Lambda that says when one took too long.
const WHOLE_CALL: Duration = Duration::from_secs(45);

/// What a function that was invoked gave back.
#[derive(Clone, Debug)]
pub struct Invoked {
    pub payload: Vec<u8>,
    /// Whether the function ended with an error; the payload is then Lambda's description of it.
    pub has_failed: bool,
}

/// Invokes functions. Most starts have nothing to prove, so the client is made for the first call.
#[derive(Debug)]
pub struct Lambda {
    config: Config,
    client: OnceLock<Client>,
}

impl Lambda {
    pub fn new(sdk: &Sdk) -> Lambda {
        // Unlike the other calls, this one takes as long as the function does.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(WHOLE_CALL)
            .operation_timeout(WHOLE_CALL)
            .build();
        let config = config::Builder::from(&sdk.config)
            .interceptor(sdk.calls.clone())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        Lambda { config: config.build(), client: OnceLock::new() }
    }

    /// Invokes a function, by name or ARN, and waits for its answer.
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
    ///
    /// # Errors
    /// [`AwsError`] when it was not invoked; of kind `NotFound` when there is no such function.
    pub async fn invoke(&self, function: &str, payload: Vec<u8>) -> Result<Invoked, AwsError> {
        let client = self.client.get_or_init(|| Client::from_conf(self.config.clone()));
        let request = client.invoke().function_name(function).payload(Blob::new(payload));
        let answer = request.send().await.map_err(failed(INVOKE, function))?;
        let has_failed = answer.function_error().is_some();
        match answer.payload {
            Some(payload) => Ok(Invoked { payload: payload.into_inner(), has_failed }),
            None => Err(AwsError::answer(INVOKE, function, Kind::Unavailable, "no answer")),
        }
    }
}
