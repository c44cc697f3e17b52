"""Claim a delivery, and with it everything else that can leave in the same message.

One message alone goes as it is. Several become one: the newest state of each order, and every word that a person
wrote. Telegram allows a group 20 messages a minute; a busy morning makes more news than that.
"""

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.db import after
from shared.deliveries import operations
from shared.deliveries.calls import PINS
from shared.deliveries.catchup import catch_up
from shared.deliveries.models import Delivery, State

MOST = 20  # deliveries in one message
MANY_CARDS = 5  # a card lives on and is edited; only a flood of them is worth one list
LONGEST = 3500  # characters; Telegram's limit is 4096 after entities


@dataclass(frozen=True, slots=True)
class Call:
    """A claimed call to Telegram; `method` is empty when there is nothing to do. `claimed` is monotonic time."""

    delivery: Delivery
    method: str
    parameters: dict[str, Any]
    claimed: float


async def claim(session: AsyncSession, waiting: Delivery) -> Call | None:
    """Claim `waiting`; None if the chat is busy or the delivery is gone."""
    claimed = time.monotonic()
    first = await operations.claim(session, waiting)
    if first is None:
        return None
    if first.method.startswith("edit") and first.edits is not None:
        listed = await catch_up(session, first)
        return Call(listed, listed.method, listed.payload, claimed) if listed else await _edit(session, first, claimed)
    if first.method in PINS:
        return await _pin(session, first, claimed)
    if not first.brief or first.attempts:
        return Call(first, first.method, first.payload, claimed)
    others = await _companions(session, first)
    if not others or (first.kind == "card" and len(others) < MANY_CARDS):
        return Call(first, first.method, first.payload, claimed)
    return await _together(session, [first, *others], claimed)


async def _edit(session: AsyncSession, edit: Delivery, claimed: float) -> Call:
    """An edit of a living card: only the newest that waits is worth a call."""
    newest = await session.scalar(
        select(Delivery).where(*_same(edit), Delivery.chat_id == edit.chat_id).order_by(Delivery.id.desc()).limit(1)
    )
    if newest is not None:
        await session.execute(
            update(Delivery)
            .where(*_same(edit), Delivery.id <= newest.id)
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
    message_id = _where(card, edit.chat_id)
    if message_id is None:
        return await _nothing(
            session, edit, claimed, state=State.CANCELLED, trouble="the message to edit never came to be"
        )
    payload = newest.payload if newest is not None else edit.payload
    return Call(edit, edit.method, {"message_id": message_id, **payload}, claimed)


def _same(edit: Delivery) -> tuple[ColumnElement[bool], ...]:
    return Delivery.edits == edit.edits, Delivery.method == edit.method, Delivery.state == State.WAITING


async def _pin(session: AsyncSession, pin: Delivery, claimed: float) -> Call:
    """A card to pin or to let go; it waits for a card that is still on its way."""
    card = await session.get(Delivery, pin.edits)
    message_id = _where(card, pin.chat_id)
    if message_id is not None:
        return Call(pin, pin.method, {"message_id": message_id, **pin.payload}, claimed)
    if card is not None and card.state in {State.WAITING, State.SENDING, State.UNKNOWN}:
        return await _nothing(session, pin, claimed, state=State.WAITING, not_before=after(10), lease_until=None)
    return await _nothing(session, pin, claimed, state=State.CANCELLED, trouble="the message to pin never came to be")


async def _nothing(session: AsyncSession, claim: Delivery, claimed: float, **values: Any) -> Call:
    """No call is to be made for what was claimed."""
    await session.execute(
        update(Delivery).where(Delivery.id == claim.id).values(**values).execution_options(synchronize_session=False)
    )
    return Call(claim, "", {}, claimed)


def _where(card: Delivery | None, chat_id: int) -> int | None:
    """The id of the message a card became in this very chat: after a migration the old ids name other messages.

    A card that left inside a merged message cannot be edited.
    """
    if card is None or card.state is not State.SENT or card.chat_id != chat_id:
        return None
    return card.message_id


async def _companions(session: AsyncSession, first: Delivery) -> list[Delivery]:
    """What may leave together with `first`: same topic, and nothing older of the same order stays behind."""
    found = await session.scalars(
        _question(), {"chat": first.chat_id, "lane": first.lane, "first": first.id, "thread": _thread(first)}
    )
    return list(found)


@cache
def _question() -> Select[Delivery]:
    """The statement of `_companions`, built once."""
    chat, lane = bindparam("chat", type_=BigInteger), bindparam("lane", type_=BigInteger)
    first, thread = bindparam("first", type_=BigInteger), bindparam("thread", type_=Text)
    older = aliased(Delivery)
    return (
        select(Delivery)
        .where(
            Delivery.chat_id == chat,
            Delivery.state == State.WAITING,
            Delivery.lane == lane,
            Delivery.id > first,
            *_may_join(Delivery, thread),
            ~exists().where(
                older.chat_id == chat,
                older.state == State.WAITING,
                older.order_id == Delivery.order_id,
                older.lane == lane,
                older.id < Delivery.id,
                not_(and_(older.id > first, *_may_join(older, thread))),
            ),
        )
        .order_by(Delivery.id)
        .limit(MOST - 1)
        .with_for_update()
    )


def _may_join(row: type[Delivery], thread: BindParameter[str]) -> list[ColumnElement[bool]]:
    return [
        row.brief != "",
        row.edits.is_(None),
        row.attempts == 0,
        row.not_before <= func.clock_timestamp(),
        row.payload["message_thread_id"].astext.is_not_distinct_from(thread),
    ]


def _thread(delivery: Delivery) -> str | None:
    thread = delivery.payload.get("message_thread_id")
    return None if thread is None else str(thread)


async def _together(session: AsyncSession, deliveries: list[Delivery], claimed: float) -> Call:
    """One message of several: a row of its own, so that each of them is as it was if the message does not leave."""
    newest = {delivery.order_id: delivery.id for delivery in deliveries}
    first = deliveries[0]
    lines: list[str] = []
    buttons: list[dict[str, Any]] = []
    taken: list[int] = []
    length = 0
    for delivery in deliveries:
        if taken and length + len(delivery.brief) > LONGEST:
            break
        taken.append(delivery.id)
        if delivery.keep or delivery.order_id is None or newest[delivery.order_id] == delivery.id:
            lines.append(delivery.brief)
            length += len(delivery.brief) + 2
            if delivery.button is not None:
                buttons.append(delivery.button)
    if len(taken) == 1:
        return Call(first, first.method, first.payload, claimed)
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
        .where(Delivery.id.in_(taken))
        .values(state=State.MERGED, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    message = await session.scalar(
        insert(Delivery)
        .values(
            chat_id=first.chat_id,
            kind=operations.MERGED,
            lane=first.lane,
            method=first.method,
            payload=payload,
            state=State.SENDING,
            claimed_at=first.claimed_at,
            lease_until=first.lease_until,
            floor_id=first.floor_id,
        )
        .returning(Delivery)
    )
    assert message is not None
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(taken))
        .values(merged_into=message.id)
        .execution_options(synchronize_session=False)
    )
    return Call(message, message.method, payload, claimed)
