//! Names: one spelling inside, clear refusals at the door.

use planner::name::{Name, NameError};

#[test]
fn route_53s_spellings_of_one_name_are_equal() {
    assert_eq!(Name::from_wire("API.Platform.Example.COM."), Name::from_wire("api.platform.example.com"));
    assert_eq!(Name::from_wire("\\052.example.com."), Name::from_wire("*.example.com"));
}

#[test]
fn a_host_is_normalised() {
    assert_eq!(Name::host(" Platform.Example.com. ").unwrap().as_str(), "platform.example.com");
    assert_eq!(Name::host("*.Example.com").unwrap().wildcard_base(), Some(Name::from_wire("example.com")));
}

#[test]
fn what_is_no_host_is_refused_with_the_reason() {
    assert_eq!(Name::host("  "), Err(NameError::Empty));
    assert_eq!(Name::host("localhost"), Err(NameError::OneLabel));
    assert_eq!(Name::host("*.com"), Err(NameError::OneLabel));
    assert_eq!(Name::host("10.0.0.1"), Err(NameError::Address));
    assert!(matches!(Name::host("ecs-a-*.us-east-1.amazonaws.com"), Err(NameError::PartialWildcard(_))));
    assert!(matches!(Name::host("a.*.example.com"), Err(NameError::PartialWildcard(_))));
    for text in [
        "https://example.com",
        "example.com/path",
        "example.com:443",
        "-a.example.com",
        "a..example.com",
        "ex\u{e4}mple.com",
        "a\nb.example.com",
    ] {
        assert!(matches!(Name::host(text), Err(NameError::BadLabel(_))), "{text:?}");
    }
    assert_eq!(Name::host(&format!("{}.com", "a.".repeat(130))), Err(NameError::TooLong));
}

#[test]
fn below_is_by_label_not_by_letters() {
    let zone = Name::from_wire("example.com");
    assert!(Name::from_wire("a.example.com").is_below(&zone));
    assert!(!Name::from_wire("notexample.com").is_below(&zone));
    assert!(!zone.is_below(&zone));
    assert!(zone.is_within(&zone));
}
