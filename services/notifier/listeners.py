"""What the notifier makes of events: deliveries, one per event and chat. It never changes an order, sends nothing."""

from collections.abc import Container
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import pins, saying, texts, texts_trash
from shared import clock
from shared.chats import operations as chats
from shared.chats.models import Chat, Purpose
from shared.deliveries import operations as deliveries
from shared.deliveries.calls import PINS
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.desk import notices
from shared.events import EventRow
from shared.notify import hearing
from shared.notify.hearing import Subject
from shared.orders import buttons, queries
from shared.orders.events import OrderChanged, OrderRegistered
from shared.orders.models import Category
from shared.orders.queries import OrderFacts
from shared.people.models import Person
from shared.places.queries import unit_of
from shared.sla.events import SlaAlerted
from shared.sla.models import Level
from shared.trash.models import Trashed
from shared.worker import Ears

ears = Ears("notifier")

GROUP_LANGUAGE = "id"  # a group has many readers; the house speaks Indonesian there


@ears.hears(OrderRegistered)
async def show_new_order(session: AsyncSession, row: EventRow, event: OrderRegistered) -> None:
    """A new order goes to the helpdesk's groups of its area, with a button to take it."""
    facts = await queries.by_id(session, None, event.order_id)
    if facts.order.deleted_at is not None:
        return
    await lay_cards(session, facts, row.id)


@ears.hears(OrderChanged)
async def tell_change(session: AsyncSession, row: EventRow, event: OrderChanged) -> None:
    """The technician is told as a reply to the message that registered the order; the cards follow."""
    facts = await queries.by_id(session, None, event.order_id)
    if event.tell:
        await _tell_technician(session, row, event, facts)
    await follow(session, facts, row.id)
    await saying.withdraw(session, event.order_id)


@ears.hears(SlaAlerted)
async def tell_of_clock(session: AsyncSession, row: EventRow, event: SlaAlerted) -> None:
    """Those whom the unit and the rules chose hear of it, unless the clock was stopped or moved in the meantime.

    The web tells everybody who was chosen; where Telegram reaches none of them, it tells whoever comes next.
    """
    facts = await queries.by_id(session, None, event.order_id)
    order, level = facts.order, Level(event.level)
    ripe = order.due_at if level is Level.LATE else order.near_at
    if order.deleted_at is not None or order.due_at is None or ripe is None or ripe > clock.now():
        return
    data = await queries.master(session)
    status = data.statuses[order.status_code]
    unit = await unit_of(session, order.sto_id)
    kind, about = f"sla_{level.value}", Subject(unit.site_operation_id, order.sto_id, {"holder": order.holder_id})
    hearers = await hearing.ladder(session, kind, 1, about)
    chosen = [*await hearing.who(session, kind, 1, about), *hearers]
    for person_id in dict.fromkeys(each.person.id for each in chosen if each.person is not None):
        await notices.tell(session, person_id, kind, actor_id=None, order_id=order.id)
    for hearer in hearers:
        language = hearer.language
        button = buttons.button("cek", order.id, deliveries.reference(), language)
        keyboard = [[button]]
        if saying.acts(hearer):
            keyboard = buttons.card(order.id, order.category, language, deliveries.reference)
        message = Message(
            kind="sla",
            payload={
                "text": texts.sla_message(facts, level, status, language),
                "parse_mode": "HTML",
                "reply_markup": {"inline_keyboard": keyboard},
            },
            brief=texts.sla_brief(facts, level, language),
            button=button | {"text": order.registration_no},
        )
        await saying.say(session, hearer, message, kind, 1, unit.zone, row.id, order.id)


