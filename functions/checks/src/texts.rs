//! The texts for people, from templates: the e-mail to TetraScience, the report, the hand-over for lab IT.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::hand_over::HandOver;
use crate::report::Report;

const TEMPLATES: [(&str, &str); 3] = [
    ("connection.txt", include_str!("../templates/connection.txt")),
    ("report.md", include_str!("../templates/report.md")),
    ("hand-over.md", include_str!("../templates/hand-over.md")),
];

/// For which DNS server, by which template.
const SNIPPETS: [(&str, &str); 5] = [
    ("bind", include_str!("../templates/bind.conf")),
    ("bindOptions", include_str!("../templates/bind-options.conf")),
    ("dnsmasq", include_str!("../templates/dnsmasq.conf")),
    ("unbound", include_str!("../templates/unbound.conf")),
    ("windows", include_str!("../templates/windows.ps1")),
];

/// What people read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Texts {
    /// To paste into an e-mail to TetraScience.
    pub connection_details: String,
    /// The whole report, as Markdown.
    pub report: String,
    /// For those who run DNS outside AWS, as Markdown; once the connection is live.
    pub hand_over: Option<String>,
}

/// A template that does not parse or names what is not there. A defect of the build.
#[derive(Debug)]
pub struct TextError(minijinja::Error);

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text could not be written")
    }
}

impl std::error::Error for TextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<minijinja::Error> for TextError {
    fn from(error: minijinja::Error) -> TextError {
        TextError(error)
    }
}

/// Writes the texts of a report that is complete but for them.
///
/// # Errors
/// [`TextError`] for a broken template.
pub fn texts(report: &Report) -> Result<Texts, TextError> {
    let environment = environment(&TEMPLATES)?;
    let context = Value::from(Serde(report));
    let render = |name: &str| Ok::<String, TextError>(environment.get_template(name)?.render(context.clone())?);
    Ok(Texts {
        connection_details: render("connection.txt")?,
        report: render("report.md")?,
        hand_over: report.hand_over.is_some().then(|| render("hand-over.md")).transpose()?,
    })
}

/// The configuration for each DNS server.
///
/// # Errors
/// [`TextError`] for a broken template.
pub fn snippets(hand_over: &HandOver) -> Result<BTreeMap<&'static str, String>, TextError> {
    let environment = environment(&SNIPPETS)?;
    let context = Value::from(Serde(hand_over));
    let render =
        |&(name, _): &(&'static str, &str)| Ok((name, environment.get_template(name)?.render(context.clone())?));
    SNIPPETS.iter().map(render).collect()
}

fn environment(templates: &[(&'static str, &'static str)]) -> Result<Environment<'static>, TextError> {
    let mut environment = Environment::new();
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    // A field that is not there is a mistake of the template, unless it is only asked whether it is.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("plain", plain);
    environment.add_filter("usd", |amount: f64| format!("{amount:.2}"));
    for (name, source) in templates {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// For Markdown: characters that would start something there.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '|' | '<' | '`' | '[') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
