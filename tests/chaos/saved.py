"""A scenario's world that can be taken back to an earlier moment, and told apart from itself at other moments."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

from moto.ssm.models import ssm_backends

from tests.aws import EmbeddedAws, zones
from tests.aws.calls import Call
from tests.aws.sns import Message
from tests.aws.zones import HostedZones, Zone
from tests.chaos.scenarios import Scenario
from tests.chaos.story import DELETE, Story
from tests.harness import Scene
from tests.harness.world import PUBLIC

PUBLIC_ADDRESSES = next(iter(PUBLIC.values()))


class CountedZones(HostedZones):
    """Ids follow from what they are of and how many there were: the same order of calls gives the same ids, and the
    order of calls about different zones does not matter.
    """

    def __init__(self) -> None:
        super().__init__()
        self._given: Counter[str] = Counter()

    def add(self, account: str, name: str, reference: str, comment: str | None, vpcs: dict[str, str]) -> Zone:
        with self._counted(name):
            return super().add(account, name, reference, comment, vpcs)

    def submit(self, account: str, zone_id: str, comment: str | None, *, in_sync: bool) -> dict[str, Any]:
        with self._counted(zone_id):
            return super().submit(account, zone_id, comment, in_sync=in_sync)

    @contextmanager
    def _counted(self, subject: str) -> Iterator[None]:
        def new_id(prefix: str, length: int) -> str:
            self._given[subject] += 1
            return prefix + sha256(f"{subject} {self._given[subject]}".encode()).hexdigest()[:length].upper()

        # The embedded AWS makes zones and changes under its lock.
        with patch.object(zones, "new_id", new_id):
            yield


@dataclass(frozen=True)
class Saved:
    """Everything that a run can change, at one moment; and what the story saw until then."""

    zones: dict[str, Any]
    parameters: dict[str, list[Any]]
    messages: list[Message]
    calls: list[Call]
    answers: list[dict[str, list[list[str]]]]
    early: list[str]


class Stage:
    """A scenario, arranged once. All its plays begin with the same world."""

    def __init__(self, aws: EmbeddedAws, scenario: Scenario) -> None:
        aws.reset()
        aws.insync_after = 0
        aws._route53.zones = CountedZones()
        self.aws, self.scenario = aws, scenario
        self.story: Story = scenario.arrange(Scene(aws))
        self.begin = self.save()

    @property
    def scene(self) -> Scene:
        return self.story.scene

    def save(self) -> Saved:
        return Saved(
            deepcopy(vars(self.aws._route53.zones)),
            {name: list(versions) for name, versions in self._parameters.items()},
            list(self.aws._messages),
            list(self.aws.calls),
            [deepcopy(watch._answers) for _, watch in self.story._watches],
            list(self.story._early),
        )

    def restore(self, saved: Saved | None = None) -> None:
        """The world as it was then, or as it was at the beginning."""
        saved = saved or self.begin
        with self.aws.lock:
            vars(self.aws._route53.zones).update(deepcopy(saved.zones))
            self._parameters.clear()
            self._parameters.update({name: list(versions) for name, versions in saved.parameters.items()})
            self.aws._messages[:] = saved.messages
            self.aws.calls._calls[:] = saved.calls
            for (_, watch), answers in zip(self.story._watches, saved.answers, strict=True):
                watch._answers = deepcopy(answers)
        self.story._early[:] = saved.early
        self.story._began = len(self.begin.calls)
        self.story.told.clear()

    def digest(self) -> str:
        """The same for worlds that have the same future, also in what must hold: DNS counts as led or not, and news as
        how often each was told.
        """
        found = self.aws._route53.zones
        shown = [
            (zone.id, zone.name, zone.comment, sorted(zone.vpcs), sorted(zone.authorized), zone.ordered())
            for zone in sorted(found, key=lambda zone: zone.id)
        ]
        led = [
            (host, seen[-1], any(one and one != PUBLIC_ADDRESSES for one in seen))
            for _, watch in self.story._watches
            for host, seen in watch._answers.items()
        ]
        # Whose deletion is not everywhere yet; who else could know?
        deletions = [call for call in self.aws.calls if call.operation == DELETE and call.status == HTTPStatus.OK]
        deleted = sorted((call.params["Id"], call.caller) for call in deletions)
        stored = [(name, len(found), found[-1].value) for name, found in sorted(self._parameters.items()) if found]
        news = sorted(Counter(self.scene.news()).items())
        pending = [
            (zone, [(caller, sorted(kinds)) for caller, kinds in self.story.pending_writes(zone)])
            for zone in found.unsynced()
        ]
        # Which ids there are, and which come next: a run may hold one of them.
        given = sorted(found._given.items())
        return sha256(repr((shown, given, pending, deleted, stored, news, led)).encode()).hexdigest()[:16]

    @property
    def _parameters(self) -> dict[str, list[Any]]:
        return ssm_backends[self.aws.account][self.aws.region]._parameters
