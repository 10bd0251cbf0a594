"""What each department does with what it got: three small services of the fictional city, each knowing only what its agreement grants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bus.cli.context import App
from bus.cli.say import note, table
from bus.eventlog import topics
from bus.resolver.suppression import FEW, shown
from bus.sharing.follow import Event
from bus.sharing.view import OWN_KEYS, of_statement
from bus.sharing.worker import day_of

State = Mapping[str, Mapping[str, Any]]
_ELDERLY = frozenset({"60-70", "70-80", ">=80"})
_WIDOWED, _DIVORCED = "30", "40"
_MOST = 5  # grids that are shown


def housing_of_families(_app: App, state: State) -> None:
    """Civil affairs: how large are the homes, and does somebody own more than the one?"""
    bands = Counter(fields["area_total"] for fields in state.values() if fields["area_total"])
    told = " · ".join(f"{band} m²: {bands[band]:,}" for band in sorted(bands, key=_lower))
    several = sum((fields["links_owner"] or 0) > 1 for fields in state.values())
    none = sum(not fields["links_owner"] for fields in state.values())
    note(f"  民政局由此得知 civil affairs now know: {told}")
    note(f"  住房有多名权利人 homes with several owners: {several:,} · 住建无权利人登记 no owner known to housing: {none:,}")


def life_events(_app: App, state: State) -> None:
    """Housing: who of the people in its leases and among its owners is married, alone, dead?"""
    known = Counter(word for fields in state.values() for word in _life(fields))
    told = " · ".join(f"{word} {count:,}" for word, count in known.most_common())
    note(f"  住建局由此得知 housing now knows: {told}")


def _life(fields: Mapping[str, Any]) -> Iterable[str]:
    if fields["deceased"]:
        yield "已故 deceased"
    if fields["links_spouse"]:
        yield "有配偶 married"
    words = {_WIDOWED: "丧偶 widowed", _DIVORCED: "离婚 divorced"}
    if (word := words.get(fields["marital_status"] or "")) is not None:
        yield word


def elderly_alone(app: App, state: State) -> None:
    """The social work department: elderly people without spouse or household, by the grid that its own rows say they live in."""
    alone = [fields for fields in state.values() if _alone(fields)]
    grids = _own_grids(app, "social")
    places = (next((grids[key] for key in fields[OWN_KEYS] if key in grids), None) for fields in alone)
    by_grid = Counter(grid for grid in places if grid is not None)
    cells = shown({(grid,): count for grid, count in by_grid.items()}, 1)
    note(f"  社会工作部由此得知 social work now knows: 60 岁以上独居 over 60, no spouse, no household: {len(alone):,}")
    most = [(grid, count) for (grid, *_), count in _largest(cells)]
    table("", ("网格 grid", "人 people"), most)
    note(f"  涉及网格 grids in all: {len(by_grid):,}；不足 {FEW} 人的不显示 those with fewer than {FEW} are not shown")


def _alone(fields: Mapping[str, Any]) -> bool:
    return fields["birth_date"] in _ELDERLY and not (fields["deceased"] or fields["links_spouse"] or fields["links_member"])


def _largest(cells: Mapping[tuple[str, ...], int | None]) -> list[tuple[tuple[str, ...], int]]:
    found = [(area, count) for area, count in cells.items() if area and count is not None]
    return sorted(found, key=lambda cell: (-cell[1], cell[0]))[:_MOST]


def _own_grids(app: App, department: str) -> dict[str, str]:
    """The department's own row → the grid in it, as its own system would look it up."""
    decode, found = app.codec.decoder(), dict[str, str]()
    for batch in app.log.scan(topics.canonical("resident")):
        for record in batch.records:
            if record.value is None:
                continue
            said = decode(record.value)[1]
            grid: str | None = said["grid_code"]
            if grid is not None and said["source"]["department"] == department:
                found |= dict.fromkeys(of_statement(said, day_of(record.timestamp)).own_keys(department), grid)
    return found


def what_changed(fresh: Sequence[Event]) -> str:
    """What came since, by operation; of the newest, no more than how many."""
    counted = Counter(event.operation for event in fresh)
    words = {"created": "新增 new", "changed": "变化 changed", "corrected": "更正 corrected", "ended": "退出范围 ended"}
    return " · ".join(f"{words[operation]} {count:,}" for operation, count in counted.most_common()) or "无变化 nothing new"


def _lower(band: str) -> int:
    """The lower bound of a band: <30 · 30-60 · >=144."""
    return -1 if band.startswith("<") else int(band.removeprefix(">=").partition("-")[0])


USES: Mapping[str, Callable[[App, State], None]] = {
    "civil-housing-of-families": housing_of_families,
    "housing-life-events": life_events,
    "social-elderly-alone": elderly_alone,
}
"""Agreement → what its consumer does with it."""
