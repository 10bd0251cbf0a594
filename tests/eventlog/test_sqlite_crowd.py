"""Two writers, four readers and a maintainer in processes of their own, each killed again and again at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog

SECONDS = float(os.environ.get("CROWD_SECONDS", "15"))


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog(path, lease_s=1.0)
    log.create([TopicSpec("in"), TopicSpec("out"), TopicSpec("brief", keep="latest")])
    jobs = [["write", str(path), str(tmp_path / f"ledger-{name}"), name] for name in ("a", "b")]
    jobs += [["copy", str(path)]] * 4 + [["tend", str(path)]]
    with (tmp_path / "errors").open("w") as errors:
        killed = _kill_at_random([[sys.executable, "-m", "tests.eventlog.crowd", *job] for job in jobs], errors.fileno())
    assert killed > 5
    assert (tmp_path / "errors").read_text() == "", "no process may meet an error, a busy database least of all"

    log.check()
    written = Counter(each.key for batch in log.scan("in") for each in batch.records)
    for name in ("a", "b"):
        acknowledged = int((tmp_path / f"ledger-{name}").read_text().splitlines()[-1])
        assert acknowledged > 0
        assert all(written[f"{name}-{number}".encode()] == 1 for number in range(acknowledged))
    for info in log.topics():
        offsets = {partition: [o for b in log.scan(info.name) if b.partition == partition for o in b.offsets] for partition in info.ends}
        gapless = all(offsets[partition] == list(range(*ends)) for partition, ends in info.ends.items())
        assert gapless or info.name == "brief", f"a gap in {info.name}"
    log.maintain(0)
    newest = {each.key: int(each.value or b"") for batch in log.scan("brief") for each in batch.records}
    assert newest == {b"a": _count(written, b"a-"), b"b": _count(written, b"b-")}

    with log.reader("g", ["in"]) as reader:  # what the readers had not come to yet
        rest = Counter(each.key for _ in range(1000) for batch in reader.poll(10_000, 0) for each in batch.records)
    copied = Counter(each.key for batch in log.scan("out") for each in batch.records)
    assert copied + rest == written
    assert len(copied) > 0


def _count(written: Counter[bytes | None], start: bytes) -> int:
    return sum(1 for key in written if key is not None and key.startswith(start))


def _kill_at_random(commands: list[list[str]], errors: int) -> int:
    """Run the commands for SECONDS, killing one or the other every now and then and starting it anew; how many were killed."""
    chance = random.Random(4)
    processes = [subprocess.Popen(command, stderr=errors) for command in commands]
    killed = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.1, 1.2))
        at = chance.randrange(len(processes))
        processes[at].kill()
        killed += processes[at].wait(10) == -signal.SIGKILL
        processes[at] = subprocess.Popen(commands[at], stderr=errors)
    for process in processes:
        process.kill()
        process.wait(10)
    return killed
