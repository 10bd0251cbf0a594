"""For when an answer is asked: `--as-of`, `--as-known-at`."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

import typer

from bus.cli.say import note
from bus.errors import WrongUse
from bus.resolver.history import Times
from bus.resolver.master import iso

_CITY = timezone(timedelta(hours=8))  # Asia/Shanghai
_PERIOD = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_YEAR, _MONTH = len("2026"), len("2026-09")
_DAY_MS = 86_400_000

AsOf = Annotated[
    str | None,
    typer.Option(help="what was so, by the dates that departments state: 2026, 2026-09 (at its end), 2026-09-30 某日（月末、年末）的事实"),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--as-known-at", help="what had been told by then: 2026-09 (its end), 2026-09-30, 2026-09-30T12:00 截至某时已知的内容"),
]


def read_times(as_of: str | None, known_at: str | None) -> Times:
    """The times as they were typed, in the city's zone unless they name another. A year, a month and a day mean the end of it. Raises
    `WrongUse`."""
    return Times(None if as_of is None else _date(as_of), None if known_at is None else _end(known_at))


def say_times(times: Times, forgotten: int, days: int) -> None:
    """Tell the reader for when the answer is, and whether it may lack something. `forgotten`: of how many statements; `days`: how old a
    version may become that a newer one has replaced."""
    if times.as_of is not None:
        note(f"事实截至 as of {times.as_of}")
    if times.known_at is not None:
        note(f"已知截至 as known at {iso(times.known_at)}")
    if forgotten:
        note(f"可能不完整：有 {forgotten} 条陈述的较早版本已不再保留（发布满 {days} 天且已被替换的版本不保留）。")
        note(f"Perhaps incomplete: earlier versions of {forgotten} statements are gone (one of {days} days that was replaced is not kept).")


def times_as_json(times: Times, forgotten: int) -> dict[str, Any]:
    """The same for programs."""
    known_at = None if times.known_at is None else iso(times.known_at)
    return {"as_of": times.as_of, "known_at": known_at, "forgotten": forgotten}


def _date(text: str) -> str:
    """As it is compared with what departments state, which may be as coarse."""
    if _PERIOD.fullmatch(text):
        _first_day(text)
        return text
    return _moment(text).isoformat(timespec="seconds")


def _end(text: str) -> int:
    """The last millisecond of a period; a moment itself."""
    if not _PERIOD.fullmatch(text):
        return _ms(_moment(text))
    first = _first_day(text)
    days = {_YEAR: 365 + isleap(first.year), _MONTH: monthrange(first.year, first.month)[1]}.get(len(text), 1)
    return _ms(first) + days * _DAY_MS - 1


def _first_day(text: str) -> datetime:
    return _read(text, f"{text}-01-01"[: len("2026-09-30")])


def _moment(text: str) -> datetime:
    return _read(text, text if _MOMENT.fullmatch(text) else "")


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _read(typed: str, text: str) -> datetime:
    """`text` as a time in the city. Raises `WrongUse`, which shows what was typed."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=_CITY)).astimezone(_CITY)
    except (ValueError, OverflowError):
        raise WrongUse(
            "This is no day or time.",
            "日期或时间格式不正确。",
            place=typed,
            hint="2026, 2026-09, 2026-09-30, or 2026-09-30T12:00 (Asia/Shanghai)",
            hint_zh="例如 2026、2026-09、2026-09-30 或 2026-09-30T12:00（北京时间）",
        ) from None
