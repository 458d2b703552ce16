"""The texts as the customer gets them, with what the world really has; and the message on the topic."""

import json

from tests.preflight.site import EMAIL, Site


def test_the_message_to_tetrascience_has_everything_that_they_ask_for(site: Site) -> None:
    site.go("pendingAcceptance")
    text = site.ask().report["texts"]["connectionDetails"]
    subnets = site.aws.client("ec2").describe_subnets(SubnetIds=site.vpc.subnet_ids)["Subnets"]
    wanted = [
        "123456789012",
        "us-east-1",
        site.vpc.id,
        site.endpoint_id,
        "pendingAcceptance",
        f"Please accept the connection request of {site.endpoint_id}",
        "human users and service users",
        EMAIL,
        "Jo Doe, network, jo@example.com",
        "accepted by our network and security: yes",
        *(subnet["AvailabilityZoneId"] for subnet in subnets),
        *site.vpc.subnet_ids,
    ]
    assert [part for part in wanted if part not in text] == []
    # Names of zones mean another zone in each account.
    assert [subnet["AvailabilityZone"] for subnet in subnets if subnet["AvailabilityZone"] in text] == []
    assert "NOT YET" not in text


def test_the_details_as_json_say_the_same(site: Site) -> None:
    site.go("pendingAcceptance")
    details = site.ask().report["connectionDetails"]
    assert details["accountId"] == "123456789012"
    assert details["endpoint"] == {"id": site.endpoint_id, "state": "pendingAcceptance", "primaryDnsName": None}
    assert sorted(one for zone in details["availabilityZones"] for one in zone["subnetIds"]) == sorted(
        site.vpc.subnet_ids
    )
    assert all(zone["azId"].startswith("use1-az") for zone in details["availabilityZones"])


def test_once_live_the_primary_dns_name_is_in_the_details(live: Site) -> None:
    found = live.ask()
    assert found.report["connectionDetails"]["endpoint"]["primaryDnsName"] == live.primary_dns_name()
    assert live.primary_dns_name() in found.report["texts"]["connectionDetails"]


def test_every_finding_stands_in_the_report_with_its_command(site: Site) -> None:
    site.aws.block_domains(site.vpc, "*.tetrascience.com")
    site.aws.set_dns_servers(site.vpc, "192.0.2.53")
    found = site.ask(users=None)
    text = found.report["texts"]["report"]
    assert len(found.codes) == 4
    for finding in found.report["findings"]:
        assert text.count(f"`{finding['code']}`") == 1
        assert finding.get("command", "") in text
    lines = text.splitlines()
    assert lines.index(next(line for line in lines if "BLOCKER" in line)) < lines.index("## Details")


def test_costs_are_estimated_before_anything_is_created(site: Site) -> None:
    costs = site.ask(subnetIds=site.vpc.subnet_ids).report["costs"]
    rows = {row["what"]: row for row in costs["rows"]}
    # Three zones at 0.01 an hour, and two zones at 0.50 a month: https://aws.amazon.com/privatelink/pricing/
    assert round(rows["Interface endpoint"]["monthly"], 2) == round(3 * 730 * 0.01, 2)
    assert rows["Private hosted zones"]["monthly"] == 1.0
    assert round(sum(row["monthly"] for row in costs["rows"]), 6) == round(costs["total"], 6)
    assert costs["reviewed"] == "2026-11-26"
    assert all(source.startswith("https://aws.amazon.com/") for source in costs["sources"])


def test_fewer_zones_cost_less(site: Site) -> None:
    one = site.ask(subnetIds=site.vpc.subnet_ids[:1]).report["costs"]["total"]
    three = site.ask(subnetIds=site.vpc.subnet_ids).report["costs"]["total"]
    assert round(three - one, 2) == round(2 * 730 * 0.01, 2)


def test_a_published_report_reads_for_people_and_for_machines(site: Site) -> None:
    site.go("rejected")
    found = site.ask(publish=True)
    (message,) = site.messages()
    assert message.subject == f"TDP PrivateLink preflight of {site.vpc.id}: 1 blocker, 0 warnings"
    attributes = {"event": "preflight", "severity": "error", "vpcId": site.vpc.id}
    assert message.attributes == attributes
    parts = json.loads(message.message)
    for text in (found.report["texts"]["report"], found.report["texts"]["connectionDetails"]):
        assert text in parts["email"]
    machine = json.loads(parts["sqs"])
    assert machine["findings"] == found.report["findings"]


def test_without_the_wish_nothing_is_published(live: Site) -> None:
    live.ask()
    assert live.messages() == []


def test_a_topic_that_does_not_take_the_report_is_an_error_and_the_log_has_the_report(live: Site) -> None:
    live.aws.faults.add("denied", "sns", "Publish", times=None)
    with live.preflight() as function:
        answer = function.invoke({"vpcId": live.vpc.id, "publish": True})
        assert answer.error is not None
        assert answer.error["errorType"] == "Publish"
    assert [json.loads(line)["vpcId"] for line in function.stdout] == [live.vpc.id]


def test_the_answer_is_one_line_in_the_log(live: Site) -> None:
    with live.preflight() as function:
        answer = function.invoke({"vpcId": live.vpc.id})
    assert [json.loads(line) for line in function.stdout] == [answer.report]


def test_a_huge_report_still_fits_into_a_message(site: Site) -> None:
    site.configure(EXTRA_HOSTS=",".join(f"host-{number}.files.example.com" for number in range(400)))
    for number in range(300):
        site.aws.make_zone(f"host-{number}.files.example.com", site.vpc)
    found = site.ask(publish=True)
    (message,) = site.messages()
    assert found.codes.count("zone-taken") == 300
    assert len(message.message.encode()) <= 256 * 1024


def test_a_hand_over_of_many_zones_still_fits_into_a_message(site: Site) -> None:
    site.configure(EXTRA_HOSTS=",".join(f"host-{number}.files.example.com" for number in range(95)))
    site.live()
    found = site.ask(publish=True)
    (message,) = site.messages()
    assert len(found.report["handOver"]["zones"]) == 97
    assert len(message.message.encode()) <= 256 * 1024
    # What is made to be passed on is not what was cut.
    assert found.report["texts"]["connectionDetails"] in json.loads(message.message)["email"]
