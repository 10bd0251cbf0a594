"""Finding the one record that a decision fails on, and setting it aside.

A decision is pure, so a batch that makes it raise is halved and asked again, in memory, down to the guilty record. A batch that ended the
process (a segmentation fault, the kernel's memory killer, a hang) raises nothing: after `DEATHS` of those its halves are tried in
child processes first, which may end in our place.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bus.diary import diary
from bus.errors import BusError, DecodeRefused
from bus.event import Batch, Output, Record
from bus.step.hand import Hand
from bus.step.watch import Watch

DEATHS = 2  # one may have come from outside (an operator's kill, a power cut)
TRIES = 2  # a record alone, before it is held guilty: memory may have been short for another reason
LARGEST = 1_048_576 - 4096  # bytes of key and value of one output: what Kafka's topics take, on both logs, so that a log can be copied

Decide = Callable[[list[Batch]], Iterable[Output]]
Refuse = Callable[[str, int, int, Record], list[Output]]
"""(topic, partition, offset, record) → the outputs that set the record aside: its dead letter and what the account needs."""


class OutputTooLarge(Exception):
    """An output is larger than a topic takes."""


class Decider:
    """`decide`, made total. `refused` counts the records set aside."""

    def __init__(self, decide: Decide, refuse: Refuse, hand: Hand, watch: Watch, stall_s: float) -> None:
        self._decide, self._refuse = decide, refuse
        self._hand, self._watch, self._stall_s = hand, watch, stall_s
        self.refused = 0

    def outputs(self, batches: list[Batch]) -> list[Output]:
        """The outputs of `batches`. Raises `BusError` only for what is not a record's fault (a key, a mapping, a table is missing)."""
        deaths = self._hand.deaths(batches)
        self._hand.take(batches)
        outputs = self._tried(batches) if deaths >= DEATHS else self._halved(batches)
        self._hand.put_down()
        return outputs

    def settled(self, batches: list[Batch]) -> None:
        """The outputs of `batches` are committed."""
        self._hand.clear(batches)

    def _halved(self, batches: list[Batch]) -> list[Output]:
        """In memory: those of both halves, where the whole cannot be decided."""
        for _ in range(TRIES if _single(batches) else 1):
            self._watch.beat()
            if (found := self._attempt(batches)) is not None:
                return found
        if _single(batches):
            return self._set_aside(batches[0])
        return [output for half in halves(batches) for output in self._halved(half)]

    def _attempt(self, batches: list[Batch]) -> list[Output] | None:
        """The outputs, or None where a record does not let itself be decided on."""
        try:
            return _checked(self._decide(batches))
        except (DecodeRefused, OutputTooLarge) as error:
            kind = type(error).__name__
        except BusError:
            raise
        except Exception as error:
            kind = type(error).__name__  # its message may hold a value
        diary("step").error("decision failed", kind=kind, records=sum(len(batch.offsets) for batch in batches))
        return None

    def _tried(self, batches: list[Batch]) -> list[Output]:
        """In child processes first: decide only on what they survived."""
        if self._survives(batches):
            return self._halved(batches)
        if _single(batches):
            return self._set_aside(batches[0])
        return [output for half in halves(batches) for output in self._tried(half)]

    def _survives(self, batches: list[Batch]) -> bool:
        """Whether a child process lives through this decision (raising is living: that can be handled)."""
        child = os.fork()
        if child == 0:
            _be_first_to_go()
            with contextlib.suppress(BaseException):
                _checked(self._decide(batches))
            os._exit(0)
        until = time.monotonic() + self._stall_s / 2
        while True:
            self._watch.beat()
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status == 0
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return False
            time.sleep(0.002)

    def _set_aside(self, batch: Batch) -> list[Output]:
        self.refused += 1
        diary("step").error("record set aside", topic=batch.topic, partition=batch.partition, offset=batch.offsets[0])
        return self._refuse(batch.topic, batch.partition, batch.offsets[0], batch.records[0])


def halves(batches: list[Batch]) -> tuple[list[Batch], list[Batch]]:
    """The records of `batches`, of which there are at least two, in two halves that keep their order."""
    left = sum(len(batch.offsets) for batch in batches) // 2
    first, second = [], []
    for batch in batches:
        here = min(left, len(batch.offsets))
        left -= here
        if here:
            first.append(batch._replace(offsets=batch.offsets[:here], records=batch.records[:here]))
        if here < len(batch.offsets):
            second.append(batch._replace(offsets=batch.offsets[here:], records=batch.records[here:]))
    return first, second


def _single(batches: list[Batch]) -> bool:
    return len(batches) == 1 and len(batches[0].offsets) == 1


def _checked(outputs: Iterable[Output]) -> list[Output]:
    found = list(outputs)
    for _, (key, value, _, _), _ in found:
        if len(value or b"") + len(key or b"") > LARGEST:
            raise OutputTooLarge
    return found


def _be_first_to_go() -> None:
    """When memory runs out the kernel is to end this process, not its parent; and nothing of the parent's may run in it."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
