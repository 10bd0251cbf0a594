"""An agreement in use by the commands, on a log of its own, whose grant can be changed; and what its subscriber then holds."""

from __future__ import annotations

import signal
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from bus.city.numbers import citizen_number
from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output, Record
from bus.eventlog.partitioning import partition_of
from bus.resolver.identify import subject_of
from bus.sealing import token
from bus.standards.ids import CITIZEN_ID
from tests.flow.city_bus import Bus
from tests.sharing.in_force import put_in_force
from tests.sharing.office import GRID, TIME, master

ID = "people-of-a-grid"
Event = dict[str, Any]


def number(n: int) -> str:
    """The citizen number of the resident n, who does not exist."""
    return citizen_number("379901", date(1950, 1, 1), n)


def text(rows: str = "{}", fields: str = "{name: clear}") -> str:
    """An agreement about some rows and fields."""
    return f"""
agreement: {ID}
title: {{zh: 网格人员, en: People of a grid}}
provider: [social]
consumer: civil
subscribers: [svc-civil]
entity: resident
fields: {fields}
rows: {rows}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: 2099-12-31
impact_assessment: PIA-TEST
"""


class Changing:
    """An agreement in force."""

    def __init__(self, adapter: str, folder: Path, written: str) -> None:
        self.bus = Bus(adapter, folder / "home", folder)
        self._said = 0
        app = self.app()
        app.create_topics()
        app.keys  # noqa: B018 (made now)
        put_in_force(app, written)
        app.close()

    def app(self) -> App:
        return App(read_settings({"home": str(self.bus.home)}, self.bus.env))

    def change(self, written: str, version: int = 2) -> None:
        """Put another version in force."""
        app = self.app()
        put_in_force(app, written, version)
        app.close()

    def subject(self, n: int) -> str:
        """Of the resident n, inside the bus."""
        return subject_of(self.app().keys, "resident", f"token:{self.token(n)}").hex()

    def token(self, n: int) -> str:
        return token(self.app().keys, CITIZEN_ID, number(n))

    def say(self, *people: tuple[int, str], grid: str = GRID, at: int = TIME, operation: str = "changed") -> None:
        """The masters of some residents: who, and the name."""
        app = self.app()
        encode = app.codec.encoder("master.resident-value")
        outputs = []
        for n, name in people:
            who, self._said = self.subject(n), self._said + 1
            said = {**master(who, name, operation, grid, id_token=self.token(n)), "event_id": f"{self._said:032x}"}
            outputs.append(Output("master.resident", Record(who.encode(), encode(said), at), partition_of(bytes.fromhex(who), 4)))
        with app.log.writer("merge") as writer:
            writer.append(outputs)
        app.close()

    def share(self, **env: str) -> bool:
        """Deliver all there is; whether it came to an end, and was not killed where `env` says."""
        done = self.bus.tried("run", f"share.{ID}", "--until-idle", **env)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode == 0

    def events(self) -> list[Event]:
        """All that the subscriber gets, each partition in its order."""
        return self.bus.lines("subscribe", ID, "--until-idle")

    def told(self) -> list[tuple[str, str | None]]:
        """Operation and name of each event."""
        return [(event["operation"], event["fields"].get("name")) for event in self.events()]

    def names(self) -> list[str]:
        """What the subscriber holds."""
        return sorted(fields["name"] for fields in state(self.events()).values())


def state(events: list[Event]) -> dict[str, dict[str, Any]]:
    """Stand-in → fields, by the events alone."""
    held = {}
    for event in events:
        held[event["subject"]] = event["fields"]
        if event["operation"] == "ended":
            del held[event["subject"]]
    return held


def by_subject(events: list[Event]) -> dict[str, list[str]]:
    """Stand-in → the operations on it, in order."""
    found = defaultdict(list)
    for event in events:
        found[event["subject"]].append(event["operation"])
    return dict(found)
