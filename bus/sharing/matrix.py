"""THE BARRIER MATRIX (信息壁垒矩阵): provider × consumer × data item, and how each stands, with the reason. Pure: values in, cells out.

    flowing · stale · waiting n working days · refused · never asked · broken

One of these for each cell. Where several agreements are about it, those in force decide, the worst of them; then what is on its way; then
what is held up or over; then what was refused. Every limit is in working days, so a holiday makes nothing late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bus.sharing.agreement import Agreement
from bus.sharing.cells import Cell, City, Flow, Request, State, Wait
from bus.sharing.clocks import clock
from bus.sharing.data_items import DataItem
from bus.sharing.exposure import granted
from bus.sharing.lifecycle import Standing, Words, day_of

LATE_AFTER: Mapping[str, int] = {"live": 1, "daily": 2, "weekly": 8, "monthly": 30, "yearly": 280}
"""Cadence of a dataset → working days after which what was handed in last is stale: the cadence, and some days of grace."""
_BEHIND_DAYS = 1  # working days that a record may wait to be shared


def matrix(city: City) -> list[Cell]:
    """Every cell there can be: each item that a department says, towards each other department."""
    return [
        _cell(city, item, provider, consumer)
        for provider in city.departments
        for item in city.items
        if provider in item.said_by
        for consumer in city.departments
        if consumer != provider
    ]


def _cell(city: City, item: DataItem, provider: str, consumer: str) -> Cell:
    sources = [city.sources[name] for name in item.said_by[provider]]
    heard = max((each.heard for each in sources if each.heard is not None), default=None)
    found = [each for standing in city.standings.values() for each in _requests(city, standing, item, provider, consumer)]
    requests = tuple(sorted(found, key=lambda each: (each.rank, each.agreement.id, -each.version)))
    state, reason = _unasked(city, item, provider) if not requests else (requests[0].state, requests[0].reason)
    return Cell(provider, consumer, item.name, state, reason, requests, heard, sum(each.rows for each in sources))


def _unasked(city: City, item: DataItem, provider: str) -> tuple[State, Words]:
    classes = {city.offers[entity].class_of([provider]) for entity in item.of if provider in city.offers[entity].datasets}
    if classes == {"not_shared"}:
        return "refused", ("By its class it is not shared.", "该数据为不予共享类。")
    return "never_asked", ("Nobody has asked for it.", "尚无部门提出申请。")


def _requests(city: City, standing: Standing, item: DataItem, provider: str, consumer: str) -> Iterator[Request]:
    """What an agreement says of a cell: its version in force or over, that on its way, that which was refused last."""
    for version, judge in ((standing.holding, _held), (standing.pending, _pending), (standing.refused, _refused)):
        if version is None or version.agreement.consumer != consumer or provider not in version.agreement.provider:
            continue
        if fields := _granted(version.agreement, item):
            state, reason, rank, wait = judge(city, standing, item, provider)
            flow = city.flows.get(standing.id, Flow()) if version is standing.holding else Flow()
            yield Request(version.agreement, version.number, state, reason, fields, rank, flow, wait)


_BROKEN, _STALE, _FLOWING, _ON_ITS_WAY, _OVER, _NO = range(6)
"""What decides a cell, the first before the others."""
_Judged = tuple[State, Words, int, Wait | None]


def _held(city: City, standing: Standing, item: DataItem, provider: str) -> _Judged:
    """A version that was applied."""
    assert standing.held is not None and standing.holding is not None  # noqa: S101 - asked for by the caller
    kept, why = standing.kept(city.at), standing.held.reason
    if kept == "revoked":
        return "refused", (f"Revoked: {why}", f"已撤销：{why}"), _NO, None
    if kept == "suspended":
        return "broken", (f"Suspended: {why}", f"已暂停：{why}"), _OVER, None
    if kept == "expired":
        until = standing.holding.agreement.until
        return "broken", (f"Its term was over on {until}.", f"已于 {until} 到期。"), _OVER, None
    flow = city.flows.get(standing.id, Flow())
    if flow.error:
        return "broken", (f"Its step fails: {flow.error}.", f"处理步骤出错：{flow.error}。"), _BROKEN, None
    return _begun(city, item.said_by[provider], flow) if flow.read else _not_begun(city, standing.held.at)


def _not_begun(city: City, since: int) -> _Judged:
    """In force since a time (ms), and its step has read nothing so far."""
    due = city.calendar.after(day_of(since), city.limits.supply)
    if day_of(city.at) > due.on:
        return "broken", ("In force, and nothing has come through in time.", "协议已生效，但逾期未供给任何数据。"), _BROKEN, None
    wait = Wait("supply", _days(city, since), due.on.isoformat(), False)
    return "waiting", _waits(wait), _ON_ITS_WAY, wait


def _begun(city: City, datasets: Sequence[str], flow: Flow) -> _Judged:
    if not flow.delivered:
        en, zh = "Everything that was read is withheld, nothing goes out.", "所读记录均未交付，无数据流出。"
        return "broken", (en, zh), _BROKEN, None
    if flow.waiting is not None and _days(city, flow.waiting) > _BEHIND_DAYS:
        on = day_of(flow.waiting)
        return "stale", (f"Records wait since {on}: is its step running?", f"有记录自 {on} 起待共享，处理步骤是否在运行？"), _STALE, None
    return _fresh(city, datasets)


def _fresh(city: City, datasets: Sequence[str]) -> _Judged:
    """By when the provider handed in last."""
    heard = {name: city.sources[name].heard for name in datasets}
    if all(each is None for each in heard.values()):
        return "broken", ("The provider has handed in nothing of it.", "提供方尚未提交该数据。"), _BROKEN, None
    late = [name for name, each in heard.items() if each is not None and _days(city, each) > LATE_AFTER[city.sources[name].cadence]]
    if late:
        on = min(day_of(each) for name in late if (each := heard[name]) is not None)
        names = ", ".join(late)
        return "stale", (f"Not handed in since {on}: {names}.", f"自 {on} 起未再提交：{names}。"), _STALE, None
    on = max(day_of(each) for each in heard.values() if each is not None)
    return "flowing", (f"Handed in on {on}, and shared.", f"{on} 提交的数据已共享。"), _FLOWING, None


def _pending(city: City, standing: Standing, _item: DataItem, _provider: str) -> _Judged:
    runs = clock(standing, city.limits, city.calendar)
    assert runs is not None  # noqa: S101 - a version is on its way
    wait = Wait(runs.waits_for, _days(city, runs.since), runs.due.isoformat(), runs.overdue(city.at))
    return "waiting", _waits(wait), _ON_ITS_WAY, wait


def _refused(_city: City, standing: Standing, _item: DataItem, _provider: str) -> _Judged:
    why = next((each.reason for each in reversed(standing.events) if each.step == "refuse"), "")
    return "refused", (f"Refused: {why}", f"已拒绝：{why}"), _NO, None


def _waits(wait: Wait) -> Words:
    late_en, late_zh = (", overdue", "，已逾期") if wait.overdue else ("", "")
    what_en, what_zh = ("an answer", "答复") if wait.waits_for == "answer" else ("the data", "供给")
    return (
        f"Waits for {what_en} for {wait.days} working days, due {wait.due}{late_en}.",
        f"待{what_zh} {wait.days} 个工作日，期限 {wait.due}{late_zh}。",
    )


def _days(city: City, since: int) -> int:
    """Working days from a time (ms) to now."""
    return city.calendar.between(day_of(since), day_of(city.at))


def _granted(agreement: Agreement, item: DataItem) -> tuple[str, ...]:
    """What of the item an agreement grants; which of its own rows it is (`subject`) tells the consumer nothing by itself."""
    return tuple(name for name in granted(agreement) if name != "subject" and item.holds(agreement.entity, name))
