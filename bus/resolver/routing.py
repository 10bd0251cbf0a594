"""Keys of the resolver's own topics, and which partition they go to. Pure.

    internal.resident, internal.dwelling   subject, statement, via     value: the statement as it stands in canonical.*; none: withdrawn
                                           subject, tag, id            value: what else is to be known of the subject (one byte: tag)
    internal.alias                         alias, statement, via       value: see `bus.resolver.alias`
                                           alias, LOOK                value: which aliases are to be decided on now
    internal.evidence                      key, statement, via         value: see `bus.resolver.evidence`
                                           pair, TOGETHER, via         value: see `bus.resolver.pairs`
                                           key, LOOK, offset           value: which keys are to be looked at now
    internal.pending                       statement[, key]            value: the statement; with a key: its candidates under that key
                                           statement, PERSON           value: whom a person held it to be about; empty: nobody known
                                           statement, LOOK             nothing new, but decide anew
    internal.decision                      statement or ruling         value: see `bus.resolver.join`, `bus.resolver.rulings`
    internal.link                          statement, tag, id[, via]   value: see `bus.resolver.linking` (one byte: tag)

Each part has 16 bytes, and the first says to which partition a record goes (`BY_OWNER`). `via` says which decision sent it (empty:
identify itself), so that a record has one writer only: what one decision withdraws never takes away what another has just sent.
"""

from __future__ import annotations

from bus.event import BY_OWNER, OWNER_BYTES, Batch, Headers, Output, Record
from bus.eventlog import topics

ID_BYTES = OWNER_BYTES
PERSON = b"person".ljust(ID_BYTES, b"\0")
"""In place of a key of evidence: what a person decided."""
LOOK = b"look".ljust(ID_BYTES, b"\0")
"""In place of a key of evidence: the statement is to be decided on anew, under the weights as they are now. In place of a statement that
goes by an alias, or claims something under a key: decide on those that wait."""
MEANT = b"meant".ljust(ID_BYTES, b"\0")
"""In place of a stronger alias: whom the group of a statement without a number means, by what is known of that statement."""
HELD = b"held".ljust(ID_BYTES, b"\0")
"""In place of a stronger alias: that the statement is not to be taken for what the alias means, before a person has decided."""

ASKED = b"asked".ljust(ID_BYTES, b"\0")
"""In place of a stronger alias: a statement that fits several places asks each which dwelling it means."""
ABOUT = b"a"
"""Tag at a statement as an end of links: to which subject it was sent (id: the subject, via)."""

_new = tuple.__new__  # without the detour over a constructor of its own: twice for each record that the resolver writes


class Routes:
    """Where the resolver's records go: each to its owner, by the first part of its key."""

    def about(self, entity: str, subject: bytes, statement: bytes, via: bytes, value: bytes | None, timestamp: int) -> Output:
        """A statement on its way to the subject it is about (value None: it is no longer held to be)."""
        return self._to(topics.internal(entity), subject, statement, via, value, timestamp)

    def sent(self, entity: str, subject: bytes, statement: bytes, via: bytes, value: bytes | None, timestamp: int) -> tuple[Output, Output]:
        """The same, and that it is: links that name the statement follow it."""
        word = None if value is None else letter(entity)
        at_link = self.on_link(statement, ABOUT, subject + via, word, timestamp)
        return self.about(entity, subject, statement, via, value, timestamp), at_link

    def told(self, entity: str, subject: bytes, tag: bytes, name: bytes, value: bytes | None, timestamp: int) -> Output:
        """What else the owner of a subject is to know."""
        return self._to(topics.internal(entity), subject, tag, name, value, timestamp)

    def on_alias(self, alias: bytes, statement: bytes, via: bytes, value: bytes | None, timestamp: int) -> Output:
        """What a statement says about an alias."""
        return self._to(topics.ALIAS, alias, statement, via, value, timestamp)

    def as_evidence(self, key: bytes, statement: bytes, via: bytes, value: bytes | None, timestamp: int) -> Output:
        """What a statement claims under a key that others may share."""
        return self._to(topics.EVIDENCE, key, statement, via, value, timestamp)

    def for_pending(self, statement: bytes, key: bytes, value: bytes | None, timestamp: int) -> Output:
        """A statement about a person without a number, or (with a key) whom it may be about."""
        return self._to(topics.PENDING, statement, key, b"", value, timestamp)

    def decision(self, statement: bytes, value: bytes | None, timestamp: int) -> Output:
        """About whom such a statement is held to be, and why."""
        return self._to(topics.DECISION, statement, b"", b"", value, timestamp)

    def on_link(self, end: bytes, tag: bytes, name: bytes, value: bytes | None, timestamp: int, headers: Headers = ()) -> Output:
        """What the owner of a statement that is an end of links is to know."""
        return self._to(topics.LINK, end, tag, name, value, timestamp, headers)

    def _to(
        self, topic: str, owner: bytes, statement: bytes, via: bytes, value: bytes | None, timestamp: int, headers: Headers = ()
    ) -> Output:
        return _new(Output, (topic, _new(Record, (owner + statement + via, value, timestamp, headers)), BY_OWNER))


def letter(entity: str) -> bytes:
    """An entity in one byte."""
    return entity[:1].encode()


def owners(batch: Batch) -> set[bytes]:
    """The first parts of the keys of these records: whose owner they were sent to, and what its view keeps things under."""
    return {record.key[:ID_BYTES] for record in batch.records if record.key is not None}


def split(key: bytes) -> tuple[bytes, bytes]:
    """(subject or alias, the rest) of such a key."""
    return key[:ID_BYTES], key[ID_BYTES:]
