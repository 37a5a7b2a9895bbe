"""What the running program writes of itself: one line an event on stderr, tracebacks plain, tokens of links cut out."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_TOKEN = re.compile(r"/(d|c|i|u|dispute|sign-in)/[A-Za-z0-9._-]{8,}")


def redact(text: str) -> str:
    """Return `text` as a log may show it: the tokens of links are cut out."""
    return _TOKEN.sub(lambda found: f"/{found[1]}/[redacted]", text)


def configure() -> None:
    """Set the logs up. Tracebacks are plain: the pretty ones print local variables, secrets among them, and take seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
