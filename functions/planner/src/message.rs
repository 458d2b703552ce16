//! A report as people read it: the subject and text of an announcement.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::marker::marked_name;
use crate::name::Name;
use crate::news::Event;
use crate::plan::{Change, Plan};
use crate::proof::{EXPIRES_SOON_DAYS, HostProof, Try, Verdict, plain};
use crate::record::RecordType;
use crate::report::Connection;

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
        Event::ConnectionLost => format!("TDP PrivateLink is LOST in {vpc}: endpoint is {}", connection.state),
        Event::DriftRepaired => format!("TDP PrivateLink repaired in {vpc}: {}", repaired(connection)),
        Event::ProofFailed => format!("TDP PrivateLink is failing in {vpc}: {}", first_code(connection)),
        Event::ProofRecovered => format!("TDP PrivateLink is proved in {vpc}: {}", proved_hosts(connection)),
        Event::ProofMissing => format!("TDP PrivateLink cannot be proved in {vpc}: {}", first_code(connection)),
        Event::CertificateExpiring => format!("TDP PrivateLink in {vpc}: a certificate expires soon"),
        Event::Withdrawn if has_kept_zone(connection) => {
            format!("TDP PrivateLink withdrawn from {vpc}: some names have NO ANSWER")
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
    writeln!(out, "Outcome:           {}", connection.outcome.as_str())?;
    writeln!(out, "Proof:             before {}, after {}", connection.proof.before, connection.proof.after)?;
    writeln!(out, "Owner:             {owner}")?;
    write_proof(out, &connection.proof.hosts)?;

    let changed = !plan.is_empty();
    if changed {
        write!(out, "\nWhat was changed (+ added, - removed, * before => after):\n{plan}")?;
    }
    if !connection.zones.is_empty() && !changed {
        writeln!(out, "\nPrivate zones:")?;
        for zone in &connection.zones {
            writeln!(out, "  {} ({})", zone.name, zone.id.as_deref().unwrap_or("not made"))?;
        }
    }
    let hidden: Vec<&str> = connection.zones.iter().flat_map(|zone| &zone.hides).map(Name::as_str).collect();
    if !hidden.is_empty() && event == Event::ConnectionLive {
        writeln!(out, "Names that this VPC no longer resolves in public DNS: {}", hidden.join(", "))?;
    }
    if !connection.problems.is_empty() {
        writeln!(out, "\nWhat to know:")?;
        for problem in &connection.problems {
            writeln!(out, "  [{}] {}\n    Fix: {}", problem.code, problem.message, problem.fix)?;
        }
    }
    writeln!(out, "\nWhat it means: {}", means(event, connection))?;
    writeln!(out, "What to do next: {}", next(event, connection))?;
    if !connection.change_ids.is_empty() {
        writeln!(out, "\nRoute 53 changes (INSYNC): {}", connection.change_ids.join(", "))?;
    }
    Ok(())
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

/// How many hosts a message shows in full.
const MOST_HOSTS: usize = 20;

fn happened(event: Event, connection: &Connection) -> String {
    let vpc = &connection.vpc_id;
    let state = &connection.state;
    match event {
        Event::ConnectionWaiting => format!("The endpoint in {vpc} is {state}. No DNS record was written."),
        Event::Held => {
            format!("The endpoint in {vpc} is available, but it is not proved. No DNS record was written.")
        }
        Event::ConnectionLive if connection.proof.after == Verdict::Failed => {
            format!("Private DNS is written in {vpc}, and the proof is failing: {}.", failing_hosts(connection))
        }
        Event::ConnectionLive if connection.proof.after == Verdict::Passed => {
            format!("The Tetra Data Platform is reached privately from {vpc}: {}, proved.", names(connection))
        }
        Event::ConnectionLive => {
            format!("Private DNS is written in {vpc}, unproven: {}.", names(connection))
        }
        Event::ProofFailed => {
            format!("The platform is not reached from inside {vpc} as it should be: {}.", failing_hosts(connection))
        }
        Event::ProofRecovered => {
            format!("The platform is reached privately from inside {vpc}: {}.", proved_hosts(connection))
        }
        Event::ProofMissing => {
            format!("Nobody can say whether {vpc} reaches the platform: its verifier gave no verdict.")
        }
        Event::CertificateExpiring => {
            format!("A certificate that the platform shows in {vpc} expires within {EXPIRES_SOON_DAYS} days.")
        }
        Event::ConnectionRecovered => {
            format!(
                "The connection in {vpc} is back: its endpoint is {state}, the proof is {}.",
                connection.proof.after
            )
        }
        Event::ConnectionLost if connection.zones.is_empty() => format!("The endpoint of {vpc} is {state}."),
        Event::ConnectionLost => format!("The endpoint of {vpc} is {state}. The private DNS records were kept."),
        Event::DriftRepaired => {
            format!("Private DNS in {vpc} was not as it should be and has been repaired: {}.", repaired(connection))
        }
        Event::Withdrawn => {
            format!("This product's records were removed from {vpc}. Records of others were not touched.")
        }
        Event::Refused => format!("Nothing was written for {vpc}, because something needs a person's decision."),
        Event::Failed => format!("Private DNS for {vpc} could not be brought up to date, because AWS refused a call."),
    }
}

fn means(event: Event, connection: &Connection) -> &'static str {
    match event {
        Event::ConnectionWaiting => "Hubs, Agents and Connectors in this VPC go on as before, over public DNS.",
        Event::Held if connection.zones.iter().all(|zone| zone.id.is_none()) => {
            "No client was sent to an endpoint that does not work: Hubs, Agents and Connectors go on over public DNS."
        }
        Event::Held => "Records that were live before stay as they are; nothing new leads to the endpoint.",
        Event::ConnectionLive | Event::ConnectionRecovered if connection.proof.after == Verdict::Failed => {
            "Clients that use this VPC's resolver are sent to the endpoint, and at least one name does not work for them."
        }
        Event::ConnectionLive | Event::ConnectionRecovered if connection.proof.after == Verdict::Passed => {
            "A client in this VPC resolved the platform's names, reached the endpoint and saw the right certificates."
        }
        Event::ConnectionLive | Event::ConnectionRecovered => {
            "Clients that use this VPC's resolver are sent to the endpoint. Unproven means that no client in the VPC has tried it for you."
        }
        Event::ProofFailed => {
            "Private DNS is as this product wrote it, but a client in this VPC does not reach every name. Each cause above says on which side it lies."
        }
        Event::ProofRecovered => {
            "A client in this VPC resolved the platform's names, reached the endpoint and saw the right certificates."
        }
        Event::ProofMissing => {
            "Private DNS is as this product wrote it. What clients meet is not known until the verifier answers again."
        }
        Event::CertificateExpiring => {
            "Clients stop trusting the platform on that day unless the certificate is renewed."
        }
        Event::ConnectionLost if connection.zones.is_empty() => {
            "It was not live, so nothing changes for Hubs, Agents and Connectors: they go on over public DNS."
        }
        Event::ConnectionLost => {
            "The platform's names still point at an endpoint that does not work: clients in this VPC cannot reach the platform."
        }
        Event::DriftRepaired => "Somebody or something else changed these records. They are as they were before that.",
        Event::Withdrawn if has_kept_zone(connection) => {
            "A private zone that stays answers for names that have no record in it any more: clients in this VPC cannot resolve those. Other names resolve in public DNS again."
        }
        Event::Withdrawn => "The platform's names resolve in public DNS again.",
        Event::Refused | Event::Failed => "Records that were live before stay as they are; nothing new is live.",
    }
}

