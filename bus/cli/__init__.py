"""The commands. Each file of this package holds a few; a file joins by its function `mount(app)`, or by its own
`app: typer.Typer`, whose commands become ours.

Results for programs go to standard output (JSON), everything for people to standard error. Exit status: 0 done · 1 a fault of
civicbus · 2 wrong use · 3 a file or configuration was refused · 4 something outside is not reachable · 5 a check did not hold.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Annotated

import typer

from bus.cli.context import App
from bus.cli.say import guarded
from bus.config import FIELDS, read_settings
from bus.diary import open_diary

app = typer.Typer(
    name="civicbus",
    help="A data-sharing bus for the departments of a city. 城市部门数据共享总线。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
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


def _mount_all() -> None:
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, "mount"):
            module.mount(app)
        elif isinstance(own := getattr(module, "app", None), typer.Typer):
            app.add_typer(own)


_mount_all()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit status."""
    raise SystemExit(guarded(lambda: app(args=arguments, prog_name="civicbus", standalone_mode=False)))
