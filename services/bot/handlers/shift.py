"""`/serahterima`: one's open orders to the next person at the end of a shift, and its answer by button."""

from collections.abc import Sequence
from dataclasses import replace
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
    answer = await _asked(asker, session, found, "shift_head", note)
    if answer.rows:
        await waiting.want(session, asker, Want("serah", more={"note": note}))
    return answer


async def _asked(
    asker: Asker, session: AsyncSession, found: Sequence[OrderFacts], head: str, note: str, on: int | None = None
) -> Answer:
    """These orders, and the people who may have all of them; several orders can also be given to different ones."""
    language = asker.language
    colleagues = await _colleagues(asker, session, found)
    data = await queries.master(session)
    lines = [say(head, language, n=len(found))]
    lines += [texts_orders.line(facts, data, language) for facts in found[:LISTED]]
    if len(found) > LISTED:
        lines.append("…")
    if note:
        lines.append(say("shift_note", language, note=note))
    some = len(found) > 1
    if not colleagues and not some:
        return Answer("\n".join([*lines, "", say("shift_nobody_one", language)]), rewrites=on)
    asked = f"<b>{say('shift_to', language)}</b>" if colleagues else say("shift_nobody", language)
    return Answer("\n".join([*lines, "", asked]), rows=_rows(asker, colleagues, 0, some=some), rewrites=on)


@router.callback_query(Next.filter())
async def give(query: CallbackQuery, callback_data: Next, asker: Asker, session: AsyncSession) -> list[Reply]:
    """Choose orders, the next person, another page, or stop. The orders are those of this moment."""
    language, on, act = asker.language, pressed(query), callback_data.act
    if callback_data.by != asker.viewer.person_id:
        return [Toast(plain("toast_shift_other", language), alert=True)]
    asker.viewer.must("handover.give")
    wanted = await waiting.wanted(session, asker)
    if wanted is None or wanted.what != "serah":
        return [Toast(plain("toast_unknown", language)), Keys(on)]
    if act == "x":
        await waiting.done(session, asker)
        return [Toast(""), Answer(say("shift_stopped", language), rewrites=on)]
    if act == "end":
        await waiting.done(session, asker)
        return [Toast(""), Keys(on)]
    own = await handover_queries.own_orders(session, asker.viewer)
    left = [facts for facts in own if facts.order.id not in wanted.more.get("given", [])]
    if not left:
        await waiting.done(session, asker)
        return [Toast(""), Answer(say("shift_none", language), rewrites=on)]
    picked = wanted.more.get("picked")
    chosen = [facts for facts in left if picked is None or facts.order.id in picked] or left
    if act == "page":
        colleagues = await _colleagues(asker, session, chosen)
        return [Toast(""), Keys(on, _rows(asker, colleagues, callback_data.value, some=len(left) > 1))]
    if act in {"some", "tick", "ticks"}:
        return [Toast(""), Keys(on, await _tick(asker, session, wanted, left, callback_data))]
    note = str(wanted.more.get("note") or "")
    if act in {"go", "every"}:
        chosen = left if act == "every" else chosen
        await waiting.want(session, asker, replace(wanted, more=wanted.more | {"picked": _ids(chosen)}))
        return [Toast(""), await _asked(asker, session, chosen, "shift_head", note, on)]
    return [Toast(""), await _given(asker, session, wanted, left, chosen, callback_data.value, on)]


async def _tick(
    asker: Asker, session: AsyncSession, wanted: Want, left: Sequence[OrderFacts], pressed_: Next
) -> list[list[Button]]:
    """The orders to tick, a page of them, and how many are ticked."""
    ticked = [] if pressed_.act == "some" else [each for each in wanted.more.get("picked") or [] if each in _ids(left)]
    page = int(wanted.more.get("page", 0)) if pressed_.act == "tick" else 0
    if pressed_.act == "tick":
        number = pressed_.value
        ticked = [each for each in ticked if each != number] if number in ticked else [*ticked, number]
    elif pressed_.act == "ticks":
        page = pressed_.value
    await waiting.want(session, asker, replace(wanted, more=wanted.more | {"picked": ticked, "page": page}))
    by, language = asker.viewer.person_id, asker.language
    rows = [
        [
            Button(
                f"{'☑' if facts.order.id in ticked else '☐'} {facts.order.registration_no} · {facts.sto_code}",
                Next(by=by, act="tick", value=facts.order.id),
            )
        ]
        for facts in left[page * menus.PAGE : (page + 1) * menus.PAGE]
    ]
    turns = zip(("b_less", "b_more"), menus.paged(page, len(left)), strict=True)
    turn = [Button(plain(key, language), Next(by=by, act="ticks", value=to)) for key, to in turns if to is not None]
    if ticked:
        rows.append([Button(plain("b_go", language, n=len(ticked)), Next(by=by, act="go"))])
    every = Button(plain("b_every", language), Next(by=by, act="every"))
    return [*rows, *([turn] if turn else []), [every, Button(plain("b_none", language), Next(by=by, act="x"))]]


async def _given(
    asker: Asker,
    session: AsyncSession,
    wanted: Want,
    left: Sequence[OrderFacts],
    chosen: Sequence[OrderFacts],
    taker_id: int,
    on: int,
) -> Answer:
    """Offer the chosen orders to a person; what is left may go to the next one."""
    language = asker.language
    colleagues = await _colleagues(asker, session, chosen)
    note = str(wanted.more.get("note") or "")
    await waiting.done(session, asker)
    try:
        async with session.begin_nested():
            promises = dict.fromkeys(_ids(chosen), "")
            given = await handover.give(session, asker.viewer, taker_id, promises, note=note, source="bot")
    except Invalid as error:
        key = "shift_waiting" if error.fields.get("orders") == "waiting" else "shift_nobody_one"
        return Answer(say(key, language), rewrites=on)
    name = next((each.name for each in colleagues if each.person_id == taker_id), "")
    lines = [say("shift_sent", language, n=given.sent, name=name)]
    if given.left:
        lines.append(say("shift_left", language, n=len(given.left)))
    rest = [facts for facts in left if facts not in chosen]
    if not rest:
        return Answer("\n".join(lines), rewrites=on)
    gone = [*wanted.more.get("given", []), *_ids(chosen)]
    more = await _asked(asker, session, rest, "shift_rest", note, on)
    if more.rows:
        await waiting.want(session, asker, Want("serah", more={"note": note, "given": gone}))
        by = asker.viewer.person_id
        more = replace(more, rows=[*more.rows[:-1], [Button(plain("b_enough", language), Next(by=by, act="end"))]])
    return replace(more, text="\n".join([*lines, "", more.text]))


def _ids(found: Sequence[OrderFacts]) -> list[int]:
    return [facts.order.id for facts in found]


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


def _rows(asker: Asker, colleagues: list[Colleague], page: int, *, some: bool) -> list[list[Button]]:
    """some: there are several orders to choose from."""
    by, language = asker.viewer.person_id, asker.language
    shown = colleagues[page * menus.PAGE : (page + 1) * menus.PAGE]
    rows = [[Button(menus.named(each, language), Next(by=by, act="to", value=each.person_id))] for each in shown]
    turns = zip(("b_less", "b_more"), menus.paged(page, len(colleagues)), strict=True)
    turn = [Button(plain(key, language), Next(by=by, act="page", value=to)) for key, to in turns if to is not None]
    choose = [Button(plain("b_some", language), Next(by=by, act="some"))] if some else []
    stop = Button(plain("b_none", language), Next(by=by, act="x"))
    return [*rows, *([turn] if turn else []), [*choose, stop]]
