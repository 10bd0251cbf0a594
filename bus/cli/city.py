"""`civicbus city DIR`: make a fictional city with labelled truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bus.errors import WrongUse


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command()(city)


def city(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where the deliveries and the truth are written 输出目录")],
    residents: Annotated[int, typer.Option(help="about so many residents 常住人口（约）")] = 3000,
    seed: Annotated[str, typer.Option(help="the same seed gives the same bytes 随机种子")] = "1",
    delivery: Annotated[str, typer.Option(help="month of the first delivery 首次交付月份")] = "2026-09",
    deliveries: Annotated[int, typer.Option(min=1, max=2, help="one month, or the next one too 交付次数")] = 2,
    damage: Annotated[float, typer.Option(min=0, help="multiplies the rates of all mistakes 差错率倍数")] = 1.0,
) -> None:
    """Make a fictional city with labelled truth, as three departments would hand it over. 生成虚构城市样例数据（含真值）。

    Nobody in it exists: division 3799xx is assigned to no place.
    """
    from bus.city import make_city  # here, so that other commands start without it

    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("city", total=None)
            made = make_city(
                directory, residents, seed=seed, delivery=delivery, deliveries=deliveries, damage=damage,
                progress=lambda done, streets: bar.update(task, completed=done, total=streets),
            )  # fmt: skip
    except ValueError as bad:
        raise WrongUse(
            f"No city can be made of that: {bad}.", "参数不能生成城市。",
            hint="At least 100 residents, a month such as 2026-09.", hint_zh="至少 100 人，月份形如 2026-09。",
        ) from bad  # fmt: skip
    rows = sum(n for name, n in made.rows.items() if "/common/" not in name)
    console.print(f"{made.residents} residents, {made.streets} streets, {rows} rows in {directory} | 虚构城市已生成")
