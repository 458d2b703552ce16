"""What a life is made of: a scene with its processes, and what must hold after every run and in the end."""

import json
from collections.abc import Callable
from typing import Any

from tests.chaos.hands import TAKEABLE, Hands, wire
from tests.chaos.story import Broken, Story
from tests.e2e.checks import assert_live, lose
from tests.harness import HOSTS, Function, FunctionDied, Scene
from tests.harness.function import ROOT
from tests.harness.world import Record, is_write, marker_name

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
DEEP = {"a.b.example.com": "b.example.com", "b.example.com": "b.example.com"}
EXTRA: dict[str, dict[str, str]] = {
    "": {},
    "a.b.example.com": {"a.b.example.com": "a.b.example.com"},
    "a.b.example.com,b.example.com": DEEP,
    "*.b.example.com": {"*.b.example.com": "b.example.com"},
    f"files.{PLATFORM}": {f"files.{PLATFORM}": PLATFORM},
    "files.example.com": {"files.example.com": "files.example.com"},
}
STATES = [
    "available",
    "available",
    "available",
    "pendingAcceptance",
    "pending",
    "rejected",
    "failed",
    "expired",
    "deleting",
    "partial",
    "somethingNew",
]
SERVICES = ["sqs", "s3"]
AWS_DOMAIN = ".amazonaws.com"
COMMENT_OF_ANOTHER = "heritage=tdp-privatelink,tdp-privatelink/owner=somebody,tdp-privatelink/vpc=vpc-0a1b2c3d4e5f60718"
# With STAGING_VPC_ID, "yes" stands for the id of an empty VPC.
CONFIGURATIONS: list[tuple[str, str | None]] = [
    *(("EXTRA_HOSTS", hosts or None) for hosts in EXTRA),
    *(("HOLD_HOSTS", hosts) for hosts in (None, None, API, f"{PLATFORM},{API}", "files.example.com")),
    *(("MODE", mode) for mode in ("apply", "apply", "plan", "withdraw")),
    *(("ON_LOSS", word) for word in ("keep", "withdraw")),
    *(("EXISTING_ZONES", word) for word in ("refuse", "refuse", "adopt")),
    *(("STAGING_VPC_ID", vpc) for vpc in (None, "yes")),
    *(("AWS_SERVICE_ROUTING", word) for word in ("none", "own")),
]
EVENTS = [
    "sweep",
    "sweep",
    "sweep",
    "drift",
    "drift",
    "reconcile",
    "plan",
    "verify",
    "connection-accepted",
    "connection-deleted",
    "state-change",
    "cloudtrail-modify-vpc-endpoint",
]
FAULTS = ["throttle", "503", "drop", "lost", "denied", "malformed", "truncated", "empty"]
OPERATIONS: list[tuple[str, str]] = [
    ("ec2", "DescribeVpcEndpoints"),
    ("route53", "ListHostedZones"),
    ("route53", "ListHostedZonesByVPC"),
    ("route53", "ListResourceRecordSets"),
    ("route53", "CreateHostedZone"),
    ("route53", "ChangeResourceRecordSets"),
    ("route53", "DeleteHostedZone"),
    ("route53", "AssociateVPCWithHostedZone"),
    ("route53", "DisassociateVPCFromHostedZone"),
    ("route53", "GetChange"),
    ("sns", "Publish"),
    ("ssm", "GetParametersByPath"),
    ("ssm", "PutParameter"),
]
OUTCOMES = {"in-sync", "changed", "planned", "waiting", "held", "lost", "withdrawn", "refused", "failed"}
EXAMPLE_ID = "vpce-0a1b2c3d4e5f60718"
# A notification about an endpoint waits for it, but not for long here.
SECONDS, HINT_SECONDS = 60.0, 6.0
TASKS = ("sweep", "drift", "reconcile", "plan", "verify")
MOST_ENDPOINTS = 4


