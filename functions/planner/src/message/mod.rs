//! A report as people read it: the subject and text of an announcement.

mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::association::{Association, State};
use crate::log::one_line;
use crate::marker::marked_name;
use crate::name::Name;
use crate::news::Event;
use crate::plan::{Change, Plan};
use crate::proof::{HostProof, Try, Verdict, plain};
use crate::record::RecordType;
use crate::report::{Connection, Outcome};
use crate::route::{Coverage, Via};
use words::{happened, means, next};

/// What SNS takes as a subject: at most 100 ASCII characters, no line breaks.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_SUBJECT: usize = 100;

/// The longest text for people, in bytes. An SNS message holds 256 KiB and carries the report beside it.
const MOST_TEXT: usize = 64 * 1024;

/// The subject line: what happened, where.
pub fn subject(event: Event, connection: &Connection) -> String {
    let vpc = &connection.vpc_id;
    let names = names(connection);
    let text = match event {
        Event::ConnectionWaiting if connection.state == "pendingAcceptance" => {
            format!("TDP PrivateLink in {vpc} waits for TetraScience to accept")
        }
        Event::ConnectionWaiting => format!("TDP PrivateLink in {vpc} waits: endpoint is {}", connection.state),
        Event::Held => format!("TDP PrivateLink is HELD in {vpc}: {}", first_code(connection)),
        Event::ConnectionLive => format!("TDP PrivateLink is live in {vpc}: {names}, {}", proved(connection)),
        Event::ConnectionRecovered => format!("TDP PrivateLink is back in {vpc}: {names}, {}", proved(connection)),
        Event::ConnectionMoved => {
            let endpoint = connection.endpoint_id.as_deref().unwrap_or("another endpoint");
            format!("TDP PrivateLink moved in {vpc} to {endpoint}: {names}, {}", proved(connection))
        }
        Event::CoverageChanged => format!("TDP PrivateLink in {vpc}: AWS service hosts are served otherwise"),
        Event::AssociationsChanged if waits_for_others(connection) => {
            format!("TDP PrivateLink in {vpc} waits for another account")
        }
        Event::AssociationsChanged => format!("TDP PrivateLink in {vpc}: other VPCs changed"),
        Event::ConnectionLost => format!("TDP PrivateLink is LOST in {vpc}: endpoint is {}", connection.state),
        Event::DriftRepaired => format!("TDP PrivateLink repaired in {vpc}: {}", repaired(connection)),
        Event::ProofFailed => format!("TDP PrivateLink is failing in {vpc}: {}", first_code(connection)),
        Event::ProofRecovered => format!("TDP PrivateLink is proved in {vpc}: {}", proved_hosts(connection)),
        Event::ProofMissing => format!("TDP PrivateLink cannot be proved in {vpc}: {}", first_code(connection)),
        Event::CertificateExpiring => format!("TDP PrivateLink in {vpc}: a certificate expires soon"),
        Event::Withdrawn if has_kept_zone(connection) => {
            format!("TDP PrivateLink withdrawn from {vpc}: some names have NO ANSWER")
        }
        Event::Withdrawn if has_held_host(connection) => {
            format!("TDP PrivateLink withdrawn from {vpc}, but for held hosts")
        }
        Event::Withdrawn => format!("TDP PrivateLink withdrawn from {vpc}: public DNS again"),
        Event::Refused => format!("TDP PrivateLink needs you in {vpc}: {}", first_code(connection)),
        Event::Failed => format!("TDP PrivateLink failed in {vpc}: {}", first_code(connection)),
    };
    text.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).take(MOST_SUBJECT).collect()
}

/// The text for people. `plan` is what was written, also by a run that then failed.
pub fn text(event: Event, connection: &Connection, plan: &Plan, owner: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut text, event, connection, plan, owner);
    if text.len() > MOST_TEXT {
        let end = (0..=MOST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n… shortened: the whole report is in the function's log.\n");
    }
    text
}

