"""Processes for the stress test of the embedded log; each is killed at any moment and started again.

python -m tests.eventlog.crowd write LOG LEDGER NAME     appends batches, notes in LEDGER what was acknowledged
python -m tests.eventlog.crowd copy  LOG                 reads group `g` on `in`, commits a copy of each record to `out`
python -m tests.eventlog.crowd tend  LOG                 maintains and checks, again and again
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bus.errors import Fenced
from bus.event import Output, Record
from bus.eventlog.sqlite import SqliteLog


def write(log: SqliteLog, ledger: Path, name: str) -> None:
    """Append numbered records, 50 at once, going on after the last number in the log: what was not acknowledged may be there."""
    written = [each.key for batch in log.scan("in") for each in batch.records if each.key and each.key.startswith(name.encode())]
    number = max((int(key.split(b"-")[1]) for key in written), default=-1) + 1
    writer = log.writer(name)
    with ledger.open("a") as acknowledged:
        while True:
            batch = [Output("in", Record(f"{name}-{number + more}".encode(), b"v" * 300, number)) for more in range(50)]
            writer.append([*batch, Output("brief", Record(name.encode(), b"%d" % (number + 50), number))])
            number += 50
            acknowledged.write(f"{number}\n")
            acknowledged.flush()
            os.fsync(acknowledged.fileno())


def copy(log: SqliteLog) -> None:
    """Copy `in` to `out`."""
    with log.reader("g", ["in"]) as reader:
        while True:
            batches = reader.poll(200, 0.2)
            try:
                reader.commit([Output("out", each) for batch in batches for each in batch.records])
            except Fenced:
                reader.rewind()


def tend(log: SqliteLog) -> None:
    """What an operator's timer does, more often."""
    while True:
        log.maintain(int(time.time() * 1000))
        log.check()


if __name__ == "__main__":
    what, path, *more = sys.argv[1:]
    opened = SqliteLog(path, lease_s=1.0)
    if what == "write":
        write(opened, Path(more[0]), more[1])
    elif what == "copy":
        copy(opened)
    else:
        tend(opened)
