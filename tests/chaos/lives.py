"""What a life is made of: a scene with its processes, and what must hold after every run and in the end."""

import json
from collections.abc import Callable
from typing import Any

from tests.aws.calls import Call
from tests.aws.names import canonical
from tests.chaos.around import VERIFIER, Shares, Verifier, things_of
from tests.chaos.hands import FORMER, TAKEABLE, Hands, wire
from tests.chaos.story import Broken, Story
from tests.e2e.checks import assert_live, lose
from tests.harness import HOSTS, Function, FunctionDied, Scene
from tests.harness.function import ROOT
from tests.harness.runtime import Invocation
from tests.harness.world import OWNER, Record, is_write, marker_name

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
    *["available"] * 6,
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
# Words in brackets stand for what is different in each life.
CONFIGURATIONS: list[tuple[str, str | None]] = [
    *(("EXTRA_HOSTS", hosts or None) for hosts in EXTRA),
    *(("HOLD_HOSTS", hosts) for hosts in (None, None, API, f"{PLATFORM},{API}", "files.example.com")),
    *(("MODE", mode) for mode in ("apply", "apply", "plan", "withdraw")),
    *(("ON_LOSS", word) for word in ("keep", "withdraw")),
    *(("EXISTING_ZONES", word) for word in ("refuse", "refuse", "adopt")),
    *(("STAGING_VPC_ID", vpc) for vpc in (None, "[staging]")),
    *(("EXTRA_VPC_IDS", vpcs) for vpcs in (None, "[extra]", "[extra],[other]", "[other]")),
    *(("ADOPT_OWNER", owner) for owner in (None, FORMER)),
    *(("VERIFIERS", verifier) for verifier in (None, f"[vpc]={VERIFIER}")),
    *(("CUTOVER_PROOF", word) for word in ("require", "require", "report")),
    *(("AWS_SERVICE_ROUTING", word) for word in ("none", "own")),
]
# What a life may begin with.
BEGINNINGS: list[tuple[str, str | None]] = [
    ("EXTRA_VPC_IDS", "[extra]"),
    ("VERIFIERS", f"[vpc]={VERIFIER}"),
    ("ADOPT_OWNER", FORMER),
    ("STAGING_VPC_ID", "[staging]"),
    ("ON_LOSS", "withdraw"),
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
        self.shares, self.verifier = Shares(scene), Verifier(scene)
        extra, other = (vpc.id for vpc in self.shares.vpcs)
        staging = scene.add_vpc("10.50.0.0/16", azs=0).id
        self.words = {"[vpc]": scene.vpc.id, "[staging]": staging, "[extra]": extra, "[other]": other}
        scene.configure(TDP_COMPONENTS="data-hub", VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account)
        self.hidden = False
        self.warm: Function | None = None
        self._kept: object = None
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
        for word, stands_for in self.words.items():
            value = value and value.replace(word, stands_for)
        self.scene.configure(**{name: value})
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
        kept = self._begin(OWNER)
        function = self.warm if warm and self.warm else self.scene.function().start()
        if kill:
            self.aws.faults.add("lost" if kill[1] else "drop", nth=kill[0], then=function.kill)
        ended = self._ended(function, function.submit(self._payload(event), deadline=_seconds(event)))
        is_warm = warm and ended != "killed"
        if not is_warm:
            function.stop()
        self.warm = function if is_warm else (None if function is self.warm else self.warm)
        self._end(kept, {event: list(self.aws.calls)}, [function])
        self.story.end()
        return ended

    def run_two(self, one: str, two: str) -> list[str]:
        """Two events at once, or one twice, in two fresh processes. Their calls come as they come."""
        self.hidden = False
        kept = self._begin(OWNER)
        keys = ("run-A", "run-B")
        functions = [Function(self.scene.variables | {"AWS_ACCESS_KEY_ID": key}).start() for key in keys]
        pairs = list(zip(functions, (one, two), strict=True))
        under_way = [
            (function, function.submit(self._payload(event), deadline=_seconds(event))) for function, event in pairs
        ]
        ends = [self._ended(*both) for both in under_way]
        for function in functions:
            function.stop()
        made = [
            (event, [call for call in self.aws.calls if call.caller == key]) for event, key in zip((one, two), keys)
        ]
        for event, calls in made:
            self._end(kept, {event: calls}, functions)
        self.story.check_several(2)
        return ends

    def run_former(self, event: str, mode: str) -> str:
        """The other stack does its work, which knows nothing of ours."""
        kept = self._begin(FORMER)
        ours = ("ADOPT_OWNER", "EXTRA_VPC_IDS", "STAGING_VPC_ID", "VERIFIERS")
        variables = {name: value for name, value in self.scene.variables.items() if name not in ours}
        theirs = {"OWNER_ID": FORMER, "MODE": mode, "EXISTING_ZONES": "refuse"}
        with Function(variables | theirs) as function:
            ended = self._ended(function, function.submit(self._payload(event), deadline=_seconds(event)))
        self._end(kept, {event: list(self.aws.calls)}, [function])
        self.story.end()
        return ended

    def _payload(self, event: str) -> Any:
        return _payload(event, self.scene.endpoint_id)

    def _begin(self, owner: str) -> Callable[[], object]:
        """Before a run of an owner. Returns what gives all that this run has to leave as it is."""
        if owner == OWNER and self.scene.variables.get("EXISTING_ZONES") == "adopt":
            self.hands.let_adopt()
        self.story.begin()
        self.verifier.unproved.clear()
        hands_over = self.scene.variables.get("ADOPT_OWNER") == FORMER
        others = [] if owner == OWNER and hands_over else [one for one in (OWNER, FORMER) if one != owner]

        def kept() -> object:
            return self._held(), [things_of(self.scene, other) for other in others]

        self._kept = kept()
        return kept

    def _ended(self, function: Function, invocation: Invocation) -> str:
        try:
            answer = function.answer(invocation)
        except FunctionDied:
            return "killed"
        if answer.report is not None:
            self._check_report(answer.report)
        if not answer.ok:
            return "error"
        return str(answer.connections[0]["outcome"]) if answer.connections else "nothing"

    def _end(self, kept: Callable[[], object], made: dict[str, list[Call]], functions: list[Function]) -> None:
        """What must hold after a run, whosever. `made`: the calls for an event."""
        self.aws.faults.clear()
        for function in functions:
            self._check_output(function)
        for event, calls in made.items():
            self._check_calls(event, calls)
        if (now := kept()) != self._kept:
            raise Broken(f"what is held or another stack's changed: {self._kept} became {now}")

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

    def _check_calls(self, event: str, calls: list[Call]) -> None:
        writes = [call for call in calls if is_write(call) and call.service != "lambda"]
        if writes and (event in ("plan", "verify") or self.scene.variables["MODE"] == "plan"):
            raise Broken(f"{event} in Mode={self.scene.variables['MODE']} wrote: {[call.name for call in writes]}")
        for call in writes:
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
        is_proof_needed = self.scene.variables.get("CUTOVER_PROOF", "require") == "require"
        if is_proof_needed and canonical(record["Name"]) in self.verifier.unproved:
            raise Broken(f"{record['Type']} {record['Name']} was written and had not been proved")

    # What must hold

    def check_others(self) -> None:
        self.hands.check()
        self.shares.check()
        try:
            self.scene.assert_foreign_untouched()
        except AssertionError as error:
            raise Broken(f"something of others changed: {error}") from None

    def end_well(self) -> None:
        """Everything good again, and nothing in the way: at most three drift passes later all is as it should be."""
        self.aws.faults.clear()
        self.aws.page_size, self.aws.insync_after, self.hidden = None, 0, False
        self.verifier.verdict = "passed"
        self.configure("MODE", "apply")
        self.configure("HOLD_HOSTS", None)
        if things_of(self.scene, FORMER):
            self.configure("ADOPT_OWNER", FORMER)
        self.shares.clean()
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
        self.shares.check_end()
        if left := things_of(self.scene, FORMER):
            raise Broken(f"the former owner's are still: {left}")
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


def _seconds(event: str) -> float:
    return SECONDS if event in TASKS else HINT_SECONDS


def _payload(event: str, endpoint_id: str) -> Any:
    """A task, or an event file that is about the endpoint."""
    path = ROOT / "events" / f"{event}.json"
    if event in TASKS:
        return {"task": event}
    return path.read_bytes().replace(EXAMPLE_ID.encode(), (endpoint_id or EXAMPLE_ID).encode())
