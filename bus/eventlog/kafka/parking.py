"""A repair of kafka-python 3.0.12: what was fetched of a paused partition comes once the partition is resumed.

Its fetcher parks such records, and takes them up again only where `_next_partition_records` is None; but a fetch that was read out to its
end stays there as an object that is merely false. So they stayed parked, for ever on a topic into which nothing more came.
"""

from __future__ import annotations

from typing import Any


def keep_parked(consumer: Any) -> None:
    """Repair this consumer. Touches private names of the pinned version."""
    fetcher = consumer._fetcher
    fetched = fetcher.fetched_records

    def fetched_or_parked(*arguments: Any, **named: Any) -> Any:
        fetcher._next_partition_records = fetcher._next_partition_records or None
        return fetched(*arguments, **named)

    fetcher.fetched_records = fetched_or_parked
