"""Which logs the tests run on (`LOG=sqlite` leaves out those that need a real Apache Kafka, see the Makefile), and in which order."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A property is right or wrong; how long an example takes on a busy machine says nothing. What is slow is measured in bench/.
settings.register_profile("civicbus", deadline=None)
settings.load_profile("civicbus")

LONGEST = ("flow", "access", "resolver", "faults", "sharing", "docs", "cli")  # folders whose files take minutes


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and say so, what was not asked for. What was asked for and cannot be had fails; nothing is skipped.

    Files are handed out whole to processes side by side: the longest first, or one process would end long after the others."""
    items.sort(key=lambda item: next((rank for rank, folder in enumerate(LONGEST) if folder in item.path.parts), len(LONGEST)))
    if "kafka" in os.environ.get("LOG", "kafka"):
        return
    left_out = [item for item in items if item.get_closest_marker("kafka")]
    items[:] = [item for item in items if not item.get_closest_marker("kafka")]
    config.hook.pytest_deselected(items=left_out)
