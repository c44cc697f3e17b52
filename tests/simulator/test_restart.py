"""A restart keeps the world; the real aiogram is at home in it."""

import asyncio
import time
from pathlib import Path

from aiohttp import ClientError, ClientSession

from deploy.simulator import table
from tests.simulator.conftest import GROUP, RIZAL, free_port, ready, start
from tests.simulator.telegram import TOKEN, Telegram


async def test_a_stop_and_start_keeps_people_messages_and_waiting_updates(tmp_path: Path) -> None:
    port = free_port()
    running = start(tmp_path, port)
    async with ClientSession() as session:
        telegram = Telegram(session, f"http://127.0.0.1:{port}")
        await ready(telegram)
        await telegram.sim("users", id=RIZAL, first_name="Rizal", note="Teknisi F5SDA445")
        said = await telegram.sim("say", chat=RIZAL, user=RIZAL, text="/start")
        await telegram.ok("sendMessage", chat_id=RIZAL, text="Selamat datang")
        before = await telegram.ok("getUpdates")
    running.terminate()
    assert await asyncio.to_thread(running.wait, 10) == 0
    running = start(tmp_path, port)
    async with ClientSession() as session:
        telegram = Telegram(session, f"http://127.0.0.1:{port}")
        await ready(telegram)
        assert await telegram.ok("getUpdates") == before
        assert [record["message"]["text"] for record in await telegram.messages(RIZAL)] == ["/start", "Selamat datang"]
        assert (await telegram.sim("say", chat=RIZAL, user=RIZAL, text="lagi"))["message"]["message_id"] == said[
            "message"
        ]["message_id"] + 2
    running.terminate()
    assert await asyncio.to_thread(running.wait, 10) == 0


async def test_a_stop_does_not_wait_for_those_who_listen(tmp_path: Path) -> None:
    port = free_port()
    running = start(tmp_path, port)
    async with ClientSession() as session:
        telegram = Telegram(session, f"http://127.0.0.1:{port}")
        await ready(telegram)
        poll = asyncio.ensure_future(telegram.call("getUpdates", timeout=50))
        async with session.get(f"{telegram.base}/demo/live?as=0"):
            await asyncio.sleep(0.2)
            begun = time.monotonic()
            running.terminate()
            assert await asyncio.to_thread(running.wait, 10) == 0
            assert time.monotonic() - begun < 4
        assert isinstance((await asyncio.gather(poll, return_exceptions=True))[0], ClientError)


def test_the_table_of_methods_is_that_of_the_installed_aiogram() -> None:
    assert table.KEPT.read_text() == table.as_text(table.read_models())


async def test_aiogram_understands_every_answer(town: Telegram) -> None:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramForbiddenError, TelegramRetryAfter
    from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, ReactionTypeEmoji

    async with Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(town.base))) as bot:
        assert (await bot.get_me()).username == "sikpro_bot"
        await town.sim("say", chat=GROUP, user=RIZAL, text="/reg AO")
        update = (await bot.get_updates(offset=town.offset))[0]
        assert update.message is not None
        keys = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Cek", callback_data="c")]])
        sent = await bot.send_message(
            GROUP,
            "<b>ok</b>",
            parse_mode="HTML",
            reply_markup=keys,
            reply_parameters=update.message.as_reply_parameters(),
        )
        assert sent.reply_to_message is not None
        await bot.set_message_reaction(GROUP, update.message.message_id, [ReactionTypeEmoji(emoji="👌")])
        await bot.edit_message_text("baru", chat_id=GROUP, message_id=sent.message_id)
        await town.sim("promote", chat=GROUP, user=RIZAL)
        assert len(await bot.get_chat_administrators(GROUP)) == 2
        assert (await bot.get_chat(GROUP)).title == "Teknisi SDA"
        assert (await bot.get_chat_member(GROUP, RIZAL)).status == "administrator"
        assert await bot.set_my_commands([BotCommand(command="reg", description="Daftar")])
        assert [command.command for command in await bot.get_my_commands()] == ["reg"]
        assert (await bot.get_webhook_info()).url == ""
        await town.sim("flood", profile="published")
        await bot.send_message(RIZAL, "satu")
        for error, act in ((TelegramRetryAfter, None), (TelegramForbiddenError, "block")):
            if act:
                await town.sim("flood", profile="off")
                await town.sim(act, user=RIZAL)
            try:
                await bot.send_message(RIZAL, "dua")
            except error:
                continue
            raise AssertionError(f"{error.__name__} was expected")
