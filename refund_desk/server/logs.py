"""What the service writes for its operator: one line per event, never the locals of a traceback.

structlog as it comes prints the local variables of every frame where rich is installed: passwords and
tokens among them. SQL errors would show their parameters: `store.database` hides those.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

import structlog


class _Stream:
    """Standard error as it is when a line is written: tests and services replace it."""

    def write(self, text: str) -> int:
        return _now().write(text)

    def flush(self) -> None:
        _now().flush()


def _now() -> TextIO:
    return sys.stderr


def processors() -> list[Any]:
    """From an event to one line of JSON; a traceback as Python prints it, without locals."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def configure() -> None:
    """Set structlog up for this process. Twice is once."""
    structlog.configure(
        processors=processors(),
        logger_factory=structlog.PrintLoggerFactory(_Stream()),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
