"""`/reg`: one line, a labelled block or a caption, in any order of the fields; what is missing is asked for."""

import re

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import dialogue, questions
from services.bot.answers import Answer, Fill, Reply, pressed
from services.bot.asking import Asker, Spoken, command
from services.bot.dialogue import Filling
from services.bot.guide import answer_typed, go_on, known_words, press
from services.bot.handlers.photo import sent_of
from services.bot.registered import receipt
from services.bot.texts import say
from shared.orders import forms
from shared.photos import operations as photos

router = Router(name="register")

_WITHOUT_SLASH = re.compile(r"\s*reg[\s#|,;:]", re.IGNORECASE)


@router.message(command("reg"))
async def register(message: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer:
    """The same message delivered again gets the same answer, and no second order."""
    asker.viewer.must("order.register")
    await _put_by(asker, session, message)
    return await _begin(asker, session, said.text, first=not said.rest)


@router.message(command("batal", "cancel"))
async def stop(_: Message, asker: Asker, session: AsyncSession) -> Answer:
    ended = await dialogue.end(session, asker.place.chat_id, asker.viewer.person_id)
    return Answer(say("ended" if ended else "nothing_to_end", asker.language))


@router.message()
async def told(message: Message, asker: Asker, said: Spoken | None, session: AsyncSession) -> Answer:
    """An answer to a question, or an order without its slash; everything else is for other handlers."""
    if said is not None or not asker.stated or asker.stated.lstrip().startswith("/"):
        raise SkipHandler
    kept = await dialogue.of(session, asker.place.chat_id, asker.viewer.person_id)
    if kept is not None and asker.place.thread_id in {kept[1], None}:
        answer = await answer_typed(asker, session, kept[0])
        if answer is not None:
            return answer
    if not await _is_order(asker, session):
        raise SkipHandler
    await _put_by(asker, session, message)
    return await _begin(asker, session, asker.stated)


@router.callback_query(Fill.filter())
async def pick(query: CallbackQuery, callback_data: Fill, asker: Asker, session: AsyncSession) -> list[Reply]:
    return await press(asker, session, callback_data, pressed(query))


async def _put_by(asker: Asker, session: AsyncSession, message: Message) -> None:
    """Keep the photo of a registration until its order exists."""
    if photo := sent_of(message, asker.place, ""):
        await photos.put_by(session, asker.viewer, photo)


async def _begin(asker: Asker, session: AsyncSession, text: str, *, first: bool = False) -> Answer:
    known = await questions.of_message(session, asker.place.chat_id, asker.place.message_id)
    if known is not None:
        return await receipt(asker, session, known)
    stos, patterns = await known_words(session)
    form = forms.read_order(text, stos=stos, patterns=patterns)
    await dialogue.end(session, asker.place.chat_id, asker.viewer.person_id)
    return await go_on(asker, session, Filling(form, asker.place.message_id), first=first)


async def _is_order(asker: Asker, session: AsyncSession) -> bool:
    """`reg AO SC…` without its slash; in a private chat also a bare block that can only be an order."""
    begins = _WITHOUT_SLASH.match(asker.stated) is not None
    if not asker.viewer.may("order.register") or (asker.place.is_group and not begins):
        return False
    stos, patterns = await known_words(session)
    form = forms.read_order(asker.stated, stos=stos, patterns=patterns)
    told = sum(value is not None for value in (form.type, form.serial, form.sto, form.odp))
    return form.registration_no is not None and (begins or told >= 2)
