//! What the connection costs in a month, by list prices, before anything is created.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::wanted::Wanted;
use crate::zones::made;

const PRICES: &str = include_str!("../prices.json");

/// How often the stack works: each minute and each 15 minutes.
const SWEEPS_PER_HOUR: f64 = 60.0;
const DRIFTS_PER_HOUR: f64 = 4.0;
/// Assumed for the estimate, on the safe side: what an invocation takes of 256 MB, and what it logs.
const SWEEP_SECONDS: f64 = 0.2;
const DRIFT_SECONDS: f64 = 3.0;
const MEMORY_GB: f64 = 0.25;
const LOG_KB: f64 = 3.0;
/// Whose prices count for a Region without a row of its own.
const FALLBACK: &str = "us-east-1";
/// As many zones of an account cost the first price.
const FIRST_ZONES: usize = 25;
/// Messages in a month in which something happens every day.
const MESSAGES: f64 = 30.0;

/// A monthly estimate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costs {
    pub currency: String,
    /// The date on which the price table was reviewed.
    pub reviewed: String,
    pub total: f64,
    pub rows: Vec<CostRow>,
    pub remarks: Vec<String>,
    /// The price pages.
    pub sources: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostRow {
    pub what: &'static str,
    /// The calculation, as text.
    pub quantity: String,
    pub monthly: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    reviewed: String,
    currency: String,
    hours_per_month: f64,
    sources: BTreeMap<String, String>,
    global: Global,
    regions: BTreeMap<String, Regional>,
}

