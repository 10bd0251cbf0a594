"""Topics are kept as the settings say today, not as they said when the topics were made."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output, Record
from bus.eventlog import topics
from tests.access.guarded import Embedded
from tests.cli.test_errors import civicbus

DAY_MS = 86_400_000
RAW = "raw.civil.marriage"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A bus made when older rows were kept for 400 days: two versions of a row, the older replaced long ago."""
    home = tmp_path / "home"
    Embedded(home)
    app = App(read_settings({"home": str(home)}, {}))
    app.create_topics()
    app.log.create([topics.spec(RAW, 1, 400)])
    with app.log.writer("publish.civil.marriage") as writer:
        writer.append([Output(RAW, Record(b"row", version, at)) for version, at in ((b"older", DAY_MS), (b"newer", 2 * DAY_MS))])
        writer.append([Output(RAW, Record(b"other", b"only", now_ms() - 40 * DAY_MS))])
        writer.append([Output(RAW, Record(b"other", b"newest", now_ms()))])
    app.close()
    return home


def now_ms() -> int:
    return int(time.time() * 1000)


def values(home: Path) -> list[bytes | None]:
    app = App(read_settings({"home": str(home)}, {}))
    found = [each.value for batch in app.log.scan(RAW) for each in batch.records]
    app.close()
    return found


def test_a_shorter_time_in_the_settings_holds_for_what_is_there_already(home: Path) -> None:
    civicbus(home, "tidy")
    assert values(home) == [b"newer", b"only", b"newest"]

    planned = json.loads(civicbus(home, "access", "plan", "--format", "json", CIVICBUS_RAW_DAYS="30").stdout)
    assert {"kind": "keep", "what": RAW, "zh": "更改主题保留期"} in planned
    done = json.loads(civicbus(home, "access", "apply", "--format", "json", CIVICBUS_RAW_DAYS="30").stdout)
    assert done == planned
    assert json.loads(civicbus(home, "access", "plan", "--format", "json", CIVICBUS_RAW_DAYS="30").stdout) == []

    civicbus(home, "tidy", CIVICBUS_RAW_DAYS="30")
    assert values(home) == [b"newer", b"newest"]
