//! From an event's JSON to what is asked.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use checks::wanted::Users;
use planner::trigger::shown;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::config::{line, plain_host};
use crate::settings::is_id;

/// More subnets or groups than an endpoint can have.
const MOST_IDS: usize = 50;
const MOST_CONTACTS: usize = 20;

/// What one run is asked. Everything may be left out: the settings count then.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Request {
    pub task: Option<String>,
    pub vpc_id: Option<String>,
    pub subnet_ids: Vec<String>,
    pub security_group_ids: Vec<String>,
    pub users: Option<Users>,
    pub email_domain: Option<String>,
    pub domain_confirmed: Option<bool>,
    pub contacts: Vec<String>,
    pub publish: bool,
    /// Whether CloudFormation asked, and not a person.
    #[serde(skip)]
    pub is_of_deployment: bool,
}

/// What an event asks. Two shapes are known: a request of a person, and the end of a deployment
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html>), which asks for the
/// settings' connection and for the report to be published.
///
/// # Errors
/// A sentence that says why the event was refused.
pub(super) fn request(event: &RawValue) -> Result<Request, String> {
    let value: Value =
        serde_json::from_str(event.get()).map_err(|error| format!("the event is not usable JSON: {error}"))?;
    if !value.is_object() {
        return Err("the event is not a JSON object".to_owned());
    }
    if value.get("detail-type").is_some() {
        return deployed(value);
    }
    let mut request: Request = serde_json::from_value(value)
        .map_err(|error| format!("the event is no request: {}", shown(&error.to_string())))?;
    check(&request)?;
    request.contacts = request.contacts.iter().filter_map(|text| line(text)).collect();
    Ok(request)
}

fn deployed(value: Value) -> Result<Request, String> {
    let event: EventBridgeEvent<Value> = serde_json::from_value(value)
        .map_err(|error| format!("the EventBridge event is not complete: {}", shown(&error.to_string())))?;
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.cloudformation", "CloudFormation Stack Status Change") => {
            Ok(Request { publish: true, is_of_deployment: true, ..Request::default() })
        }
        (source, kind) => Err(format!("no request: source '{}', detail-type '{}'", shown(source), shown(kind))),
    }
}

fn check(request: &Request) -> Result<(), String> {
    if let Some(task) = request.task.as_deref().filter(|task| *task != "preflight") {
        return Err(format!("task is '{}', but must be preflight", shown(task)));
    }
    ids("vpcId", "vpc-", request.vpc_id.as_slice())?;
    ids("subnetIds", "subnet-", &request.subnet_ids)?;
    ids("securityGroupIds", "sg-", &request.security_group_ids)?;
    if let Some(domain) = request.email_domain.as_deref().filter(|text| plain_host(text).is_none()) {
        return Err(format!("emailDomain is '{}', but must be a domain such as example.com", shown(domain)));
    }
    if request.contacts.len() > MOST_CONTACTS {
        return Err(format!("contacts has more than {MOST_CONTACTS} lines"));
    }
    Ok(())
}

fn ids(field: &str, prefix: &str, ids: &[String]) -> Result<(), String> {
    if ids.len() > MOST_IDS {
        return Err(format!("{field} has more than {MOST_IDS} ids"));
    }
    match ids.iter().find(|id| !is_id(id, prefix)) {
        Some(id) => {
            let allowed = format!("{prefix}<8 to 17 hexadecimal digits>");
            Err(format!("{field} has '{}', but must have {allowed}", shown(id)))
        }
        None => Ok(()),
    }
}
