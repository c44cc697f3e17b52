"""What changes about deliveries: queued, claimed, and closed by how Telegram answered. Sends nothing itself."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats import operations as chats
from shared.chats.models import Chat
from shared.db import after
from shared.deliveries.models import BotPause, Delivery, State
from shared.pace import Lane
from shared.settings import settings
from shared.telegram import Outcome

REPLY, NEWS, DIGEST = 0, 1, 2
LANES: dict[int, Lane] = {REPLY: "reply", NEWS: "push", DIGEST: "bulk"}
GIVE_UP_AFTER = 8  # definite failures


def reference() -> str:
    """A short unguessable mark for a message's buttons: by it an unsettled message is known again."""
    return secrets.token_urlsafe(6)


@dataclass(frozen=True, slots=True)
class Message:
    """What to send: the call's parameters without `chat_id`, rendered.

    brief: one line of HTML that stands for it when several leave as one message; empty: it always leaves alone.
    keep: whether its brief must be shown even if a newer one of the same order waits (it holds words of a person).
    button: an inline button that goes along with the brief, so that a merged message can still be acted on.
    """

    kind: str
    payload: dict[str, Any]
    lane: int = NEWS
    method: str = "sendMessage"
    brief: str = ""
    keep: bool = True
    button: dict[str, Any] | None = None
    edits: int | None = None


async def queue(
    session: AsyncSession,
    chat_id: int,
    message: Message,
    *,
    event_id: int | None = None,
    order_id: int | None = None,
    dead: str | None = None,
) -> int | None:
    """Write a delivery for a chat; None if this event's was written already. The relay is told at the commit.

    dead: it cannot be sent at all (its text could not be rendered); kept for the page of troubled deliveries.
    """
    row = await session.scalar(
        insert(Delivery)
        .values(
            event_id=event_id,
            order_id=order_id,
            chat_id=chat_id,
            kind=message.kind,
            lane=message.lane,
            method=message.method,
            payload=message.payload,
            brief=message.brief,
            keep=message.keep,
            button=message.button,
            edits=message.edits,
            state=State.DEAD if dead else State.WAITING,
            trouble=dead,
        )
        .on_conflict_do_nothing(index_elements=["event_id", "chat_id", "kind"])
        .returning(Delivery.id)
    )
    if row is not None and message.lane != REPLY:
        await session.execute(select(func.pg_notify("sikpro_outbox", "")))
    return row


