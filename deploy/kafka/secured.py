"""A real Apache Kafka as a city secures it, on this machine: `make kafka SECURED=1`, and for the tests.

    python -m deploy.kafka.secured [--port 9093] [--data DIR]

TLS with certificates made here, SCRAM users, default deny (`secured.properties`). The settings of its one user, `admin`, are written
to `<data>/admin.properties`, for CIVICBUS_KAFKA_FILE.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.kafka.dev import ADMIN_PASSWORD, HERE, DevBroker, answers, run

_DAYS = 365
_PEM = serialization.Encoding.PEM


class SecuredBroker(DevBroker):
    """As `DevBroker`; clients connect to `secured`, and nobody without a user and a certificate's protection does."""

    ports_of = ("clients", "brokers", "controller")
    template = HERE / "secured.properties"
    main_port = "clients"

    @property
    def bootstrap(self) -> str:
        """Where clients connect, all of them with a user."""
        return f"localhost:{self.ports['clients']}"

    @property
    def secured(self) -> str:
        return self.bootstrap

    @property
    def ca(self) -> Path:
        """The certificate that its own is signed with."""
        return self.data / "tls" / "ca.pem"

    def client(self, user: str, password: str) -> dict[str, str]:
        """The settings of a client, by the names that Kafka's clients use."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password,
            "ssl.ca.location": str(self.ca),
        }

    def prepare(self) -> None:
        """Certificates, and the settings of the administrator, once for this data."""
        if not self.ca.exists():
            make_certificates(self.data / "tls")
        lines = [f"{name}={value}" for name, value in self.client("admin", ADMIN_PASSWORD).items()]
        _write(self.data / "admin.properties", "\n".join(lines).encode() + b"\n")

    def answers(self) -> bool:
        """Does it answer, with a certificate that is believed?"""
        return answers("localhost", self.ports["clients"], ssl.create_default_context(cafile=str(self.ca)))


def make_certificates(folder: Path) -> None:
    """A certificate authority (ca.pem) and, signed by it, key and certificate of one node for this machine (node.pem)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, node = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _named("civicbus development CA"), _named("node")
    ca = (
        _certificate(ca_name, ca_name, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    cert = _certificate(name, ca_name, node.public_key()).add_extension(names, critical=False).sign(authority, hashes.SHA256())
    key = node.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(folder / "node.pem", key + cert.public_bytes(_PEM) + ca.public_bytes(_PEM))
    _write(folder / "ca.pem", ca.public_bytes(_PEM))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
    )


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)


def _say(broker: DevBroker) -> str:
    where = broker.data / "admin.properties"
    return f"Apache Kafka is ready, secured.\nexport CIVICBUS_LOG=kafka://{broker.bootstrap} CIVICBUS_KAFKA_FILE={where}\nctrl-C stops it."


if __name__ == "__main__":
    sys.exit(run(SecuredBroker, 9093, "A real, secured Apache Kafka on this machine, to play with. ctrl-C stops it.", _say))
