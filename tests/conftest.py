"""Which logs the tests run on: `LOG=sqlite` leaves out those that need a real Apache Kafka (see the Makefile)."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and say so, what was not asked for. What was asked for and cannot be had fails; nothing is skipped."""
    if "kafka" in os.environ.get("LOG", "kafka"):
        return
    left_out = [item for item in items if item.get_closest_marker("kafka")]
    items[:] = [item for item in items if not item.get_closest_marker("kafka")]
    config.hook.pytest_deselected(items=left_out)
