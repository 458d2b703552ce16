"""Random lives: whatever happened before, an available endpoint ends live, and foreign records are as they were."""

from collections.abc import Callable
from random import Random

import pytest

from tests.e2e.checks import assert_live, unwatch_calls
from tests.harness import HOSTS, Scene
from tests.harness.function import FunctionDied
from tests.harness.world import a_record, marker_name, old_alias

PLATFORM = "platform.tetrascience.com"
# Extra hosts, with the zone that each ends up in.
EXTRA: list[dict[str, str]] = [
    {},
    {"a.b.example.com": "a.b.example.com"},
    {"a.b.example.com": "b.example.com", "b.example.com": "b.example.com"},
    {"*.b.example.com": "b.example.com"},
    {f"files.{PLATFORM}": PLATFORM},
]
STATES = ["pendingAcceptance", "pending", "available", "available", "rejected", "failed", "expired", "somethingNew"]
OPERATIONS = [
    ("ec2", "DescribeVpcEndpoints"),
    ("route53", "ListHostedZones"),
    ("route53", "ListResourceRecordSets"),
    ("route53", "CreateHostedZone"),
    ("route53", "ChangeResourceRecordSets"),
    ("route53", "DeleteHostedZone"),
    ("route53", "GetChange"),
    ("sns", "Publish"),
    ("ssm", "PutParameter"),
]


class Life:
    """One customer's bad month, repeatable by its seed."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.random = scene, Random(seed)
        self.extra: dict[str, str] = {}
        self.story: list[str] = []

    def step(self) -> None:
        happen: list[Callable[[], str]] = [self.state, self.edit, self.hosts, self.setting, self.fault, self.replaced]
        for _ in range(self.random.randint(1, 3)):
            self.story.append(self.random.choice(happen)())
        self.story.append(self.run())
        self.scene.assert_foreign_untouched()

    def state(self) -> str:
        state = self.random.choice(STATES)
        self.scene.enter(state)
        return state

    def replaced(self) -> str:
        if self.random.random() < 0.7:
            return "-"
        self.scene.aws.remove_endpoint(self.scene.endpoint_id)
        self.scene.request("available")
        return "new endpoint"

    def edit(self) -> str:
        """Somebody deletes or changes a record set of ours by hand."""
        ours = [host for host, zone in HOSTS.items() if (host, "A") in self.records(zone)]
        if not ours:
            return "-"
        host = self.random.choice(ours)
        zone_id = self.scene.zones()[HOSTS[host]]
        has_marker = (marker_name(host), "TXT") in self.records(HOSTS[host])
        self.scene.aws.delete_record(zone_id, host, "A")
        if has_marker and self.random.random() < 0.5:
            self.scene.aws.put_records(zone_id, old_alias(host))
        return f"{host} edited"

    def records(self, zone: str) -> dict[tuple[str, str], dict[str, object]]:
        return self.scene.records(zone) if zone in self.scene.zones() else {}

    def hosts(self) -> str:
        self.extra = self.random.choice(EXTRA)
        self.scene.configure(EXTRA_HOSTS=",".join(self.extra))
        return f"hosts {list(self.extra)}"

    def setting(self) -> str:
        name, values = self.random.choice(
            [("MODE", ["apply", "apply", "withdraw", "plan"]), ("ON_LOSS", ["keep", "withdraw"])]
        )
        value = self.random.choice(values)
        self.scene.configure(**{name: value})
        return f"{name}={value}"

    def fault(self) -> str:
        kind = self.random.choice(["denied", "drop", "lost", "malformed"])
        service, operation = self.random.choice(OPERATIONS)
        self.scene.aws.faults.add(kind, service, operation, nth=self.random.randint(1, 3))
        self.scene.aws.page_size = self.random.choice([None, 1, 3])
        return f"{kind} {operation}"

    def run(self) -> str:
        """A run that may end in an error, or be killed at some call."""
        task = self.random.choice(["sweep", "sweep", "drift", "reconcile", "plan"])
        left = [self.random.choice([-1, -1, self.random.randint(1, 15)])]
        with self.scene.function() as function:

            def kill(service: str, operation: str) -> None:
                left[0] -= 1
                if left[0] == 0:
                    function.kill()

            self.scene.aws.on_call(kill)
            try:
                answer = function.invoke({"task": task})
                ended = answer.outcome if answer.ok and answer.connections else str(answer.error)
            except FunctionDied:
                ended = "killed"
            unwatch_calls(self.scene)
        return f"{task}: {ended}"


@pytest.mark.parametrize("seed", range(8))
def test_a_random_life_ends_live_with_foreign_records_as_they_were(scene: Scene, seed: int) -> None:
    scene.request("pendingAcceptance")
    scene.plant_zone("printers.example.com", a_record("printers.example.com", "10.0.9.9"))
    life = Life(scene, seed)
    for _ in range(12):
        life.step()
    scene.aws.faults.clear()
    scene.enter("available")
    scene.configure(MODE="apply")
    for _ in range(2):
        answer = scene.run("drift")
        assert answer.ok, (answer.error, life.story)
    assert answer.outcome == "in-sync", (answer.connection, life.story)
    assert_live(scene, HOSTS | life.extra)
    hosts = HOSTS | life.extra
    assert sorted(scene.zones()) == sorted({*hosts.values(), "printers.example.com"}), life.story
    parameter = scene.parameter()
    assert parameter is not None and parameter["announced"]["status"] == "live", life.story
