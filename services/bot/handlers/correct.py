"""Correcting one's own order while nobody has taken it: the receipt's button, or `/ubah SC… SN …` in one line."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import mending, waiting
from services.bot.answers import Answer, Keys, Reply, Strip, Toast, pressed
from services.bot.asking import Asker, Spoken, command
from services.bot.guide import known_words
from services.bot.pressing import Correct, Mend
from services.bot.texts import plain, say
from shared.errors import NotFound
from shared.orders import correct, forms, queries
from shared.orders.forms import OrderForm
from shared.orders.queries import OrderFacts
from shared.photos import operations as photos

router = Router(name="correct")


@router.message(command("ubah", "koreksi"))
async def by_words(message: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer:
    """All fields that the line names are mended at once; without any the fields are offered."""
    asker.viewer.must("order.register")
    stos, patterns = await known_words(session)
    told = forms.read_order(said.text, stos=stos, patterns=patterns)
    facts = await _meant(asker, session, message, told)
    if facts is None:
        return Answer(say("correct_which", asker.language))
    if (refused := await _refused(asker, session, facts)) is not None:
        return refused
    form = mending.form_of(facts)
    values: forms.Values = {name: value for name, value in forms.values_of(told).items() if value is not None}
    if not set(values) - {"sc"} and told.note is None:
        number = facts.order.registration_no
        return Answer(
            say("correct_what", asker.language, number=number),
            rows=mending.fields(asker, facts),
            kind="receipt",
            order_id=facts.order.id,
        )
    named = {doubt.field for doubt in told.warnings} | set(values)
    doubts = [doubt for doubt in form.warnings if doubt.field not in named]
    doubts += [doubt for doubt in told.warnings if doubt.field in values]
    merged = forms.settled(form, forms.values_of(form) | values, doubts, stos)
    if told.note:
        merged, _ = forms.merge(merged, "note", told.note)
    wrong = await mending.save(asker, session, facts, merged, version=facts.order.version)
    return wrong or await mending.receipt_again(asker, session, facts)


@router.callback_query(Correct.filter())
async def choose(query: CallbackQuery, callback_data: Correct, asker: Asker, session: AsyncSession) -> list[Reply]:
    """The fields take the place of the receipt's buttons, for whoever the order belongs to."""
    facts = await _own(asker, session, callback_data.order_id)
    if isinstance(facts, Toast):
        return [facts]
    if (late := await _late(asker, session, facts, pressed(query))) is not None:
        return late
    return [Toast(""), Keys(pressed(query), mending.fields(asker, facts))]


@router.callback_query(Mend.filter())
async def mend(query: CallbackQuery, callback_data: Mend, asker: Asker, session: AsyncSession) -> list[Reply]:
    """A field, or a value for it. On an order that changed meanwhile the fields are offered anew."""
    facts = await _own(asker, session, callback_data.order_id)
    if isinstance(facts, Toast):
        return [facts]
    on, name, value = pressed(query), callback_data.field, callback_data.value
    if name == "k":
        return [Toast(""), Keys(on, mending.receipt_keys(asker, facts))]
    if (late := await _late(asker, session, facts, on)) is not None:
        return late
    if not name or facts.order.version != callback_data.version:
        return [Toast(""), Keys(on, mending.fields(asker, facts))]
    if not value:
        return await mending.ask(asker, session, facts, name, on)
    form = await _with(asker, session, facts, name, value)
    if form is None:
        return [Toast(plain("toast_unknown", asker.language)), Strip(on)]
    offered = value in {"+", "="}
    wanted = await waiting.wanted(session, asker) if offered else None
    if offered:
        await waiting.done(session, asker)
    wrong = await mending.save(asker, session, facts, form, version=callback_data.version)
    if wrong is not None:
        return [Toast(""), wrong]
    receipt_id = int(wanted.more.get("on") or 0) if wanted is not None else on
    done: list[Reply] = [Toast(plain("corrected", asker.language)), Strip(on)] if offered else []
    done = done or [Toast(plain("corrected", asker.language))]
    return [*done, await mending.receipt_again(asker, session, facts, receipt_id)]


async def _with(asker: Asker, session: AsyncSession, facts: OrderFacts, name: str, value: str) -> OrderForm | None:
    """The order's form with a chosen value; None when the choice no longer means anything."""
    stos, patterns = await known_words(session)
    text = value
    if value in {"+", "="}:
        wanted = await waiting.wanted(session, asker)
        if wanted is None or wanted.order_id != facts.order.id or wanted.more.get("field") != name:
            return None
        text = str(wanted.more.get("typed") or "")
    form, wrong = forms.merge(mending.form_of(facts), name, text, stos=stos, patterns=patterns)
    if value == "+":
        return forms.take_offer(form, name)
    return form if wrong is None else None


async def _meant(asker: Asker, session: AsyncSession, message: Message, told: OrderForm) -> OrderFacts | None:
    """The order of the message that is replied to, else of the number in the line."""
    quoted = message.reply_to_message
    about = await photos.orders_of_message(session, asker.place.chat_id, quoted.message_id) if quoted else ()
    try:
        if len(about) == 1:
            return await queries.by_id(session, asker.viewer, next(iter(about)))
        if told.registration_no is not None:
            return await queries.by_number(session, asker.viewer, told.registration_no)
    except NotFound:
        return None
    return None


async def _refused(asker: Asker, session: AsyncSession, facts: OrderFacts) -> Answer | None:
    if asker.viewer.person_id not in {facts.order.registered_by, facts.order.technician_id}:
        return Answer(say("correct_not_yours", asker.language))
    return None if correct.may(asker.viewer, facts.order) else await mending.too_late(asker, session, facts)


async def _own(asker: Asker, session: AsyncSession, order_id: int) -> OrderFacts | Toast:
    try:
        facts = await queries.by_id(session, asker.viewer, order_id)
    except NotFound:
        return Toast(plain("toast_gone", asker.language), alert=True)
    if asker.viewer.person_id not in {facts.order.registered_by, facts.order.technician_id}:
        return Toast(plain("correct_not_yours", asker.language), alert=True)
    return facts


async def _late(asker: Asker, session: AsyncSession, facts: OrderFacts, on: int) -> list[Reply] | None:
    """What is said under an order that somebody took: why, and the buttons without the correction."""
    if correct.may(asker.viewer, facts.order):
        return None
    why = await mending.too_late(asker, session, facts)
    said = why.text.replace("<code>", "").replace("</code>", "")
    return [Toast(said, alert=True), Keys(on, mending.receipt_keys(asker, facts))]
