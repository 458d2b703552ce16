//! What the customer asked for: the deployment's settings, and what one run is asked.

use std::collections::BTreeSet;

use planner::catalog::Applied;
use planner::current::Owner;
use planner::desired;
use planner::name::Name;
use planner::route::Routes;
use serde::{Deserialize, Serialize};

/// Who will use the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Users {
    Human,
    Service,
    Both,
}

/// Which run made a report: what makes a saved copy evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// RFC 3339, in UTC.
    pub at: String,
    pub request_id: String,
    /// The stack's name.
    pub owner: String,
    pub version: &'static str,
}

/// Everything but facts that a report is made from.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub service_name: String,
    /// The Region of the function, and so of the VPC.
    pub region: String,
    pub platform_host: Name,
    /// The catalog's rows for this deployment.
    pub catalog: Applied,
    /// Every host that `reconcile` looks after, with where it should lead.
    pub routes: Routes,
    /// Whether records and zones of others in this account are taken over.
    pub adopts: bool,
    pub owner_id: String,
    /// Former owners that hand over to this one: what is theirs is ours.
    pub former_owners: Vec<String>,
    /// Whether our records go when the endpoint that they point at is lost.
    pub withdraws_on_loss: bool,
    /// Whether private DNS is being taken back: nothing of it is handed over then.
    pub withdraws: bool,
    pub made: Made,
    pub architecture: String,
    /// Empty: none was named.
    pub vpc_id: String,
    /// The VPCs with an endpoint to the service, where none was named and it is not clear which is meant.
    pub candidates: Vec<String>,
    /// The subnets chosen for the endpoint; empty: not chosen yet.
    pub subnet_ids: Vec<String>,
    /// The security groups chosen for the endpoint; empty: not chosen yet.
    pub security_group_ids: Vec<String>,
    pub users: Option<Users>,
    /// Where e-mail from TDP should come from, when that is a domain of the customer's own.
    pub email_domain: Option<Name>,
    /// Whether network and security confirmed that a domain ending in the platform's domain is acceptable.
    pub domain_confirmed: Option<bool>,
    /// Whom TetraScience can ask, a line each.
    pub contacts: Vec<String>,
}

impl Wanted {
    /// For whom the VPC's zones and records are looked at.
    pub fn owner(&self) -> Owner<'_> {
        Owner { id: &self.owner_id, vpc_id: &self.vpc_id, former: &self.former_owners }
    }

    /// The zones that the hosts would need if nobody else served them.
    pub fn zones(&self) -> BTreeSet<Name> {
        desired::zones(&self.routes.names(), &BTreeSet::new()).into_keys().collect()
    }

    /// Whether the service is in the Region of the VPC, by its name.
    pub fn is_in_region(&self) -> bool {
        self.service_name.contains(&format!(".vpce.{}.", self.region))
    }

    /// Whether the service's name is the placeholder that stands until TetraScience has told the real one.
    pub fn has_placeholder(&self) -> bool {
        self.service_name.ends_with(".vpce-svc-00000000000000000")
    }

    /// The e-mail domain, if it is the customer's own and not TetraScience's.
    pub fn own_email_domain(&self) -> Option<&Name> {
        let theirs = Name::from_wire("tetrascience.com");
        self.email_domain.as_ref().filter(|domain| !domain.is_within(&theirs))
    }
}
