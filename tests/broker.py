"""The real Apache Kafka of the tests: one for the whole run, started when it is first asked for, stopped at the end.

from tests.broker import broker, running_broker, stock_read
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.kafka.dev import ADMIN_PASSWORD, HERE, DevBroker

SECURED = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512"}
ADMIN = {**SECURED, "sasl.username": "admin", "sasl.password": ADMIN_PASSWORD}


@cache
def broker() -> DevBroker:
    """The broker of this run. `broker().secured` is where credentials are asked for (settings ADMIN).

    Fails with one line naming the package when Java or Maven is missing.
    """
    subprocess.run(["sh", str(HERE / "fetch.sh")], check=True)
    data = Path(tempfile.mkdtemp(prefix="civicbus-test-kafka-"))
    started = DevBroker(data, quick=True)
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    atexit.register(started.kill)
    started.start()
    return started


def running_broker() -> str:
    """Its HOST:PORT."""
    return broker().bootstrap


class StockRecord(NamedTuple):
    """A record as a stock client sees it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: tuple[tuple[str, bytes], ...]


def stock_read(
    topic: str, bootstrap: str | None = None, settings: Mapping[str, str] | None = None, within_s: float = 30
) -> list[StockRecord]:
    """All committed records of a topic (with its namespace prefix) in the order of partition and offset, read by confluent-kafka:
    another client than the one under test, as any subscriber would use."""
    return [each for _, each in stock_read_all([topic], bootstrap, settings, within_s)]


def stock_read_all(
    topics: Sequence[str], bootstrap: str | None = None, settings: Mapping[str, str] | None = None, within_s: float = 30
) -> list[tuple[str, StockRecord]]:
    """The same of several topics, with the topic of each, by one consumer."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap or running_broker(),
            "group.id": "stock-client-without-a-group",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            **(settings or {}),
        }
    )
    try:
        known = consumer.list_topics(timeout=10).topics
        places = [TopicPartition(topic, number, OFFSET_BEGINNING) for topic in topics for number in known[topic].partitions]
        consumer.assign(places)
        return sorted(_until_the_end(consumer, len(places), time.monotonic() + within_s))
    finally:
        consumer.close()


def stock_topics(prefix: str) -> list[str]:
    """The topics that begin so, as a stock client lists them."""
    client = AdminClient({"bootstrap.servers": running_broker()})
    return sorted(name for name in client.list_topics(timeout=10).topics if name.startswith(prefix))


def _until_the_end(consumer: Consumer, partitions: int, deadline: float) -> list[tuple[str, StockRecord]]:
    found: list[tuple[str, StockRecord]] = []
    at_end: set[tuple[str, int]] = set()
    while len(at_end) < partitions:
        assert time.monotonic() < deadline, "the stock client did not come to the end of the topic"
        for message in consumer.consume(1000, 0.2):
            problem, place = message.error(), (message.topic(), message.partition())
            if problem is None:
                at_end.discard(place)
                found.append((message.topic(), _stock_record(message)))
            elif problem.code() == KafkaError._PARTITION_EOF:
                at_end.add(place)
            else:
                raise AssertionError(problem)
    return found


def _stock_record(message: object) -> StockRecord:
    partition, offset, key, value = message.partition(), message.offset(), message.key(), message.value()  # type: ignore[attr-defined]
    headers = tuple(message.headers() or ())  # type: ignore[attr-defined]
    return StockRecord(partition, offset, key, value, message.timestamp()[1], headers)  # type: ignore[attr-defined]
