//! Reading settings: text by name, checked once, everything that is wrong said at once.
//!
//! The variables come in as a map; nothing here looks into the environment.

use std::collections::BTreeMap;
use std::fmt;

/// A variable that is missing or does not make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub variable: &'static str,
    /// The value, escaped and shortened; `None` when it is not set.
    pub value: Option<String>,
    pub allowed: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} is '{value}', but must be {}", self.variable, self.allowed),
            None => write!(f, "{} is not set, but must be {}", self.variable, self.allowed),
        }
    }
}

/// Reads variables and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    pub invalid: Vec<Invalid>,
}

impl<'a> Reader<'a> {
    pub fn new(variables: &'a BTreeMap<String, String>) -> Reader<'a> {
        Reader { variables, invalid: Vec::new() }
    }

    /// The value without blanks around it; an empty one counts as not set.
    pub fn get(&self, variable: &str) -> Option<&'a str> {
        self.variables.get(variable).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Notes that a value is not what is allowed.
    pub fn say(&mut self, variable: &'static str, value: Option<&str>, allowed: impl Into<String>) {
        let value = value.map(crate::trigger::shown);
        self.invalid.push(Invalid { variable, value, allowed: allowed.into() });
    }

    /// A value that must be there; an empty text after one that is not, or is not valid.
    pub fn required(&mut self, variable: &'static str, allowed: &str, is_valid: impl Fn(&str) -> bool) -> String {
        let value = self.get(variable);
        if !value.is_some_and(is_valid) {
            self.say(variable, value, allowed);
            return String::new();
        }
        value.unwrap_or_default().to_owned()
    }

    pub fn optional(
        &mut self,
        variable: &'static str,
        allowed: &str,
        is_valid: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let value = self.get(variable)?;
        if !is_valid(value) {
            self.say(variable, Some(value), allowed);
        }
        Some(value.to_owned())
    }

    /// A value that is understood by `parse`; `None` when it is not set, or was noted as wrong.
    pub fn parsed<T>(&mut self, variable: &'static str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.get(variable)?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.say(variable, Some(value), allowed);
        }
        parsed
    }

    pub fn choice(&mut self, variable: &'static str, allowed: &[&'static str], default: &'static str) -> &'static str {
        let Some(value) = self.get(variable) else { return default };
        match allowed.iter().find(|word| **word == value) {
            Some(word) => word,
            None => {
                self.say(variable, Some(value), one_of(allowed));
                default
            }
        }
    }

    /// The items of a list that is separated by commas, without blanks and empty ones.
    pub fn list(&self, variable: &str) -> Vec<&'a str> {
        self.get(variable).unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
    }
}

/// `a or b or c`.
pub fn one_of(words: &[&str]) -> String {
    words.join(" or ")
}
