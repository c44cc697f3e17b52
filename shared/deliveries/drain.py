"""Send what waits for a chat: one message at a time, in order, no faster than Telegram allows.

Used by the notifier for news and by the bot for its own answers, so that both share one ledger, one pace and one
rule about what an unanswered call means. No transaction is open while Telegram answers.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import cast

from sqlalchemy import BigInteger, Select, Table, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import db, pace, pace_limits
from shared.chats import doors
from shared.chats.models import Chat
from shared.db import after, single, transaction
from shared.deliveries import files, ledger, merge, operations, pauses, settle, statements
from shared.deliveries.models import BotPause, Delivery, State
from shared.pace_limits import Lane
from shared.settings import settings
from shared.telegram import Outcome, Telegram

log = logging.getLogger(__name__)

SHORT_WAIT = 0.3  # seconds: so long one waits for a slot in place; a longer wait is written down and left
LINE = 3.0  # seconds: so long one stands in line for room among all chats; only a full Telegram makes it as long
TURN = 1.0  # seconds after which a drain leaves the rest to the next hint: other chats wait for its process


Closing = Callable[[Delivery, Outcome], Awaitable[bool]]
"""Closes a delivery by how Telegram answered, and says whether more waits for its chat that may leave now."""

_CHATS = cast(Table, Chat.__table__)
_UNHINT = update(_CHATS).where(_CHATS.c.id == bindparam("chat", type_=BigInteger)).values(hinted_at=None)


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: the connection to Telegram and the pace shared by all senders of this bot."""

    telegram: Telegram
    pace: pace.Pace


def open_post() -> Post:
    """The connections of a process that sends; made here, first used on its loop."""
    house = settings()
    keeper = pace.Pace(
        pace.connect(house.redis_url.get_secret_value()),
        house.bot_id,
        processes=house.notifier_processes + 1,
        lease=house.lease,
        limits=pace_limits.faster(house.pace_times),
        ledger=ledger.sent_within,
    )
    return Post(Telegram(house.telegram_api, house.telegram_token.get_secret_value(), house.send_timeout), keeper)


@dataclass(frozen=True, slots=True)
class Drained:
    """made: calls to Telegram. more: whether something may still wait for the chat."""

    made: int
    more: bool


async def drain(post: Post, chat_id: int, lane: int = operations.NEWS) -> Drained:
    """Send everything that may leave for a chat now.

    lane: what is expected to wait; a slot for it is taken before looking, so that look and claim are one transaction.
    """
    made, more, until = 0, True, time.monotonic() + TURN
    hinted = True
    while more and time.monotonic() < until:
        turn = await _turn(post.pace, chat_id, lane)
        if turn is None:
            break
        if isinstance(turn, Delivery):
            await settle.settle(post.telegram, post.pace, turn)
            hinted, made = True, made + 1
            continue
        told = await make(post, chat_id, *turn)
        if told is None:
            break
        hinted, made, more = False, made + 1, told
    if hinted:
        async with single() as session:
            await session.execute(_UNHINT, {"chat": chat_id})
    return Drained(made, more)


async def drain_all(post: Post, chats: list[int]) -> None:
    """Drain several chats side by side; one that fails does not stop the others."""
    for chat_id, ended in zip(
        chats, await asyncio.gather(*(drain(post, chat_id) for chat_id in chats), return_exceptions=True), strict=True
    ):
        if isinstance(ended, BaseException) and db.away(ended):
            log.warning("draining chat %s waits for the database", chat_id)
        elif isinstance(ended, BaseException):
            log.error("draining chat %s failed", chat_id, exc_info=ended)


async def _look(session: AsyncSession, chat_id: int) -> Delivery | None:
    """What is to be done for a chat at this moment, found in one question; None when nothing may be sent to it.

    First an unsettled delivery that may be asked about. Else the one whose turn it is: answers before news, then
    oldest first; an order's news never overtake it, and nothing leaves while another is in flight.
    """
    delivery: Delivery | None = await session.scalar(_question(), {"chat": chat_id})
    return delivery


@cache
def _question() -> Select[Delivery]:
    """The statement of `_look`, built once: building it took a fifth of the notifier's time."""
    now, chat_id = func.clock_timestamp(), bindparam("chat", type_=BigInteger)
    unsettled = (
        select(Delivery.id)
        .where(
            Delivery.chat_id == chat_id,
            Delivery.state == State.UNKNOWN,
            func.coalesce(Delivery.settle_at, now) <= now,
        )
        .limit(1)
        .scalar_subquery()
    )
    waiting, older, flying = aliased(Delivery), aliased(Delivery), aliased(Delivery)
    turn = (
        select(waiting.id)
        .where(
            waiting.chat_id == chat_id,
            waiting.state == State.WAITING,
            waiting.not_before <= now,
            # A backlog of news that waits for its lane does not make a person's answer wait.
            or_(waiting.lane == operations.REPLY, ~exists().where(Chat.id == chat_id, Chat.paced_until > now)),
            ~exists().where(
                and_(
                    older.chat_id == chat_id,
                    older.state == State.WAITING,
                    older.order_id == waiting.order_id,
                    older.id < waiting.id,
                    older.lane == waiting.lane,
                )
            ),
            ~exists().where(flying.chat_id == chat_id, flying.state.in_([State.SENDING, State.UNKNOWN])),
        )
        .order_by(waiting.lane, waiting.id)
        .limit(1)
        .scalar_subquery()
    )
    return select(Delivery).where(
        Delivery.id == func.coalesce(unsettled, turn),
        exists().where(Chat.id == chat_id, Chat.held.is_(None), or_(Chat.not_before.is_(None), Chat.not_before <= now)),
        ~exists().where(BotPause.id == 1, BotPause.until > now),
    )


