"""One suite, every adapter: the fixture `place` is the log of a test, on each adapter in turn."""

from pathlib import Path

import pytest

from tests.conformance.adapters import MAKERS, Place, chosen

_ran: set[str] = set()


@pytest.fixture(params=chosen())
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new log for one test."""
    made = MAKERS[request.param](tmp_path)
    _ran.add(request.param)
    return made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say on which adapters the suite really ran."""
    if _ran:
        terminalreporter.write_line(f"event log conformance ran on: {', '.join(sorted(_ran))}")
