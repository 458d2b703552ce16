//! The edges: one file or folder per AWS service, and the only ones that know the SDK's types.

mod calls;
pub mod ec2;
pub mod lambda;
pub mod profiles;
pub mod quotas;
pub mod resolver;
pub mod route53;
pub mod ses;
pub mod sns;
pub mod ssm;
mod whole;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::primitives::{DateTime, DateTimeFormat};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
pub use calls::Calls;

/// What all clients share.
#[derive(Debug)]
pub struct Sdk {
    config: SdkConfig,
    /// What they have sent.
    pub calls: Calls,
}

/// The roots of Amazon Trust Services, which AWS's own endpoints have; all five, as it recommends for a trust store of
/// one's own. <https://www.amazontrust.com/repository/>
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// How the names of Regions in the partition `aws` begin.
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
const COMMERCIAL: [&str; 10] = ["af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-east-", "us-west-"];

/// Whom the clients trust. Reading the system's 140 roots takes longer than the rest of a start, so in the commercial
/// Regions these are Amazon's; elsewhere, and where somebody names roots for the system, the system's.
fn trust(variables: &BTreeMap<String, String>) -> TrustStore {
    let is_named = |name: &str| variables.get(name).is_some_and(|path| !path.is_empty());
    let region = variables.get("AWS_REGION").map(String::as_str).unwrap_or_default();
    // A Region that nobody knows yet may be of another partition.
    let is_commercial = COMMERCIAL.iter().any(|begin| region.starts_with(begin)) && !region.starts_with("eu-iso");
    if !is_commercial || is_named("SSL_CERT_FILE") || is_named("SSL_CERT_DIR") {
        return TrustStore::default();
    }
    TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
}

/// Loads what all clients share: Region, credentials and endpoints from the environment, one TLS stack, one
/// retry budget.
///
/// An attempt may take 8 s and a call 30 s with its retries: short enough for a call to be tried again within
/// an invocation, long enough for a slow Route 53.
pub async fn connect(variables: &BTreeMap<String, String>) -> Sdk {
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    // It fails for names of servers only, of which there are none.
    let http = match TlsContext::builder().with_trust_store(trust(variables)).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(_) => builder.build_https(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(8))
        .operation_timeout(Duration::from_secs(30))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(5)
        .with_initial_backoff(Duration::from_millis(200))
        .with_max_backoff(Duration::from_secs(4));
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(retries);
    // Where Lambda gives them. Elsewhere the SDK looks in all places, for which it makes one more client.
    if variables.contains_key("AWS_ACCESS_KEY_ID") {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    Sdk { config: loader.load().await, calls: Calls::default() }
}

/// A time as RFC 3339 in UTC, to the second.
pub fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = DateTime::from_secs(i64::try_from(seconds).unwrap_or_default());
    time.fmt(DateTimeFormat::DateTime).unwrap_or_default()
}
