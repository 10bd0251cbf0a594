"""The barrier matrix of a log, kept up: what was handed in, what is agreed, what was shared, how far behind each agreement is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bus.account import SHARE
from bus.errors import NotAllowed
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing import history
from bus.sharing.cells import Cell, City, Flow, Source
from bus.sharing.clocks import Limits
from bus.sharing.data_items import DataItem
from bus.sharing.items import Offer
from bus.sharing.lifecycle import Standing, after
from bus.sharing.matrix import matrix
from bus.standards.working_days import WorkingDays
from bus.step import behind
from bus.step.progress import Place
from bus.step.pulse import read_pulses


class Flows:
    """Follows one log: only what is new is read each time. Not for several threads."""

    def __init__(
        self,
        items: Sequence[DataItem],
        offers: Mapping[str, Offer],
        departments: Sequence[str],
        cadences: Mapping[str, str],
        limits: Limits,
        calendar: WorkingDays,
        state: Callable[[EventLog], Path],
        named: bool,
    ) -> None:
        """`cadences`: dataset → how often it is handed in; `state`: where the steps of a log note their signs of life;
        `named`: whether principals are configured."""
        self._items, self._offers, self._departments = items, offers, departments
        self._limits, self._calendar, self._state, self._named = limits, calendar, state, named
        self._sources = {dataset: Source(cadence) for dataset, cadence in cadences.items()}
        self._flows: dict[str, Flow] = {}
        self._standings: dict[str, Standing] = {}
        self._accounts: dict[str, int] = {}
        self._agreements = 0
        self._seen: dict[str, dict[Place, int | None]] = {}
        self.unread: set[str] = set()
        """Topics that who looks may not read: whether records wait there is not known."""

    def look(self, log: EventLog) -> None:
        """Read on to the end of the log."""
        self.unread.clear()
        for topic in [info.name for info in log.topics() if topics.is_account(info.name)]:
            for batch in log.scan(topic, {0: self._accounts.get(topic, 0)}):
                self._accounts[topic] = batch.next_offset
                for record in batch.records:
                    self._count(record)
        for event in history.events(log, self._agreements):
            self._agreements = event.offset + 1
            self._standings[event.agreement] = after(self._standings.get(event.agreement, Standing(event.agreement, self._named)), event)
        errors = {beat.step: beat.error for beat in read_pulses(self._state(log)) if beat.error}
        for id, standing in self._standings.items():
            if standing.holding is not None:
                self._behind(log, id, standing.holding.agreement.entity, errors.get(topics.share(id), ""))

    def cells(self, at: int) -> list[Cell]:
        """Every cell as it stands at a time (ms)."""
        known = (self._items, self._offers, self._departments, self._standings, self._sources, self._flows)
        return matrix(City(*known, self._limits, self._calendar, at))

    def _count(self, record: Record) -> None:
        said = json.loads(record.value) if record.value is not None else {}
        name = said.get("dataset", "")
        if said.get("step") == "publish" and (source := self._sources.get(name)) is not None:
            heard = max(record.timestamp, source.heard or 0)
            self._sources[name] = source._replace(heard=heard, rows=source.rows + said.get("published", 0))
        elif said.get("step") == SHARE:
            self._shared(topics.entity_of(name), said, record.timestamp)

    def _shared(self, agreement: str, said: Mapping[str, Any], at: int) -> None:
        flow = self._flows.get(agreement, Flow())
        self._flows[agreement] = flow._replace(
            delivered=flow.delivered + said.get("delivered", 0),
            withheld=_sum(flow.withheld, said.get("reasons") or {}),
            dead_letter=flow.dead_letter + said.get("dead_letter", 0),
            newest=max(at, flow.newest or 0),
        )

    def _behind(self, log: EventLog, id: str, entity: str, error: str) -> None:
        """How long the oldest record waits that its step has not read, and whether that fails."""
        source = topics.master(entity) if entity in topics.MASTERS else topics.canonical(entity)
        try:
            found = behind(log, topics.share(id), (source,), self._seen.setdefault(id, {}))
        except NotAllowed:  # on Kafka the age of a record is read in the record
            self.unread.add(source)
            found = []
        waiting = min((each.oldest for each in found if each.oldest is not None), default=None)
        self._flows[id] = self._flows.get(id, Flow())._replace(waiting=waiting, error=error)


def _sum(kept: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: kept.get(name, 0) + more.get(name, 0) for name in {**kept, **more}}
