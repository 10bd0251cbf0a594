"""A reader in a process of its own, to be stopped and killed by a test.

    python -m tests.conformance.member ADAPTER ADDRESS NAMESPACE

It joins group `g` on topic `in`, polls until it has something, says `polled N`, waits for a line, then commits one record to
topic `out` and says how that ended. Given the line `die` it is killed from within its commit.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

from bus.errors import BusError
from bus.event import Batch, Output, Record
from tests.conformance.adapters import Place, until

OURS = Output("out", Record(b"member", b"of the other process", 1))


def dying() -> Iterator[Output]:
    """Outputs that the process does not survive."""
    yield OURS
    os.kill(os.getpid(), signal.SIGKILL)
    yield OURS


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(place: Place) -> None:
    """Poll, wait to be told, commit."""
    reader = place.open().reader("g", ["in"])
    polled: list[Batch] = []
    until(lambda: bool(polled), meanwhile=lambda: polled.extend(reader.poll(100, 0.5)))
    say(f"polled {sum(len(batch.records) for batch in polled)}")
    line = sys.stdin.readline().strip()
    try:
        reader.commit(dying() if line == "die" else [OURS])
        say("committed")
    except BusError as error:
        say(error.code)


if __name__ == "__main__":
    if sys.argv[1].startswith("broken"):
        import tests.conformance.broken  # noqa: F401 - it registers its adapters
    main(Place(*sys.argv[1:4]))
