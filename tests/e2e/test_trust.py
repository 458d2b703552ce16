"""Whose certificates the function takes for AWS's."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.aws import EmbeddedAws
from tests.harness import Scene
from tests.network.certificates import Authority

ROOTS = Path(__file__).parents[2] / "functions/aws/amazon-roots.pem"
# SHA-256 of each root's public key, as Amazon publishes it. https://www.amazontrust.com/repository/
PUBLISHED = {
    "Amazon Root CA 1": "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
    "Amazon Root CA 2": "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
    "Amazon Root CA 3": "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
    "Amazon Root CA 4": "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
    "Starfield Services Root Certificate Authority - G2": (
        "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92"
    ),
}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_the_roots_are_the_five_that_amazon_publishes_and_are_valid_for_years() -> None:
    found = {}
    for root in x509.load_pem_x509_certificates(ROOTS.read_bytes()):
        (name,) = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        key = root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        found[str(name.value)] = sha256(key).hexdigest()
        assert root.not_valid_after_utc > datetime.now(UTC) + timedelta(days=5 * 365)
    assert found == PUBLISHED


@contextmanager
def stranger(authority: Authority) -> Iterator[tuple[str, list[bool]]]:
    """A server that says that it is AWS, with a certificate of another authority; and whether clients believed it."""
    believed: list[bool] = []
    context = authority.server(["localhost"])

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(client, server_side=True) as connection:
                    # Only what comes after the handshake says that the client took the certificate.
                    believed.append(bool(connection.recv(1)))
            except (ssl.SSLError, OSError):
                believed.append(False)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}", believed
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def scene(aws: EmbeddedAws) -> Scene:
    """One that is not looked at afterwards: it cannot reach AWS any more."""
    return Scene(aws)


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1"])
def test_a_server_with_a_certificate_of_somebody_else_is_told_nothing(scene: Scene, region: str) -> None:
    with stranger(Authority()) as (url, believed):
        service = f"com.amazonaws.vpce.{region}.vpce-svc-0a1b2c3d4e5f60718"
        scene.configure(AWS_ENDPOINT_URL_EC2=url, AWS_REGION=region, TDP_SERVICE_NAME=service)
        answer = scene.run("sweep")
    assert not answer.ok
    assert believed and not any(believed)


def test_roots_that_somebody_names_for_the_system_count(scene: Scene, tmp_path: Path) -> None:
    authority = Authority()
    with stranger(authority) as (url, believed):
        scene.configure(AWS_ENDPOINT_URL_EC2=url, SSL_CERT_FILE=str(authority.write(tmp_path)))
        scene.run("sweep")
    assert any(believed)
