"""Settings of the Kafka client, by the names that Kafka's own clients use, checked once."""

from __future__ import annotations

import difflib
import re
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bus.errors import ConfigRefused, WrongUse

_DEFAULTS: Mapping[str, str] = {
    "security.protocol": "PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "",
    "sasl.password": "",
    "ssl.ca.location": "",
    "ssl.certificate.location": "",
    "ssl.key.location": "",
    "ssl.key.password": "",
    "session.timeout.ms": "10000",
    "max.poll.interval.ms": "300000",
    "transaction.timeout.ms": "30000",
    "delivery.timeout.ms": "20000",
    "request.timeout.ms": "10000",
    "replication.factor": "0",
    "instance": "",
    "lock.dir": "",
}
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# kafka-python does not escape "," and "=" in a SCRAM user name (RFC 5802 section 5.1), so they are refused.
_USER = re.compile(r"[A-Za-z0-9._-]+")
_NAMESPACE = re.compile(r"[a-zA-Z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to reach one Kafka. Times are in ms; `replication_factor` 0 means as many copies as brokers allow, up to three."""

    bootstrap: tuple[str, ...]
    namespace: str
    protocol: str
    mechanism: str
    username: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)
    shows_certificate: bool
    session_timeout: int
    max_poll_interval: int
    transaction_timeout: int
    delivery_timeout: int
    request_timeout: int
    replication_factor: int
    instance: str
    lock_dir: Path

    @property
    def prefix(self) -> str:
        """What stands before every topic, group and transactional id: the namespace and a dot, or nothing."""
        return f"{self.namespace}." if self.namespace else ""

    def connection(self) -> dict[str, Any]:
        """What every kafka-python client is given: where, as whom, and for how long to wait."""
        common: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap),
            "security_protocol": self.protocol,
            "request_timeout_ms": self.request_timeout,
            "bootstrap_timeout_ms": self.request_timeout,
            "reconnect_backoff_max_ms": 1000,
        }
        if self.tls is not None:
            common["ssl_context"] = self.tls
        if self.protocol.startswith("SASL_"):
            common |= {"sasl_mechanism": self.mechanism, "sasl_plain_username": self.username, "sasl_plain_password": self.password}
        return common


def read_settings(bootstrap: str, namespace: str, settings: Mapping[str, str]) -> ClientSettings:
    """Check and complete settings.

    Raises WrongUse for one that does not exist or is out of range, ConfigRefused for a certificate that cannot be read.
    """
    for name in settings:
        if name not in _DEFAULTS:
            near = difflib.get_close_matches(name, _DEFAULTS, 1)
            meant, meant_zh = (f" Did you mean '{near[0]}'?", f"是否指“{near[0]}”？") if near else ("", "")
            raise WrongUse(f"Kafka has no setting '{name}' here.{meant}", f"Kafka 没有设置项“{name}”。{meant_zh}", place=name)
    if not _NAMESPACE.fullmatch(namespace):
        raise WrongUse("A namespace is up to 40 letters, digits, '_' and '-'.", "命名空间最多 40 个字母、数字、“_”或“-”。", place=namespace)
    full = {**_DEFAULTS, **settings}
    protocol = _one_of(full, "security.protocol", _PROTOCOLS)
    mechanism = _one_of(full, "sasl.mechanism", _MECHANISMS)
    if protocol.startswith("SASL_") and not (_USER.fullmatch(full["sasl.username"]) and full["sasl.password"]):
        raise WrongUse(
            "Kafka credentials need sasl.username (letters, digits, '.', '_', '-') and sasl.password.",
            "Kafka 凭据需要 sasl.username（字母、数字、“.”、“_”、“-”）和 sasl.password。",
            place="sasl.username",
        )
    read = ClientSettings(
        bootstrap=_addresses(bootstrap),
        namespace=namespace,
        protocol=protocol,
        mechanism=mechanism,
        username=full["sasl.username"],
        password=full["sasl.password"],
        tls=_tls(full) if protocol.endswith("SSL") else None,
        shows_certificate=bool(full["ssl.certificate.location"]),
        session_timeout=_number(full, "session.timeout.ms"),
        max_poll_interval=_number(full, "max.poll.interval.ms"),
        transaction_timeout=_number(full, "transaction.timeout.ms"),
        delivery_timeout=_number(full, "delivery.timeout.ms"),
        request_timeout=_number(full, "request.timeout.ms"),
        replication_factor=_number(full, "replication.factor", least=0),
        instance=full["instance"],
        lock_dir=Path(full["lock.dir"] or tempfile.gettempdir()),
    )
    # The broker would abort the transaction before the client notices that its records do not arrive.
    if not read.request_timeout < read.delivery_timeout < read.transaction_timeout:
        raise WrongUse(
            "request.timeout.ms < delivery.timeout.ms < transaction.timeout.ms must hold.",
            "须满足 request.timeout.ms < delivery.timeout.ms < transaction.timeout.ms。",
            place="delivery.timeout.ms",
        )
    return read


def _addresses(bootstrap: str) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in bootstrap.split(",") if part.strip())
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise WrongUse(f"'{address}' is not HOST:PORT.", f"“{address}”不是 主机:端口。", place=address)
    if not addresses:
        raise WrongUse("Kafka needs at least one HOST:PORT.", "Kafka 至少需要一个 主机:端口。")
    return addresses


def _one_of(settings: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = settings[name].upper()
    if value not in allowed:
        raise WrongUse(f"{name} is one of {', '.join(allowed)}.", f"{name} 须为 {'、'.join(allowed)} 之一。", place=name)
    return value


def _number(settings: Mapping[str, str], name: str, least: int = 1) -> int:
    if not settings[name].isdigit() or int(settings[name]) < least:
        raise WrongUse(f"{name} is a whole number from {least}.", f"{name} 须为不小于 {least} 的整数。", place=name)
    return int(settings[name])


def _tls(settings: Mapping[str, str]) -> ssl.SSLContext:
    """Our own TLS context: kafka-python silently ignores several of its own TLS settings. TLS 1.2 or newer, host name checked."""
    try:
        context = ssl.create_default_context(cafile=settings["ssl.ca.location"] or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings["ssl.certificate.location"]:
            key = settings["ssl.key.location"] or None
            context.load_cert_chain(settings["ssl.certificate.location"], key, settings["ssl.key.password"] or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigRefused(
            f"The TLS certificate or key of the Kafka client cannot be used ({type(error).__name__}).",
            "Kafka 客户端的 TLS 证书或私钥不可用。",
            place=settings["ssl.ca.location"] or settings["ssl.certificate.location"],
        ) from error
    return context
