"""A sample of the long life and of the sweeps.

All of it: `python -m tests.chaos.life` and `python -m tests.chaos.sweeps`.
"""

from collections.abc import Iterator

import pytest

from tests.aws import EmbeddedAws
from tests.chaos import sweeps
from tests.chaos.around import VERIFIER
from tests.chaos.life import Life, live, summary
from tests.chaos.lives import Lived
from tests.chaos.story import Broken
from tests.harness import PLATFORM, Scene
from tests.harness.world import a_record, old_alias

# A leak of 1 KiB in each sweep would be more.
MOST_GROWTH = 400


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


def test_whatever_happens_what_must_hold_holds_and_the_end_is_good(aws: EmbeddedAws) -> None:
    Life.aws = aws
    before = Life.steps
    live(12, None, steps=20)
    assert Life.steps - before > 120


def test_a_life_notices_what_must_not_be(aws: EmbeddedAws) -> None:
    aws.reset()
    lived = Lived(Scene(aws))
    for record in (a_record(PLATFORM, "192.0.2.1"), old_alias(PLATFORM)):
        with pytest.raises(Broken, match="was written and leads to"):
            lived._check_change("CREATE", record)
    lived.hands.plant_zone("b.example.com", "")
    lived.check_others()
    (zone_id,) = lived.hands.zones
    aws.delete_record(zone_id, "printer.b.example.com", "A")
    with pytest.raises(Broken, match="not as it was"):
        lived.check_others()


def test_a_life_notices_what_is_done_to_its_neighbours(aws: EmbeddedAws) -> None:
    aws.reset()
    aws.insync_after = 0
    lived = Lived(Scene(aws))
    lived.enter("available")
    assert (lived.run_former("reconcile", "apply"), lived.run("reconcile", False)) == ("changed", "refused")
    zone_id = lived.hands.our_zone(PLATFORM)
    lived.shares.add(zone_id, 0)
    lived.check_others()
    aws.client("route53").disassociate_vpc_from_hosted_zone(
        HostedZoneId=zone_id, VPC={"VPCRegion": aws.region, "VPCId": lived.shares.vpcs[0].id}
    )
    with pytest.raises(Broken, match="somebody else had put it there"):
        lived.check_others()

    def takes_over(service: str, operation: str) -> None:
        if operation == "ListHostedZonesByVPC":
            lived.hands.delete_zone(PLATFORM)

    aws.on_call(takes_over)
    with pytest.raises(Broken, match="another stack's changed"):
        lived.run("drift", False)


def test_a_life_notices_what_nobody_proved(aws: EmbeddedAws) -> None:
    aws.reset()
    lived = Lived(Scene(aws))
    lived.configure("VERIFIERS", f"[vpc]={VERIFIER}")
    lived.enter("available")
    lived.verifier.verdict = "failed"
    assert lived.run("sweep", False) == "held"
    assert f"{PLATFORM}." in lived.verifier.unproved
    target = {"AliasTarget": {"DNSName": min(lived.platforms)}}
    with pytest.raises(Broken, match="had not been proved"):
        lived._check_change("CREATE", {"Name": f"{PLATFORM}.", "Type": "A"} | target)
    lived.verifier.verdict = "passed"
    assert lived.run("sweep", False) == "changed"


def test_two_runs_at_once_write_once_and_may_tell_twice(aws: EmbeddedAws) -> None:
    aws.reset()
    aws.insync_after = 1
    lived = Lived(Scene(aws))
    lived.enter("available")
    ends = lived.run_two("reconcile", "state-change")
    assert "changed" in ends and {*ends} <= {"changed", "in-sync", "error"}
    assert 1 <= lived.scene.news().count("connection-live") <= 2
    lived.end_well()


class Careless(Life):
    """Lives with a product that is a stand-in, so that many histories are quick, and takes away what others have while
    the verifier fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lived.run = self._run  # type: ignore[method-assign]
        self.lived.run_former = lambda event, mode: "in-sync"  # type: ignore[method-assign]

    def _run(self, event: str, warm: bool, kill: tuple[int, bool] | None = None) -> str:
        for zone_id in list(self.hands.zones) if self.lived.verifier.verdict == "failed" else []:
            for record in self.aws.records(zone_id):
                if record["Name"].startswith("printer."):
                    self.aws.delete_record(zone_id, record["Name"], record["Type"])
        return "in-sync"

    def teardown(self) -> None:
        self.lived.close()


# Two rules that the failure needs, and four that it does not.
NEEDED = ("zone_planted", "verdict_changes")
OTHERS = ("zone_taken_away", "state", "aws_is_slow", "run")
for name in [name for name, rule in vars(Life).items() if hasattr(rule, "hypothesis_stateful_rule")]:
    if name not in (*NEEDED, *OTHERS):
        setattr(Careless, name, None)


def test_a_history_that_breaks_something_is_shrunk_to_the_steps_that_it_takes(aws: EmbeddedAws) -> None:
    Life.aws = aws
    with pytest.raises(Broken, match="of others is not as it was") as broken:
        live(400, 1, steps=8, machine=Careless)
    steps = [line for line in summary(broken.value).splitlines() if line.startswith("state.")]
    assert [step.partition("(")[0] for step in steps] in (
        ["state.begins", *(f"state.{rule}" for rule in order), "state.teardown"] for order in (NEEDED, NEEDED[::-1])
    )
    assert "verdict='failed'" in str(steps) and Careless.steps > 100


def test_six_hundred_sweeps_leave_a_process_as_small_as_it_was(aws: EmbeddedAws) -> None:
    aws.reset()
    aws.insync_after = 0
    kib, descriptors = sweeps.grown(sweeps.sweep(Scene(aws), 600, every=150))
    assert (kib < MOST_GROWTH, descriptors <= 0) == (True, True), (kib, descriptors)
