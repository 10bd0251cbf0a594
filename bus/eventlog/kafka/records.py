"""From kafka-python's records to the port's batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bus.event import Batch, Record


def as_batch(topic: str, partition: int, records: Sequence[Any]) -> Batch:
    """The batch of consecutive ConsumerRecords of one partition; a header without a value gets an empty one."""
    return Batch(
        topic,
        partition,
        [each.offset for each in records],
        [Record(each.key, each.value, each.timestamp, _headers(each.headers)) for each in records],
    )


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value or b"") for name, value in headers) if headers else ()
