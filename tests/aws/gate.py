"""The WSGI application: log, gate, faults and corrections in front of moto."""

import socket
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from moto.core.exceptions import ServiceException

from tests.aws import errors, ssm, wire
from tests.aws.calls import Call
from tests.aws.damage import damaged
from tests.aws.errors import Answer, AwsError
from tests.aws.faults import Fault, refusal, resource_of, user_of
from tests.aws.sns import check_publish, published

if TYPE_CHECKING:
    from tests.aws.world import World

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
REFUSALS = ("throttle", "503", "denied")


class Gate:
    """Every request passes here: the test's own calls straight through, all others logged and open to faults."""

    def __init__(self, world: "World", moto: Wsgi) -> None:
        self._world = world
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        request = wire.read(environ, self._world.account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
        if request.set_up:
            return _send(self._answer(request, environ), start_response)
        call = Call(request.service, request.operation, request.params, caller=request.caller)
        call.seconds = time.perf_counter() - started
        self._world.calls.append(call)
        for callback in self._world.callbacks():
            callback(request.service, request.operation)
        fault = self._world.faults.strike(request.service, request.operation)
        answer: Answer | None
        if fault is None and self._world.limits_refuse(request):
            call.fault = "limit"
            answer = self._refusal("throttle", request)
        elif fault is None:
            answer = self._timed(call, request, environ)
        else:
            call.fault = fault.kind
            answer = self._faulty(fault, call, request, environ)
        if answer is None:
            return _hang_up(environ, start_response)
        if self._world.spoil is not None:
            answer = self._world.spoil(request.service, request.operation, answer)
        call.status = answer.status
        return _send(answer, start_response)

    def _timed(self, call: Call, request: wire.Request, environ: dict[str, Any]) -> Answer:
        started = time.perf_counter()
        answer = self._answer(request, environ)
        call.seconds += time.perf_counter() - started
        return answer

    def _faulty(self, fault: Fault, call: Call, request: wire.Request, environ: dict[str, Any]) -> Answer | None:
        """The answer that a fault leaves, or None where the client gets none."""
        answer: Answer | None = None
        if fault.kind in REFUSALS:
            answer = self._refusal(fault.kind, request)
        elif fault.kind != "drop":
            answer = self._timed(call, request, environ)
        if fault.then is not None:
            fault.then()
        match fault.kind:
            case "lost":
                return None
            case "slow":
                time.sleep(fault.seconds)
            case "malformed" | "truncated" | "empty" if answer is not None:
                return damaged(answer, fault.kind)
        return answer

    def _refusal(self, kind: str, request: wire.Request) -> Answer:
        resource = resource_of(request.service, request.params, request.region, request.account)
        user = user_of(request.region, request.account)
        error = refusal(kind, request.service, request.operation, resource, user)
        return errors.render(error, request.service, request.protocol)

    def _answer(self, request: wire.Request, environ: dict[str, Any]) -> Answer:
        operation = self._world.corrected(request)
        try:
            if request.service == "ec2" and request.params.get("DryRun"):
                raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
            if operation is not None:
                with self._world.lock:
                    try:
                        return wire.answer(request, operation(request.params, request.set_up))
                    finally:
                        # Before another call can come in between.
                        if not request.set_up:
                            self._world.note_dns()
            if (request.service, request.operation) == ("lambda", "Invoke"):
                # Outside the lock: the function may well look at this AWS.
                return self._world.functions.invoke(request.params, request.body)
            return self._from_moto(request, environ)
        except AwsError as error:
            return errors.render(error, request.service, request.protocol)
        except ServiceException as error:  # raised by the parts of moto's EC2 that our operations call
            return errors.render(AwsError(error.code, error.message), request.service, request.protocol)

    def _from_moto(self, request: wire.Request, environ: dict[str, Any]) -> Answer:
        if (request.service, request.operation) == ("sns", "Publish"):
            check_publish(request.params)
        if (request.service, request.operation) == ("ssm", "GetParametersByPath"):
            ssm.check_token(request.params)
        if (request.service, request.operation) == ("ssm", "PutParameter"):
            ssm.check_put(request.params)
        cap = None if request.set_up else self._world.page_size
        if (request.service, request.operation) == ("ssm", "GetParametersByPath") and cap:
            body = ssm.capped(request.params, cap)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        answer = _collect(self._moto, environ)
        if (request.service, request.operation) == ("sns", "Publish") and answer.status == HTTPStatus.OK:
            self._world.remember(published(request.params))
        return answer


def method_of(api: object, operation: str) -> Callable[[dict[str, Any], bool], dict[str, Any]] | None:
    """The method of an API object that answers an operation."""
    return getattr(api, xform_name(operation), None)


def _collect(app: Wsgi, environ: dict[str, Any]) -> Answer:
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [int(status.split()[0]), dict(headers)]

    body = b"".join(app(environ, start))
    status, headers = started
    return Answer(status, body, headers)


def _send(answer: Answer, start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-length"}
    headers["Content-Length"] = str(len(answer.body))
    reason = HTTPStatus(answer.status).phrase
    start_response(f"{answer.status} {reason}", list(headers.items()))
    return [answer.body]


def _hang_up(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Close the connection without a byte of answer; the server's own attempt to write then comes to nothing."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    start_response("500 Connection closed", [("Connection", "close")])
    return [b""]
