"""THE LINKS OF ANOTHER TIME: what was said of them by then, between whom the rows of then put them.

A link began on the day that its row states, and an end takes effect on its own: a lease that was cancelled in August lasted in July. Its
ends are whom its row named when it said so; to whom those statements belong is told by `bus.resolver.past`. What the links of that time
come to is decided as for today (`bus.resolver.links`), as it was on the day that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.ends import said_of
from bus.resolver.history import Times, at
from bus.resolver.identify import own_subject
from bus.resolver.linked import flags_of, households_of, is_gone
from bus.resolver.linking import GONE, VAGUE
from bus.resolver.links import SPOUSE, Link, Stated, day_of, links
from bus.resolver.past import Past
from bus.resolver.survivorship import Master, Statement
from bus.resolver.versions import Versions

ENTITIES = ("residency_link", "lease", "marriage")
"""What links are made of."""
Merge = Callable[[Sequence[Statement]], Master]


def ends_of(entity: str, said: Mapping[str, Any], keys: KeyRing) -> set[bytes]:
    """The statements that a statement about links names."""
    return {end for each in said_of(entity, b"", said, 0, keys) for end in each.ends}


class _Named(NamedTuple):
    """A link as the version that answers named it: its ends, what is said of it, when that was published (ms)."""

    ends: tuple[bytes, ...]
    said: Stated
    at: int

    @property
    def of_person(self) -> bool:
        """Whether a person's file keeps it, so that its last end is a person; else a dwelling's does."""
        return self.said.kind == SPOUSE or self.said.entity == "dwelling"


class PastLinks:
    """The links of files as they were. `past`, `merge`: by entity; `versions`: of `ENTITIES`, by what they name (`ends_of`)."""

    def __init__(self, past: Mapping[str, Past], versions: Mapping[str, Versions], merge: Mapping[str, Merge], keys: KeyRing) -> None:
        self._past, self._versions, self._merge, self._keys = past, versions, merge, keys

    def then(self, entity: str, subject: bytes, times: Times) -> list[Link]:
        """The links in the file of a subject, in one order."""
        if entity == "resident":
            return self._of_person(subject, times)
        named = list(self._named(entity, subject, times))
        own = [each.said for each in named if not each.of_person and self._whose(entity, each, -1, times) == subject]
        found = links(own, day=times.day)
        persons = {whose for each in named if each.of_person and (whose := self._whose("resident", each, -1, times))}
        for person in persons:
            found += [
                each._replace(entity="resident", other=person.hex())
                for each in self._of_person(person, times)
                if each.entity == entity and each.other == subject.hex()
            ]
        return sorted(found, key=lambda link: (link.kind, link.from_on or "", link.other or "", link.event_id))

    def _of_person(self, person: bytes, times: Times) -> list[Link]:
        master = self._master("resident", person, times)
        said = households_of(master) if master else []
        for each in self._named("resident", person, times):
            if each.of_person and self._whose("resident", each, -1, times) == person:
                said.append(self._with_other(each, times))
        return links(said, dead=master is not None and is_gone("resident", master), day=times.day)

    def _named(self, entity: str, subject: bytes, times: Times) -> Iterator[_Named]:
        """The links that may be of a subject: those that name a statement which is or was about it."""
        ends = self._past[entity].ever_said(subject)
        for name, versions in self._versions.items():
            for key, of in versions.of((), ends).items():
                if (version := at(of, times, partial(self._since, name))) is None:
                    continue
                for each in said_of(name, key, version.said, version.known_from, self._keys):
                    if isinstance(each.value, Stated) and not ends.isdisjoint(each.ends):
                        yield _Named(each.ends, as_it_was(each.value, version.said, times.day), version.known_from)

    def _since(self, entity: str, version: Statement) -> str | None:
        """Since when a link is as a version says: since it began, if that is stated."""
        said = said_of(entity, version.key, version.said, version.known_from, self._keys)
        return next((each.value.from_on for each in said), None) or version.valid_from

    def _whose(self, entity: str, link: _Named, end: int, times: Times) -> bytes | None:
        """About whom one end of a link was. For a day, as the row had it that stated the link; else as its row had it last."""
        return self._past[entity].whose(link.ends[end], link.at if times.as_of else None, times)

    def _with_other(self, link: _Named, times: Times) -> Stated:
        """What is said, with the other end."""
        entity = link.said.entity
        other = self._whose(entity, link, 0, times) if len(link.ends) > 1 else None
        if other is None:
            return link.said
        master = self._master(entity, other, times)
        if master:
            flags = flags_of(entity, other, master, is_gone(entity, master), self._keys)
        else:
            flags = VAGUE * (other == own_subject(self._keys, link.ends[0]))
        return link.said._replace(other=other.hex(), vague=bool(flags & VAGUE), gone=bool(flags & GONE))

    def _master(self, entity: str, subject: bytes, times: Times) -> Master | None:
        said = self._past[entity].then(subject, times).statements
        return self._merge[entity](said) if said else None


def as_it_was(said: Stated, of: Mapping[str, Any], day: str | None) -> Stated:
    """What is said of a link, by a version of a statement, as it was on a day (ISO 8601; None: now). It ended on the day that is stated, at
    the latest when it was said; before that it lasted."""
    if day is None or said.state != "ended":
        return said
    ended = min(each for each in (said.until_on, of.get("updated_at") or day_of(said.known_from)) if each)[: len(day)]
    return said._replace(state="live") if ended > day[: len(ended)] else said
