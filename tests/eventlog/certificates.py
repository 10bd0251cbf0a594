"""Certificates as a badly kept broker shows them, and a server that shows one."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM
_HERE: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


class Authority:
    """Signs certificates of brokers."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
        ca = x509.BasicConstraints(ca=True, path_length=0)
        self._own = _made(self._name, self._name, self._key, -1, 1).add_extension(ca, True).sign(self._key, hashes.SHA256())

    def own(self, folder: Path) -> Path:
        """Its own certificate, in a file."""
        file = folder / f"ca-{self._own.serial_number}.pem"
        file.write_bytes(self._own.public_bytes(_PEM))
        return file

    def signed(self, folder: Path, names: list[x509.GeneralName] | None = None, days: tuple[int, int] = (-1, 1)) -> Path:
        """Key and certificate of a broker in one file. `names`: the hosts it is for; `days`: valid from and until, counted from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
        made = _made(subject, self._name, key, *days).add_extension(x509.SubjectAlternativeName(names or _HERE), False)
        cert = made.sign(self._key, hashes.SHA256())
        plain = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = folder / f"broker-{cert.serial_number}.pem"
        file.write_bytes(plain + cert.public_bytes(_PEM))
        return file


@contextmanager
def showing(certificate: Path, wanted: Path | None = None, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[str]:
    """The address of a server that shows this certificate to whoever comes, and then speaks no Kafka. `wanted`: the authority of whose
    certificates clients have to show one; `newest`: the newest version of TLS that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = newest
    if wanted is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(wanted)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):  # refused by the client, or the test is over
                while True:
                    link, _ = server.accept()
                    with link, suppress(OSError):
                        context.wrap_socket(link, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _made(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, first: int, last: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=first))
        .not_valid_after(now + timedelta(days=last))
    )
