//! The configuration: environment variables, parsed once into types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use planner::catalog::{self, Applied, Deployment};
use planner::desired;
use planner::name::Name;
use planner::report::Mode;

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
}

/// A variable that is missing or does not make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub variable: &'static str,
    /// The value, escaped and shortened; `None` when it is not set.
    pub value: Option<String>,
    pub allowed: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} is '{value}', but must be {}", self.variable, self.allowed),
            None => write!(f, "{} is not set, but must be {}", self.variable, self.allowed),
        }
    }
}

/// Variables of the product's contract that this version does not serve. A value would be a promise, so any
/// value but the one that asks for nothing is refused.
const NOT_YET: [(&str, &[&str]); 5] = [
    ("AWS_SERVICE_ROUTING", &["none"]),
    ("EXTRA_VPC_IDS", &[]),
    ("STAGING_VPC_ID", &[]),
    ("VERIFIERS", &[]),
    // Binds only where a verifier exists, and none can be configured.
    ("CUTOVER_PROOF", &["require", "report"]),
];

const COMPONENTS: [&str; 5] = ["hub", "data-hub", "agent", "agent-s3-direct", "connector"];

impl Config {
    /// Parses the variables.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn parse(variables: &BTreeMap<String, String>) -> Result<Config, Vec<Invalid>> {
        let mut reader = Reader { variables, invalid: Vec::new() };
        for (variable, allowed) in NOT_YET {
            reader.refuse_unsupported(variable, allowed);
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
        let components = reader.components();
        let bucket_prefix = reader.bucket_prefix(&components);
        let extra_hosts = reader.extra_hosts();
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
            hosts = reader.hosts(&deployment, extra_hosts);
        }
        if !reader.invalid.is_empty() {
            return Err(reader.invalid);
        }
        Ok(Config { service_name: service, region, hosts, vpc_id, adopt, on_loss, mode, owner_id, topic_arn })
    }
}

struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    invalid: Vec<Invalid>,
}

impl<'a> Reader<'a> {
    /// The value without blanks around it; an empty one counts as not set.
    fn get(&self, variable: &str) -> Option<&'a str> {
        self.variables.get(variable).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn say(&mut self, variable: &'static str, value: Option<&str>, allowed: impl Into<String>) {
        let value = value.map(planner::trigger::shown);
        self.invalid.push(Invalid { variable, value, allowed: allowed.into() });
    }

    fn required(&mut self, variable: &'static str, allowed: &str, is_valid: impl Fn(&str) -> bool) -> String {
        let value = self.get(variable);
        if !value.is_some_and(is_valid) {
            self.say(variable, value, allowed);
            return String::new();
        }
        value.unwrap_or_default().to_owned()
    }

    fn optional(&mut self, variable: &'static str, allowed: &str, is_valid: impl Fn(&str) -> bool) -> Option<String> {
        let value = self.get(variable)?;
        if !is_valid(value) {
            self.say(variable, Some(value), allowed);
        }
        Some(value.to_owned())
    }

    fn choice(&mut self, variable: &'static str, allowed: &[&'static str], default: &'static str) -> &'static str {
        let Some(value) = self.get(variable) else { return default };
        match allowed.iter().find(|word| **word == value) {
            Some(word) => word,
            None => {
                self.say(variable, Some(value), one_of(allowed));
                default
            }
        }
    }

    fn refuse_unsupported(&mut self, variable: &'static str, allowed: &[&str]) {
        if let Some(value) = self.get(variable).filter(|value| !allowed.contains(value)) {
            let allowed = if allowed.is_empty() { "empty".to_owned() } else { one_of(allowed) };
            self.say(variable, Some(value), format!("{allowed}: this version does not support more yet"));
        }
    }

    fn list(&self, variable: &str) -> Vec<&'a str> {
        self.get(variable).unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
    }

    fn components(&mut self) -> BTreeSet<String> {
        let mut components = BTreeSet::new();
        for component in self.list("TDP_COMPONENTS") {
            if COMPONENTS.contains(&component) {
                components.insert(component.to_owned());
            } else {
                self.say("TDP_COMPONENTS", Some(component), format!("a list of {}", one_of(&COMPONENTS)));
            }
        }
        if components.is_empty() {
            components.extend(["hub".to_owned(), "agent".to_owned()]);
        }
        components
    }

    fn bucket_prefix(&mut self, components: &BTreeSet<String>) -> Option<String> {
        let allowed = "{infra}-{env}: 3 to 50 lower-case letters, digits and hyphens, from TetraScience";
        let is_valid = |text: &str| {
            (3..=50).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let prefix = self.optional("TDP_BUCKET_PREFIX", allowed, is_valid);
        let is_direct = components.contains("agent-s3-direct");
        if is_direct && prefix.is_none() {
            self.say("TDP_BUCKET_PREFIX", None, format!("{allowed}, because TDP_COMPONENTS has agent-s3-direct"));
        }
        if !is_direct && prefix.is_some() {
            self.say("TDP_BUCKET_PREFIX", prefix.as_deref(), "empty, unless TDP_COMPONENTS has agent-s3-direct");
        }
        prefix
    }

    fn extra_hosts(&mut self) -> BTreeSet<Name> {
        let mut hosts = BTreeSet::new();
        for entry in self.list("EXTRA_HOSTS") {
            if entry.contains('=') {
                self.say(
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
                Err(error) => self.say("EXTRA_HOSTS", Some(entry), format!("a list of host names or *.host: {error}")),
            }
        }
        hosts
    }

    /// The hosts of the catalog and the extra ones, once it is sure that no zone for them would be too wide.
    fn hosts(&mut self, deployment: &Deployment, extra_hosts: BTreeSet<Name>) -> BTreeSet<Name> {
        let catalog = catalog::apply(deployment).and_then(|catalog| catalog.tdp_hosts().map(|hosts| (catalog, hosts)));
        let (catalog, mut hosts): (Applied, BTreeSet<Name>) = match catalog {
            Ok(found) => found,
            Err(error) => {
                let allowed =
                    format!("a host that the catalog's names can be built from: {}", crate::error::chain(&error));
                self.say("TDP_PLATFORM_HOST", Some(deployment.platform_host.as_str()), allowed);
                return BTreeSet::new();
            }
        };
        for host in &extra_hosts {
            let zone = host.wildcard_base().unwrap_or_else(|| host.clone());
            if let Some(why) = catalog.never(&zone) {
                let allowed = format!("narrower: it would need a private zone {zone}, and {why}");
                self.say("EXTRA_HOSTS", Some(host.as_str()), allowed);
            }
        }
        hosts.extend(extra_hosts);
        for zone in desired::zones(&hosts, &BTreeSet::new()).keys() {
            if let Some(why) = catalog.never(zone).filter(|_| deployment.platform_host == *zone) {
                let allowed = format!("the host of one deployment: it would need a private zone {zone}, and {why}");
                self.say("TDP_PLATFORM_HOST", Some(zone.as_str()), allowed);
            }
        }
        hosts
    }
}

fn one_of(words: &[&str]) -> String {
    words.join(" or ")
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
