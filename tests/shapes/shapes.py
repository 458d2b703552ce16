"""Each network shape as a small world, and what the function says of it: the blocks of docs/dns.md, by name."""

from collections.abc import Callable

from tests.aws import EmbeddedAws
from tests.harness import PLATFORM, cli
from tests.shapes.readable import compact, in_order, laid_out
from tests.shapes.world import API, CHANGED, COVERED, GXP, KNOW, OTHERS, PUBLIC, UNDO, World

Blocks = dict[str, str]

SHAPES: dict[str, Callable[[EmbeddedAws], Blocks]] = {}


def shape(function: Callable[[EmbeddedAws], Blocks]) -> Callable[[EmbeddedAws], Blocks]:
    SHAPES[function.__name__] = function
    return function


@shape
def one_vpc(aws: EmbeddedAws) -> Blocks:
    """The platform's hosts only."""
    world = World(aws, TDP_PLATFORM_HOST=PLATFORM)
    world.endpoint()
    blocks = {"plan: one": laid_out(world.plan())}
    world.planned_and_done()
    blocks["message: one"] = world.told(CHANGED)
    world.ends()
    return blocks


@shape
def own_endpoints(aws: EmbeddedAws) -> Blocks:
    """AWS service hosts: with private DNS, without it, by a gateway, with a star inside a label, and not at all."""
    world = World(aws, AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="hub")
    world.endpoint()
    world.act()
    world.configure(EXTRA_HOSTS="ecs-a-1.us-east-1.amazonaws.com=com.amazonaws.us-east-1.ecs-agent")
    for service in ("ecs", "ecs-agent", "logs", "sqs"):
        world.service(service)
    for service in ("ecs-telemetry", "monitoring", "ssm"):
        world.service(service, private_dns=True)
    world.service("s3", kind="Gateway")
    world.planned_and_done()
    blocks = {"message: own": world.told(CHANGED, COVERED, KNOW)}
    world.ends()
    return blocks


@shape
def own_endpoint_of_s3(aws: EmbeddedAws) -> Blocks:
    """A zone for S3's own host would take every bucket from the VPC."""
    world = World(aws, AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="hub")
    world.endpoint()
    world.act()
    world.service("s3")
    world.planned_and_done()
    blocks = {"message: own-s-three": world.told(CHANGED)}
    world.ends()
    return blocks


@shape
def through_tdp(aws: EmbeddedAws) -> Blocks:
    """AWS service hosts at the TDP endpoint."""
    world = World(aws, AWS_SERVICE_ROUTING="tdp", TDP_COMPONENTS="hub")
    world.endpoint()
    world.service("monitoring", private_dns=True)
    world.planned_and_done()
    blocks = {"message: tdp": world.told(COVERED, KNOW)}
    world.ends()
    return blocks


@shape
def many_vpcs(aws: EmbeddedAws) -> Blocks:
    """A run without enough time: one VPC is looked at, and no more are begun."""
    world = World(aws)
    world.endpoint()
    for number in range(1, 9):
        vpc = world.another_vpc(str(number), cidr=f"10.{number}.0.0/16", azs=1)
        aws.request_endpoint(vpc, state="available")
    # Reading the endpoints alone takes longer than five eighths of the time.
    aws.faults.add("slow", "ec2", "DescribeVpcEndpoints", seconds=2)
    answer = world.run("sweep", deadline=3)
    assert answer.report is not None and answer.connections == []
    (problem,) = answer.report["problems"]
    # Which VPCs come first differs from run to run.
    problem["message"] = problem["message"].split(" were not looked at, ")[0] + " were not looked at, … among them."
    blocks = {"plan: not-reached": compact(problem)}
    aws.faults.clear()
    assert {one["outcome"] for one in world.run("sweep").connections} == {"changed"}
    return blocks


@shape
def hub_and_spoke(aws: EmbeddedAws) -> Blocks:
    """More VPCs on the same zone: of this account, in another Region, of another account."""
    world = World(aws, ACCOUNT_ID=aws.account)
    world.endpoint()
    world.act()
    spoke, west = world.another_vpc("spoke"), world.another_vpc("west", region="us-west-2")
    theirs = aws.make_foreign_vpc()
    world.words.name(theirs.id, "vpc-theirs")
    more = (spoke.id, f"{west.id}@{aws.account}/us-west-2", f"{theirs.id}@{theirs.account}/us-east-1")
    world.configure(VPC_ID=world.vpc.id, EXTRA_VPC_IDS=",".join(more))
    associations = sorted(world.plan()["connections"][0]["associations"], key=lambda one: str(one["vpc"]))
    blocks = {"plan: spokes": "\n".join(map(compact, associations))}
    answer = world.act()
    blocks["message: spokes"] = in_order(world.told(OTHERS, KNOW), "  vpc-")
    commands = [one["command"] for one in answer.connection["associations"] if one["command"]]
    cli.run(aws, commands, account=theirs.account)
    # Nothing on the endpoints tells of it: the next full look does.
    world.act("drift")
    blocks["message: spokes-done"] = in_order(world.told(OTHERS), "  vpc-")
    for vpc in (spoke, west, theirs):
        assert world.resolve(API, vpc=vpc) == world.addresses()
    world.ends()
    return blocks


