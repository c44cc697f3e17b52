"""The dispatcher, and one update from its raw body to the answers it leaves. Sends nothing: answers are rows."""

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
    bot = reader(token)
    update = Update.model_validate(body, context={"bot": bot})
    replies = _listed(await dispatcher().feed_update(bot, update, session=session, username=username))
    if update.callback_query and not any(isinstance(reply, Toast) for reply in replies):
        replies.append(Toast(""))  # the button must stop turning
    place = asking.place_of(update) or membership.place_of(update)
    asker = asking.sender_of(update)
    for reply in replies:
        if isinstance(reply, (Answer, Strip, Keys, React)) and place is not None:
            await answers.queue(session, place, reply, asker.id if asker else 0)
    return [reply for reply in replies if isinstance(reply, (Toast, Dress))]


def _listed(said: Any) -> list[Reply]:
    if said is None or said is UNHANDLED:
        return []
    return list(said) if isinstance(said, (list, tuple)) else [said]