async def _turn(keeper: pace.Pace, chat_id: int, lane: int) -> tuple[pace.Slot, merge.Call] | Delivery | None:
    """What is to be done now: a claimed call with its slot, an unsettled delivery to ask about, or nothing."""
    early = await keeper.stand_in_line(chat_id, lane=operations.LANES[lane], is_group=chat_id < 0, within=LINE)
    slot = early if isinstance(early, pace.Slot) else None
    if (
        not isinstance(early, pace.Slot)
        and lane == operations.NEWS
        and early > SHORT_WAIT
        and await _leave(chat_id, early)
    ):
        return None
    call, claimed = None, False
    try:
        async with transaction() as session:
            found = await _look(session, chat_id)
            # A slot for news will do for an answer, not the other way round: answers may fill the windows further.
            if found is not None and found.state is State.WAITING and slot is not None and found.lane <= lane:
                claimed, call = True, await merge.claim(session, found)
    except IntegrityError:  # another sender was faster: the unique index let one of us through
        found = None
    except Exception:  # e.g. Postgres is away: a slot kept by nobody would silence the chat for a whole lease
        if slot is not None:
            await keeper.cancel(slot)
        raise
    if slot is not None and call is None:
        await keeper.cancel(slot)
    if call is not None and slot is not None:
        return slot, call
    if found is None or claimed:
        return None
    return found if found.state is State.UNKNOWN else await _wait_and_claim(keeper, found)


async def _leave(chat_id: int, seconds: float) -> bool:
    """Write down that a chat must wait, and free it for a later hint; not if it has more than news to be looked at."""
    async with single() as session:
        left = await session.scalar(statements.LEAVE, {"chat": chat_id, "seconds": seconds})
    return left is not None


async def _wait_and_claim(keeper: pace.Pace, waiting: Delivery) -> tuple[pace.Slot, merge.Call] | None:
    """A slot as soon as there is one, and then the claim; None when the chat must wait or another was faster."""
    slot = await _slot(keeper, waiting.chat_id, operations.LANES[waiting.lane])
    if slot is None:
        return None
    try:
        async with transaction() as session:
            call = await merge.claim(session, waiting)
    except IntegrityError:
        call = None
    if call is None:
        await keeper.cancel(slot)
        return None
    return slot, call


async def make(
    post: Post, chat_id: int, slot: pace.Slot, call: merge.Call, close: Closing | None = None
) -> bool | None:
    """Make a claimed call and record its outcome, with `close` in the place of `record` where that is given.

    Returns whether more waits for the chat that may leave now; None when nothing was sent.
    """
    if call.method == "":  # nothing left to do for it, e.g. an edit of a message that never came to be
        await post.pace.cancel(slot)
        return True
    try:
        upload = await files.of(call.delivery)
        await slot.due()
        # The last step before the write: a process that slept here leaves the message to those who ask about it by now.
        if time.monotonic() - call.claimed > settings().lease / 2:
            await post.pace.cancel(slot)
            return None
        outcome = await post.telegram.call(call.method, {"chat_id": chat_id, **call.parameters}, upload)
    except files.BrokenFile:
        outcome = Outcome("refused", words="the file to send is gone")
    await _account(post.pace, slot, outcome, call.delivery)
    if outcome.kind == "unsent":
        await pauses.shut(post.telegram)
    more = await (close or record)(call.delivery, outcome)
    if outcome.kind not in {"done", "same"}:
        log.info("delivery %s to chat %s: %s %s", call.delivery.id, chat_id, outcome.kind, outcome.words)
    return more


async def record(delivery: Delivery, outcome: Outcome) -> bool:
    """Close a delivery, free its chat for the next hint, and say whether more waits that may leave now.

    A Postgres that restarts at this very moment is waited for, while the lease lasts: otherwise a known answer would
    become an unknown one, and the chat would wait for the lease to run out.
    """
    until = time.monotonic() + settings().lease / 3
    while True:
        try:
            listened = delivery.method in doors.ANSWERED
            if outcome.kind in {"done", "same"} and not listened:
                async with single() as session:
                    return await operations.arrived(session, delivery, outcome)
            async with transaction() as session:
                await operations.close(session, delivery, outcome)
                if listened:
                    await doors.answered(session, delivery, outcome)
                await session.execute(_UNHINT, {"chat": delivery.chat_id})
                if outcome.kind not in {"refused", "done"}:
                    return False
                waits = exists().where(Delivery.chat_id == delivery.chat_id, Delivery.state == State.WAITING)
                return bool(await session.scalar(select(waits)))
        except Exception as error:
            if not db.away(error) or time.monotonic() > until:
                raise
            await asyncio.sleep(0.3)


async def _slot(keeper: pace.Pace, chat_id: int, lane: Lane) -> pace.Slot | None:
    """A slot of the shared pace, after a short wait at most; else the chat's row says until when it must wait."""
    waited = 0.0
    while True:
        got = await keeper.reserve(chat_id, lane=lane, is_group=chat_id < 0)
        if isinstance(got, pace.Slot):
            return got
        if waited + got > SHORT_WAIT:
            async with transaction() as session:
                await session.execute(update(Chat).where(Chat.id == chat_id).values(paced_until=after(got)))
            return None
        await asyncio.sleep(got)
        waited += got


async def _account(keeper: pace.Pace, slot: pace.Slot, outcome: Outcome, delivery: Delivery) -> None:
    if outcome.kind == "unsent":
        await keeper.cancel(slot)
        return
    await keeper.settle(slot, ledger.name(delivery.id, delivery.claimed_at))
    if outcome.kind == "flood":
        log.warning("429 in chat %s: %s s", delivery.chat_id, outcome.retry_after)
        await keeper.slow_down(delivery.chat_id)
