"""What runs the real binary: the Lambda Runtime API, the function's process, and the usual scene around it."""

from tests.harness.function import Answer, Function, FunctionDied, binary, fails_at_init
from tests.harness.runtime import Invocation, Runtime
from tests.harness.world import HOSTS, OWNER, PLATFORM, Scene, variables

__all__ = [
    "HOSTS",
    "OWNER",
    "PLATFORM",
    "Answer",
    "Function",
    "FunctionDied",
    "Invocation",
    "Runtime",
    "Scene",
    "binary",
    "fails_at_init",
    "variables",
]
