"""The catalog of hosts against the lists of TetraScience's pages, which were copied here by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOG: dict[str, Any] = json.loads((ROOT / "functions/planner/catalog.json").read_text())
AWS = "{region}.{suffix}"
REGISTRY = {
    "ecr.us-east-1.amazonaws.com",
    "api.ecr.us-east-1.amazonaws.com",
    "753968983172.dkr.ecr.us-east-1.amazonaws.com",
}
PLATFORM = {"{platform}", "api.{platform}", "api.tetrascience.com"}


def aws(*services: str) -> set[str]:
    return {f"{service}.{AWS}" for service in services}


# https://developers.tetrascience.com/docs/tetra-hub-url-allow-list; Connectors share it.
HUB = REGISTRY | aws(
    *("ecs", "ecs-a-*", "ecs-t-*", "ssm", "ssmmessages", "ec2messages", "s3", "logs", "monitoring", "sqs")
)
# https://developers.tetrascience.com/docs/url-whitelisting
DATA_HUB = REGISTRY | aws(
    *("ssm", "ssmmessages", "ec2messages", "logs", "monitoring", "s3", "sns", "sqs", "*.credentials.iot")
)
# https://developers.tetrascience.com/docs/tetra-agent-allow-list-endpoints
BUCKETS = {f"{{bucket}}-{which}.s3.{AWS}" for which in ("datalake", "backup", "events")}
DIRECT_UPLOAD = BUCKETS | {"{bucket}-datalake.s3.{suffix}"} | aws("logs", "monitoring")

PUBLISHED = {
    "hub": HUB,
    "connector": HUB,
    "data-hub": DATA_HUB,
    "agent": set(),
    "agent-s3-direct": DIRECT_UPLOAD,
}


def test_every_component_is_compared() -> None:
    assert {component for row in CATALOG["hosts"] for component in row["components"]} == set(PUBLISHED)


@pytest.mark.parametrize("component", PUBLISHED)
def test_a_component_has_the_hosts_that_tetrascience_lists(component: str) -> None:
    hosts = {row["host"] for row in CATALOG["hosts"] if component in row["components"]}
    assert hosts == PLATFORM | PUBLISHED[component]


def test_a_contradiction_between_pages_is_said_at_the_row() -> None:
    """One example of the API has another name for the third bucket: https://developers.tetrascience.com/reference"""
    (row,) = [row for row in CATALOG["hosts"] if row["host"].startswith("{bucket}-events.")]
    assert "-stream" in row["purpose"]
