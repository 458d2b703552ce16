//! What people have to say and to prepare: users, the domain, e-mail, on-prem DNS.

use super::{Found, Look, not_applicable, nothing_found};
use crate::finding::Finding;

/// Steps 1 and 2 of the procedure.
/// <https://developers.tetrascience.com/docs/aws-privatelink-connections>
pub(super) fn users(look: Look<'_>) -> Found<'_> {
    let mut findings = Vec::new();
    if look.wanted.users.is_none() {
        findings.push(Finding::warning(
            "users-not-told",
            "It is not said who will use the connection",
            "TetraScience asks whether human users, service users or both will.",
            "Put \"users\": \"human\", \"service\" or \"both\" into the event, or set ConnectionUsers of the stack.",
        ));
    }
    let host = &look.wanted.platform_host;
    let domain = host.parent().unwrap_or_else(|| host.clone());
    let fix = format!(
        "Ask network and security whether names ending in {domain} are accepted and pass proxies, TLS inspection and DNS filters; then put \"domainConfirmed\": true into the event, or set DomainConfirmed=yes of the stack."
    );
    let why = "TetraScience asks for this confirmation: a filter for the domain would block the platform behind a perfect connection.";
    match look.wanted.domain_confirmed {
        Some(true) => {}
        Some(false) => findings.push(Finding::blocker(
            "domain-refused",
            format!("Network and security have not accepted names ending in {domain}"),
            why,
            fix,
        )),
        None => findings.push(Finding::warning(
            "domain-not-confirmed",
            format!("It is not said whether network and security accept names ending in {domain}"),
            why,
            fix,
        )),
    }
    Ok(findings.into())
}

/// <https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>
pub(super) fn email(look: Look<'_>) -> Found<'_> {
    let Some(domain) = look.wanted.own_email_domain() else {
        if look.wanted.email_domain.is_some() {
            return not_applicable("the domain is TetraScience's own");
        }
        return Ok(vec![Finding::note(
            "email-domain-not-told",
            "It is not said from which domain e-mail of the platform should come",
            "TetraScience asks for it; without one it comes from a domain of theirs.",
            "If it should be a domain of yours, put \"emailDomain\" into the event, or set EmailDomain of the stack.",
        )]
        .into());
    };
    let identity = look.facts.email_identity.as_ref()?;
    let why = "TetraScience can send e-mail from a domain only once Amazon SES has verified it.";
    let get = format!("aws sesv2 get-email-identity --email-identity {domain} {}", look.in_region());
    let findings = match identity {
        Some(identity) if identity.is_verified => Vec::new(),
        Some(identity) => vec![
            Finding::warning(
                "email-identity-unverified",
                format!("Amazon SES of this account has not verified {domain}: DKIM is {}", identity.dkim_status),
                why,
                if identity.dkim_records.is_empty() {
                    "Look at the identity: it signs with a key of your own, whose record has to be in the domain's public DNS."
                } else {
                    "Publish the DKIM records of the connection details in the domain's public DNS."
                },
            )
            .command(get),
        ],
        None => vec![
            Finding::warning(
                "email-identity-missing",
                format!("Amazon SES of this account has no identity for {domain} in {}", look.wanted.region),
                why,
                "Ask TetraScience whether the identity should be in your account; if so, make it and publish its DKIM records.",
            )
            .command(format!("aws sesv2 create-email-identity --email-identity {domain} {}", look.in_region())),
        ],
    };
    Ok(findings.into())
}

/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-forwarding-inbound-queries.html>
pub(super) fn inbound(look: Look<'_>) -> Found<'_> {
    let inbound = look.facts.inbound_endpoints.as_ref()?;
    if inbound.iter().any(|endpoint| !endpoint.addresses.is_empty()) {
        return nothing_found();
    }
    let subnets: Vec<&str> = look.chosen()?.iter().map(|subnet| subnet.id.as_str()).take(2).collect();
    let ip = |at: usize| format!("SubnetId={}", subnets.get(at).copied().unwrap_or("subnet-ID"));
    Ok(vec![
        Finding::warning(
            "no-inbound-endpoint",
            format!("{} has no inbound Resolver endpoint", look.wanted.vpc_id),
            "DNS servers outside AWS cannot ask the VPC's resolver, so Agents and users on-prem do not get the private answers.",
            "Make one, with a security group that lets DNS (UDP and TCP 53) in from the DNS servers on-prem. Nothing is needed where every client is in the VPC, or where DNS on-prem asks another VPC that has these names.",
        )
        .command(format!(
            "aws route53resolver create-resolver-endpoint --name tdp-inbound --direction INBOUND --creator-request-id tdp-inbound-$(date +%s) --security-group-ids sg-ID --ip-addresses {} {} {}",
            ip(0),
            ip(1),
            look.in_region()
        )),
    ]
    .into())
}
