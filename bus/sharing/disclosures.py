"""WHO WAS TOLD WHAT about a person, and whether what was wrong has been put right, folded from the audit. Pure.

The audit is read through: entries are looked at as they lie (`audit.Sketch`), and only those in which the person's mark stands are taken
apart. Of each delivery it is known which agreement, version, purpose, basis and fields it was made under.

A correction is *closed* for a receiver once it got a record of the subject from the correction on. Records of a subject stand in one
partition in their order, so a later record holds what is right too: nobody has to get the correcting one itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from bus.event import Record
from bus.sharing.audit import NO_EVENT, Action, Correction, Entry, Grant, Sketch, Told


class Disclosure(NamedTuple):
    """One record about the person, delivered; or one act about the person (`grant` None). `seq`: the number of the entry."""

    seq: int
    at: int
    action: Action
    actor: str
    grant: Grant | None
    topic: str
    partition: int
    offset: int
    event: bytes


class Closure(StrEnum):
    """How a correction stands with a receiver who had the wrong value."""

    reached = "reached"
    """A record of the subject from the correction on was delivered."""
    unaffected = "unaffected"
    """The correction was read for this agreement, and nothing that it grants was other than before."""
    ended = "ended"
    """The agreement came to an end before."""
    waiting = "waiting"


class Receiver(NamedTuple):
    """An agreement that had delivered what a correction put right. `told`: when (ms) and in which entry the wrong value went out last;
    `right_at`: when the right one did."""

    agreement: str
    consumer: str
    told_at: int
    told_seq: int
    standing: Closure
    right_at: int | None


class Righted(NamedTuple):
    """A correction, with every receiver of the wrong value."""

    event: bytes
    at: int
    receivers: list[Receiver]


def disclosures(entries: Iterable[Record], marks: Collection[bytes]) -> Iterator[Disclosure]:
    """All that was delivered or done about the person with these marks, in the order of the audit. Raises `DecodeRefused`."""
    for seq, record in enumerate(entries):
        sketch = Sketch.read(record)
        if not any(mark in sketch.packed for mark in marks):
            continue
        entry = sketch.entry()
        for told in entry.told:
            if told.mark in marks:
                yield _disclosure(seq, entry, told)


def closures(
    read: Iterable[Record], again: Iterable[Record], marks: Collection[bytes] | None = None, ended: Collection[str] = ()
) -> list[Righted]:
    """Every correction that the audit tells of, of all persons or of the one with these `marks`, the first first. The audit is read twice
    (`read`, `again`), so that no more is held than what the corrections are about. `ended`: the agreements that were revoked or have run
    out."""
    known = _Known(marks, ended)
    for record in read:
        known.corrections(Sketch.read(record))
    for seq, record in enumerate(again):
        known.deliveries(seq, Sketch.read(record))
    return [known.righted(place) for place in known.found]


_Place = tuple[str, int, int]  # topic, partition, offset


class _Delivered(NamedTuple):
    seq: int
    at: int
    offset: int
    event: bytes


@dataclass(slots=True)
class _Known:
    """What the corrections need: for each agreement its deliveries of the subjects concerned, and what it has read."""

    of: Collection[bytes] | None
    ended: Collection[str]
    found: dict[_Place, tuple[Correction, int]] = field(default_factory=dict)
    marks: set[bytes] = field(default_factory=set)
    wrong: set[bytes] = field(default_factory=set)
    delivered: dict[str, dict[bytes, list[_Delivered]]] = field(default_factory=dict)
    consumers: dict[str, str] = field(default_factory=dict)
    read_by: dict[_Place, set[str]] = field(default_factory=dict)

    def corrections(self, sketch: Sketch) -> None:
        """What is corrected, from an entry of whatever agreement."""
        if not sketch.said.get("corrections"):
            return
        entry = sketch.entry()
        if entry.span is None:
            return
        for each in entry.corrections:
            if self.of is None or each.mark in self.of:
                place = entry.span.topic, entry.span.partition, each.offset
                self.found.setdefault(place, (each, entry.at))
                self.read_by.setdefault(place, set()).add(entry.agreement)
                self.marks.add(each.mark)
                self.wrong.update(each.wrong)

    def deliveries(self, seq: int, sketch: Sketch) -> None:
        """Who got what of the subjects concerned."""
        agreement = sketch.said.get("agreement", "")
        if not sketch.packed:
            return
        entry = sketch.entry()
        if entry.grant is None:
            return
        self.consumers[agreement] = entry.grant.consumer
        for told in entry.told:
            if told.mark in self.marks or told.event in self.wrong:
                self.marks.add(told.mark)  # a ruling may put right what was said of another subject: what comes to that one counts
                of = self.delivered.setdefault(agreement, {}).setdefault(told.mark, [])
                of.append(_Delivered(seq, entry.at, told.offset, told.event))

    def righted(self, place: _Place) -> Righted:
        """How the correction that stands there is with each receiver of what was wrong."""
        correction, at = self.found[place]
        receivers = []
        for agreement, by_mark in sorted(self.delivered.items()):
            for mark, of in by_mark.items():
                if (told := _wrong(correction, mark, of)) is not None:
                    read = mark == correction.mark and agreement in self.read_by[place]
                    receivers.append(self._receiver(agreement, correction, mark, of, told, read))
        return Righted(correction.event, at, receivers)

    def _receiver(
        self, agreement: str, correction: Correction, mark: bytes, of: list[_Delivered], told: _Delivered, read: bool
    ) -> Receiver:
        since = correction.offset if mark == correction.mark else told.offset + 1
        right = next((each.at for each in of if each.offset >= since and each.seq >= told.seq), None)
        standing = Closure.reached if right is not None else Closure.unaffected if read else Closure.waiting
        if standing is Closure.waiting and agreement in self.ended:
            standing = Closure.ended
        return Receiver(agreement, self.consumers[agreement], told.at, told.seq, standing, right)


def _wrong(correction: Correction, mark: bytes, of: list[_Delivered]) -> _Delivered | None:
    """The delivery, the last, of what a correction put right: the events it names, else what was said of the subject before it."""
    if correction.wrong:
        return next((each for each in reversed(of) if each.event in correction.wrong), None)
    if mark != correction.mark:
        return None
    return next((each for each in reversed(of) if each.offset < correction.offset and each.event != NO_EVENT), None)


def _disclosure(seq: int, entry: Entry, told: Told) -> Disclosure:
    topic, partition = (entry.span.topic, entry.span.partition) if entry.span else ("", 0)
    return Disclosure(seq, entry.at, entry.action, entry.actor, entry.grant, topic, partition, told.offset, told.event)
