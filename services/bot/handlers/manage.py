"""An order's menu: status with reason, question, message, holder. The rules are those of the web, its operations too.

A menu belongs to whoever opened it and to the order as it stood then; every press is decided anew.
"""

from aiogram import Router
from aiogram.types import CallbackQuery
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import menus, questions, waiting
from services.bot.answers import Answer, Keys, Reply, Toast, pressed
from services.bot.asking import Asker
from services.bot.handlers.check import state
from services.bot.pressing import Do, Manage
from services.bot.texts import mention, plain, say
from services.bot.waiting import Want
from shared.desk import presence
from shared.errors import Invalid, NotFound
from shared.orders import claims, operations, queries
from shared.orders.models import OPEN
from shared.orders.operations import Changed, StaleOrder
from shared.orders.queries import OrderFacts
from shared.words import reason_label, status_label

router = Router(name="manage")

GROUP_LANGUAGE = "id"  # a group has many readers; its cards are Indonesian


@router.callback_query(Manage.filter())
async def open_menu(query: CallbackQuery, callback_data: Manage, asker: Asker, session: AsyncSession) -> list[Reply]:
    """The menu takes the place of the buttons; a closed order has none."""
    language = asker.language
    if not asker.viewer.may("order.change"):
        return [Toast(plain("toast_manage", language), alert=True)]
    try:
        facts = await queries.by_id(session, asker.viewer, callback_data.order_id)
    except NotFound:
        return [Toast(plain("toast_gone", language), alert=True)]
    data = await queries.master(session)
    if facts.order.category not in OPEN and not menus.goes_to(asker, facts.order, data):
        label = status_label(data.statuses[facts.order.status_code], language)
        closed = plain("toast_closed", language, number=facts.order.registration_no, status=label)
        return [Toast(closed, alert=True), own_keys(asker, facts, pressed(query))]
    return [Toast(""), Keys(pressed(query), menus.main(asker, facts, data))]


@router.callback_query(Do.filter())
async def do(query: CallbackQuery, callback_data: Do, asker: Asker, session: AsyncSession) -> list[Reply]:
    """One choice. Somebody else's menu can only be closed; one of an older order says what happened and closes."""
    language, message_id = asker.language, pressed(query)
    if not asker.viewer.may("order.change"):
        return [Toast(plain("toast_manage", language), alert=True)]
    try:
        facts = await queries.by_id(session, asker.viewer, callback_data.order_id)
    except NotFound:
        return [Toast(plain("toast_gone", language), alert=True)]
    if callback_data.act == "k":
        return [Toast(""), own_keys(asker, facts, message_id)]
    if callback_data.by != asker.viewer.person_id:
        name = await questions.name_of(session, callback_data.by)
        other = plain("toast_menu", language, name=name) if name else plain("toast_menu_other", language)
        return [Toast(other, alert=True)]
    if facts.order.version != callback_data.version:
        return [await _stale(asker, session, facts), own_keys(asker, facts, message_id)]
    try:
        async with session.begin_nested():
            return await _carry_out(asker, session, facts, callback_data, message_id)
    except StaleOrder as error:
        return [await _stale(asker, session, error.now), own_keys(asker, error.now, message_id)]
    except Invalid:
        return [Toast(plain("toast_not_person", language), alert=True)]


