"""Who asks to be let into a bound group: the roster lets people in, about all others somebody decides by a button."""

from aiogram import Router
from aiogram.types import CallbackQuery, ChatJoinRequest
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import telling
from services.bot.answers import Keys, Reply, Toast, pressed
from services.bot.asking import GROUPS, Asker
from services.bot.middlewares import language_of
from services.bot.pressing import Door
from services.bot.texts import plain
from shared.chats import doors
from shared.chats import operations as chats
from shared.errors import NotFound
from shared.people.operations import NotWaiting

router = Router(name="doors")


@router.chat_join_request()
async def knock(event: ChatJoinRequest, session: AsyncSession) -> None:
    """Of groups that are not bound somebody else takes care."""
    if event.chat.type not in GROUPS or event.from_user.is_bot:
        return
    if not await chats.group_is_known(session, event.chat.id):
        return
    user, language = event.from_user, language_of(event.from_user.language_code)
    asked = await doors.asked(session, event.chat.id, user.id, user.full_name, user.username, language)
    if asked is None:
        return
    await telling.tell_asker(session, asked.request, "door_welcome" if asked.decided else "door_waits")
    if not asked.decided:
        await telling.ask(session, asked.request)


@router.callback_query(Door.filter())
async def decide(query: CallbackQuery, callback_data: Door, asker: Asker, session: AsyncSession) -> list[Reply]:
    """Decide once; whoever else was asked sees who did."""
    language, viewer = asker.language, asker.viewer
    if not viewer.may("technician.approve"):
        return [Toast(plain("toast_not_approver", language), alert=True)]
    welcome = callback_data.answer == "y"
    try:
        async with session.begin_nested():
            asked = await doors.decide(session, viewer, callback_data.request_id, welcome=welcome, source="bot")
    except NotFound:
        return [Toast(plain("toast_not_approver", language), alert=True)]
    except NotWaiting:
        return [Toast(plain("toast_settled", language), alert=True), Keys(pressed(query))]
    if asked.tell:
        await telling.tell_asker(session, asked.request, "door_welcome" if welcome else "door_closed")
    await telling.close(session, asked.request, viewer.name)
    key = "toast_let_in" if welcome else "toast_turned_away"
    return [Toast(plain(key, language, name=asked.request.name[:80])), Keys(pressed(query))]
