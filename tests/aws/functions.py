"""Lambda's Invoke, for functions that a test brings along.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.aws.errors import Answer, AwsError
from tests.aws.partitions import partition


@dataclass(frozen=True)
class Invoked:
    """What a function gave back: its answer, or the error of a function that failed, with `errorType`."""

    body: bytes
    failed: bool = False


class Functions:
    """Functions by name; each takes an event and gives what came of it."""

    def __init__(self, region: str, account: str) -> None:
        self._prefix = f"arn:{partition(region)}:lambda:{region}:{account}:function:"
        self._functions: dict[str, Callable[[bytes], Invoked]] = {}

    def add(self, name: str, function: Callable[[bytes], Invoked]) -> None:
        self._functions[name] = function

    def remove(self, name: str) -> None:
        del self._functions[name]

    def invoke(self, params: dict[str, Any], body: bytes) -> Answer:
        """The answer to an Invoke call that waits for the function."""
        name = str(params["FunctionName"]).removeprefix(self._prefix)
        if name not in self._functions:
            message = f"Function not found: {self._prefix}{name}"
            raise AwsError("ResourceNotFoundException", message, 404)
        done = self._functions[name](body)
        headers = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": str(uuid4()),
            "X-Amz-Executed-Version": "$LATEST",
        }
        if done.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        return Answer(200, done.body, headers)
