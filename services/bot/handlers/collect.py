"""A collector's road in the chat: `/tugas`, `/tagihan`, cards, results in two taps, a promise, a photo, a place.

A button works for the person it was made for, in a chat that serves it, for a day; everything else is a toast.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import CallbackQuery, Message
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import answers, collecting, errands
from services.bot.answers import Answer, Reply, Strip, Toast, pressed
from services.bot.asking import Asker, Place, Spoken, carries, command
from services.bot.errands import Back, Due, More, Much, Open, Outcome, Whole
from services.bot.handlers.photo import sent_of
from services.bot.texts import plain, say
from shared import clock
from shared.arrears import field, masks, queries, spoken, visits
from shared.arrears.models import Account, Errand, Result
from shared.arrears.visits import Call
from shared.chats.models import Chat
from shared.errors import Invalid, NotFound
from shared.identifiers import figures
from shared.people.access import Viewer
from shared.places.queries import unit_of

router = Router(name="collect")

OLD = timedelta(days=1)
STOP = frozenset({"batal", "cancel", "stop", "berhenti"})
Pressed = Open | Back | Whole | More | Outcome | Due | Much


@router.message(command("tugas"))
async def tasks(_: Message, asker: Asker, session: AsyncSession) -> Answer:
    viewer = await collecting.here(asker, session)
    if viewer is None:
        return Answer(say("field_elsewhere", asker.language), quiet=True)
    return await collecting.tasks(asker, session, viewer)


@router.message(command("tagihan"))
async def bill(message: Message, asker: Asker, said: Spoken, session: AsyncSession) -> list[Reply] | Answer:
    """An account, or several to choose from; with a result behind the number the visit is noted at once."""
    language, viewer = asker.language, await collecting.here(asker, session)
    if viewer is None:
        return Answer(say("field_elsewhere", language), quiet=True)
    if not said.rest:
        return Answer(say("bill_how", language), quiet=True)
    number, _, words = said.rest.partition(" ")
    try:
        if words.strip() and figures.internet_number(number).value is not None:
            return await _told(message, asker, session, viewer, number, words)
        return await collecting.found(asker, session, viewer, said.rest)
    except NotFound:
        return Answer(say("bill_none", language), quiet=True)
    except Invalid:
        return Answer(say("bill_short", language), quiet=True)


async def _told(
    message: Message, asker: Asker, session: AsyncSession, viewer: Viewer, number: str, words: str
) -> list[Reply] | Answer:
    """`/tagihan 1523… janji 25/11 300rb`: a visit in one message, at the time the phone gave it."""
    language = asker.language
    [found] = await field.find(session, viewer, number)
    at = _sent_at(message)
    told = spoken.result(words, clock.local(at, found.zone).date())
    if told is None:
        return Answer(say("bill_result", language, number=number), quiet=True)
    photo = sent_of(message, asker.place, "")
    call = Call(told.result, told.note, told.due, told.amount)
    if photo is not None:
        call = replace(call, photo=photo.file_id, thumb=photo.thumb_id)
    if told.result is Result.PROMISE and told.due is None:
        return await collecting.typed(
            asker, session, viewer, call, found.account.id, card_id=message.message_id, wrong="due_missing"
        )
    try:
        return await collecting.write_down(
            asker, session, viewer, found.account.id, call, key=message.message_id, at=at
        )
    except Invalid as error:
        key = collecting.mistake(error)
        call = Call(Result.PROMISE, due=None if key.startswith("due") else told.due)
        return await collecting.typed(
            asker, session, viewer, call, found.account.id, card_id=message.message_id, wrong=key
        )


async def _ready(query: CallbackQuery, asker: Asker, session: AsyncSession, data: Pressed) -> Viewer | Toast:
    """The presser as far as this chat serves it, or why nothing happens."""
    language, message = asker.language, query.message
    if data.owner != asker.viewer.person_id:
        return Toast(plain("toast_other", language), alert=True)
    if not asker.viewer.may("arrears.visit"):
        return Toast(plain("not_your_role", language), alert=True)
    if not isinstance(message, Message) or clock.now() - message.date > OLD:
        return Toast(plain("toast_old_card", language), alert=True)
    viewer = await collecting.here(asker, session)
    return viewer if viewer is not None else Toast(plain("field_elsewhere", language)[:200], alert=True)


def _sent_at(message: Message) -> datetime:
    """When the phone sent it, which may be long before we heard; never in the time to come."""
    return min(message.date, clock.now())


def _gone(asker: Asker) -> list[Reply]:
    return [Toast(plain("toast_bill_gone", asker.language), alert=True)]


@router.callback_query(Open.filter())
async def open_card(query: CallbackQuery, callback_data: Open, asker: Asker, session: AsyncSession) -> list[Reply]:
    viewer = await _ready(query, asker, session, callback_data)
    if isinstance(viewer, Toast):
        return [viewer]
    try:
        return [Toast(""), await collecting.card(asker, session, viewer, callback_data.account)]
    except NotFound:
        return _gone(asker)


@router.callback_query(Back.filter())
async def back(query: CallbackQuery, callback_data: Back, asker: Asker, session: AsyncSession) -> list[Reply]:
    viewer = await _ready(query, asker, session, callback_data)
    if isinstance(viewer, Toast):
        return [viewer]
    await errands.end(session, asker.place.chat_id, viewer.person_id)
    try:
        shown = await collecting.card(asker, session, viewer, callback_data.account, rewrites=pressed(query))
    except NotFound:
        return _gone(asker)
    return [Toast(""), shown]


@router.callback_query(Whole.filter())
async def whole(query: CallbackQuery, callback_data: Whole, asker: Asker, session: AsyncSession) -> list[Reply]:
    """The card with all its data goes to the presser's private chat, if the bot may write there."""
    viewer = await _ready(query, asker, session, callback_data)
    if isinstance(viewer, Toast):
        return [viewer]
    private = await session.scalar(select(Chat).where(Chat.id == asker.telegram_id, Chat.held.is_(None)))
    if private is None:
        return [Toast(plain("toast_start_first", asker.language, bot=asker.bot_username), alert=True)]
    try:
        shown = await collecting.card(asker, session, viewer, callback_data.account, whole=True)
    except NotFound:
        return _gone(asker)
    there = Place(asker.telegram_id, 0, None, is_group=False, title="")
    await answers.queue(session, there, shown)
    return [Toast(plain("toast_sent_private", asker.language))]


