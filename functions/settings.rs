//! The settings that the functions share: which deployment, which hosts, which VPC.

use std::collections::BTreeSet;

use planner::catalog::Applied;
use planner::name::Name;
use planner::report::Mode;
use planner::route::Routes;
use planner::trigger::is_endpoint_id;
use planner::variables::Reader;

use crate::routes::routes;

/// What happens to our records when the endpoint is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    Keep,
    Withdraw,
}

/// The deployment of the platform that the customer connects to.
#[derive(Clone, Debug)]
pub struct Deployed {
    pub service_name: String,
    /// The Region of the function.
    pub region: String,
    pub platform_host: Option<Name>,
    /// The catalog's rows for this deployment.
    pub catalog: Option<Applied>,
    /// Every host of the configuration, with where it should lead.
    pub routes: Routes,
}

impl Deployed {
    /// Whether the service is in another Region than the function.
    pub fn is_elsewhere(&self) -> bool {
        let Deployed { service_name, region, .. } = self;
        !service_name.is_empty() && !region.is_empty() && !service_name.contains(&format!(".vpce.{region}."))
    }
}

/// Reads the deployment. What is wrong is noted in the reader; the rest is then not to be used.
pub fn deployed(reader: &mut Reader<'_>) -> Deployed {
    let region = reader.required("AWS_REGION", "the Region that the function runs in", is_region);
    let service_name = reader.required(
        "TDP_SERVICE_NAME",
        "com.amazonaws.vpce.<region>.vpce-svc-<hexadecimal digits>, from TetraScience",
        is_service_name,
    );
    let platform = reader.required(
        "TDP_PLATFORM_HOST",
        "a host name such as platform.tetrascience.com, without https:// and without a path",
        |text| Name::host(text).is_ok_and(|name| name.wildcard_base().is_none()),
    );
    let platform_host = Name::host(&platform).ok();
    let found = routes(reader, platform_host.as_ref(), &region, &service_name);
    let (catalog, routes) = found.map_or((None, Routes::default()), |(catalog, routes)| (Some(catalog), routes));
    Deployed { service_name, region, platform_host, catalog, routes }
}

/// `VPC_ID`.
pub fn vpc_id(reader: &mut Reader<'_>) -> Option<String> {
    reader.optional("VPC_ID", "vpc-<8 to 17 hexadecimal digits>, or empty", |text| is_id(text, "vpc-"))
}

/// `EXISTING_ZONES`: whether records and zones of others are taken over.
pub fn adopts(reader: &mut Reader<'_>) -> bool {
    reader.choice("EXISTING_ZONES", &["refuse", "adopt"], "refuse") == "adopt"
}

/// `MODE`.
pub fn mode(reader: &mut Reader<'_>) -> Mode {
    match reader.choice("MODE", &["plan", "apply", "withdraw"], "plan") {
        "apply" => Mode::Apply,
        "withdraw" => Mode::Withdraw,
        _ => Mode::Plan,
    }
}

/// `OWNER_ID`.
pub fn owner_id(reader: &mut Reader<'_>) -> String {
    let allowed = "1 to 128 letters, digits, hyphens, underscores or dots: the stack's name";
    reader.required("OWNER_ID", allowed, is_owner_id)
}

fn is_owner_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// `ON_LOSS`.
pub fn on_loss(reader: &mut Reader<'_>) -> OnLoss {
    match reader.choice("ON_LOSS", &["keep", "withdraw"], "keep") {
        "withdraw" => OnLoss::Withdraw,
        _ => OnLoss::Keep,
    }
}

/// `ENDPOINT_ID`: the endpoints to follow, where a VPC has several.
pub fn pinned(reader: &mut Reader<'_>) -> BTreeSet<String> {
    let entries = reader.list("ENDPOINT_ID");
    let (ids, others): (Vec<&str>, Vec<&str>) = entries.into_iter().partition(|entry| is_endpoint_id(entry));
    for entry in others {
        reader.say("ENDPOINT_ID", Some(entry), "a list of vpce-<8 to 17 hexadecimal digits>, one for a VPC");
    }
    ids.into_iter().map(str::to_owned).collect()
}

/// `ADOPT_OWNER`: former owners that hand over to this one.
pub fn former_owners(reader: &mut Reader<'_>, owner_id: &str) -> Vec<String> {
    let entries = reader.list("ADOPT_OWNER");
    for entry in entries.iter().copied().filter(|entry| !is_owner_id(entry) || *entry == owner_id) {
        reader.say("ADOPT_OWNER", Some(entry), "a list of other owners than OWNER_ID: the names of former stacks");
    }
    entries.into_iter().map(str::to_owned).collect()
}

/// `TOPIC_ARN`.
pub fn topic_arn(reader: &mut Reader<'_>) -> String {
    reader.required("TOPIC_ARN", "the ARN of an SNS topic, arn:…:sns:…", is_topic_arn)
}

fn is_region(text: &str) -> bool {
    text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_service_name(text: &str) -> bool {
    // China's services start with `cn.`.
    let rest = text.strip_prefix("cn.").unwrap_or(text).strip_prefix("com.amazonaws.vpce.");
    rest.and_then(|rest| rest.split_once('.')).is_some_and(|(region, id)| is_region(region) && is_id(id, "vpce-svc-"))
}

/// An AWS id: the prefix and 8 to 17 hexadecimal digits.
pub fn is_id(text: &str, prefix: &str) -> bool {
    let hex = text.strip_prefix(prefix).unwrap_or_default();
    (8..=17).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_topic_arn(text: &str) -> bool {
    let mut parts = text.split(':');
    parts.next() == Some("arn")
        && parts.nth(1) == Some("sns")
        && parts.count() == 3
        && !text.contains(char::is_whitespace)
}