async def claim(session: AsyncSession, delivery: Delivery) -> bool:
    """Mark a waiting delivery as being sent, unless the chat has one in flight; the unique index decides."""
    try:
        async with session.begin_nested():
            taken = await session.scalar(
                update(Delivery)
                .where(Delivery.id == delivery.id, Delivery.state == State.WAITING)
                .values(
                    state=State.SENDING,
                    claimed_at=func.clock_timestamp(),
                    lease_until=after(settings().lease),
                    floor_id=select(Chat.last_message_id).where(Chat.id == delivery.chat_id).scalar_subquery(),
                )
                .returning(Delivery.id)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError:
        return False
    return taken is not None


async def close(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    """Record how Telegram answered a delivery that this process had claimed.

    A delivery whose lease was taken away meanwhile is closed all the same when the answer is definite.
    """
    if outcome.kind in {"done", "same"}:
        await sent(session, delivery, _message_id(outcome, delivery))
    elif outcome.kind == "flood":
        await _flooded(session, delivery, outcome)
    elif outcome.kind == "moved":
        await _set(session, delivery, state=State.WAITING, trouble=outcome.words)
        await chats.migrated(session, delivery.chat_id, outcome.moved_to)
    elif outcome.kind == "gone":
        await _set(session, delivery, state=State.WAITING, trouble=outcome.words)
        await chats.hold(session, delivery.chat_id, outcome.words)
    elif outcome.kind == "denied":
        await _set(session, delivery, state=State.WAITING, trouble=outcome.words)
        await pause_all(session, 60, f"Telegram refuses the bot's token: {outcome.words}")
    elif outcome.kind == "unsent":
        await _set(session, delivery, state=State.WAITING, trouble=outcome.words)
        await session.execute(
            update(Chat).where(Chat.id == delivery.chat_id).values(paced_until=after(2 + secrets.randbelow(20) / 10))
        )
    elif outcome.kind == "ambiguous":
        await _ambiguous(session, delivery, outcome)
    else:
        await _refused(session, delivery, outcome)


async def sent(session: AsyncSession, delivery: Delivery, message_id: int | None) -> None:
    """Close a delivery that is in the chat, and remember the chat's newest message."""
    await _set(
        session,
        delivery,
        state=State.SENT,
        message_id=message_id,
        sent_at=func.clock_timestamp(),
        trouble=None,
        settle_at=None,
    )
    if message_id:
        await session.execute(
            update(Chat)
            .where(Chat.id == delivery.chat_id)
            .values(last_message_id=func.greatest(Chat.last_message_id, message_id))
        )


async def pause_all(session: AsyncSession, seconds: float, why: str) -> None:
    """Send nothing to anybody for a while; the longest of several pauses wins."""
    await session.execute(
        update(BotPause)
        .where(BotPause.id == 1)
        .values(until=func.greatest(BotPause.until, after(seconds)), reason=why[:200])
    )


async def absent(session: AsyncSession, delivery: Delivery, why: str) -> None:
    """An unsettled delivery was proved not to have arrived: it waits again."""
    await _set(session, delivery, state=State.WAITING, settle_at=None, trouble=why)


async def repeat_marked(session: AsyncSession, delivery: Delivery) -> None:
    """An unsettled delivery goes once more and says so; a second time it is held for a person to decide."""
    if delivery.repeated:
        await _set(session, delivery, state=State.HELD, settle_at=None)
        return
    payload = dict(delivery.payload)
    if "text" in payload:
        payload["text"] = f"(kirim ulang) {payload['text']}"
    await _set(session, delivery, state=State.WAITING, settle_at=None, repeated=True, payload=payload)


async def ask_again(session: AsyncSession, delivery: Delivery, seconds: float, why: str) -> None:
    """The probe was not answered; probe again in a while."""
    await _set(session, delivery, settle_at=after(seconds), trouble=why)


async def send_again(session: AsyncSession, delivery_id: int) -> bool:
    """A person decided that a dead or held delivery shall leave; False if it is neither."""
    again = await session.scalar(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_([State.DEAD, State.HELD]))
        .values(state=State.WAITING, attempts=0, not_before=func.clock_timestamp())
        .returning(Delivery.id)
    )
    await session.execute(select(func.pg_notify("sikpro_outbox", "")))
    return again is not None


def _message_id(outcome: Outcome, delivery: Delivery) -> int | None:
    if isinstance(outcome.result, dict) and outcome.result.get("message_id"):
        return int(outcome.result["message_id"])
    return delivery.message_id


async def _set(session: AsyncSession, delivery: Delivery, **values: Any) -> None:
    await session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state.in_([State.SENDING, State.UNKNOWN]))
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


async def _flooded(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    """Silence for the chat until retry_after has passed; for everybody when a second chat is told so within 10 s."""
    wait = outcome.retry_after + 1
    await _set(session, delivery, state=State.WAITING, trouble=outcome.words)
    await session.execute(update(Chat).where(Chat.id == delivery.chat_id).values(not_before=after(wait)))
    others = await session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.state == State.WAITING,
            Delivery.chat_id != delivery.chat_id,
            Delivery.claimed_at > after(-10),
            Delivery.trouble.like("Too Many Requests%"),
        )
    )
    if others:
        await pause_all(session, wait, outcome.words)


async def _ambiguous(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    if delivery.method.startswith("edit"):  # the same edit twice is one edit
        await _set(session, delivery, state=State.WAITING, not_before=after(2), trouble=outcome.words)
        return
    policy = settings().ambiguous
    if policy == "hold":
        await _set(session, delivery, state=State.HELD, trouble=outcome.words)
        return
    # The server may still be at work on a request that timed out: ask only when it must be over.
    await _set(session, delivery, state=State.UNKNOWN, settle_at=after(3), trouble=outcome.words)


async def _refused(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    if delivery.method.startswith("edit") and "not found" in outcome.words:
        await _set(session, delivery, state=State.CANCELLED, trouble=outcome.words)
        return
    attempts = delivery.attempts + 1
    poison = attempts >= GIVE_UP_AFTER or outcome.words.startswith("Bad Request: can't parse")
    await _set(
        session,
        delivery,
        state=State.DEAD if poison else State.WAITING,
        attempts=attempts,
        not_before=after(min(2**attempts, 300)),
        trouble=outcome.words,
    )