@router.callback_query(More.filter())
async def more(query: CallbackQuery, callback_data: More, asker: Asker, session: AsyncSession) -> list[Reply]:
    """The next page takes the place of this one; after a visit the list begins anew below it."""
    viewer = await _ready(query, asker, session, callback_data)
    if isinstance(viewer, Toast):
        return [viewer]
    after = errands.cursor(callback_data)
    if after is not None:
        return [Toast(""), await collecting.tasks(asker, session, viewer, after, rewrites=pressed(query))]
    return [Toast(""), Strip(pressed(query)), await collecting.tasks(asker, session, viewer)]


@router.callback_query(Outcome.filter())
async def outcome(query: CallbackQuery, callback_data: Outcome, asker: Asker, session: AsyncSession) -> list[Reply]:
    """The second tap: noted, but for a promise, which has a day and an amount."""
    viewer = await _ready(query, asker, session, callback_data)
    if isinstance(viewer, Toast):
        return [viewer]
    call, message_id = Call(callback_data.result), pressed(query)
    try:
        if call.result is Result.PROMISE:
            asked = await collecting.promise(asker, session, viewer, callback_data.account, call, message_id=message_id)
            return [Toast(""), asked]
        return await _write(asker, session, viewer, callback_data.account, call, message_id)
    except NotFound:
        return _gone(asker)


@router.callback_query(Due.filter())
async def due(query: CallbackQuery, callback_data: Due, asker: Asker, session: AsyncSession) -> list[Reply]:
    return await _on(query, callback_data, asker, session, Call(Result.PROMISE, due=errands.day_of(callback_data.day)))


@router.callback_query(Much.filter())
async def much(query: CallbackQuery, callback_data: Much, asker: Asker, session: AsyncSession) -> list[Reply]:
    day, amount = errands.day_of(callback_data.day), callback_data.amount or None
    return await _on(query, callback_data, asker, session, Call(Result.PROMISE, due=day, amount=amount))


