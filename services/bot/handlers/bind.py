"""`/ikat CODE`: an admin ties the group it speaks in to what a page chose; a topic of it when sent inside one."""

from aiogram import Router
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import commands
from services.bot.answers import Answer, Dress, Reply
from services.bot.asking import Asker, Spoken, command
from services.bot.texts import plain, say
from shared.chats import binding
from shared.chats.binding import DeadCode

router = Router(name="bind")


@router.message(command("ikat"))
async def bind(_: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer | list[Reply]:
    """The code works once; a wrong one tells nothing about right ones. The group's menu offers what it is for now."""
    viewer, place, language = asker.viewer, asker.place, asker.language
    viewer.must("group.change")
    if not place.is_group:
        return Answer(say("bind_in_group", language))
    if not said.rest:
        return Answer(say("bind_how", language))
    try:
        async with session.begin_nested():
            bound = await binding.redeem(session, viewer, said.rest, place.chat_id, place.thread_id, source="bot")
    except DeadCode:
        return Answer(say("bind_dead", language))
    purpose = plain(f"purpose_{bound.purpose.value}", language)
    where = "bind_topic" if bound.thread_id is not None else "bind_done"
    done = Answer(say(where, language, purpose=purpose, unit=f"{bound.unit_code} {bound.unit_name}"))
    return done if bound.thread_id is not None else [done, Dress(commands.of_group(bound.purpose), language)]
