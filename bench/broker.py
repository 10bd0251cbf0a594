"""A real Kafka for the figures, on this machine, with nothing in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.dev import DevBroker


@contextmanager
def a_broker(wanted: bool) -> Iterator[DevBroker | None]:
    """A broker with its data in a temporary folder, or None when none is wanted."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-kafka-") as data:
        broker = DevBroker(Path(data))
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
