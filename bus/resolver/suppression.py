"""Counts of people that give nobody away: small cells are not shown, nor what would let them be worked out. Pure.

Areas lie within each other. Fewer than five are never shown (domain facts §5.2). Where one cell of an area is hidden, the total less
the others would tell it; so at least two are, together five at least, the smallest first. What lies in a hidden area is hidden too, or its
parts would add up to it. The same is hidden at every level, so tables of several levels laid side by side tell no more than one.
"""

from __future__ import annotations

from collections.abc import Mapping

FEW = 5
Area = tuple[str, ...]
"""From the widest in: county, street, community, grid; () is the city. An empty name: not known from there on."""


def shown(counts: Mapping[Area, int], depth: int) -> dict[Area, int | None]:
    """The cells down to `depth` (0: the city alone), None where one is not to be shown. `counts`: by the finest areas."""
    totals: dict[Area, int] = {(): 0}
    for area, n in counts.items():
        for level in range(depth + 1):
            totals[area[:level]] = totals.get(area[:level], 0) + n
    within: dict[Area, list[Area]] = {}
    for area in totals:
        if area:
            within.setdefault(area[:-1], []).append(area)
    cells: dict[Area, int | None] = {(): _or_none(totals[()])}
    for area in sorted(totals, key=len):
        inner = within.get(area, [])
        hidden = set(inner) if cells[area] is None else _hidden({each: totals[each] for each in inner})
        cells.update({each: None if each in hidden else totals[each] for each in inner})
    return cells


def _or_none(n: int) -> int | None:
    return n if n >= FEW else None


def _hidden(cells: Mapping[Area, int]) -> set[Area]:
    """Which of the parts of an area that is shown are not."""
    hidden = {area for area, n in cells.items() if n < FEW}
    for area in sorted(cells, key=lambda each: (cells[each], each)):
        if not hidden or (len(hidden) > 1 and sum(cells[each] for each in hidden) >= FEW):
            break
        hidden.add(area)
    return hidden
