"""Who is asking, and may be answered at all: deny by default. Knows no command's work."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram.types import Message, TelegramObject, Update, User
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import asking
from services.bot.answers import Answer, Reply, Toast
from services.bot.asking import Asker, Place, Spoken
from services.bot.handlers import join
from services.bot.texts import plain, problem, say
from shared.chats import operations as chats
from shared.chats.speakers import Speaker
from shared.db import after
from shared.deliveries.models import Delivery
from shared.errors import SikproError
from shared.people import operations as people
from shared.people.queries import shut_out

REFUSALS = 6  # a minute and chat
READS = frozenset({"cek", "saya", "help", "tugas"})
"""Commands that change nothing (a reading may be noted, last of all), so there is nothing to undo."""

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


async def identify(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
    """Let only registered people in known places through. data: `speaker`, as `shared.chats.speakers` found it."""
    assert isinstance(event, Update)
    session: AsyncSession = data["session"]
    place = asking.place_of(event)
    if place is None and event.callback_query:  # a button of a message that Telegram no longer shows us
        return Toast(plain("toast_unknown", _language(event.callback_query.from_user)))
    if place is None or (event.message and asking.tells_of_chat(event.message)):
        return await handler(event, data)  # membership and migration: nobody asks anything
    user = asking.sender_of(event)
    message = asking.message_of(event)
    text = asking.text_of(message)
    said = asking.spoken(text, data["username"])
    if message is not None and message.sender_chat is not None:
        return _refusal("anonymous", _language(user), said)
    if user is None or user.is_bot:
        return None
    asker = await _asker(session, event, place, user, text, data | {"said": said})
    if isinstance(asker, Asker):
        if message is not None and (event.edited_message or message.forward_origin):
            return _refusal("edited" if event.edited_message else "forwarded", asker.language, said)
        return await _carry_out(handler, event, data | {"asker": asker, "said": said})
    if not event.callback_query and not said and (place.is_group or not text):
        return None  # chatter in groups, and what is no text
    if asker == "stranger":
        asker = await _known_as(session, place, user.id)
    if asker == "stranger" and said is not None and event.message and join.asks_in(place, said):
        if message is not None and message.forward_origin:
            return _refusal("forwarded", _language(user), said)
        if await _enough_refused(session, place.chat_id):
            return None
        return await join.join(session, user.id, said, _language(user))
    refusal = _deny(asker, event, place, user, said)
    if isinstance(refusal, Answer) and await _enough_refused(session, place.chat_id):
        return None
    return refusal


async def _carry_out(handler: Handler, event: Update, data: dict[str, Any]) -> Any:
    """Let a handler work. An error of the house undoes it and becomes a sentence; every other error is the caller's."""
    session: AsyncSession = data["session"]
    reads = event.message is not None and data["said"] is not None and data["said"].name in READS
    try:
        async with contextlib.nullcontext() if reads else session.begin_nested():
            return await handler(event, data)
    except SikproError as error:
        key, language = problem(error), data["asker"].language
        return (
            Toast(plain(key, language), alert=True) if event.callback_query else Answer(say(key, language), quiet=True)
        )


def language_of(code: str | None, known: str = "id") -> str:
    """English for English clients, Indonesian for all others; what is known of a person where the client is silent."""
    if not code:
        return known
    return "en" if code.lower().startswith("en") else "id"


def _language(user: User | None) -> str:
    return language_of(user.language_code if user else None)


async def _asker(
    session: AsyncSession, event: Update, place: Place, user: User, text: str, data: dict[str, Any]
) -> Asker | str:
    """The person as the handlers see it, or why it is refused: `stranger`, `strange_group`."""
    speaker: Speaker | None = data["speaker"]
    if speaker is None:
        return "stranger"
    viewer = speaker.viewer
    binds = data["said"] is not None and data["said"].name == "ikat" and viewer.may("group.change")
    if place.is_group and not binds and not speaker.bound:
        return "strange_group"
    language = speaker.chosen or language_of(user.language_code, viewer.language)
    if language != viewer.language:
        await people.remember_language(session, viewer.person_id, language)
    quoted = event.message.reply_to_message if event.message else None
    return Asker(
        viewer=viewer,
        telegram_id=user.id,
        language=language,
        place=place,
        bot_username=data["username"],
        stated=text,
        replies_to_bot=_is_from(quoted, data["bot"].id),
    )


async def _known_as(session: AsyncSession, place: Place, telegram_id: int) -> str:
    """Why somebody without rights is refused; a group of others must not learn whom we know."""
    if place.is_group and not await chats.group_is_known(session, place.chat_id):
        return "stranger"
    why = await shut_out(session, telegram_id)
    return f"shut_{why}" if why else "stranger"


async def _enough_refused(session: AsyncSession, chat_id: int) -> bool:
    """Whether a chat heard refusals enough this minute: strangers must not use up a group's pace."""
    refused = select(func.count()).where(
        Delivery.chat_id == chat_id, Delivery.kind == "refusal", Delivery.created_at > after(-60)
    )
    return int(await session.scalar(refused) or 0) >= REFUSALS


def _is_from(message: Message | None, bot_id: int) -> bool:
    return message is not None and message.from_user is not None and message.from_user.id == bot_id


def _refusal(key: str, language: str, said: Spoken | None) -> Reply | None:
    return Answer(say(key, language), quiet=key != "anonymous") if said else None


def _deny(why: str, event: Update, place: Place, user: User, said: Spoken | None) -> Reply:
    """One polite sentence and no data."""
    language = _language(user)
    if event.callback_query:
        key = {"stranger": "toast_stranger", "strange_group": "toast_group"}.get(why, why)
        return Toast(plain(key, language, number=user.id), alert=True)
    if why == "strange_group":
        return Answer(say(why, language, number=place.chat_id), kind="refusal", quiet=True)
    key = "stranger_start" if why == "stranger" and said and said.name == "start" else why
    return Answer(say(key, language, number=user.id), kind="refusal", quiet=True)
