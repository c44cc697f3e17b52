"""A reply to a message about an order, as the answer to what is asked about that order. It asks nothing."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Answer, React, Reply
from services.bot.asking import Asker
from services.bot.texts import say
from shared.errors import Invalid
from shared.photos import operations as photos
from shared.talk import operations as talk

DONE = "👌"


async def answer_question(asker: Asker, session: AsyncSession, quoted_id: int, words: str) -> list[Reply]:
    """A reply to a message about an order answers what is asked about it; nothing where nothing is asked.

    Raises NotFound for an order that is not theirs.
    """
    about = await photos.orders_of_message(session, asker.place.chat_id, quoted_id)
    asked = await talk.open_of(session, about) if about else {}
    if not asked:
        return []
    if len(about) > 1:
        return [Answer(say("several_orders", asker.language))]
    [(order_id, question)] = asked.items()
    if question.row.asked_by == asker.viewer.person_id:
        return []  # who asked does not answer; it may just go on talking
    try:
        await talk.answer(session, asker.viewer, order_id, words, source="bot")
    except Invalid:
        return [Answer(say("words_long", asker.language, most=talk.LONGEST))]
    return [React(DONE)]
