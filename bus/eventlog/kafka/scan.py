"""Reading without a group, partition by partition."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import kafka.errors as of_kafka
from kafka.structs import TopicPartition

from bus.errors import BusError, Unreachable
from bus.event import Batch
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.clients import make_consumer
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.kafka.records import as_batch
from bus.eventlog.kafka.settings import ClientSettings

_STALLED_S = 60.0


def scan_topic(settings: ClientSettings, topic: str, spans: Mapping[TopicPartition, tuple[int, int]], max_records: int) -> Iterator[Batch]:
    """The committed records of each span (first, after the last), one partition after another.

    Raises Unreachable when nothing moves for a minute.
    """
    lane = Lane(f"kafka scan {topic}")
    consumer: Any = None
    try:
        consumer = lane.run(lambda: make_consumer(settings, None), _STALLED_S, "connecting")
        for place, (begin, end) in spans.items():
            yield from _scan_partition(lane, consumer, topic, place, begin, end, max_records)
    except of_kafka.KafkaError as error:
        raise cause(error, f"reading topic {topic}") from error
    finally:
        if consumer is not None:
            with contextlib.suppress(of_kafka.KafkaError, BusError):  # nothing depends on a scan's goodbye
                lane.run(lambda: consumer.close(timeout_ms=2000), 5, "closing")
        lane.close()


def _scan_partition(
    lane: Lane, consumer: Any, topic: str, place: TopicPartition, begin: int, end: int, max_records: int
) -> Iterator[Batch]:
    consumer.assign([place])
    consumer.seek(place, begin)
    position, moved = begin, time.monotonic()
    while position < end:
        polled, reached = lane.run(lambda: _poll(consumer, place, max_records), _STALLED_S, f"reading topic {topic}")
        records = [each for each in polled if each.offset < end]
        if records:
            yield as_batch(topic, place.partition, records)
        if reached > position:
            position, moved = reached, time.monotonic()
        elif time.monotonic() - moved > _STALLED_S:
            raise Unreachable(f"Reading topic '{topic}' does not go on.", f"读取主题“{topic}”停滞。", place=topic)


def _poll(consumer: Any, place: TopicPartition, max_records: int) -> tuple[Sequence[Any], int]:
    """Records, and where the consumer stands now: after the last record lie transaction markers and aborted records, which only the
    consumer's own position passes. A short wait, because passing those is no reason for `poll` to return."""
    polled = consumer.poll(20, max_records)
    return polled.get(place, ()), consumer.position(place, timeout_ms=10_000) or 0
