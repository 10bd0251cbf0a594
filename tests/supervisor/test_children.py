"""What dies is started again, later each time; what is asked to stop is waited for."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bus.supervisor import Children, children


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def look_until(kept: Children, holds: object, within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        kept.look_after()
        time.sleep(0.02)


def test_a_child_that_dies_is_started_again_later_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.05)
    kept = Children({"step": script("import sys; sys.exit(7)")}, {})
    kept.all[0].pause_s = 0.05
    look_until(kept, lambda: kept.all[0].restarts >= 3)

    assert kept.all[0].pause_s == pytest.approx(0.4)
    kept.stop()


def test_a_child_is_asked_to_stop_and_waited_for(tmp_path: Path) -> None:
    mark, ready = tmp_path / "stopped", tmp_path / "ready"
    text = (
        "import signal, sys, time, pathlib\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(mark)!r}).touch(), sys.exit(0)))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)"
    )
    kept = Children({"step": script(text)}, {})
    look_until(kept, ready.exists)
    kept.stop()

    assert mark.exists()


def test_a_child_that_does_not_stop_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE_S", 0.3)
    ready = tmp_path / "ready"
    text = (
        f"import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    )
    kept = Children({"step": script(text)}, {})
    look_until(kept, ready.exists)
    kept.stop()

    assert kept.all[0].process is not None
    assert kept.all[0].process.poll() == -9
