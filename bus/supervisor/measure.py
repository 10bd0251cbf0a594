"""Figures and health, read from the log and from the steps' signs of life."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from bus import account
from bus.account import Balance
from bus.errors import BusError
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.metrics import Sample
from bus.resolver import docket, tally
from bus.sharing.flows import Flows
from bus.step import Behind, behind
from bus.step.progress import Place, Reads
from bus.step.pulse import Beat, read_pulses
from bus.supervisor import barriers
from bus.supervisor.standing import Standing

SILENT_S = 30.0  # a step's process writes a sign of life each second; a long batch may take a while
FRESH_S = 2.0  # figures younger than this are handed out again


@dataclass(frozen=True, slots=True)
class StepHealth:
    """One step. Times in seconds since 1970, None when never; `behind_seconds` is the age of the oldest record not worked on."""

    step: str
    processes: int
    last_beat: float | None
    last_progress: float | None
    behind_records: int
    behind_seconds: float
    error: str
    progressing: bool


@dataclass(frozen=True, slots=True)
class Health:
    """`alive`: this process answers. `ready`: the log answers and every step has a process that shows signs of life. `progressing`: no step
    is behind without having committed for `stall_s`."""

    alive: bool
    ready: bool
    progressing: bool
    log: str
    steps: tuple[StepHealth, ...]

    @property
    def well(self) -> bool:
        """Whether `/health` answers 200."""
        return self.alive and self.ready and self.progressing

    def as_dict(self) -> dict[str, object]:
        """The body of `/health`."""
        return {**asdict(self), "well": self.well}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one look found."""

    balances: Mapping[str, Balance]
    behind: Mapping[str, Sequence[Behind]]
    beats: Sequence[Beat]
    at: float
    error: str = ""
    masters: Mapping[str, int] = field(default_factory=dict)


class Gauge:
    """Looks at one log. Only the account's new deltas are read each time. Not for several threads."""

    def __init__(
        self,
        open_log: Callable[[], EventLog],
        state: Callable[[EventLog], Path],
        reads: Mapping[str, Reads],
        stall_s: float,
        kind: str,
        standing: Standing,
        flows: Flows,
    ) -> None:
        """`state`: where the steps of a log note their signs of life; `reads`: step → its topics; `kind`: sqlite · kafka."""
        self._open, self._state, self._reads, self._stall_s, self._kind = open_log, state, reads, stall_s, kind
        self._log: EventLog | None = None
        self._standing, self._flows = standing, flows
        self._folded: dict[str, Balance] = {}
        self._next: dict[str, int] = {}
        self._masters: Counter[str] = Counter()
        self._decisions = docket.Reading()
        self._last: _Reading | None = None
        self._began = time.time()
        self._quiet_since: dict[str, float] = {}
        self._seen: dict[str, dict[Place, int | None]] = {}

    def metrics(self) -> bytes:
        """What Prometheus reads."""
        reading = self._look()
        samples = [Sample("civicbus_log_up", (), 0 if reading.error else 1), Sample("civicbus_build", (version("civicbus"), self._kind), 1)]
        samples += [sample for balance in reading.balances.values() for sample in _of_balance(balance)]
        samples += [sample for step, found in reading.behind.items() for each in found for sample in _of_behind(step, each, reading.at)]
        samples += [Sample("civicbus_masters", (entity,), count) for entity, count in sorted(reading.masters.items())]
        samples += _of_decisions(self._decisions, reading.at)
        samples += self._standing.samples()
        at = int(reading.at * 1000)
        samples += barriers.samples(self._flows.cells(at), at)
        for step in self._reads:
            samples += _of_step(step, [beat for beat in reading.beats if beat.step == step])
        from bus.supervisor.exposition import exposition  # here, so that commands that show no figures start without it

        return exposition(samples)

    def health(self) -> Health:
        """How all is."""
        reading = self._look()
        steps = tuple(self._step(step, reading) for step in self._reads)
        ready = not reading.error and all(each.processes for each in steps)
        return Health(True, ready, all(each.progressing for each in steps), reading.error or "ok", steps)

    def _step(self, step: str, reading: _Reading) -> StepHealth:
        beats = [beat for beat in reading.beats if beat.step == step and reading.at - beat.beat < SILENT_S + self._stall_s]
        left = [each for each in reading.behind.get(step, ()) if each.oldest is not None]
        progress = max((beat.progress for beat in beats if beat.progress), default=None)
        if not left:
            self._quiet_since[step] = reading.at
        # A record may be old when it comes (a backfill): what counts is how long there has been work and no commit.
        idle_since = max(progress or 0.0, self._quiet_since.get(step, self._began))
        return StepHealth(
            step,
            len(beats),
            max((beat.beat for beat in beats), default=None),
            progress,
            sum(each.records for each in left),
            max((max(0.0, reading.at - (each.oldest or 0) / 1000) for each in left), default=0.0),
            next((beat.error for beat in beats if beat.error), ""),
            not left or reading.at - idle_since <= self._stall_s,
        )

    def _look(self) -> _Reading:
        now = time.time()
        if self._last is not None and 0 <= now - self._last.at < FRESH_S:
            return self._last
        try:
            self._log = log = self._log or self._open()
            self._fold(log)
            self._decisions.read_on(log)
            self._standing.look(log)
            self._flows.look(log)
            found = {step: behind(log, step, prefix, self._seen.setdefault(step, {})) for step, prefix in self._reads.items()}
            self._last = _Reading(self._folded, found, read_pulses(self._state(log)), now, masters=self._masters)
        except BusError as error:
            if self._log is not None:
                self._log.close()
            self._log = None
            before = self._last or _Reading({}, {}, [], now)
            self._last = replace(before, at=now, error=error.code)
        return self._last

    def _fold(self, log: EventLog) -> None:
        """Add the new deltas to what was folded before."""
        for records in self._new(log, *sorted(info.name for info in log.topics() if topics.is_account(info.name))):
            for name, fresh in account.fold(records).items():
                kept = self._folded.setdefault(name, Balance(name))
                _add(kept.counts, fresh.counts)
                _add(kept.reasons, fresh.reasons)
        for records in self._new(log, topics.TALLY):
            _add(self._masters, tally.fold(records))

    def _new(self, log: EventLog, *names: str) -> Iterator[Sequence[Record]]:
        """What was not read yet of topics of one partition; of those that are there."""
        there = {info.name for info in log.topics()}
        for topic in names:
            for batch in log.scan(topic, {0: self._next.get(topic, 0)}) if topic in there else ():
                yield batch.records
                self._next[topic] = batch.next_offset