#[derive(Deserialize)]
struct Price {
    value: f64,
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Global {
    /// For each of the first 25 zones of an account.
    hosted_zone_first25: Price,
    hosted_zone_after: Price,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Regional {
    endpoint_az_hour: Price,
    endpoint_gb: Price,
    lambda_million_requests: Price,
    lambda_gb_second_x86: Price,
    lambda_gb_second_arm: Price,
    scheduler_million: Price,
    sns_email_100_thousand: Price,
    logs_ingestion_gb: Price,
    logs_storage_gb_month: Price,
    resolver_interface_hour: Price,
}

/// The estimate. A Region without a row of its own is counted by us-east-1, with a remark.
pub fn costs(facts: &Facts, wanted: &Wanted) -> Costs {
    match serde_json::from_str::<Table>(PRICES) {
        Ok(table) => estimate(&table, facts, wanted),
        // Compiled in, and parsed by a test.
        Err(error) => Costs {
            currency: "USD".to_owned(),
            reviewed: "never".to_owned(),
            total: 0.0,
            rows: Vec::new(),
            remarks: vec![format!("The price table is not valid: {error}.")],
            sources: Vec::new(),
        },
    }
}

fn estimate(table: &Table, facts: &Facts, wanted: &Wanted) -> Costs {
    let Some(prices) = table.regions.get(&wanted.region).or_else(|| table.regions.get(FALLBACK)) else {
        return Costs { remarks: vec!["The price table has no Region.".to_owned()], ..empty(table) };
    };
    let mut sheet = Sheet { rows: Vec::new(), sources: BTreeSet::new() };
    let hours = table.hours_per_month;
    let azs = zones(facts, wanted);
    let zones = made(facts, wanted).len();
    let per_hour = &prices.endpoint_az_hour;
    if let Some(azs) = azs {
        let quantity = format!("{azs} zones × {hours} h × {}", per_hour.value);
        sheet.add("Interface endpoint", quantity, count(azs) * hours, per_hour);
    }
    let (first, after) = (&table.global.hosted_zone_first25, &table.global.hosted_zone_after);
    let many = zones.saturating_sub(FIRST_ZONES);
    sheet.add("Private hosted zones", format!("{} × {}", zones - many, first.value), count(zones - many), first);
    if many > 0 {
        sheet.add("Private hosted zones, further ones", format!("{many} × {}", after.value), count(many), after);
    }
    lambda(&mut sheet, prices, hours, &wanted.architecture);
    let runs = (SWEEPS_PER_HOUR + DRIFTS_PER_HOUR) * hours;
    let scheduler = &prices.scheduler_million;
    sheet.add("EventBridge Scheduler", format!("{runs} runs × {} a million", scheduler.value), runs / 1e6, scheduler);
    let logs = &prices.logs_ingestion_gb;
    let gb = runs * LOG_KB / 1e6;
    sheet.add("CloudWatch Logs", format!("{gb:.2} GB × {}", logs.value), gb, logs);
    let kept = &prices.logs_storage_gb_month;
    let year = gb * 12.0;
    sheet.add("CloudWatch Logs, a year of them", format!("{year:.2} GB × {}", kept.value), year, kept);
    let mail = &prices.sns_email_100_thousand;
    sheet.add("SNS", format!("{MESSAGES} e-mails × {} for 100,000", mail.value), MESSAGES / 1e5, mail);

    Costs {
        total: sheet.rows.iter().map(|row| row.monthly).sum(),
        remarks: remarks(table, prices, facts, wanted, azs.is_some()),
        sources: sheet.sources.iter().filter_map(|key| table.sources.get(*key).cloned()).collect(),
        rows: sheet.rows,
        ..empty(table)
    }
}

fn remarks(table: &Table, prices: &Regional, facts: &Facts, wanted: &Wanted, has_zones: bool) -> Vec<String> {
    let (currency, hours) = (&table.currency, table.hours_per_month);
    let per_gb = prices.endpoint_gb.value;
    let mut remarks = vec![format!("Data through the endpoint comes on top: {currency} {per_gb} for each GB.")];
    if !has_zones {
        let month = hours * prices.endpoint_az_hour.value;
        remarks.push(format!(
            "The zones of the endpoint are not known: {currency} {month:.2} for each of them come on top."
        ));
    }
    if facts.inbound_endpoints.as_ref().is_ok_and(Vec::is_empty) {
        let hour = prices.resolver_interface_hour.value;
        remarks.push(format!(
            "An inbound Resolver endpoint for clients outside AWS would cost {currency} {:.2} (2 addresses × {hours} h × {hour}).",
            2.0 * hours * hour
        ));
    }
    if !table.regions.contains_key(&wanted.region) {
        remarks.push(format!("There are no prices for {} in the table: these are those of {FALLBACK}.", wanted.region));
    }
    remarks
}

fn lambda<'a>(sheet: &mut Sheet<'a>, prices: &'a Regional, hours: f64, architecture: &str) {
    let requests = (SWEEPS_PER_HOUR + DRIFTS_PER_HOUR) * hours;
    let seconds = (SWEEPS_PER_HOUR * SWEEP_SECONDS + DRIFTS_PER_HOUR * DRIFT_SECONDS) * hours * MEMORY_GB;
    let per_request = &prices.lambda_million_requests;
    let per_second =
        if architecture == "aarch64" { &prices.lambda_gb_second_arm } else { &prices.lambda_gb_second_x86 };
    let what = "Lambda, requests";
    sheet.add(what, format!("{requests} × {} a million", per_request.value), requests / 1e6, per_request);
    sheet.add("Lambda, duration", format!("{seconds} GB-s × {}", per_second.value), seconds, per_second);
}

/// In how many Availability Zones the endpoint stands or will: its own, those chosen, or all that are shared; `None`
/// when that could not be read.
fn zones(facts: &Facts, wanted: &Wanted) -> Option<usize> {
    let subnets = facts.subnets.as_ref().ok()?;
    let endpoint = facts.tdp_endpoint.as_ref().ok()?.as_ref();
    let chosen = endpoint.map_or(&wanted.subnet_ids, |found| &found.subnet_ids);
    let service = facts.service.as_ref().ok().and_then(Option::as_ref);
    let is_meant = |subnet: &&crate::facts::Subnet| {
        if chosen.is_empty() {
            service.is_none_or(|service| service.az_ids.contains(&subnet.az_id))
        } else {
            chosen.contains(&subnet.id)
        }
    };
    Some(subnets.iter().filter(is_meant).map(|subnet| &subnet.az_id).collect::<BTreeSet<_>>().len())
}

fn empty(table: &Table) -> Costs {
    Costs {
        currency: table.currency.clone(),
        reviewed: table.reviewed.clone(),
        total: 0.0,
        rows: Vec::new(),
        remarks: Vec::new(),
        sources: Vec::new(),
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

struct Sheet<'a> {
    rows: Vec<CostRow>,
    sources: BTreeSet<&'a str>,
}

impl<'a> Sheet<'a> {
    fn add(&mut self, what: &'static str, quantity: String, units: f64, price: &'a Price) {
        self.rows.push(CostRow { what, quantity, monthly: units * price.value });
        self.sources.insert(&price.source);
    }
}
