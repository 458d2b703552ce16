"""From a WSGI request to a named operation with parsed parameters, and from a result back to bytes.

Parsing and serialising follow the service models of botocore, by moto's own protocol code, so an operation
that is answered here instead of by moto looks the same on the wire.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request as MotoRequest
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import (
    AttributePickerContext,
    SerializationContext,
    XFormedAttributePicker,
    get_serializer_class,
)

from tests.aws.accounts import account_of
from tests.aws.errors import NAMESPACES, Answer

SET_UP_HEADER = "x-embedded-aws-set-up"
# Services that sign with another name than their model's.
SIGNED_AS = {"servicequotas": "service-quotas"}
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass
class Request:
    """One API call. `set_up` marks the test's own client, whose calls leave no trace."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    account: str
    protocol: str
    body: bytes
    set_up: bool
    model: OperationModel | None
    caller: str


class Picker(XFormedAttributePicker):
    """Takes values from dicts that are keyed as the model is, which ours are, without trying the spellings that
    moto's objects may have. That was half of the time of an answer.
    """

    def __call__(self, context: AttributePickerContext) -> Any:
        found = context.obj
        if isinstance(found, dict) and found and next(iter(found))[:1].isupper():
            return found.get(context.key)
        return super().__call__(context)


def read(environ: dict[str, Any], usual_account: str) -> Request:
    """Name the caller and the operation, and parse its parameters; the environment stays readable for moto."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    scope = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    service, region = (scope["service"], scope["region"]) if scope else ("unsigned", "")
    account = (account_of(scope["key"]) if scope else None) or usual_account
    if service == "ses" and environ["PATH_INFO"].startswith("/v2/"):
        service = "sesv2"
    service = SIGNED_AS.get(service, service)
    set_up = environ.get("HTTP_X_EMBEDDED_AWS_SET_UP") is not None
    try:
        model, protocol, params = _parse(service, environ, body)
        operation = model.name
    except Exception:  # an unknown service or path: moto decides, the log shows what came in
        model, protocol, params = None, "json", {}
        operation = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    environ["wsgi.input"] = BytesIO(body)
    caller = scope["key"] if scope else ""
    return Request(service, operation, params, region, account, protocol, body, set_up, model, caller)


def _parse(service: str, environ: dict[str, Any], body: bytes) -> tuple[OperationModel, str, dict[str, Any]]:
    request = MotoRequest(environ)
    model, url_params = get_service_router(service).match(request)
    protocol = determine_request_protocol(model.service_model, request.content_type)
    parsed = PROTOCOL_PARSERS[protocol](model).parse(
        {
            "body": body,
            "headers": request.headers,
            "method": request.method,
            "url_params": url_params,
            "url_path": request.path,
            "values": request.values,
        }
    )
    return model, protocol, {key: value for key, value in parsed.items() if value is not None}


def answer(request: Request, result: dict[str, Any]) -> Answer:
    """A successful result, which may hold objects of moto, serialised as the operation's model says."""
    assert request.model is not None
    request_id = str(uuid4())
    serializer = get_serializer_class(request.service, request.protocol)(
        request.model, SerializationContext(request_id), value_picker=Picker()
    )
    response = serializer.serialize(result)
    body = response["body"]
    if isinstance(body, str):
        body = body.encode()
    if request.service == "route53":
        body = _with_namespace(body, request.operation)
    headers = {"x-amzn-RequestId": request_id, **response["headers"]}
    return Answer(response["status_code"], body, headers)


def _with_namespace(body: bytes, operation: str) -> bytes:
    root = f"<{operation}Response>".encode()
    return body.replace(root, root[:-1] + f' xmlns="{NAMESPACES["route53"]}">'.encode(), 1)
