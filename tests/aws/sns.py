"""What SNS refuses and moto accepts, and the list of what was published.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.aws.errors import AwsError

MAX_MESSAGE = 262144


@dataclass(frozen=True)
class Message:
    """One published message, as it was handed to SNS."""

    topic_arn: str
    subject: str | None
    message: str
    structure: str | None
    attributes: dict[str, str]


def check_publish(params: dict[str, Any]) -> None:
    """InvalidParameter for a subject or a structured message that SNS does not take."""
    subject, message = params.get("Subject"), params.get("Message", "")
    if subject is not None and not _is_subject(subject):
        raise AwsError("InvalidParameter", "Invalid parameter: Subject")
    if not message:
        raise AwsError("InvalidParameter", "Invalid parameter: Empty message")
    if len(message.encode()) > MAX_MESSAGE:
        raise AwsError("InvalidParameter", "Invalid parameter: Message too long")
    if params.get("MessageStructure") != "json":
        return
    try:
        bodies = json.loads(message)
    except ValueError:
        bodies = None
    if not isinstance(bodies, dict):
        raise AwsError("InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse")
    if not isinstance(bodies.get("default"), str):
        raise AwsError(
            "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"
        )


def published(params: dict[str, Any]) -> Message:
    attributes = params.get("MessageAttributes", {})
    return Message(
        topic_arn=params.get("TopicArn") or params.get("TargetArn", ""),
        subject=params.get("Subject"),
        message=params["Message"],
        structure=params.get("MessageStructure"),
        attributes={name: str(value.get("StringValue", "")) for name, value in attributes.items()},
    )


def _is_subject(subject: str) -> bool:
    """ASCII, at most 100 characters, no line breaks or control characters, and no blank at the start."""
    return 0 < len(subject) <= 100 and subject.isascii() and subject.isprintable() and not subject[0].isspace()
