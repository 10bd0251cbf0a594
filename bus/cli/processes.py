"""How a command starts others: this very program, told by the environment what it was told by options itself."""

from __future__ import annotations

import os
import sys

from bus.cli.context import App


def civicbus() -> list[str]:
    """The program."""
    return [sys.executable, "-m", "bus"]


def children_env(app: App) -> dict[str, str]:
    """The environment of a child, which keeps a diary."""
    settings = app.settings
    told = {"CIVICBUS_LOG": settings.log, "CIVICBUS_REFERENCE": str(settings.reference), "CIVICBUS_HOME": str(settings.home)}
    return {**os.environ, **told, "CIVICBUS_DIARY": "1"}
