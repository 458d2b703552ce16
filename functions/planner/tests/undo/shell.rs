//! A shell that takes the commands, and what Route 53 would do with them.

use std::io::Write;
use std::process::{Command, Stdio};

use planner::current::Zone;
use serde_json::Value;

use crate::scene::{alias, values, zone};

/// What a POSIX shell calls `aws` with when it runs the lines. Every call answers with an id.
pub(super) fn shell(lines: &[String]) -> Vec<Vec<String>> {
    let mut shell =
        Command::new("sh").stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut script = shell.stdin.take().unwrap();
    let writer = std::thread::spawn({
        let recorder = "aws() { printf '%s\\0' \"$@\" END >&2; echo ZAGAIN; }\n";
        let script_text = format!("set -e\n{recorder}{}\n", lines.join("\n"));
        move || script.write_all(script_text.as_bytes()).unwrap()
    });
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let words = String::from_utf8(output.stderr).unwrap();
    let words: Vec<String> = words.split('\0').map(str::to_owned).collect();
    let mut calls: Vec<Vec<String>> = words.split(|word| word == "END").map(<[String]>::to_vec).collect();
    // After the last NUL there is nothing.
    assert_eq!(calls.pop(), Some(vec![String::new()]));
    calls
}

pub(super) fn option<'a>(call: &'a [String], option: &str) -> &'a str {
    let at = call.iter().position(|word| word == option).expect("the option is there");
    &call[at + 1]
}

/// Does what Route 53 would do with the calls. Panics where Route 53 would refuse.
pub(super) fn run(calls: &[Vec<String>], mut zones: Vec<Zone>) -> Vec<Zone> {
    for call in calls {
        if call[1] == "create-hosted-zone" {
            assert!(zones.iter().all(|zone| !zone.on_vpc || zone.name.as_str() != option(call, "--name")));
            let config: Value = serde_json::from_str(option(call, "--hosted-zone-config")).unwrap();
            zones.push(zone("ZAGAIN", option(call, "--name"), config["Comment"].as_str().unwrap()));
            continue;
        }
        let id = option(call, if call[1] == "delete-hosted-zone" { "--id" } else { "--hosted-zone-id" });
        let at = zones.iter().rposition(|zone| zone.id == id).expect("the zone is there");
        match call[1].as_str() {
            "delete-hosted-zone" => {
                let zone = zones.remove(at);
                assert!(zone.is_bare(), "HostedZoneNotEmpty: {}", zone.name);
            }
            "disassociate-vpc-from-hosted-zone" => zones[at].on_vpc = false,
            "change-resource-record-sets" => write(&mut zones[at], option(call, "--change-batch")),
            other => panic!("no such command: {other}"),
        }
    }
    zones
}

fn write(zone: &mut Zone, batch: &str) {
    let batch: Value = serde_json::from_str(batch).unwrap();
    for one in batch["Changes"].as_array().unwrap() {
        let shown = &one["ResourceRecordSet"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let target = &shown["AliasTarget"];
        let set = match shown["TTL"].as_i64() {
            None => alias(&text(&shown["Name"]), &text(&shown["Type"]), &text(&target["DNSName"])),
            Some(ttl) => {
                let held: Vec<String> =
                    shown["ResourceRecords"].as_array().unwrap().iter().map(|one| text(&one["Value"])).collect();
                let held: Vec<&str> = held.iter().map(String::as_str).collect();
                values(&text(&shown["Name"]), &text(&shown["Type"]), ttl, &held)
            }
        };
        let at = zone.records.iter().position(|other| other.name == set.name && other.rtype == set.rtype);
        match (one["Action"].as_str().unwrap(), at) {
            ("CREATE", None) => zone.records.push(set),
            ("UPSERT", Some(at)) => zone.records[at] = set,
            ("DELETE", Some(at)) => assert_eq!(zone.records.remove(at), set, "the values do not match"),
            other => panic!("Route 53 refuses: {other:?} {} {}", set.name, set.rtype),
        }
    }
}
