//! DNS names, normalised once: lower case, no trailing dot, `*` instead of Route 53's `\052`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A DNS name as the planner compares it. Two spellings of one name are equal.
///
/// Names read from Route 53 keep other octal escapes (`\100`) as they came, so that they can be sent back. A clone
/// shares the text: a plan for many records names each of them many times.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

/// Why a text is no host name that we may write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 253 characters")]
    TooLong,
    #[error("it needs at least two labels, such as platform.example.com")]
    OneLabel,
    #[error("the label '{0}' is not 1 to 63 letters, digits, hyphens or underscores, with no hyphen at either end")]
    BadLabel(String),
    #[error(
        "'{0}' is not a DNS wildcard: a star stands only for a whole leftmost label (*.example.com), so a record for it \
         would match nothing. Name the exact hosts, or let the private DNS of that AWS service's own endpoint cover them"
    )]
    PartialWildcard(String),
    #[error("it is an IP address")]
    Address,
}

impl Name {
    /// Normalises a name that Route 53 or EC2 answered. Never fails: foreign zones may hold anything.
    pub fn from_wire(text: &str) -> Name {
        let text = text.strip_suffix('.').unwrap_or(text);
        let is_normal = !text.bytes().any(|b| b.is_ascii_uppercase() || b == b'\\');
        Name(if is_normal { text.into() } else { text.to_ascii_lowercase().replace("\\052", "*").into() })
    }

    /// Parses a host name that a person configured: a plain name, or `*.` before one.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn host(text: &str) -> Result<Name, NameError> {
        let name = Name::from_wire(text.trim());
        if name.0.is_empty() {
            return Err(NameError::Empty);
        }
        if name.0.len() > 253 {
            return Err(NameError::TooLong);
        }
        let plain = name.0.strip_prefix("*.").unwrap_or(&name.0);
        let mut labels = 0;
        let mut last = "";
        for label in plain.split('.') {
            if label.contains('*') {
                return Err(NameError::PartialWildcard(name.to_string()));
            }
            if !is_label(label) {
                return Err(NameError::BadLabel(
                    label.chars().take(63).collect::<String>().escape_default().to_string(),
                ));
            }
            labels += 1;
            last = label;
        }
        if labels < 2 {
            return Err(NameError::OneLabel);
        }
        if last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NameError::Address);
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For `*.x`: `x`. `None` for a plain name.
    pub fn wildcard_base(&self) -> Option<Name> {
        self.0.strip_prefix("*.").map(|base| Name(base.into()))
    }

    /// The name without its first label; `None` at the top.
    pub fn parent(&self) -> Option<Name> {
        parent(&self.0).map(|above| Name(above.into()))
    }

    /// Whether the name is `zone` itself or lies below it.
    pub fn is_within(&self, zone: &Name) -> bool {
        self.0 == zone.0 || self.is_below(zone)
    }

    /// Whether the name lies strictly below `zone`.
    pub fn is_below(&self, zone: &Name) -> bool {
        is_below(&self.0, zone.as_str())
    }

    /// `prefix` as a further label in front.
    pub fn child(&self, prefix: &str) -> Name {
        Name::child_of(&self.0, prefix)
    }

    /// As [`Name::child`], of a text that is a name's.
    pub(crate) fn child_of(name: &str, prefix: &str) -> Name {
        Name([prefix, ".", name].concat().into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        String::deserialize(deserializer).map(|text| Name(text.into()))
    }
}

/// As [`Name::parent`], without a name of its own.
pub(crate) fn parent(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, rest)| rest)
}

/// As [`Name::is_below`].
pub(crate) fn is_below(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
