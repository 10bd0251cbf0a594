"""A step that shows no sign of life ends itself: somebody else starts it anew, and the log knows where it was.

Two watches, because a call that never gives the interpreter back would hold up the first as well: a thread that says what
happened, and, a little later, the kernel's alarm clock, which asks nobody.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import TracebackType
from typing import Self

STALLED = 70  # exit status: a step that did not move (EX_SOFTWARE of sysexits.h)
_ALARM_LATER_S = 5


class Watch:
    """Ends the process when `beat` was not called for `stall_s` seconds."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._beat_at = time.monotonic()
        self._closed = threading.Event()
        self._alarm = threading.current_thread() is threading.main_thread()

    def beat(self) -> None:
        """A sign of life."""
        self._beat_at = time.monotonic()
        if self._alarm:
            signal.setitimer(signal.ITIMER_REAL, self._stall_s + _ALARM_LATER_S)

    def _look(self) -> None:
        while not self._closed.wait(min(1.0, self._stall_s / 4)):
            if time.monotonic() - self._beat_at > self._stall_s:
                sys.stderr.write(f"STALLED · no sign of life for {self._stall_s:.0f} s; ending. 处理停滞，进程退出，将由监管者重启。\n")
                sys.stderr.flush()
                os._exit(STALLED)

    def __enter__(self) -> Self:
        self.beat()
        threading.Thread(target=self._look, name="watch", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closed.set()
        if self._alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
