"""The diary: one JSON line an event, on standard error, only when asked for. No value of a person is ever handed to it.

Line breaks and control characters in a value stay inside its JSON string, so that one event is always one line.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

_LONGEST = 500


def open_diary(wanted: bool) -> None:
    """Write the diary from here on, or (the default) keep silent but for errors of libraries."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _shortened,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if wanted else logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries (kafka-python) complain about what we handle and report ourselves.
    logging.basicConfig(
        level=logging.ERROR if wanted else logging.CRITICAL, stream=sys.stderr, format='{"level":"%(levelname)s","from":"%(name)s"}'
    )


def diary(step: str) -> Any:
    """The diary of a step."""
    return structlog.get_logger().bind(step=step)


def _shortened(_logger: object, _name: str, entry: Any) -> Any:
    return {key: value[:_LONGEST] if isinstance(value, str) else value for key, value in entry.items()}
