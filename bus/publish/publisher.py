"""STEP 1: a department's file → raw.<dataset>, exactly once, whatever dies on the way and however often the file is handed in.

A file is read twice: once to check it as a whole, so that nothing of a file that must be refused ever goes out, then in batches. The
records of a batch, the dead letters of its refused rows and the account of it (with how far the file came) are one atomic append. So
after a crash the log itself says where to go on, and two publishers cannot count or publish a row twice: whoever opens the dataset's
exclusive writer last fences the other, which then reads on in the log and decides again.

A file handed in again is read again, since another may have said something else in between: rows whose content is still the last said are
`unchanged`; rows refused at the first time are too, their dead letter is there already.
"""

from __future__ import annotations

import fcntl
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bus import account, crash
from bus.contracts.catalog import Contract
from bus.errors import Fenced
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.port import EventLog, Writer
from bus.keys import KeyRing
from bus.publish.check import compile_check, refuse_a_secret_file
from bus.publish.decide import Decided, Encode, Reading, decide
from bus.publish.report import Nowhere, Report, Sink
from bus.publish.seen import Keys, Seen, in_our_words
from bus.publish.source import FileCheck, Row, Source
from bus.sealing import row_hash

BATCH_ROWS = 2_000
_TURNS = 5
_NOTED_EVERY = 25


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publish needs beside the file (`log`: not on a dry run). `encode`: raw value → bytes in wire format. `state`: folder of views.
    `pace` is called before every batch, and returns once the next may go out (`lead.py`)."""

    log: EventLog | None
    contract: Contract
    keys: KeyRing
    encode: Encode
    state: Path
    delivery: str
    secret_markers: Sequence[str] = ("国家秘密", "工作秘密")
    partitions: int = 4
    raw_days: int = 400
    batch_rows: int = BATCH_ROWS
    sink: Sink = field(default_factory=Nowhere)
    progress: Callable[[int, int], None] = lambda done, of: None
    waiting: Callable[[], None] = lambda: None
    pace: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.time


def publish(job: Publication, source: Source) -> Report:
    """Publish one file. Raises `FileRefused` before anything of it went out, `Fenced` when another publisher of the dataset
    keeps taking over; `Unreachable`, `DiskFull` … of the log. After any of these, run it again: it goes on where the log says."""
    found = _checked(job, source)
    tally = _Tally(job, Report(job.contract.dataset, job.delivery, source.file, notes=found.notes), found.records)
    with _turn(job):
        _log(job).create(topics.spec(name, job.partitions, job.raw_days) for name in _topics(job.contract))
        for turn in range(_TURNS):
            try:
                with in_our_words(job.state):
                    _attempt(job, source, found, tally)
                break
            except Fenced:
                if turn == _TURNS - 1:
                    raise
                time.sleep(0.2 * 2**turn * (0.5 + secrets.randbelow(1000) / 1000))
    return tally.closed()


def check_only(job: Publication, source: Source) -> Report:
    """`--dry-run`: all that publishing checks, without asking or writing a log. What could go out is counted as `created`."""
    found = _checked(job, source)
    tally = _Tally(job, Report(job.contract.dataset, job.delivery, source.file, dry_run=True, notes=found.notes), found.records)
    reading = _reading(job, found, "dry run", 0, again=False)
    with closing(Keys.temporary()) as keys:
        for first, rows in _batches(source, job.batch_rows):
            decided = decide(reading, keys.look_up, rows, first, 0)
            keys.note(decided.known)
            tally.add(decided, first + len(rows) - 1)
    return tally.closed()


def writer_name(dataset: str) -> str:
    """The exclusive writer of a raw topic. Whoever appends to raw.<dataset> holds it: the view of what was seen relies on that."""
    return f"publish.{dataset}"


class _Tally:
    """Adds up what is committed, and passes findings on, each once, however often an attempt is begun."""

    def __init__(self, job: Publication, report: Report, records: int) -> None:
        self._job, self._report, self._records, self._passed_on = job, report, records, 0

    def add(self, decided: Decided, last: int) -> None:
        report, counts = self._report, decided.counts
        report.not_data += counts["not_data"]
        report.created += counts["created"]
        report.changed += counts["changed"]
        report.unchanged += counts["unchanged"]
        report.refused += counts["refused"]
        for ordinal, note in decided.notes:
            if ordinal > self._passed_on:
                if note.severity == "error":
                    report.reasons[note.code] += 1
                    report.keep(note)
                else:
                    report.repeated += 1
                self._job.sink.row(note)
        self._passed_on = max(self._passed_on, last)
        self._job.progress(last, self._records)

    def closed(self) -> Report:
        report = self._report
        report.read = self._records
        report.earlier = report.read - report.not_data - report.published - report.unchanged - report.refused
        self._job.sink.file(report)
        return report


def _attempt(job: Publication, source: Source, found: FileCheck, tally: _Tally) -> None:
    """From where the log says to the end of the file. The writer is opened first: what the log says after that is final."""
    log, dataset = _log(job), job.contract.dataset
    file_id = row_hash(job.keys, dataset, job.delivery, found.digest).hex()
    with log.writer(writer_name(dataset)) as writer, closing(Seen(job.state / f"seen.{dataset}.db", log, dataset)) as seen:
        seen.catch_up()
        before = seen.progress(file_id)
        done = before.rows_done if before and not before.finished else 0
        reading = _reading(job, found, file_id, done, again=before is not None and (before.finished or before.again))
        for number, (first, rows) in enumerate(_batches(source, job.batch_rows)):
            last = first + len(rows) - 1
            job.pace()
            at_ms = int(job.clock() * 1000)
            decided = decide(reading, seen.keys.look_up, rows, first, at_ms)
            if decided.rows:
                delta = _delta(reading, decided, source.file, last, last >= found.records, at_ms)
                _append(writer, seen, [*decided.outputs, delta], note_ends=number % _NOTED_EVERY == 0 or last >= found.records)
            seen.keys.note(decided.known)
            tally.add(decided, last)


def _checked(job: Publication, source: Source) -> FileCheck:
    found = source.check()
    refuse_a_secret_file(found.titles, job.secret_markers, source.file)
    return found


def _log(job: Publication) -> EventLog:
    if job.log is None:
        raise ValueError("publishing needs a log")
    return job.log


def _append(writer: Writer, seen: Seen, outputs: list[Output], note_ends: bool) -> None:
    ends = seen.ends() if note_ends else {}
    writer.append(outputs)
    crash.point("after_commit")
    if ends:
        seen.reached(ends)


def _delta(reading: Reading, decided: Decided, file: str, last: int, finished: bool, at_ms: int) -> Output:
    c = decided.counts
    counts = {
        "read": decided.rows, "not_data": c["not_data"], "published": c["created"] + c["changed"],
        "unchanged": c["unchanged"], "refused_at_publish": c["refused"],
    }  # fmt: skip
    place = {"delivery": reading.delivery, "file": file, "file_id": reading.file_id, "rows_done": last, "finished": finished}
    record = account.delta("publish", reading.contract.dataset, counts, decided.reasons, **place)
    return Output(topics.account(reading.contract.department), record._replace(timestamp=at_ms))


def _reading(job: Publication, found: FileCheck, file_id: str, done: int, again: bool) -> Reading:
    check = compile_check(job.contract, job.keys, job.delivery, len(found.header), job.secret_markers)
    return Reading(job.contract, job.keys, check, job.encode, job.delivery, file_id, secrets.randbits(62), done, again)


def _batches(source: Source, size: int) -> Iterator[tuple[int, list[Row]]]:
    """The rows in batches, each with the record number (from 1) of its first."""
    rows, first = source.rows(), 1
    while batch := list(islice(rows, size)):
        yield first, batch
        first += len(batch)


def _topics(contract: Contract) -> list[str]:
    return [topics.account(contract.department), topics.raw(contract.dataset), topics.dead_letter(contract.department)]


@contextmanager
def _turn(job: Publication) -> Iterator[None]:
    """Publishers of a dataset on one machine take turns, instead of fencing each other."""
    job.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (job.state / f"publish.{job.contract.dataset}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            job.waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