def _add(kept: Counter[str], fresh: Counter[str]) -> None:
    for name, count in fresh.items():
        kept[name] += count


def _of_balance(balance: Balance) -> list[Sample]:
    labels = (balance.dataset.partition(".")[0], balance.dataset)
    counts = balance.counts
    samples = [Sample(f"civicbus_rows_{name}", labels, counts[name]) for name in account.PUBLISH]
    samples += [Sample("civicbus_rows", (*labels, outcome), counts[outcome]) for outcome in account.OUTCOMES]
    samples += [Sample("civicbus_reasons", (*labels, code), count) for code, count in sorted(balance.reasons.items())]
    return [*samples, Sample("civicbus_pending_rows", labels, balance.pending)]


def _of_decisions(decisions: docket.Reading, now: float) -> list[Sample]:
    since: dict[str, list[int]] = defaultdict(list)
    for doubt in decisions.doubts.values():
        since[doubt.entity].append(doubt.since)
    samples = [Sample("civicbus_identity_decisions", (verdict,), count) for verdict, count in sorted(decisions.made.items())]
    for entity in topics.MASTERS:
        oldest = max(0.0, now - min(since[entity]) / 1000) if since[entity] else 0.0
        samples += [
            Sample("civicbus_identity_queue", (entity,), len(since[entity])),
            Sample("civicbus_identity_queue_seconds", (entity,), oldest),
        ]
    return samples


def _of_behind(step: str, each: Behind, now: float) -> list[Sample]:
    labels = (step, *(topics.dataset_of(each.topic) if each.topic.startswith("raw.") else ("", each.topic)))
    seconds = 0.0 if each.oldest is None else max(0.0, now - each.oldest / 1000)
    return [Sample("civicbus_lag_records", labels, each.records), Sample("civicbus_lag_seconds", labels, seconds)]


def _of_step(step: str, beats: Sequence[Beat]) -> list[Sample]:
    failing: dict[str, int] = defaultdict(int)
    for beat in beats:
        if beat.error:
            failing[beat.error] = 1
    buckets = tuple(map(sum, zip(*(beat.buckets for beat in beats), strict=True))) if beats else ()
    samples = [
        Sample("civicbus_step_processes", (step,), len(beats)),
        Sample("civicbus_step_last_beat_seconds", (step,), max((beat.beat for beat in beats), default=0)),
        Sample("civicbus_step_last_progress_seconds", (step,), max((beat.progress for beat in beats), default=0)),
        Sample("civicbus_step_records", (step,), sum(beat.records for beat in beats)),
        Sample("civicbus_step_outputs", (step,), sum(beat.outputs for beat in beats)),
        Sample("civicbus_step_failures", (step,), sum(beat.failures for beat in beats)),
        Sample("civicbus_records_unreadable", (step,), sum(beat.unreadable for beat in beats)),
        *(Sample("civicbus_step_failing", (step, code), 1) for code in sorted(failing)),
    ]
    return [*samples, Sample("civicbus_batch_seconds", (step,), sum(beat.seconds for beat in beats), buckets)] if buckets else samples
