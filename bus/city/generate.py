"""From a seed to files: street after street, each forgotten when it is written, so that memory does not grow with the city."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bus.city.deliver import Delivery, Writer
from bus.city.life import Living
from bus.city.places import Plan, plan
from bus.city.state import Counters


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made."""

    residents: int
    streets: int
    rows: dict[str, int] = field(default_factory=dict)


def month_end(month: str) -> date:
    """The last day of a month written 2026-09. ValueError when it is not one."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, calendar.monthrange(year, number)[1])


def next_month(month: str) -> str:
    """The month after."""
    year, number = (int(part) for part in month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def make_city(
    folder: Path,
    residents: int = 3000,
    *,
    seed: str = "1",
    delivery: str = "2026-09",
    deliveries: int = 2,
    damage: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, streets: None,
) -> Summary:
    """Write a city of about so many residents into `folder`: one or two monthly deliveries and the truth.

    The same arguments give the same bytes. `damage` multiplies the rates of all mistakes (1: about as in the departments' own files,
    0: none but what the departments' systems always do). ValueError for a month or a number that cannot be.
    """
    if residents < 100 or deliveries not in (1, 2) or damage < 0:
        raise ValueError("a city has at least 100 residents, one or two deliveries and no negative damage")
    months = [delivery, next_month(delivery)][:deliveries]
    on, later = month_end(delivery), month_end(next_month(delivery))
    city: Plan = plan(residents)
    communities = sum(len(s.communities) for s in city.streets)
    count = Counters()
    writer = Writer(folder, city, [Delivery(m, month_end(m)) for m in months], seed, damage)
    for done, street in enumerate(city.streets, 1):
        life = Living(seed, street, len(city.streets), max(8, residents // communities), count, on, later).run()
        writer.street(life)
        progress(done, len(city.streets))
    counts = writer.close()
    return Summary(count.person, len(city.streets), {f"{d}/{f}{'/' + s if s else ''}": n[1] for (d, _, f, s), n in counts.items()})
