"""What the notifier makes of questions, answers and corrections of an order. It changes no order and sends nothing."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import texts_talk as texts
from services.notifier.listeners import ears, follow, language_of, lay_cards, where_to_tell, who_did
from shared.chats.models import Chat
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery
from shared.deliveries.operations import Message
from shared.events import EventRow
from shared.orders import buttons, queries
from shared.orders.events import OrderCorrected
from shared.orders.queries import OrderFacts
from shared.people.models import Person
from shared.talk import operations as talk
from shared.talk.events import OrderAnswered, OrderAsked

__all__ = ["ears"]


@ears.hears(OrderAsked)
async def tell_question(session: AsyncSession, row: EventRow, event: OrderAsked) -> None:
    """The technician is asked as a reply to its own message; it leaves alone, so that a reply to it is about one order.

    What was answered or deleted meanwhile is not asked any more.
    """
    question = await talk.one(session, event.question_id)
    facts = await queries.by_id(session, None, event.order_id)
    if question is None or question.answered_at is not None or facts.order.deleted_at is not None:
        return
    chat_id, reply_to, thread_id = await where_to_tell(session, facts)
    if chat_id is None:
        return
    language = await language_of(session, facts)
    text = texts.question(facts, event.words, await who_did(session, row), row.at, language)
    await _tell(session, row, facts, (chat_id, reply_to, thread_id), "question", text, language)


@ears.hears(OrderAnswered)
async def tell_answer(session: AsyncSession, row: EventRow, event: OrderAnswered) -> None:
    """Whoever asked hears the answer where it asked, else in its private chat."""
    question = await talk.one(session, event.question_id)
    facts = await queries.by_id(session, None, event.order_id)
    if question is None or facts.order.deleted_at is not None:
        return
    asker = await session.get_one(Person, question.asked_by)
    text = texts.answer(facts, event.words, await who_did(session, row), row.at, asker.language)
    spot = (question.chat_id, question.message_id, question.thread_id)
    if spot[0] is None:
        spot = (await session.scalar(select(Chat.id).where(Chat.id == asker.telegram_id)), None, None)
    if spot[0] is not None and asker.active:
        await _tell(session, row, facts, spot, "answered", text, asker.language)


@ears.hears(OrderCorrected)
async def show_correction(session: AsyncSession, row: EventRow, event: OrderCorrected) -> None:
    """The cards follow; a group that serves the order only now gets a card of its own."""
    facts = await queries.by_id(session, None, event.order_id)
    if facts.order.deleted_at is not None:
        return
    await follow(session, facts, row.id)
    told = await session.scalars(
        select(Delivery.chat_id).where(Delivery.order_id == event.order_id, Delivery.kind == "card")
    )
    await lay_cards(session, facts, row.id, known=set(told))


async def _tell(
    session: AsyncSession,
    row: EventRow,
    facts: OrderFacts,
    spot: tuple[int | None, int | None, int | None],
    kind: str,
    text: str,
    language: str,
) -> None:
    chat_id, reply_to, thread_id = spot
    assert chat_id is not None
    button = buttons.button("cek", facts.order.id, deliveries.reference(), language)
    payload: dict[str, Any] = {
        "text": text,
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[button]]},
    }
    if reply_to is not None:
        payload["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if thread_id is not None:
        payload["message_thread_id"] = thread_id
    message = Message(kind=kind, payload=payload)
    await deliveries.queue(session, chat_id, message, event_id=row.id, order_id=facts.order.id)
