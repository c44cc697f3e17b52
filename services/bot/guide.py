"""A registration step by step: takes an answer, typed or tapped, and goes on to the next question or to the receipt."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import dialogue, prompts, questions, registered
from services.bot.answers import Answer, Fill, Reply, Strip, Toast
from services.bot.asking import Asker
from services.bot.dialogue import Filling
from services.bot.texts import plain, say
from shared.identifiers import Doubt, Patterns
from shared.orders import forms, queries
from shared.orders.states import ALWAYS
from shared.places import queries as places

STOP = frozenset({"batal", "cancel", "stop", "berhenti"})
SKIP = frozenset({"lewati", "skip", "-"})


async def known_words(session: AsyncSession) -> tuple[frozenset[str], Patterns]:
    """The exchanges and the order types of master data, for reading a form."""
    data = await queries.master(session)
    return frozenset(sto.code for sto in await places.stos(session)), data.patterns()


async def go_on(
    asker: Asker,
    session: AsyncSession,
    filling: Filling,
    *,
    wrong: Doubt | None = None,
    first: bool = False,
    rewrites: int | None = None,
) -> Answer:
    """Ask for the next field; register when nothing is left, refuse as soon as the number is known to be taken."""
    needed = (await queries.master(session)).needed(filling.form.type)
    field = dialogue.next_field(filling, asker.viewer, needed)
    if field is None:
        return await registered.finish(asker, session, filling)
    refused = await registered.refuse_early(asker, session, filling)
    if refused is not None:
        return refused
    filling = replace(filling, asking=field)
    await dialogue.keep(session, asker.place.chat_id, asker.viewer.person_id, asker.place.thread_id, filling)
    _, patterns = await known_words(session)
    own = [sto.code for sto in await places.stos(session, asker.viewer)]
    return prompts.question(
        asker,
        filling,
        types=patterns.types,
        stos=own,
        needed=needed,
        wrong=wrong,
        first=first,
        rewrites=rewrites,
    )


async def answer_typed(asker: Asker, session: AsyncSession, filling: Filling) -> Answer | None:
    """Take a typed answer. In a group only a reply, or what reads as the very field, is one: people also just talk."""
    said = asker.stated.strip().lower()
    to_us = asker.replies_to_bot or not asker.place.is_group
    if to_us and said in STOP:
        await dialogue.end(session, asker.place.chat_id, asker.viewer.person_id)
        return Answer(say("ended", asker.language))
    if to_us and said in SKIP and filling.asking not in ALWAYS:
        if filling.asking not in (await queries.master(session)).needed(filling.form.type):
            return await go_on(asker, session, replace(filling, settled=filling.settled | {filling.asking}))
        return await go_on(asker, session, filling, wrong=Doubt(filling.asking, f"{filling.asking}.required"))
    stos, patterns = await known_words(session)
    form, wrong = forms.merge(filling.form, filling.asking, asker.stated, stos=stos, patterns=patterns)
    if wrong is not None and not to_us:
        return None
    return await go_on(asker, session, replace(filling, form=form), wrong=wrong)


async def press(asker: Asker, session: AsyncSession, pressed: Fill, message_id: int) -> list[Reply]:
    """Take a tapped answer. The question is rewritten into the next one, or loses its buttons."""
    place, person_id, language = asker.place, asker.viewer.person_id, asker.language
    kept = await dialogue.of(session, place.chat_id, person_id)
    filling = kept[0] if kept else None
    if filling is None or filling.message_id != pressed.to:
        return [await _too_late(asker, session, pressed)]
    if pressed.value == "x":
        await dialogue.end(session, place.chat_id, person_id)
        return [Toast(""), Answer(say("ended", language), rewrites=message_id)]
    if pressed.field != filling.asking:
        return [Toast(plain("toast_filled", language))]
    filled = await _filled(session, filling, pressed)
    if filled is None:
        return [Toast(plain("toast_unknown", language))]
    answer = await go_on(asker, session, filled, rewrites=message_id)
    return [Toast(""), answer] if answer.rewrites else [Toast(""), answer, Strip(message_id)]


async def _filled(session: AsyncSession, filling: Filling, pressed: Fill) -> Filling | None:
    name, settled = pressed.field, filling.settled | {pressed.field}
    if pressed.value == "-":
        needed = (await queries.master(session)).needed(filling.form.type)
        return replace(filling, settled=settled) if name not in needed else None
    if pressed.value == "=":
        return replace(filling, settled=settled)
    if pressed.value == "+":
        return replace(filling, form=forms.take_offer(filling.form, name), settled=settled)
    stos, patterns = await known_words(session)
    form, wrong = forms.merge(filling.form, name, pressed.value, stos=stos, patterns=patterns)
    return replace(filling, form=form) if wrong is None else None


async def _too_late(asker: Asker, session: AsyncSession, pressed: Fill) -> Toast:
    """A button of a filling that is over, or of somebody else's."""
    language = asker.language
    order = await questions.of_message(session, asker.place.chat_id, pressed.to)
    if order is not None and order.order.registered_by == asker.viewer.person_id:
        return Toast(plain("toast_registered", language, number=order.order.registration_no))
    if order is not None or await dialogue.of_somebody(session, asker.place.chat_id, pressed.to):
        return Toast(plain("toast_other", language), alert=True)
    return Toast(plain("toast_over", language))
