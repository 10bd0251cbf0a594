"""A log, keys and a department's files, all fictional."""

from __future__ import annotations

from pathlib import Path

import pytest
from publishing import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Everything it takes to publish, in a folder of its own."""
    return Office(tmp_path)
