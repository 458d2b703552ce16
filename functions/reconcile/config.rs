//! The configuration: environment variables, parsed once into types.

use std::collections::{BTreeMap, BTreeSet};

use planner::association::{MOST_VPCS, VpcRef};
use planner::digest::digest;
use planner::report::Mode;
use planner::route::Routes;
use planner::variables::{Invalid, Reader};

use crate::settings::{self, Deployed, OnLoss, is_id};

/// Everything that `reconcile` is told.
#[derive(Clone, Debug)]
pub struct Config {
    pub service_name: String,
    pub region: String,
    /// Every host of the configuration, with where it should lead.
    pub routes: Routes,
    pub vpc_id: Option<String>,
    /// More VPCs for the zones that we make.
    pub extra_vpcs: BTreeSet<VpcRef>,
    /// This account, where it is told.
    pub account_id: Option<String>,
    /// An empty VPC in which new zones are filled before the real one sees them.
    pub staging_vpc_id: Option<String>,
    /// The endpoints to follow, where a VPC has several.
    pub pinned: BTreeSet<String>,
    pub adopt: bool,
    pub on_loss: OnLoss,
    pub mode: Mode,
    pub owner_id: String,
    /// Former owners whose records and zones become ours.
    pub former_owners: Vec<String>,
    pub topic_arn: String,
    /// The name or ARN of the function that proves a VPC's connection from inside, by VPC id.
    pub verifiers: BTreeMap<String, String>,
    /// Whether the cut-over is held until the endpoint is proved, where a verifier exists.
    pub requires_proof: bool,
    /// Whether each invocation logs a line that CloudWatch makes metrics of.
    pub has_metrics: bool,
    /// Digest of all variables of ours.
    pub digest: String,
}

impl Config {
    /// The staging VPC for the zones of a VPC; the staging VPC itself has none.
    pub fn staging_for(&self, vpc_id: &str) -> Option<&str> {
        self.staging_vpc_id.as_deref().filter(|staging| *staging != vpc_id)
    }

    /// Parses the variables.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn parse(variables: &BTreeMap<String, String>) -> Result<Config, Vec<Invalid>> {
        let mut reader = Reader::new(variables);
        let deployed = settings::deployed(&mut reader);
        let vpc_id = settings::vpc_id(&mut reader);
        let staging_vpc_id = staging_vpc_id(&mut reader, vpc_id.as_deref());
        let account_id = account_id(&mut reader);
        let taken = [vpc_id.as_deref(), staging_vpc_id.as_deref()];
        let extra_vpcs = extra_vpcs(&mut reader, &deployed.region, account_id.as_deref(), taken);
        let pinned = settings::pinned(&mut reader);
        let adopt = settings::adopts(&mut reader);
        let on_loss = settings::on_loss(&mut reader);
        let mode = settings::mode(&mut reader);
        let owner_id = settings::owner_id(&mut reader);
        let former_owners = settings::former_owners(&mut reader, &owner_id);
        let topic_arn = settings::topic_arn(&mut reader);
        let verifiers = verifiers(&mut reader, vpc_id.as_deref());
        let requires_proof = reader.choice("CUTOVER_PROOF", &["require", "report"], "require") == "require";
        let has_metrics = reader.choice("METRICS", &["on", "off"], "off") == "on";
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
            routes: deployed.routes,
            vpc_id,
            extra_vpcs,
            account_id,
            staging_vpc_id,
            pinned,
            adopt,
            on_loss,
            mode,
            owner_id,
            former_owners,
            topic_arn,
            verifiers,
            requires_proof,
            has_metrics,
            digest: digest_of(variables),
        })
    }
}

/// Every variable that decides what is written. The template sets them, and a test compares it with this list.
const SETTINGS: [&str; 19] = [
    "ACCOUNT_ID",
    "ADOPT_OWNER",
    "AWS_SERVICE_ROUTING",
    "CUTOVER_PROOF",
    "ENDPOINT_ID",
    "EXISTING_ZONES",
    "EXTRA_HOSTS",
    "EXTRA_VPC_IDS",
    "HOLD_HOSTS",
    "MODE",
    "ON_LOSS",
    "OWNER_ID",
    "STAGING_VPC_ID",
    "TDP_BUCKET_PREFIX",
    "TDP_COMPONENTS",
    "TDP_PLATFORM_HOST",
    "TDP_SERVICE_NAME",
    "VERIFIERS",
    "VPC_ID",
];

/// One that is empty counts as not set.
fn digest_of(variables: &BTreeMap<String, String>) -> String {
    let set = SETTINGS.iter().filter_map(|name| Some((name, variables.get(*name)?.trim())));
    let lines: Vec<String> = set.filter(|(_, value)| !value.is_empty()).map(|(k, v)| format!("{k}={v}")).collect();
    digest(lines.iter().map(String::as_str))
}

/// `STAGING_VPC_ID`: another VPC than the real one.
fn staging_vpc_id(reader: &mut Reader<'_>, vpc_id: Option<&str>) -> Option<String> {
    let allowed = "vpc-<8 to 17 hexadecimal digits> of an empty VPC, or empty; not VPC_ID itself";
    reader.optional("STAGING_VPC_ID", allowed, |text| is_id(text, "vpc-") && vpc_id != Some(text))
}

/// `ACCOUNT_ID`: the template sets it.
fn account_id(reader: &mut Reader<'_>) -> Option<String> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    reader.optional("ACCOUNT_ID", "the 12 digits of this account, or empty", is_account)
}

/// `EXTRA_VPC_IDS`: for the zones of the one VPC that `VPC_ID` names.
fn extra_vpcs(
    reader: &mut Reader<'_>,
    region: &str,
    account: Option<&str>,
    taken: [Option<&str>; 2],
) -> BTreeSet<VpcRef> {
    let entries = reader.list("EXTRA_VPC_IDS");
    let mut vpcs = BTreeSet::new();
    if !entries.is_empty() && taken.first().is_none_or(Option::is_none) {
        reader.say("VPC_ID", None, "the VPC whose zones the VPCs of EXTRA_VPC_IDS are to use");
    }
    if entries.len() > MOST_VPCS {
        reader.say("EXTRA_VPC_IDS", None, format!("a list of at most {MOST_VPCS} VPCs"));
    }
    for entry in entries {
        match VpcRef::parse(entry, region, account) {
            Some(vpc) if taken.contains(&Some(vpc.id.as_str())) => {
                reader.say("EXTRA_VPC_IDS", Some(entry), "other VPCs than VPC_ID and STAGING_VPC_ID");
            }
            Some(vpc) => {
                let is_twice = vpcs.iter().any(|known: &VpcRef| known.id == vpc.id);
                if is_twice {
                    reader.say("EXTRA_VPC_IDS", Some(entry), "each VPC once");
                }
                vpcs.insert(vpc);
            }
            None => {
                let allowed =
                    "a list of vpc-<8 to 17 hexadecimal digits>, each with @<account>/<region> where it is another";
                reader.say("EXTRA_VPC_IDS", Some(entry), allowed);
            }
        }
    }
    vpcs
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
