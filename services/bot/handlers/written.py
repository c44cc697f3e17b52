"""Words that a person was asked for, or that answer a question about an order. All other words are for other handlers.

In a group only a reply to the bot is such an answer: people also just talk.
"""

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import mending, questions, waiting
from services.bot.answers import Answer, React, Reply
from services.bot.asking import Asker, Spoken
from services.bot.guide import STOP
from services.bot.handlers import shift
from services.bot.questioned import DONE, answer_question
from services.bot.texts import say
from services.bot.waiting import Want
from shared.errors import Invalid
from shared.orders import operations, queries
from shared.orders.claims import LONGEST_WORDS
from shared.talk import operations as talk
from shared.talk.operations import Spot
from shared.words import status_label

router = Router(name="written")

LONGEST_NOTE = 4000  # characters of a message to a technician, as on the web


@router.message()
async def written(message: Message, asker: Asker, said: Spoken | None, session: AsyncSession) -> list[Reply]:
    """Take the words that were asked for; a command or a photo is none."""
    if said is not None or not message.text or not asker.stated.strip():
        raise SkipHandler
    quoted = message.reply_to_message
    wanted = await waiting.wanted(session, asker)
    if wanted is not None and await _to_us(asker, session, message):
        if asker.stated.strip().lower() in STOP:
            await waiting.done(session, asker)
            return [Answer(say("ended", asker.language))]
        return await _take(asker, session, wanted)
    if quoted is not None and (answered := await answer_question(asker, session, quoted.message_id, asker.stated)):
        return answered
    raise SkipHandler


async def _to_us(asker: Asker, session: AsyncSession, message: Message) -> bool:
    """Whether words in this chat are meant for the bot: in a group a reply to what it asked."""
    if not asker.place.is_group:
        return True
    quoted = message.reply_to_message
    if quoted is None or not asker.replies_to_bot:
        return False
    return await questions.kind_of(session, asker.place.chat_id, quoted.message_id) in {"prompt", ""}


async def _take(asker: Asker, session: AsyncSession, wanted: Want) -> list[Reply]:
    words = asker.stated.strip()
    most = {"tanya": talk.LONGEST, "pesan": LONGEST_NOTE, "status": LONGEST_NOTE}.get(wanted.what, LONGEST_WORDS)
    if len(words) > most:
        return [Answer(say("words_long", asker.language, most=most))]
    match wanted.what:
        case "tanya":
            return await _ask(asker, session, wanted, words)
        case "pesan" | "status":
            return await _set(asker, session, wanted, words)
        case "koreksi":
            return await mending.typed(asker, session, wanted)
        case "tolak":
            return await shift.declined(asker, session, wanted, words)
        case _:
            raise SkipHandler


async def _ask(asker: Asker, session: AsyncSession, wanted: Want, words: str) -> list[Reply]:
    place = asker.place
    await waiting.done(session, asker)
    spot = Spot(place.chat_id, place.message_id, place.thread_id)
    try:
        await talk.ask(session, asker.viewer, wanted.order_id, words, source="bot", spot=spot)
    except Invalid:
        return [Answer(say("nobody_to_ask", asker.language))]
    return [React(DONE)]


async def _set(asker: Asker, session: AsyncSession, wanted: Want, words: str) -> list[Reply]:
    """Set the status that was chosen with these words, or leave it and say only the words. Nothing on a stale order."""
    facts = await queries.by_id(session, asker.viewer, wanted.order_id)
    order, data = facts.order, await queries.master(session)
    await waiting.done(session, asker)
    if order.version != wanted.version:
        label = status_label(data.statuses[order.status_code], asker.language)
        return [Answer(say("order_moved_on", asker.language, number=order.registration_no, status=label))]
    code = str(wanted.more.get("status") or order.status_code)
    reason = wanted.more.get("reason") if wanted.what == "status" else order.reason_id
    await operations.change_status(
        session, asker.viewer, order.id, order.version, code, source="bot", reason_id=reason, note=words
    )
    return [React(DONE)]
