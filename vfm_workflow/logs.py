"""What the running program writes of itself: one line an event on stderr, tracebacks plain, tokens of links cut out."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from typing import Any

_TOKEN = re.compile(r"/(d|c|i|u|calendar|dispute|sign-in)/[A-Za-z0-9._-]{8,}")


def redact(text: str) -> str:
    """Return `text` as a log may show it: the tokens of links are cut out."""
    return _TOKEN.sub(lambda found: f"/{found[1]}/[redacted]", text)


class Log:
    """Writes events: what happened, and its details by name.

    structlog is loaded and set up with the first of them. It brings Rich and Pygments, a tenth of the time a start takes, and
    most processes that start have nothing to say.
    """

    def debug(self, event: str, **details: Any) -> None:
        """Write what only somebody who looks for a fault wants to know."""
        _logger().debug(event, **details)

    def info(self, event: str, **details: Any) -> None:
        """Write what happened."""
        _logger().info(event, **details)

    def warning(self, event: str, **details: Any) -> None:
        """Write what somebody may want to look at."""
        _logger().warning(event, **details)

    def error(self, event: str, **details: Any) -> None:
        """Write what went wrong."""
        _logger().error(event, **details)

    def exception(self, event: str, **details: Any) -> None:
        """Write what went wrong, with the traceback of the exception being handled."""
        _logger().exception(event, **details)


log = Log()


def _logger() -> Any:
    import structlog

    if not structlog.is_configured():
        configure()
    return structlog.get_logger()


def configure() -> None:
    """Set the logs up. Tracebacks are plain: the pretty ones print local variables, secrets among them, and take seconds."""
    import structlog

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
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when something is written
        cache_logger_on_first_use=False,
    )


def _redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
