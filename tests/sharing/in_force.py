"""An agreement put in force on a log, as its persons would do by commands."""

from __future__ import annotations

import time

from bus.cli.context import App
from bus.eventlog import topics
from bus.sharing import history
from bus.sharing.agreement import read
from bus.sharing.lifecycle import Event


def put_in_force(app: App, text: str, version: int = 1) -> None:
    """From its submission to its application; its topic is made."""
    id = read(text, "")[0].id
    said = {"text": text, "share_class": "conditional", "approvals": 1}
    for step, by in (("submit", "li"), ("review", "wang"), ("approve", "zhao"), ("apply", "li")):
        more = said if step == "submit" else {}
        history.write(app.log, Event(id, version, step, by, time.time_ns() // 1_000_000, **more), named=False)  # type: ignore[arg-type]
    app.log.create([topics.share_spec(id, 30, app.settings.partitions)])
