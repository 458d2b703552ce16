//! What a person reads: what was seen, and who can do what about it.

use std::fmt::Display;
use std::net::IpAddr;

use planner::cause::Cause;
use planner::name::Name;
use planner::proof::{Certificate, Finding};

use crate::tls::Failure;

fn finding(code: Cause, message: String, fix: &str) -> Finding {
    Finding { code, message, fix: fix.to_owned() }
}

pub(crate) fn record_missing(host: &Name, zone: &Name, is_name: bool) -> Finding {
    let what = if is_name { "has no address" } else { "does not exist" };
    finding(
        Cause::RecordMissing,
        format!("{host} {what}: the zone {zone} answers, and has no record for it."),
        "Nothing, if it was written a minute ago: the resolver may remember that it was missing. Otherwise invoke the function with {\"task\":\"reconcile\"}; the drift pass writes it again by itself.",
    )
}

pub(crate) fn zone_not_associated(host: &Name, zone: Option<&Name>) -> Finding {
    let from = zone.map_or_else(String::new, |zone| format!(" The answer comes from the zone {zone}."));
    finding(
        Cause::ZoneNotAssociated,
        format!("{host} has no address in this VPC: its private zone is not seen here.{from}"),
        "See whether the zone is associated with this VPC (aws route53 list-hosted-zones-by-vpc), whether enableDnsSupport and enableDnsHostnames are on for the VPC, and whether the VPC's DHCP options or a Resolver rule send the question elsewhere.",
    )
}

pub(crate) fn resolver_rule(host: &Name, ip: IpAddr) -> Finding {
    finding(
        Cause::ResolverRule,
        format!("{host} resolves to {ip}, which is private but not the endpoint's."),
        "A Resolver FORWARD rule for the name or for a domain above it wins over a private zone: look at the rules of this VPC (aws route53resolver list-resolver-rule-associations). A DNS server of your own in the DHCP options does the same.",
    )
}

pub(crate) fn public(host: &Name, ip: IpAddr) -> Finding {
    finding(
        Cause::AnswerPublic,
        format!("{host} resolves to the public address {ip}: clients here leave over the internet, or are stopped."),
        "See whether the private zone is associated with this VPC (aws route53 list-hosted-zones-by-vpc), and whether a Resolver rule or the VPC's DHCP options send the question past the VPC's resolver.",
    )
}

pub(crate) fn dns_failed(host: &Name, code: &str) -> Finding {
    finding(
        Cause::DnsFailed,
        format!("The resolver could not answer for {host}: {code}."),
        "If a Resolver FORWARD rule covers the name, its target does not answer rightly: remove the rule for this name, or mend the target. Otherwise look at the DNS servers in the VPC's DHCP options.",
    )
}

pub(crate) fn dns_timed_out(host: &Name) -> Finding {
    finding(
        Cause::DnsTimedOut,
        format!("The resolver gave no answer for {host} in time."),
        "See whether enableDnsSupport is on for the VPC, and whether the DNS servers in its DHCP options (or VERIFY_RESOLVER) can be reached from the verifier's subnets on port 53, UDP and TCP.",
    )
}

const ADD_RANGE: &str = "Add the address range of the endpoint's subnets to VERIFY_CIDRS (template parameter VerifyCidrs, which takes IPv4 only: an endpoint with IPv6 alone goes live with CutoverProof=report).";

pub(crate) fn not_allowed(host: &Name, ips: &[IpAddr]) -> Finding {
    let ips: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
    finding(
        Cause::AddressNotAllowed,
        format!("{host} was not tried: {} lies outside VERIFY_CIDRS.", ips.join(", ")),
        ADD_RANGE,
    )
}

pub(crate) fn address_outside(address: &dyn Display) -> Finding {
    finding(
        Cause::AddressNotAllowed,
        format!("The endpoint's address {address} was not tried: it lies outside VERIFY_CIDRS."),
        ADD_RANGE,
    )
}

/// Why a connection failed. `certificate` is what the server showed, if it came so far.
pub(crate) fn of_try(
    host: &Name,
    address: &dyn Display,
    failure: &Failure,
    certificate: Option<&Certificate>,
) -> Finding {
    let (cause, detail) = (failure.cause, &failure.detail);
    let at = format!("{host} at {address}");
    let shown = certificate.map_or_else(String::new, |c| {
        format!(" It is for {} from {}, valid until {}.", c.subject, c.issuer, c.not_after)
    });
    let message = match cause {
        Cause::ConnectTimedOut => format!("{at}: no connection ({detail})."),
        Cause::ConnectRefused => format!("{at}: the connection was refused."),
        Cause::TlsTimedOut => format!("{at}: connected, but TLS did not answer ({detail})."),
        Cause::TlsClosed => format!("{at}: connected, and the other side closed before TLS was complete ({detail})."),
        Cause::CertificateUntrusted => format!("{at}: the certificate's chain is not trusted ({detail}).{shown}"),
        Cause::CertificateExpired => format!("{at}: the certificate is not valid at this time ({detail}).{shown}"),
        Cause::CertificateName => format!("{at}: the certificate is not for this name ({detail}).{shown}"),
        _ => format!("{at}: {detail}."),
    };
    finding(cause, message, fix(cause))
}

