"""WHAT MUST EXIST by the agreements at a time, and nothing beside it: topics, rights to read, pseudonym keys.

Pure values, for whoever makes them and for whoever compares them with what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bus.eventlog import topics
from bus.sharing.lifecycle import Standing


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
    """All that must exist at a time (ms), by agreement. Suspended: nobody reads. Ended: the topic is gone, or kept and read by nobody."""
    return [needed for standing in sorted(standings, key=lambda each: each.id) for needed in _of(standing, at)]


def _of(standing: Standing, at: int) -> list[Required]:
    if standing.holding is None:
        return []
    agreement, state = standing.holding.agreement, standing.kept(at)
    topic = ShareTopic(topics.share(agreement.id), agreement.retention_days)
    if state in ("revoked", "expired"):
        return [topic] if agreement.on_end == "keep-closed" else []
    readers = agreement.subscribers if state == "active" else ()
    rights = [MayRead(principal, topic.topic, f"{topic.topic}.{principal}.") for principal in readers]
    return [topic, *rights, PseudonymKey(agreement.id)]
