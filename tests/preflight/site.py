"""A customer's VPC in which nothing is wrong, before TetraScience's endpoint and with it."""

from typing import Any

import boto3

from tests.aws import EmbeddedAws, Vpc
from tests.aws.dns import ResolvingServer
from tests.harness import Answer, Function, Scene
from tests.harness.world import PLATFORM

EMAIL = "lab.example.com"
# With these no name is hidden, so that a VPC without any finding is possible.
EXTRA = [f"*.{PLATFORM}", f"*.api.{PLATFORM}", "*.api.tetrascience.com"]
GROUP = "clients in"
# What private DNS of a service's endpoint answers, where that is not the service's name.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
NAMES = {
    "ecr.api": ("api.ecr.{}",),
    "ecr.dkr": ("dkr.ecr.{}", "*.dkr.ecr.{}"),
    "ecs-agent": ("ecs-a.{}",),
    "ecs-telemetry": ("ecs-t.{}",),
    "s3": ("s3.{}", "*.s3.{}"),
}
# All that a person has to say; what is wrong then is the world's fault.
SAID = {"users": "both", "domainConfirmed": True, "emailDomain": EMAIL, "contacts": ["Jo Doe, network, jo@example.com"]}


class Site(Scene):
    """The usual scene with everything that preflight looks for. `ask` asks it."""

    def __init__(self, aws: EmbeddedAws, inbound: tuple[str, ...] = ("10.0.0.5", "10.0.1.5")) -> None:
        super().__init__(aws)
        self.dns = ResolvingServer(aws, self.vpc.id)
        self.configure(TDP_COMPONENTS="agent", EXTRA_HOSTS=",".join(EXTRA))
        self.group = self.make_group("10.0.0.0/16")
        if inbound:
            aws.add_inbound_endpoint(self.vpc, *inbound)
        aws.add_email_identity(EMAIL)

    # Setting the scene

    def make_group(self, *cidrs: str, port: int = 443, protocol: str = "tcp") -> str:
        """A security group that lets these ranges in on a port."""
        ec2 = self.aws.client("ec2")
        name = f"group of {len(ec2.describe_security_groups()['SecurityGroups'])}"
        group = ec2.create_security_group(GroupName=name, Description=GROUP, VpcId=self.vpc.id)["GroupId"]
        for cidr in cidrs:
            ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
            self.let_in(group, port=port, protocol=protocol, **ranges)
        return str(group)

    def let_in(self, group: str, *, port: int = 443, protocol: str = "tcp", **source: Any) -> None:
        rule = {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **source}
        self.aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def go(self, state: str = "available", groups: list[str] | None = None, **settings: Any) -> str:
        """An endpoint to the service with security groups, in a state."""
        self.request(state, **settings)
        self.set_groups(self.group if groups is None else groups)
        return self.endpoint_id

    def set_groups(self, groups: str | list[str]) -> None:
        """Let the endpoint have these security groups and no others."""
        wanted = [groups] if isinstance(groups, str) else groups
        ec2, endpoint = self.aws.client("ec2"), self.aws.endpoint(self.endpoint_id)
        had = [group["GroupId"] for group in endpoint["Groups"]]
        ec2.modify_vpc_endpoint(
            VpcEndpointId=self.endpoint_id,
            AddSecurityGroupIds=[group for group in wanted if group not in had],
            RemoveSecurityGroupIds=[group for group in had if group not in wanted],
        )
        # EC2 calls a change in flight pending.
        self.enter(endpoint["State"])

    def live(self, **settings: Any) -> str:
        """An available endpoint with its records, made by reconcile."""
        self.go(**settings)
        answer = self.run("reconcile")
        assert (answer.ok, answer.outcome) == (True, "changed"), answer
        self.mark()
        return self.endpoint_id

    def aws_endpoint(self, service: str, kind: str = "Interface", private_dns: bool = True) -> str:
        """An endpoint of an AWS service in the VPC."""
        name = f"com.amazonaws.{self.aws.region}.{service}"
        ec2 = self.aws.client("ec2")
        if kind == "Gateway":
            found = ec2.create_vpc_endpoint(VpcId=self.vpc.id, ServiceName=name, VpcEndpointType="Gateway")
            endpoint = str(found["VpcEndpoint"]["VpcEndpointId"])
            self.aws.set_endpoint_state(endpoint, "available")
            return endpoint
        domains = [
            pattern.format(f"{self.aws.region}.amazonaws.com") for pattern in NAMES.get(service, (f"{service}.{{}}",))
        ]
        first, *others = domains if private_dns else [None]
        return self.aws.request_endpoint(
            self.vpc, name, state="available", private_dns_name=first, more_private_dns=tuple(others)
        )

    # Asking

    def preflight(self) -> Function:
        return Function(self.variables | {"PREFLIGHT_RESOLVER": f"127.0.0.1:{self.dns.port}"}, "preflight")

    def ask_for(self, event: Any) -> Answer:
        """One event, given to a fresh process."""
        with self.preflight() as function:
            return function.invoke(event, deadline=110)

    def ask(self, **request: Any) -> "Findings":
        """A request with everything said, and what it found. None leaves something unsaid."""
        event = {"task": "preflight", "vpcId": self.vpc.id} | SAID | request
        answer = self.ask_for({key: value for key, value in event.items() if value is not None})
        assert answer.report is not None, answer.error
        return Findings(answer.report)


class Findings:
    """What a report found."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.report = report

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.report["findings"]]

    def of(self, code: str) -> dict[str, Any]:
        """The only finding of a code."""
        found = [finding for finding in self.report["findings"] if finding["code"] == code]
        assert len(found) == 1, f"not one {code}: {self.report['findings']}"
        return found[0]

    def verdicts(self) -> dict[str, str]:
        """What each check came to."""
        return {one["check"]: one["verdict"] for one in self.report["checks"]}

    def only(self, code: str, severity: str) -> dict[str, Any]:
        """The finding, which is the only one, and as bad as said."""
        assert self.codes == [code], self.report["findings"]
        found = self.of(code)
        assert found["severity"] == severity
        return found


def other_vpc(aws: EmbeddedAws) -> Vpc:
    return aws.make_vpc("10.1.0.0/16")


def vpc_in(site: Site, region: str) -> str:
    """A VPC in another Region, where the function and the service then are too. Only EC2 is answered there."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    ec2 = boto3.client("ec2", region, endpoint_url=site.aws.url, **keys)
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    site.mark()
    service = f"com.amazonaws.vpce.{region}.vpce-svc-0a1b2c3d4e5f60718"
    site.configure(AWS_REGION=region, AWS_DEFAULT_REGION=region, TDP_SERVICE_NAME=service)
    return str(vpc)
