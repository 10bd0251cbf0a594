"""Why can Kafka not be reached? Asked on the wire, because kafka-python says "Unable to bootstrap" to everything.

A dead host, a host that is not Kafka, TLS where none is spoken (and the other way round) or in another version, a certificate of
another name, one that is wanted of the client, a mechanism that is not offered and a wrong password each get their own text.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any, NamedTuple

from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse

from bus.errors import Unreachable
from bus.eventlog.kafka.causes import broken_tls, wrong_certificate, wrong_credentials
from bus.eventlog.kafka.settings import ClientSettings, read_settings

_WAIT_S = 5.0
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Probed(NamedTuple):
    """What was found. `code`: ok · host_unknown · no_answer · refused · not_kafka · tls · tls_version · certificate_authority ·
    certificate_name · certificate_expired · certificate_wanted · certificate_refused · credentials_wanted · mechanism · credentials.

    `brokers` are those that the cluster names (HOST:PORT), `cluster` its id; `error` says what is wrong and what to do; `beside`: what the
    other addresses said that were asked.
    """

    code: str
    place: str
    brokers: tuple[str, ...] = ()
    cluster: str = ""
    error: Unreachable | None = None
    beside: tuple[Probed, ...] = ()

    def raise_if_bad(self) -> None:
        """Raises the error, if there is one."""
        if self.error is not None:
            raise self.error


def probe(bootstrap: str, settings: Mapping[str, str] | None = None) -> Probed:
    """Knock at each address until one answers as it should; else what the most telling one said.

    Takes at most some ten seconds an address. Raises WrongUse or ConfigRefused for settings that cannot work.
    """
    return probe_settings(read_settings(bootstrap, "", settings or {}))


def probe_settings(settings: ClientSettings) -> Probed:
    """As `probe`, with settings already read."""
    found: list[Probed] = []
    for address in settings.bootstrap:
        found.append(_probe_one(address, settings))
        if found[-1].code == "ok":
            break
    # The further the talk went, the more the answer tells.
    telling = max(found, key=lambda each: _FURTHER.index(each.code))
    beside = tuple(each for each in found if each is not telling)
    if telling.error is not None and beside:
        telling.error.place += f" ({', '.join(f'{each.place}: {each.code}' for each in beside)})"
    return telling._replace(beside=beside)


_CERTIFICATE = ("certificate_authority", "certificate_name", "certificate_expired", "certificate_wanted", "certificate_refused")
_FURTHER = (
    "host_unknown",
    "no_answer",
    "refused",
    "not_kafka",
    "tls",
    "tls_version",
    *_CERTIFICATE,
    "credentials_wanted",
    "mechanism",
    "credentials",
    "ok",
)


class _Trouble(Exception):
    def __init__(self, code: str, english: str, chinese: str) -> None:
        super().__init__(code)
        self.code, self.english, self.chinese = code, english, chinese


def _probe_one(address: str, settings: ClientSettings) -> Probed:
    host, _, port = address.rpartition(":")
    try:
        with closing(_connect(host.strip("[]"), int(port), settings)) as link:
            _greet(link, settings)
            if settings.protocol.startswith("SASL_"):
                _authenticate(link, settings)
            return _cluster(link, address)
    except ssl.SSLCertVerificationError as error:
        code, refused = wrong_certificate(error, address)
        return Probed(code, address, error=refused)
    except ssl.SSLError as error:
        code, refused = broken_tls(error, address, shown=settings.shows_certificate)
        return Probed(code, address, error=refused)
    except _Trouble as trouble:
        if trouble.code == "credentials":
            return Probed(trouble.code, address, error=wrong_credentials(address))
        return Probed(trouble.code, address, error=Unreachable(trouble.english, trouble.chinese, place=address))


def _connect(host: str, port: int, settings: ClientSettings) -> socket.socket:
    try:
        link = socket.create_connection((host, port), timeout=_WAIT_S)
    except socket.gaierror as error:
        raise _Trouble("host_unknown", "No host has this name.", "找不到该主机名。") from error
    except TimeoutError as error:
        raise _Trouble("no_answer", "The host does not answer.", "主机没有应答。") from error
    except OSError as error:
        raise _Trouble(
            "refused", "Nothing listens at this address: is Kafka running?", "该地址没有服务在监听：Kafka 是否已启动？"
        ) from error
    if settings.tls is None:
        return link
    try:
        return settings.tls.wrap_socket(link, server_hostname=host)
    except OSError as error:
        if isinstance(error, ssl.SSLError) and not isinstance(error, _HUNG_UP):
            raise
        raise _Trouble("tls", "The broker does not speak TLS at this address.", "该地址的 Kafka 不使用 TLS。") from error


def _greet(link: socket.socket, settings: ClientSettings) -> None:
    try:
        _ask(link, ApiVersionsRequest[0](), ApiVersionsResponse)
    except TimeoutError as error:
        raise _Trouble("no_answer", "The host takes the connection and does not answer.", "主机接受连接但没有应答。") from error
    except (OSError, ValueError, struct.error) as error:
        if isinstance(error, ssl.SSLError) and not isinstance(error, _HUNG_UP):
            raise  # under TLS 1.3 a broker says only now that the certificate of the client is not to its liking
        hint, hint_zh = ("", "") if settings.tls else (" Perhaps it wants TLS (security.protocol).", "可能需要 TLS（security.protocol）。")
        raise _Trouble("not_kafka", f"What answers here does not speak Kafka.{hint}", f"应答者不是 Kafka。{hint_zh}") from error


def _authenticate(link: socket.socket, settings: ClientSettings) -> None:
    try:
        offered = _ask(link, SaslHandshakeRequest[1](mechanism=settings.mechanism), SaslHandshakeResponse)
        if offered.error_code:
            names = ", ".join(offered.mechanisms) or "none"
            raise _Trouble(
                "mechanism",
                f"The broker does not offer {settings.mechanism}; it offers: {names}.",
                f"Kafka 不支持 {settings.mechanism}，可用：{names}。",
            )
        talk = get_sasl_mechanism(settings.mechanism)(**settings.connection(), host="")
        while not talk.is_done():
            answer = _ask(link, SaslAuthenticateRequest[1](auth_bytes=talk.auth_bytes()), SaslAuthenticateResponse)
            if answer.error_code:
                raise _Trouble("credentials", "", "")
            talk.receive(answer.auth_bytes)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise _Trouble("credentials", "", "") from error


def _cluster(link: socket.socket, address: str) -> Probed:
    try:
        answer = _ask(link, MetadataRequest[5](topics=[], allow_auto_topic_creation=False), MetadataResponse)
    except (OSError, ValueError, struct.error) as error:
        raise _Trouble(
            "credentials_wanted",
            "The broker wants a user name and a password (security.protocol).",
            "Kafka 要求用户名和密码（security.protocol）。",
        ) from error
    return Probed("ok", address, tuple(f"{each.host}:{each.port}" for each in answer.brokers), answer.cluster_id or "")


def _ask(link: socket.socket, request: Any, response: Any) -> Any:
    """One request and its answer, in the request's version."""
    link.settimeout(_WAIT_S)
    request.with_header(correlation_id=1, client_id="civicbus-probe")
    with suppress(ConnectionError, *_HUNG_UP):  # what it said before it hung up is still to be read, and says why
        link.sendall(request.encode(framed=True, header=True))
    (size,) = struct.unpack(">i", _receive(link, 4))
    if not 4 <= size <= 1_000_000:
        raise ValueError("not a Kafka frame")
    return response[request.API_VERSION].decode(_receive(link, size), header=True)


def _receive(link: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)
