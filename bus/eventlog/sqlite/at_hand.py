"""What was read a moment ago, for the next reader of this process that asks for the same: the agreements on one entity read the same
records, one soon after another, each at its own position."""

from __future__ import annotations

import time

import apsw

from bus.event import Batch
from bus.eventlog.sqlite.records import Lane, read

_MOST = 8000  # records
_FRESH_S = 5.0  # what was removed from the log meanwhile must not come back


class AtHand:
    """The last stretch that was read of each lane. Committed records do not change, so it is what the file would say."""

    def __init__(self) -> None:
        self._stretches: dict[Lane, tuple[float, int, int, Batch]] = {}
        self._records = 0

    def read(self, db: apsw.Connection, lane: Lane, start: int, stop: int, limit: int) -> Batch | None:
        """As `records.read`."""
        now = time.monotonic()
        if (kept := self._stretches.get(lane)) is not None:
            at, began, most, batch = kept
            whole = len(batch.offsets) == most or batch.next_offset == stop
            if began == start and most == limit and whole and now - at < _FRESH_S:
                return batch
        found = read(db, lane, start, stop, limit)
        if found is not None:
            self._records += len(found.offsets)
            if self._records > _MOST:
                self._stretches.clear()
                self._records = len(found.offsets)
            self._stretches[lane] = now, start, limit, found
        return found
