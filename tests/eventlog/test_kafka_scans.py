"""Scans of one log on Kafka share a connection, and each reads what it would read alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.kafka import scan
from bus.eventlog.port import EventLog, TopicSpec
from tests.conformance.adapters import make_kafka, until

pytestmark = pytest.mark.kafka
KEYS = {topic: {b"%s %d" % (topic.encode(), number) for number in range(40)} for topic in ("one", "two", "three")}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """Three topics with forty records each."""
    made = make_kafka(tmp_path).open()
    made.create(TopicSpec(topic) for topic in KEYS)
    with made.writer("filler") as writer:
        writer.append([Output(topic, Record(key, b"value", 1_000)) for topic, keys in KEYS.items() for key in sorted(keys)])
    assert until(lambda: all(keys_of(made, topic) == keys for topic, keys in KEYS.items()))
    yield made
    made.close()


def test_scans_one_after_another_share_a_connection(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = []
    connect = scan.make_consumer
    monkeypatch.setattr(scan, "make_consumer", lambda *settings: connected.append(settings) or connect(*settings))

    for topic in (*KEYS, *KEYS):
        assert keys_of(log, topic) == KEYS[topic]
    assert connected == []  # that of the fixture's own scans


def test_a_scan_within_a_scan_takes_nothing_from_it(log: EventLog) -> None:
    found = set()
    for batch in log.scan("one", max_records=7):
        found |= {record.key for record in batch.records}
        assert keys_of(log, "two") == KEYS["two"]
        assert keys_of(log, "one") == KEYS["one"]
    assert found == KEYS["one"]


def test_a_scan_that_was_left_early_leaves_nothing_to_the_next(log: EventLog) -> None:
    for batch in log.scan("one", max_records=3):
        assert len(batch.records) <= 3
        break
    assert keys_of(log, "one") == KEYS["one"]


def test_a_scan_up_to_an_earlier_end_and_one_from_there_make_the_whole(log: EventLog) -> None:
    half = {partition: end // 2 for info in log.topics() if info.name == "one" for partition, (_, end) in info.ends.items()}

    first, rest = keys_of(log, "one", stop=half), keys_of(log, "one", start=half)
    assert first | rest == KEYS["one"]
    assert first & rest == set()
    assert first != set() != rest


def keys_of(log: EventLog, topic: str, **between: dict[int, int]) -> set[bytes | None]:
    return {record.key for batch in log.scan(topic, **between) for record in batch.records}
