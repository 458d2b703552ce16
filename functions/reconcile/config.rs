//! The configuration: environment variables, parsed once into types.

use std::collections::{BTreeMap, BTreeSet};

use planner::name::Name;
use planner::report::Mode;
use planner::variables::{Invalid, Reader, one_of};

use crate::settings::{self, Deployed, is_id};

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
        let deployed = settings::deployed(&mut reader);
        let vpc_id = settings::vpc_id(&mut reader);
        let adopt = settings::adopts(&mut reader);
        let on_loss = match reader.choice("ON_LOSS", &["keep", "withdraw"], "keep") {
            "withdraw" => OnLoss::Withdraw,
            _ => OnLoss::Keep,
        };
        let mode = settings::mode(&mut reader);
        let owner_id = settings::owner_id(&mut reader);
        let topic_arn = settings::topic_arn(&mut reader);
        let verifiers = verifiers(&mut reader, vpc_id.as_deref());
        let requires_proof = reader.choice("CUTOVER_PROOF", &["require", "report"], "require") == "require";
        if deployed.is_elsewhere() {
            let Deployed { service_name, region, .. } = &deployed;
            let allowed =
                format!("a service of this function's Region, {region}: the VPC and the platform must share it");
            reader.say("TDP_SERVICE_NAME", Some(service_name), allowed);
        }
        if !reader.invalid.is_empty() {
            return Err(reader.invalid);
        }
        Ok(Config {
            service_name: deployed.service_name,
            region: deployed.region,
            hosts: deployed.hosts,
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

/// A function's name, partial or whole ARN, with or without a version or alias.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
fn is_function(text: &str) -> bool {
    (1..=170).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:$".contains(&b))
        && !text.contains("::")
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}
