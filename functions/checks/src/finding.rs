//! What a check found.

use serde::Serialize;

/// How bad a finding is. The order is the one in which people read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The connection will not work, or not as asked, until it is mended.
    Blocker,
    /// It will work, and something about it is bad or not known.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing that a person should know before the connection is made or used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Explained in docs/preflight.md.
    pub code: &'static str,
    pub severity: Severity,
    /// What is so, with the ids, in one line.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// The AWS CLI command that does it or shows more, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The hosts that do not lead to the endpoint because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl Finding {
    pub fn blocker(
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding::new(code, Severity::Blocker, what.into(), why.into(), fix.into())
    }

    pub fn warning(
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding::new(code, Severity::Warning, what.into(), why.into(), fix.into())
    }

    pub fn note(
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding::new(code, Severity::Note, what.into(), why.into(), fix.into())
    }

    fn new(code: &'static str, severity: Severity, what: String, why: String, fix: String) -> Finding {
        Finding { code, severity, what, why, fix, command: None, hosts: Vec::new() }
    }

    /// The same with a command.
    #[must_use]
    pub fn command(self, command: impl Into<String>) -> Finding {
        Finding { command: Some(command.into()), ..self }
    }

    /// The same with the hosts that it keeps from the endpoint.
    #[must_use]
    pub fn hosts<T: AsRef<str>>(self, hosts: &[T]) -> Finding {
        Finding { hosts: hosts.iter().map(|host| host.as_ref().to_owned()).collect(), ..self }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Finding {
        Finding { severity, ..self }
    }
}

/// Items as a person reads a list; a long one is cut, with how many there are besides.
pub fn listed<T: AsRef<str>>(items: &[T]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = items.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match items.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `1 subnet`, `2 subnets`.
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
