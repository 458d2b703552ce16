//! What people should know about where hosts lead.

use std::collections::{BTreeMap, BTreeSet};

use super::{Coverage, Routes, Seen, Via, Wishes};
use crate::name::Name;
use crate::report::Problem;

pub(super) fn problems(
    routes: &Routes,
    seen: &Seen<'_>,
    wishes: &Wishes,
    private: &BTreeMap<String, BTreeSet<&Name>>,
) -> Vec<Problem> {
    let mut problems: Vec<Problem> = private.iter().map(|(id, hosts)| private_dns(seen, id, hosts)).collect();
    let hosts = |via: Via| {
        let rows = wishes.coverage.iter().filter(move |row| row.via == via);
        rows.map(|row| row.host.as_str()).collect::<Vec<&str>>()
    };
    let is_through_tdp = |row: &&Coverage| row.via == Via::Tdp;
    if wishes.coverage.iter().any(|row| is_through_tdp(&row)) {
        problems.push(through_tdp(seen, &hosts(Via::Tdp)));
    }
    if !hosts(Via::NotCovered).is_empty() && seen.tdp.is_some() {
        problems.push(not_covered(routes, seen, wishes));
    }
    if !hosts(Via::Hidden).is_empty() {
        problems.push(kept_from_public_dns(seen, &hosts(Via::Hidden)));
    }
    for row in wishes.coverage.iter().filter(|row| row.via == Via::Lost) {
        let id = seen.ours.iter().find(|(name, _)| name.as_str() == row.host).map(|(_, id)| id.as_str());
        problems.push(lost(seen, row, id.unwrap_or_default()));
    }
    problems
}

fn private_dns(seen: &Seen<'_>, endpoint_id: &str, hosts: &BTreeSet<&Name>) -> Problem {
    let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
    let (whose, fix) = if seen.tdp.is_some_and(|(endpoint, _)| endpoint.id == endpoint_id) {
        ("The endpoint's own private DNS".to_owned(), "Nothing to do.".to_owned())
    } else {
        let fix = format!("Nothing, if they should lead there; else turn private DNS of {endpoint_id} off.");
        (format!("Private DNS of the VPC's own endpoint {endpoint_id}"), fix)
    };
    Problem::note(
        "private-dns-covers",
        names.join(","),
        format!("{whose} already answers for {} in this VPC: nothing is written for it.", names.join(", ")),
        fix,
    )
}

fn through_tdp(seen: &Seen<'_>, hosts: &[&str]) -> Problem {
    Problem::note(
        "aws-through-tdp",
        hosts.join(","),
        format!("Every client in {} will reach {} through TDP.", seen.vpc_id, hosts.join(", ")),
        "Nothing, if TetraScience asks for it. Clients that use these services for other things use them through TDP as well; AWS_SERVICE_ROUTING=own leads to the VPC's own endpoints.",
    )
}

fn not_covered(routes: &Routes, seen: &Seen<'_>, wishes: &Wishes) -> Problem {
    let rows = || wishes.coverage.iter().filter(|row| row.via == Via::NotCovered);
    let hosts: Vec<&str> = rows().map(|row| row.host.as_str()).collect();
    let services: BTreeSet<&str> = rows().filter_map(|row| row.service.as_deref()).collect();
    let has_patterns = hosts.iter().any(|host| routes.patterns.contains_key(*host));
    let exact =
        " For a name with a star inside a label, private DNS has to be on, or EXTRA_HOSTS names the exact hosts.";
    Problem::note(
        "not-covered",
        hosts.join(","),
        format!(
            "Nothing in {} serves {} privately: there it resolves as in public DNS.",
            seen.vpc_id,
            hosts.join(", ")
        ),
        format!(
            "Create interface endpoints in the VPC to {}, with private DNS on where nothing else needs these names.{}",
            services.into_iter().collect::<Vec<&str>>().join(", "),
            if has_patterns { exact } else { "" }
        ),
    )
}

fn kept_from_public_dns(seen: &Seen<'_>, hosts: &[&str]) -> Problem {
    Problem::note(
        "host-hidden",
        hosts.join(","),
        format!(
            "{} has no answer in {}: a zone of ours that stays for another host keeps it from public DNS.",
            hosts.join(", "),
            seen.vpc_id
        ),
        "Create the endpoint of its service again. Or let the other host go: ON_LOSS=withdraw where its endpoint is lost, or take it out of HOLD_HOSTS.",
    )
}

fn lost(seen: &Seen<'_>, row: &Coverage, endpoint_id: &str) -> Problem {
    let service = row.service.as_deref().unwrap_or_default();
    Problem::note(
        "own-endpoint-lost",
        format!("{} {endpoint_id}", row.host),
        format!(
            "{} leads to {endpoint_id}, the endpoint of {} to {service}, which is lost. The record was kept.",
            row.host, seen.vpc_id
        ),
        "Create the endpoint again: the record then follows it. ON_LOSS=withdraw takes such records out.",
    )
}
