"""Errors as AWS sends them: code, message and status, in each protocol's own envelope."""

import json
from dataclasses import dataclass, field
from uuid import uuid4
from xml.sax.saxutils import escape

NAMESPACES = {
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


@dataclass
class Answer:
    """An HTTP response, before it is written to the client's connection."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class AwsError(Exception):
    """An operation refused by the service."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def too_long(where: str, value: str, most: int) -> AwsError:
    """Route 53's words for a field that is longer than its model allows."""
    return AwsError(
        "InvalidInput",
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}",
    )


def render(error: AwsError, service: str, protocol: str) -> Answer:
    """The error in the envelope of the protocol that the service speaks."""
    request_id = str(uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if protocol in ("json", "rest-json"):
        headers["Content-Type"] = "application/json" if protocol == "rest-json" else "application/x-amz-json-1.1"
        headers["x-amzn-ErrorType"] = error.code
        body = json.dumps({"__type": error.code, "message": error.message})
        return Answer(error.status, body.encode(), headers)
    headers["Content-Type"] = "text/xml"
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == "ec2":
        xml = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        kind = "Sender" if error.status < 500 else "Receiver"
        namespace = f' xmlns="{NAMESPACES[service]}"' if service in NAMESPACES else ""
        xml = (
            f"<ErrorResponse{namespace}><Error><Type>{kind}</Type>{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Answer(error.status, f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode(), headers)
