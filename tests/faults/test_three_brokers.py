"""Fault 12 on a real cluster: a record that too few brokers could copy is not acknowledged, and no position moves past it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bus.errors import BusError
from bus.event import Batch, Output, Record
from bus.eventlog.kafka import KafkaLog
from bus.eventlog.port import EventLog, Reader, TopicSpec
from tests.broker import broker, stock_read
from tests.faults.kafka_worker import SETTINGS
from tests.faults.three_brokers import ThreeBrokers

pytestmark = pytest.mark.kafka

COUNT = 200


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ThreeBrokers]:
    broker()  # fetches the jars
    with ThreeBrokers(tmp_path) as started:
        yield started


def test_with_two_of_three_brokers_gone_nothing_is_committed_and_with_them_back_nothing_is_missing(cluster: ThreeBrokers) -> None:
    sent = [Record(b"key %d" % (number % 7), b"%d" % number, number) for number in range(COUNT)]
    with closing(KafkaLog(cluster.bootstrap, "three", SETTINGS)) as log:
        log.create([TopicSpec("in"), TopicSpec("out")])
        with log.writer("filler") as writer:
            writer.append([Output("in", record) for record in sent])
        with log.reader("copy", ["in"]) as reader:
            polled = _poll(reader)
            cluster.stop(2, 3)
            with pytest.raises(BusError):
                _commit(reader, polled)
        assert _out(cluster) == [], "what could not be copied to a second broker is not in the log"
        cluster.start(2, 3)
        _copy_all(log, cluster)
        assert _by_key(_out(cluster)) == _by_key([(record.key, record.value) for record in sent])
        assert sum(log.positions("copy").values()) == sum(batch.next_offset for batch in log.scan("in"))


def _poll(reader: Reader, within_s: float = 60) -> list[Batch]:
    deadline = time.monotonic() + within_s
    while not (batches := reader.poll(20, 0.5)):
        assert time.monotonic() < deadline, "nothing to read"
    return batches


def _commit(reader: Reader, batches: list[Batch]) -> None:
    reader.commit([Output("out", record) for batch in batches for record in batch.records])


def _copy_all(log: EventLog, cluster: ThreeBrokers, within_s: float = 150) -> None:
    """As a step that ends at a failure and is started again: how soon brokers that came back can be used is their affair."""
    deadline = time.monotonic() + within_s
    while len(_out(cluster)) < COUNT:
        assert time.monotonic() < deadline, "the rest was never copied"
        with suppress(BusError), log.reader("copy", ["in"]) as reader:
            while batches := reader.poll(20, 5):
                _commit(reader, batches)


def _out(cluster: ThreeBrokers) -> list[tuple[bytes | None, bytes | None]]:
    return [(record.key, record.value) for record in stock_read("three.out", cluster.bootstrap)]


def _by_key(records: list[tuple[bytes | None, bytes | None]]) -> dict[bytes | None, list[bytes | None]]:
    found: dict[bytes | None, list[bytes | None]] = {}
    for key, value in records:
        found.setdefault(key, []).append(value)
    return found
