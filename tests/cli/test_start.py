"""A command starts with what it needs, and all commands are where the command line looks for them."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
import typer.main

from bus.cli import HOLDS, commands


@pytest.mark.parametrize("file", HOLDS)
def test_a_file_holds_the_commands_that_it_is_said_to_hold(file: str) -> None:
    alone = typer.Typer()
    alone.callback()(lambda: None)
    importlib.import_module(f"bus.cli.{file}").mount(alone)

    assert set(typer.main.get_command(alone).commands) == set(HOLDS[file])  # type: ignore[attr-defined]


def test_every_command_is_there_where_none_is_called() -> None:
    assert set(typer.main.get_command(commands()).commands) == {name for names in HOLDS.values() for name in names}  # type: ignore[attr-defined]


def test_a_command_that_is_called_starts_without_the_others() -> None:
    heavy = "'bus.sharing.agreement' in sys.modules, 'prometheus_client' in sys.modules"
    said = f"import sys, bus.cli; bus.cli.commands(['topics']); print({heavy})"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
