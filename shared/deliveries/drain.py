"""Send what waits for a chat: one message at a time, in order, no faster than Telegram allows.

Used by the notifier for news and by the bot for its own answers, so that both share one ledger, one pace and one
rule about what an unanswered call means. No transaction is open while Telegram answers.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import db, pace
from shared.chats.models import Chat
from shared.db import after, transaction
from shared.deliveries import merge, operations, settle
from shared.deliveries.models import BotPause, Delivery, State
from shared.settings import settings
from shared.telegram import Outcome, Telegram

log = logging.getLogger(__name__)

SHORT_WAIT = 0.3  # seconds: so long one waits for a slot in place; a longer wait is written down and left
TURN = 1.0  # seconds after which a drain leaves the rest to the next hint: other chats wait for its process


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: the connection to Telegram and the pace shared by all senders of this bot."""

    telegram: Telegram
    pace: pace.Pace


async def drain(post: Post, chat_id: int) -> int:
    """Send everything that may leave for a chat now; return how many calls were made."""
    made, until = 0, time.monotonic() + TURN
    while time.monotonic() < until:
        async with transaction() as session:
            chat = await _open_chat(session, chat_id)
            if chat is None:
                break
            unsettled = await settle.due(session, chat_id)
            delivery = None if unsettled else await _next(session, chat_id)
        if unsettled is not None:
            await settle.settle(post.telegram, post.pace, unsettled)
            made += 1
            continue
        if delivery is None or not await _send(post, chat, delivery):
            break
        made += 1
    async with transaction() as session:
        await session.execute(update(Chat).where(Chat.id == chat_id).values(hinted_at=None))
    return made


async def drain_all(post: Post, chats: list[int]) -> None:
    """Drain several chats side by side; one that fails does not stop the others."""
    for chat_id, ended in zip(
        chats, await asyncio.gather(*(drain(post, chat_id) for chat_id in chats), return_exceptions=True), strict=True
    ):
        if isinstance(ended, BaseException) and db.away(ended):
            log.warning("draining chat %s waits for the database", chat_id)
        elif isinstance(ended, BaseException):
            log.error("draining chat %s failed", chat_id, exc_info=ended)


async def _open_chat(session: AsyncSession, chat_id: int) -> Chat | None:
    """The chat, if anything may be sent to it at this moment."""
    chat: Chat | None = await session.scalar(
        select(Chat).where(
            Chat.id == chat_id,
            Chat.held.is_(None),
            or_(Chat.not_before.is_(None), Chat.not_before <= func.clock_timestamp()),
            ~exists().where(BotPause.id == 1, BotPause.until > func.clock_timestamp()),
        )
    )
    return chat


async def _next(session: AsyncSession, chat_id: int) -> Delivery | None:
    """The delivery whose turn it is: answers before news, then oldest first; an order's news never overtake it."""
    older = aliased(Delivery)
    delivery: Delivery | None = await session.scalar(
        select(Delivery)
        .where(
            Delivery.chat_id == chat_id,
            Delivery.state == State.WAITING,
            Delivery.not_before <= func.clock_timestamp(),
            # A backlog of news that waits for its lane does not make a person's answer wait.
            or_(
                Delivery.lane == operations.REPLY,
                ~exists().where(Chat.id == chat_id, Chat.paced_until > func.clock_timestamp()),
            ),
            ~exists().where(
                and_(
                    older.chat_id == chat_id,
                    older.state == State.WAITING,
                    older.order_id == Delivery.order_id,
                    older.id < Delivery.id,
                    older.lane == Delivery.lane,
                )
            ),
        )
        .order_by(Delivery.lane, Delivery.id)
        .limit(1)
    )
    return delivery


async def _send(post: Post, chat: Chat, first: Delivery) -> bool:
    """Get a slot, claim what waits, make one call and record its outcome; False when the chat must wait."""
    slot = await _slot(post.pace, chat, operations.LANES[first.lane])
    if slot is None:
        return False
    async with transaction() as session:
        call = await merge.claim(session, first)
    if call is None:
        await post.pace.cancel(slot)
        return False
    if call.method == "":  # nothing left to do for it, e.g. an edit of a message that never came to be
        await post.pace.cancel(slot)
        return True
    if time.monotonic() - call.claimed > settings().lease / 2:
        # This process slept after its claim; by now somebody may be asking what became of it. Let them.
        await post.pace.cancel(slot)
        return False
    outcome = await post.telegram.call(call.method, {"chat_id": chat.id, **call.parameters})
    await _account(post.pace, slot, outcome, chat)
    await _record(call.delivery, outcome)
    if outcome.kind not in {"done", "same"}:
        log.info("delivery %s to chat %s: %s %s", call.delivery.id, chat.id, outcome.kind, outcome.words)
    return outcome.kind in {"done", "same", "refused"}


async def _record(delivery: Delivery, outcome: Outcome) -> None:
    """Close a delivery; a Postgres that restarts at this very moment is waited for, while the lease lasts.

    Otherwise a known answer would become an unknown one, and the chat would wait for the lease to run out.
    """
    until = time.monotonic() + settings().lease / 3
    while True:
        try:
            async with transaction() as session:
                await operations.close(session, delivery, outcome)
            return
        except Exception as error:
            if not db.away(error) or time.monotonic() > until:
                raise
            await asyncio.sleep(0.3)


async def _slot(keeper: pace.Pace, chat: Chat, lane: pace.Lane) -> pace.Slot | None:
    """A slot of the shared pace, after a short wait at most; else the chat's row says until when it must wait."""
    waited = 0.0
    while True:
        got = await keeper.reserve(chat.id, lane=lane, is_group=chat.id < 0)
        if isinstance(got, pace.Slot):
            return got
        if waited + got > SHORT_WAIT:
            async with transaction() as session:
                await session.execute(update(Chat).where(Chat.id == chat.id).values(paced_until=after(got)))
            return None
        await asyncio.sleep(got)
        waited += got


async def _account(keeper: pace.Pace, slot: pace.Slot, outcome: Outcome, chat: Chat) -> None:
    if outcome.kind == "unsent":
        await keeper.cancel(slot)
        return
    await keeper.settle(slot)
    if outcome.kind == "flood":
        log.warning("429 in chat %s: %s s", chat.id, outcome.retry_after)
        await keeper.slow_down(chat.id)
