//! Which names a zone takes away, against RFC 4592's rules for wildcards.

use planner::hides::hides;

use crate::scene::{name, names};

fn hidden(zone: &str, hosts: &[&str]) -> Vec<String> {
    hides(&name(zone), &names(hosts)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_host_of_its_own_hides_what_is_below_it() {
    assert_eq!(hidden("api.x.com", &["api.x.com"]), ["*.api.x.com"]);
}

#[test]
fn hosts_below_the_zone_are_part_of_what_it_hides_otherwise() {
    assert_eq!(hidden("x.com", &["x.com", "api.x.com"]), ["*.x.com"]);
}

#[test]
fn a_wildcard_alone_hides_the_zones_own_name() {
    assert_eq!(hidden("x.com", &["*.x.com"]), ["x.com"]);
}

#[test]
fn a_wildcard_with_its_base_hides_nothing() {
    assert!(hidden("x.com", &["x.com", "*.x.com"]).is_empty());
}

#[test]
fn a_wildcard_does_not_reach_past_a_name_that_exists() {
    // b.x.com exists because a.b.x.com does: *.x.com answers neither for it nor for its other children.
    assert_eq!(hidden("x.com", &["x.com", "*.x.com", "a.b.x.com"]), ["*.b.x.com", "b.x.com"]);
}
