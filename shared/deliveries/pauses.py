"""When nothing may be sent at all: Telegram said to wait, or cannot be reached. It sends no message.

A Telegram that cannot be reached is asked one small question until it answers again. Without that every chat would try
its oldest message every few seconds for as long as it is away.
"""

import logging

from sqlalchemy import case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import Chat
from shared.db import after, transaction
from shared.deliveries.models import BotPause, Delivery, State
from shared.telegram import AWAY, Outcome, Telegram

log = logging.getLogger(__name__)

FLOOD_WORDS = "Too Many Requests"
SIGNS = 2  # calls in a row that never left a process; one alone may be a connection that broke
PAUSE = 60.0  # seconds; the relay has somebody knock every few, so it only ends by itself if nobody can


async def pause_all(session: AsyncSession, seconds: float, why: str) -> None:
    """Send nothing to anybody for a while; of several pauses the longest wins.

    That of a Telegram that was away ends early, so any other takes its place, be it shorter.
    """
    longer = or_(BotPause.until < after(seconds), BotPause.reason == AWAY)
    await session.execute(
        update(BotPause)
        .where(BotPause.id == 1)
        .values(
            until=func.greatest(BotPause.until, after(seconds)),
            reason=case((longer, why[:200]), else_=BotPause.reason),
        )
    )


async def flooded(session: AsyncSession, chat_id: int, outcome: Outcome) -> None:
    """Silence for the chat until retry_after has passed; for everybody when a second chat is told so within 10 s."""
    wait = outcome.retry_after + 1
    await session.execute(
        update(Chat)
        .where(Chat.id == chat_id)
        .values(not_before=func.greatest(func.coalesce(Chat.not_before, after(wait)), after(wait)))
    )
    others = (
        select(Delivery.chat_id)
        .where(
            Delivery.state == State.WAITING,
            Delivery.chat_id != chat_id,
            Delivery.claimed_at > after(-10),
            Delivery.trouble.like(f"{FLOOD_WORDS}%"),
        )
        .scalar_subquery()
    )
    longest = await session.scalar(
        select(func.extract("epoch", func.max(Chat.not_before) - func.clock_timestamp())).where(Chat.id.in_(others))
    )
    if longest is not None:
        await pause_all(session, max(wait, float(longest)), outcome.words)


async def shut(telegram: Telegram) -> None:
    """Keep everybody from trying, if the calls of this process do not reach Telegram any more."""
    if telegram.unreached < SIGNS:
        return
    async with transaction() as session:
        await pause_all(session, PAUSE, AWAY)
        await _unasked(session)


async def is_shut(session: AsyncSession) -> bool:
    """Whether nothing is tried because Telegram was away."""
    away = exists().where(BotPause.reason == AWAY, BotPause.until > func.clock_timestamp())
    return bool(await session.scalar(select(away)))


async def knock(telegram: Telegram) -> None:
    """Ask Telegram who we are, which changes nothing there: with any answer everybody may try again, at once."""
    async with transaction() as session:
        if not await is_shut(session):
            return
    outcome = await telegram.call("getMe", {})
    async with transaction() as session:
        if outcome.kind in {"unsent", "ambiguous"}:
            await pause_all(session, PAUSE, AWAY)
            await _unasked(session)  # calls that hung are given up half a minute after the first found it away
            return
        again = update(BotPause).where(BotPause.reason == AWAY)
        await session.execute(again.values(until=func.clock_timestamp(), reason=""))
        await _unasked(session)
        await session.execute(select(func.pg_notify("sikpro_outbox", "")))
    log.info("Telegram answers again")


async def _unasked(session: AsyncSession) -> None:
    """Nobody could ask about what is unsettled: its time until it is repeated begins when somebody can."""
    now = func.clock_timestamp()
    unasked = update(Delivery).where(Delivery.state == State.UNKNOWN).values(trouble=AWAY, not_before=now)
    await session.execute(unasked.execution_options(synchronize_session=False))