fn next(event: Event, connection: &Connection) -> String {
    let endpoint = connection.endpoint_id.as_deref().unwrap_or("the endpoint");
    match event {
        Event::ConnectionWaiting if connection.state == "pendingAcceptance" => format!(
            "Tell your customer success manager at TetraScience that {endpoint} waits for acceptance. The rest happens by itself."
        ),
        Event::ConnectionWaiting => "Nothing: the records are written when the endpoint becomes available.".to_owned(),
        Event::Held => "See each fix above. It is tried again every minute and goes live by itself when every name is proved. To go live without proof, deploy with CutoverProof=report.".to_owned(),
        Event::ConnectionLive | Event::ConnectionRecovered if connection.proof.after == Verdict::Passed => {
            "Record the primary DNS name.".to_owned()
        }
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ProofFailed if connection.proof.after == Verdict::Failed => {
            "See each fix above. It is proved again every minute, and you are told when it passes. To go back to public DNS meanwhile, deploy with Mode=withdraw.".to_owned()
        }
        Event::ProofFailed | Event::ProofMissing => "See each fix above. It is tried again every minute.".to_owned(),
        Event::ProofRecovered => "Nothing.".to_owned(),
        Event::CertificateExpiring => "Ask TetraScience when it is renewed. You are not told again about this certificate.".to_owned(),
        Event::ConnectionLive | Event::ConnectionRecovered => format!(
            "Record the primary DNS name. From a host in {}, try: curl -sv https://<name>/ for one of the names.",
            connection.vpc_id
        ),
        Event::ConnectionLost => format!(
            "Ask TetraScience about {endpoint}. To send clients back over public DNS meanwhile, deploy with OnLoss=withdraw or Mode=withdraw."
        ),
        Event::DriftRepaired => {
            "Ask who edited the zone (CloudTrail: ChangeResourceRecordSets), so that it does not happen again."
                .to_owned()
        }
        Event::Withdrawn if has_kept_zone(connection) => "See the fix of each zone above, now.".to_owned(),
        Event::Withdrawn => {
            "Nothing. To go live again, deploy with Mode=apply while the endpoint is available.".to_owned()
        }
        Event::Refused => "See each fix above. The next sweep looks again by itself.".to_owned(),
        Event::Failed => "See each fix above. It is tried again by itself within 15 minutes.".to_owned(),
    }
}

fn has_kept_zone(connection: &Connection) -> bool {
    connection.problems.iter().any(|problem| problem.code == "zone-kept")
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

/// What was repaired: the hosts whose records or markers were not right; or else what the zones say of themselves.
fn repaired(connection: &Connection) -> String {
    let changes = connection.changes.iter().filter(|change| change.rtype != RecordType::Soa);
    let host = |change: &Change| marked_name(&change.name).unwrap_or_else(|| change.name.clone());
    let hosts: BTreeSet<Name> = changes.map(host).collect();
    if hosts.is_empty() { "zone settings".to_owned() } else { count(hosts.len(), "name") }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
