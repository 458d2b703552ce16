"""Least privilege by counting: what the functions asked for in a whole test run, against what their roles allow."""

from collections.abc import Iterable

from tests.template.stack import EVERYTHING, Stack

# What IAM calls a service, and an operation, where that is not the name of its model.
SERVICES = {"sesv2": "ses", "service-quotas": "servicequotas"}
OPERATIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
# Nobody needs a permission for it. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = {"sts:GetCallerIdentity"}
# What AWS does in a role's name, and the embedded AWS does not ask for: Route 53 looks at the VPC, Lambda writes the
# log and hands over events that failed, SNS uses the key.
IN_ITS_NAME = {
    "ec2:DescribeVpcs",
    "sqs:SendMessage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "kms:GenerateDataKey*",
    "kms:Decrypt",
}
ROLES = {"reconcile": "ReconcileRole", "preflight": "PreflightRole"}

Used = tuple[str, str, str]


def action(service: str, operation: str) -> str:
    name = f"{SERVICES.get(service, service)}:{operation}"
    return OPERATIONS.get(name, name)


def differences(used: Iterable[Used]) -> list[str]:
    """What a function asked for and its role does not allow, and what its role allows and nobody asked for: lines."""
    stack = Stack(**EVERYTHING)
    found = []
    for function, role in ROLES.items():
        # What the embedded AWS does not know as an operation, such as a path with an id that is none, is no action.
        known = {one for one in used if one[0] == function and one[2].isalnum()}
        asked = {action(service, operation) for _, service, operation in known} - FREE
        allowed = stack.allowed_to(role)
        found += [f"{role} does not allow {one}, which {function} asked for" for one in sorted(asked - allowed)]
        idle = allowed - asked - IN_ITS_NAME
        found += [f"{role} allows {one}, which {function} never asked for" for one in sorted(idle)]
    found += [f"verify asked for {service}:{operation}" for caller, service, operation in used if caller == "verify"]
    return found
