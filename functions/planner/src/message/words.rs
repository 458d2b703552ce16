//! What each piece of news is called, what it means, and what to do.

use super::{failing_hosts, has_held_host, has_kept_zone, names, proved_hosts, repaired, waits_for_others};
use crate::news::Event;
use crate::proof::{EXPIRES_SOON_DAYS, Verdict};
use crate::report::Connection;

pub(super) fn happened(event: Event, connection: &Connection) -> String {
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
        Event::ConnectionMoved => {
            let endpoint = connection.endpoint_id.as_deref().unwrap_or("another endpoint");
            format!("Private DNS in {vpc} was moved to {endpoint}, the proof is {}.", connection.proof.after)
        }
        Event::CoverageChanged => {
            format!("In {vpc} something changed about who serves the AWS service hosts and those that are held.")
        }
        Event::AssociationsChanged if waits_for_others(connection) => {
            format!("Another account has to associate its VPC with the private zones of {vpc}.")
        }
        Event::AssociationsChanged => format!("Which other VPCs use the private zones of {vpc} has changed."),
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

pub(super) fn means(event: Event, connection: &Connection) -> &'static str {
    match event {
        Event::ConnectionWaiting => "Hubs, Agents and Connectors in this VPC go on as before, over public DNS.",
        Event::Held if connection.zones.iter().all(|zone| zone.id.is_none()) => {
            "No client was sent to an endpoint that does not work: Hubs, Agents and Connectors go on over public DNS."
        }
        Event::Held => "Records that were live before stay as they are; nothing new leads to the endpoint.",
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved
            if connection.proof.after == Verdict::Failed =>
        {
            "Clients that use this VPC's resolver are sent to the endpoint, and at least one name does not work for them."
        }
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved
            if connection.proof.after == Verdict::Passed =>
        {
            "A client in this VPC resolved the platform's names, reached the endpoint and saw the right certificates."
        }
        Event::CoverageChanged => {
            "The platform's own hosts are as they were. Each AWS service host is served as the list above says."
        }
        Event::AssociationsChanged if waits_for_others(connection) => {
            "The zones are authorized for those VPCs. Until they are associated, clients there resolve the names as before."
        }
        Event::AssociationsChanged => {
            "Clients in the VPCs that are associated resolve the platform's names as the main VPC does."
        }
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved => {
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
        Event::Withdrawn if has_held_host(connection) => {
            "The platform's names resolve in public DNS again, but for the hosts that are held: what is there, nobody touched."
        }
        Event::Withdrawn => "The platform's names resolve in public DNS again.",
        Event::Refused | Event::Failed => "Records that were live before stay as they are; nothing new is live.",
    }
}

pub(super) fn next(event: Event, connection: &Connection) -> String {
    let endpoint = connection.endpoint_id.as_deref().unwrap_or("the endpoint");
    match event {
        Event::ConnectionWaiting if connection.state == "pendingAcceptance" => format!(
            "Tell your customer success manager at TetraScience that {endpoint} waits for acceptance. The rest happens by itself."
        ),
        Event::ConnectionWaiting => "Nothing: the records are written when the endpoint becomes available.".to_owned(),
        Event::Held => "See each fix above. It is tried again every minute and goes live by itself when every name is proved. To go live without proof, deploy with CutoverProof=report.".to_owned(),
        Event::CoverageChanged | Event::AssociationsChanged => "See each fix above, if there is one.".to_owned(),
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved
            if connection.proof.after == Verdict::Passed =>
        {
            "Record the primary DNS name.".to_owned()
        }
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved | Event::ProofFailed
            if connection.proof.after == Verdict::Failed =>
        {
            "See each fix above. It is proved again every minute, and you are told when it passes. To go back to public DNS meanwhile, deploy with Mode=withdraw.".to_owned()
        }
        Event::ProofFailed | Event::ProofMissing => "See each fix above. It is tried again every minute.".to_owned(),
        Event::ProofRecovered => "Nothing.".to_owned(),
        Event::CertificateExpiring => "Ask TetraScience when it is renewed. You are not told again about this certificate.".to_owned(),
        Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved => format!(
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
