"""How dates and times go wrong, and the readable ways to write them (domain.md §2.7)."""

from __future__ import annotations

from datetime import date, timedelta

from bus.city.quirks_base import Cell, Mark, Quirk, numbered_here, style

_EXCEL_DAY_0 = date(1899, 12, 30)


def _day(c: Cell) -> date:
    text = c.value
    return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if c.column.options[0] == "%Y%m%d" else date.fromisoformat(text)


def _role(c: Cell) -> str:
    return c.column.options[1] if len(c.column.options) > 1 else ""


def date_invalid(c: Cell) -> Mark:
    year, compact = c.value[:4], c.column.options[0] == "%Y%m%d"
    wrong = c.rng.choice(("02-30", "13-05", "06-31", "00-12"))
    return Mark(year + wrong.replace("-", "") if compact else f"{year}-{wrong}", "DATE_INVALID", "date_invalid", recoverable=False)


def date_placeholder(c: Cell) -> Mark:
    forms = ("00000000", "19000101") if c.column.options[0] == "%Y%m%d" else ("0000-00-00", "1900-01-01", "1899-12-30")
    return Mark(c.rng.choice(forms), "DATE_PLACEHOLDER", "date_placeholder", recoverable=False)


def date_year(c: Cell) -> Mark:
    return Mark(c.value[:4] + c.rng.choice(("", "年")), "DATE_PRECISION", "date_year", recoverable=False)


def date_month(c: Cell) -> Mark:
    d = _day(c)
    return Mark(
        c.rng.choice((f"{d:%Y-%m}", f"{d.year}年{d.month}月", f"{d.year}.{d.month}")), "DATE_PRECISION", "date_month", recoverable=False
    )


def date_about(c: Cell) -> Mark | None:
    if _role(c) != "built":
        return None
    return Mark(f"{c.value[:4]}年前后", "DATE_PRECISION", "date_about", recoverable=False)


def _styles(c: Cell) -> tuple[str, ...]:
    d = _day(c)
    compact = c.column.options[0] == "%Y%m%d"
    return (
        d.isoformat() if compact else f"{d:%Y%m%d}",
        f"{d.year}-{d.month}-{d.day}" if d.month < 10 or compact else f"{d:%Y/%m/%d}",
        f"{d:%Y/%m/%d}",
        f"{d:%Y.%m.%d}",
        f"{d.year}年{d.month}月{d.day}日",
    )


def date_style(c: Cell) -> Mark:
    return style(c.rng.choice(_styles(c)), "date_style")


def date_oracle(c: Cell) -> Mark:
    """Oracle's NLS form in a Chinese session: day, month, two-digit year."""
    d = _day(c)
    return style(f"{d.day:02d}-{d.month}月 -{d.year % 100:02d}", "date_oracle")


def date_serial(c: Cell) -> Mark:
    """Excel's serial day."""
    return style(str((_day(c) - _EXCEL_DAY_0).days), "date_excel_serial")


def end_before_start(c: Cell) -> Mark | None:
    if _role(c) != "end" or (start := c.column.options[2]) in c.entry.taken:
        return None
    begun = c.entry.get(start)
    if not begun:
        return None
    c.entry.taken.add(start)
    early = date.fromisoformat(begun) - timedelta(days=c.rng.randrange(3, 300))
    return Mark(early.isoformat(), "DATE_INVALID", "end_before_start", recoverable=False)


def birth_conflict(c: Cell) -> Mark | None:
    """A birth date that the number in the same row contradicts."""
    number = c.column.options[1]
    if number in c.entry.taken or not numbered_here(c.entry.get(number)):
        return None
    c.entry.taken.add(number)
    d = _day(c)
    other = d.replace(day=d.day % 28 + 1) if c.rng.random() < 0.7 else d.replace(year=d.year - 1, day=min(d.day, 28))
    return Mark(other.strftime(c.column.options[0]), "ID_DOB_CONFLICT", "birth_conflict", recoverable=False)


def birth_invalid(c: Cell) -> Mark:
    return date_invalid(c)._replace(quirk="birth_invalid")


def birth_placeholder(c: Cell) -> Mark:
    return date_placeholder(c)._replace(quirk="birth_placeholder")


def birth_month(c: Cell) -> Mark:
    return date_month(c)._replace(quirk="birth_month")


def birth_style(c: Cell) -> Mark:
    return date_style(c)._replace(quirk="birth_style")


def time_zero(c: Cell) -> Mark:
    return Mark("0000-00-00 00:00:00", "DATE_PLACEHOLDER", "time_zero", recoverable=False)


def year_about(c: Cell) -> Mark:
    return Mark(f"{c.value}年前后", "DATE_PRECISION", "date_about", recoverable=False)


DAMAGE: dict[str, tuple[tuple[Quirk, float], ...]] = {
    "date": (
        (date_invalid, 0.005),
        (date_placeholder, 0.006),
        (date_year, 0.005),
        (date_month, 0.005),
        (date_about, 0.003),
        (date_style, 0.018),
        (date_oracle, 0.002),
        (date_serial, 0.002),
        (end_before_start, 0.008),
    ),
    "birth": ((birth_conflict, 0.012), (birth_invalid, 0.003), (birth_placeholder, 0.005), (birth_month, 0.004), (birth_style, 0.012)),
    "time": ((time_zero, 0.004),),
    "minute": ((time_zero, 0.006),),
    "built_year": ((year_about, 0.01),),
}
