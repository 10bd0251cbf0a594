"""The information barrier (信息壁垒) in figures: how many residents one, two or three departments know.

Counted by token, over `canonical.resident`: the same number of the same person is the same token in every department.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from bus.event import Batch


def departments_per_resident(batches: Iterable[Batch], decode: Callable[[bytes], dict[str, Any]]) -> Counter[frozenset[str]]:
    """Residents by the set of departments that know them; statements without a token are not counted."""
    known: dict[str, frozenset[str]] = {}
    for batch in batches:
        for record in batch.records:
            if record.value is None:
                continue
            event = decode(record.value)
            if token := event["id_token"]:
                known[token] = known.get(token, frozenset()) | {event["source"]["department"]}
    return Counter(known.values())
