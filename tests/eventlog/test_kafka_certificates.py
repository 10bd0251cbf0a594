"""A broker whose certificate is not to be believed is not talked to, and the error says what is wrong with it and what to do."""

from __future__ import annotations

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


def test_a_certificate_that_is_in_order_lets_the_talk_go_on(tmp_path: Path, authority: Authority) -> None:
    found, _ = knocked(authority.signed(tmp_path), authority.own(tmp_path))
    assert found.code == "not_kafka"
