"""An embedded AWS for the demo and the end-to-end tests: moto with corrections, at least as strict as AWS."""

from tests.aws.accounts import OTHER_ACCOUNT, access_key
from tests.aws.calls import Call, CallLog
from tests.aws.faults import Faults
from tests.aws.functions import Invoked
from tests.aws.partitions import aws_service_name, endpoint_zone, service_name
from tests.aws.server import EmbeddedAws
from tests.aws.sns import Message
from tests.aws.vpc import Vpc
from tests.aws.watch import DnsWatch

SERVICE_NAME = service_name("us-east-1")

__all__ = [
    "OTHER_ACCOUNT",
    "SERVICE_NAME",
    "Call",
    "CallLog",
    "DnsWatch",
    "EmbeddedAws",
    "Faults",
    "Invoked",
    "Message",
    "Vpc",
    "access_key",
    "aws_service_name",
    "endpoint_zone",
    "service_name",
]
