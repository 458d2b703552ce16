"""A sample of what strangers send. All of it: `python -m tests.chaos.hostile`."""

from collections.abc import Iterator

import pytest

from tests.aws import EmbeddedAws
from tests.chaos import hostile, strange
from tests.chaos.hostile import Tried
from tests.chaos.spoil import KINDS


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


def assert_survived(tried: Tried, cases: int) -> None:
    assert tried.broken == []
    assert tried.cases >= cases


def test_events_of_other_services_are_refused_in_one_line_and_nothing_is_written(aws: EmbeddedAws) -> None:
    assert_survived(hostile.try_fixtures(aws), 100)


def test_nothing_of_a_hostile_event_comes_into_a_line_or_a_call(aws: EmbeddedAws) -> None:
    assert_survived(hostile.try_events(aws, most=300), 300)


def test_the_hostile_events_are_in_every_field_that_is_read() -> None:
    places = {" ".join(name.split()[:2]) for name in strange.hostile_events()}
    read = [
        "sweep task",
        "reconcile task",
        "connection-accepted Records.0.Sns.Message",
        "state-change source",
        "state-change detail-type",
    ]
    assert [place for place in read if place not in places] == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_spoilt_breaks_nothing(aws: EmbeddedAws, kind: str) -> None:
    for seed in range(3):
        hostile.try_answer(aws, kind, seed)
