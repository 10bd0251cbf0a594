"""The commands. Each file of this package holds a few, and joins by its function `mount(app)`.

Results for programs go to standard output (JSON), everything for people to standard error. Exit status: 0 done · 1 a fault of
civicbus · 2 wrong use · 3 a file or configuration was refused · 4 something outside is not reachable · 5 a check did not hold.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import typer

from bus.cli.context import App
from bus.cli.say import guarded
from bus.config import FIELDS, read_settings
from bus.diary import open_diary

HOLDS: Mapping[str, tuple[str, ...]] = {
    "access": ("access",),
    "agreement": ("agreement",),
    "audit": ("audit",),
    "blindspots": ("blindspots",),
    "city": ("city",),
    "demo": ("demo",),
    "disclosures": ("disclosures", "corrections"),
    "disputes": ("dispute",),
    "doctor": ("doctor",),
    "dwellings": ("dwellings",),
    "erasing": ("erase",),
    "identity": ("identity",),
    "keeping": ("backup", "restore"),
    "keys": ("keys",),
    "letters": ("deadletter",),
    "matrix": ("matrix",),
    "publish": ("publish",),
    "reading": ("read", "topics", "account"),
    "rebuilding": ("rebuild",),
    "resolver": ("show", "explain"),
    "schema": ("schema",),
    "steps": ("run",),
    "subscribing": ("subscribe",),
    "summary": ("summary",),
    "tidying": ("tidy",),
    "up": ("up", "health"),
    "watching": ("watch",),
}
"""File → the commands it holds: a command that is called starts without the others, which is half of its time."""


def settle(
    ctx: typer.Context,
    log: Annotated[str | None, typer.Option(help=FIELDS["log"][1], envvar="CIVICBUS_LOG")] = None,
    reference: Annotated[str | None, typer.Option(help=FIELDS["reference"][1], envvar="CIVICBUS_REFERENCE")] = None,
    home: Annotated[str | None, typer.Option(help=FIELDS["home"][1], envvar="CIVICBUS_HOME")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=FIELDS["diary"][1], envvar="CIVICBUS_DIARY")] = False,
) -> None:
    """A data-sharing bus for the departments of a city. 城市部门数据共享总线。

    Options stand before the command: civicbus --log kafka://HOST:PORT run
    """
    settings = read_settings({"log": log, "reference": reference, "home": home, "diary": "1" if verbose else None})
    open_diary(settings.diary)
    ctx.obj = App(settings)
    ctx.call_on_close(ctx.obj.close)


def commands(words: Collection[str] = ()) -> typer.Typer:
    """The command line with the commands that stand among `words`; with all, if none does."""
    app = typer.Typer(
        name="civicbus",
        help="A data-sharing bus for the departments of a city. 城市部门数据共享总线。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(settle)
    called = [file for file, names in HOLDS.items() if any(name in words for name in names)]
    for file in called or HOLDS:
        importlib.import_module(f"{__name__}.{file}").mount(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    raise SystemExit(guarded(lambda: commands(words)(args=words, prog_name="civicbus", standalone_mode=False)))