fn write_text(out: &mut String, event: Event, connection: &Connection, plan: &Plan, owner: &str) -> std::fmt::Result {
    writeln!(out, "{}", happened(event, connection))?;
    writeln!(out)?;
    writeln!(out, "VPC:               {}", connection.vpc_id)?;
    writeln!(out, "Endpoint:          {} ({})", connection.endpoint_id.as_deref().unwrap_or("none"), connection.state)?;
    writeln!(out, "Primary DNS name:  {}", connection.primary_dns_name.as_deref().unwrap_or("not known yet"))?;
    if connection.primary_dns_name.is_some() {
        writeln!(out, "                   Keep this name on record: TetraScience's procedure asks for it.")?;
    }
    if let Some(former) = &connection.moved_from {
        writeln!(out, "Moved from:        {former}")?;
    }
    writeln!(out, "Outcome:           {}", connection.outcome.as_str())?;
    writeln!(out, "Proof:             before {}, after {}", connection.proof.before, connection.proof.after)?;
    writeln!(out, "Owner:             {owner}")?;
    write_proof(out, &connection.proof.hosts)?;

    let changed = !plan.is_empty();
    if changed {
        write!(out, "\nWhat was changed (+ added, - removed, * before => after):\n")?;
        write_first(out, &plan.to_string())?;
    }
    if !connection.zones.is_empty() && !changed {
        writeln!(out, "\nPrivate zones:")?;
        for zone in &connection.zones {
            writeln!(out, "  {} ({})", zone.name, zone.id.as_deref().unwrap_or("not made"))?;
        }
    }
    let hidden: Vec<&str> = connection.zones.iter().flat_map(|zone| &zone.hides).map(Name::as_str).collect();
    if !hidden.is_empty() && event == Event::ConnectionLive {
        let shown = hidden.iter().take(MOST_ROWS).copied().collect::<Vec<&str>>().join(", ");
        let more = hidden.len().saturating_sub(MOST_ROWS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(out, "Names that this VPC no longer resolves in public DNS: {shown}{more}")?;
    }
    write_coverage(out, &connection.coverage)?;
    write_associations(out, &connection.associations)?;
    if !connection.problems.is_empty() {
        writeln!(out, "\nWhat to know:")?;
        for problem in connection.problems.iter().take(MOST_ROWS) {
            // A fix may have commands in lines of their own; nothing of others is in it that could begin one.
            let fix = problem.fix.split('\n').map(one_line).collect::<Vec<String>>().join("\n");
            let message = one_line(&problem.message);
            writeln!(out, "  [{}] {message}\n    Fix: {fix}", problem.code)?;
        }
        if connection.problems.len() > MOST_ROWS {
            writeln!(out, "  and {} more, in the function's log", connection.problems.len() - MOST_ROWS)?;
        }
    }
    writeln!(out, "\nWhat it means: {}", means(event, connection))?;
    writeln!(out, "What to do next: {}", next(event, connection))?;
    write_undo(out, &connection.undo)?;
    if !connection.change_ids.is_empty() {
        let waited = if is_waited_for(connection) { " (INSYNC)" } else { "" };
        writeln!(out, "\nRoute 53 changes{waited}: {}", connection.change_ids.join(", "))?;
    }
    Ok(())
}

/// The first lines of a long list: what comes after it in the message is worth more than all of it.
fn write_first(out: &mut String, list: &str) -> std::fmt::Result {
    let mut left = MOST_PLAN;
    let fits = |line: &&str| {
        left = left.saturating_sub(line.len());
        left > 0
    };
    let shown: String = list.split_inclusive('\n').take_while(fits).collect();
    out.push_str(&shown);
    match list.lines().count() - shown.lines().count() {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more lines, in the function's log"),
    }
}

/// What was seen from inside the VPC, a line for each of the first hosts.
fn write_proof(out: &mut String, hosts: &[HostProof]) -> std::fmt::Result {
    if hosts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nSeen from inside the VPC:")?;
    for HostProof { host, verdict, tries, certificate, .. } in hosts.iter().take(MOST_HOSTS) {
        writeln!(out, "  {host}: {verdict}")?;
        for Try { ip, az_id, handshake_ms, tls_version, error, .. } in tries {
            let zone = plain(az_id.as_deref().unwrap_or("zone unknown"));
            match (handshake_ms, error) {
                (_, Some(error)) => writeln!(out, "    {ip} ({zone}): {}", plain(error))?,
                (Some(ms), None) => {
                    writeln!(out, "    {ip} ({zone}): {} in {ms} ms", plain(tls_version.as_deref().unwrap_or("TLS")))?;
                }
                (None, None) => {}
            }
        }
        if let Some(certificate) = certificate {
            let (subject, end) = (plain(&certificate.subject), plain(&certificate.not_after));
            writeln!(out, "    certificate {subject}, until {end} ({} days)", certificate.days_left)?;
        }
    }
    if hosts.len() > MOST_HOSTS {
        writeln!(out, "  and {} more, in the function's log", hosts.len() - MOST_HOSTS)?;
    }
    Ok(())
}

/// Who serves the hosts of AWS services, and which hosts are left alone.
fn write_coverage(out: &mut String, coverage: &[Coverage]) -> std::fmt::Result {
    if coverage.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nAWS service hosts, and hosts that are held:")?;
    for row in coverage.iter().take(MOST_ROWS) {
        let endpoint = row.endpoint_id.iter().map(|id| format!(" ({id})")).collect::<String>();
        writeln!(out, "  {}: {}{endpoint}", row.host, row.via.in_words())?;
    }
    if coverage.len() > MOST_ROWS {
        writeln!(out, "  and {} more, in the function's log", coverage.len() - MOST_ROWS)?;
    }
    Ok(())
}

/// Which other VPCs use the zones.
fn write_associations(out: &mut String, associations: &[Association]) -> std::fmt::Result {
    if associations.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nOther VPCs on these zones:")?;
    for one in associations.iter().take(MOST_ROWS) {
        writeln!(out, "  {} on {} ({}): {}", one.vpc, one.zone, one.zone_id, one.state.as_str())?;
    }
    if associations.len() > MOST_ROWS {
        writeln!(out, "  and {} more, in the function's log", associations.len() - MOST_ROWS)?;
    }
    Ok(())
}

/// The commands that undo it, where they are few enough to be read and copied.
fn write_undo(out: &mut String, undo: &[String]) -> std::fmt::Result {
    let size: usize = undo.iter().map(String::len).sum();
    if undo.is_empty() {
        return Ok(());
    }
    if size > MOST_UNDO {
        return writeln!(out, "\nTo undo it: the report in the function's log has {} lines for it.", undo.len());
    }
    writeln!(out, "\nTo undo it:")?;
    undo.iter().try_for_each(|command| writeln!(out, "  {command}"))
}

/// How many hosts a message shows in full, and how many lines of other lists.
const MOST_HOSTS: usize = 20;
const MOST_ROWS: usize = 60;
/// The most bytes of what was changed in a message.
const MOST_PLAN: usize = 16 * 1024;
/// The most bytes of commands in a message.
const MOST_UNDO: usize = 8 * 1024;

/// Whether the run waited until every change was INSYNC, and saw it.
fn is_waited_for(connection: &Connection) -> bool {
    let is_cut_short = matches!(connection.outcome, Outcome::Failed | Outcome::Held);
    !is_cut_short && connection.problems.iter().all(|problem| problem.code != "association-failed")
}

/// Whether somebody in another account has to do something.
fn waits_for_others(connection: &Connection) -> bool {
    connection.associations.iter().any(|one| one.state == State::Authorized)
}

/// Whether a zone stays in which names have lost their records.
fn has_kept_zone(connection: &Connection) -> bool {
    connection.problems.iter().any(|problem| problem.code == "zone-kept")
}

fn has_held_host(connection: &Connection) -> bool {
    connection.coverage.iter().any(|row| row.via == Via::Held)
}

fn first_code(connection: &Connection) -> &str {
    connection.problems.first().map_or("see the report", |problem| problem.code)
}

/// How the proof stands, in one or two words for a subject.
fn proved(connection: &Connection) -> &'static str {
    match connection.proof.after {
        Verdict::Passed => "proved",
        Verdict::Failed => "failing",
        Verdict::Incomplete | Verdict::Unproven => "unproven",
    }
}

