"""Logs as JSON lines on standard error: one object a line, for people with `jq` and for collectors."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class JSONFormatter(logging.Formatter):
    """Time, level, logger, message, whatever was given as `extra`, and the traceback if there is one.

    `redact` gets the whole line's texts: secrets that an error message quotes stay out of the log.
    """

    def __init__(self, redact: Callable[[str], str] = lambda text: text) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; control characters are escaped by the encoding."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            key: value
            for key, value in vars(record).items()
            if key not in _STANDARD and isinstance(value, str | int | float | bool | None)
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        texts = {key: self._redact(value) if isinstance(value, str) else value for key, value in line.items()}
        return json.dumps(texts, default=str)


def configure(level: str, redact: Callable[[str], str] = lambda text: text) -> None:
    """Send every logger's records to standard error as JSON lines, as `redact` leaves their texts."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter(redact))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("urllib3", "docker", "aiohttp", "httpx", "LiteLLM", "git", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
