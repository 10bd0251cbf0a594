"""THE FILE OF ANOTHER TIME: what had come to a subject by then. Each statement answers with one version (`bus.resolver.history`); to whom
that version belongs is as it is decided today:

- one that names an identity, to whom that identity means, also where its row has come to name somebody else since (a dwelling was sold);
- one that names none, to whom its row is about today, if it bears the same name; else to nobody: what evidence said of it then is not kept;
- rulings count as they are in force now, contradictions as they are among the versions of then.

So nothing of one person is in the file of another, and what a row said of its former owner is in hers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from bus.contracts.codec import Decoder
from bus.keys import KeyRing
from bus.resolver.history import Times, at, began_before
from bus.resolver.identify import subject_of
from bus.resolver.identity import identities
from bus.resolver.master import by_themselves, opened
from bus.resolver.rulings import settled
from bus.resolver.store import Store
from bus.resolver.subject import RULING, Arrived, Kept
from bus.resolver.survivorship import Statement
from bus.resolver.versions import Versions


class Then(NamedTuple):
    """What a file was made of, by key. `forgotten`: of how many statements of today's file an earlier version, which the log has let go of,
    may have answered."""

    statements: list[Statement]
    forgotten: int = 0


class _Come(NamedTuple):
    """What had come to a subject: statements by key. `elsewhere`: the subjects that statements of today's file named then."""

    statements: dict[bytes, Statement]
    elsewhere: set[bytes]
    forgotten: int


class _Settled(NamedTuple):
    """What stays with a subject, and what goes from there, and to whom."""

    stay: list[Statement]
    gone: list[tuple[bytes, Statement]]
    forgotten: int


def named(entity: str, said: Mapping[str, Any], keys: KeyRing) -> bytes | None:
    """The subject that goes by the strongest identity a statement names; None where it names none."""
    names = identities(entity, said)
    return subject_of(keys, entity, names[0]) if names else None


class Past:
    """The files of one entity as they were."""

    def __init__(self, entity: str, store: Store, versions: Versions, decode: Decoder, keys: KeyRing) -> None:
        self._entity, self._store, self._versions, self._decode, self._keys = entity, store, versions, decode, keys

    def then(self, subject: bytes, times: Times) -> Then:
        """What the file of a subject was made of."""
        found = self._settled(subject, times, frozenset())
        return Then(sorted(found.stay, key=lambda each: each.key), found.forgotten)

    def ever_said(self, subject: bytes) -> set[bytes]:
        """The statements that are, or once may have been, about a subject."""
        here = self._store.arrived(subject)
        today = opened(here.statements, self._decode)
        whose = {subject, *self._ruled(subject, here)}
        return {each.key for each in today} | self._versions.naming({name for each in whose for name in self._known_by(each, today)})

    def whose(self, statement: bytes, by: int | None, times: Times) -> bytes | None:
        """The subject that a statement was about in the version published last by then (ms; else in the first there is); None where
        nobody can tell. `by`: None for the newest of `times`."""
        versions = sorted(self._versions.of((statement,))[statement], key=attrgetter("order"))
        known = [each for each in versions if times.known_at is None or each.statement.known_from <= times.known_at]
        if not known:
            return None
        version = next((each for each in reversed(known) if by is None or each.statement.known_from <= by), known[0])
        holder = self._store.holder(statement)
        if version == versions[-1]:
            return holder
        named = self._names(version.statement)
        if named is None:
            return holder if self._alike(version.statement, versions[-1].statement) else None
        moved = next((to for to, each in self._settled(named, times, frozenset()).gone if each.key == statement), named)
        return self._store.joined_to(moved)

    def _settled(self, subject: bytes, times: Times, on_the_way: frozenset[bytes]) -> _Settled:
        """As the owner of the subject decides it today, from the versions of then."""
        here = self._store.arrived(subject)
        come = self._come(subject, here, times)
        pool, on_the_way = come.statements, on_the_way | {subject}
        for source in (come.elsewhere | self._ruled(subject, here)) - on_the_way:
            pool |= {each.key: each for to, each in self._settled(source, times, on_the_way).gone if to == subject}
        kept = [Kept(each.key, each.known_from, b"") for each in pool.values()]
        stay, gone = settled(subject, here._replace(statements=kept), by_themselves(list(pool.values()), self._keys))
        return _Settled([pool[each.key] for each in stay], [(to, pool[key]) for key, to in gone.items()], come.forgotten)

    def _come(self, subject: bytes, here: Arrived, times: Times) -> _Come:
        today = {each.key: each for each in opened(here.statements, self._decode)}
        come = _Come({}, set(), 0)
        forgotten = 0
        for key, versions in self._versions.of(today, self._known_by(subject, today.values())).items():
            version = at(versions, times)
            if version is None:
                forgotten += key in today and began_before(versions)
                continue
            names = self._names(version)
            if names == subject or (names is None and key in today and self._alike(version, today[key])):
                come.statements[key] = version
            elif names is not None and key in today:
                come.elsewhere.add(names)
        return come._replace(forgotten=forgotten)

    def _names(self, statement: Statement) -> bytes | None:
        """Whom a statement names, as it is understood today."""
        subject = named(self._entity, statement.said, self._keys)
        return self._store.meant(subject) if subject is not None and self._entity == "dwelling" else subject

    def _known_by(self, subject: bytes, today: Iterable[Statement]) -> set[bytes]:
        """The subjects by whose identities this one is known: its own; a dwelling has several names."""
        if self._entity != "dwelling":
            return {subject}
        names = {name for each in today for name in identities(self._entity, each.said) or ()}
        return {subject, *(alias for name in names if self._store.meant(alias := subject_of(self._keys, self._entity, name)) == subject)}

    def _alike(self, version: Statement, today: Statement) -> bool:
        """Whether a version that names no identity speaks of whom its row speaks of today. A row of a register of dwellings is about one
        dwelling; one about a person may come to be about another."""
        return self._entity == "dwelling" or (bool(version.said.get("name")) and version.said["name"] == today.said.get("name"))

    def _ruled(self, subject: bytes, here: Arrived) -> set[bytes]:
        """The subjects from which rulings sent something here; whether they are still in force is told there."""
        rulings = (self._store.ruling(each) for each in here.told.get(RULING, {}))
        return {move.subject for each in rulings if each is not None for move in each.moves if move.to == subject}
