"""`/cek`: how an order stands, or all open orders of the person who asks."""

from aiogram import Router
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import menus, questions, texts_orders
from services.bot.answers import Answer, check_button
from services.bot.asking import Asker, Spoken, command
from services.bot.texts import say
from shared.errors import NotAllowed, NotFound
from shared.identifiers import fault_number, registration_number
from shared.orders import queries, standing
from shared.orders.states import MasterData

router = Router(name="check")

LISTED = 10  # open orders shown at once; a phone's screen


@router.message(command("cek"))
async def check(_: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer:
    if not (asker.viewer.may("order.read") or asker.viewer.may("order.read_own")):
        raise NotAllowed
    if not said.rest:
        return await _open_orders(asker, session)
    number = registration_number(said.rest).value or registration_number(said.rest.split()[0]).value
    number = number or fault_number(said.rest).value
    if number is None:
        return Answer(say("not_a_number", asker.language))
    try:
        facts, by = await standing.by_number(session, asker.viewer, number)
    except NotFound:
        return Answer(say("not_found_number", asker.language, number=number))
    return _state(asker, facts, await queries.master(session), by)


async def state(
    asker: Asker, session: AsyncSession, facts: queries.OrderFacts, *, rewrites: int | None = None
) -> Answer:
    """The full answer about one order; whoever may change it gets the buttons of its card.

    rewrites: the id of an earlier such answer that becomes this one.
    """
    by = await questions.last_actor(session, facts.order.id)
    return _state(asker, facts, await queries.master(session), by, rewrites=rewrites)


def _state(
    asker: Asker, facts: queries.OrderFacts, data: MasterData, by: str | None, *, rewrites: int | None = None
) -> Answer:
    text = texts_orders.state(facts, data, by, asker.language)
    office = asker.viewer.may("order.change")
    reopens = office and bool(menus.goes_to(asker, facts.order, data))
    own = menus.own(facts.order, asker.language, reopens=reopens) if office else None
    rows = own or [[check_button(facts.order.id, asker.language)]]
    return Answer(text, rows=rows, kind="state", order_id=facts.order.id, rewrites=rewrites)


async def _open_orders(asker: Asker, session: AsyncSession) -> Answer:
    found = await queries.open_of(session, asker.viewer, limit=LISTED + 1)
    if not found:
        return Answer(say("no_open_office" if asker.viewer.may("order.take") else "no_open", asker.language))
    data = await queries.master(session)
    lines = [texts_orders.line(facts, data, asker.language) for facts in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(say("open_more", asker.language))
    buttons = [check_button(facts.order.id, asker.language, facts.order.registration_no) for facts in found[:LISTED]]
    rows = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    return Answer("\n".join([say("open_head", asker.language), *lines]), rows=rows)
