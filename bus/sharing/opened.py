"""A record as all agreements on its entity see it: decoded and laid out once, whoever of them asks first.

What is each agreement's own begins behind this: `view` takes out of it what is granted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

from bus.contracts.codec import Decoder
from bus.sharing.lifecycle import CITY


class Seen(NamedTuple):
    """A record as the view sees it: `value` is decoded, `on` its day (ISO). What it holds is as a master record has it, so that of a master
    nothing is made anew: `said`: field → the `value` that holds, which `department` said it, whether it is `disputed`; None where it holds
    none. `sources`: the rows that it was made of. `links`: with their `kind`, `department`, `other` end and whether they are `current`."""

    value: Mapping[str, Any]
    said: Callable[[str], Mapping[str, Any] | None]
    sources: Sequence[Mapping[str, Any]]
    links: Sequence[Mapping[str, Any]]
    on: str


@lru_cache(maxsize=64)
def day_of(at: int) -> str:
    """The day of a time (ms), in the zone of the departments."""
    return datetime.fromtimestamp(at / 1000, CITY).date().isoformat()


Open = Callable[[bytes, int], Seen]
"""The value of a record and its time (ms) → the record. Raises `DecodeRefused`. What it returns must not be changed."""


def opening(decode: Decoder, of: Callable[[Mapping[str, Any], str], Seen], most: int = 1) -> Open:
    """For several who look at the same records one soon after another: up to `most` are kept. `of`: `of_master` or `of_statement`."""
    kept: dict[bytes, tuple[int, Seen]] = {}

    def open_(data: bytes, at: int) -> Seen:
        found = kept.get(data)
        if found is None or found[0] != at:
            if len(kept) >= most:
                kept.clear()
            found = kept[data] = at, of(decode(data)[1], day_of(at))
        return found[1]

    return open_


UNSEEN: Mapping[str, Sequence[str]] = {
    "Source": ("delivery", "file", "sheet", "row", "role", "ordinal"),
    "Field": ("event_id", "valid_from", "known_from", "rule", "agree"),
    "Link": ("entity", "dataset", "event_id", "known_from", "from_on", "until_on", "ended_by", "agree", "disputed", "share", "relation"),
}
"""What a master record says of where its values come from, and no agreement grants: it need not be decoded."""


def of_master(record: Mapping[str, Any], on: str) -> Seen:
    """A master record as the view sees it."""
    return Seen(record, record["fields"].get, record["sources"], record["links"], on)


def of_statement(said: Mapping[str, Any], on: str) -> Seen:
    """A canonical statement as the view sees it: all is said by its department."""
    source = said["source"]
    return Seen(said, partial(_said_by, said, source["department"]), (source,), (), on)


def _said_by(said: Mapping[str, Any], department: str, name: str) -> Mapping[str, Any] | None:
    value = said.get(name)
    return {"value": value, "department": department, "disputed": False} if value is not None else None