@shape
def staging(aws: EmbeddedAws) -> Blocks:
    """There and back without a moment in which a name has no answer."""
    world = World(aws)
    vpc = world.another_vpc("staging", azs=0)
    world.configure(STAGING_VPC_ID=vpc.id)
    world.endpoint()
    blocks = {"calls: staging": _watched(world)}
    world.ends()
    world.configure(MODE="withdraw")
    blocks["calls: staging-back"] = _watched(world, "withdrawn")
    assert aws.zones(vpc) == []
    return blocks


def _watched(world: World, outcome: str = "changed") -> str:
    """The calls of a run that write, or ask whether something is INSYNC; before each and at the end, what a client in
    the VPC is answered."""
    lines: list[str] = []

    def answered() -> str:
        """In a word; what nobody may ever be answered is in capitals."""
        addresses = world.resolve(GXP)
        kinds = {tuple(PUBLIC[GXP]): "public address", tuple(world.addresses()): "endpoint"}
        return kinds.get(tuple(addresses), "NO ANSWER" if not addresses else str(addresses))

    seen: list[str] = []
    world.aws.on_call(lambda service, _: seen.append(answered() if service == "route53" else ""))
    world.act(outcome=outcome)
    calls = list(world.aws.calls)
    assert len(seen) == len(calls)
    for call, before in zip(calls, seen, strict=True):
        if call.service != "route53" or call.operation.startswith("List"):
            continue
        vpc = call.params.get("VPC", {}).get("VPCId", "")
        lines.append(f"{before:<16}{call.operation} {vpc}".rstrip())
    lines.append(answered())
    return world.in_words("\n".join(lines))


@shape
def another_endpoint(aws: EmbeddedAws) -> Blocks:
    """A second endpoint takes over because ENDPOINT_ID names it, and the way back."""
    world = World(aws)
    blue = world.endpoint("blue")
    world.act()
    green = world.endpoint("green")
    world.act("sweep", "in-sync")
    world.configure(ENDPOINT_ID=green)
    answer = world.planned_and_done()
    assert answer.connection["movedFrom"] == blue
    blocks = {"message: moved": world.told("Private DNS", CHANGED, KNOW)}
    world.ends()
    return blocks


@shape
def way_back(aws: EmbeddedAws) -> Blocks:
    """Withdrawing, and undoing one change while its hosts are held."""
    world = World(aws)
    world.endpoint()
    answer = world.act()
    blocks = {"message: undo": world.told(UNDO)}
    world.configure(HOLD_HOSTS=f"{GXP},{API}")
    world.act("reconcile", "in-sync")
    blocks["message: held"] = world.told(COVERED)
    cli.run(aws, answer.connection["undo"])
    assert world.zones() == {} and world.resolve(API) == PUBLIC[API]
    world.act("drift", "in-sync")
    assert world.zones() == {}
    world.configure(HOLD_HOSTS=None)
    world.act()
    world.configure(MODE="withdraw")
    world.act(outcome="withdrawn")
    blocks["message: withdrawn"] = world.told(CHANGED)
    assert world.resolve(API) == PUBLIC[API]
    return blocks


@shape
def hand_over(aws: EmbeddedAws) -> Blocks:
    """Another stack takes over what the first one wrote."""
    world = World(aws, OWNER_ID="tdp-old")
    world.endpoint()
    world.act()
    world.configure(OWNER_ID="tdp-privatelink", ADOPT_OWNER="tdp-old")
    watch = world.watch_dns(GXP, API)
    world.planned_and_done()
    blocks = {"message: handed-over": world.told(CHANGED)}
    assert watch.answers(API) == [world.addresses()]
    world.configure(ADOPT_OWNER=None)
    world.ends()
    return blocks


@shape
def china(aws: EmbeddedAws) -> Blocks:
    """The names of another partition."""
    settings = {"TDP_PLATFORM_HOST": "tdp.example.com.cn", "TDP_COMPONENTS": "hub", "AWS_SERVICE_ROUTING": "own"}
    world = World(aws, "cn-north-1", **settings)
    world.endpoint()
    world.act()
    world.service("sqs")
    world.planned_and_done()
    blocks = {"message: china": world.told(CHANGED)}
    world.ends()
    return blocks
