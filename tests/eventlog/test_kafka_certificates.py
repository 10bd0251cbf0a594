"""A broker whose certificate is not to be believed is not talked to, and the error says what is wrong with it and what to do."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from bus.errors import BusError, Unreachable
from bus.eventlog.kafka import KafkaLog, Probed, probe
from tests.eventlog.certificates import Authority, showing


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def knocked(certificate: Path, trusted: Path | None) -> tuple[Probed, BusError]:
    """What the probe says of a broker that shows it, and with what the log is refused. `trusted`: None for those of the system."""
    settings = {"security.protocol": "SSL", "ssl.ca.location": str(trusted or "")}
    with showing(certificate) as address:
        with pytest.raises(Unreachable) as caught:
            KafkaLog(address, "n", settings)
        return probe(address, settings), caught.value


def assert_named(certificate: Path, trusted: Path | None, code: str, english: str, chinese: str, cure: str) -> None:
    found, error = knocked(certificate, trusted)
    assert found.code == code
    assert english in error.message and chinese in error.message_zh and cure in error.hint


def test_a_certificate_for_another_host_is_named(tmp_path: Path, authority: Authority) -> None:
    other = authority.signed(tmp_path, [x509.DNSName("kafka.elsewhere.example")])
    assert_named(other, authority.own(tmp_path), "certificate_name", "another host", "主机名不符", "subjectAltName")


def test_a_certificate_that_is_over_is_named(tmp_path: Path, authority: Authority) -> None:
    over = authority.signed(tmp_path, days=(-9, -2))
    assert_named(over, authority.own(tmp_path), "certificate_expired", "has expired", "已过期", "clock")


def test_a_certificate_that_is_not_valid_yet_is_named(tmp_path: Path, authority: Authority) -> None:
    early = authority.signed(tmp_path, days=(2, 9))
    assert_named(early, authority.own(tmp_path), "certificate_expired", "not yet valid", "尚未生效", "clock")


def test_a_certificate_of_an_authority_that_is_not_trusted_is_named(tmp_path: Path, authority: Authority) -> None:
    good, same_name = authority.signed(tmp_path), Authority().own(tmp_path)
    for trusted in (None, same_name):
        assert_named(good, trusted, "certificate_authority", "not trusted here", "不信任", "ssl.ca.location")


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_broker_that_wants_a_certificate_of_the_client_is_not_said_to_be_no_kafka(
    tmp_path: Path, authority: Authority, newest: ssl.TLSVersion
) -> None:
    trusted, foreign = authority.own(tmp_path), Authority()
    settings = {"security.protocol": "SSL", "ssl.ca.location": str(trusted)}
    with showing(authority.signed(tmp_path), trusted, newest) as address:
        without = probe(address, settings)
        with_another = probe(address, {**settings, "ssl.certificate.location": str(foreign.signed(tmp_path))})
        with_its_own = probe(address, {**settings, "ssl.certificate.location": str(authority.signed(tmp_path))})

    assert [each.code for each in (without, with_another, with_its_own)] == ["certificate_wanted", "certificate_refused", "not_kafka"]
    assert without.error is not None and "ssl.certificate.location" in without.error.hint and "客户端证书" in without.error.message_zh


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_broker_that_speaks_only_an_old_tls_is_not_said_to_speak_none(tmp_path: Path, authority: Authority) -> None:
    with showing(authority.signed(tmp_path), newest=ssl.TLSVersion.TLSv1_1) as address:
        found = probe(address, {"security.protocol": "SSL", "ssl.ca.location": str(authority.own(tmp_path))})

    assert found.code == "tls_version"
    assert found.error is not None and "TLSv1.2" in found.error.hint


def test_where_no_tls_is_spoken_that_is_said(tmp_path: Path, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_in_the_open() -> None:
            link, _ = server.accept()
            with link:
                link.recv(64)
                link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer_in_the_open, daemon=True).start()
        settings = {"security.protocol": "SSL", "ssl.ca.location": str(authority.own(tmp_path))}
        assert probe(f"localhost:{server.getsockname()[1]}", settings).code == "tls"


def test_of_several_addresses_each_is_asked_and_the_error_says_what_the_others_said(tmp_path: Path, authority: Authority) -> None:
    settings = {"security.protocol": "SSL", "ssl.ca.location": str(authority.own(tmp_path))}
    with showing(authority.signed(tmp_path, [x509.DNSName("kafka.elsewhere.example")])) as address:
        found = probe(f"127.0.0.1:1,{address}", settings)

    assert (found.code, [each.code for each in found.beside]) == ("certificate_name", ["refused"])
    assert found.error is not None and found.error.place == f"{address} (127.0.0.1:1: refused)"


def test_a_certificate_that_is_in_order_lets_the_talk_go_on(tmp_path: Path, authority: Authority) -> None:
    found, _ = knocked(authority.signed(tmp_path), authority.own(tmp_path))
    assert found.code == "not_kafka"
