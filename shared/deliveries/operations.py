"""What changes about deliveries: queued, claimed, and closed by how Telegram answered. Sends nothing itself."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats import operations as chats
from shared.chats.models import Chat, numbers_its_own
from shared.db import after
from shared.deliveries import statements
from shared.deliveries.calls import EPHEMERAL, FINAL, NO_REACTION, REACTION, aloud, in_words, off_topic, repeats
from shared.deliveries.models import Delivery, State
from shared.deliveries.pauses import FLOOD_WORDS, flooded, pause_all
from shared.pace_limits import Lane
from shared.settings import settings
from shared.telegram import Outcome

REPLY, NEWS, DIGEST = 0, 1, 2
LANES: dict[int, Lane] = {REPLY: "reply", NEWS: "push", DIGEST: "bulk"}
GIVE_UP_AFTER = 8  # definite failures
MERGED = "merged"  # the kind of a message made of several deliveries

_sent_soon: ContextVar[set[int] | None] = ContextVar("sent_soon", default=None)


@contextmanager
def sent_soon() -> Iterator[set[int]]:
    """Within the block the relay is told of no new delivery: the caller drains the chats gathered in the set itself.

    Saves a whole trip over the broker. Should the caller die, the relay finds the deliveries within a second.
    """
    chats: set[int] = set()
    token = _sent_soon.set(chats)
    try:
        yield chats
    finally:
        _sent_soon.reset(token)


def reference() -> str:
    """A short unguessable mark for a message's buttons: by it an unsettled message is known again."""
    return secrets.token_urlsafe(6)


@dataclass(frozen=True, slots=True)
class Message:
    """What to send: the call's parameters without `chat_id`, rendered.

    brief: one line of HTML that stands for it when several leave as one message; empty: it always leaves alone.
    keep: whether its brief must be shown even if a newer one of the same order waits (it holds words of a person).
    button: an inline button that goes along with the brief, so that a merged message can still be acted on.
    file_id: what `files.keep` gave; the payload names it `files.ATTACHED`.
    """

    kind: str
    payload: dict[str, Any]
    lane: int = NEWS
    method: str = "sendMessage"
    brief: str = ""
    keep: bool = True
    button: dict[str, Any] | None = None
    edits: int | None = None
    file_id: int | None = None


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
    row: int | None = await session.scalar(
        statements.queue(),
        {
            "event_id": event_id,
            "order_id": order_id,
            "chat_id": chat_id,
            "kind": message.kind,
            "lane": message.lane,
            "method": message.method,
            "payload": message.payload,
            "brief": message.brief,
            "keep": message.keep,
            "button": message.button,
            "edits": message.edits,
            "file_id": message.file_id,
            "state": State.DEAD if dead else State.WAITING,
            "trouble": dead,
        },
    )
    if row is not None and message.lane != REPLY:
        if (soon := _sent_soon.get()) is not None:
            soon.add(chat_id)
        else:
            await session.execute(select(func.pg_notify("sikpro_outbox", "")))
    return row


async def claim(session: AsyncSession, delivery: Delivery) -> Delivery | None:
    """Mark a waiting delivery as being sent; None when it waits no longer.

    Returns it as it stands now: a card may have been rewritten while its sender waited for a slot. Raises
    IntegrityError when the chat has one in flight: the unique index decides between two senders.
    """
    taken: Delivery | None = await session.scalar(
        statements.claim(alone=numbers_its_own(delivery.chat_id)),
        {"delivery": delivery.id, "chat": delivery.chat_id, "lease": settings().lease},
    )
    if taken is not None and not await may_speak(session, taken.chat_id):
        # Who was in flight until this moment may have been told to wait; only a claim made after that knows it.
        await _set(session, taken, state=State.WAITING)
        return None
    return taken


async def may_speak(session: AsyncSession, chat_id: int) -> bool:
    """Whether Telegram lets anything be sent to a chat at this moment, as far as we were told."""
    return bool(await session.scalar(statements.may_speak(), {"chat": chat_id}))


