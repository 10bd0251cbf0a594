"""For when an answer is asked: `--as-of`, `--as-known-at`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import typer

from bus.cli.say import note
from bus.errors import WrongUse
from bus.resolver.history import Times
from bus.resolver.master import iso

_CITY = timezone(timedelta(hours=8))  # Asia/Shanghai
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")

AsOf = Annotated[str | None, typer.Option(help="what was so on a day: 2026, 2026-09 or 2026-09-30 某日的事实")]
KnownAt = Annotated[
    str | None, typer.Option("--as-known-at", help="what had been told by a time: 2026-09-30, 2026-09-30T12:00 某时已知的内容")
]


def read_times(as_of: str | None, known_at: str | None) -> Times:
    """The times as they were typed; a day without a time of day is the whole of it, in the city. Raises `WrongUse`."""
    if as_of is not None and (not _DAY.fullmatch(as_of) or _time(as_of) is None):
        raise _no_time(as_of)
    if known_at is None:
        return Times(as_of)
    if (found := _time(known_at)) is None:
        raise _no_time(known_at)
    if len(known_at) == len("2026-09-30"):
        found += timedelta(days=1, milliseconds=-1)
    return Times(as_of, int(found.timestamp() * 1000))


def say_times(times: Times, days: int) -> None:
    """Tell the reader for when the answer is, and how far back it can be trusted."""
    if times.as_of is not None:
        note(f"事实截至 as of {times.as_of}")
    if times.known_at is not None:
        note(f"已知截至 as known at {iso(times.known_at)}")
    if not times.are_now:
        note(f"Versions published over {days} days ago and replaced since may be gone. {days} 天前发布且已被替换的版本可能不再保留。")


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text + {len("2026"): "-01-01", len("2026-09"): "-01"}.get(len(text), ""))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=_CITY)).astimezone(UTC)


def _no_time(text: str) -> WrongUse:
    return WrongUse(
        "This is no day or time.",
        "日期或时间格式不正确。",
        place=text,
        hint="2026-09-30, or 2026-09-30T12:00 (Asia/Shanghai)",
        hint_zh="例如 2026-09-30 或 2026-09-30T12:00（北京时间）",
    )
