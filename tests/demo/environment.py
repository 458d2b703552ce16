"""Where things are, and an environment in which nothing can reach a real AWS account."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
FUNCTION = "reconcile"
VERIFIER = "verify"
PREFLIGHT = "preflight"
PROFILE = "quick"

# The function's own variables: a value from the caller's shell would change what the demo shows.
FUNCTION_VARIABLES = (
    "TDP_SERVICE_NAME",
    "TDP_PLATFORM_HOST",
    "TDP_COMPONENTS",
    "TDP_BUCKET_PREFIX",
    "EXTRA_HOSTS",
    "HOLD_HOSTS",
    "VPC_ID",
    "EXTRA_VPC_IDS",
    "STAGING_VPC_ID",
    "ENDPOINT_ID",
    "ACCOUNT_ID",
    "EXISTING_ZONES",
    "ADOPT_OWNER",
    "ON_LOSS",
    "MODE",
    "OWNER_ID",
    "TOPIC_ARN",
    "VERIFIERS",
    "CUTOVER_PROOF",
    "VERIFY_RESOLVER",
    "VERIFY_CA_FILE",
    "VERIFY_CIDRS",
    "VERIFY_PORT",
    "CONNECTION_USERS",
    "DOMAIN_CONFIRMED",
    "EMAIL_DOMAIN",
    "CONTACTS",
    "PREFLIGHT_RESOLVER",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def binary(name: str = FUNCTION) -> Path:
    """What `cargo build --profile quick` makes."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    return ROOT / target / PROFILE / name


def cargo_lambda() -> Path:
    """The pinned one of this virtual environment, whatever else is installed."""
    return Path(sys.prefix) / "bin" / "cargo-lambda"


def isolate() -> None:
    """Take everything out of this process's environment that could lead an AWS client elsewhere."""
    for name in _foreign(os.environ):
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _foreign(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("AWS_") or name in FUNCTION_VARIABLES or name.lower() in PROXIES]


def shown(path: Path) -> str:
    """A path as a person in the project's folder would write it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
