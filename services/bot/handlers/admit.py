"""Letting in a technician who asked for it, by the button of the message that says so. The rules are the web's."""

from aiogram import Router
from aiogram.types import CallbackQuery
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Keys, Reply, Toast, pressed
from services.bot.asking import Asker
from services.bot.pressing import Admit
from services.bot.texts import plain
from shared.errors import NotFound
from shared.people import directory, operations
from shared.people.operations import NotWaiting

router = Router(name="admit")


@router.callback_query(Admit.filter())
async def admit(query: CallbackQuery, callback_data: Admit, asker: Asker, session: AsyncSession) -> list[Reply]:
    """Decide once; the messages of all who were asked are brought up to date by whoever tells of it."""
    language, viewer = asker.language, asker.viewer
    if not viewer.may("technician.approve"):
        return [Toast(plain("toast_not_approver", language), alert=True)]
    approve = callback_data.answer == "y"
    try:
        person = await directory.one(session, viewer, callback_data.person_id)
        async with session.begin_nested():
            await operations.settle(session, viewer, person.id, approve=approve, source="bot")
    except NotFound:
        return [Toast(plain("toast_not_approver", language), alert=True)]
    except NotWaiting:
        return [Toast(plain("toast_settled", language), alert=True), Keys(pressed(query))]
    key = "toast_approved" if approve else "toast_refused"
    return [Toast(plain(key, language, name=person.name[:80])), Keys(pressed(query))]
