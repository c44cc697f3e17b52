"""Find out what became of a message whose sending was never answered, without sending it a second time.

`editMessageReplyMarkup` with the very keyboard the message carries answers "message is not modified" where it
arrived, and "can't be edited" or "not found" elsewhere. Only ids that are not in our ledger are asked, so a probe can
never overwrite another message of ours.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, pace
from shared.chats import operations as chats
from shared.chats.models import InboxUpdate, numbers_its_own, same_numbers
from shared.db import transaction
from shared.deliveries import operations, pauses
from shared.deliveries.calls import EPHEMERAL
from shared.deliveries.models import Delivery, State
from shared.settings import settings
from shared.telegram import AWAY, UNANSWERED, Outcome, Telegram

log = logging.getLogger(__name__)

PROBES = 5  # ids asked in one go; each costs a slot, as an edit
LOOK_BACK = timedelta(minutes=10)
ABSENT_AFTER = 3  # ids in a row that do not exist: the chat ends here, so the message is not in it
MORE_WHEN_SHARED = 2  # where other chats use up ids: as many messages of people may not have reached the inbox yet
UNASKED = 6  # times as long is waited while no question was answered: that is Telegram's trouble, not the message's
SLOT_WITHIN = 3.0  # seconds one waits in place for a slot to ask


@dataclass(frozen=True, slots=True)
class Search:
    """Where an unsettled message may be: the ids to ask, and after how many that do not exist it is nowhere.

    sure: the chat's newest id before the message is known; else nothing proves that it did not arrive.
    """

    ids: list[int]
    absent_after: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found: `arrived` (as message_id), `absent`, or `later`; `floor`: no id up to this one is it."""

    kind: str
    words: str
    message_id: int | None = None
    floor: int = 0
    outcome: Outcome | None = None


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
        if not await operations.begin_settling(session, delivery):
            return
        policy = settings().ambiguous
        since = max(delivery.claimed_at or delivery.not_before, delivery.not_before)  # when it could be asked about
        age = await session.scalar(select(func.extract("epoch", func.clock_timestamp() - literal(since))))
        waited = float(age or 0)
        if policy == "hold":
            await operations.hold_for_person(session, delivery, "no answer came")
            return
        if _late(delivery, waited) or policy == "resend_marked" or not can_be_asked(delivery):
            await operations.repeat_marked(session, delivery, "it could not be settled")
            return
        search = await _candidates(session, delivery)
    verdict = await _probe(telegram, keeper, delivery, search)
    async with transaction() as session:
        if verdict.kind == "arrived":
            await operations.sent(session, delivery, verdict.message_id)
        elif verdict.kind == "absent":
            await operations.absent(session, delivery, verdict.words)
        else:
            await operations.ask_again(session, delivery, min(30, max(3, waited / 5)), verdict.words, verdict.floor)
            await _obey(session, delivery, verdict.outcome)
    if verdict.outcome is not None and verdict.outcome.kind == "unsent":
        await pauses.shut(telegram)
    log.info("delivery %s in chat %s: %s (%s)", delivery.id, delivery.chat_id, verdict.kind, verdict.words)


def _late(delivery: Delivery, waited: float) -> bool:
    """Whether it was waited for long enough. What nobody could ask about, since Telegram was away, is never late."""
    trouble = delivery.trouble or ""
    if trouble.startswith(AWAY):
        return False
    return waited > settings().settle_within * (UNASKED if trouble.startswith(UNANSWERED) else 1)


def can_be_asked(delivery: Delivery) -> bool:
    """Whether Telegram would tell: what asks for a reply can never be edited, what one person sees has no number.

    Such a message is repeated, marked.
    """
    if EPHEMERAL in delivery.payload:
        return False
    return "force_reply" not in (delivery.payload.get("reply_markup") or {})


