//! Triggers: ids in any text, tasks in one form.

use planner::trigger::{Trigger, endpoint_ids};

#[test]
fn ids_are_found_in_any_text_once() {
    let text = r#"{"a":"vpce-0a1b2c3d4e5f60718","b":["arn:aws:ec2:us-east-1:1:vpc-endpoint/vpce-0a1b2c3d4e5f60718","vpce-12345678"]}"#;
    assert_eq!(endpoint_ids(text), ["vpce-0a1b2c3d4e5f60718", "vpce-12345678"]);
}

#[test]
fn what_only_looks_like_an_id_is_none() {
    for text in [
        "vpce-svc-0a1b2c3d4e5f60718",
        "vpce-1234567",
        "vpce-0a1b2c3d4e5f607189",
        "vpce-0A1B2C3D",
        "xvpce-12345678",
        "vpce-12345678g",
        "vpce-12345678-1a2b",
        "",
    ] {
        assert!(endpoint_ids(text).is_empty(), "{text}");
    }
}

#[test]
fn ten_thousand_ids_cost_fifty() {
    let text: String = (0..10_000).map(|n| format!("vpce-{n:017x} ")).collect();
    assert_eq!(endpoint_ids(&text).len(), 50);
}

#[test]
fn tasks_are_exact() {
    assert_eq!(Trigger::task("sweep", None), Ok(Trigger::Sweep));
    assert_eq!(
        Trigger::task("plan", Some("vpce-12345678")),
        Ok(Trigger::Plan { endpoint_id: Some("vpce-12345678".to_owned()) })
    );
    assert!(Trigger::task("Plan", None).unwrap_err().contains("plan, reconcile, verify, sweep, drift"));
    assert!(Trigger::task("plan", Some("vpce-zz\n")).unwrap_err().contains("vpce-zz\\n"));
    assert!(Trigger::task("drift", Some("vpce-12345678")).is_err(), "an id that would be ignored");
}

#[test]
fn plan_and_verify_never_write() {
    assert!(!Trigger::task("plan", None).unwrap().may_write());
    assert!(!Trigger::task("verify", None).unwrap().may_write());
    assert!(Trigger::task("reconcile", None).unwrap().may_write());
}
