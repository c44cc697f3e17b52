"""Claim a delivery, and with it everything else that can leave in the same message.

One message alone goes as it is. Several become one: the newest state of each order, and every word that a person
wrote. Telegram allows a group 20 messages a minute; a busy morning makes more news than that.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.deliveries import operations
from shared.deliveries.models import Delivery, State
from shared.telegram import Outcome

MOST = 20  # deliveries in one message
LONGEST = 3500  # characters; Telegram's limit is 4096 after entities


@dataclass(frozen=True, slots=True)
class Call:
    """A claimed call to Telegram; `method` is empty when there is nothing to do. `claimed` is monotonic time."""

    delivery: Delivery
    method: str
    parameters: dict[str, Any]
    claimed: float
    merged: list[int] = field(default_factory=list)


async def claim(session: AsyncSession, first: Delivery) -> Call | None:
    """Claim `first`; None if the chat is busy or the delivery is gone."""
    claimed = time.monotonic()
    if not await operations.claim(session, first):
        return None
    if first.method.startswith("edit") and first.edits is not None:
        return await _edit(session, first, claimed)
    if not first.brief or first.repeated:
        return Call(first, first.method, first.payload, claimed)
    others = await _companions(session, first)
    if not others:
        return Call(first, first.method, first.payload, claimed)
    return await _together(session, [first, *others], claimed)


async def close(session: AsyncSession, call: Call, outcome: Outcome) -> None:
    """Settle what was merged into a call: it is in the message if that arrived, else it waits again by itself."""
    if not call.merged or outcome.kind in {"done", "same", "ambiguous"}:
        return
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(call.merged), Delivery.merged_into == call.delivery.id)
        .values(state=State.WAITING, merged_into=None)
        .execution_options(synchronize_session=False)
    )


async def _edit(session: AsyncSession, edit: Delivery, claimed: float) -> Call:
    """An edit of a living card: only the newest that waits is worth a call."""
    newest = await session.scalar(
        select(Delivery)
        .where(Delivery.edits == edit.edits, Delivery.state == State.WAITING, Delivery.chat_id == edit.chat_id)
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    if newest is not None:
        await session.execute(
            update(Delivery)
            .where(Delivery.edits == edit.edits, Delivery.state == State.WAITING, Delivery.id <= newest.id)
            .values(state=State.MERGED, merged_into=edit.id)
            .execution_options(synchronize_session=False)
        )
        await session.execute(
            update(Delivery)
            .where(Delivery.id == edit.id)
            .values(payload=newest.payload)
            .execution_options(synchronize_session=False)
        )
    card = await session.get(Delivery, edit.edits)
    message_id = _where(card)
    if message_id is None:
        await session.execute(
            update(Delivery)
            .where(Delivery.id == edit.id)
            .values(state=State.CANCELLED, trouble="the message to edit never came to be")
            .execution_options(synchronize_session=False)
        )
        return Call(edit, "", {}, claimed)
    payload = newest.payload if newest is not None else edit.payload
    return Call(edit, edit.method, {"message_id": message_id, **payload}, claimed)


def _where(card: Delivery | None) -> int | None:
    """The id of the message a card became; a card that left inside a merged message cannot be edited."""
    if card is None or card.state is not State.SENT:
        return None
    return card.message_id


async def _companions(session: AsyncSession, first: Delivery) -> list[Delivery]:
    found = await session.scalars(
        select(Delivery)
        .where(
            Delivery.chat_id == first.chat_id,
            Delivery.state == State.WAITING,
            Delivery.lane == first.lane,
            Delivery.id > first.id,
            Delivery.brief != "",
            Delivery.not_before <= func.clock_timestamp(),
            Delivery.payload["message_thread_id"].astext.is_not_distinct_from(_thread(first)),
        )
        .order_by(Delivery.id)
        .limit(MOST - 1)
        .with_for_update()
    )
    return list(found)


def _thread(delivery: Delivery) -> str | None:
    thread = delivery.payload.get("message_thread_id")
    return None if thread is None else str(thread)


async def _together(session: AsyncSession, deliveries: list[Delivery], claimed: float) -> Call:
    newest = {delivery.order_id: delivery.id for delivery in deliveries}
    lines: list[str] = []
    buttons: list[dict[str, Any]] = []
    taken: list[Delivery] = []
    length = 0
    for delivery in deliveries:
        if length + len(delivery.brief) > LONGEST:
            break
        taken.append(delivery)
        if delivery.keep or newest[delivery.order_id] == delivery.id:
            lines.append(delivery.brief)
            length += len(delivery.brief) + 2
            if delivery.button is not None:
                buttons.append(delivery.button)
    first = deliveries[0]
    merged = [delivery.id for delivery in taken if delivery is not first]
    payload: dict[str, Any] = {
        "text": "\n\n".join(lines),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [buttons[at : at + 2] for at in range(0, len(buttons), 2)]},
    }
    if (thread := first.payload.get("message_thread_id")) is not None:
        payload["message_thread_id"] = thread
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(merged))
        .values(state=State.MERGED, merged_into=first.id)
        .execution_options(synchronize_session=False)
    )
    # The message that was really sent is kept, so that settling asks about this one and a repeat repeats this one.
    await session.execute(
        update(Delivery)
        .where(Delivery.id == first.id)
        .values(payload=payload, brief="")
        .execution_options(synchronize_session=False)
    )
    return Call(first, first.method, payload, claimed, merged)
