"""What the notifier makes of deleted and restored orders: the technician is told, cards follow. It sends nothing."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import texts, texts_trash
from services.notifier.listeners import ears, follow, language_of, lay_cards, where_to_tell, who_did
from shared import words
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.events import EventRow
from shared.orders import queries
from shared.orders.events import OrderDeleted, OrderRestored
from shared.orders.queries import OrderFacts

__all__ = ["ears", "tell_deletion", "tell_return"]


@ears.hears(OrderDeleted)
async def tell_deletion(session: AsyncSession, row: EventRow, event: OrderDeleted) -> None:
    """The technician hears why as a reply to its own message; the cards say that the order is gone."""
    facts = await queries.by_id(session, None, event.order_id)
    language, who = await language_of(session, facts), await who_did(session, row)
    text = texts_trash.deleted(facts, event.reason, who, row.at, language)
    brief = texts_trash.deleted_brief(facts, event.reason, who, language)
    await _tell(session, row, facts, text, brief)
    await follow(session, facts, row.id)


@ears.hears(OrderRestored)
async def tell_return(session: AsyncSession, row: EventRow, event: OrderRestored) -> None:
    """The technician hears that the order stands again; a card that never left is made anew."""
    facts = await queries.by_id(session, None, event.order_id)
    if facts.order.deleted_at is not None:
        return
    language, who = await language_of(session, facts), await who_did(session, row)
    data = await queries.master(session)
    status = words.status_label(data.statuses[facts.order.status_code], language)
    text = texts_trash.restored(facts, status, who, row.at, language)
    await _tell(session, row, facts, text, texts_trash.restored_brief(facts, status, who, language))
    await follow(session, facts, row.id)
    living = [State.WAITING, State.SENDING, State.UNKNOWN, State.SENT]
    cards = await session.scalars(
        select(Delivery.chat_id).where(
            Delivery.order_id == event.order_id, Delivery.kind == "card", Delivery.state.in_(living)
        )
    )
    await lay_cards(session, facts, row.id, known=set(cards))


async def _tell(session: AsyncSession, row: EventRow, facts: OrderFacts, text: str, brief: str) -> None:
    chat_id, reply_to, thread_id = await where_to_tell(session, facts)
    if chat_id is None:
        return
    # The button's mark is how a message whose sending was never answered is known again.
    button = {
        "text": texts.word("check", await language_of(session, facts)),
        "callback_data": f"cek:{facts.order.id}:{deliveries.reference()}",
    }
    keyboard = {"inline_keyboard": [[button]]}
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML", "reply_markup": keyboard}
    if reply_to is not None:
        payload["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if thread_id is not None:
        payload["message_thread_id"] = thread_id
    message = Message(
        kind="status", payload=payload, brief=brief, button=button | {"text": facts.order.registration_no}
    )
    await deliveries.queue(session, chat_id, message, event_id=row.id, order_id=facts.order.id)
