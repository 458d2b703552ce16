"""Variables are parsed once, at init; a wrong one stops the function and says what is allowed."""

import pytest

from tests.aws import SERVICE_NAME, EmbeddedAws
from tests.harness import Function, fails_at_init, variables

TOPIC = "arn:aws:sns:us-east-1:123456789012:news"

# Variable, value (None: unset), and what the message must say of what is allowed.
REFUSED: list[tuple[str, str | None, tuple[str, ...]]] = [
    ("TDP_SERVICE_NAME", None, ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "", ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "vpce-svc-0a1b2c3d4e5f60718", ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "com.amazonaws.us-east-1.s3", ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "com.amazonaws.vpce.us-east-1.vpce-svc-xyz", ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718,x", ("com.amazonaws.vpce.",)),
    ("TDP_SERVICE_NAME", "com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d4e5f60718", ("us-east-1",)),
    ("TDP_PLATFORM_HOST", None, ("platform.tetrascience.com",)),
    ("TDP_PLATFORM_HOST", "https://platform.tetrascience.com", ("host",)),
    ("TDP_PLATFORM_HOST", "platform.tetrascience.com/login", ("host",)),
    ("TDP_PLATFORM_HOST", "platform.tetrascience.com:443", ("host",)),
    ("TDP_PLATFORM_HOST", "*.tetrascience.com", ("host",)),
    ("TDP_PLATFORM_HOST", "platform tetrascience.com", ("host",)),
    ("TDP_PLATFORM_HOST", "platform..tetrascience.com", ("host",)),
    ("TDP_PLATFORM_HOST", "tetrascience.com", ("hide",)),
    ("TDP_COMPONENTS", "robot,hub", ("hub", "data-hub", "agent", "agent-s3-direct", "connector")),
    ("TDP_COMPONENTS", "Hub", ("hub", "connector")),
    ("TDP_BUCKET_PREFIX", "Bad_Prefix", ("infra",)),
    ("AWS_SERVICE_ROUTING", "all", ("none", "own", "tdp")),
    ("EXTRA_VPC_IDS", "vpc-xyz", ("vpc-", "@<account>/<region>")),
    ("EXTRA_VPC_IDS", "vpc-0a1b2c3d4e5f60718@1234/us-east-1", ("@<account>/<region>",)),
    ("EXTRA_VPC_IDS", "vpc-0a1b2c3d4e5f60718@123456789012", ("@<account>/<region>",)),
    ("STAGING_VPC_ID", "staging", ("vpc-",)),
    ("ENDPOINT_ID", "vpce-svc-0a1b2c3d4e5f60718", ("vpce-",)),
    ("HOLD_HOSTS", "ecs-a-*.us-east-1.amazonaws.com", ("DNS wildcard",)),
    ("ADOPT_OWNER", "a stack", ("former stacks",)),
    ("ADOPT_OWNER", "tdp-test", ("other owners",)),
    ("ACCOUNT_ID", "1234", ("12 digits",)),
    ("VERIFIERS", "tdp-verify", ("vpc-",)),
    ("VERIFIERS", "vpc-0a1b2c3d=", ("name or ARN",)),
    ("VERIFIERS", "vpc-0a1b2c3d=a b", ("name or ARN",)),
    ("VERIFIERS", "subnet-0a1b2c3d=verify", ("vpc-",)),
    ("CUTOVER_PROOF", "perhaps", ("require", "report")),
    ("EXTRA_HOSTS", "ecs-a-*.us-east-1.amazonaws.com", ("*",)),
    ("EXTRA_HOSTS", "a.*.example.com", ("*",)),
    ("EXTRA_HOSTS", "*.*.example.com", ("*",)),
    ("EXTRA_HOSTS", "*.tetrascience.com", ("hide",)),
    ("EXTRA_HOSTS", "tetrascience.com", ("hide",)),
    ("EXTRA_HOSTS", "*.amazonaws.com", ("hide",)),
    ("EXTRA_HOSTS", "*.us-east-1.amazonaws.com", ("hide",)),
    ("EXTRA_HOSTS", "us-east-1.vpce.amazonaws.com", ("hide",)),
    ("EXTRA_HOSTS", "*.com", ()),
    ("EXTRA_HOSTS", "com", ()),
    ("EXTRA_HOSTS", "*", ()),
    ("EXTRA_HOSTS", "a..example.com", ("host",)),
    ("EXTRA_HOSTS", "-a b.example.com", ("host",)),
    ("EXTRA_HOSTS", "https://a.example.com", ("host",)),
    ("EXTRA_HOSTS", f"{'a' * 64}.example.com", ("host",)),
    ("EXTRA_HOSTS", ".".join(["abcdefghi"] * 27), ("host",)),
    ("EXTRA_HOSTS", "a.example.com=s3", ("host=<service name>",)),
    ("EXTRA_HOSTS", "a.example.com=", ("host=<service name>",)),
    ("EXTRA_HOSTS", "a.example.com=com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718", ("the TDP service",)),
    ("VPC_ID", "vpc-xyz", ("vpc-",)),
    ("VPC_ID", "subnet-0a1b2c3d4e5f60718", ("vpc-",)),
    ("VPC_ID", "vpc-0a1b2c3d4e5f60718,vpc-0b1b2c3d4e5f60718", ("vpc-",)),
    ("EXISTING_ZONES", "overwrite", ("refuse", "adopt")),
    ("EXISTING_ZONES", "Adopt", ("refuse", "adopt")),
    ("ON_LOSS", "delete", ("keep", "withdraw")),
    ("MODE", "aply", ("plan", "apply", "withdraw")),
    ("MODE", "APPLY", ("plan", "apply", "withdraw")),
    ("OWNER_ID", None, ()),
    ("OWNER_ID", "", ()),
    ("OWNER_ID", "a,b", ()),
    ("OWNER_ID", "a/b", ()),
    ("OWNER_ID", "a b", ()),
    ("OWNER_ID", "a" * 200, ()),
    ("TOPIC_ARN", None, ("arn:",)),
    ("TOPIC_ARN", "news", ("arn:",)),
    ("TOPIC_ARN", "arn:aws:sqs:us-east-1:123456789012:news", ("sns",)),
    ("TOPIC_ARN", "arn:aws:sns:us-east-1", ("arn:",)),
    ("AWS_REGION", None, ("Region",)),
]


@pytest.mark.parametrize(
    ("variable", "value", "allowed"), REFUSED, ids=[f"{variable}={str(value)[:40]}" for variable, value, _ in REFUSED]
)
def test_a_wrong_variable_fails_at_init(
    aws: EmbeddedAws, variable: str, value: str | None, allowed: tuple[str, ...]
) -> None:
    environment = variables(aws, TOPIC) | ({} if value is None else {variable: value})
    if value is None:
        del environment[variable]
    stderr, code = fails_at_init(environment)
    assert code != 0
    assert variable in stderr
    shown = value.split(",")[0] if value and variable == "TDP_COMPONENTS" else value
    assert (shown or "not set")[:30] in stderr
    for word in allowed:
        assert word in stderr, stderr
    assert len(aws.calls) == 0


def test_a_partial_wildcard_is_refused_with_the_reason(aws: EmbeddedAws) -> None:
    """Route 53 takes `*` as a whole first label only; elsewhere it is an ordinary character."""
    stderr, _ = fails_at_init(variables(aws, TOPIC, EXTRA_HOSTS="ecs-a-*.us-east-1.amazonaws.com"))
    assert "EXTRA_HOSTS" in stderr and "ecs-a-*.us-east-1.amazonaws.com" in stderr
    assert "first label" in stderr or "*.host" in stderr


def test_a_zone_that_is_too_wide_is_refused_with_the_reason(aws: EmbeddedAws) -> None:
    stderr, _ = fails_at_init(variables(aws, TOPIC, EXTRA_HOSTS="*.tetrascience.com"))
    assert "every other tenant" in stderr or "www" in stderr


def test_everything_that_is_wrong_is_said_at_once(aws: EmbeddedAws) -> None:
    wrong = {"MODE": "x", "ON_LOSS": "y", "EXISTING_ZONES": "z", "VPC_ID": "v", "OWNER_ID": ""}
    stderr, _ = fails_at_init(variables(aws, TOPIC, **wrong))
    for variable in wrong:
        assert variable in stderr


HERE, THERE = "vpc-0a1b2c3d4e5f60718", "vpc-0b1b2c3d4e5f60718"
CONTRADICTIONS: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({"EXTRA_HOSTS": "a.example.com,a.example.com=com.amazonaws.us-east-1.s3"}, ("EXTRA_HOSTS", "one place for each")),
    ({"EXTRA_VPC_IDS": THERE}, ("VPC_ID is not set", "EXTRA_VPC_IDS")),
    ({"EXTRA_VPC_IDS": HERE, "VPC_ID": HERE}, ("EXTRA_VPC_IDS", "other VPCs than VPC_ID")),
    ({"EXTRA_VPC_IDS": f"{THERE},{THERE}@210987654321/us-west-2", "VPC_ID": HERE}, ("EXTRA_VPC_IDS", "each VPC once")),
    ({"EXTRA_VPC_IDS": THERE, "STAGING_VPC_ID": THERE, "VPC_ID": HERE}, ("EXTRA_VPC_IDS", "STAGING_VPC_ID")),
    ({"EXTRA_VPC_IDS": ",".join(f"vpc-{n:017x}" for n in range(61)), "VPC_ID": HERE}, ("EXTRA_VPC_IDS", "at most 60")),
    ({"STAGING_VPC_ID": HERE, "VPC_ID": HERE}, ("STAGING_VPC_ID", "not VPC_ID itself")),
]


