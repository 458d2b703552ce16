"""The steps, from the questions before to a connection that was rejected."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.aws import SERVICE_NAME
from tests.demo.checks import Checks
from tests.demo.environment import PREFLIGHT, VERIFIER, binary, shown
from tests.demo.lambda_ import names_example
from tests.demo.screen import Screen
from tests.demo.signals import Signals
from tests.demo.stage import INBOUND, NEIGHBOUR, PUBLIC, SQS, SQS_SERVICE, Stage, Turn, by_service, is_write
from tests.harness import HOSTS, PLATFORM
from tests.network.interfaces import ANSWERS, BLACK_HOLE

API = f"api.{PLATFORM}"
HOST_COLUMN = max(map(len, HOSTS)) + 4


def play(screen: Screen, stack: ExitStack, signals: Signals) -> None:
    """All of it. Raises Mismatch at the first thing that is not as it should be."""
    stage = Stage(stack, signals)
    demo = Demo(screen, stage)
    demo.introduce()
    for step in (
        demo.preflight,
        demo.plan_while_waiting,
        demo.connection_requested,
        demo.connection_accepted,
        demo.proved_and_live,
        demo.handed_over,
        demo.settled,
        demo.outage_of_one_zone,
        demo.drift_repaired,
        demo.drift_again,
        demo.own_endpoint,
        demo.another_endpoint,
        demo.undone,
        demo.connection_rejected,
    ):
        step()
    demo.sum_up()


class Demo:
    """Shows each step on the screen and checks how it ended."""

    def __init__(self, screen: Screen, stage: Stage) -> None:
        self._screen = screen
        self._stage = stage
        self._checks = Checks()
        self._looks: list[str] = []
        self._undo: list[str] = []
        self._tells_looks = False
        stage.on_look(self._look)

    def introduce(self) -> None:
        stage, entry = self._stage, self._screen.entry
        entry("AWS", f"{stage.aws.url}, Region {stage.aws.region}")
        entry("VPC", f"{stage.vpc.id}, {stage.vpc.cidr}", f"with a subnet in each of {', '.join(stage.subnet_zones())}")
        entry("endpoint", f"{stage.endpoint_id}: {stage.state()}", f"to {SERVICE_NAME}")
        entry("DNS", f"the VPC's resolver: a DNS server on 127.0.0.1:{stage.dns.port}")
        stage.function.start()
        servers = ", ".join(f"{ip}:{stage.network.port}" for ip in stage.network.addresses)
        entry(
            "TLS", f"servers on {servers}", "stand for the endpoint's network interfaces, and hang up on everybody yet"
        )
        binaries = f"{shown(binary(PREFLIGHT))}, {shown(binary())} and {shown(binary(VERIFIER))}"
        entry("Lambda", f"cargo lambda watch on 127.0.0.1:{stage.function.port}, to run {binaries}")

    def preflight(self) -> None:
        self._screen.heading("1. Before anything else a person runs preflight; it only reads")
        report = self._preflight()
        blockers = [finding for finding in report["findings"] if finding["severity"] == "blocker"]
        self._checks.equal("blockers", ["security-group-closed"], [finding["code"] for finding in blockers])
        self._screen.entry("fix", blockers[0]["fix"], blockers[0]["command"])
        self._stage.open_group()
        self._screen.entry("world", "the network engineer does so, and asks again")
        report = self._preflight()
        self._checks.all(
            {
                "verdict": ("ready-with-warnings", report["verdict"]),
                "hand-over": (None, report["handOver"]),
                "messages": ([], self._stage.messages()),
            }
        )
        message = report["texts"]["connectionDetails"]
        self._checks.equal("endpoint in the message", True, self._stage.endpoint_id in message)
        self._screen.text("for the CSM", message)
        self._screen.ok("no blocker is left, and the message for TetraScience is complete")

    def handed_over(self) -> None:
        self._screen.heading("6. Lab IT asks how DNS on-prem learns the names")
        report = self._preflight()
        hand_over = report["handOver"] or {}
        self._checks.all(
            {
                "zones to forward": (sorted(set(HOSTS.values())), sorted(hand_over.get("zones", []))),
                "where to": (list(INBOUND), hand_over.get("forwardTo")),
            }
        )
        self._screen.text("for lab IT", report["texts"]["handOver"])
        self._screen.ok("forwarders for exactly these zones, for each kind of DNS server")

    def plan_while_waiting(self) -> None:
        self._screen.heading("2. A person asks for the plan, while TetraScience has not accepted yet")
        self._show_dns("DNS before")
        turn = self._invoke("plan.json")
        self._checks.all(
            {
                "outcome": ("waiting", turn.outcome),
                "messages": ([], turn.events),
                "calls that write": ([], turn.writes),
                "private zones": ({}, self._stage.zones()),
                "DNS": (self._stage.public(), self._stage.ask()),
            }
        )
        self._screen.ok("it waits; nothing was written, nobody was told, public DNS answers")

    def connection_requested(self) -> None:
        self._screen.heading("3. The notification arrives: a connection was requested")
        turn = self._invoke("connection-requested.json")
        self._checks.all(
            {
                "outcome": ("waiting", turn.outcome),
                "messages": (["connection-waiting"], turn.events),
                "private zones": ({}, self._stage.zones()),
            }
        )
        self._screen.ok("it waits; people were told once, and what to do")

    def connection_accepted(self) -> None:
        self._screen.heading("4. TetraScience accepts, the endpoint becomes available, but its service is not ready")
        self._stage.aws.accept_endpoint(self._stage.endpoint_id)
        self._screen.entry("world", f"TetraScience accepts; the endpoint is {self._stage.state()}")
        with self._telling_looks():
            turn = self._invoke("connection-accepted.json")
        self._checks.all(
            {
                "what the function saw": (["pending", "available"], self._looks),
                "outcome": ("held", turn.outcome),
                "proof before and after": (("failed", "unproven"), turn.proof),
                "cause": (["tls-closed"], turn.codes),
                "messages": (["held"], turn.events),
                "Route 53 calls that write": ([], [name for name in turn.writes if name.startswith("route53:")]),
                "DNS": (self._stage.public(), self._stage.ask()),
            }
        )
        self._screen.ok("held: no client was sent to an endpoint that does not work; people know on which side it lies")

    def proved_and_live(self) -> None:
        self._screen.heading("5. The service gets ready; a minute later: the scheduled sweep")
        self._stage.network.behave(ANSWERS)
        self._screen.entry("world", "the endpoint's network interfaces complete TLS")
        turn = self._invoke("sweep.json")
        self._checks.all(
            {
                "outcome": ("changed", turn.outcome),
                "proof before and after": (("passed", "passed"), turn.proof),
                "messages": (["connection-live"], turn.events),
                "private zones": (sorted(set(HOSTS.values())), sorted(self._stage.zones())),
            }
        )
        self._show_dns("DNS after")
        self._checks.all(
            {
                "DNS": (self._stage.everywhere(self._stage.interfaces()), self._stage.ask()),
                f"DNS for {NEIGHBOUR}": (PUBLIC[NEIGHBOUR], self._stage.ask(NEIGHBOUR)[NEIGHBOUR]),
            }
        )
        self._screen.ok(
            f"live and proved: {len(HOSTS)} names lead to the endpoint's network interfaces, one in each subnet;",
            f"{NEIGHBOUR}, which is not ours, still has its public address",
        )

    def settled(self) -> None:
        self._screen.heading("7. Another minute later")
        turn = self._invoke("sweep.json")
        self._checks.all(
            {
                "outcome": ("in-sync", turn.outcome),
                "AWS calls": (["ec2:DescribeVpcEndpoints"], turn.names),
                "messages": ([], turn.events),
            }
        )
        self._screen.ok("in sync, after exactly one AWS call: DescribeVpcEndpoints")

    def outage_of_one_zone(self) -> None:
        self._screen.heading("8. One Availability Zone goes down, and somebody asks for proof")
        address = self._stage.network.addresses[1]
        self._stage.network.behave(BLACK_HOLE, address)
        self._screen.entry("world", f"{address} does not answer any more")
        turn = self._invoke("verify.json")
        self._checks.all(
            {
                "outcome": ("in-sync", turn.outcome),
                "proof before and after": (("passed", "passed"), turn.proof),
                "problems": (["az-unreachable"], turn.codes),
                "calls that write": ([], turn.writes),
            }
        )
        self._screen.ok("every name is proved on the addresses that are left; the report names the one that is not")
        self._stage.network.behave(ANSWERS, address)

    def drift_repaired(self) -> None:
        self._screen.heading(f"9. Somebody deletes the record of {API} by hand")
        before = self._stage.records()
        self._stage.aws.delete_record(self._stage.zones()[PLATFORM], API, "A")
        self._screen.entry("world", f"{API} A is gone")
        self._show_dns("DNS now", API)
        self._checks.equal("DNS after the deletion", {API: []}, self._stage.ask(API))
        turn = self._invoke("drift.json")
        self._checks.all(
            {
                "outcome": ("changed", turn.outcome),
                "messages": (["drift-repaired"], turn.events),
                "names and types of the records": (_keys(before), _keys(self._stage.records())),
            }
        )
        self._show_dns("DNS after", API)
        self._checks.equal("DNS", self._stage.everywhere(self._stage.interfaces()), self._stage.ask())
        self._screen.ok("repaired; people were told once")

    def drift_again(self) -> None:
        self._screen.heading("10. The same event again")
        turn = self._invoke("drift.json")
        self._checks.all(
            {
                "outcome": ("in-sync", turn.outcome),
                "messages": ([], turn.events),
                "calls that write": ([], turn.writes),
            }
        )
        self._screen.ok("in sync; nothing written, no second message")

    def own_endpoint(self) -> None:
        self._screen.heading("11. A Hub needs Amazon SQS, for which the VPC has an endpoint without private DNS")
        endpoint_id = self._stage.add_endpoint(SQS_SERVICE)
        self._screen.entry("world", f"{endpoint_id}, to {SQS_SERVICE}, is available")
        self._show_dns("DNS before", SQS)
        self._deploy(EXTRA_HOSTS=f"{SQS}={SQS_SERVICE}")
        turn = self._invoke("sweep.json")
        self._checks.all(
            {
                "outcome": ("changed", turn.outcome),
                "proof before and after": (("passed", "passed"), turn.proof),
                "coverage": ([(SQS, "own-endpoint", endpoint_id)], turn.coverage),
                "messages": (["connection-live"], turn.events),
            }
        )
        self._show_dns("DNS after", SQS)
        self._checks.all(
            {
                f"DNS for {SQS}": (self._stage.interfaces(endpoint_id), self._stage.ask(SQS)[SQS]),
                "DNS": (self._stage.everywhere(self._stage.interfaces()), self._stage.ask()),
            }
        )
        self._screen.ok("the AWS host leads to the VPC's own endpoint, proved; the platform's names are as they were")

    def another_endpoint(self) -> None:
        self._screen.heading("12. A second endpoint to the platform takes over")
        former, endpoint_id = self._stage.endpoint_id, self._stage.add_endpoint()
        self._screen.entry("world", f"{endpoint_id}, to the same service, is available")
        self._deploy(ENDPOINT_ID=endpoint_id)
        turn = self._invoke("sweep.json")
        self._undo = turn.connection.get("undo", [])
        self._checks.all(
            {
                "outcome": ("changed", turn.outcome),
                "from where to where": ((former, endpoint_id), turn.moved),
                "proof before and after": (("passed", "passed"), turn.proof),
                "messages": (["connection-moved"], turn.events),
            }
        )
        self._show_dns("DNS after")
        self._checks.equal("DNS", self._stage.everywhere(self._stage.interfaces(endpoint_id)), self._stage.ask())
        self._screen.ok("the new endpoint was proved first; the report says from where to where, and how to undo it")

    def undone(self) -> None:
        self._screen.heading("13. Somebody takes that back, with the commands of the message")
        self._deploy(MODE="plan")
        self._screen.diff("undo", self._undo)
        self._stage.undo(self._undo)
        self._show_dns("DNS after")
        self._checks.equal("DNS", self._stage.everywhere(self._stage.interfaces()), self._stage.ask())
        turn = self._invoke("plan.json")
        self._checks.all(
            {
                "outcome": ("planned", turn.outcome),
                "messages": ([], turn.events),
                "calls that write": ([], turn.writes),
            }
        )
        self._screen.ok("names lead to the first endpoint again; with Mode=plan nothing is written over it")

    def connection_rejected(self) -> None:
        self._screen.heading("14. They stay there, and TetraScience rejects that connection")
        self._deploy(MODE="apply", ENDPOINT_ID=self._stage.endpoint_id)
        before = self._stage.records()
        self._stage.aws.set_endpoint_state(self._stage.endpoint_id, "rejected")
        self._screen.entry("world", f"the endpoint is {self._stage.state()}")
        turn = self._invoke("connection-rejected.json")
        self._checks.all(
            {
                "outcome": ("lost", turn.outcome),
                "messages": (["connection-lost"], turn.events),
                "records": (before, self._stage.records()),
            }
        )
        self._screen.ok("lost; people were told once, and every record was kept (ON_LOSS=keep)")

    def sum_up(self) -> None:
        calls, messages = list(self._stage.aws.calls), self._stage.messages()
        self._screen.heading("All fourteen steps ended as they should")
        self._screen.entry("messages", *(f"{number}. {one.subject}" for number, one in enumerate(messages, 1)))
        self._screen.entry("calls", f"{len(calls)} to AWS: {by_service(calls)}")
        self._screen.entry("time", f"{self._screen.seconds:.1f} s; everything that was started ends now")

    # Showing

    def _preflight(self) -> dict[str, Any]:
        self._screen.entry("invoke", "events/preflight-details.json (a copy with values of this VPC), by preflight")
        report, calls = self._stage.preflight()
        self._checks.background = ["What preflight found:", *(f"  {one}" for one in report["findings"])]
        self._checks.equal("calls that write", [], [call.name for call in calls if is_write(call)])
        self._screen.entry("answer", f"{report['verdict']}, after {len(calls)} AWS calls ({by_service(calls)})")
        for finding in report["findings"]:
            self._screen.entry(finding["severity"], f"[{finding['code']}] {finding['what']}")
        costs = report["costs"]
        self._screen.entry("costs", f"about {costs['total']:.2f} {costs['currency']} a month, by list prices")
        return report

    def _deploy(self, **variables: str) -> None:
        """Other settings, and a function that starts with them."""
        settings = (f"{_parameter(name)}={value}" for name, value in variables.items())
        self._screen.entry("deploy", *settings)
        self._stage.function.deploy(variables)

    def _invoke(self, name: str) -> Turn:
        copied = " (a copy that names this endpoint)" if names_example(name, self._stage.ids()) else ""
        self._screen.entry("invoke", f"events/{name}{copied}")
        turn = self._stage.invoke(name)
        self._checks.background = [
            "What the function answered:",
            *(f"  {key}: {value}" for key, value in turn.connection.items()),
            "What it called:",
            f"  {', '.join(turn.names)}",
        ]
        calls = "1 AWS call" if len(turn.calls) == 1 else f"{len(turn.calls)} AWS calls"
        self._screen.entry("answer", f"{turn.outcome}, in {turn.seconds:.1f} s with {calls} ({by_service(turn.calls)})")
        if turn.seen:
            self._screen.entry("verify", *turn.seen)
        if turn.coverage:
            self._screen.entry("coverage", *map(" ".join, turn.coverage))
        if turn.moved:
            label = "moved" if turn.outcome == "changed" else "would move"
            self._screen.entry(label, f"from {turn.moved[0]} to {turn.moved[1]}")
        for problem in turn.problems:
            self._screen.entry("problem", f"[{problem['code']}] {problem['message']}", f"Fix: {problem['fix']}")
        for told in turn.announcements:
            if told.diff:
                self._screen.diff("plan", told.diff)
            attributes = f"({told.event}, {told.severity})"
            self._screen.entry("message", told.subject, attributes, told.happened, f"Next: {told.next}")
        return turn

    def _show_dns(self, label: str, *hosts: str) -> None:
        answers = self._stage.ask(*hosts)
        lines = [f"{host.ljust(HOST_COLUMN)}{', '.join(answers[host]) or 'no address'}" for host in answers]
        self._screen.entry(label, *lines)

    @contextmanager
    def _telling_looks(self) -> Iterator[None]:
        """Show how the function looks again while it runs."""
        self._looks.clear()
        self._tells_looks = True
        try:
            yield
        finally:
            self._tells_looks = False

    def _look(self, state: str) -> None:
        self._looks.append(state)
        if self._tells_looks:
            self._screen.entry("look", f"the function sees: {state}")


def _parameter(variable: str) -> str:
    """The template's parameter for a variable."""
    return "".join(word.capitalize() for word in variable.split("_"))


def _keys(records: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(record["Name"], record["Type"]) for name in sorted(records) for record in records[name]]
