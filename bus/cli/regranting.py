"""When the grant of an agreement has changed, its subscriber is told what is other by that, before the step goes on under the new grant.

How it is done once, whatever is killed: the change itself stands in the log, and every process of the step asks for it before each batch,
and so ends. Once none of them is alive, positions stand still. Then one process, which holds the exclusive writer of the agreement,
compares what each subject's newest record shows under both grants, in the order of their keys, and writes what is other together with how
far it came (`Mark`). Only then the step is run again. What it remembers is made anew from the log, under the new grant.

It reads the masters through once. A record that the step has not come to yet, and that has replaced an older one for good (compaction), is
looked at only when the step comes to it: where a step is far behind, a change is best made once it has caught up.
"""

from __future__ import annotations

import re
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple

from bus import account
from bus.cli import sharing
from bus.cli.context import App
from bus.cli.sharing import Lookout
from bus.errors import WrongUse
from bus.event import Output, Position, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog, Writer
from bus.sharing import audit
from bus.sharing.grant import Grant
from bus.sharing.regrant import Edition, Mark, told_anew
from bus.sharing.worker import Delivered, Delivery, Share
from bus.step import Step, View
from bus.step.memory import between

_AT = struct.Struct(">QQ")  # offset, time
_TOKEN = re.compile(rb"t[0-9a-f]{6}\.[0-9a-f]{32}")
_PATIENCE_S = 120.0  # for the processes of the former grant to end; a killed one is believed to live until its session is over
_SUBJECTS = 1000  # compared in one transaction


class Change(NamedTuple):
    """From what to what, at which time (ms)."""

    old: Share
    new: Share
    concerned: Callable[[Record], bool]
    to: Edition
    at: int


class Shared(NamedTuple):
    """A step that shares under a grant."""

    step: Step
    lookout: Lookout
    edition: Edition

    def over(self) -> bool:
        """Whether another grant holds by now, or none. Asked as often as one likes: looked up every other second."""
        return self.lookout.left(self.edition)


def step_of(app: App, name: str) -> Shared:
    """The step share.<agreement>, its subscriber having been told of all changes of the grant. Raises as `bring_up`."""
    lookout = Lookout(app, topics.entity_of(name))
    edition = bring_up(app, lookout)
    return Shared(sharing.step_of(app, lookout, edition), lookout, edition)


def bring_up(app: App, lookout: Lookout) -> Edition:
    """Tell the subscriber of all changes of the grant, if there were any: the edition that holds. Raises `NotInForce`, `WrongUse` where
    processes of the former grant do not end."""
    wanted = lookout.edition()
    if marks(app.log).get(lookout.agreement) == Mark(wanted):
        return wanted
    with app.log.writer(f"{topics.share(lookout.agreement)}.told") as writer:
        mark = marks(app.log).get(lookout.agreement)
        if mark is None:  # nothing was shared yet
            writer.append([_output(lookout.agreement, mark := Mark(wanted), lookout.changed_at())])
        if mark != Mark(wanted):
            stands = _standing_still(app, lookout, wanted)
            while mark != Mark(wanted):
                mark = _tell(app, lookout, writer, mark, mark.to or wanted, stands)
    return wanted


def _tell(app: App, lookout: Lookout, writer: Writer, mark: Mark, to: Edition, stands: Position) -> Mark:
    before, after = (sharing.grant_of(app, lookout.standing, each) for each in (mark.edition, to))
    concerned = _concerned(before, after, mark.edition[:2] == to[:2])
    at = lookout.changed_at()
    old, new = sharing.share_of(app, before, mark.edition.version, at), sharing.share_of(app, after, to.version, at)
    change = Change(old, new, concerned, to, at)
    witness, topic, first = sharing.witness(partial(audit.mark, app.keys), after, to.version), sharing.source(after.entity), mark
    for partition in range(mark.partition, sharing.partitions(app, topic)):
        done = first.done if partition == first.partition else b""
        for delivery, outputs, key in _partition(app, change, topic, partition, stands.get((topic, partition), 0), done):
            mark = Mark(mark.edition, to, partition, key)
            counted = account.delta(account.SHARE, topics.share(lookout.agreement), {"renewed": len(outputs)}, {})
            said = [*outputs, *witness(delivery), Output(topics.ACCOUNT, counted._replace(timestamp=change.at))]
            writer.append([*(said if outputs else []), _output(lookout.agreement, mark, change.at)])
    writer.append([_output(lookout.agreement, Mark(to), change.at)])
    return Mark(to)


