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


class Said(NamedTuple):
    """A value that holds, who said it, and whether it is disputed."""

    value: Any
    department: str
    disputed: bool = False


class Link(NamedTuple):
    """A link of a master record that holds now: to whom (subject; None: not known), since when."""

    kind: str
    department: str
    other: str | None
    since: str | None


class Seen(NamedTuple):
    """A record as the view sees it: `value` is decoded, `on` its day (ISO). The rest is looked up when it is asked for, as an agreement
    grants few fields of many: `said`: field → the value that holds, if any; `own_keys`: department → the keys of its rows; `links`: those
    that hold now."""

    value: Mapping[str, Any]
    said: Callable[[str], Said | None]
    own_keys: Callable[[str], Sequence[str]]
    links: Callable[[], Sequence[Link]]
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


def of_master(record: Mapping[str, Any], on: str) -> Seen:
    """A master record as the view sees it."""
    held, sources, links = record["fields"], record["sources"], record["links"]
    return Seen(record, partial(_said, held), partial(_own_keys, sources), partial(_links, links), on)


def of_statement(said: Mapping[str, Any], on: str) -> Seen:
    """A canonical statement as the view sees it: all is said by its department."""
    source = said["source"]
    return Seen(said, partial(_said_by, said, source["department"]), partial(_own_keys, (source,)), tuple, on)


def _said(held: Mapping[str, Mapping[str, Any]], name: str) -> Said | None:
    found = held.get(name)
    return Said(found["value"], found["department"], found["disputed"]) if found is not None else None


def _said_by(said: Mapping[str, Any], department: str, name: str) -> Said | None:
    value = said.get(name)
    return Said(value, department) if value is not None else None


def _own_keys(sources: Sequence[Mapping[str, Any]], department: str) -> Sequence[str]:
    return [_key(source) for source in sources if source["department"] == department]


def _links(links: Sequence[Mapping[str, Any]]) -> Sequence[Link]:
    return [Link(each["kind"], each["department"], each["other"], each["from_on"]) for each in links if each["current"]]


def _key(source: Mapping[str, Any]) -> str:
    return f"{source['dataset']}:{','.join(value for _, value in sorted(source['key'].items()))}"
