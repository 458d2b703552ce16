"""A world in which runs go wrong, and what must hold after each of them, however it ended."""

from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import takewhile

from tests.aws import Vpc
from tests.aws.calls import Call
from tests.harness import Answer, Scene
from tests.harness.function import FunctionDied
from tests.harness.world import HOSTS, PUBLIC, as_event, is_write

PUBLIC_ADDRESSES = next(iter(PUBLIC.values()))
# News after which people take DNS for done.
SETTLED = ("connection-live", "connection-recovered", "connection-moved", "drift-repaired", "withdrawn")
DELETE, CHANGE = "DeleteHostedZone", "ChangeResourceRecordSets"
# A run of the embedded AWS has this long, and answers every call at once.
SECONDS = 100.0


class Broken(AssertionError):
    """Something that must hold after every run does not."""


class Story:
    """A scene, watched from now on. `ends`: hosts whose records the configuration takes out in this story."""

    def __init__(
        self, scene: Scene, *, hosts: Iterable[str] = HOSTS, ends: Iterable[str] = (), vpcs: Iterable[Vpc] = ()
    ) -> None:
        self.scene = scene
        self.ends = frozenset(ends)
        self._watches = [(vpc, scene.watch_dns(*hosts, vpc=vpc)) for vpc in (scene.vpc, *vpcs)]
        self._hosts = list(hosts)
        self._early: list[str] = []
        self._began = 0
        scene.mark()
        scene.aws.on_call(self._at_call)
        self.told: list[str] = []

    def _at_call(self, service: str, operation: str) -> None:
        """Before a message that says that DNS is done, no zone may have a change that is not everywhere, unless it says
        itself that something failed, as about another VPC on the zone.
        """
        if (service, operation) == ("sns", "Publish"):
            # The call of another process may be behind it already.
            call = next(one for one in reversed(list(self.scene.aws.calls)) if one.name == "sns:Publish")
            event = call.params.get("MessageAttributes", {}).get("event", {}).get("StringValue")
            is_failing = "failed]" in call.params.get("Message", "")
            if event in SETTLED and not is_failing and (pending := self._pending(call.caller)):
                self._early.append(f"{event} was announced while {pending} were PENDING")

    def _pending(self, mine: str) -> list[str]:
        """Zones that are not everywhere as they are. One that another run deleted, or whose deletion this one had no
        answer to, is no more and cannot be asked about; what another run only notes in its markers no client sees.
        """
        calls = self.scene.aws.calls[self._began :]
        deleted = {
            call.params["Id"]
            for call in calls
            if call.operation == DELETE and call.caller == mine and call.status == HTTPStatus.OK and not call.fault
        }
        there = {zone["id"] for zone in self.scene.aws.zones()}
        unsynced = [zone for zone in self.scene.aws.unsynced() if not self._are_others_notes(zone, mine)]
        return [zone for zone in unsynced if zone in there or any(zone in one for one in deleted)]

    def _are_others_notes(self, zone: str, mine: str) -> bool:
        """Whether all that is PENDING in a zone is what other runs wrote into markers."""
        written = self.pending_writes(zone)
        return bool(written) and all(kinds == {"TXT"} and caller != mine for caller, kinds in written)

    def pending_writes(self, zone: str) -> list[tuple[str, set[str]]]:
        """Whose writes into a zone are PENDING, and the types of the records; empty where more than records are."""
        changes = [one for one in self.scene.aws._route53.zones._changes.values() if one.zone_id == zone]
        pending = len(list(takewhile(lambda change: not change.in_sync, reversed(changes))))
        calls = [call for call in self.scene.aws.calls if zone in call.params.get("HostedZoneId", "")]
        written = [call for call in calls if call.operation == CHANGE and call.status == HTTPStatus.OK][-pending:]
        if len(written) < pending:
            return []
        of = [call.params["ChangeBatch"]["Changes"] for call in written]
        return [
            (call.caller, {change["ResourceRecordSet"]["Type"] for change in changes})
            for call, changes in zip(written, of, strict=True)
        ]

    def run(self, task: str = "drift", *, fault: Callable[[Callable[[], None]], None] | None = None) -> Answer | None:
        """One run in a fresh process, checked. `fault` arms what goes wrong, given what kills the process; the answer
        is None when the process was killed.
        """
        before, told = len(self.scene.aws.calls), len(self.scene.messages())
        self._began = before
        with self.scene.function() as function:
            if fault is not None:
                fault(function.kill)
            answer: Answer | None = None
            try:
                answer = function.invoke(as_event(task), deadline=SECONDS)
            except FunctionDied:
                if "panicked" in function.output():
                    raise Broken(function.output()) from None
        self.scene.aws.faults.clear()
        self._check(list(self.scene.aws.calls[before:]), self.scene.news()[told:])
        if "panicked" in function.output():
            raise Broken(function.output())
        return answer

    def begin(self) -> None:
        """A run that somebody else makes begins: its calls and messages count from here."""
        self.scene.mark()
        self._began = 0

    def end(self) -> None:
        """The run ended, however: what must hold after it."""
        self._check(list(self.scene.aws.calls), self.scene.news())

    def settle(self) -> Answer:
        """Runs without a fault until nothing is written any more."""
        for _ in range(4):
            before = len(self.scene.aws.calls)
            answer = self.run()
            if answer is None or not answer.ok:
                raise Broken(f"a run without a fault failed: {answer}")
            if not [call for call in self.scene.aws.calls[before:] if is_write(call)]:
                return answer
        raise Broken(f"does not settle: {answer.report}")

    # What must hold

    def check_several(self, runs: int) -> None:
        """What must hold at every moment of several runs at once. Each of them may tell the same news, once."""
        try:
            self.scene.assert_foreign_untouched()
        except AssertionError as error:
            raise Broken(f"something of others changed: {error}") from None
        self._names()
        self.told = self.scene.news()
        # SNS may have taken a message whose answer was lost.
        most = runs + sum(call.name == "sns:Publish" and bool(call.fault) for call in self.scene.aws.calls)
        if often := [event for event, times in Counter(self.told).items() if times > most]:
            raise Broken(f"announced more often than there were runs: {often}")
        if early := self.early():
            raise Broken(early)

    def early(self) -> str:
        """What was announced before it was everywhere, told once; empty where nothing was."""
        return self._early.pop() if self._early else ""

    def _check(self, calls: list[Call], news: list[str]) -> None:
        try:
            self.scene.assert_foreign_untouched()
        except AssertionError as error:
            raise Broken(f"something of others changed: {error}") from None
        self._names()
        self._once(calls, news)
        self._no_write_after_a_failed_read(calls)
        if self._early:
            raise Broken(self._early[0])
        self.told += news

    def _names(self) -> None:
        """A name that led to an endpoint leads to one from then on, unless the configuration takes it out."""
        for vpc, watch in self._watches:
            for host in self._hosts:
                answers = watch.answers(host)
                led = next((at for at, found in enumerate(answers) if found and found != PUBLIC_ADDRESSES), None)
                since = answers[led:] if led is not None else []
                lost = [found for found in since if not found or found == PUBLIC_ADDRESSES]
                if lost and host not in self.ends:
                    raise Broken(f"{host} stopped leading to the endpoint in {vpc.id}: {answers}")

    @staticmethod
    def _once(calls: list[Call], news: list[str]) -> None:
        """No news twice in a run, unless SNS took a message and the answer to that was lost."""
        is_unsure = any(call.name == "sns:Publish" and call.fault for call in calls)
        twice = [event for event, times in Counter(news).items() if times > 1]
        if twice and not is_unsure:
            raise Broken(f"announced twice in one run: {twice}")

    @staticmethod
    def _no_write_after_a_failed_read(calls: list[Call]) -> None:
        """Where reading failed for good before anything was written, nothing is; of one zone, nothing to that zone."""
        for at, call in enumerate(calls):
            if is_write(call):
                return
            again = [later for later in calls[at + 1 :] if later.name == call.name and later.params == call.params]
            if call.fault in ("denied", "malformed") and not again:
                zone = zone_of(call)
                writes = [
                    later.name
                    for later in calls[at + 1 :]
                    if later.service == "route53" and is_write(later) and zone in (None, zone_of(later))
                ]
                if writes:
                    raise Broken(f"{writes} after {call.name} failed ({call.fault})")


def zone_of(call: Call) -> str | None:
    """The zone that a call is about; None for the others."""
    found = call.params.get("HostedZoneId") or (call.params.get("Id") if call.operation != "GetChange" else None)
    return str(found).rsplit("/", 1)[-1] if found else None
