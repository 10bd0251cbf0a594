"""A consumer that polls in turns shorter than a join takes, on the real broker: it becomes a member, and stays one."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from typing import Any

import kafka
import pytest
from kafka.errors import NoOffsetForPartitionError

from bus.eventlog.kafka import KafkaLog
from bus.eventlog.kafka.clients import make_consumer
from bus.eventlog.kafka.joining import keep_answers
from bus.eventlog.kafka.settings import read_settings
from bus.eventlog.port import TopicSpec
from tests.broker import running_broker

pytestmark = pytest.mark.kafka


def _consumer(topic: str) -> Any:
    KafkaLog(running_broker()).create([TopicSpec(topic, 1)])
    consumer = make_consumer(read_settings(running_broker(), "", {"session.timeout.ms": "6000"}), f"g-{topic}")
    consumer.subscribe([topic])
    return consumer


def _poll(consumer: Any, timeout_ms: int) -> None:
    with contextlib.suppress(NoOffsetForPartitionError):  # a member, and nobody has committed a position there yet
        consumer.poll(timeout_ms=timeout_ms)


def _polls_shortly(consumer: Any, until: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not until() and time.monotonic() < deadline:
        _poll(consumer, 1)
        time.sleep(0.05)  # here the answer to the join comes in
    return until()


def _more_partitions(topic: str, count: int) -> None:
    admin = kafka.KafkaAdminClient(bootstrap_servers=running_broker())
    admin.create_partitions({topic: count})
    admin.close()


def test_a_naive_consumer_that_polls_shortly_may_never_become_a_member() -> None:
    """An idle broker may answer within the poll itself, so not each of them is left out."""
    assert any(_is_left_out(_consumer(f"j{uuid.uuid4().hex[:8]}")) for _ in range(5))


def _is_left_out(consumer: Any) -> bool:
    joined = _polls_shortly(consumer, lambda: bool(consumer.assignment()), within_s=3)
    consumer.close(timeout_ms=2000)
    return not joined


def test_ours_takes_the_answer_up_at_the_next_poll() -> None:
    consumer = _consumer(f"j{uuid.uuid4().hex[:8]}")
    keep_answers(consumer)
    assert _polls_shortly(consumer, lambda: bool(consumer.assignment()), within_s=20)
    consumer.close(timeout_ms=2000)


@pytest.mark.parametrize("ours", [False, True])
def test_a_join_for_new_partitions_that_ends_between_two_polls_is_not_forgotten_as_a_naive_one_is(ours: bool) -> None:
    topic = f"j{uuid.uuid4().hex[:8]}"
    consumer = _consumer(topic)
    if ours:
        keep_answers(consumer)
    while not consumer.assignment():
        _poll(consumer, 1000)
    _more_partitions(topic, 3)
    consumer._cluster.request_update()
    time.sleep(1)
    assert _polls_shortly(consumer, lambda: len(consumer.assignment()) == 3, within_s=20 if ours else 3) == ours
    consumer.close(timeout_ms=2000)
