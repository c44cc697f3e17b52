"""The bot as a process of its own against the simulator, over HTTP: polling, webhook, kills, a second bot."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession

from shared.db import transaction
from tests import factories
from tests.bot import house
from tests.bot.house import Bot
from tests.conftest import Servers
from tests.factories import TECHNICIAN_CHAT
from tests.simulator.conftest import free_port
from tests.simulator.telegram import Telegram

RIZAL = 5512045


@dataclass
class Street:
    """A simulator, a database and the bots of one test."""

    telegram: Telegram
    database: str
    valkey: str
    port: int
    folder: Path
    bots: list[Bot] = field(default_factory=list)

    def bot(self, name: str = "bot", **env: str) -> Bot:
        (self.folder / name).mkdir(exist_ok=True)
        made = house.bot(self.folder / name, self.database, self.valkey, self.port, **env)
        made.log.touch()
        self.bots.append(made)
        made.start()
        return made

    async def count(self, question: str) -> int:
        connection = await asyncpg.connect(self.database)
        try:
            return int(await connection.fetchval(question))
        finally:
            await connection.close()

    async def until(self, question: str, wanted: int, seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while (found := await self.count(question)) != wanted:
                await asyncio.sleep(0.1)
        assert found == wanted

    async def say(self, text: str, chat: int = TECHNICIAN_CHAT) -> dict[str, Any]:
        return dict(await self.telegram.sim("say", chat=chat, user=RIZAL, text=text))

    async def hear(self, contains: str, chat: int = TECHNICIAN_CHAT, seconds: float = 20) -> dict[str, Any]:
        found = await self.telegram.sim("wait", chat=chat, contains=contains, timeout=seconds)
        assert found["message"], [bot.log.read_text() for bot in self.bots]
        return dict(found["message"])


@pytest.fixture
async def street(database: str, servers: Servers, tmp_path: Path) -> AsyncIterator[Street]:
    async with transaction() as session:
        await factories.town(session)
    async with ClientSession() as http:
        running, telegram, port = await house.simulator(tmp_path, http)
        await telegram.sim("users", id=RIZAL, first_name="Rizal", language_code="id")
        await telegram.sim("chats", id=RIZAL, type="private")
        await telegram.sim(
            "chats", id=TECHNICIAN_CHAT, title="Teknisi Sidoarjo", members=[RIZAL], bot="administrator", quietly=True
        )
        here = Street(telegram, database, servers.valkey, port, tmp_path)
        try:
            yield here
        finally:
            for bot in here.bots:
                bot.end()
            running.terminate()
            running.wait(10)


async def test_a_registration_is_answered_and_its_button_works(street: Street) -> None:
    bot = street.bot()
    await bot.says("ready as @sikpro_bot")
    asked = await street.say("/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003")
    receipt = await street.hear("Pesan diterima, mohon ditunggu.")
    assert receipt["reply_to_message"]["message_id"] == asked["message"]["message_id"]
    pressed = await street.telegram.sim(
        "press", chat=TECHNICIAN_CHAT, user=RIZAL, message_id=receipt["message_id"], text="Cek progres", wait=5
    )
    assert pressed["answer"]["text"].startswith("SC32232558: Baru, ")
    menu = await street.telegram.ok("getMyCommands", scope={"type": "all_group_chats"}, language_code="en")
    assert menu[0] == {"command": "reg", "description": "Register an order"}
    assert bot.stop() == 0


async def test_nothing_is_lost_or_doubled_when_the_bot_is_killed(street: Street) -> None:
    bot = street.bot()
    await bot.says("ready as")
    for number in range(40):
        await street.say(f"/reg AO SC4000{number:04} ZTEGC{number:07X} SDA ODP-SDA-003")
        if number in {10, 25}:
            bot.kill()
            bot.start()
    await street.until("SELECT count(*) FROM orders", 40)
    await street.until("SELECT count(*) FROM inbox WHERE state <> 'done'", 0)
    assert await street.count("SELECT count(*) FROM delivery WHERE kind = 'receipt'") == 40
    assert bot.stop() == 0


async def test_a_second_bot_stands_by_and_takes_over(street: Street) -> None:
    first = street.bot("first")
    await first.says("this process polls")
    second = street.bot("second")
    await second.says("another process polls; standing by")
    first.kill()
    await second.says("this process polls", seconds=15)
    await street.say("/cek SC1")
    await street.hear("Harus SC diikuti 8 angka")


async def test_a_database_that_cuts_all_connections_costs_seconds(street: Street) -> None:
    bot = street.bot()
    await bot.says("this process polls")
    await street.count(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await street.say("/help")
    await street.hear("Perintah Anda:", seconds=10)
    assert bot.stop() == 0


async def test_updates_come_by_webhook_and_only_with_the_secret(street: Street) -> None:
    port = free_port()
    env = {
        "SIKPRO_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
        "SIKPRO_WEBHOOK_SECRET": "hunter-2",
        "SIKPRO_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
    }
    bot = street.bot(**env)
    await bot.says("webhook listens on")
    asked = await street.say("/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003")
    receipt = await street.hear("Pesan diterima, mohon ditunggu.")
    assert receipt["reply_to_message"]["message_id"] == asked["message"]["message_id"]
    forged = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}}}
    async with ClientSession() as http:
        async with http.post(env["SIKPRO_WEBHOOK_URL"], json=forged) as answer:
            assert answer.status == 401
        headers = {"X-Telegram-Bot-Api-Secret-Token": "hunter-2"}
        async with http.post(env["SIKPRO_WEBHOOK_URL"], data=b"not json", headers=headers) as answer:
            assert answer.status == 400
    assert await street.count("SELECT count(*) FROM inbox WHERE update_id = 1") == 0
    assert bot.stop() == 0


async def test_a_webhook_without_a_secret_is_refused_in_words(street: Street) -> None:
    bot = street.bot(SIKPRO_WEBHOOK_URL="http://127.0.0.1:1/telegram")
    assert bot.process is not None
    assert await asyncio.to_thread(bot.process.wait, 30) == 1
    assert "needs SIKPRO_WEBHOOK_SECRET" in bot.log.read_text()


async def test_telegram_that_is_away_at_the_start_is_waited_for(street: Street) -> None:
    await street.telegram.sim("down", down=True)
    bot = street.bot()
    await bot.says("Telegram does not agree yet")
    await street.telegram.sim("down", down=False)
    await street.say("/help")
    await street.hear("Perintah Anda:")
