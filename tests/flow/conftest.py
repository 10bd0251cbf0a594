"""The small city of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.city import make_city


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the departments of a small fictional city hand over."""
    folder = tmp_path_factory.mktemp("city")
    make_city(folder, 400, delivery="2026-09", deliveries=1, damage=3.0)
    return folder / "2026-09"