/// `3 of 3 names`.
fn proved_hosts(connection: &Connection) -> String {
    let hosts = &connection.proof.hosts;
    let passed = hosts.iter().filter(|host| host.verdict == Verdict::Passed).count();
    format!("{passed} of {}", count(hosts.len(), "name"))
}

/// `1 of 3 names fails`.
fn failing_hosts(connection: &Connection) -> String {
    let hosts = &connection.proof.hosts;
    let failed = hosts.iter().filter(|host| host.verdict == Verdict::Failed).count();
    format!("{failed} of {} {}", count(hosts.len(), "name"), if failed == 1 { "fails" } else { "fail" })
}

/// How many names were written: hosts, not record sets.
fn names(connection: &Connection) -> String {
    let written = |change: &&Change| change.rtype.steers_traffic() && change.after.is_some();
    let hosts: BTreeSet<&Name> = connection.changes.iter().filter(written).map(|change| &change.name).collect();
    match hosts.len() {
        0 => format!("{} in step", count(connection.zones.len(), "zone")),
        n => count(n, "name"),
    }
}

/// What was repaired: the hosts whose records or markers were not right; or else the zones themselves, of which one marker
/// each says so.
fn repaired(connection: &Connection) -> String {
    let is_of_zone = |change: &Change| change.rtype == RecordType::Soa;
    let has_steered = connection.changes.iter().any(|change| change.rtype.steers_traffic());
    if !has_steered && (!connection.zone_changes.is_empty() || connection.changes.iter().any(is_of_zone)) {
        return "zone settings".to_owned();
    }
    let changes = connection.changes.iter().filter(|change| !is_of_zone(change));
    let host = |change: &Change| marked_name(&change.name).unwrap_or_else(|| change.name.clone());
    let hosts: BTreeSet<Name> = changes.map(host).collect();
    count(hosts.len(), "name")
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
