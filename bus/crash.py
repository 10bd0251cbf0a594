"""Places where a test may kill the process, as a power cut would.

`CIVICBUS_CRASH_AT=point[:n]` kills it (SIGKILL) when it passes `point` for the n-th time (default 1), and only together with
`CIVICBUS_TEST=1`, so that a stray variable does nothing in earnest. `POINTS` is the list that the fault tests go through.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "after_poll",
    "after_decide",
    "after_begin",
    "mid_send",
    "after_flush",
    "after_offsets",
    "before_end",
    "after_commit",
    "after_views",
    "during_init",
    "after_rewind",
)
"""after_begin … before_end lie inside of a commit; on SQLite that is one transaction with no flush or offsets of their own, so that
`mid_send` (records written, positions not) and `before_end` (all written, not committed) are its two. `after_rewind` needs a failure.
Between after_commit and after_views a step with a memory keeps in its views what it decided; on disk they may be further behind."""


def _wanted() -> tuple[str, int]:
    point, _, count = os.environ.get("CIVICBUS_CRASH_AT", "").partition(":")
    if not point or os.environ.get("CIVICBUS_TEST") != "1":
        return "", 0
    return point, int(count or 1)


_POINT, _left = _wanted()


def point(name: str) -> None:
    """Die here if a test asked for it."""
    global _left
    if name != _POINT:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
