//! The `reconcile` function: keeps private DNS in step with the interface endpoint to the Tetra Data Platform.

// Futures in futures: with those of the SDK, a few more than the compiler follows by itself.
#![recursion_limit = "256"]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use planner::log::error_line;
use planner::report::Report;
use serde_json::value::RawValue;
use tdp_privatelink::reconcile::{Clock, Reconcile};

/// The most bytes that Lambda takes as an answer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MOST_OF_AN_ANSWER: usize = 6_291_556;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A variable that is not UTF-8 is none of ours.
    let variables: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(key, value)| key.into_string().ok().zip(value.into_string().ok())).collect();
    let reconcile = match Reconcile::init(&variables).await {
        Ok(reconcile) => reconcile,
        Err(invalid) => {
            for problem in invalid {
                eprintln!("{}", error_line("invalid-configuration", &problem.to_string()));
            }
            return ExitCode::FAILURE;
        }
    };
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| handle(&reconcile, event));
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error_line("runtime", &error.to_string()));
            ExitCode::FAILURE
        }
    }
}

async fn handle(reconcile: &Reconcile, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Diagnostic> {
    let clock = Clock::new(&event.context.request_id, Duration::from_millis(event.context.deadline));
    let (report, again) = match reconcile.handle(&event.payload, &clock).await {
        Ok(report) => (report, None),
        Err(redeliver) => (redeliver.report, Some(redeliver.message)),
    };
    for line in reconcile.log_lines(&report, &clock).await {
        println!("{line}");
    }
    let whole = json(&report)?;
    let Some(message) = again else {
        if whole.get().len() <= MOST_OF_AN_ANSWER {
            return Ok(whole);
        }
        return json(&report.shortened(MOST_OF_AN_ANSWER, |report| json(report).map_or(0, |json| json.get().len())));
    };
    eprintln!("{}", error_line("redeliver", &message));
    Err(failure("Redeliver", &message))
}

fn json(report: &Report) -> Result<Box<RawValue>, Diagnostic> {
    serde_json::value::to_raw_value(report).map_err(|error| failure("Report", &error.to_string()))
}

fn failure(kind: &str, message: &str) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: message.to_owned() }
}
