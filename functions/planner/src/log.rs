//! What goes into a log line. Nothing here writes it.

use std::error::Error;

/// An error with its whole chain on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        if parts.last() != Some(&part) {
            parts.push(part);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// The log line of an error, as Lambda's JSON logs have them.
pub fn error_line(code: &str, message: &str) -> String {
    serde_json::json!({"level": "ERROR", "code": code, "message": message}).to_string()
}
