"""A sample of the fault matrix, and that what judges it sees what is wrong. `make chaos` tries all of it."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.aws import EmbeddedAws
from tests.chaos import matrix
from tests.chaos.matrix import FAULTS, Case, Result
from tests.chaos.scenarios import BY_NAME
from tests.chaos.story import Broken, Story
from tests.harness import PLATFORM, Scene

# Each fault in a few scenarios, at calls that are drawn once and for all. Late answers take their time: one.
DRAWN = Random(6)
SAMPLE = [(name, fault) for fault in FAULTS if fault != "late" for name in DRAWN.sample(sorted(BY_NAME), 4)]
SAMPLE.append(("first cut-over", "late"))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.mark.parametrize(("scenario", "fault"), SAMPLE)
def test_a_fault_at_any_call_does_no_harm_and_is_made_good(server: EmbeddedAws, scenario: str, fault: str) -> None:
    nth = Random(f"{scenario} {fault}").randint(1, matrix.calls_of(server, scenario))
    result = matrix.try_out(server, Case(scenario, fault, nth))
    assert result.broken is None, str(result)
    assert result.call != "none"


@pytest.mark.parametrize(
    ("scenario", "operation"),
    [("another owner", "ChangeResourceRecordSets"), ("staging VPC, there", "DisassociateVPCFromHostedZone")],
)
def test_an_answer_that_was_lost_is_made_up_for_before_people_are_told(
    server: EmbeddedAws, scenario: str, operation: str
) -> None:
    """Each was broken once: the request that came after it had nothing to wait for."""
    cases = [Case(scenario, "answer lost", nth) for nth in range(1, matrix.calls_of(server, scenario) + 1)]
    results = [result for case in cases if (result := matrix.try_out(server, case)).call.endswith(operation)]
    # Two zones go their way at once: which call is the n-th is not the same in each run.
    assert results
    assert [str(result) for result in results if result.broken is not None] == []


@pytest.mark.parametrize("scenario", BY_NAME)
def test_each_scenario_comes_to_its_end_without_a_fault(server: EmbeddedAws, scenario: str) -> None:
    story = BY_NAME[scenario].arrange(matrix.fresh(server))
    story.run()
    story.settle()
    BY_NAME[scenario].check_end(story)


# What must be seen. Each does by hand what a defect of the product would do.


@pytest.fixture
def story(server: EmbeddedAws) -> Story:
    return BY_NAME["drift repaired"].arrange(matrix.fresh(server))


def harm(scene: Scene, what: str) -> None:
    if what == "foreign":
        (zone,) = [one for one in scene.aws.zones() if one["comment"] == "of another team"]
        scene.aws.delete_record(zone["id"], PLATFORM, "A")
    else:
        scene.aws.delete_record(scene.zones()[PLATFORM], f"api.{PLATFORM}", "A")


@pytest.mark.parametrize(("what", "words"), [("foreign", "of others changed"), ("name", "stopped leading")])
def test_harm_in_a_run_is_seen(story: Story, what: str, words: str) -> None:
    at = [0]

    def during(service: str, operation: str) -> None:
        at[0] += 1
        if at[0] == 4:
            harm(story.scene, what)

    story.scene.aws.on_call(during)
    with pytest.raises(Broken, match=words):
        story.run()


def test_news_that_nobody_was_told_of_is_missed(story: Story) -> None:
    story.run()
    story.settle()
    story.told.clear()
    with pytest.raises(Broken, match="nobody was told"):
        BY_NAME["drift repaired"].check_end(story)


def test_a_cell_that_is_red_is_counted_and_named() -> None:
    cases = [Case("first cut-over", "denied", nth) for nth in (1, 2)]
    table, broken = matrix.table([Result(cases[0], "sns:Publish", None), Result(cases[1], "sns:Publish", "it broke")])
    assert "1/2" in table and [one.case.nth for one in broken] == [2]
    assert len(table.splitlines()) == 2, "only what was played"
    assert str(broken[0]) == "first cut-over: denied at call 2, sns:Publish: it broke"
