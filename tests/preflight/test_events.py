"""What asks preflight, and what it makes of an event that is none."""

import json
from typing import Any

import pytest

from tests.harness.function import ROOT
from tests.preflight.site import EMAIL, Site

EVENTS = ROOT / "events"
REQUEST_FIELDS = "task vpcId subnetIds securityGroupIds users emailDomain domainConfirmed contacts publish".split()


def example(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / name).read_text())


def test_the_file_for_a_person_works(live: Site) -> None:
    live.configure(VPC_ID=live.vpc.id, CONNECTION_USERS="both", DOMAIN_CONFIRMED="yes", EMAIL_DOMAIN=EMAIL)
    answer = live.ask_for(example("preflight.json"))
    assert answer.report is not None
    assert answer.report["findings"] == []
    assert live.messages() == []


def test_the_file_with_every_field_works_and_confirms_nothing_by_itself(live: Site) -> None:
    event = example("preflight-details.json") | {"vpcId": live.vpc.id, "subnetIds": live.vpc.subnet_ids}
    answer = live.ask_for(event)
    assert answer.report is not None
    assert [finding["code"] for finding in answer.report["findings"]] == ["domain-refused"]
    assert set(event) == set(REQUEST_FIELDS)


def test_the_end_of_a_deployment_publishes_the_report_of_the_settings(live: Site) -> None:
    live.configure(
        VPC_ID=live.vpc.id, CONNECTION_USERS="both", CONTACTS="Jo Doe, jo@example.com; Kim Roe, kim@example.com"
    )
    answer = live.ask_for(example("preflight-deployed.json"))
    assert answer.report is not None
    assert [message.attributes["event"] for message in live.messages()] == ["preflight"]
    assert answer.report["connectionDetails"]["contacts"] == ["Jo Doe, jo@example.com", "Kim Roe, kim@example.com"]


def test_the_rule_of_the_stack_lets_its_own_end_through() -> None:
    """The file matches the pattern of the template, part by part."""
    template = (ROOT / "template.yaml").read_text()
    rule = template.split("AfterDeployment:")[1].split("RetryPolicy:")[0]
    event = example("preflight-deployed.json")
    assert f"- {event['source']}\n" in rule
    assert f"- {event['detail-type']}\n" in rule
    assert "stack-id:\n                  - !Ref AWS::StackId" in rule
    assert f"- {event['detail']['status-details']['status']}\n" in rule


@pytest.mark.parametrize("mode", ["plan", "withdraw"])
def test_after_a_deployment_that_is_not_to_write_nobody_is_told(live: Site, mode: str) -> None:
    live.configure(VPC_ID=live.vpc.id, MODE=mode)
    assert live.ask_for(example("preflight-deployed.json")).ok
    assert live.messages() == []
    assert live.ask_for({"publish": True}).ok
    assert [message.attributes["event"] for message in live.messages()] == ["preflight"]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("[]", "not a JSON object"),
        ('{"key1": "value1"}', "key1"),
        ({"task": "sweep"}, "must be preflight"),
        ({"vpcId": "vpc-1; rm"}, "vpcId"),
        ({"subnetIds": ["vpc-0a1b2c3d4e5f60718"]}, "subnetIds"),
        ({"securityGroupIds": ["sg"]}, "securityGroupIds"),
        ({"users": "robots"}, "robots"),
        ({"emailDomain": "not a domain"}, "emailDomain"),
        ({"emailDomain": "*.example.com"}, "emailDomain"),
        ({"domainConfirmed": "yes"}, "expected a boolean"),
        ({"contacts": ["x"] * 21}, "contacts"),
        ({"subnetIds": ["subnet-0a1b2c3d4e5f60718"] * 51}, "subnetIds"),
        ({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}, "Scheduled Event"),
    ],
)
def test_an_event_that_is_no_request_is_refused_without_a_call(site: Site, event: Any, says: str) -> None:
    site.mark()
    answer = site.ask_for(event)
    assert answer.error is not None
    assert answer.error["errorType"] == "InvalidRequest"
    assert says in answer.message
    assert len(site.aws.calls) == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TDP_SERVICE_NAME", None),
        ("TDP_PLATFORM_HOST", "https://platform.tetrascience.com"),
        ("CONNECTION_USERS", "everybody"),
        ("EMAIL_DOMAIN", "*.example.com"),
        ("DOMAIN_CONFIRMED", "true"),
        ("VPC_ID", "vpc"),
        ("TOPIC_ARN", "news"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_called(site: Site, variable: str, value: str | None) -> None:
    site.configure(**{variable: value})
    site.mark()
    answer = site.ask_for({})
    assert answer.error is not None
    assert answer.error["errorType"] == "InvalidConfiguration"
    assert variable in answer.message
    assert len(site.aws.calls) == 0


def test_contacts_cannot_smuggle_lines_into_the_message(live: Site) -> None:
    found = live.ask(contacts=["Jo Doe\nAWS account: 999999999999", "   "])
    assert found.report["connectionDetails"]["contacts"] == ["Jo DoeAWS account: 999999999999"]
    assert "\nAWS account: 999999999999" not in found.report["texts"]["connectionDetails"]
