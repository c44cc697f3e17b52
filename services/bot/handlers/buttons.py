"""Buttons under orders: take it, or see how it stands. Pressed twice they have one effect and the same answer."""

from aiogram import Router
from aiogram.types import CallbackQuery
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import questions, texts_orders
from services.bot.answers import Check, Reply, Take, Toast, pressed
from services.bot.asking import Asker
from services.bot.handlers.check import state
from services.bot.handlers.manage import after
from services.bot.texts import plain
from shared import words
from shared.errors import NotFound
from shared.orders import operations, queries
from shared.orders.operations import AlreadyTaken
from shared.orders.states import IllegalMove

router = Router(name="buttons")


@router.callback_query(Take.filter())
async def take(query: CallbackQuery, callback_data: Take, asker: Asker, session: AsyncSession) -> Toast | list[Reply]:
    language, order_id = asker.language, callback_data.order_id
    if not asker.viewer.may("order.take"):
        return Toast(plain("toast_desk", language), alert=True)
    try:
        changed = await operations.take(session, asker.viewer, order_id, source="bot", hold=0)
    except AlreadyTaken as error:
        facts = error.now
        at = words.moment(facts.order.status_at, facts.zone)
        values = {"number": facts.order.registration_no, "name": facts.holder_name or "", "at": at}
        return Toast(plain("toast_already", language, **values), alert=True)
    except IllegalMove:
        facts = await queries.by_id(session, asker.viewer, order_id)
        data = await queries.master(session)
        status = words.status_label(data.statuses[facts.order.status_code], language)
        return Toast(plain("toast_closed", language, number=facts.order.registration_no, status=status), alert=True)
    except NotFound:
        return Toast(plain("toast_gone", language), alert=True)
    said = Toast(plain("toast_taken", language, number=changed.order.registration_no))
    return [said, *await after(asker, session, changed, pressed(query))]


@router.callback_query(Check.filter())
async def check(_: CallbackQuery, callback_data: Check, asker: Asker, session: AsyncSession) -> list[Reply]:
    """A toast only the presser sees; what does not fit into one follows as a message."""
    try:
        facts = await queries.by_id(session, asker.viewer, callback_data.order_id)
    except NotFound:
        return [Toast(plain("toast_gone", asker.language), alert=True)]
    data = await queries.master(session)
    by = await questions.last_actor(session, facts.order.id)
    answer = texts_orders.toast(facts, data, by, asker.language)
    if len(answer) <= texts_orders.TOAST:
        return [Toast(answer, alert=True)]
    return [Toast(plain("toast_below", asker.language)), await state(asker, session, facts)]
