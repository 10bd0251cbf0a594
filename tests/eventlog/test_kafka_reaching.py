"""Reaching Kafka: why it cannot be, as whom, and what no log line may show. On the real broker of the tests."""

from __future__ import annotations

import logging
import socket
import threading
import time
import uuid
from collections.abc import Iterator

import kafka
import pytest
from kafka.admin import ConfigResource, ConfigResourceType, ScramMechanism, UserScramCredentialUpsertion

from bus.errors import ConfigRefused, LogRefused, Unreachable, WrongUse
from bus.event import Output, Record
from bus.eventlog.kafka import KafkaLog, probe
from bus.eventlog.kafka.clients import check_client, make_consumer, silence_secrets
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.kafka.settings import read_settings
from bus.eventlog.kafka.topics import topic_settings
from bus.eventlog.port import SLACK_MS, TopicSpec
from tests.broker import ADMIN, SECURED, broker, running_broker, stock_read

on_kafka = pytest.mark.kafka


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Something that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@on_kafka
def test_a_stock_client_reads_what_was_written_as_it_was() -> None:
    namespace = f"s{uuid.uuid4().hex[:8]}"
    log = KafkaLog(running_broker(), namespace)
    log.create([TopicSpec("a", 2)])
    with log.writer("w") as writer:
        writer.append([Output("a", Record(b"key", b"value", 1_790_000_000_000, (("hash", b"\x00\x01"),)), 1)])
    assert stock_read(f"{namespace}.a") == [(1, 0, b"key", b"value", 1_790_000_000_000, (("hash", b"\x00\x01"),))]


@on_kafka
def test_a_topic_gets_the_settings_of_how_it_is_kept() -> None:
    log = KafkaLog(running_broker(), namespace := f"s{uuid.uuid4().hex[:8]}")
    log.create([TopicSpec("ever", 1), TopicSpec("both", 1, "latest+time", 60_000)])
    admin = kafka.KafkaAdminClient(bootstrap_servers=running_broker())
    wanted = [ConfigResource(ConfigResourceType.TOPIC, f"{namespace}.{topic}") for topic in ("ever", "both")]
    described = admin.describe_configs(wanted, config_filter="all")["topic"]
    admin.close()
    ever, both = ({name: each["value"] for name, each in described[f"{namespace}.{topic}"].items()} for topic in ("ever", "both"))
    assert (ever["cleanup.policy"], ever["retention.ms"], ever["retention.bytes"]) == ("delete", "-1", "-1")
    assert (both["cleanup.policy"], both["min.compaction.lag.ms"]) == ("compact", "60000")
    assert both["max.compaction.lag.ms"] == str(60_000 + SLACK_MS)  # or a quiet topic would keep for ever what was erased
    assert (ever["max.message.bytes"], ever["max.decompressed.message.bytes"]) == ("1048576", "67108864")


def test_a_topic_kept_in_an_unknown_way_or_for_no_time_is_refused() -> None:
    for spec in (TopicSpec("t", 1, "compacted"), TopicSpec("t", 1, "time"), TopicSpec("t", 1, "latest+time")):
        with pytest.raises(WrongUse):
            topic_settings(spec, 1, bombs_refused=True)


@on_kafka
@pytest.mark.parametrize(
    ("address", "settings", "code"),
    [
        ("127.0.0.1:1", {}, "refused"),
        ("no.such.host.invalid:9092", {}, "host_unknown"),
        ("plain", {"security.protocol": "SSL"}, "tls"),
        ("secured", {}, "credentials_wanted"),
        ("secured", {**ADMIN, "sasl.password": "wrong"}, "credentials"),
        ("secured", {**ADMIN, "sasl.username": "nobody"}, "credentials"),
        ("secured", {**ADMIN, "sasl.mechanism": "PLAIN"}, "mechanism"),
        ("plain", {}, "ok"),
        ("secured", ADMIN, "ok"),
    ],
)
def test_the_cause_is_named_when_kafka_cannot_be_reached(address: str, settings: dict[str, str], code: str) -> None:
    where = {"plain": running_broker, "secured": lambda: broker().secured}.get(address, lambda: address)()
    found = probe(where, settings)
    assert found.code == code
    if code == "ok":
        assert KafkaLog(where, "n", settings).topics() == []
    else:
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            KafkaLog(where, "n", settings)
        assert time.monotonic() - began < 10
        assert found.error is not None
        assert caught.value.message == found.error.message


def test_a_host_that_takes_the_connection_and_says_nothing_is_named_so(silent_port: int) -> None:
    assert probe(f"127.0.0.1:{silent_port}").code == "no_answer"


def test_a_host_that_is_no_kafka_is_named_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def be_a_web_server() -> None:
            link, _ = server.accept()
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            link.close()

        threading.Thread(target=be_a_web_server, daemon=True).start()
        assert probe(f"127.0.0.1:{server.getsockname()[1]}").code == "not_kafka"


