"""The bot's answers, many at a time: written, claimed and closed in one statement each. The rules are those of `drain`.

A person waits for each, and a morning brings hundreds: what `operations` and `drain` do for one chat in six trips to
the database is done here for all chats that wait in three. Whatever is not the plain case (something unsettled in the
chat, an edit of a living card, a silence) is not taken here, but left to `drain`.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.db import single
from shared.deliveries import operations
from shared.deliveries.calls import REACTION, in_words
from shared.deliveries.merge import Call
from shared.deliveries.models import Delivery
from shared.deliveries.operations import REPLY, Message
from shared.settings import settings
from shared.telegram import Outcome

_WRITE = text("""
    INSERT INTO delivery (order_id, chat_id, kind, lane, method, payload,
        brief, keep, state, attempts, repeated, floor_id)
    SELECT order_id, chat_id, kind, :lane, method, CAST(payload AS jsonb), '', true, 'waiting', 0, false, 0
    FROM unnest(CAST(:orders AS bigint[]), CAST(:chats AS bigint[]),
        CAST(:kinds AS text[]), CAST(:methods AS text[]), CAST(:payloads AS text[]))
        WITH ORDINALITY AS told(order_id, chat_id, kind, method, payload, place)
    ORDER BY place
""")

_UNREACTED = text("""
    SELECT id FROM chat
    WHERE id = ANY(CAST(:chats AS bigint[])) AND unreacted_at > clock_timestamp() - interval '7 days'
""")

# Whose turn it is in each of the chats, as `drain` finds it for one. A delivery with a brief may leave together with
# others, one that edits takes the newest text along: both are for `merge`. The floor is that of `statements.claim`.
_CLAIM = text("""
    WITH turn AS (
        SELECT first.id FROM unnest(CAST(:chats AS bigint[])) AS asked(chat_id)
        JOIN chat ON chat.id = asked.chat_id AND chat.held IS NULL
            AND (chat.not_before IS NULL OR chat.not_before <= clock_timestamp())
        CROSS JOIN LATERAL (
            SELECT waiting.id, waiting.brief, waiting.edits FROM delivery AS waiting
            WHERE waiting.chat_id = asked.chat_id AND waiting.state = 'waiting' AND waiting.lane = :lane
                AND waiting.not_before <= clock_timestamp()
                AND NOT EXISTS (
                    SELECT FROM delivery AS older WHERE older.chat_id = asked.chat_id AND older.state = 'waiting'
                        AND older.order_id = waiting.order_id AND older.id < waiting.id AND older.lane = waiting.lane
                )
            ORDER BY waiting.id LIMIT 1
        ) AS first
        WHERE first.brief = '' AND first.edits IS NULL
            AND NOT EXISTS (
                SELECT FROM delivery AS flying
                WHERE flying.chat_id = asked.chat_id AND flying.state IN ('sending', 'unknown')
            )
            AND NOT EXISTS (SELECT FROM bot_pause WHERE id = 1 AND until > clock_timestamp())
    ), newest AS (SELECT max(last_message_id) AS id FROM chat WHERE id > :supergroups)
    UPDATE delivery SET state = 'sending', claimed_at = clock_timestamp(),
        lease_until = clock_timestamp() + make_interval(secs => :lease),
        floor_id = CASE WHEN chat_id > :supergroups THEN (SELECT id FROM newest)
            ELSE (SELECT last_message_id FROM chat WHERE chat.id = delivery.chat_id) END
    FROM turn WHERE delivery.id = turn.id AND delivery.state = 'waiting'
    RETURNING delivery.*
""")

# Who was in flight until this moment may have been told to wait; only a look after the claim knows it.
_GIVE_BACK = text("""
    UPDATE delivery SET state = 'waiting', lease_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:claims AS timestamptz[])) AS ours(id, claimed_at), chat
    WHERE delivery.id = ours.id AND delivery.claimed_at = ours.claimed_at AND delivery.state = 'sending'
        AND chat.id = delivery.chat_id AND (
            chat.held IS NOT NULL OR chat.not_before > clock_timestamp()
            OR EXISTS (SELECT FROM bot_pause WHERE bot_pause.id = 1 AND until > clock_timestamp())
        )
    RETURNING delivery.id
""")

_WAITS = text("""
    SELECT DISTINCT chat_id FROM delivery
    WHERE chat_id = ANY(CAST(:chats AS bigint[])) AND state = 'waiting' AND lane = :lane
