"""Tells Telegram how to reach the bot and what it offers: webhook or polling, menus, description. Tries for ever."""

import asyncio
import logging
from typing import Any

from services.bot import commands as menus
from services.bot import intake
from services.bot.speak import menu
from services.bot.texts import plain
from shared.chats import operations as chats
from shared.db import transaction
from shared.settings import settings
from shared.telegram import Outcome, Telegram

log = logging.getLogger(__name__)

SLOWEST = 5.0  # seconds between two tries
DENIED = 20.0  # the same while Telegram refuses the token
MENUS = {
    "all_private_chats": ("reg", "cek", "saya", "tugas", "tagihan", "help", "start"),
    "all_group_chats": ("reg", "cek", "saya", "help"),
}


async def introduce(telegram: Telegram) -> str:
    """Set webhook or polling; return the bot's username. Comes back only when Telegram has agreed."""
    house = settings()
    me = await _insist(telegram, "getMe", {})
    if house.webhook_url:
        hook = {
            "url": house.webhook_url,
            "secret_token": house.webhook_secret.get_secret_value(),
            "allowed_updates": list(intake.KINDS),
        }
        await _insist(telegram, "setWebhook", hook)
    else:
        await _insist(telegram, "deleteWebhook", {})
    return str(me.result["username"])


async def dress(telegram: Telegram) -> None:
    """Menus by scope and language, and the description; a refusal is logged and no reason to stop."""
    async with transaction() as session:
        groups = await chats.served(session)
    for language in ("id", "en"):
        code = {"language_code": "en"} if language == "en" else {}
        for scope, names in MENUS.items():
            commands = [{"command": name, "description": plain(f"menu_{name}", language)} for name in names]
            await _try(telegram, "setMyCommands", {"commands": commands, "scope": {"type": scope}, **code})
        for chat_id, purpose in groups:
            await _try(telegram, "setMyCommands", menu(chat_id, menus.of_group(purpose), language) | code)
        await _try(telegram, "setMyDescription", {"description": plain("description", language), **code})


async def _try(telegram: Telegram, method: str, parameters: dict[str, Any]) -> None:
    for failures in range(1, 20):
        outcome = await telegram.call(method, parameters)
        if outcome.kind in {"done", "same"}:
            return
        if outcome.kind in {"refused", "denied"}:
            log.warning("%s was refused: %s", method, outcome.words)
            return
        await asyncio.sleep(outcome.retry_after or _wait(outcome, failures))


async def _insist(telegram: Telegram, method: str, parameters: dict[str, Any]) -> Outcome:
    failures = 0
    while True:
        outcome = await telegram.call(method, parameters)
        if outcome.kind == "done":
            return outcome
        failures += 1
        if outcome.kind == "denied":
            log.error("Telegram refuses SIKPRO_TELEGRAM_TOKEN, check it with @BotFather: %s", outcome.words)
        elif failures in {1, 5} or failures % 60 == 0:
            log.warning("%s: Telegram does not agree yet: %s", method, outcome.words)
        await asyncio.sleep(outcome.retry_after or _wait(outcome, failures))


def _wait(outcome: Outcome, failures: int) -> float:
    return DENIED if outcome.kind == "denied" else float(min(SLOWEST, 0.25 * 2 ** min(failures, 8)))
