"""One server for the tests of this package, empty before each, and a client that it logs.

It stops with the package, since two embedded AWS must not be alive in one process.
"""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws import EmbeddedAws, Vpc

Client = Callable[[str], Any]
Refused = Callable[..., tuple[str, str, int]]


@pytest.fixture(scope="package")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def aws(server: EmbeddedAws) -> EmbeddedAws:
    server.reset()
    return server


@pytest.fixture
def vpc(aws: EmbeddedAws) -> Vpc:
    return aws.make_vpc()


@pytest.fixture(scope="package")
def client(server: EmbeddedAws) -> Client:
    """A client as the product has one: logged, open to faults; it does not retry."""
    made: dict[str, Any] = {}

    def of(name: str) -> Any:
        if name not in made:
            made[name] = boto3.client(
                name,
                endpoint_url=server.url,
                region_name=server.region,
                aws_access_key_id="product",
                aws_secret_access_key="product",
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            )
        return made[name]

    return of


@pytest.fixture(scope="package")
def refused() -> Refused:
    """Call something that AWS refuses; returns code, message and HTTP status."""

    def of(call: Callable[..., Any], **params: Any) -> tuple[str, str, int]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        answer = caught.value.response
        return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]

    return of
