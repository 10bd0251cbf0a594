"""Fourth step, for people without a number: whom is the statement about? internal.pending → internal.resident, internal.decision

All evidence about a statement comes to the owner of the statement. Exactly one person fits: the statement is about him. Several: it stays a
subject of its own and waits in the queue for somebody to look. None: a subject of its own. Each decision is kept with its evidence, and
is made anew when the evidence changes; it depends on the statement and the evidence alone, never on their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from bus.event import Batch, Output
from bus.keys import KeyRing
from bus.resolver.identify import own_subject
from bus.resolver.routing import ID_BYTES, PERSON, Routes, split
from bus.sealing import row_hash
from bus.step import View

JOINED, DOUBTFUL, ALONE = "joined", "doubtful", "alone"
_SAID, _SENT = b"", b"sent"
_STAMP = 8


class Decision(NamedTuple):
    """About whom a statement is. `subject`: None for itself; `evidence`: subject (hex) → the kinds of evidence for it, in order."""

    verdict: str
    subject: bytes | None
    evidence: dict[str, list[str]]


def decide(found: Mapping[bytes, bytes]) -> Decision:
    """`found`: key → "kind:" and the candidates under it (16 bytes each). Every key that names one narrows: a phone that father and son
    share names both, the household of one of them decides. Where two keys contradict each other, it is for a person to decide."""
    by_kind: dict[bytes, set[str]] = {}
    left: set[bytes] | None = None
    for value in found.values():
        kind, _, packed = value.partition(b":")
        named = {packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)}
        left = named if left is None else left & named
        for subject in named:
            by_kind.setdefault(subject, set()).add(kind.decode())
    evidence = {subject.hex(): sorted(kinds) for subject, kinds in sorted(by_kind.items())}
    if left is None:
        return Decision(ALONE, None, evidence)
    return Decision(JOINED, next(iter(left)), evidence) if len(left) == 1 else Decision(DOUBTFUL, None, evidence)


def by_person(to: bytes) -> Decision:
    """What a person decided: whom it is about, or (empty) that nobody known is meant."""
    return Decision(JOINED, to, {to.hex(): ["person"]}) if to else Decision(ALONE, None, {})


class Join:
    """The decision of the step."""

    def __init__(self, keys: KeyRing, routes: Routes) -> None:
        self._keys, self._routes = keys, routes

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send each statement to whom it is about, and after him when the evidence says another."""
        outputs: list[Output] = []
        for record in batch.records:
            if record.key is None:
                continue
            statement, item = split(record.key)
            if record.value is None:
                view.delete(statement, item)
            else:
                stamp = b"" if item and item != PERSON else record.timestamp.to_bytes(_STAMP, "big")
                view.put(statement, item, stamp + record.value)
            outputs += self._settled(statement, view, record.timestamp)
        return outputs

    def _settled(self, statement: bytes, view: View, timestamp: int) -> list[Output]:
        """What is to be said that was not said before."""
        items = view.items(statement)
        said, sent, ruled = items.pop(_SAID, None), items.pop(_SENT, None), items.pop(PERSON, None)
        known = None if said is None else decide(items) if ruled is None else by_person(ruled[_STAMP:])
        now = None if known is None or said is None else self._subject(statement, known) + row_hash(self._keys, said) + _record(known)
        if now == sent:
            return []
        outputs = []
        if sent is not None and (now is None or now[:16] != sent[:16]):
            outputs.append(self._routes.about("resident", sent[:16], statement, statement, None, timestamp))
        if said is None or known is None or now is None:
            view.delete(statement, _SENT)
            return [*outputs, self._routes.decision(statement, None, timestamp)]
        when = int.from_bytes(said[:_STAMP], "big")
        if sent is None or now[:32] != sent[:32]:
            outputs.append(self._routes.about("resident", now[:16], statement, statement, said[_STAMP:], when))
        if sent is None or now[32:] != sent[32:]:
            outputs.append(self._routes.decision(statement, now[32:], when))
        view.put(statement, _SENT, now)
        return outputs

    def _subject(self, statement: bytes, known: Decision) -> bytes:
        return known.subject or own_subject(self._keys, statement)


def _record(known: Decision) -> bytes:
    """The decision as it stands in the log."""
    subject = known.subject.hex() if known.subject else None
    return json.dumps({"verdict": known.verdict, "subject": subject, "evidence": known.evidence}, sort_keys=True).encode()