async def _tell_technician(session: AsyncSession, row: EventRow, event: OrderChanged, facts: OrderFacts) -> None:
    chat_id, reply_to, thread_id = await where_to_tell(session, facts)
    if chat_id is None:
        return
    data = await queries.master(session)
    language = await language_of(session, facts)
    who = await who_did(session, row)
    status, reason = data.statuses[event.new], data.reasons.get(event.reason_id or 0)
    button = buttons.button("cek", event.order_id, deliveries.reference(), language)
    payload: dict[str, Any] = {
        "text": texts.status_message(facts, status, reason, event.note, who, row.at, language),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[button]]},
    }
    if reply_to is not None:
        payload["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if thread_id is not None:
        payload["message_thread_id"] = thread_id
    message = Message(
        kind="status",
        payload=payload,
        brief=texts.status_brief(facts, status, reason, event.note, who, language),
        keep=bool(event.note),
        button=button | {"text": facts.order.registration_no},
    )
    await deliveries.queue(session, chat_id, message, event_id=row.id, order_id=event.order_id)


async def where_to_tell(session: AsyncSession, facts: OrderFacts) -> tuple[int | None, int | None, int | None]:
    """(chat, message to reply to, topic): where the order came from, else the technician's private chat."""
    order = facts.order
    if order.chat_id is not None:
        moved = await session.get(Chat, order.chat_id)
        if moved is not None and moved.migrated_to is not None:
            return moved.migrated_to, None, order.thread_id
        return order.chat_id, order.message_id, order.thread_id
    private = await session.scalar(
        select(Chat.id).join(Person, Person.telegram_id == Chat.id).where(Person.id == order.technician_id)
    )
    return private, None, None


async def language_of(session: AsyncSession, facts: OrderFacts) -> str:
    """The language of whoever reads what is told about an order."""
    reader = facts.order.registered_by if facts.order.chat_id is not None else facts.order.technician_id
    language: str | None = await session.scalar(select(Person.language).where(Person.id == reader))
    return language or "id"


async def who_did(session: AsyncSession, row: EventRow) -> str:
    """The name of whoever caused an event; the house's own where nobody did."""
    actor = await session.get(Person, row.actor_id) if row.actor_id else None
    return actor.name if actor else "SIKPRO"


async def lay_cards(
    session: AsyncSession, facts: OrderFacts, event_id: int, known: Container[int] = frozenset()
) -> None:
    """A card of the order for each helpdesk group that serves it now, but for those in `known`."""
    for binding in await chats.bindings_for(session, facts.order.sto_id, Purpose.HELPDESK):
        if binding.chat_id not in known:
            message = await draw_card(session, facts, binding.thread_id)
            card = await deliveries.queue(session, binding.chat_id, message, event_id=event_id, order_id=facts.order.id)
            if card is not None and binding.pins:
                await pins.pin(session, card, binding.chat_id, event_id, facts.order.id)


async def draw_card(session: AsyncSession, facts: OrderFacts, thread_id: int | None) -> Message:
    """An order as the helpdesk's group sees it now; that of a deleted one says so and has no button."""
    data = await queries.master(session)
    order = facts.order
    untaken = order.category is Category.RECEIVED
    keyboard = buttons.card(order.id, order.category, GROUP_LANGUAGE, deliveries.reference)
    gone = await session.get(Trashed, order.id) if order.deleted_at is not None else None
    payload: dict[str, Any] = {
        "text": texts_trash.card(facts, gone.reason if gone else "", GROUP_LANGUAGE)
        if order.deleted_at is not None
        else texts.card(
            facts, data.statuses[order.status_code], data.reasons.get(order.reason_id or 0), GROUP_LANGUAGE
        ),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [] if order.deleted_at is not None else keyboard},
    }
    if thread_id is not None:
        payload["message_thread_id"] = thread_id
    return Message(
        kind="card",
        payload=payload,
        brief=texts.card_brief(facts, GROUP_LANGUAGE),
        button=keyboard[0][0] | {"text": f"{keyboard[0][0]['text']} {order.registration_no}"} if untaken else None,
    )


def moved_card(facts: OrderFacts) -> Message:
    """A card whose group no longer serves the order's STO."""
    payload = {
        "text": texts.elsewhere(facts, GROUP_LANGUAGE),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": []},
    }
    return Message(kind="card", payload=payload)


async def follow(session: AsyncSession, facts: OrderFacts, event_id: int) -> None:
    """Bring every living card of an order up to date: one that still waits is rewritten, one that left is edited."""
    wanted = select(Delivery).where(
        Delivery.order_id == facts.order.id, or_(Delivery.kind == "card", Delivery.method.in_(PINS))
    )
    found = (await session.scalars(wanted.order_by(Delivery.id))).all()
    cards, said = [each for each in found if each.kind == "card"], pins.among(found)
    served = await chats.bindings_for(session, facts.order.sto_id, Purpose.HELPDESK) if cards else []
    here = {binding.chat_id for binding in served}
    for card in cards:
        if card.state is State.WAITING and (facts.order.deleted_at is not None or card.chat_id not in here):
            never = update(Delivery).where(Delivery.id == card.id, Delivery.state == State.WAITING)
            if await session.scalar(never.values(state=State.CANCELLED).returning(Delivery.id)) is not None:
                continue
        thread_id = card.payload.get("message_thread_id")
        if card.state not in {State.DEAD, State.CANCELLED, State.MERGED}:
            pinned = pins.wanted(facts, card.chat_id, thread_id, served)
            await pins.keep(session, card, said, event_id, pinned=pinned)
        message = await draw_card(session, facts, thread_id) if card.chat_id in here else moved_card(facts)
        if card.state is State.WAITING and card.attempts == 0:
            rewritten = await session.scalar(
                update(Delivery)
                .where(Delivery.id == card.id, Delivery.state == State.WAITING)
                .values(payload=message.payload, brief=message.brief, button=message.button)
                .returning(Delivery.id)
            )
            if rewritten is not None:
                continue
        if card.state in {State.DEAD, State.CANCELLED, State.MERGED}:
            continue
        payload = {key: message.payload[key] for key in ("text", "parse_mode", "reply_markup")}
        told = await in_a_list(session, facts) if card.chat_id in here and facts.order.deleted_at is None else {}
        edit = Message(kind=f"card_edit:{card.id}", payload=payload, method="editMessageText", edits=card.id, **told)
        await deliveries.queue(session, card.chat_id, edit, event_id=event_id, order_id=facts.order.id)


async def in_a_list(session: AsyncSession, facts: OrderFacts) -> dict[str, Any]:
    """How an order stands, in the line and the button it gets where a busy group is told of many at once."""
    data, order = await queries.master(session), facts.order
    status, reason = data.statuses[order.status_code], data.reasons.get(order.reason_id or 0)
    who = facts.holder_name or texts.word("nobody", GROUP_LANGUAGE)
    button = buttons.button("cek", order.id, deliveries.reference(), GROUP_LANGUAGE)
    return {
        "brief": texts.status_brief(facts, status, reason, order.feedback, who, GROUP_LANGUAGE),
        "button": button | {"text": order.registration_no},
    }
