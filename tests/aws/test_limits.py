"""How fast Route 53 may be called, and how long what it is given may be."""

import time
from typing import Any

import pytest

from tests.aws import OTHER_ACCOUNT, EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused
from tests.aws.limits import RateLimits, change_cost

ZONE = "platform.example.com"
# 3,767 characters and what is put into the last string.
LONG = f'"{"x" * 248}" ' * 15 + '"{}"'


@pytest.fixture
def route53(client: Client, aws: EmbeddedAws) -> Any:
    return client("route53")


@pytest.fixture
def zone(aws: EmbeddedAws, vpc: Vpc) -> str:
    return aws.make_zone(ZONE, vpc)


class Clock:
    """A time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def granted(limits: RateLimits, operation: str, params: dict[str, Any] | None = None, account: str = "1") -> int:
    """How many calls in a row are not refused."""
    count = 0
    while count < 2000 and not limits.refuses(account, operation, params or {}):
        count += 1
    return count


def batch(action: str, count: int) -> dict[str, Any]:
    return {"ChangeBatch": {"Changes": [{"Action": action}] * count}}


@pytest.mark.parametrize(
    ("operation", "burst", "refill"),
    [
        ("ListHostedZones", 50, 10),
        ("GetChange", 50, 10),
        ("CreateHostedZone", 40, 2),
        ("DeleteHostedZone", 40, 5),
        ("AssociateVPCWithHostedZone", 20, 5),
        ("DisassociateVPCFromHostedZone", 10, 5),
    ],
)
def test_each_action_has_a_burst_and_a_rate(operation: str, burst: int, refill: int) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html"""
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert granted(limits, operation) == burst
    clock.now += 2
    assert granted(limits, operation) == 2 * refill
    clock.now += 1000
    assert granted(limits, operation) == burst


def test_all_actions_of_an_account_share_a_bucket() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert [granted(limits, name) for name in ("CreateHostedZone", "ListHostedZones", "GetChange")] == [40, 10, 0]
    assert granted(limits, "GetChange", account="2") == 50
    clock.now += 1
    assert [granted(limits, name) for name in ("CreateHostedZone", "ListHostedZones")] == [2, 8]


@pytest.mark.parametrize(("speed", "rate"), [(0.5, 5), (4.0, 40), (100.0, 50)])
def test_speed_fills_faster_and_leaves_the_burst(speed: float, rate: int) -> None:
    clock = Clock()
    limits = RateLimits(speed, clock=clock)
    assert granted(limits, "GetChange") == 50
    clock.now += 1
    assert granted(limits, "GetChange") == rate


@pytest.mark.parametrize(("action", "each", "fit"), [("CREATE", 500, 3), ("DELETE", 500, 3), ("UPSERT", 250, 3)])
def test_changes_have_a_bucket_of_their_own(action: str, each: int, fit: int) -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert granted(limits, "ChangeResourceRecordSets", batch(action, each)) == fit
    assert granted(limits, "ListHostedZones") == 50 - fit
    clock.now += 5
    assert granted(limits, "ChangeResourceRecordSets", batch(action, each)) == 1


def test_a_refused_call_takes_nothing() -> None:
    limits = RateLimits(clock=Clock())
    assert granted(limits, "ChangeResourceRecordSets", batch("CREATE", 1000)) == 1
    assert granted(limits, "ChangeResourceRecordSets", batch("CREATE", 501)) == 0
    assert granted(limits, "ChangeResourceRecordSets", batch("CREATE", 500)) == 1


def test_zones_and_associations_are_changes_too() -> None:
    assert [change_cost(name, {}) for name in ("CreateHostedZone", "AssociateVPCWithHostedZone")] == [2, 2]
    assert [change_cost(name, {}) for name in ("DeleteHostedZone", "DisassociateVPCFromHostedZone")] == [2, 2]
    assert change_cost("ListHostedZones", {}) == 0