def _partition(
    app: App, change: Change, topic: str, partition: int, end: int, done: bytes
) -> Iterator[tuple[Delivery, list[Output], bytes]]:
    """What is told of the subjects of a partition behind the key `done`: for each lot of them what was delivered, as what, and its last
    key."""
    agreement = change.new.agreement
    with _newest(app, agreement) as newest:
        for batch in between(app.log, topic, partition, 0, end):
            for offset, record in zip(batch.offsets, batch.records, strict=True):
                _remember(newest, offset, record, change.concerned)
            newest.save({})
        while keys := newest.groups(done, _SUBJECTS):
            found = [each for key in keys for each in _subject(newest, key, change)]
            done = keys[-1]
            delivered = sorted(each for _, each in found)
            span = (delivered[0].offset, delivered[-1].offset + 1) if delivered else (0, 0)
            yield Delivery(agreement, topic, partition, *span, delivered, {}, [], change.at), [output for output, _ in found], done


@contextmanager
def _newest(app: App, agreement: str) -> Iterator[View]:
    """For the newest record of each subject, on disk as long as it is needed. What one that was killed left there goes first."""
    folder = app.settings.state / "telling" / agreement
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with closing(View(folder, "newest", "")) as view:
            yield view
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remember(newest: View, offset: int, record: Record, concerned: Callable[[Record], bool]) -> None:
    key = record.key or b""
    if record.value is None:
        newest.delete(key)
    elif concerned(record):
        newest.put(key, b"", _AT.pack(offset, record.timestamp) + record.value)


def _subject(newest: View, key: bytes, change: Change) -> Iterator[tuple[Output, Delivered]]:
    kept = newest.get(key) or b""
    offset, at = _AT.unpack_from(kept)
    yield from told_anew(change.old, change.new, offset, Record(key, kept[_AT.size :], at), change.to, change.at)


def _concerned(before: Grant, after: Grant, only_watch: bool) -> Callable[[Record], bool]:
    """Which records may show something else by the change: where only the watch list did, those of whom stands there newly or no more.
    Tokens stand in a record as they are, so most need not be decoded."""
    if not only_watch:
        return lambda record: True
    differ = {name for name, _ in {*(before.watched or {}).items()} ^ {*(after.watched or {}).items()}}
    names = {name.encode() for name in differ}
    return lambda record: record.key in names or not names.isdisjoint(_TOKEN.findall(record.value or b""))


def _standing_still(app: App, lookout: Lookout, wanted: Edition) -> Position:
    """The positions of the step, once no process of it is alive. Each asks which grant holds before a batch, so none works under the former
    one from now on."""
    group, until = topics.share(lookout.agreement), time.monotonic() + _PATIENCE_S
    entity = sharing.grant_of(app, lookout.standing, wanted).entity
    ends = next(info.ends for info in app.log.topics() if info.name == sharing.source(entity))
    begin = {(sharing.source(entity), partition): first for partition, (first, _) in ends.items()}
    while True:
        stands = {**begin, **app.log.positions(group)}
        try:
            app.log.move(group, stands)
            return stands
        except WrongUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def marks(log: EventLog) -> dict[str, Mark]:
    """Agreement → how far its subscriber was told."""
    found = {}
    if any(info.name == topics.TOLD for info in log.topics()):
        for batch in log.scan(topics.TOLD):
            for record in batch.records:
                if record.key is not None and record.value is not None:
                    found[record.key.decode()] = Mark.read(record.value)
    return found


def _output(agreement: str, mark: Mark, at: int) -> Output:
    return Output(topics.TOLD, Record(agreement.encode(), mark.value(), at), 0)
