"""Everything no other handler knows: a sentence in private chats or when addressed, silence in groups."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from services.bot.answers import Answer, Toast
from services.bot.asking import Asker, Spoken
from services.bot.texts import plain, say

router = Router(name="rest")


@router.message()
async def unknown(_: Message, asker: Asker, said: Spoken | None) -> Answer | None:
    if asker.place.is_group:
        addressed = f"@{asker.bot_username}".lower() in asker.stated.lower()
        return Answer(say("unknown" if said else "no_command", asker.language), quiet=True) if addressed else None
    if not asker.stated:
        return None
    is_command = said is not None or asker.stated.lstrip().startswith("/")
    return Answer(say("unknown" if is_command else "no_command", asker.language))


@router.callback_query()
async def unknown_button(_: CallbackQuery, asker: Asker) -> Toast:
    return Toast(plain("toast_unknown", asker.language))
