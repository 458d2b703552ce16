//! The settings: environment variables, parsed once into types.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use checks::wanted::Users;
use planner::catalog::Applied;
use planner::name::Name;
use planner::report::Mode;
use planner::route::Routes;
use planner::variables::{Invalid, Reader};

use crate::settings::{self, OnLoss};

/// Everything that `preflight` is told. What an event says counts before it.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub service_name: String,
    pub region: String,
    pub platform_host: Name,
    pub catalog: Applied,
    pub routes: Routes,
    pub vpc_id: Option<String>,
    pub adopts: bool,
    /// The endpoints to follow, where a VPC has several.
    pub pinned: BTreeSet<String>,
    pub on_loss: OnLoss,
    pub owner_id: String,
    /// Former owners whose records and zones become ours.
    pub former_owners: Vec<String>,
    pub mode: Mode,
    pub topic_arn: String,
    pub users: Option<Users>,
    pub email_domain: Option<Name>,
    pub domain_confirmed: Option<bool>,
    pub contacts: Vec<String>,
    /// Whom to ask for the endpoint's own name; `None`: the system's DNS servers.
    pub resolver: Option<SocketAddr>,
}

impl Config {
    /// Parses the variables.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub(super) fn parse(variables: &BTreeMap<String, String>) -> Result<Config, Vec<Invalid>> {
        let mut reader = Reader::new(variables);
        let deployed = settings::deployed(&mut reader);
        let vpc_id = settings::vpc_id(&mut reader);
        let adopts = settings::adopts(&mut reader);
        let pinned = settings::pinned(&mut reader);
        let on_loss = settings::on_loss(&mut reader);
        let owner_id = settings::owner_id(&mut reader);
        let former_owners = settings::former_owners(&mut reader, &owner_id);
        let mode = settings::mode(&mut reader);
        let topic_arn = settings::topic_arn(&mut reader);
        let users = match reader.choice("CONNECTION_USERS", &["human", "service", "both", ""], "") {
            "human" => Some(Users::Human),
            "service" => Some(Users::Service),
            "both" => Some(Users::Both),
            _ => None,
        };
        let email_domain = reader.parsed("EMAIL_DOMAIN", "a domain such as example.com, or empty", plain_host);
        let domain_confirmed = match reader.choice("DOMAIN_CONFIRMED", &["yes", "no", ""], "") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let contacts = reader.get("CONTACTS").unwrap_or_default().split(';').filter_map(line).collect();
        let resolver =
            reader.parsed("PREFLIGHT_RESOLVER", "the ip:port of a DNS server, or empty", |text| text.parse().ok());
        if !reader.invalid.is_empty() {
            return Err(reader.invalid);
        }
        // Both are there where nothing was noted as wrong.
        let (Some(platform_host), Some(catalog)) = (deployed.platform_host, deployed.catalog) else {
            return Err(reader.invalid);
        };
        Ok(Config {
            service_name: deployed.service_name,
            region: deployed.region,
            platform_host,
            catalog,
            routes: deployed.routes,
            vpc_id,
            adopts,
            pinned,
            on_loss,
            owner_id,
            former_owners,
            mode,
            topic_arn,
            users,
            email_domain,
            domain_confirmed,
            contacts,
            resolver,
        })
    }
}

/// A host name without a star.
pub(super) fn plain_host(text: &str) -> Option<Name> {
    Name::host(text).ok().filter(|name| name.wildcard_base().is_none())
}

/// A line of text for an e-mail: no control characters, at most 200 characters; `None` for an empty one.
pub(super) fn line(text: &str) -> Option<String> {
    let line: String = text.trim().chars().filter(|c| !c.is_control()).take(200).collect();
    (!line.is_empty()).then_some(line)
}
