//! The configuration: environment variables, parsed once into types.

use std::collections::{BTreeMap, BTreeSet};

use planner::catalog::{self, Applied, Deployment};
use planner::desired;
use planner::name::Name;
use planner::report::Mode;
use planner::variables::{Invalid, Reader, one_of};

/// What happens to our records when the endpoint is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    Keep,
    Withdraw,
}

/// Everything that `reconcile` is told.
#[derive(Clone, Debug)]
pub struct Config {
    pub service_name: String,
    pub region: String,
    /// Every host that should resolve to the TDP endpoint: the catalog's and `EXTRA_HOSTS`.
    pub hosts: BTreeSet<Name>,
    pub vpc_id: Option<String>,
    pub adopt: bool,
    pub on_loss: OnLoss,
    pub mode: Mode,
    pub owner_id: String,
    pub topic_arn: String,
    /// The name or ARN of the function that proves a VPC's connection from inside, by VPC id.
    pub verifiers: BTreeMap<String, String>,
    /// Whether the cut-over is held until the endpoint is proved, where a verifier exists.
    pub requires_proof: bool,
}

/// Variables of the product's contract that this version does not serve. A value would be a promise, so any
/// value but the one that asks for nothing is refused.
const NOT_YET: [(&str, &[&str]); 3] =
    [("AWS_SERVICE_ROUTING", &["none"]), ("EXTRA_VPC_IDS", &[]), ("STAGING_VPC_ID", &[])];

const COMPONENTS: [&str; 5] = ["hub", "data-hub", "agent", "agent-s3-direct", "connector"];

impl Config {
    /// Parses the variables.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn parse(variables: &BTreeMap<String, String>) -> Result<Config, Vec<Invalid>> {
        let mut reader = Reader::new(variables);
        for (variable, allowed) in NOT_YET {
            refuse_unsupported(&mut reader, variable, allowed);
        }
        let region = reader.required("AWS_REGION", "the Region that the function runs in", is_region);
        let service = reader.required(
            "TDP_SERVICE_NAME",
            "com.amazonaws.vpce.<region>.vpce-svc-<hexadecimal digits>, from TetraScience",
            is_service_name,
        );
        let platform = reader.required(
            "TDP_PLATFORM_HOST",
            "a host name such as platform.tetrascience.com, without https:// and without a path",
            |text| Name::host(text).is_ok_and(|name| name.wildcard_base().is_none()),
        );
        let components = components(&mut reader);
        let bucket_prefix = bucket_prefix(&mut reader, &components);
        let extra_hosts = extra_hosts(&mut reader);
        let vpc_id =
            reader.optional("VPC_ID", "vpc-<8 to 17 hexadecimal digits>, or empty", |text| is_id(text, "vpc-"));
        let adopt = reader.choice("EXISTING_ZONES", &["refuse", "adopt"], "refuse") == "adopt";
        let on_loss = match reader.choice("ON_LOSS", &["keep", "withdraw"], "keep") {
            "withdraw" => OnLoss::Withdraw,
            _ => OnLoss::Keep,
        };
        let mode = match reader.choice("MODE", &["plan", "apply", "withdraw"], "plan") {
            "apply" => Mode::Apply,
            "withdraw" => Mode::Withdraw,
            _ => Mode::Plan,
        };
        let owner_id = reader.required(
            "OWNER_ID",
            "1 to 128 letters, digits, hyphens, underscores or dots: the stack's name",
            |text| {
                (1..=128).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            },
        );
        let topic_arn = reader.required("TOPIC_ARN", "the ARN of an SNS topic, arn:…:sns:…", is_topic_arn);
        let verifiers = verifiers(&mut reader, vpc_id.as_deref());
        let requires_proof = reader.choice("CUTOVER_PROOF", &["require", "report"], "require") == "require";
        if !service.is_empty() && !region.is_empty() && !service.contains(&format!(".vpce.{region}.")) {
            reader.say(
                "TDP_SERVICE_NAME",
                Some(&service),
                format!("a service of this function's Region, {region}: the VPC and the platform must share it"),
            );
        }

        let mut hosts = BTreeSet::new();
        if let Ok(platform_host) = Name::host(&platform) {
            let deployment = Deployment { platform_host, region: region.clone(), components, bucket_prefix };
            hosts = all_hosts(&mut reader, &deployment, extra_hosts);
        }
        if !reader.invalid.is_empty() {
            return Err(reader.invalid);
        }
        Ok(Config {
            service_name: service,
            region,
            hosts,
            vpc_id,
            adopt,
            on_loss,
            mode,
            owner_id,
            topic_arn,
            verifiers,
            requires_proof,
        })
    }
}

fn refuse_unsupported(reader: &mut Reader<'_>, variable: &'static str, allowed: &[&str]) {
    if let Some(value) = reader.get(variable).filter(|value| !allowed.contains(value)) {
        let allowed = if allowed.is_empty() { "empty".to_owned() } else { one_of(allowed) };
        reader.say(variable, Some(value), format!("{allowed}: this version does not support more yet"));
    }
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

/// `vpc-…=<function name or ARN>`, at most one for a VPC, and none for a VPC that `VPC_ID` leaves out.
fn verifiers(reader: &mut Reader<'_>, vpc_id: Option<&str>) -> BTreeMap<String, String> {
    let mut verifiers = BTreeMap::new();
    for entry in reader.list("VERIFIERS") {
        let parts = entry.split_once('=').map(|(vpc, function)| (vpc.trim(), function.trim()));
        let Some((vpc, function)) = parts.filter(|(vpc, function)| is_id(vpc, "vpc-") && is_function(function)) else {
            let allowed = "a list of vpc-<8 to 17 hexadecimal digits>=<name or ARN of a Lambda function>";
            reader.say("VERIFIERS", Some(entry), allowed);
            continue;
        };
        if vpc_id.is_some_and(|only| only != vpc) {
            reader.say("VERIFIERS", Some(entry), "for the VPC that VPC_ID names, since no other one is looked at");
        }
        if verifiers.insert(vpc.to_owned(), function.to_owned()).is_some() {
            reader.say("VERIFIERS", Some(entry), "one function for each VPC");
        }
    }
    verifiers
}

/// The hosts of the catalog and the extra ones, once it is sure that no zone for them would be too wide.
fn all_hosts(reader: &mut Reader<'_>, deployment: &Deployment, extra_hosts: BTreeSet<Name>) -> BTreeSet<Name> {
    let catalog = catalog::apply(deployment).and_then(|catalog| catalog.tdp_hosts().map(|hosts| (catalog, hosts)));
    let (catalog, mut hosts): (Applied, BTreeSet<Name>) = match catalog {
        Ok(found) => found,
        Err(error) => {
            let allowed = format!("a host that the catalog's names can be built from: {}", planner::log::chain(&error));
            reader.say("TDP_PLATFORM_HOST", Some(deployment.platform_host.as_str()), allowed);
            return BTreeSet::new();
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
    hosts
}

fn is_region(text: &str) -> bool {
    text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_service_name(text: &str) -> bool {
    // China's services start with `cn.`.
    let rest = text.strip_prefix("cn.").unwrap_or(text).strip_prefix("com.amazonaws.vpce.");
    rest.and_then(|rest| rest.split_once('.')).is_some_and(|(region, id)| is_region(region) && is_id(id, "vpce-svc-"))
}

fn is_id(text: &str, prefix: &str) -> bool {
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

/// A function's name, partial or whole ARN, with or without a version or alias.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
fn is_function(text: &str) -> bool {
    (1..=170).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:$".contains(&b))
        && !text.contains("::")
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}
