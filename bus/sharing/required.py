"""WHAT MUST EXIST by the agreements at a time, and nothing beside it: topics, rights to read, pseudonym keys.

Pure values, for whoever makes them and for whoever compares them with what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple

from bus.eventlog import topics
from bus.sharing.lifecycle import CITY, Standing, texts

_DAY_MS = 86_400_000


class ShareTopic(NamedTuple):
    """A topic is there. `retention_days`: how long it keeps older records of a key."""

    topic: str
    retention_days: int


class MayRead(NamedTuple):
    """A principal may read a topic, in groups whose name begins with `groups`."""

    principal: str
    topic: str
    groups: str


class PseudonymKey(NamedTuple):
    """There is a key for the stand-ins of an agreement."""

    agreement: str


Required = ShareTopic | MayRead | PseudonymKey


def required(standings: Iterable[Standing], at: int) -> list[Required]:
    """All that must exist at a time (ms), by agreement. Suspended: nobody reads. Ended: the topic is gone at once, or kept as long as the
    agreement says, and read by nobody."""
    return [needed for standing in sorted(standings, key=lambda each: each.id) for needed in _of(standing, at)]


def ended_at(standing: Standing, at: int) -> int | None:
    """When (ms) what was applied last ended, as of a time; None while it holds or is suspended, and where nothing ever was."""
    if standing.holding is None or standing.held is None:
        return None
    state = standing.kept(at)
    if state == "revoked":
        return standing.held.at
    after = standing.holding.agreement.until + timedelta(days=1)
    return int(datetime.combine(after, time(), CITY).timestamp() * 1000) if state == "expired" else None


def readers(found: Iterable[Required]) -> list[MayRead]:
    """Only who may read."""
    return [each for each in found if isinstance(each, MayRead)]


def subscribers(standings: Iterable[Standing], at: int) -> tuple[set[str], set[str]]:
    """The principals that agreements need at a time, suspended ones too; and all that any agreement, also one before it, has ever named."""
    needed, named = set(), set()
    for standing in standings:
        for agreement in texts(standing):
            named |= set(agreement.subscribers)
        if standing.holding is not None and standing.kept(at) in ("active", "suspended"):
            needed |= set(standing.holding.agreement.subscribers)
    return needed, named


def _of(standing: Standing, at: int) -> list[Required]:
    if standing.holding is None:
        return []
    agreement, state = standing.holding.agreement, standing.kept(at)
    topic = ShareTopic(topics.share(agreement.id), agreement.retention_days)
    if (end := ended_at(standing, at)) is not None:
        return [topic] if agreement.on_end == "keep-closed" and at < end + agreement.retention_days * _DAY_MS else []
    readers = agreement.subscribers if state == "active" else ()
    rights = [MayRead(principal, topic.topic, f"{topic.topic}.{principal}.") for principal in readers]
    return [topic, *rights, PseudonymKey(agreement.id)]
