"""The end of a registration: the order with its receipt, or the refusal of a number that is taken."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import dialogue, texts_orders
from services.bot.answers import Answer, check_button, drawn
from services.bot.asking import Asker
from services.bot.dialogue import Filling
from services.bot.texts import plain, say
from shared.chats.models import Chat, ChatKind
from shared.deliveries.operations import reference
from shared.errors import NotFound
from shared.orders import box, buttons, correct, operations, queries
from shared.orders.models import OPEN, Category, Order
from shared.orders.operations import AlreadyRegistered, NewOrder, Origin
from shared.orders.queries import OrderFacts
from shared.photos import operations as photos


async def finish(asker: Asker, session: AsyncSession, filling: Filling) -> Answer:
    """Register what was told; the database decides about duplicates."""
    form = dialogue.with_own_code(filling.form, asker.viewer)
    assert form.registration_no is not None
    assert form.type is not None
    assert form.sto is not None
    new = NewOrder(
        registration_no=form.registration_no,
        type_code=form.type,
        sto=form.sto,
        serial=form.serial,
        odp=form.odp,
        technician_code=form.technician_code,
        note=form.note or "",
        warnings=dialogue.warnings_of(filling, asker.viewer, (await queries.master(session)).needed(form.type)),
    )
    place = asker.place
    origin = Origin(place.chat_id, filling.message_id, place.thread_id)
    try:
        order = await operations.register(session, asker.viewer, new, source="bot", origin=origin)
    except AlreadyRegistered as error:
        return await _refused(asker, session, filling, error.existing)
    await photos.adopt(session, order)
    await dialogue.end(session, place.chat_id, asker.viewer.person_id)
    return await receipt(asker, session, await queries.by_id(session, None, order.id))


async def receipt(asker: Asker, session: AsyncSession, facts: OrderFacts, *, head: str = "received") -> Answer:
    """What was understood, what to heed, the place in the queue and the target. head: key of its first line."""
    order = facts.order
    data = await queries.master(session)
    place = await queries.place_in_queue(session, order) if order.category is Category.RECEIVED else 0
    same = await queries.same_serial(session, order) if order.serial else None
    trouble = await box.trouble_at(session, order.odp, facts.zone, but=order.id)
    heed = texts_orders.heed(same, trouble, asker.language)
    mends = correct.may(asker.viewer, order)
    return Answer(
        texts_orders.receipt(facts, data, place, heed, asker.language, head=head),
        rows=drawn(buttons.receipt(order.id, asker.language, reference, mends=mends)),
        kind="receipt",
        order_id=order.id,
        reply_to=order.message_id,
    )


async def refuse_early(asker: Asker, session: AsyncSession, filling: Filling) -> Answer | None:
    """The refusal of a number that is certainly taken, before anything more is asked about it."""
    form = filling.form
    if form.registration_no is None:
        return None
    try:
        facts = await queries.by_number(session, None, form.registration_no)
    except NotFound:
        return None
    data = await queries.master(session)
    kind = data.types.get(form.type or "")
    keeps = kind is not None and kind.keeps_number
    taken = facts.order.category in OPEN or (keeps and facts.order.category is Category.DONE)
    return await _refused(asker, session, filling, facts) if taken else None


async def _refused(asker: Asker, session: AsyncSession, filling: Filling, existing: OrderFacts) -> Answer:
    """Who registered it, when, where, how it stands and who holds it; the order keeps a note of the attempt."""
    place, order = asker.place, existing.order
    await dialogue.end(session, place.chat_id, asker.viewer.person_id)
    here = f"grup {place.title}" if place.is_group else "chat pribadi"
    await operations.note_duplicate(session, order.id, asker.viewer, "bot", here)
    data = await queries.master(session)
    text = texts_orders.duplicate(existing, data, await where(session, order, asker.language), asker.language)
    button = check_button(order.id, asker.language, plain("b_check", asker.language))
    return Answer(text, rows=[[button]], order_id=order.id, reply_to=filling.message_id)


async def where(session: AsyncSession, order: Order, language: str) -> str:
    """Where an order was registered, as HTML."""
    chat = await session.get(Chat, order.chat_id) if order.chat_id is not None else None
    if chat is not None:
        private = chat.kind is ChatKind.PRIVATE
        return say("in_private", language) if private else say("in_group", language, title=chat.title)
    return say({"api": "in_api", "import": "in_import"}.get(order.source, "in_web"), language)
