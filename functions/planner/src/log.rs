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

/// Text from outside as part of a line: nothing that would begin a line of its own, or make it read otherwise.
pub fn one_line(text: &str) -> String {
    // Beside control characters: line and paragraph separators, and what turns the direction of the text around.
    let breaks = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// The log line of an error, as Lambda's JSON logs have them.
pub fn error_line(code: &str, message: &str) -> String {
    serde_json::json!({"level": "ERROR", "code": code, "message": message}).to_string()
}
