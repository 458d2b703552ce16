//! From an event's JSON to a trigger.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sns::SnsEvent;
use planner::trigger::{Trigger, endpoint_ids, shown};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskEvent {
    task: String,
    #[serde(rename = "endpointId")]
    endpoint_id: Option<String>,
}

/// Which trigger an event is.
///
/// Three shapes are known: SNS (an endpoint connection notification), EventBridge (EC2 calls by CloudTrail,
/// and our own `VPC Endpoint State Change`), and a task of the schedule or a person. An event only says where
/// to look, so what its text claims is not read beyond the endpoint ids in it.
///
/// # Errors
/// A sentence that says why the event was refused; it never repeats more than a few words of it.
pub(super) fn trigger(event: &RawValue) -> Result<Trigger, String> {
    let value: Value =
        serde_json::from_str(event.get()).map_err(|error| format!("the event is not usable JSON: {error}"))?;
    let Some(object) = value.as_object().filter(|object| !object.is_empty()) else {
        return Err("the event is not a JSON object with content".to_owned());
    };
    if object.contains_key("task") {
        let event: TaskEvent = serde_json::from_value(value).map_err(|error| {
            format!("a task event is {{\"task\": …, \"endpointId\"?: …}}: {}", shown(&error.to_string()))
        })?;
        Trigger::task(&event.task, event.endpoint_id.as_deref())
    } else if object.contains_key("Records") {
        let event: SnsEvent =
            serde_json::from_value(value).map_err(|_| "the event has Records, but not those of SNS".to_owned())?;
        notification(&event)
    } else if object.contains_key("detail-type") {
        let event: EventBridgeEvent<Value> = serde_json::from_value(value)
            .map_err(|error| format!("the EventBridge event is not complete: {}", shown(&error.to_string())))?;
        bus_event(&event)
    } else {
        Err("the event is neither a task, nor from SNS, nor from EventBridge".to_owned())
    }
}

fn notification(event: &SnsEvent) -> Result<Trigger, String> {
    if event.records.is_empty() || event.records.iter().any(|record| record.event_source != "aws:sns") {
        return Err("the event has Records, but not those of SNS".to_owned());
    }
    // The body is undocumented: ids are found by their form.
    let text: Vec<&str> = event.records.iter().map(|record| record.sns.message.as_str()).collect();
    Ok(Trigger::Hint { endpoint_ids: endpoint_ids(&text.join("\n")) })
}

fn bus_event(event: &EventBridgeEvent<Value>) -> Result<Trigger, String> {
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.ec2", "AWS API Call via CloudTrail") | ("tdp.privatelink", "VPC Endpoint State Change") => {
            Ok(Trigger::Hint { endpoint_ids: endpoint_ids(&event.detail.to_string()) })
        }
        (source, kind) => Err(format!("no trigger: source '{}', detail-type '{}'", shown(source), shown(kind))),
    }
}