fn fix(cause: Cause) -> &'static str {
    match cause {
        Cause::ConnectTimedOut => {
            "A security group or network ACL drops it: let TCP 443 from the verifier's and the clients' subnets into the endpoint's security group, and TCP 443 and its answers through the network ACLs of both sides. If all that is open, ask TetraScience whether its service answers in this Availability Zone."
        }
        Cause::ConnectRefused => {
            "The way is open and nobody listens: ask TetraScience whether the load balancer of its endpoint service listens on 443 in this Availability Zone."
        }
        Cause::TlsTimedOut | Cause::TlsClosed => {
            "The endpoint's side is not ready: ask TetraScience whether its endpoint service has healthy targets in this Availability Zone. If only some clients see it, look for a firewall or a smaller MTU on the way."
        }
        Cause::CertificateUntrusted => {
            "If TLS inspection stands between this VPC and the endpoint, exempt the platform's names from it, or name the inspection's root in VERIFY_CA_FILE. Otherwise ask TetraScience which authority signs its certificates."
        }
        Cause::CertificateExpired => "Ask TetraScience to renew the certificate. Nothing in your account can mend it.",
        Cause::CertificateName => {
            "The endpoint does not serve this name. Take it out of the configuration (EXTRA_HOSTS, TDP_COMPONENTS), or ask TetraScience to serve it."
        }
        _ => {
            "See what the network said. If it stays, ask TetraScience whether its endpoint service speaks TLS on 443 in this Availability Zone, and look for a proxy on the way."
        }
    }
}

pub(crate) fn az_unreachable(address: &dyn Display, failure: &Failure, failed: usize, of: usize) -> Finding {
    let Failure { cause, detail } = failure;
    let message = format!(
        "{address} does not serve {failed} of the {of} names that another address serves ({}: {detail}).",
        cause.as_str()
    );
    finding(Cause::AzUnreachable, message, fix(*cause))
}

pub(crate) fn answer_incomplete(hosts: &[&str], missing: &str) -> Finding {
    finding(
        Cause::AnswerIncomplete,
        format!("DNS leaves out {missing} for {}.", few(hosts)),
        "Nothing, if that Availability Zone is out of service: the endpoint's name leaves it out by itself. Otherwise compare the endpoint's subnets with what its regional DNS name resolves to.",
    )
}

pub(crate) fn primary_name_narrow(name: &str, subnets: usize) -> Finding {
    finding(
        Cause::PrimaryNameNarrow,
        format!("The primary DNS name {name} resolves to one subnet, although the endpoint has {subnets}."),
        "TetraScience's procedure asks for all of them. Wait a few minutes after a change of subnets; if it stays, ask TetraScience whether its service is healthy in the other Availability Zones.",
    )
}

pub(crate) fn endpoint_name_wrong(name: &str, answers: &[IpAddr]) -> Finding {
    let answers: Vec<String> = answers.iter().map(IpAddr::to_string).collect();
    let what =
        if answers.is_empty() { "does not resolve".to_owned() } else { format!("resolves to {}", answers.join(", ")) };
    finding(
        Cause::EndpointNameWrong,
        format!("The endpoint's own name {name} {what}, and not to the endpoint's addresses."),
        "It is public and needs no zone: look for a Resolver rule or a DNS firewall that covers amazonaws.com, or a private zone of that name on this VPC.",
    )
}

pub(crate) fn expiring(certificate: &Certificate, hosts: &[&str]) -> Finding {
    let Certificate { subject, issuer, not_after, days_left } = certificate;
    finding(
        Cause::CertificateExpiring,
        format!(
            "The certificate {subject} (from {issuer}) for {} expires in {days_left} days, at {not_after}.",
            few(hosts)
        ),
        "Ask TetraScience when it is renewed.",
    )
}

/// The first few of many names.
fn few(hosts: &[&str]) -> String {
    match hosts {
        [a, b, c, _, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len() + 1),
        hosts => hosts.join(", "),
    }
}
