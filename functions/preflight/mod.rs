//! `preflight`: reads what stands around a connection, has it judged, and tells people. It writes nothing.

mod assemble;
mod config;
mod event;
mod publish;
mod read;
mod resolve;

use std::collections::BTreeMap;

use checks::facts::{Facts, Read, Unread};
use checks::report::{Report, report};
use checks::texts::TextError;
use checks::wanted::Made;
use planner::log::{chain, error_line};
use planner::report::Mode;
use planner::variables::Invalid;
use serde_json::value::RawValue;

use crate::aws::ec2::Ec2;
use crate::aws::profiles::Profiles;
use crate::aws::quotas::Quotas;
use crate::aws::resolver::Resolver;
use crate::aws::route53::Route53;
use crate::aws::ses::Ses;
use crate::aws::sns::Sns;
use crate::error::{AwsError, unread};
use config::Config;

/// The function, ready for events.
#[derive(Debug)]
pub struct Preflight {
    config: Config,
    ec2: Ec2,
    profiles: Profiles,
    quotas: Quotas,
    resolver: Resolver,
    route53: Route53,
    ses: Ses,
    sns: Sns,
}

/// What Lambda says of an invocation.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The function's own ARN: the account is read from it.
    pub arn: &'a str,
    pub request_id: &'a str,
    /// When it is, as RFC 3339.
    pub at: String,
}

/// Why there is no report.
#[derive(Debug)]
pub enum Stopped {
    /// The event is no request; a sentence that says why.
    Request(String),
    Text(TextError),
}

impl Preflight {
    /// Parses the settings and makes the clients. No call is made.
    ///
    /// # Errors
    /// Everything that is wrong with the variables.
    pub async fn init(variables: &BTreeMap<String, String>) -> Result<Preflight, Vec<Invalid>> {
        let config = Config::parse(variables)?;
        let sdk = crate::aws::connect(variables).await;
        Ok(Preflight {
            ec2: Ec2::new(&sdk),
            profiles: Profiles::new(&sdk),
            quotas: Quotas::new(&sdk),
            resolver: Resolver::new(&sdk),
            route53: Route53::new(&sdk, &config.region),
            ses: Ses::new(&sdk),
            sns: Sns::new(&sdk, &config.topic_arn),
            config,
        })
    }

    /// Makes the report that an event asks for, and says whether it is to be published.
    ///
    /// A read that fails takes only the checks with it that need it, so an AWS error is never one of this
    /// function's.
    ///
    /// # Errors
    /// [`Stopped`] for an event that is no request.
    pub async fn report(&self, event: &RawValue, run: Run<'_>) -> Result<(Report, bool), Stopped> {
        let request = event::request(event).map_err(Stopped::Request)?;
        // After a deployment nobody is told what a plan would be told for, or what is being taken back.
        let is_to_publish = request.publish && (!request.is_of_deployment || self.config.mode == Mode::Apply);
        let made = Made {
            at: run.at,
            request_id: run.request_id.to_owned(),
            owner: self.config.owner_id.clone(),
            version: env!("CARGO_PKG_VERSION"),
        };
        let arn = run.arn;
        // An emulator gives a function no ARN; Lambda always does.
        let account = account_of(arn).or_else(|| account_of(&self.config.topic_arn)).unwrap_or("unknown").to_owned();
        let (wanted, named) = self.wanted(request, made).await;
        let facts = match named {
            Ok(()) if wanted.vpc_id.is_empty() => Facts { vpc: Ok(None), ..assemble::nothing(account, &unnamed()) },
            Ok(()) => self.facts(&wanted, account).await,
            Err(unread) => assemble::nothing(account, &unread),
        };
        let report = report(&facts, &wanted).map_err(Stopped::Text)?;
        Ok((report, is_to_publish))
    }

    /// Publishes a report to the topic of the announcements.
    ///
    /// # Errors
    /// [`AwsError`] when SNS did not accept it.
    pub async fn publish(&self, report: &Report) -> Result<(), AwsError> {
        let severity = publish::severity(report);
        let attributes = [
            ("event", "preflight"),
            ("severity", severity),
            ("vpcId", if report.vpc_id.is_empty() { "none" } else { &report.vpc_id }),
        ];
        self.sns.publish(&publish::subject(report), publish::envelope(report), &attributes).await
    }
}

/// Nothing is read where it is not known of which VPC.
fn unnamed() -> Unread {
    Unread { action: "ec2:DescribeVpcs", is_denied: false, message: "no VPC is named".to_owned() }
}

/// The account in an ARN.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a call found, as a fact. Why one failed goes to the log with its whole chain; the report has it in short.
fn read<T>(found: Result<T, AwsError>) -> Read<T> {
    found.map_err(|error| {
        eprintln!("{}", error_line("not-read", &chain(&error)));
        unread(&error)
    })
}
