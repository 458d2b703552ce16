//! The settings that the functions share: which deployment, which hosts, which VPC.

use std::collections::BTreeSet;

use planner::catalog::{self, Applied, Deployment};
use planner::desired;
use planner::name::Name;
use planner::report::Mode;
use planner::variables::{Reader, one_of};

const COMPONENTS: [&str; 5] = ["hub", "data-hub", "agent", "agent-s3-direct", "connector"];

/// The deployment of the platform that the customer connects to.
#[derive(Clone, Debug)]
pub struct Deployed {
    pub service_name: String,
    /// The Region of the function.
    pub region: String,
    pub platform_host: Option<Name>,
    /// The catalog's rows for this deployment.
    pub catalog: Option<Applied>,
    /// Every host that should resolve to the TDP endpoint: the catalog's and `EXTRA_HOSTS`.
    pub hosts: BTreeSet<Name>,
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
    let components = components(reader);
    let bucket_prefix = bucket_prefix(reader, &components);
    let extra_hosts = extra_hosts(reader);
    let platform_host = Name::host(&platform).ok();
    let found = platform_host.clone().and_then(|platform_host| {
        let deployment = Deployment { platform_host, region: region.clone(), components, bucket_prefix };
        all_hosts(reader, &deployment, extra_hosts)
    });
    let (catalog, hosts) = found.map_or((None, BTreeSet::new()), |(catalog, hosts)| (Some(catalog), hosts));
    Deployed { service_name, region, platform_host, catalog, hosts }
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
    reader.required("OWNER_ID", "1 to 128 letters, digits, hyphens, underscores or dots: the stack's name", |text| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    })
}

/// `TOPIC_ARN`.
pub fn topic_arn(reader: &mut Reader<'_>) -> String {
    reader.required("TOPIC_ARN", "the ARN of an SNS topic, arn:…:sns:…", is_topic_arn)
}

fn components(reader: &mut Reader<'_>) -> BTreeSet<String> {
    let mut components = BTreeSet::new();
    for component in reader.list("TDP_COMPONENTS") {
        if COMPONENTS.contains(&component) {
            components.insert(component.to_owned());
        } else {
            reader.say("TDP_COMPONENTS", Some(component), format!("a list of {}", one_of(&COMPONENTS)));
        }
    }
    if components.is_empty() {
        components.extend(["hub".to_owned(), "agent".to_owned()]);
    }
    components
}

fn bucket_prefix(reader: &mut Reader<'_>, components: &BTreeSet<String>) -> Option<String> {
    let allowed = "{infra}-{env}: 3 to 50 lower-case letters, digits and hyphens, from TetraScience";
    let is_valid = |text: &str| {
        (3..=50).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let prefix = reader.optional("TDP_BUCKET_PREFIX", allowed, is_valid);
    let is_direct = components.contains("agent-s3-direct");
    if is_direct && prefix.is_none() {
        reader.say("TDP_BUCKET_PREFIX", None, format!("{allowed}, because TDP_COMPONENTS has agent-s3-direct"));
    }
    if !is_direct && prefix.is_some() {
        reader.say("TDP_BUCKET_PREFIX", prefix.as_deref(), "empty, unless TDP_COMPONENTS has agent-s3-direct");
    }
    prefix
}

fn extra_hosts(reader: &mut Reader<'_>) -> BTreeSet<Name> {
    let mut hosts = BTreeSet::new();
    for entry in reader.list("EXTRA_HOSTS") {
        if entry.contains('=') {
            reader.say(
                "EXTRA_HOSTS",
                Some(entry),
                "a list of hosts: host=<service name> is not supported by this version yet",
            );
            continue;
        }
        match Name::host(entry) {
            Ok(host) => {
                hosts.insert(host);
            }
            Err(error) => reader.say("EXTRA_HOSTS", Some(entry), format!("a list of host names or *.host: {error}")),
        }
    }
    hosts
}

/// The hosts of the catalog and the extra ones, once it is sure that no zone for them would be too wide.
fn all_hosts(
    reader: &mut Reader<'_>,
    deployment: &Deployment,
    extra_hosts: BTreeSet<Name>,
) -> Option<(Applied, BTreeSet<Name>)> {
    let catalog = catalog::apply(deployment).and_then(|catalog| catalog.tdp_hosts().map(|hosts| (catalog, hosts)));
    let (catalog, mut hosts): (Applied, BTreeSet<Name>) = match catalog {
        Ok(found) => found,
        Err(error) => {
            let allowed = format!("a host that the catalog's names can be built from: {}", planner::log::chain(&error));
            reader.say("TDP_PLATFORM_HOST", Some(deployment.platform_host.as_str()), allowed);
            return None;
        }
    };
    for host in &extra_hosts {
        let zone = host.wildcard_base().unwrap_or_else(|| host.clone());
        if let Some(why) = catalog.never(&zone) {
            let allowed = format!("narrower: it would need a private zone {zone}, and {why}");
            reader.say("EXTRA_HOSTS", Some(host.as_str()), allowed);
        }
    }
    hosts.extend(extra_hosts);
    for zone in desired::zones(&hosts, &BTreeSet::new()).keys() {
        if let Some(why) = catalog.never(zone).filter(|_| deployment.platform_host == *zone) {
            let allowed = format!("the host of one deployment: it would need a private zone {zone}, and {why}");
            reader.say("TDP_PLATFORM_HOST", Some(zone.as_str()), allowed);
        }
    }
    Some((catalog, hosts))
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
