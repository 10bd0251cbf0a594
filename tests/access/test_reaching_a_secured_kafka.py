"""A secured Kafka is reached by who has its authority's certificate and a password; who has not is told which of them is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.eventlog.kafka import probe
from deploy.kafka.dev import ADMIN_PASSWORD
from deploy.kafka.secured import make_certificates
from tests.access.guarded import secured_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "ok"),
        ({"sasl.password": "wrong"}, "credentials"),
        ({"sasl.username": "nobody"}, "credentials"),
        ({"sasl.mechanism": "PLAIN"}, "mechanism"),
        ({"ssl.ca.location": "another authority"}, "certificate_authority"),
        ({"ssl.ca.location": ""}, "certificate_authority"),
        ({"security.protocol": "SSL"}, "credentials_wanted"),
        ({"security.protocol": "SASL_PLAINTEXT"}, "not_kafka"),
        ({"security.protocol": "PLAINTEXT"}, "not_kafka"),
    ],
)
def test_the_cause_is_named(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    if changed.get("ssl.ca.location"):
        make_certificates(tmp_path)
        changed = {"ssl.ca.location": str(tmp_path / "ca.pem")}
    client = {**secured_broker().client("admin", ADMIN_PASSWORD), **changed}
    found = probe(secured_broker().bootstrap, client)
    assert (found.code, found.error is None) == (code, code == "ok")


def test_the_settings_of_the_administrator_are_for_him_alone() -> None:
    assert (secured_broker().data / "admin.properties").stat().st_mode & 0o777 == 0o600
    assert (secured_broker().data / "tls" / "node.pem").stat().st_mode & 0o777 == 0o600
