"""What each department does with what it got: three small services of the fictional city, each knowing only what its agreement grants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bus.cli.context import App
from bus.cli.say import note, table
from bus.resolver.suppression import FEW, shown
from bus.sharing.follow import Event
from bus.sharing.view import OWN_KEYS

State = Mapping[str, Mapping[str, Any]]
_ELDERLY = frozenset({"60-70", "70-80", ">=80"})
_SURVEY = "social.resident_survey"
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
    """The social work department: who is old, by the word of others, lives with nobody by its own survey, and has no spouse or household
    by civil affairs; by the grid that stands in the same row of its own."""
    survey = _own_survey(app)
    at_home = Counter(home for _, home in survey.values())
    elderly = [fields for fields in state.values() if fields["birth_date"] in _ELDERLY and not fields["deceased"]]
    by_grid = Counter(grid for fields in elderly for grid in _alone(fields, survey, at_home))
    cells = shown({(grid,): count for grid, count in by_grid.items()}, 1)
    told = f"60 岁以上 over 60: {len(elderly):,} · 其中独居 of these alone: {by_grid.total():,}"
    note(f"  社会工作部由此得知 social work now knows: {told}")
    table("", ("网格 grid", "独居老人 elderly alone"), [(grid, count) for (grid, *_), count in _largest(cells)])
    note(f"  涉及网格 grids in all: {len(by_grid):,}；不足 {FEW} 人的不显示 those with fewer than {FEW} are not shown")


Survey = Mapping[str, tuple[str, str]]
"""The department's own row → grid and home in it."""


def _alone(fields: Mapping[str, Any], survey: Survey, at_home: Mapping[str, int]) -> Iterable[str]:
    """The grid of somebody who lives alone; nothing for others, and where the own survey does not know the home."""
    rows = [survey[key] for key in fields[OWN_KEYS] if key in survey]
    if rows and not (fields["links_spouse"] or fields["links_member"]) and all(at_home[home] == 1 for _, home in rows):
        yield rows[0][0]


def _own_survey(app: App) -> Survey:
    """What the department itself handed in, as its own system would look it up."""
    contract, decode = app.catalog.contract(_SURVEY), app.codec.decoder()
    grid, home = (contract.columns[name].field for name in ("WGBM", "FWBH"))
    found: dict[str, tuple[str, str]] = {}
    for batch in app.log.scan(contract.topic):
        for record in batch.records:
            if record.value is not None and record.key is not None:
                row = decode(record.value)[1]
                found[f"{_SURVEY}:{record.key.decode()}"] = (row[grid] or "", row[home] or "")
    return {key: row for key, row in found.items() if all(row)}


def _largest(cells: Mapping[tuple[str, ...], int | None]) -> list[tuple[tuple[str, ...], int]]:
    found = [(area, count) for area, count in cells.items() if area and count is not None]
    return sorted(found, key=lambda cell: (-cell[1], cell[0]))[:_MOST]


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
