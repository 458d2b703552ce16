"""The comparison at the end of a whole run (tests/conftest.py) finds what is missing and what is too much."""

from tests.template.privilege import FREE, IN_ITS_NAME, ROLES, SERVICES, action, differences
from tests.template.stack import EVERYTHING, Stack

MODELS = {name: model for model, name in SERVICES.items()}


def exactly(function: str) -> set[tuple[str, str, str]]:
    """What a function would have to ask for to need its whole role."""
    needed = Stack(**EVERYTHING).allowed_to(ROLES[function]) - IN_ITS_NAME
    parts = [one.replace("InvokeFunction", "Invoke").split(":") for one in needed]
    return {(function, MODELS.get(service, service), operation) for service, operation in parts}


def test_nothing_is_found_where_both_are_the_same() -> None:
    used = exactly("reconcile") | exactly("preflight") | {("test", "iam", "CreateUser")}
    assert differences(used) == []
    free = {(function, *one.split(":")) for function in ROLES for one in FREE}
    assert differences(used | free) == []  # type: ignore[operator]


def test_what_is_missing_and_what_is_too_much_is_named() -> None:
    used = exactly("reconcile") | exactly("preflight")
    used -= {("reconcile", "route53", "GetChange")}
    used |= {("preflight", "route53", "DeleteHostedZone"), ("verify", "ec2", "DescribeVpcs")}
    assert differences(used) == [
        "ReconcileRole allows route53:GetChange, which reconcile never asked for",
        "PreflightRole does not allow route53:DeleteHostedZone, which preflight asked for",
        "verify asked for ec2:DescribeVpcs",
    ]
    assert action("lambda", "Invoke") == "lambda:InvokeFunction"
