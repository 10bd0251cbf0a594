"""A city of three departments with one request between two of them, for tests to change a part of."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bus.contracts import catalog
from bus.sharing.cells import Cell, City, Flow, Source
from bus.sharing.clocks import Limits
from bus.sharing.data_items import DataItem, data_items
from bus.sharing.flows import Flows
from bus.sharing.items import Offer, offers
from bus.sharing.lifecycle import Standing
from bus.sharing.matrix import matrix
from bus.standards.working_days import WorkingDays

DAY = 86_400_000
NOW = int(datetime(2026, 11, 25, 2, tzinfo=UTC).timestamp() * 1000)
"""A Wednesday."""
SHARED = Flow(delivered=7, withheld={"out_of_scope": 3}, newest=NOW - DAY)


@cache
def catalogue() -> catalog.Catalog:
    return catalog.load()


@cache
def on_offer() -> dict[str, Offer]:
    return offers(catalogue())


@cache
def items() -> list[DataItem]:
    return data_items(catalogue(), on_offer())


def city(*standings: Standing, at: int = NOW, heard: int | None = NOW - DAY, flow: Flow = SHARED, **changed: Any) -> City:
    """Every dataset was handed in at `heard`; what was shared under each of `standings` is `flow`."""
    sources = {name: Source(contract.cadence, heard, 5 if heard else 0) for name, contract in catalogue().datasets.items()}
    flows = {standing.id: flow for standing in standings}
    agreed, departments = {each.id: each for each in standings}, list(catalogue().departments)
    known = City(items(), on_offer(), departments, agreed, sources, flows, Limits(), WorkingDays({}), at)
    return known._replace(**changed)


def cell(found: City, provider: str = "housing", consumer: str = "civil", item: str = "building") -> Cell:
    """The one cell of this place."""
    (one,) = [each for each in matrix(found) if (each.provider, each.consumer, each.item) == (provider, consumer, item)]
    return one


def no_flows(state: Path) -> Flows:
    """What follows a log without data items."""
    return Flows([], {}, [], {}, Limits(), WorkingDays({}), lambda _log: state, False)
