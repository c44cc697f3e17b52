"""`/serahterima`: one's open orders to the next person at the end of a shift, and its answer by button."""

from collections.abc import Sequence
from html import escape

from aiogram import Router
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import menus, texts_orders, waiting
from services.bot.answers import Answer, Button, Keys, Reply, Toast, pressed
from services.bot.asking import Asker, Spoken, command
from services.bot.pressing import Next, Shift
from services.bot.texts import mention, plain, say
from services.bot.waiting import Want
from shared.desk import handover, handover_queries, presence
from shared.desk.handover import NothingToAnswer
from shared.desk.presence import Colleague
from shared.errors import Conflict, Invalid, NotFound
from shared.orders import queries
from shared.orders.claims import LONGEST_WORDS
from shared.orders.queries import OrderFacts

router = Router(name="shift")

LISTED = 15  # orders named; the count tells the rest


@router.message(command("serahterima"))
async def offer(_: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer:
    """The orders with their reasons, and whom they may go to. What follows the command is a note to that person."""
    asker.viewer.must("handover.give")
    language = asker.language
    found = await handover_queries.own_orders(session, asker.viewer)
    if not found:
        return Answer(say("shift_none", language))
    note = said.rest[:LONGEST_WORDS]
    colleagues = await _colleagues(asker, session, found)
    data = await queries.master(session)
    lines = [say("shift_head", language, n=len(found))]
    lines += [texts_orders.line(facts, data, language) for facts in found[:LISTED]]
    if len(found) > LISTED:
        lines.append("…")
    if note:
        lines.append(say("shift_note", language, note=note))
    if not colleagues:
        return Answer("\n".join([*lines, "", say("shift_nobody", language)]))
    await waiting.want(session, asker, Want("serah", more={"note": note}))
    return Answer("\n".join([*lines, "", f"<b>{say('shift_to', language)}</b>"]), rows=_rows(asker, colleagues, 0))


@router.callback_query(Next.filter())
async def give(query: CallbackQuery, callback_data: Next, asker: Asker, session: AsyncSession) -> list[Reply]:
    """Choose the next person, another page, or nobody. The orders are those of this moment."""
    language, on = asker.language, pressed(query)
    if callback_data.by != asker.viewer.person_id:
        return [Toast(plain("toast_shift_other", language), alert=True)]
    asker.viewer.must("handover.give")
    wanted = await waiting.wanted(session, asker)
    if wanted is None or wanted.what != "serah":
        return [Toast(plain("toast_unknown", language)), Keys(on)]
    if callback_data.act == "x":
        await waiting.done(session, asker)
        return [Toast(""), Answer(say("shift_stopped", language), rewrites=on)]
    found = await handover_queries.own_orders(session, asker.viewer)
    colleagues = await _colleagues(asker, session, found) if found else []
    if callback_data.act == "page":
        return [Toast(""), Keys(on, _rows(asker, colleagues, callback_data.value))]
    await waiting.done(session, asker)
    if not found:
        return [Toast(""), Answer(say("shift_none", language), rewrites=on)]
    promises = {facts.order.id: "" for facts in found}
    note = str(wanted.more.get("note") or "")
    try:
        async with session.begin_nested():
            given = await handover.give(session, asker.viewer, callback_data.value, promises, note=note, source="bot")
    except Invalid as error:
        key = "shift_waiting" if error.fields.get("orders") == "waiting" else "shift_nobody"
        return [Toast(""), Answer(say(key, language), rewrites=on)]
    name = next((each.name for each in colleagues if each.person_id == callback_data.value), "")
    lines = [say("shift_sent", language, n=given.sent, name=name)]
    if given.left:
        lines.append(say("shift_left", language, n=len(given.left)))
    return [Toast(""), Answer("\n".join(lines), rewrites=on)]


@router.callback_query(Shift.filter())
async def answer(query: CallbackQuery, callback_data: Shift, asker: Asker, session: AsyncSession) -> list[Reply]:
    """Accept at once, or say first why not. The message itself is brought up to date by whoever tells of it."""
    language, handover_id = asker.language, callback_data.handover_id
    if not asker.viewer.may("handover.answer"):
        return [Toast(plain("toast_shift_other", language), alert=True)]
    try:
        facts = await handover_queries.one(session, asker.viewer, handover_id)
    except NotFound:
        return [Toast(plain("toast_shift_other", language), alert=True)]
    if facts.handover.taker_id != asker.viewer.person_id:
        return [Toast(plain("toast_shift_other", language), alert=True)]
    if not facts.open:
        return [Toast(plain("toast_shift_over", language), alert=True), Keys(pressed(query))]
    if callback_data.answer != "y":
        await waiting.want(session, asker, Want("tolak", more={"handover": handover_id}))
        text = say("ask_decline", language, who="\x01").replace("\x01", mention(asker))
        return [Toast(""), Answer(text, kind="prompt", placeholder=plain("words_wanted", language))]
    try:
        async with session.begin_nested():
            done = await handover.accept(session, asker.viewer, handover_id, source="bot")
    except NothingToAnswer:
        return [Toast(plain("toast_shift_over", language), alert=True), Keys(pressed(query))]
    key = "toast_accepted_skip" if done.skipped else "toast_accepted"
    return [Toast(plain(key, language, n=done.done, skipped=done.skipped), alert=True), Keys(pressed(query))]


async def declined(asker: Asker, session: AsyncSession, wanted: Want, words: str) -> list[Reply]:
    """The reason for which a handover is declined came."""
    await waiting.done(session, asker)
    try:
        async with session.begin_nested():
            handover_id = int(wanted.more["handover"])
            await handover.decline(session, asker.viewer, handover_id, words=words, source="bot")
    except (Conflict, NotFound):
        return [Answer(escape(plain("toast_shift_over", asker.language)))]
    return [Answer(say("declined", asker.language))]


async def _colleagues(asker: Asker, session: AsyncSession, found: Sequence[OrderFacts]) -> list[Colleague]:
    return await presence.colleagues(session, asker.viewer, {facts.order.sto_id for facts in found})


def _rows(asker: Asker, colleagues: list[Colleague], page: int) -> list[list[Button]]:
    by, language = asker.viewer.person_id, asker.language
    shown = colleagues[page * menus.PAGE : (page + 1) * menus.PAGE]
    rows = [[Button(menus.named(each, language), Next(by=by, act="to", value=each.person_id))] for each in shown]
    turns = zip(("b_less", "b_more"), menus.paged(page, len(colleagues)), strict=True)
    turn = [Button(plain(key, language), Next(by=by, act="page", value=to)) for key, to in turns if to is not None]
    return [*rows, *([turn] if turn else []), [Button(plain("b_none", language), Next(by=by, act="x"))]]
