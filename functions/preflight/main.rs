//! The `preflight` function: what TetraScience asks for, and what would go wrong, before it does.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::SystemTime;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use planner::log::{chain, error_line};
use serde_json::value::{RawValue, to_raw_value};
use tdp_privatelink::aws::rfc3339;
use tdp_privatelink::preflight::{Preflight, Run, Stopped};
use tokio::sync::OnceCell;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Made for the first event: whoever asks then learns what is wrong with the settings, which Lambda does not
    // tell of a start that failed.
    let function: OnceCell<Preflight> = OnceCell::new();
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| handle(&function, event));
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error_line("runtime", &error.to_string()));
            ExitCode::FAILURE
        }
    }
}

async fn handle(
    function: &OnceCell<Preflight>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Diagnostic> {
    let preflight = function.get_or_try_init(set_up).await?;
    let run = Run {
        arn: &event.context.invoked_function_arn,
        request_id: &event.context.request_id,
        at: rfc3339(SystemTime::now()),
    };
    let (report, is_to_publish) = match preflight.report(&event.payload, run).await {
        Ok(done) => done,
        Err(Stopped::Request(why)) => return Err(failed("InvalidRequest", "invalid-request", &why)),
        Err(Stopped::Text(error)) => return Err(failed("Text", "text", &chain(&error))),
    };
    // One line, and the same JSON as the answer: Lambda's log shows it as it is.
    let line = to_raw_value(&report).map_err(|error| failed("Report", "report", &error.to_string()))?;
    println!("{line}");
    if is_to_publish {
        preflight.publish(&report).await.map_err(|error| failed("Publish", "publish", &chain(&error)))?;
    }
    Ok(line)
}

async fn set_up() -> Result<Preflight, Diagnostic> {
    // A variable that is not UTF-8 is none of ours.
    let variables: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(key, value)| key.into_string().ok().zip(value.into_string().ok())).collect();
    Preflight::init(&variables).await.map_err(|invalid| {
        let invalid: Vec<String> = invalid.iter().map(ToString::to_string).collect();
        failed("InvalidConfiguration", "invalid-configuration", &invalid.join("; "))
    })
}

/// An error for the log and for whoever invoked the function.
fn failed(error_type: &str, code: &str, message: &str) -> Diagnostic {
    eprintln!("{}", error_line(code, message));
    Diagnostic { error_type: error_type.to_owned(), error_message: message.to_owned() }
}
