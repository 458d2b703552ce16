"""The customer's side: an account with a VPC and an endpoint, its DNS, and the function that looks after it."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dns.exception
import dns.resolver

from tests.aws import Call, EmbeddedAws, Message, aws_service_name
from tests.aws.dns import ResolvingServer
from tests.demo.announcement import Announcement, announcement
from tests.demo.environment import PREFLIGHT, VERIFIER
from tests.demo.lambda_ import EmulatedFunction
from tests.demo.signals import Signals
from tests.harness import HOSTS, cli, variables
from tests.harness.inside import CIDR
from tests.network import Authority, Interfaces
from tests.network.interfaces import ANSWERS, CLOSES

OWNER = "tdp-demo"
# What the files in events/ name.
EXAMPLE_ENDPOINT, EXAMPLE_VPC = "vpce-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60718"
EXAMPLE_GROUP = "sg-0a1b2c3d4e5f60718"
EXAMPLE_SUBNETS = ("subnet-0a1b2c3d4e5f60718", "subnet-1a2b3c4d5e6f70819")
# Where DNS servers on-prem can ask this VPC's resolver.
INBOUND = ("127.10.0.5", "127.10.1.5")
# Public DNS as this VPC sees it without private zones, in a network that is reserved for examples.
NEIGHBOUR = "www.tetrascience.com"
# A host of an AWS service, and the service's name for endpoints.
SQS, SQS_SERVICE = "sqs.us-east-1.amazonaws.com", aws_service_name("us-east-1", "sqs")
PUBLIC = {host: [f"203.0.113.{number}"] for number, host in enumerate([*sorted(HOSTS), NEIGHBOUR, SQS], 11)}
READS = ("Describe", "Get", "List")
ANSWER_SECONDS = 3


@dataclass(frozen=True)
class Turn:
    """One invocation: what the function answered, called and announced."""

    report: dict[str, Any]
    calls: list[Call]
    announcements: list[Announcement]
    seconds: float

    @property
    def connection(self) -> dict[str, Any]:
        """The only connection; an empty one when the function saw none or several."""
        connections = self.report["connections"]
        return connections[0] if len(connections) == 1 else {}

    @property
    def outcome(self) -> str:
        return str(self.connection.get("outcome", f"{len(self.report['connections'])} connections"))

    @property
    def proof(self) -> tuple[str, str]:
        """What was proved before and after the cut-over."""
        proof = self.connection.get("proof", {})
        return str(proof.get("before")), str(proof.get("after"))

    @property
    def coverage(self) -> list[tuple[str, str, str]]:
        """Who serves each AWS service host: the host, in which way, by which endpoint."""
        rows = self.connection.get("coverage", [])
        return [(row["host"], row["via"], row.get("endpointId", "")) for row in rows]

    @property
    def moved(self) -> tuple[str, str] | None:
        """The endpoint before and the one now, where the records follow another one."""
        former = self.connection.get("movedFrom")
        return (former, self.connection["endpointId"]) if former else None

    @property
    def seen(self) -> list[str]:
        """What the verifier saw of each host in this turn, a line each."""
        return [_sight(host) for host in self.connection.get("proof", {}).get("hosts", [])]

    @property
    def problems(self) -> list[dict[str, str]]:
        return list(self.connection.get("problems", []))

    @property
    def codes(self) -> list[str]:
        return [problem["code"] for problem in self.problems]

    @property
    def events(self) -> list[str]:
        return [one.event for one in self.announcements]

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    @property
    def writes(self) -> list[str]:
        """Calls that could change something."""
        return [call.name for call in self.calls if is_write(call)]


class Stage:
    """Everything that the steps act on. It ends with the stack that it was made with.

    The VPC is on loopback addresses: a TLS server on this machine stands for each of the endpoint's network
    interfaces, with a certificate of an authority that only the verifier trusts.
    """

    def __init__(self, stack: ExitStack, signals: Signals) -> None:
        self.aws = stack.enter_context(EmbeddedAws())
        self.vpc = self.aws.make_vpc(CIDR)
        self.topic = self.aws.make_topic("tdp-privatelink-news")
        self.endpoint_id = self.aws.request_endpoint(self.vpc)
        self.group = self._closed_group()
        self.aws.add_inbound_endpoint(self.vpc, *INBOUND)
        self.aws.add_email_identity("lab.example.com")
        self.dns = stack.enter_context(ResolvingServer(self.aws, self.vpc.id, PUBLIC))
        self.network = stack.enter_context(Interfaces(self.interfaces(), [*sorted(HOSTS), SQS], Authority()))
        self.network.behave(CLOSES)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tdp-demo-ca-")))
        settings = variables(self.aws, self.topic, OWNER_ID=OWNER, VERIFIERS=f"{self.vpc.id}={VERIFIER}")
        self.function = EmulatedFunction(settings | self._inside(folder), signals)
        stack.callback(self.function.stop)

    def _closed_group(self) -> str:
        """The endpoint's only security group, into which nobody has put a rule yet."""
        ec2 = self.aws.client("ec2")
        group = ec2.create_security_group(GroupName="tdp", Description="TDP endpoint", VpcId=self.vpc.id)["GroupId"]
        had = [one["GroupId"] for one in self.aws.endpoint(self.endpoint_id)["Groups"]]
        ec2.modify_vpc_endpoint(VpcEndpointId=self.endpoint_id, AddSecurityGroupIds=[group], RemoveSecurityGroupIds=had)
        self.aws.set_endpoint_state(self.endpoint_id, "pendingAcceptance")
        return str(group)

    def open_group(self) -> None:
        """Somebody lets the VPC in on 443."""
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": self.vpc.cidr}]}
        self.aws.client("ec2").authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])

    def _inside(self, folder: Path) -> dict[str, str]:
        """What the verifier is told. Loopback is listed by name; otherwise it refuses to connect there."""
        return {
            "VERIFY_RESOLVER": f"127.0.0.1:{self.dns.port}",
            "VERIFY_CA_FILE": str(self.network.authority.write(folder)),
            "VERIFY_CIDRS": CIDR,
            "VERIFY_PORT": str(self.network.port),
            "PREFLIGHT_RESOLVER": f"127.0.0.1:{self.dns.port}",
        }

    def ids(self) -> dict[str, str]:
        """The ids that the files in events/ name, with those that are really there."""
        subnets = dict(zip(EXAMPLE_SUBNETS, self.vpc.subnet_ids, strict=False))
        return {EXAMPLE_ENDPOINT: self.endpoint_id, EXAMPLE_VPC: self.vpc.id, EXAMPLE_GROUP: self.group} | subnets

    # Acting

    def add_endpoint(self, service: str | None = None) -> str:
        """One more endpoint in the VPC, available, whose network interfaces complete TLS; to TDP unless named."""
        endpoint_id = self.aws.request_endpoint(self.vpc, service, state="available")
        self.network.behave(ANSWERS, *self.interfaces(endpoint_id))
        return endpoint_id

    def undo(self, commands: list[str]) -> None:
        """Run the commands of a report, as a shell with the AWS CLI would."""
        cli.run(self.aws, commands)

    def invoke(self, name: str) -> Turn:
        """Send a file of events/ to the function, and collect what came of it."""
        calls, messages, started = len(self.aws.calls), len(self.messages()), time.monotonic()
        report = self.function.invoke(name, self.ids())
        seconds = time.monotonic() - started
        new = [announcement(message) for message in self.messages()[messages:]]
        return Turn(report, self.aws.calls[calls:], new, seconds)

    def preflight(self) -> tuple[dict[str, Any], list[Call]]:
        """Ask preflight, as a person does: its report, and what it called."""
        calls = len(self.aws.calls)
        own = self.ids() | {'"domainConfirmed": false': '"domainConfirmed": true'}
        return self.function.invoke("preflight-details.json", own, PREFLIGHT), self.aws.calls[calls:]

    def on_look(self, seen: Callable[[str], object]) -> None:
        """Have `seen(state)` called with the endpoint's state whenever the function looks at it."""

        def called(service: str, operation: str) -> None:
            if (service, operation) == ("ec2", "DescribeVpcEndpoints"):
                seen(self.state())

        self.aws.on_call(called)

    # Looking

    def messages(self) -> list[Message]:
        return self.aws.messages(self.topic)

    def state(self) -> str:
        return str(self.aws.endpoint(self.endpoint_id)["State"])

    def zones(self) -> dict[str, str]:
        """The private zones on the VPC: ids by name."""
        return {zone["name"]: zone["id"] for zone in self.aws.zones(self.vpc)}

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Every record of those zones."""
        return {name: self.aws.records(zone_id) for name, zone_id in self.zones().items()}

    def ask(self, *hosts: str) -> dict[str, list[str]]:
        """What the VPC's DNS server answers over the network, address by address; empty where it has none."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], self.dns.port, ANSWER_SECONDS
        return {host: _addresses(resolver, host) for host in hosts or sorted(HOSTS)}

    def everywhere(self, addresses: list[str]) -> dict[str, list[str]]:
        """Every host of the platform with the same addresses."""
        return {host: addresses for host in sorted(HOSTS)}

    def public(self) -> dict[str, list[str]]:
        """Every host of the platform with its public address."""
        return {host: PUBLIC[host] for host in sorted(HOSTS)}

    def interfaces(self, endpoint_id: str = "") -> list[str]:
        """The addresses of the endpoint's network interfaces, or of another one's."""
        ids = self.aws.endpoint(endpoint_id or self.endpoint_id)["NetworkInterfaceIds"]
        found = self.aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
        return sorted(one["PrivateIpAddress"] for one in found)

    def subnet_zones(self) -> list[str]:
        """The Availability Zones of the VPC's subnets."""
        found = self.aws.client("ec2").describe_subnets(SubnetIds=self.vpc.subnet_ids)["Subnets"]
        return sorted(one["AvailabilityZone"] for one in found)


def _addresses(resolver: dns.resolver.Resolver, host: str) -> list[str]:
    try:
        return sorted(record.to_text() for record in resolver.resolve(f"{host}.", "A"))
    except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
        return []


def _sight(host: dict[str, Any]) -> str:
    """`name: 3 of 3 addresses, TLSv1.3, 365 days`, the days being those of the certificate; or the cause."""
    answered = [one for one in host["tries"] if not one["error"]]
    if not answered:
        return f"{host['host']}: {host['cause']['code'] if host['cause'] else host['verdict']}"
    at = f"{len(answered)} of {len(host['tries'])} addresses, {answered[0]['tlsVersion']}"
    return f"{host['host']}: {at}, {host['certificate']['daysLeft']} days"


def is_write(call: Call) -> bool:
    return not call.operation.startswith(READS)


def by_service(calls: list[Call]) -> str:
    """How many calls went to each service, in words."""
    counted = Counter(call.service for call in calls)
    return ", ".join(f"{service} {count}" for service, count in sorted(counted.items()))
