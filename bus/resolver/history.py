"""TIME: what was so on a day, and what we had been told by a time. All versions of a statement → the one that is asked for. Pure.

    known at T    the newest version published by T, as who is who is decided today: what the file would have shown then
    as of D       the newest version that the department dates on or before D. One that says no date always was so. A version that
                  *corrects* puts right what stood before it, for all times; one that *ends* takes effect on its date

Both at once: of what we knew at T, what was so on D.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bus.resolver.identity import identities
from bus.resolver.survivorship import Statement

_WRONG = frozenset({"corrected", "annulled"})


class Times(NamedTuple):
    """For when an answer is. `as_of`: ISO 8601, as precise as it is meant (2026-09, 2026-09-30); `known_at`: ms since 1970. None: now."""

    as_of: str | None = None
    known_at: int | None = None

    @property
    def are_now(self) -> bool:
        """Whether no other time than now is asked for."""
        return self.as_of is None and self.known_at is None


class Version(NamedTuple):
    """One version of a statement. `order`: bytes that rise from version to version (`identify.version_order`)."""

    order: bytes
    statement: Statement


def at(versions: Iterable[Version], times: Times) -> Statement | None:
    """The version of one statement that answers for these times; None where it was not known, or not so, yet."""
    known = [each for each in versions if times.known_at is None or each.statement.known_from <= times.known_at]
    told = [each.statement for each in sorted(set_by_order(known), key=lambda each: each.order)]
    if not told:
        return None
    if times.as_of is None:
        return told[-1]
    return _as_of(told, times.as_of)


def same_subject(entity: str, one: Statement, today: Statement) -> bool:
    """Whether a version speaks of whom the row speaks of today. A row keeps its key when it comes to name somebody else (a dwelling that
    was sold), and what it said of the other belongs in no file but his. Where one of the two names no identity, a person has to bear the
    same name."""
    names, named = (identities(entity, each.said) or () for each in (one, today))
    if names and named:
        return bool(set(names) & set(named))
    return entity != "resident" or (bool(one.said.get("name")) and one.said["name"] == today.said.get("name"))


def set_by_order(versions: Iterable[Version]) -> Iterable[Version]:
    """Each version once, however often it was handed in."""
    return {each.order: each for each in versions}.values()


def _as_of(told: Sequence[Statement], day: str) -> Statement | None:
    """`told`: versions in rising order."""
    first = max((number for number, each in enumerate(told) if each.said["operation"] in _WRONG), default=0)
    right = told[first:]
    if first and not _begun(right[0], day):  # what is corrected was so since whenever the wrong version said
        return right[0] if any(_begun(each, day) for each in told[:first]) else None
    begun = [each for each in right if _begun(each, day)]
    return begun[-1] if begun else None


def _begun(statement: Statement, day: str) -> bool:
    since = statement.valid_from
    return since is None or since[: len(day)] <= day
