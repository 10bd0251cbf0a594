"""Is anything left behind these positions? Offsets do not tell: marks of transactions and aborted records occupy some."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import kafka.errors as of_kafka
from kafka.structs import TopicPartition

from bus.errors import BusError, Unreachable
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.clients import make_consumer
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.kafka.settings import ClientSettings

_STALLED_S = 60.0
_BYTES = 65_536  # only the first record of each partition is wanted


def first_times(settings: ClientSettings, spans: Mapping[TopicPartition, tuple[int, int]]) -> dict[TopicPartition, int]:
    """The time (ms) of the first committed record of each span (first offset, after the last); spans without one are left out.

    One consumer for all of them, since opening one takes longer than reading. Raises Unreachable when nothing moves for a minute.
    """
    if not spans:
        return {}
    lane = Lane("kafka waiting")
    consumer: Any = None
    try:
        consumer = lane.run(lambda: make_consumer(settings, None, _BYTES), _STALLED_S, "connecting")
        return lane.run(lambda: _look(consumer, spans), _STALLED_S, "looking for records")
    except of_kafka.KafkaError as error:
        raise cause(error, "looking for records") from error
    finally:
        if consumer is not None:
            with contextlib.suppress(of_kafka.KafkaError, BusError):  # nothing depends on its goodbye
                lane.run(lambda: consumer.close(timeout_ms=2000), 5, "closing")
        lane.close()


def _look(consumer: Any, spans: Mapping[TopicPartition, tuple[int, int]]) -> dict[TopicPartition, int]:
    consumer.assign(list(spans))
    for place, (begin, _) in spans.items():
        consumer.seek(place, begin)
    found: dict[TopicPartition, int] = {}
    open_ = set(spans)
    deadline = time.monotonic() + _STALLED_S - 5
    while open_:
        for place, records in consumer.poll(20, 500).items():
            if place in open_ and records[0].offset < spans[place][1]:
                found[place] = records[0].timestamp
        passed = {place for place in open_ if place in found or (consumer.position(place, timeout_ms=10_000) or 0) >= spans[place][1]}
        consumer.pause(*passed)
        open_ -= passed
        if time.monotonic() > deadline:
            raise Unreachable("Kafka does not hand out what it holds.", "Kafka 未返回所存记录。", place=next(iter(open_)).topic)
    return found