def test_limits_are_off_unless_a_test_turns_them_on(aws: EmbeddedAws, route53: Any, refused: Refused) -> None:
    for _ in range(60):
        route53.get_hosted_zone_count()
    aws.limit_route53(speed=0.001)
    for _ in range(60):
        aws.client("route53").get_hosted_zone_count()
    aws.calls.clear()
    for _ in range(50):
        route53.get_hosted_zone_count()
    assert refused(route53.get_hosted_zone_count) == ("Throttling", "Rate exceeded", 400)
    assert [(call.fault, call.status) for call in aws.calls[49:]] == [(None, 200), ("limit", 400)]
    aws.limit_route53(None)
    route53.get_hosted_zone_count()
    aws.limit_route53()
    aws.reset()
    for _ in range(60):
        route53.get_hosted_zone_count()


def test_a_refused_call_changes_nothing_and_another_account_goes_on(
    aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused
) -> None:
    aws.limit_route53(speed=0.001)
    where = {"VPCRegion": vpc.region, "VPCId": vpc.id}
    for n in range(40):
        route53.create_hosted_zone(Name=f"z{n}.example.com", CallerReference=str(n), VPC=where)
    again = {"Name": ZONE, "CallerReference": "last", "VPC": where}
    assert refused(route53.create_hosted_zone, **again)[0] == "Throttling"
    assert len(aws.zones()) == 40 and len(route53.list_hosted_zones()["HostedZones"]) == 40
    assert aws.client("route53", account=OTHER_ACCOUNT).list_hosted_zones()["HostedZones"] == []


def test_who_waits_is_served_again(aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused) -> None:
    zone = aws.make_zone(ZONE, vpc)
    others = [aws.make_vpc(f"10.{n}.0.0/16", azs=0) for n in range(1, 22)]
    aws.limit_route53(speed=20)
    refusals = 0
    for other in others * 2:
        params = {"HostedZoneId": zone, "VPC": {"VPCRegion": other.region, "VPCId": other.id}}
        operation = "disassociate" if other.id in aws.zones()[0]["vpcs"] else "associate"
        preposition = "from" if operation == "disassociate" else "with"
        call = getattr(route53, f"{operation}_vpc_{preposition}_hosted_zone")
        until = time.monotonic() + 5
        while True:
            try:
                call(**params)
                break
            except route53.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "Throttling" and time.monotonic() < until
                refusals += 1
                time.sleep(0.01)
    assert aws.zones()[0]["vpcs"] == [vpc.id]
    assert [call.fault for call in aws.calls].count("limit") == refusals


# How long things may be


@pytest.mark.parametrize(("length", "code"), [(256, None), (257, "InvalidInput")])
def test_a_comment_has_256_characters(
    aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused, length: int, code: str | None
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html"""
    text, zone = "é" * length, aws.make_zone("other.example.com", vpc)
    config = {"Comment": text}
    where = {"VPCRegion": vpc.region, "VPCId": vpc.id}
    create = {"Name": ZONE, "CallerReference": "r", "VPC": where, "HostedZoneConfig": config}
    record = {"Name": "other.example.com", "Type": "TXT", "TTL": 1, "ResourceRecords": [{"Value": '"x"'}]}
    change = {"Comment": text, "Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    calls = [
        (route53.create_hosted_zone, create),
        (route53.update_hosted_zone_comment, {"Id": zone, "Comment": text}),
        (route53.change_resource_record_sets, {"HostedZoneId": zone, "ChangeBatch": change}),
    ]
    for call, params in calls:
        if code:
            assert refused(call, **params)[::2] == (code, 400)
        else:
            call(**params)
    assert sorted(one["comment"] for one in aws.zones()) == ([""] if code else [text, text])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([LONG.format("y" * 233)], None),
        ([LONG.format("y" * 234)], "InvalidInput"),
        ([f'"{"x" * 256}"'], "InvalidChangeBatch"),
        ([f'"{n}"' for n in range(400)], None),
        ([f'"{n}"' for n in range(401)], "InvalidChangeBatch"),
    ],
)
def test_a_text_has_so_many_characters_and_a_set_so_many_values(
    route53: Any, zone: str, refused: Refused, values: list[str], code: str | None
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
    """
    record = {"Name": ZONE, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    change = {"HostedZoneId": zone, "ChangeBatch": batch}
    if code:
        assert refused(route53.change_resource_record_sets, **change)[0] == code
    else:
        route53.change_resource_record_sets(**change)
