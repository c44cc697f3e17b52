"""The dispatcher, and one update from its raw body to the answers it leaves. Sends nothing: answers are rows."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import Update
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import answers, asking
from services.bot.answers import Answer, Dress, Keys, React, Reply, Strip, Toast, Told
from services.bot.handlers import (
    admit,
    bind,
    buttons,
    check,
    collect,
    correct,
    day,
    doors,
    manage,
    membership,
    photo,
    recap,
    register,
    rest,
    shift,
    start,
    written,
)
from services.bot.middlewares import identify
from shared import audit
from shared.audit import Note
from shared.chats import speakers
from shared.chats.speakers import Speaker
from shared.deliveries import answers as queued
from shared.deliveries.answers import Written


@lru_cache(maxsize=1)
def dispatcher() -> Dispatcher:
    """The one dispatcher of this process: aiogram lets a router serve one dispatcher only."""
    made = Dispatcher(disable_fsm=True)
    made.update.outer_middleware(identify)
    made.include_routers(
        membership.router,
        start.router,
        check.router,  # the most asked stands before what others pass by
        day.router,
        bind.router,
        collect.router,
        written.router,
        correct.router,
        recap.router,
        shift.router,
        register.router,
        photo.router,
        buttons.router,
        manage.router,
        admit.router,
        doors.router,
        rest.router,
    )
    return made


@lru_cache(maxsize=4)
def reader(token: str) -> Bot:
    """Aiogram's bot, needed to read updates; it never sends."""
    return Bot(token)


async def handle(session: AsyncSession, body: dict[str, Any], token: str, username: str) -> list[Told]:
    """Handle one update in the caller's transaction; answers are queued, what needs no row is returned."""
    [told] = await handle_all(session, [body], token, username)
    return told


async def handle_all(
    session: AsyncSession, bodies: Sequence[dict[str, Any] | str], token: str, username: str
) -> list[list[Told]]:
    """Handle updates of different chats in one transaction. bodies: as Telegram sent them, parsed or as JSON.

    For each what needs no row is returned. Should one fail, none of them was handled. What locks rows that others need
    (the chats, the audit log) comes last: many take a while, and meanwhile their chats' answers are to be closed.
    """
    bot = reader(token)
    updates = [_read(bot, body) for body in bodies]
    said = [asking.told(update) for update in updates]
    heard, many = [each for each in said if each is not None], len(updates) > 1
    found = iter(await speakers.note(session, heard, later=many))
    written: list[Written] = []
    notes: list[Note] = []
    told: list[list[Told]] = []
    for update, each in zip(updates, said, strict=True):
        speaker = next(found) if each is not None else None
        replies = await _replies(session, bot, update, username, speaker)
        place = asking.place_of(update) or membership.place_of(update)
        asker = asking.sender_of(update)
        if place is not None:
            rows = [reply for reply in replies if isinstance(reply, (Answer, Strip, Keys, React))]
            written += [answers.of(place, reply, asker.id if asker else 0) for reply in rows]
        notes += [note for reply in replies if isinstance(reply, Answer) for note in reply.notes]
        told.append([reply for reply in replies if isinstance(reply, (Toast, Dress))])
    if many:
        await speakers.heard(session, heard)
    await queued.write(session, written)
    await audit.note_all(session, notes)
    return told


def _read(bot: Bot, body: dict[str, Any] | str) -> Update:
    context = {"bot": bot}
    if isinstance(body, str):
        return Update.model_validate_json(body, context=context)
    return Update.model_validate(body, context=context)


async def _replies(
    session: AsyncSession, bot: Bot, update: Update, username: str, speaker: Speaker | None
) -> list[Reply]:
    fed = await dispatcher().feed_update(bot, update, session=session, username=username, speaker=speaker)
    replies = _listed(fed)
    if update.callback_query and not any(isinstance(reply, Toast) for reply in replies):
        replies.append(Toast(""))  # the button must stop turning
    return replies


def _listed(said: Any) -> list[Reply]:
    if said is None or said is UNHANDLED:
        return []
    return list(said) if isinstance(said, (list, tuple)) else [said]
