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


class Scans:
    """The scans of one log. The consumer of one that came to its end reads the next: to connect takes as long as to read a short topic,
    and some commands read dozens. Scans within scans have consumers of their own."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._idle: _Client | None = None

    def of(self, topic: str, spans: Mapping[TopicPartition, tuple[int, int]], max_records: int) -> Iterator[Batch]:
        """The committed records of each span (first, after the last), one partition after another.

        Raises Unreachable when nothing moves for a minute.
        """
        client, self._idle = self._idle or _Client(), None
        try:
            client.connect(self._settings)
            for place, (begin, end) in spans.items():
                yield from client.read(topic, place, begin, end, max_records)
        except of_kafka.KafkaError as error:
            client.close()
            raise cause(error, f"reading topic {topic}") from error
        except BaseException:  # also of who asked for no more: a fetch may be under way
            client.close()
            raise
        self._keep(client)

    def close(self) -> None:
        """Give the connections up."""
        client, self._idle = self._idle, None
        if client is not None:
            client.close()

    def _keep(self, client: _Client) -> None:
        client.rest()
        self.close()
        self._idle = client


class _Client:
    """A consumer, and the lane its calls are made on."""

    def __init__(self) -> None:
        self._lane = Lane("kafka scan")
        self._consumer: Any = None

    def connect(self, settings: ClientSettings) -> None:
        """Connect, if it has not been done."""
        if self._consumer is None:
            self._consumer = self._lane.run(lambda: make_consumer(settings, None), _STALLED_S, "connecting")

    def read(self, topic: str, place: TopicPartition, begin: int, end: int, max_records: int) -> Iterator[Batch]:
        """The committed records of one span."""
        self._consumer.assign([place])
        self._consumer.seek(place, begin)
        position, moved = begin, time.monotonic()
        while position < end:
            polled, reached = self._lane.run(lambda: _poll(self._consumer, place, max_records), _STALLED_S, f"reading topic {topic}")
            records = [each for each in polled if each.offset < end]
            if records:
                yield as_batch(topic, place.partition, records)
            if reached > position:
                position, moved = reached, time.monotonic()
            elif time.monotonic() - moved > _STALLED_S:
                raise Unreachable(f"Reading topic '{topic}' does not go on.", f"读取主题“{topic}”停滞。", place=topic)

    def rest(self) -> None:
        """Let go of what was fetched beyond what was asked for."""
        self._consumer.unsubscribe()

    def close(self) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(of_kafka.KafkaError, BusError):  # nothing depends on a scan's goodbye
                self._lane.run(lambda: consumer.close(timeout_ms=2000), 5, "closing")
        self._lane.close()


def _poll(consumer: Any, place: TopicPartition, max_records: int) -> tuple[Sequence[Any], int]:
    """Records, and where the consumer stands now: after the last record lie transaction markers and aborted records, which only the
    consumer's own position passes. A short wait, because passing those is no reason for `poll` to return."""
    polled = consumer.poll(20, max_records)
    return polled.get(place, ()), consumer.position(place, timeout_ms=10_000) or 0
