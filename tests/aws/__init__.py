"""An embedded AWS for the demo and the end-to-end tests: moto with corrections, at least as strict as AWS."""

from tests.aws.calls import Call, CallLog
from tests.aws.endpoints import SERVICE_NAME
from tests.aws.faults import Faults
from tests.aws.functions import Invoked
from tests.aws.server import EmbeddedAws
from tests.aws.sns import Message
from tests.aws.world import Vpc

__all__ = ["SERVICE_NAME", "Call", "CallLog", "EmbeddedAws", "Faults", "Invoked", "Message", "Vpc"]
