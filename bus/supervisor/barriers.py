"""The barrier matrix in figures: a few for each cell, by departments and data items."""

from __future__ import annotations

from collections.abc import Iterable

from bus.metrics import Sample
from bus.sharing.cells import Cell


def samples(cells: Iterable[Cell], at: int) -> list[Sample]:
    """The figures of these cells at a time (ms)."""
    return [sample for cell in cells for sample in _figures(cell, at)]


def _figures(cell: Cell, at: int) -> list[Sample]:
    labels, wait = (cell.provider, cell.consumer, cell.item), cell.wait
    found = [
        Sample("civicbus_barrier", (*labels, cell.state), 1),
        Sample("civicbus_barrier_waiting", labels, wait.days if wait else 0),
        Sample("civicbus_barrier_overdue", labels, 1 if wait and wait.overdue else 0),
        Sample("civicbus_barrier_delivered", labels, cell.delivered),
    ]
    if cell.newest is not None:  # of what was never handed in there is no age
        found.append(Sample("civicbus_barrier_age_seconds", labels, max(0, at - cell.newest) / 1000))
    return found