@on_kafka
def test_a_user_without_the_right_is_told_that_it_has_none() -> None:
    user = f"u{uuid.uuid4().hex[:8]}"
    admin = kafka.KafkaAdminClient(bootstrap_servers=running_broker())
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, b"secret")])
    admin.close()
    log = KafkaLog(broker().secured, "n", {**SECURED, "sasl.username": user, "sasl.password": "secret"})
    with pytest.raises(Unreachable, match="does not allow"):
        log.create([TopicSpec("a")])
    with pytest.raises(Unreachable, match="does not allow"):
        log.writer("w")


@on_kafka
def test_with_credentials_everything_works_as_without() -> None:
    namespace = f"s{uuid.uuid4().hex[:8]}"
    log = KafkaLog(broker().secured, namespace, ADMIN)
    log.create([TopicSpec("a", 1), TopicSpec("b", 1)])
    with log.writer("w") as writer:
        writer.append([Output("a", Record(b"k", b"v", 1))])
    with log.reader("g", ["a"]) as reader:
        batches = []
        while not batches:
            batches = reader.poll(10, 1.0)
        reader.commit([Output("b", record) for batch in batches for record in batch.records])
    assert [record.value for record in stock_read(f"{namespace}.b")] == [b"v"]


@on_kafka
def test_a_record_larger_than_the_topic_allows_is_refused_and_nothing_of_its_append_is_kept() -> None:
    log = KafkaLog(running_broker(), f"s{uuid.uuid4().hex[:8]}")
    log.create([TopicSpec("a", 1)])
    with log.writer("w") as writer:
        with pytest.raises(LogRefused):
            writer.append([Output("a", Record(b"k", b"small", 1)), Output("a", Record(b"k", b"v" * 1_100_000, 1))])
        with pytest.raises(LogRefused):  # a writer that failed takes nothing more
            writer.append([Output("a", Record(b"k", b"small", 1))])
    assert list(log.scan("a")) == []


@pytest.mark.parametrize(
    ("bootstrap", "settings"),
    [
        ("localhost", {}),
        ("localhost:0", {}),
        ("", {}),
        ("h:1", {"group.id": "x"}),
        ("h:1", {"security.protocol": "TLS"}),
        ("h:1", SECURED),
        ("h:1", {**SECURED, "sasl.username": "a,b", "sasl.password": "x"}),
        ("h:1", {"session.timeout.ms": "ten"}),
        ("h:1", {"delivery.timeout.ms": "60000"}),
    ],
)
def test_settings_that_cannot_work_are_refused(bootstrap: str, settings: dict[str, str]) -> None:
    with pytest.raises(WrongUse):
        read_settings(bootstrap, "", settings)


def test_a_misspelt_setting_is_answered_with_the_right_one() -> None:
    with pytest.raises(WrongUse, match=r"sasl\.username"):
        read_settings("h:1", "", {"sasl.user.name": "x"})


def test_a_missing_certificate_is_a_piece_of_configuration() -> None:
    with pytest.raises(ConfigRefused):
        read_settings("h:1", "", {"security.protocol": "SSL", "ssl.ca.location": "no-such-file.pem"})


def test_the_password_is_in_no_representation_of_the_settings() -> None:
    assert "hunter2" not in repr(read_settings("h:1", "", {**ADMIN, "sasl.password": "hunter2"}))


def test_without_the_c_checksum_kafka_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "crc32c", None)
    with pytest.raises(ConfigRefused, match="crc32c"):
        check_client()


@on_kafka
@pytest.mark.parametrize("group", [None, "readers"])
def test_a_consumer_sees_only_what_is_committed_moves_nothing_by_itself_and_guesses_no_position(group: str | None) -> None:
    consumer = make_consumer(read_settings(running_broker(), "", {}), group)
    settings = {name: consumer.config[name] for name in ("isolation_level", "enable_auto_commit", "auto_offset_reset")}
    consumer.close()
    assert settings == {"isolation_level": "read_committed", "enable_auto_commit": False, "auto_offset_reset": "none"}


def test_kafka_s_loggers_say_nothing_below_info_whatever_is_asked_of_them(caplog: pytest.LogCaptureFixture) -> None:
    silence_secrets()
    logger = logging.getLogger("kafka.net.connection")
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "kafka.net.connection")
    logger.debug("SaslAuthenticateRequest(auth_bytes=...)")
    logger.info("Connected")
    assert [record.message for record in caplog.records] == ["Connected"]


def test_a_call_that_does_not_come_back_is_given_up_in_time() -> None:
    lane = Lane("test")
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(Unreachable):
            lane.run(lambda: time.sleep(30), 0.2, "sleeping")
    assert time.monotonic() - began < 2
    assert lane.stuck
