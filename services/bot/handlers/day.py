"""`/saya`: a technician's day - done today, open, and what waits for the technician."""

from html import escape

from aiogram import Router
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import questions, texts_orders
from services.bot.answers import Answer
from services.bot.asking import Asker, command
from services.bot.texts import say
from shared import clock, words
from shared.errors import NotAllowed
from shared.orders import queries

router = Router(name="day")

LISTED = 8  # orders of a kind; the counts tell the rest


@router.message(command("saya"))
async def my_day(_: Message, asker: Asker, session: AsyncSession) -> Answer:
    if not asker.viewer.may("order.register"):
        raise NotAllowed
    language, at = asker.language, clock.now()
    zone = await questions.zone_of(session, asker.viewer)
    day = await questions.day_of(session, asker.viewer, zone, at)
    head = f"<b>{words.day(at, zone)}</b>, {escape(asker.viewer.name)}"
    if not (day.done or day.open or day.mine):
        return Answer(f"{head}\n{say('day_nothing', language)}")
    data = await queries.master(session)
    counts = {"done": len(day.done), "open": len(day.open) + len(day.mine), "mine": len(day.mine)}
    parts = [f"{head}\n{say('day_count', language, **counts)}"]
    for key, several in (("day_mine", day.mine), ("day_open", day.open), ("day_done", day.done)):
        if several:
            lines = []
            for facts in several[:LISTED]:
                lines.append(texts_orders.line(facts, data, language))
                if (question := day.asked.get(facts.order.id)) is not None:
                    words_asked = texts_orders.short(question.row.words, 200)
                    asked = say("question_open", language, who=question.who, words=words_asked)
                    lines.append(f"<blockquote>{asked}</blockquote>")
            parts.append("\n".join([say(key, language), *lines]))
    return Answer("\n\n".join(parts))
