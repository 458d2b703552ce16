"""What docs/dns.md shows is what the function says, and what it promises in between holds."""

import json
import re
from pathlib import Path

import pytest

from tests.aws import EmbeddedAws
from tests.harness import cli
from tests.shapes import page
from tests.shapes.shapes import SHAPES
from tests.shapes.world import API, World

PLANNER = Path(__file__).parents[2] / "functions" / "planner" / "src"
LOGS, ECR = "logs.us-east-1.amazonaws.com", "ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_page_shows_what_the_function_says(aws: EmbeddedAws, shape: str) -> None:
    """`.venv/bin/python -m tests.shapes --write` puts it there."""
    blocks = SHAPES[shape](aws)
    assert {name: page.blocks().get(name) for name in blocks} == blocks


def test_the_blocks_of_the_page_can_be_written_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = page.PAGE.read_text()
    copy = tmp_path / "dns.md"
    copy.write_text(before)
    monkeypatch.setattr(page, "PAGE", copy)
    blocks = page.blocks()
    page.write(blocks)
    assert copy.read_text() == before
    page.write({"plan: one": "other\nlines"})
    assert page.blocks() == blocks | {"plan: one": "other\nlines"}
    assert len(copy.read_text().splitlines()) == len(before.splitlines()) - blocks["plan: one"].count("\n") + 1


def test_every_way_in_which_a_host_is_served_stands_in_the_page() -> None:
    ways = re.findall(r"^    (\w+),$", _block(PLANNER / "route/mod.rs", "pub enum Via {"), re.MULTILINE)
    words = [re.sub(r"(?<!^)(?=[A-Z])", "-", way).lower() for way in ways]
    assert len(words) > 8
    assert [word for word in words if f"`{word}`" not in page.PAGE.read_text()] == []


def test_the_other_account_needs_no_more_than_the_page_says() -> None:
    (text,) = re.findall(r"^```json\n(\{\n.*?\n\})\n```$", page.PAGE.read_text(), re.MULTILINE | re.DOTALL)
    statements = json.loads(text)["Statement"]
    assert [one["Action"] for one in statements] == ["route53:AssociateVPCWithHostedZone", "ec2:DescribeVpcs"]
    command = re.compile(r"--hosted-zone-id (\w+) --vpc VPCRegion=([\w-]+),VPCId=([\w-]+)")
    ((zone, region, vpc),) = command.findall(page.blocks()["message: spokes"])
    assert statements[0]["Resource"] == f"arn:aws:route53:::hostedzone/{zone}"
    vpcs = statements[0]["Condition"]["ForAllValues:StringEquals"]["route53:VPCs"]
    assert vpcs == [f"VPCId={vpc},VPCRegion={region}"]


# What the page says to do.


def test_private_dns_of_an_endpoint_can_be_turned_on_later(aws: EmbeddedAws) -> None:
    world = World(aws, AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="ts-prod")
    world.endpoint()
    world.act()
    endpoint = world.service("logs")
    undo = world.act("sweep").connection["undo"]
    with pytest.raises(Exception, match="conflicting DNS domain"):
        aws.set_private_dns(endpoint, True)
    world.configure(HOLD_HOSTS=LOGS)
    world.act(outcome="in-sync")
    cli.run(aws, undo)
    aws.set_private_dns(endpoint, True)
    world.configure(HOLD_HOSTS=None)
    rows = {row["host"]: row["via"] for row in world.run("reconcile").connection["coverage"]}
    assert rows[LOGS] == "private-dns"
    assert world.resolve(LOGS) == world.addresses(endpoint_id=endpoint)
    world.ends()


def test_private_dns_that_is_turned_off_is_replaced_by_the_next_sweep(aws: EmbeddedAws) -> None:
    world = World(aws, AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="ts-prod")
    world.endpoint()
    endpoint = world.service("logs", private_dns=True)
    world.act()
    aws.set_private_dns(endpoint, False)
    world.act("sweep")
    assert world.resolve(LOGS) == world.addresses(endpoint_id=endpoint)
    world.ends()


def test_a_host_of_s3_that_is_named_with_its_service_takes_no_bucket_from_the_vpc(aws: EmbeddedAws) -> None:
    host = "s3.us-east-1.amazonaws.com"
    world = World(aws, EXTRA_HOSTS=f"{host}=com.amazonaws.us-east-1.s3")
    world.endpoint()
    world.service("s3", kind="Gateway")
    world.add_service("s3")
    zones = {zone["name"]: zone["hides"] for zone in world.act().connection["zones"]}
    assert zones[host] == []
    world.ends()


def test_a_zone_that_would_take_a_host_that_nobody_serves_is_not_made(aws: EmbeddedAws) -> None:
    world = World(aws, AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="hub")
    world.endpoint()
    world.service("ecr.api")
    rows = {row["host"]: row["via"] for row in world.act().connection["coverage"]}
    assert (rows[ECR], rows[f"api.{ECR}"]) == ("not-covered", "own-endpoint")
    assert f"api.{ECR}" in world.zones() and ECR not in world.zones()
    world.ends()


def test_routing_through_tdp_can_become_routing_to_own_endpoints(aws: EmbeddedAws) -> None:
    world = World(aws, AWS_SERVICE_ROUTING="tdp", TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="ts-prod")
    world.endpoint()
    endpoint = world.service("logs")
    world.act()
    world.configure(AWS_SERVICE_ROUTING="own")
    rows = {row["host"]: row["via"] for row in world.act().connection["coverage"]}
    assert rows.pop(LOGS) == "own-endpoint" and set(rows.values()) == {"not-covered"}
    assert world.resolve(LOGS) == world.addresses(endpoint_id=endpoint)
    world.ends()


def test_a_vpc_in_govcloud_is_as_any_other(aws: EmbeddedAws) -> None:
    world = World(aws, "us-gov-west-1", AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="hub")
    world.endpoint()
    endpoint = world.service("sqs")
    world.planned_and_done()
    assert world.resolve(API) == world.addresses()
    assert world.resolve("sqs.us-gov-west-1.amazonaws.com") == world.addresses(endpoint_id=endpoint)
    world.ends()


def test_a_hand_over_can_be_undone(aws: EmbeddedAws) -> None:
    world = World(aws, OWNER_ID="tdp-old")
    world.endpoint()
    world.act()
    world.configure(OWNER_ID="tdp-privatelink", ADOPT_OWNER="tdp-old")
    undo = world.act().connection["undo"]
    world.configure(OWNER_ID="tdp-old", ADOPT_OWNER=None)
    assert world.run("plan").codes == ["other-owner"]
    cli.run(aws, undo)
    world.ends()


def _block(path: Path, start: str) -> str:
    return path.read_text().split(start)[1].split("\n}")[0]