async def arrived(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> bool:
    """Close a delivery that Telegram took, free its chat for the next hint; whether more waits for the chat.

    What `sent` does, in one statement: this is what nearly every message ends with.
    """
    told = {"delivery": delivery.id, "claimed_at": delivery.claimed_at, "chat": delivery.chat_id}
    return bool(await session.scalar(statements.ARRIVED, told | {"message_id": message_id(outcome, delivery)}))


async def close(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    """Record how Telegram answered a delivery that this process had claimed.

    A delivery whose lease was taken away meanwhile is closed all the same when the answer is definite.
    """
    if delivery.kind == MERGED and outcome.kind not in {"done", "same", "ambiguous"}:
        words = FLOOD_WORDS if outcome.kind == "flood" else outcome.words
        await fall_apart(session, delivery, words, refused=outcome.kind == "refused")
    if outcome.kind in {"refused", "gone"} and EPHEMERAL in delivery.payload:
        # For one person alone it cannot be; an ordinary message is better than none, and shows what really is wrong.
        await _set(session, delivery, state=State.WAITING, payload=aloud(delivery.payload), trouble=outcome.words)
    elif outcome.kind in {"done", "same"}:
        await sent(session, delivery, message_id(outcome, delivery))
    elif outcome.kind == "flood":
        await _set(session, delivery, state=State.WAITING, trouble=f"{FLOOD_WORDS}: {outcome.retry_after:g} s")
        await flooded(session, delivery.chat_id, outcome)
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


async def absent(session: AsyncSession, delivery: Delivery, why: str) -> None:
    """An unsettled delivery was proved not to have arrived: it waits again, as after any definite failure."""
    if delivery.kind == MERGED:
        await fall_apart(session, delivery, why)
        return
    attempts = delivery.attempts + 1
    await _set(
        session,
        delivery,
        state=State.DEAD if attempts >= GIVE_UP_AFTER else State.WAITING,
        attempts=attempts,
        not_before=after(_pause_after(attempts) if attempts > 2 else 0),
        settle_at=None,
        trouble=why,
    )


async def fall_apart(
    session: AsyncSession, merged: Delivery, why: str, *, refused: bool = False, marked: bool = False
) -> None:
    """A merged message did not leave: each of its deliveries waits again for itself, where it stood.

    refused: Telegram said no to the text, so they leave one by one, and only the bad one is refused again.
    marked: the message may have arrived, so each says that it is sent again.
    """
    closed = await _set(session, merged, state=State.CANCELLED, settle_at=None, trouble=why)
    if not closed:
        return
    parts = (await session.scalars(select(Delivery).where(Delivery.merged_into == merged.id))).all()
    for part in parts:
        await session.execute(
            update(Delivery)
            .where(Delivery.id == part.id, Delivery.state == State.MERGED)
            .values(
                state=State.WAITING,
                merged_into=None,
                trouble=why,
                claimed_at=merged.claimed_at,
                **({"attempts": part.attempts + 1} if refused else {}),
                **(_repeat(part) if marked else {}),
            )
            .execution_options(synchronize_session=False)
        )


async def repeat_marked(session: AsyncSession, delivery: Delivery, why: str = "") -> None:
    """An unsettled delivery goes once more and says so; a second time it is held for a person to decide."""
    if delivery.kind == MERGED:
        await fall_apart(session, delivery, why, marked=True)
    elif delivery.repeated:
        await _set(session, delivery, state=State.HELD, settle_at=None)
    else:
        await _set(session, delivery, state=State.WAITING, settle_at=None, **_repeat(delivery))


def _repeat(delivery: Delivery) -> dict[str, Any]:
    """What makes a delivery say that it is a repeat; it leaves alone, so that the mark stands on its own words."""
    payload = dict(delivery.payload)
    for words in {"text", "caption"} & payload.keys():
        payload[words] = f"(kirim ulang) {payload[words]}"
    return {"payload": payload, "brief": "", "repeated": True}


async def ask_again(session: AsyncSession, delivery: Delivery, seconds: float, why: str, floor: int = 0) -> None:
    """The probe was not answered; probe again in a while. floor: ids up to this one are known not to be it."""
    await _set(
        session,
        delivery,
        settle_at=after(seconds),
        trouble=why,
        floor_id=func.greatest(Delivery.floor_id, floor),
    )


async def hold_for_person(session: AsyncSession, delivery: Delivery, why: str) -> None:
    """The policy says that a person decides about an unsettled delivery."""
    await _set(session, delivery, state=State.HELD, settle_at=None, trouble=why)


async def begin_settling(session: AsyncSession, delivery: Delivery) -> bool:
    """Take the settling of a delivery upon oneself for a lease's time; False if somebody else did."""
    mine = await session.scalar(
        update(Delivery)
        .where(
            Delivery.id == delivery.id,
            Delivery.state == State.UNKNOWN,
            Delivery.claimed_at == delivery.claimed_at,
            func.coalesce(Delivery.settle_at, func.clock_timestamp()) <= func.clock_timestamp(),
        )
        .values(settle_at=after(settings().lease))
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return mine is not None


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


def message_id(outcome: Outcome, delivery: Delivery) -> int | None:
    """The id of the message that a call made or changed, as far as Telegram's answer or the delivery says it."""
    if isinstance(outcome.result, dict) and outcome.result.get("message_id"):
        return int(outcome.result["message_id"])
    return delivery.message_id


async def _set(session: AsyncSession, delivery: Delivery, **values: Any) -> bool:
    """Close or change a claim, if it still is this very claim: a sender that woke up late touches no newer one."""
    changed = await session.scalar(
        update(Delivery)
        .where(
            Delivery.id == delivery.id,
            Delivery.state.in_([State.SENDING, State.UNKNOWN]),
            Delivery.claimed_at == delivery.claimed_at,
        )
        .values(lease_until=None, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


def _pause_after(attempts: int) -> float:
    """Seconds until a delivery is tried again after so many definite failures."""
    return float(min(2**attempts, 300))


async def _ambiguous(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    if repeats(delivery.method):
        await _set(session, delivery, state=State.WAITING, not_before=after(2), trouble=outcome.words)
        return
    policy = settings().ambiguous
    if policy == "hold":
        await _set(session, delivery, state=State.HELD, trouble=outcome.words)
        return
    # The server may still be at work on a request that timed out: ask only when it must be over.
    await _set(session, delivery, state=State.UNKNOWN, settle_at=after(3), trouble=outcome.words)


async def _refused(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    if delivery.method == REACTION and NO_REACTION in outcome.words:
        reply = {"method": "sendMessage", "payload": in_words(delivery.payload)}
        await _set(session, delivery, state=State.WAITING, trouble=outcome.words, **reply)
        await session.execute(update(Chat).where(Chat.id == delivery.chat_id).values(unreacted_at=after(0)))
        return
    # The message is gone: nobody misses it.
    if delivery.method in FINAL or (delivery.method.startswith("edit") and "not found" in outcome.words):
        await _set(session, delivery, state=State.CANCELLED, trouble=outcome.words)
        return
    if "thread not found" in outcome.words and "message_thread_id" in delivery.payload:
        topic = delivery.payload["message_thread_id"]
        held = delivery.lane != REPLY and await chats.topic_lost(session, delivery.chat_id, topic)
        values = {"state": State.HELD} if held else {"state": State.WAITING, "payload": off_topic(delivery.payload)}
        await _set(session, delivery, trouble=outcome.words, **values)
        return  # a bound topic's news wait until it is bound again; all else goes to the group's general one
    attempts = delivery.attempts + 1
    poison = attempts >= GIVE_UP_AFTER or outcome.words.startswith("Bad Request: can't parse")
    await _set(
        session,
        delivery,
        state=State.DEAD if poison else State.WAITING,
        attempts=attempts,
        not_before=after(_pause_after(attempts)),
        trouble=outcome.words,
    )
