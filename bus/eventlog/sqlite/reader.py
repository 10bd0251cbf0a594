"""A member of a group: polls what it owns, commits outputs and positions in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import apsw

from bus import crash
from bus.errors import BusError, Overtaken
from bus.event import Batch, Output
from bus.eventlog.port import Partitions
from bus.eventlog.sqlite import group as members
from bus.eventlog.sqlite.at_hand import AtHand
from bus.eventlog.sqlite.file import SqliteFile, select
from bus.eventlog.sqlite.records import Directory, Lane, append

IDLE_S = 0.015  # between two looks at whether anything was written; a look costs microseconds
LINE = 250  # records that wait in a lane, from which on it has a line, and of lanes with one each has its turn
STAY = 100  # polls that follow each other in one lane, at most
BALANCE_S = 1.0  # between two looks at who else is there, at most; a tenth of a shorter lease


class SqliteReader:
    """`port.Reader` on SQLite. It lives by polling and committing: one that does neither for the length of its lease
    counts as dead as soon as another member looks. There is no heartbeat behind the work's back, so a worker that hangs
    loses its partitions."""

    def __init__(self, file: SqliteFile, directory: Directory, at_hand: AtHand, group: str, topics: Sequence[str], lease_s: float) -> None:
        """`group` with its namespace; `topics` without. Takes over `file`."""
        self._file = file
        self._directory = directory
        self._at_hand = at_hand
        self._group = group
        self._lease_ms = int(lease_s * 1000)
        self._balance_s = min(BALANCE_S, lease_s / 10)
        self._balanced_at = 0.0
        self._next: dict[Lane, int] = {}  # the lanes owned → the next offset to poll
        self._polled: dict[Lane, int] = {}  # polled since the last commit → the offset after it
        self._quiet = -1  # SQLite's data version when a look found nothing more
        self._turn = 0
        self._stays: Lane | None = None  # of lanes with lines the one whose turn it is, up to which offset, and how often still
        self._stay_end = self._stay = 0
        self._epoch = 0
        with file.reading() as db:
            self._lanes = {lane.id: lane for topic in topics for lane in directory.lanes(db, topic)}
            self._topics = [
                row[0] for row in select(db, f"SELECT DISTINCT topic FROM lane WHERE id IN ({','.join(map(str, self._lanes))})")
            ]
        self._member = self._join()

    def poll(self, max_records: int, timeout_s: float, only: Partitions | None = None) -> list[Batch]:
        """See `port.Reader`. Records of several partitions come from one consistent view."""
        until = time.monotonic() + timeout_s
        while True:
            if time.monotonic() >= self._balanced_at + self._balance_s:
                self._balance()
            batches = self._fetch(max_records, only)
            left = until - time.monotonic()
            if batches or left <= 0 or (only is not None and not self._among(only)):
                return batches
            time.sleep(min(IDLE_S, left))

    def commit(self, outputs: Iterable[Output]) -> None:
        """See `port.Reader`: one transaction for the outputs, the positions, and the question whether they may be written."""
        with self._file.reading() as db:
            rows = self._directory.by_lane(db, outputs)
        if not rows and not self._polled:
            return
        with self._file.writing() as db:
            if not members.heartbeat(db, self._member) or not self._owns(db, self._polled):
                raise Overtaken(place=self._group)
            append(db, rows)
            crash.point("mid_send")
            db.executemany(
                "INSERT OR REPLACE INTO position VALUES (?, ?, ?)", [(self._group, lane.id, at) for lane, at in self._polled.items()]
            )
            crash.point("before_end")
        self._polled = {}
        self._quiet = -1  # the data version does not tell of what this connection wrote

    def rewind(self) -> None:
        """See `port.Reader`."""
        self._polled = {}
        self._next = {}
        self._balanced_at = 0.0

    def epoch(self) -> int:
        """See `port.Reader`."""
        return self._epoch

    def owned(self) -> set[tuple[str, int]]:
        """See `port.Reader`."""
        with self._file.reading() as db:
            held = select(db, "SELECT lane FROM claim WHERE member = ?", (self._member,))
        return {(self._lanes[lane].topic, self._lanes[lane].partition) for (lane,) in held}

    def close(self) -> None:
        """Leave the group; its partitions are free at once."""
        with suppress(BusError), self._file.writing() as db:  # in a log that cannot be written now, the lease ends by itself
            members.leave(db, self._member)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _join(self) -> int:
        with self._file.writing() as db:
            member = members.join(db, self._group, self._topics, self._lease_ms)
            self._own(db, members.balance(db, self._group, member))
        self._balanced_at = time.monotonic()
        return member

    def _balance(self) -> None:
        """Stay in the group, and between two commits see to it that the partitions are shared evenly."""
        with self._file.writing() as db:
            alive = members.heartbeat(db, self._member)
            if alive and not self._polled:
                self._own(db, members.balance(db, self._group, self._member))
        self._balanced_at = time.monotonic()
        if not alive and not self._polled:  # with records polled it is `commit` that says so
            self._next = {}
            self._member = self._join()

    def _own(self, db: apsw.Connection, held: set[int]) -> None:
        """Go on in the lanes kept; begin those gained at their committed position, or at the first record."""
        if {lane.id for lane in self._next} != held:
            self._epoch += 1
        committed: dict[int, int] = dict(select(db, "SELECT lane, next FROM position WHERE grp = ?", (self._group,)))
        self._next = {lane: self._next.get(lane, committed.get(lane.id, 0)) for lane in (self._lanes[number] for number in sorted(held))}
        self._quiet = -1

    def _owns(self, db: apsw.Connection, lanes: Iterable[Lane]) -> bool:
        held = {lane for (lane,) in select(db, "SELECT lane FROM claim WHERE member = ?", (self._member,))}
        return held.issuperset(lane.id for lane in lanes)

    def _among(self, only: Partitions | None) -> list[Lane]:
        """The lanes owned, of these partitions."""
        return [lane for lane in self._next if only is None or (lane.topic, lane.partition) in only]

    def _fetch(self, max_records: int, only: Partitions | None) -> list[Batch]:
        """The next records of the lanes owned: each has its share of a poll, so that a few new records never wait for a long backlog
        elsewhere; of those with a line, one at a time. What does not divide goes to another lane each time."""
        found: list[tuple[Lane, Batch]] = []
        with self._file.reading() as db:
            version = db.pragma("data_version")
            if version == self._quiet:
                return []
            ends = dict(select(db, "SELECT id, next FROM lane"))
            waiting = {lane: ends[lane.id] - at for lane in self._among(only) if (at := self._next[lane]) < ends[lane.id]}
            self._turn = (self._turn + 1) % (len(waiting) or 1)
            turned = [*waiting][self._turn :] + [*waiting][: self._turn]
            behind = self._stay_at({lane: ends[lane.id] for lane, left in waiting.items() if left > LINE})
            shares = share_out(max_records, {lane: waiting[lane] for lane in turned if lane not in behind})
            read_out = only is None and len(shares) == len(waiting)
            for lane, most in shares.items():
                batch = self._at_hand.read(db, lane, self._next[lane], ends[lane.id], most)
                if batch:
                    found.append((lane, batch))
                    read_out &= len(batch.offsets) < most or batch.next_offset == ends[lane.id]
        if read_out:
            self._quiet = version
        for lane, batch in found:
            self._next[lane] = self._polled[lane] = batch.next_offset
        return [batch for _, batch in found]

    def _stay_at(self, lines: Mapping[Lane, int]) -> set[Lane]:
        """Of lanes with lines, and where these end, those that have to wait while one is read as far as it went when its turn came. What is
        said about one subject then comes together more often, and what a step remembers of the partition is at hand and is written in
        large pieces; what follows from it meanwhile waits for what follows from the other lanes."""
        stays, self._stay = self._stays, self._stay - 1
        if stays is None or stays not in lines or self._stay < 0 or self._next[stays] >= self._stay_end:
            further = {lane for lane in lines if stays is None or lane > stays}
            self._stays = stays = min(further or lines, default=None)
            self._stay, self._stay_end = STAY, lines[stays] if stays is not None else 0
        return lines.keys() - {stays}


def share_out(most: int, waiting: Mapping[Lane, int]) -> dict[Lane, int]:
    """How many records each lane may give, `most` in all: the same for each, and what some do not need for the others. Lanes that
    give nothing are left out."""
    shares: dict[Lane, int] = {}
    lanes = sorted(list(waiting)[:most], key=lambda lane: waiting[lane])  # stable: among equals, those named first have their turn
    for number, lane in enumerate(lanes):
        shares[lane] = min(waiting[lane], -(-most // (len(lanes) - number)))
        most -= shares[lane]
    return shares
