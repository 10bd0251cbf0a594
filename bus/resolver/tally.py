"""How many master records there are: counted in the transactions that write them, so that nobody has to count them again. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from bus.event import Output, Record
from bus.eventlog import topics


def counted(entity: str, more: int, timestamp: int) -> list[Output]:
    """What a batch says that made `more` masters of an entity (fewer, where it is negative)."""
    said = json.dumps({"masters": more}).encode()
    return [Output(topics.TALLY, Record(entity.encode(), said, timestamp), 0)] if more else []


def fold(records: Iterable[Record]) -> Counter[str]:
    """Entity → masters, as these records say."""
    found: Counter[str] = Counter()
    for record in records:
        if record.key is not None and record.value is not None:
            found[record.key.decode()] += json.loads(record.value)["masters"]
    return found
