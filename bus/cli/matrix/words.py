"""How the cells of the barrier matrix are put into words: states, ages, volumes. Chinese first, English beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bus.contracts.catalog import Department
from bus.sharing.cells import Cell, State
from bus.sharing.data_items import DataItem
from bus.sharing.items import Offer

_DAY_MS = 86_400_000


class Shown(NamedTuple):
    """A state as it is shown. `mark` tells it without colour."""

    mark: str
    zh: str
    en: str
    means_zh: str
    means_en: str


STATES: Mapping[State, Shown] = {
    "flowing": Shown("●", "畅通", "flowing", "按协议持续交付", "delivered as agreed"),
    "stale": Shown("◐", "陈旧", "stale", "已有协议，数据过期未更新", "agreed, and the data is old"),
    "waiting": Shown("◷", "待办", "waiting", "已申请，等待答复或供给", "asked for, not answered or not supplied yet"),
    "refused": Shown("✕", "拒绝", "refused", "提供方说明理由后拒绝或撤销", "refused or revoked, with a reason"),
    "never_asked": Shown("○", "未申请", "never asked", "数据已在总线，无人申请", "it is there, and nobody asked for it"),
    "broken": Shown("▲", "中断", "broken", "已有协议，但无数据流动", "agreed, and nothing flows"),
}


class Names(NamedTuple):
    """What departments, data items and fields are called."""

    departments: Mapping[str, Department]
    items: Mapping[str, DataItem]
    offers: Mapping[str, Offer]


def state(cell: Cell) -> tuple[str, str]:
    """The state, with the working days for which something is waited for."""
    shown, wait = STATES[cell.state], cell.wait
    if wait is None:
        return shown.zh, shown.en
    late_zh, late_en = ("，逾期", ", overdue") if wait.overdue else ("", "")
    return f"{shown.zh} {wait.days} 个工作日{late_zh}", f"{shown.en} {wait.days} working days{late_en}"


def volume(cell: Cell) -> tuple[str, str]:
    """How many fields of the item are granted and how much was delivered; where nothing was, what lies with the provider."""
    if cell.delivered:
        fields = len({name for request in cell.requests for name in request.fields})
        return f"{fields} 项信息 · 交付 {cell.delivered:,} 条", f"{fields} field{'s' * (fields > 1)} · {cell.delivered:,} delivered"
    return f"存有 {cell.rows:,} 行", f"{cell.rows:,} rows there"


def age(then: int | None, at: int) -> tuple[str, str]:
    """How long ago something was (both ms), in days."""
    if then is None:
        return "无数据", "no data"
    days = max(0, at - then) // _DAY_MS
    if not days:
        return "今日", "today"
    return f"{days} 天前", f"{days} day{'s' * (days > 1)} ago"