""")

# Rows of chats are locked in the order of their ids, as everybody does who locks several.
_CLOSE = text("""
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:claims AS timestamptz[]),
            CAST(:chats AS bigint[]), CAST(:messages AS bigint[]))
            AS told(delivery, claimed_at, chat_id, message_id)
    ), ours AS MATERIALIZED (
        SELECT id FROM chat WHERE id IN (SELECT chat_id FROM told) ORDER BY id FOR NO KEY UPDATE
    ), closed AS (
        UPDATE delivery SET state = 'sent', message_id = told.message_id, sent_at = clock_timestamp(),
            trouble = NULL, settle_at = NULL, lease_until = NULL
        FROM told WHERE delivery.id = told.delivery AND delivery.state IN ('sending', 'unknown')
            AND delivery.claimed_at = told.claimed_at
    ), heard AS (
        UPDATE chat SET hinted_at = NULL, last_message_id = greatest(chat.last_message_id, told.message_id)
        FROM told JOIN ours ON ours.id = told.chat_id WHERE chat.id = told.chat_id
    )
    SELECT told.delivery,
        EXISTS (SELECT FROM delivery WHERE delivery.chat_id = told.chat_id AND state = 'waiting') AS more
    FROM told
""")
_SUPERGROUPS = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Written:
    """An answer for a chat. order_id: the order it is about, if it is about one."""

    chat_id: int
    message: Message
    order_id: int | None = None


async def write(session: AsyncSession, written: Sequence[Written]) -> None:
    """Queue answers in their order; what is not for somebody who waits goes the way of news."""
    for lane, some in groupby(written, lambda each: each.message.lane):
        if lane == REPLY:
            await _write(session, list(some))
            continue
        for each in some:
            await operations.queue(session, each.chat_id, each.message, order_id=each.order_id)


async def _write(session: AsyncSession, answers: Sequence[Written]) -> None:
    if reacting := [each.chat_id for each in answers if each.message.method == REACTION]:
        mute = {row["id"] for row in await rows.rows(session, _UNREACTED, {"chats": reacting})}
        answers = [_aloud(each) if each.chat_id in mute else each for each in answers]
    told = {
        "orders": [each.order_id for each in answers],
        "chats": [each.chat_id for each in answers],
        "kinds": [each.message.kind for each in answers],
        "methods": [each.message.method for each in answers],
        "payloads": [json.dumps(each.message.payload) for each in answers],
        "lane": REPLY,
    }
    await rows.rows(session, _WRITE, told)


def _aloud(written: Written) -> Written:
    """A reaction as a reply; everything else as it is."""
    message = written.message
    if message.method != REACTION:
        return written
    return replace(written, message=replace(message, method="sendMessage", payload=in_words(message.payload)))


async def claim(chats: Sequence[int]) -> tuple[list[Call], set[int]]:
    """Mark the next answer of each of these chats as being sent, where it may leave now.

    The second: chats of the others in which something waits all the same. Raises DBAPIError when another sender claimed
    in one of them at this very moment: then none is.
    """
    claimed = time.monotonic()
    async with single() as session:
        asked = {"chats": list(chats), "lane": REPLY, "lease": settings().lease, "supergroups": _SUPERGROUPS}
        calls = [rows.made(Delivery, row) for row in await rows.rows(session, _CLAIM, asked)]
        silent: set[int] = set()
        if calls:
            ours = {"ids": [call.id for call in calls], "claims": [call.claimed_at for call in calls]}
            silent = {row["id"] for row in await rows.rows(session, _GIVE_BACK, ours)}
        ready = [Call(each, each.method, each.payload, claimed) for each in calls if each.id not in silent]
        others = list(set(chats) - {call.delivery.chat_id for call in ready})
        if not others:
            return ready, set()
        waits = await rows.rows(session, _WAITS, {"chats": others, "lane": REPLY})
    return ready, {row["chat_id"] for row in waits}


async def close(ended: Sequence[tuple[Delivery, Outcome]]) -> dict[int, bool]:
    """Close deliveries that Telegram took; for each its id and whether more waits for its chat."""
    told = {
        "ids": [one.id for one, _ in ended],
        "claims": [one.claimed_at for one, _ in ended],
        "chats": [one.chat_id for one, _ in ended],
        "messages": [operations.message_id(outcome, one) for one, outcome in ended],
    }
    async with single() as session:
        return {row["delivery"]: row["more"] for row in await rows.rows(session, _CLOSE, told)}