async def _carry_out(
    asker: Asker, session: AsyncSession, facts: OrderFacts, chosen: Do, message_id: int
) -> list[Reply]:
    data, order, language = await queries.master(session), facts.order, asker.language
    value, _, page = chosen.value.partition(".")
    match chosen.act:
        case "m":
            return [Toast(""), Keys(message_id, menus.main(asker, facts, data))]
        case "s" | "r" if value in data.statuses:
            if data.reasons_for(value):
                rows = menus.reasons(asker, order, data, value, _number(page))
                return [Toast(""), Keys(message_id, rows)]
            return await _set(asker, session, facts, value, None, message_id)
        case "n" if value in data.statuses:
            return await _set(asker, session, facts, value, None, message_id)
        case "w" if (reason := data.reasons.get(_number(value))) is not None:
            return await _set(asker, session, facts, reason.status_code, reason.id, message_id)
        case "q" | "f":
            what, key = ("tanya", "ask_question") if chosen.act == "q" else ("pesan", "ask_message")
            await waiting.want(session, asker, Want(what, order.id, order.version))
            return [Toast(""), own_keys(asker, facts, message_id), _prompt(asker, facts, key)]
        case "o":
            changed = await operations.take(session, asker.viewer, order.id, source="bot", over=True)
            said = plain("toast_taken", language, number=order.registration_no)
            return [Toast(said), *await after(asker, session, changed, message_id)]
        case "l":
            changed = await claims.release(session, asker.viewer, order.id, order.version, source="bot")
            said = plain("toast_released", language, number=order.registration_no)
            return [Toast(said), *await after(asker, session, changed, message_id)]
        case "t":
            found = await presence.colleagues(session, asker.viewer, [order.sto_id])
            others = [each for each in found if each.person_id != order.holder_id]
            if not others:
                return [Toast(plain("toast_nobody", language), alert=True)]
            return [Toast(""), Keys(message_id, menus.people(asker, order, others, _number(page)))]
        case "a":
            give = claims.hand_over if order.holder_id == asker.viewer.person_id else claims.assign
            changed = await give(session, asker.viewer, order.id, order.version, _number(value), source="bot")
            name = (await questions.name_of(session, changed.order.holder_id)) or ""
            said = plain("toast_gave", language, number=order.registration_no, name=name)
            return [Toast(said), *await after(asker, session, changed, message_id)]
        case _:
            return [Toast(plain("toast_unknown", language))]


async def _set(
    asker: Asker, session: AsyncSession, facts: OrderFacts, code: str, reason_id: int | None, message_id: int
) -> list[Reply]:
    """Set the status at once, or ask for the words that this move demands."""
    data, order, language = await queries.master(session), facts.order, asker.language
    move = data.moves.get((order.status_code, code))
    label = status_label(data.statuses[code], language)
    if move is not None and move.note_required:
        more = {"status": code, "reason": reason_id}
        await waiting.want(session, asker, Want("status", order.id, order.version, more))
        return [Toast(""), own_keys(asker, facts, message_id), _prompt(asker, facts, "ask_note", status=label)]
    changed = await operations.change_status(
        session, asker.viewer, order.id, order.version, code, source="bot", reason_id=reason_id
    )
    reason = data.reasons.get(reason_id or 0)
    why = {"reason": reason_label(reason, language)} if reason else {}
    key = "toast_set_why" if reason else "toast_set"
    said = plain(key, language, number=order.registration_no, status=label, **why)
    return [Toast(said), *await after(asker, session, changed, message_id)]


async def after(asker: Asker, session: AsyncSession, changed: Changed, message_id: int) -> list[Reply]:
    """What becomes of the message under whose buttons an order was changed.

    Its card follows by itself; an answer to `/cek` is written anew; any other message gets the buttons of now.
    """
    kind = await questions.kind_of(session, asker.place.chat_id, message_id)
    if kind == "card":
        return []
    facts = await queries.by_id(session, asker.viewer, changed.order.id)
    if kind == "state":
        return [await state(asker, session, facts, rewrites=message_id)]
    return [own_keys(asker, facts, message_id)]


def own_keys(asker: Asker, facts: OrderFacts, message_id: int) -> Keys:
    """The message's own buttons again."""
    return Keys(message_id, menus.own(facts.order, GROUP_LANGUAGE if asker.place.is_group else asker.language))


def _prompt(asker: Asker, facts: OrderFacts, key: str, **values: str) -> Answer:
    """Ask for words; only this person's reply is one, and its telephone opens the input for it."""
    number = facts.order.registration_no
    text = say(key, asker.language, who="\x01", number=number, **values).replace("\x01", mention(asker))
    placeholder = plain("words_wanted", asker.language)
    return Answer(text, kind="prompt", order_id=facts.order.id, placeholder=placeholder)


async def _stale(asker: Asker, session: AsyncSession, facts: OrderFacts) -> Toast:
    data = await queries.master(session)
    label = status_label(data.statuses[facts.order.status_code], asker.language)
    by = await questions.last_actor(session, facts.order.id) or "SIKPRO"
    number = facts.order.registration_no
    return Toast(plain("toast_stale", asker.language, number=number, name=by, status=label), alert=True)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
