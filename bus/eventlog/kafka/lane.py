"""Calls of one client object, one after another, each with a time limit.

Several calls of kafka-python 3.0 wait without a limit (commit, send_offsets, anything behind a DNS answer). Here each
runs on one daemon thread of its own; who asked gets `Unreachable` when the limit is over, and can end the process.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from bus.errors import Unreachable

T = TypeVar("T")


class _Call:
    __slots__ = ("answer", "done", "error", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.answer: Any = None
        self.error: BaseException | None = None

    def make(self) -> None:
        try:
            self.answer = self.work()
        except BaseException as error:  # handed to the thread that asked
            self.error = error
        self.done.set()


class Lane:
    """One thread on which the calls of one client are made. After a call that did not end in time it takes no more."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._stuck = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def stuck(self) -> bool:
        """Did a call not come back in time?"""
        return self._stuck

    def run(self, work: Callable[[], T], within_s: float, doing: str) -> T:
        """Make the call. Raises what it raises, or Unreachable after `within_s` seconds; it may then still end, unheard."""
        if self._stuck:
            raise _stuck(doing, within_s)
        call = _Call(work)
        self._calls.put(call)
        if not call.done.wait(within_s):
            self._stuck = True
            raise _stuck(doing, within_s)
        if call.error is not None:
            raise call.error
        answer: T = call.answer
        return answer

    def close(self) -> None:
        """Let the thread end after the calls already handed in."""
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call.make()
            del call  # frees what it held while waiting for the next


def _stuck(doing: str, within_s: float) -> Unreachable:
    return Unreachable(
        f"Kafka did not answer for {within_s:.0f} s while {doing}.", f"Kafka 在 {within_s:.0f} 秒内没有应答。", place="kafka"
    )
