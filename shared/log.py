"""Structured logs in UTC on standard error, with the bot's token struck out wherever it turns up."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def redact(text: str) -> str:
    """`text` without bot tokens: libraries log whole URLs, and Telegram's hold the token."""
    return _TOKEN.sub("<token>", text)


class _Line(logging.Formatter):
    """One JSON object a line; control characters in a message cannot start a line of their own."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "say": _CONTROL.sub(" ", redact(record.getMessage())),
        }
        if record.exc_info:
            line["trace"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def start(level: int = logging.INFO) -> None:
    """Send this process's log to standard error in the house's shape."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("aiogram.event", "httpx", "asyncio", "kombu", "celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
