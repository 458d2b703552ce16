//! What was changed, why and with which result: one document for each connection that a run wrote to.
//!
//! It is what a change request asks for afterwards. Its facts come from the report; nothing here decides anything.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::log::one_line;
use crate::plan::Action;
use crate::proof::Try;
use crate::record::Data;
use crate::report::{Connection, Mode, Outcome, Report, ZoneAction};

/// The version of the record's shape.
pub const SHAPE: u32 = 1;

/// One change of one connection.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRecord {
    /// [`SHAPE`].
    pub shape: u32,
    /// What the ownership markers of the records name.
    pub id: String,
    pub owner_id: String,
    /// Lambda's id of the invocation, which its other log lines have too.
    pub request_id: String,
    /// Of the product: its version and the commit that it was built from.
    pub version: String,
    pub commit: String,
    /// The event: `sweep`, `drift`, `event`, `reconcile`.
    pub trigger: String,
    /// Digest of all settings, hexadecimal.
    pub configuration: String,
    pub mode: Mode,
    /// RFC 3339, UTC.
    pub started: String,
    pub ended: String,
    /// When Route 53 said INSYNC, by change id. Changes of a zone are applied in order, so that only the last of each zone is
    /// waited for; where the outcome is `failed`, one that is not here was not heard to be.
    pub in_sync: BTreeMap<String, String>,
    /// What was announced for it.
    pub announced: Vec<&'static str>,
    /// Before and after of each record, proof, outcome, undo commands.
    pub connection: Connection,
}

impl Connection {
    /// Whether the run wrote something, and did not only plan it.
    pub fn was_written(&self) -> bool {
        !self.change_ids.is_empty() || !self.undo.is_empty()
    }
}

impl ChangeRecord {
    /// The record with lists so short that `bytes` counts at most `most`; [`markdown`](Self::markdown) of the whole record
    /// has all.
    pub fn shortened(&self, most: usize, bytes: impl Fn(&ChangeRecord) -> usize) -> ChangeRecord {
        let with = |report: &Report| {
            let connection = report.connections.first().cloned();
            ChangeRecord { connection: connection.unwrap_or_else(|| self.connection.clone()), ..self.clone() }
        };
        let report = Report { mode: self.mode, connections: vec![self.connection.clone()], problems: Vec::new() };
        with(&report.shortened(most, |report| bytes(&with(report))))
    }

    /// The record for people, as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let Connection { vpc_id, endpoint_id, state, outcome, primary_dns_name, proof, .. } = &self.connection;
        writeln!(out, "# Change {} of {}\n", self.id, self.owner_id)?;
        writeln!(out, "| | |\n|---|---|")?;
        let rows = [
            ("VPC", vpc_id.as_str()),
            ("Endpoint", endpoint_id.as_deref().unwrap_or("none")),
            ("State of the endpoint", state),
            ("Primary DNS name", primary_dns_name.as_deref().unwrap_or("not known")),
            ("Outcome", outcome.as_str()),
            ("Trigger", &self.trigger),
            ("Started", &self.started),
            ("Ended", &self.ended),
            ("Invocation", &self.request_id),
            ("Configuration (digest)", &self.configuration),
            ("Product", &format!("tdp-privatelink {}, commit {}", self.version, self.commit)),
            ("Proof", &format!("before {}, after {}", proof.before, proof.after)),
            ("Announced", &if self.announced.is_empty() { "nothing".to_owned() } else { self.announced.join(", ") }),
        ];
        for (what, value) in rows {
            writeln!(out, "| {what} | {} |", cell(value))?;
        }
        self.write_changes(out)?;
        self.write_route53(out)?;
        self.write_proof(out)?;
        if !self.connection.problems.is_empty() {
            writeln!(out, "\n## Problems\n")?;
            for problem in &self.connection.problems {
                writeln!(out, "- `{}`: {} Fix: {}", problem.code, cell(&problem.message), cell(&problem.fix))?;
            }
        }
        writeln!(out, "\n## Undo\n")?;
        if self.connection.undo.is_empty() {
            return writeln!(out, "Nothing to undo.");
        }
        // A command holds no line that ends a block: names and values in it are quoted, on one line.
        writeln!(out, "```sh")?;
        for command in &self.connection.undo {
            writeln!(out, "{command}")?;
        }
        writeln!(out, "```")
    }

    fn write_changes(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## Before and after\n")?;
        for change in &self.connection.zone_changes {
            let id = change.id.as_deref().unwrap_or("made");
            writeln!(out, "- Zone `{}` ({}): {}", change.zone, cell(id), zone_word(change.action))?;
        }
        if !self.connection.zone_changes.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "| Action | Name | Type | Before | After |\n|---|---|---|---|---|")?;
        for change in &self.connection.changes {
            let value = |data: Option<&Data>| data.map_or_else(|| "none".to_owned(), |data| cell(&data.to_string()));
            let (before, after) = (value(change.before.as_deref()), value(change.after.as_deref()));
            let action = word(change.action);
            writeln!(out, "| {action} | {} | {} | {before} | {after} |", cell(change.name.as_str()), change.rtype)?;
        }
        Ok(())
    }

    fn write_route53(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## Route 53\n\n| Change | INSYNC |\n|---|---|")?;
        for id in &self.connection.change_ids {
            // Route 53 applies the changes of a zone in order, so that only the last is waited for.
            let is_whole = self.connection.outcome != Outcome::Failed;
            let otherwise = if is_whole { "with the last change of its zone" } else { "not seen" };
            let at = self.in_sync.get(id).map_or(otherwise, String::as_str);
            writeln!(out, "| {} | {at} |", cell(id))?;
        }
        Ok(())
    }

    fn write_proof(&self, out: &mut String) -> fmt::Result {
        if self.connection.proof.hosts.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n## Proof from inside the VPC\n\n| Host | Verdict | Addresses |\n|---|---|---|")?;
        for host in &self.connection.proof.hosts {
            let tries: Vec<String> = host.tries.iter().map(tried).collect();
            writeln!(out, "| {} | {} | {} |", cell(&host.host), host.verdict, cell(&tries.join(", ")))?;
        }
        Ok(())
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}

fn zone_word(action: ZoneAction) -> &'static str {
    match action {
        ZoneAction::Create => "made",
        ZoneAction::Associate => "associated with the VPC",
        ZoneAction::Unstage => "taken off the staging VPC",
        ZoneAction::TakeOver => "taken over from its former owner",
        ZoneAction::Delete => "deleted",
    }
}

fn tried(one: &Try) -> String {
    let how = one.error.clone().or_else(|| one.tls_version.clone()).unwrap_or_else(|| "no answer".to_owned());
    format!("{} {how}", one.ip)
}

/// Text from outside as part of a table: on one line, and nothing in it that ends a cell.
fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|").replace('`', "'")
}

/// A text in parts of at most `most` bytes, cut between lines; one longer line is cut between characters.
pub fn parts(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > most {
        let room = (0..=most).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
        let (begin, _) = rest.split_at(room);
        let end = begin.rfind('\n').map_or(room, |at| at + 1);
        if end == 0 {
            break;
        }
        let (part, next) = rest.split_at(end);
        parts.push(part);
        rest = next;
    }
    parts.push(rest);
    parts
}
