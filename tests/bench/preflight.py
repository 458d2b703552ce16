"""A preflight of a large VPC, beside the time that the embedded AWS itself takes to answer."""

import time
from dataclasses import dataclass

from tests.aws import EmbeddedAws
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone
from tests.harness import Function
from tests.preflight.site import Site

SUBNETS, GROUP_RULES, ZONES, RULES, DOMAINS = 60, 200, 500, 300, 10_000
RUNS = 3
MOST_SECONDS = 10.0


@dataclass(frozen=True)
class Measured:
    """Seconds of one preflight, of them those that the embedded AWS had at least one call open, and its calls."""

    seconds: float
    aws_seconds: float
    calls: int


def measure(subjects: Subjects) -> list[Row]:
    """A few preflights by one warm function; the first one is cold."""
    with subjects.under_test(), EmbeddedAws() as aws:
        site = _large(aws)
        with site.dns, site.preflight() as function:
            runs = [_run(aws, site, function) for _ in range(RUNS)]
    slowest = max(runs, key=lambda run: run.seconds)
    what = f"preflight of {SUBNETS} subnets, {ZONES} zones, {DOMAINS:,} firewall domains"
    return [
        alone(f"{what}, the slowest of {RUNS}", Figure(slowest.seconds, "s"), MOST_SECONDS),
        alone(f"{what}: calls in the embedded AWS, added up", Figure(slowest.aws_seconds, "s")),
        alone(f"{what}: AWS calls", Figure(slowest.calls)),
    ]


def _run(aws: EmbeddedAws, site: Site, function: Function) -> Measured:
    aws.calls.clear()
    started = time.monotonic()
    answer = function.invoke({"vpcId": site.vpc.id}, deadline=110)
    seconds = time.monotonic() - started
    assert answer.report is not None, answer.error
    calls = list(aws.calls)
    return Measured(seconds, sum(call.seconds for call in calls), len(calls))


def _large(aws: EmbeddedAws) -> Site:
    """Everything of the VPC in the numbers above, and something wrong at the end of the longest list."""
    site = Site(aws)
    site.go()
    ec2 = aws.client("ec2")
    for number in range(SUBNETS - len(site.vpc.subnet_ids)):
        ec2.create_subnet(VpcId=site.vpc.id, CidrBlock=f"10.0.{number + 100}.0/24", AvailabilityZone="us-east-1a")
    groups = [site.make_group() for _ in range(4)]
    for group, made in enumerate(groups, 1):
        ranges = [{"CidrIp": f"10.{group}.{number}.0/24"} for number in range(GROUP_RULES // len(groups))]
        site.let_in(made, IpRanges=ranges)
    site.set_groups([*groups, site.group])
    for number in range(ZONES):
        aws.make_zone(f"zone-{number}.corp.example.com", site.vpc)
    for number in range(RULES):
        aws.add_resolver_rule(site.vpc, f"rule-{number}.corp.example.com", "192.0.2.53")
    domains = [f"host-{number}.blocked.example.com" for number in range(DOMAINS - 1)]
    aws.block_domains(site.vpc, *domains, "*.tetrascience.com")
    return site
