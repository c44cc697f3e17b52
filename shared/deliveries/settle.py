"""Find out what became of a message whose sending was never answered, without sending it a second time.

`editMessageReplyMarkup` with the very keyboard the message carries answers "message is not modified" where it
arrived, and "can't be edited" or "not found" elsewhere. Only ids that are not in our ledger are asked, so a probe can
never overwrite another message of ours.
"""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, pace
from shared.chats.models import InboxUpdate
from shared.db import after, transaction
from shared.deliveries import operations
from shared.deliveries.models import Delivery, State
from shared.settings import settings
from shared.telegram import Telegram

log = logging.getLogger(__name__)

PROBES = 5  # ids asked in one go; each costs a slot, as an edit
SUPERGROUPS = -1_000_000_000_000  # ids below this are supergroups
LOOK_BACK = timedelta(minutes=10)
ABSENT_AFTER = 2  # ids in a row that do not exist: the chat ends here, so the message is not in it


async def due(session: AsyncSession, chat_id: int) -> Delivery | None:
    """The chat's unsettled delivery, once its time to be asked about has come."""
    delivery: Delivery | None = await session.scalar(
        select(Delivery).where(
            Delivery.chat_id == chat_id,
            Delivery.state == State.UNKNOWN,
            func.coalesce(Delivery.settle_at, func.clock_timestamp()) <= func.clock_timestamp(),
        )
    )
    return delivery


async def settle(telegram: Telegram, keeper: pace.Pace, delivery: Delivery) -> None:
    """Ask about one delivery and record what was learnt."""
    async with transaction() as session:
        too_long = await session.scalar(select(literal(delivery.claimed_at) < after(-settings().settle_within)))
        if too_long or settings().ambiguous == "resend_marked":
            await operations.repeat_marked(session, delivery)
            return
        candidates = await _candidates(session, delivery)
    verdict, message_id, words = await _probe(telegram, keeper, delivery, candidates)
    async with transaction() as session:
        if verdict == "arrived":
            await operations.sent(session, delivery, message_id)
        elif verdict == "absent":
            await operations.absent(session, delivery, words)
        else:
            await operations.ask_again(session, delivery, 3, words)
    log.info("delivery %s in chat %s: %s (%s)", delivery.id, delivery.chat_id, verdict, words)


async def _candidates(session: AsyncSession, delivery: Delivery) -> list[int]:
    """Message ids the delivery may have got: newer than what was known when it was claimed, and none we know.

    A supergroup numbers its own messages. Private chats and basic groups share one sequence of the bot's account;
    there the bot sees every message, so that the gaps in what it knows are few.
    """
    mine, asked = delivery.chat_id, delivery.claimed_at or clock.now()
    alike = [mine] if mine < SUPERGROUPS else None
    ours = select(Delivery.message_id, Delivery.sent_at.label("at")).where(
        Delivery.message_id.is_not(None),
        Delivery.chat_id.in_(alike) if alike else Delivery.chat_id > SUPERGROUPS,
        Delivery.created_at > asked - LOOK_BACK,
    )
    theirs = select(InboxUpdate.body["message"]["message_id"].as_integer(), InboxUpdate.received_at.label("at")).where(
        InboxUpdate.body["message"]["message_id"].is_not(None),
        InboxUpdate.chat_id.in_(alike) if alike else InboxUpdate.chat_id > SUPERGROUPS,
        InboxUpdate.received_at > asked - LOOK_BACK,
    )
    known = [(int(number), at) for number, at in (await session.execute(ours.union_all(theirs))).all() if number]
    before = [number for number, at in known if at is not None and at <= asked]
    floor = max([delivery.floor_id, *before])
    taken = {number for number, _ in known}
    return [number for number in range(floor + 1, floor + 1 + PROBES + len(taken)) if number not in taken][:PROBES]


async def _probe(
    telegram: Telegram, keeper: pace.Pace, delivery: Delivery, candidates: list[int]
) -> tuple[str, int | None, str]:
    missing = 0
    for message_id in candidates:
        slot = await keeper.reserve(delivery.chat_id, lane="reply", is_group=delivery.chat_id < 0)
        if not isinstance(slot, pace.Slot):
            return "later", None, "waiting for a slot to ask"
        parameters: dict[str, Any] = {"chat_id": delivery.chat_id, "message_id": message_id}
        if "reply_markup" in delivery.payload:
            parameters["reply_markup"] = delivery.payload["reply_markup"]
        outcome = await telegram.call("editMessageReplyMarkup", parameters)
        await keeper.settle(slot)
        if outcome.kind == "same":
            return "arrived", message_id, outcome.words
        if outcome.kind == "done":  # one of ours that the ledger did not know; its keyboard was another
            return "later", None, f"message {message_id} was ours but another"
        if outcome.kind == "gone":
            return "absent", None, outcome.words
        if outcome.kind != "refused":
            return "later", None, outcome.words
        missing = missing + 1 if "not found" in outcome.words else 0
        if missing >= ABSENT_AFTER:
            return "absent", None, outcome.words
    return "later", None, "not among the newest messages yet"