@pytest.mark.parametrize(("changes", "said"), CONTRADICTIONS, ids=[" ".join(c)[:60] for c, _ in CONTRADICTIONS])
def test_settings_that_contradict_each_other_fail_at_init(
    aws: EmbeddedAws, changes: dict[str, str], said: tuple[str, ...]
) -> None:
    stderr, code = fails_at_init(variables(aws, TOPIC, **changes))
    assert code != 0 and all(words in stderr for words in said), stderr


def test_a_missing_bucket_prefix_for_s3_direct_upload_is_refused(aws: EmbeddedAws) -> None:
    stderr, _ = fails_at_init(variables(aws, TOPIC, TDP_COMPONENTS="agent-s3-direct"))
    assert "TDP_BUCKET_PREFIX" in stderr and "agent-s3-direct" in stderr


def test_a_very_long_wrong_value_is_not_repeated_whole(aws: EmbeddedAws) -> None:
    stderr, _ = fails_at_init(variables(aws, TOPIC, MODE="x" * 50_000))
    assert "MODE" in stderr
    assert len(stderr) < 2_000


ACCEPTED: list[dict[str, str]] = [
    {},
    {"MODE": ""},
    {"TDP_COMPONENTS": "hub, agent ,connector"},
    {"TDP_COMPONENTS": ""},
    {"AWS_SERVICE_ROUTING": "none"},
    {"AWS_SERVICE_ROUTING": "own"},
    {"AWS_SERVICE_ROUTING": "tdp"},
    {
        "EXTRA_HOSTS": "a.example.com=com.amazonaws.us-east-1.execute-api",
        "HOLD_HOSTS": "*.files.example.com, b.example.com",
    },
    {"ENDPOINT_ID": "vpce-0a1b2c3d4e5f60718, vpce-0b1b2c3d", "ADOPT_OWNER": "old-stack,older.stack"},
    {"CUTOVER_PROOF": "require"},
    {"VERIFIERS": "vpc-0a1b2c3d=verify, vpc-0a1b2c3e=arn:aws:lambda:us-east-1:123456789012:function:verify:live"},
    {"CUTOVER_PROOF": "report"},
    {"EXTRA_VPC_IDS": "", "STAGING_VPC_ID": "", "VERIFIERS": "", "EXTRA_HOSTS": "", "VPC_ID": ""},
    {"EXTRA_HOSTS": "*.files.example.com, b.example.com ,"},
    {"EXTRA_HOSTS": f"{'a' * 63}.example.com"},
    {"TDP_PLATFORM_HOST": "tdp.customer.example"},
    {"VPC_ID": "vpc-0a1b2c3d"},
    {"OWNER_ID": "tdp-privatelink-Prod_1.eu"},
    {"TDP_SERVICE_NAME": f" {SERVICE_NAME} "},
    {"TOPIC_ARN": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:news"},
]


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_a_right_value_starts(aws: EmbeddedAws, changes: dict[str, str]) -> None:
    with Function(variables(aws, TOPIC, **changes)) as function:
        assert function.invoke({"task": "plan"}).ok
