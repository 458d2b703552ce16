//! The `verify` function: proof from inside the VPC. It resolves names and opens TLS, says what it saw, and
//! calls no AWS API.

mod allowed;
mod certificate;
mod config;
mod judge;
mod prove;
mod request;
mod tls;
mod words;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use planner::deadline;
use planner::log::{chain, error_line};
use planner::proof::REFUSED;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use config::Config;
use prove::Prover;

/// Kept for judging and for the answer.
const MARGIN: Duration = Duration::from_millis(1500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function = Verify { tools: OnceCell::new() };
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| function.handle(event));
    match lambda_runtime::run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error_line("runtime", &error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// The function between requests.
struct Verify {
    /// Made for the first request, not at the start: nothing of it can be done ahead, and whoever asks learns
    /// what is wrong with the configuration, which Lambda does not tell of a start that failed.
    tools: OnceCell<(Config, Prover)>,
}

impl Verify {
    async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Diagnostic> {
        let (config, prover) = self.tools.get_or_try_init(|| async { set_up() }).await?;
        let request =
            request::check(event.payload.get(), config).map_err(|error| failed(REFUSED, "refused", &chain(&error)))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left = deadline::left(Duration::from_millis(event.context.deadline), now);
        let until = Instant::now() + left.saturating_sub(MARGIN);
        let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
        let answer = prover.prove(config, &request, until, seconds).await;
        // One line, and the same JSON as the answer: Lambda's log shows it as it is.
        let line = to_raw_value(&answer).map_err(|error| failed("Answer", "answer", &error.to_string()))?;
        println!("{line}");
        Ok(line)
    }
}

/// Reads the configuration, and readies DNS and TLS.
fn set_up() -> Result<(Config, Prover), Diagnostic> {
    // A variable that is not UTF-8 is none of ours.
    let variables: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(key, value)| key.into_string().ok().zip(value.into_string().ok())).collect();
    let config = Config::parse(&variables).map_err(|invalid| {
        let invalid: Vec<String> = invalid.iter().map(ToString::to_string).collect();
        failed("InvalidConfiguration", "invalid-configuration", &invalid.join("; "))
    })?;
    let prover = Prover::new(&config).map_err(|message| failed("SetUp", "set-up", &message))?;
    Ok((config, prover))
}

/// An error for the log and for whoever invoked the function.
fn failed(error_type: &str, code: &str, message: &str) -> Diagnostic {
    eprintln!("{}", error_line(code, message));
    Diagnostic { error_type: error_type.to_owned(), error_message: message.to_owned() }
}
