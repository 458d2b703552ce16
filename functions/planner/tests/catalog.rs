//! The catalog: every row is usable, the deployments get the hosts that TetraScience publishes.

use planner::catalog::{Applied, Deployment, apply};

use crate::scene::{name, names};

fn applied(platform: &str, components: &[&str]) -> Applied {
    let components = components.iter().map(|c| (*c).to_owned()).collect();
    apply(&Deployment {
        platform_host: name(platform),
        region: "us-east-1".to_owned(),
        components,
        bucket_prefix: Some("acme-prod".to_owned()),
    })
    .unwrap()
}

#[test]
fn the_us_platform_has_two_api_hosts() {
    let hosts = applied("platform.tetrascience.com", &["hub"]).tdp_hosts().unwrap();
    assert_eq!(hosts, names(&["platform.tetrascience.com", "api.platform.tetrascience.com", "api.tetrascience.com"]));
}

#[test]
fn other_deployments_have_one() {
    for platform in ["gxp-eu.tetrascience.com", "acme.tetrascience.com", "tdp.acme.example"] {
        let hosts = applied(platform, &["agent"]).tdp_hosts().unwrap();
        assert_eq!(hosts, names(&[platform, &format!("api.{platform}")]));
    }
}

#[test]
fn no_zone_may_hide_the_vendors_or_amazons_domain() {
    let catalog = applied("platform.tetrascience.com", &["hub"]);
    for zone in ["tetrascience.com", "com", "amazonaws.com", "us-east-1.amazonaws.com", "vpce.amazonaws.com"] {
        assert!(catalog.never(&name(zone)).is_some(), "{zone}");
    }
    for zone in ["eu-central-1.amazonaws.com", "us-gov-west-1.amazonaws.com", "api.aws", "us-east-1.api.aws"] {
        assert!(catalog.never(&name(zone)).is_some(), "{zone}");
    }
    let narrow = ["platform.tetrascience.com", "s3.us-east-1.amazonaws.com", "s3-eu-west-1.amazonaws.com"];
    for zone in narrow.into_iter().chain(["sts.amazonaws.com", "eu-west-1.example.com"]) {
        assert!(catalog.never(&name(zone)).is_none(), "{zone}");
    }
}

#[test]
fn components_bring_their_own_hosts_with_placeholders_filled() {
    let catalog = applied("platform.tetrascience.com", &["agent-s3-direct"]);
    let hosts: Vec<&str> = catalog.hosts.iter().map(|host| host.host.as_str()).collect();
    assert!(hosts.contains(&"acme-prod-datalake.s3.us-east-1.amazonaws.com"));
    assert!(!hosts.contains(&"sqs.us-east-1.amazonaws.com"), "an Agent needs no queue by itself");
    assert!(hosts.iter().all(|host| !host.contains(['{', '}'])), "{hosts:?}");
}

#[test]
fn every_row_names_a_known_source() {
    let catalog: serde_json::Value = serde_json::from_str(include_str!("../catalog.json")).unwrap();
    let sources = catalog["sources"].as_object().unwrap();
    for list in ["hosts", "neverZones", "beside"] {
        for row in catalog[list].as_array().unwrap() {
            assert!(sources.contains_key(row["source"].as_str().unwrap()), "{row}");
        }
    }
}

#[test]
fn aws_hosts_have_the_domain_and_the_service_names_of_their_partition() {
    let of = |region: &str| {
        let components = ["hub".to_owned()].into();
        let platform_host = name("tdp.acme.example");
        apply(&Deployment { platform_host, region: region.to_owned(), components, bucket_prefix: None }).unwrap()
    };
    for (region, host, services) in [
        ("us-east-1", "ssm.us-east-1.amazonaws.com", vec!["com.amazonaws.us-east-1.ssm"]),
        ("us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com", vec!["com.amazonaws.us-gov-west-1.ssm"]),
        (
            "cn-north-1",
            "ssm.cn-north-1.amazonaws.com.cn",
            vec!["cn.com.amazonaws.cn-north-1.ssm", "com.amazonaws.cn-north-1.ssm"],
        ),
    ] {
        let catalog = of(region);
        let row = catalog.hosts.iter().find(|row| row.via == "aws:ssm").unwrap();
        assert_eq!((row.host.as_str(), &row.service_names), (host, &services.into_iter().map(str::to_owned).collect()));
        // The image registry is TetraScience's, in us-east-1, wherever the customer is.
        let registry = catalog.hosts.iter().find(|row| row.via == "aws:ecr.dkr").unwrap();
        assert_eq!(registry.service_names, ["com.amazonaws.us-east-1.ecr.dkr"]);
        assert_eq!(registry.host, "753968983172.dkr.ecr.us-east-1.amazonaws.com");
    }
}
