"""Certificates made on the spot, by an authority that nobody else knows."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


class Authority:
    """A certificate authority. `pem` is what a client has to trust."""

    def __init__(self, name: str = "Embedded Authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        now = datetime.now(UTC)
        certificate = (
            _builder(self._name, self._name, self._key, now - timedelta(days=1), now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM)

    def write(self, folder: Path) -> Path:
        """The root as a file, for VERIFY_CA_FILE."""
        path = folder / "ca.pem"
        path.write_bytes(self.pem)
        return path

    def server(self, names: Sequence[str], *, days: float = 365) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for these names that has so many days left."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = datetime.now(UTC) + timedelta(days=days, hours=1)
        return _context(_leaf(names, key, self._name, self._key, end), key)


def self_signed(names: Sequence[str]) -> ssl.SSLContext:
    """A certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _context(_leaf(names, key, _named(names[0]), key, datetime.now(UTC) + timedelta(days=365)), key)


def _leaf(names: Sequence[str], key: Key, issuer: x509.Name, signer: Key, end: datetime) -> x509.Certificate:
    builder = _builder(_named(names[0]), issuer, key, end - timedelta(days=730), end)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return builder.add_extension(alternatives, critical=False).sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _context(certificate: x509.Certificate, key: Key) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    # The ssl module takes certificates from files only.
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(certificate.public_bytes(Encoding.PEM) + private)
        file.flush()
        context.load_cert_chain(file.name)
    return context