async def _obey(session: AsyncSession, delivery: Delivery, outcome: Outcome | None) -> None:
    """What Telegram answered to a probe holds for the chat as well."""
    if outcome is None:
        return
    if outcome.kind == "flood":
        await pauses.flooded(session, delivery.chat_id, outcome)
    elif outcome.kind == "moved":  # the new chat numbers its messages anew: nobody can tell any more
        await operations.repeat_marked(session, delivery, outcome.words)
        await chats.migrated(session, delivery.chat_id, outcome.moved_to)


async def _candidates(session: AsyncSession, delivery: Delivery) -> Search:
    """Message ids the delivery may have got: newer than what was known when it was claimed, and none we know.

    A supergroup numbers its own messages. Private chats and basic groups share one sequence of the bot's account;
    there every other message that is still under way may hide one id more.
    """
    mine, asked = delivery.chat_id, delivery.claimed_at or clock.now()
    alone = numbers_its_own(mine)

    def alike(column: Any) -> ColumnElement[bool]:
        return same_numbers(column, mine)

    ours = select(Delivery.message_id, Delivery.sent_at.label("at")).where(
        Delivery.message_id.is_not(None), alike(Delivery.chat_id), Delivery.created_at > asked - LOOK_BACK
    )
    theirs = select(InboxUpdate.body["message"]["message_id"].as_integer(), InboxUpdate.received_at.label("at")).where(
        InboxUpdate.body["message"]["message_id"].is_not(None),
        alike(InboxUpdate.chat_id),
        InboxUpdate.received_at > asked - LOOK_BACK,
    )
    known = [(int(number), at) for number, at in (await session.execute(ours.union_all(theirs))).all() if number]
    before = [number for number, at in known if at is not None and at <= asked]
    floor = max([delivery.floor_id, *before])
    taken = {number for number, _ in known}
    if not floor:
        later = min(taken, default=1)
        ids = [number for number in range(later - 1, max(0, later - 1 - PROBES), -1) if number not in taken]
        return Search(ids, PROBES + 1, sure=False)
    rivals = 0
    if not alone:
        under_way = select(func.count()).where(
            Delivery.state.in_([State.SENDING, State.UNKNOWN]), alike(Delivery.chat_id), Delivery.id != delivery.id
        )
        rivals = int(await session.scalar(under_way) or 0)
    absent_after = ABSENT_AFTER if alone else ABSENT_AFTER + MORE_WHEN_SHARED + rivals
    most = max(PROBES, absent_after)
    ids = [number for number in range(floor + 1, floor + 1 + most + len(taken)) if number not in taken]
    return Search(ids[:most], absent_after)


async def _probe(telegram: Telegram, keeper: pace.Pace, delivery: Delivery, search: Search) -> Verdict:
    missing, floor = 0, 0
    for message_id in search.ids:
        slot = await keeper.wait(delivery.chat_id, lane="reply", is_group=delivery.chat_id < 0, within=SLOT_WITHIN)
        if not isinstance(slot, pace.Slot):
            return Verdict("later", "waiting for a slot to ask", floor=floor)
        parameters: dict[str, Any] = {"chat_id": delivery.chat_id, "message_id": message_id}
        if "reply_markup" in delivery.payload:
            parameters["reply_markup"] = delivery.payload["reply_markup"]
        outcome = await telegram.call("editMessageReplyMarkup", parameters)
        if outcome.kind == "unsent":
            await keeper.cancel(slot)
        else:
            await keeper.settle(slot)
        if outcome.kind == "flood":
            await keeper.slow_down(delivery.chat_id)
        if outcome.kind == "same":
            return Verdict("arrived", outcome.words, message_id)
        if outcome.kind == "done":  # one of ours that the ledger did not know; its keyboard was another
            return Verdict(
                "later", f"message {message_id} was ours but another", floor=message_id if search.sure else 0
            )
        if outcome.kind == "gone":
            return Verdict("absent", outcome.words)
        if outcome.kind != "refused":
            return Verdict("later", outcome.words, floor=floor, outcome=outcome)
        if "not found" in outcome.words:
            missing += 1
        else:
            missing, floor = 0, message_id if search.sure else 0
        if missing >= search.absent_after:
            return Verdict("absent", outcome.words)
    return Verdict("later", "not among the newest messages yet", floor=floor)
