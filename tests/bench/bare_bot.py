"""The peer of `/cek`: a bare aiogram bot that polls and answers a fixed text. `python -m tests.bench.bare_bot`."""

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message

from shared.settings import settings


async def answer(message: Message) -> SendMessage:
    return message.reply("OGP · SC32000001\nNadia Putri, 10:42 WIB")


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings().telegram_api))
    bot = Bot(settings().telegram_token.get_secret_value(), session=session)
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.message.register(answer, Command("cek"))
    await dispatcher.start_polling(bot, handle_signals=True, polling_timeout=25)


if __name__ == "__main__":
    asyncio.run(main())
