"""Keeps raw updates in the inbox before Telegram may forget them. Understands nothing of what they say."""

import json
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

log = logging.getLogger(__name__)

KINDS = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member", "chat_join_request")
"""What we ask Telegram for; the list is sent with every request, because Telegram remembers the last one."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and halves of surrogate pairs have no place in Postgres
_SUSPECT = re.compile(r"\\u0000|[\ud800-\udfff]")  # the same in JSON; walking each update costs more than reading it
_KEEP = """
    INSERT INTO inbox (bot_id, update_id, chat_id, body, state, error) VALUES ($1, $2, $3, $4::jsonb, $5, $6)
    ON CONFLICT (bot_id, update_id) DO NOTHING
"""


async def keep(connection: asyncpg.Connection, bot_id: int, updates: Sequence[dict[str, Any]]) -> None:
    """Write updates and commit; one that is there already stays as it is.

    An update that cannot be stored becomes a dead row with its number, so that it cannot hold up the others.
    """
    rows = [_row(bot_id, update) for update in updates]
    try:
        async with connection.transaction():
            await connection.executemany(_KEEP, rows)
    except (asyncpg.DataError, asyncpg.exceptions.ProgramLimitExceededError, ValueError):
        for row in rows:
            await _keep_one(connection, row)


def number_of(update: Any) -> int | None:
    """An update's number; None for what is no update."""
    number = update.get("update_id") if isinstance(update, dict) else None
    is_number = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**53
    return number if is_number else None


def numbered(updates: Any) -> list[dict[str, Any]]:
    """Those that are updates at all, oldest first."""
    found = [update for update in updates if number_of(update) is not None] if isinstance(updates, list) else []
    return sorted(found, key=lambda update: int(update["update_id"]))


def chat_of(update: dict[str, Any]) -> int:
    """The chat whose order an update belongs to; 0 where it has none."""
    for kind in KINDS:
        told = update.get(kind)
        if isinstance(told, dict):
            if kind == "callback_query":
                told = told.get("message")
            chat = told.get("chat") if isinstance(told, dict) else None
            number = chat.get("id") if isinstance(chat, dict) else None
            return number if isinstance(number, int) and abs(number) < 2**53 else 0
    return 0


def storable(value: Any) -> Any:
    """The same without signs that Postgres refuses in JSON."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


async def _keep_one(connection: asyncpg.Connection, row: tuple[Any, ...]) -> None:
    try:
        async with connection.transaction():
            await connection.execute(_KEEP, *row)
    except (asyncpg.DataError, asyncpg.exceptions.ProgramLimitExceededError, ValueError) as error:
        bot_id, number = row[0], row[1]
        log.error("update %s cannot be stored: %s", number, error)
        await connection.execute(_KEEP, bot_id, number, 0, "{}", "dead", f"cannot be stored: {error}"[:500])


def _row(bot_id: int, update: dict[str, Any]) -> tuple[Any, ...]:
    body = json.dumps(update, ensure_ascii=False)
    if _SUSPECT.search(body):
        body = json.dumps(storable(update), ensure_ascii=False)
    return bot_id, number_of(update), chat_of(update), body, "new", None


def last_of(updates: Iterable[dict[str, Any]]) -> int:
    """The highest number."""
    return max(int(update["update_id"]) for update in updates)