async def _on(query: CallbackQuery, data: Due | Much, asker: Asker, session: AsyncSession, call: Call) -> list[Reply]:
    """A promise goes on: it is noted when it has day and amount, typed where that was chosen, else asked further."""
    viewer = await _ready(query, asker, session, data)
    if isinstance(viewer, Toast):
        return [viewer]
    message_id = pressed(query)
    try:
        if call.due is None or (isinstance(data, Much) and call.amount is None):
            await queries.account(session, viewer, data.account)
            return [
                Toast(""),
                await collecting.typed(asker, session, viewer, call, data.account, card_id=message_id),
            ]
        if call.amount is None:
            asked = await collecting.promise(asker, session, viewer, data.account, call, message_id=message_id)
            return [Toast(""), asked]
        return await _write(asker, session, viewer, data.account, call, message_id)
    except NotFound:
        return _gone(asker)


async def _write(
    asker: Asker, session: AsyncSession, viewer: Viewer, account_id: int, call: Call, message_id: int
) -> list[Reply]:
    try:
        return await collecting.write_down(
            asker, session, viewer, account_id, call, key=message_id, rewrites=message_id
        )
    except Invalid as error:
        return [Toast(plain(collecting.mistake(error), asker.language), alert=True)]


@router.message(carries("photo", "document", "location"))
async def proof(message: Message, asker: Asker, said: Spoken | None, session: AsyncSession) -> Answer | None:
    """A photo or a place for the visit that was noted last in this chat; in a group only as a reply to us."""
    errand = await _expected(asker, session) if said is None else None
    photo, place = sent_of(message, asker.place, ""), message.location
    if errand is None or errand.visit_id is None:
        viewer = asker.viewer
        ours = viewer.may("arrears.visit") and (place is not None or not viewer.may("order.register"))
        if ours and said is None and not asker.place.is_group:
            return Answer(say("proof_whose", asker.language))
        raise SkipHandler
    if photo is None and place is None:
        raise SkipHandler
    made = await visits.prove(
        session,
        asker.viewer,
        errand.visit_id,
        photo=(photo.file_id, photo.thumb_id) if photo else None,
        place=(place.latitude, place.longitude) if place else None,
    )
    one = await session.get_one(Account, made.account_id)
    return Answer(say("proof_place" if place else "proof_photo", asker.language, name=masks.name(one.name)))


@router.message()
async def answer(message: Message, asker: Asker, said: Spoken | None, session: AsyncSession) -> list[Reply] | Answer:
    """A promise's day or amount in the person's own words."""
    if said is not None and said.name not in {"batal", "cancel"}:
        raise SkipHandler
    errand = await _expected(asker, session) if asker.stated else None
    if errand is None or errand.asking == "proof":
        raise SkipHandler
    language, account_id, card_id = asker.language, errand.account_id, errand.message_id
    if said is not None or asker.stated.strip().lower() in STOP:
        await errands.end(session, asker.place.chat_id, asker.viewer.person_id)
        return Answer(say("errand_ended", language))
    viewer = await collecting.here(asker, session)
    if viewer is None:
        raise SkipHandler
    try:
        one = await queries.account(session, viewer, account_id)
    except NotFound:
        return Answer(say("bill_none", language), quiet=True)
    sent = _sent_at(message)
    zone = (await unit_of(session, one.sto_id)).zone
    call, wrong = _read(errand, asker.stated, clock.local(sent, zone).date())
    if not wrong and call.amount is not None:
        try:
            return await collecting.write_down(asker, session, viewer, account_id, call, key=card_id, at=sent)
        except Invalid as error:
            wrong = collecting.mistake(error)
            call = replace(call, due=None if wrong.startswith("due") else call.due)
    return await collecting.typed(asker, session, viewer, call, account_id, card_id=card_id, wrong=wrong)


def _read(errand: Errand, words: str, today: date) -> tuple[Call, str]:
    """The promise as far as it is told now, and the key of what is wrong with these words."""
    if errand.due is not None:
        amount = spoken.amount(words)
        return Call(Result.PROMISE, due=errand.due, amount=amount), "amount_wrong" if amount is None else ""
    due, amount = spoken.promise(words, today)
    return Call(Result.PROMISE, due=due, amount=amount), "due_missing" if due is None else ""


async def _expected(asker: Asker, session: AsyncSession) -> Errand | None:
    """What the bot waits for from this person here, if these words can be meant for it."""
    if not asker.viewer.may("arrears.visit") or (asker.place.is_group and not asker.replies_to_bot):
        return None
    return await errands.of(session, asker.place.chat_id, asker.viewer.person_id)