class Lived:
    """A scene that much has happened to."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.aws = scene, scene.aws
        self.story = Story(scene, hosts=())
        self.hands = Hands(scene)
        self.staging = scene.add_vpc("10.50.0.0/16", azs=0).id
        scene.configure(TDP_COMPONENTS="data-hub")
        self.hidden = False
        self.warm: Function | None = None
        self.ids: list[str] = []
        # Every name of an endpoint that this VPC has or had: to the platform, and of AWS's services.
        self.platforms: set[str] = set()
        self.services: set[str] = set()
        self.own_ids: dict[str, str] = {}
        scene.aws.on_call(self._hide)
        self.add("pendingAcceptance", "ipv4")

    # What happens

    def add(self, state: str, ip_type: str) -> None:
        if len(self.ids) < MOST_ENDPOINTS:
            self.ids.append(self.scene.request(state, ip_type=ip_type))
            self.platforms.add(self._find(self.ids[-1]).regional_name)

    def enter(self, state: str) -> None:
        """The endpoint enters a state; where there is none, there is a new one in it."""
        if self.ids:
            self.scene.enter(state)
        else:
            self.add(state, "ipv4")

    def lose(self, oldest: bool, how: str) -> None:
        if self.ids:
            lose(self.scene, self.ids.pop(0 if oldest else -1), how)
            self.scene.endpoint_id = self.ids[-1] if self.ids else ""

    def own(self, service: str, there: bool) -> None:
        if there and service not in self.own_ids:
            self.own_ids[service] = self.scene.add_service(service)
            self.services.add(self._find(self.own_ids[service]).regional_name)
        elif not there and service in self.own_ids:
            lose(self.scene, self.own_ids.pop(service), "missing")

    def configure(self, name: str, value: str | None) -> None:
        """A new configuration is new processes."""
        self.scene.configure(**{name: self.staging if value == "yes" else value})
        self.close()

    def close(self) -> None:
        if self.warm is not None:
            self.warm.stop()
        self.warm = None

    def _find(self, endpoint_id: str) -> Any:
        return self.aws._endpoints.endpoints.find(endpoint_id)

    def _hide(self, service: str, operation: str) -> None:
        """While hidden, EC2 leaves endpoints out of lists, but knows them by id."""
        if operation == "DescribeVpcEndpoints":
            by_id = "VpcEndpointIds" in self.aws.calls[-1].params
            for endpoint_id in self.ids:
                endpoint = self._find(endpoint_id)
                name = endpoint.service_name.removesuffix(".hidden")
                endpoint.service_name = name if by_id or not self.hidden else f"{name}.hidden"

    # Runs

    def run(self, event: str, warm: bool, kill: tuple[int, bool] | None = None) -> str:
        """One event, in a process that lives on or in a fresh one, which may die at the nth call, answered or not."""
        if self.scene.variables.get("EXISTING_ZONES") == "adopt":
            self.hands.let_adopt()
        held = self._held()
        self.story.begin()
        function = self.warm if warm and self.warm else self.scene.function().start()
        if kill:
            self.aws.faults.add("lost" if kill[1] else "drop", nth=kill[0], then=function.kill)
        try:
            answer = function.invoke(
                _payload(event, self.scene.endpoint_id), deadline=SECONDS if event in TASKS else HINT_SECONDS
            )
            ended = (
                answer.connections[0]["outcome"]
                if answer.ok and answer.connections
                else "error"
                if answer.error
                else "nothing"
            )
            if answer.report is not None:
                self._check_report(answer.report)
        except FunctionDied:
            ended = "killed"
        self.aws.faults.clear()
        is_warm = warm and ended != "killed"
        if not is_warm:
            function.stop()
        self.warm = function if is_warm else (None if function is self.warm else self.warm)
        self._check_output(function)
        self._check_calls(event)
        if self._held() != held:
            raise Broken(f"held hosts changed: {held} became {self._held()}")
        self.story.end()
        return ended

    def _held(self) -> list[tuple[str, Record]]:
        hosts = [host for host in self.scene.variables.get("HOLD_HOSTS", "").split(",") if host]
        names = {*hosts, *map(marker_name, hosts)}
        kinds = ("TXT", *TAKEABLE)
        return [
            (zone["id"], record)
            for zone in self.aws.zones()
            for record in self.aws.records(zone["id"])
            if wire(record["Name"]) in names and record["Type"] in kinds
        ]

    @staticmethod
    def _check_report(report: dict[str, Any]) -> None:
        unknown = [one["outcome"] for one in report["connections"] if one["outcome"] not in OUTCOMES]
        if unknown or report["mode"] not in ("plan", "apply", "withdraw"):
            raise Broken(f"a report that nobody knows: {report}")

    @staticmethod
    def _check_output(function: Function) -> None:
        if "panicked" in function.output():
            raise Broken(function.output())
        for line in [*function.stdout, *function.stderr]:
            try:
                json.loads(line)
            except ValueError:
                raise Broken(f"a line that is no JSON: {line}") from None
        function.stdout.clear()
        function.stderr.clear()

    def _check_calls(self, event: str) -> None:
        calls = [call for call in self.aws.calls if is_write(call)]
        if calls and (event in ("plan", "verify") or self.scene.variables["MODE"] == "plan"):
            dns = [call.name for call in calls]
            raise Broken(f"{event} in Mode={self.scene.variables['MODE']} wrote: {dns}")
        for call in calls:
            for change in call.params.get("ChangeBatch", {}).get("Changes", []):
                self._check_change(change["Action"], change["ResourceRecordSet"])

    def _check_change(self, action: str, record: Record) -> None:
        """An address that is written leads to an endpoint that the VPC has or had, of the service of its host."""
        if action == "DELETE" or record["Type"] not in TAKEABLE:
            return
        known = self.services if wire(record["Name"]).endswith(AWS_DOMAIN) else self.platforms
        target = wire(record.get("AliasTarget", {}).get("DNSName", ""))
        if record["Type"] == "CNAME" or target not in known:
            raise Broken(f"{record['Type']} {record['Name']} was written and leads to {target or record}")

    # What must hold

    def check_others(self) -> None:
        self.hands.check()
        try:
            self.scene.assert_foreign_untouched()
        except AssertionError as error:
            raise Broken(f"something of others changed: {error}") from None

    def end_well(self) -> None:
        """Everything good again, and nothing in the way: at most three drift passes later all is as it should be."""
        self.aws.faults.clear()
        self.aws.page_size, self.aws.insync_after, self.hidden = None, 0, False
        self.configure("MODE", "apply")
        self.configure("HOLD_HOSTS", None)
        self.hands.clean()
        if not self.ids:
            self.add("available", "ipv4")
        for endpoint_id in self.ids:
            self.aws.set_endpoint_state(endpoint_id, "available")
        for _ in range(3):
            ended = self.run("drift", False)
            if ended == "in-sync":
                break
        self.check_others()
        answer = self.scene.run("plan")
        if not answer.ok or answer.outcome != "in-sync" or answer.connection["changes"]:
            raise Broken(f"after three drift passes: {answer.error or answer.connection}")
        self._assert_live(answer.connection["endpointId"])
        _must(self.scene.assert_planning_again_gives_nothing)

    def _assert_live(self, endpoint_id: str) -> None:
        types = {"ipv4": ("A",), "ipv6": ("AAAA",)}.get(self._find(endpoint_id).ip_type, ("A", "AAAA"))
        hosts = HOSTS | EXTRA[self.scene.variables.get("EXTRA_HOSTS", "")]
        _must(lambda: assert_live(self.scene, hosts, endpoint_id=endpoint_id, types=types))


def _must(check: Callable[[], object]) -> None:
    try:
        check()
    except (AssertionError, LookupError) as error:
        raise Broken(f"the end is not as it should be: {error!r}") from None


def _payload(event: str, endpoint_id: str) -> Any:
    """A task, or an event file that is about the endpoint."""
    path = ROOT / "events" / f"{event}.json"
    if event in TASKS:
        return {"task": event}
    return path.read_bytes().replace(EXAMPLE_ID.encode(), (endpoint_id or EXAMPLE_ID).encode())
