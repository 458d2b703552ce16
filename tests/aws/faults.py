"""Faults on demand: which call fails, how, and what the failed answer looks like."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tests.aws.errors import AwsError
from tests.aws.partitions import partition

# `slow` answers late what it did at once; `lost` does it and never answers; `truncated` gives the first item of a list
# and says that there are more, but not where, and `empty` an empty list: what is no list is cut off in the middle.
KINDS = ("throttle", "503", "drop", "lost", "denied", "slow", "malformed", "truncated", "empty")

# Code and status of a refused rate. EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
# Route 53: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "route53": ("Throttling", "Rate exceeded", 400),
    "sns": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "lambda": ("TooManyRequestsException", "Rate Exceeded.", 429),
    "sesv2": ("TooManyRequestsException", "Too many requests.", 429),
    "service-quotas": ("TooManyRequestsException", "Rate exceeded", 400),
}

# Code and status of a call that IAM does not allow.
DENIED = {
    "ec2": ("UnauthorizedOperation", 403),
    "route53": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sts": ("AccessDenied", 403),
    "ssm": ("AccessDeniedException", 400),
    "route53resolver": ("AccessDeniedException", 400),
    "service-quotas": ("AccessDeniedException", 400),
}

# What IAM calls a service, where that is not the name of its model.
IAM_NAMES = {"sns": "SNS", "sesv2": "ses", "service-quotas": "servicequotas"}


@dataclass
class Fault:
    """One rule: from the `nth` matching call on, `times` calls fail (None: all of them). `then` is called before the
    client gets an answer, or none.
    """

    kind: str
    service: str | None
    operation: str | None
    nth: int
    times: int | None
    seconds: float
    then: Callable[[], None] | None = None
    seen: int = 0

    def matches(self, service: str, operation: str) -> bool:
        return self.service in (None, service) and self.operation in (None, operation)

    def strikes(self) -> bool:
        """Count one matching call and say whether it is one that fails."""
        self.seen += 1
        if self.seen < self.nth:
            return False
        return self.times is None or self.seen < self.nth + self.times


class Faults:
    """The rules in force. Each counts every call that it matches, whichever rule strikes."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = Lock()

    def add(
        self,
        kind: str,
        service: str | None = None,
        operation: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        *,
        seconds: float = 1.0,
        then: Callable[[], None] | None = None,
    ) -> Fault:
        """Make the nth matching call from now fail, and `times` matching calls from there on."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(KINDS)}")
        rule = Fault(kind, service, operation, nth, times, seconds, then)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def strike(self, service: str, operation: str) -> Fault | None:
        """The first rule that makes this call fail, if any does."""
        with self._lock:
            hits = [rule for rule in self._rules if rule.matches(service, operation) and rule.strikes()]
        return hits[0] if hits else None


def refusal(kind: str, service: str, operation: str, resource: str, user: str) -> AwsError:
    """The error of a call refused by rate, by outage or by IAM."""
    if kind == "throttle":
        code, message, status = THROTTLED.get(service, ("ThrottlingException", "Rate exceeded", 400))
        return AwsError(code, message, status)
    if kind == "503":
        return AwsError("ServiceUnavailable", "Service is unable to handle request.", 503)
    code, status = DENIED.get(service, ("AccessDeniedException", 403))
    action = f"{IAM_NAMES.get(service, service)}:{operation}"
    message = (
        f"User: {user} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    return AwsError(code, message, status)


def user_of(region: str, account: str) -> str:
    """Who a message says that the caller is."""
    return f"arn:{partition(region)}:sts::{account}:assumed-role/reconcile/x"


def resource_of(service: str, params: dict[str, Any], region: str, account: str) -> str:
    """The ARN that an AccessDenied message names for this call."""
    arn = f"arn:{partition(region)}"
    if service == "route53" and (zone := params.get("HostedZoneId") or params.get("Id")):
        return f"{arn}:route53:::hostedzone/{zone.rsplit('/', 1)[-1]}"
    if service == "sns" and "TopicArn" in params:
        return params["TopicArn"]
    if service == "ssm" and (name := params.get("Name") or params.get("Path")):
        return f"{arn}:ssm:{region}:{account}:parameter/{name.lstrip('/')}"
    if service == "sesv2" and "EmailIdentity" in params:
        return f"{arn}:ses:{region}:{account}:identity/{params['EmailIdentity']}"
    if service == "service-quotas" and "QuotaCode" in params:
        return f"{arn}:servicequotas:{region}:{account}:{params['ServiceCode']}/{params['QuotaCode']}"
    return "*"
