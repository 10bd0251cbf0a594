"""Fault 12 on a real cluster: a record that too few brokers could copy is not acknowledged, and no position moves past it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus.errors import BusError
from bus.event import Batch, Output, Record
from bus.eventlog.kafka import KafkaLog
from bus.eventlog.port import Reader, TopicSpec
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
            _copy_until(reader, "copied")
            before = len(_out(cluster))
            cluster.stop(2, 3)
            _copy_until(reader, "refused")
            assert len(_out(cluster)) == before, "what could not be copied to a second broker is not in the log"
            cluster.start(2, 3)
            while len(_out(cluster)) < COUNT:
                _copy_until(reader, "copied")
        assert _by_key(_out(cluster)) == _by_key([(record.key, record.value) for record in sent])
        assert sum(log.positions("copy").values()) == sum(batch.next_offset for batch in log.scan("in"))


def _copy_until(reader: Reader, wanted: str, within_s: float = 60) -> None:
    """Copy batches until one has this fate: `copied`, or `refused` by the cluster and gone back to."""
    deadline = time.monotonic() + within_s
    while (fate := _copy(reader)) != wanted:
        assert time.monotonic() < deadline, f"no batch was {wanted}; the last: {fate}"


def _copy(reader: Reader) -> str:
    batches: list[Batch] = []
    try:
        if batches := reader.poll(20, 0.5):
            reader.commit([Output("out", record) for batch in batches for record in batch.records])
    except BusError:
        _rewind(reader)
        return "refused" if batches else "unreachable"
    return "copied" if batches else "idle"


def _rewind(reader: Reader, within_s: float = 60) -> None:
    """As a step that is started again would: with the brokers away it cannot even learn where it was."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return reader.rewind()
        except BusError:
            assert time.monotonic() < deadline, "the position cannot be learnt"
            time.sleep(0.5)


def _out(cluster: ThreeBrokers) -> list[tuple[bytes | None, bytes | None]]:
    return [(record.key, record.value) for record in stock_read("three.out", cluster.bootstrap)]


def _by_key(records: list[tuple[bytes | None, bytes | None]]) -> dict[bytes | None, list[bytes | None]]:
    found: dict[bytes | None, list[bytes | None]] = {}
    for key, value in records:
        found.setdefault(key, []).append(value)
    return found
