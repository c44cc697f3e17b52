"""The whole bot against the simulator, over HTTP: polling, webhook, kills, cut connections, a second bot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from services.bot import poller
from services.bot.__main__ import missing
from shared.db import transaction
from shared.settings import Settings
from tests import factories
from tests.bot.house import RIZAL, START, Street
from tests.conftest import set_environment
from tests.factories import TECHNICIAN_CHAT
from tests.simulator import conftest as simulators
from tests.simulator.telegram import Telegram

REG = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003"
CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
CUT_THE_LOCK = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(scope="module")
async def telegram(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telegram]:
    port = simulators.free_port()
    running = simulators.start(tmp_path_factory.mktemp("simulator"), port)
    try:
        async with ClientSession() as http:
            made = Telegram(http, f"http://127.0.0.1:{port}")
            await simulators.ready(made, START)
            yield made
    finally:
        running.terminate()
        running.wait(20)


@pytest.fixture
async def street(database: str, telegram: Telegram, tmp_path: Path) -> AsyncIterator[Street]:
    async with transaction() as session:
        await factories.town(session)
    await telegram.sim("reset", forget_hook=True)
    await telegram.sim("users", id=RIZAL, first_name="Rizal", language_code="id")
    await telegram.sim("chats", id=RIZAL, type="private")
    await telegram.sim(
        "chats", id=TECHNICIAN_CHAT, title="Teknisi Sidoarjo", members=[RIZAL], bot="administrator", quietly=True
    )
    here = Street(telegram, database, tmp_path)
    yield here
    here.leave()
    await telegram.sim("down", down=False)


async def test_a_registration_is_answered_and_its_button_works(street: Street) -> None:
    async with street.bot():
        asked = await street.say(REG)
        receipt = await street.hear("Pesan diterima, mohon ditunggu.")
        assert receipt["reply_to_message"]["message_id"] == asked
        pressed = await street.telegram.sim(
            "press", chat=TECHNICIAN_CHAT, user=RIZAL, message_id=receipt["message_id"], text="Cek progres", wait=20
        )
        assert pressed["answer"]["text"].startswith("SC32232558: Baru, ")
        async with asyncio.timeout(30):
            scope = {"type": "all_group_chats"}
            while not (menu := await street.telegram.ok("getMyCommands", scope=scope, language_code="en")):
                await asyncio.sleep(0.05)
        assert menu[0] == {"command": "reg", "description": "Register an order"}


async def test_a_guided_registration_in_a_private_chat(street: Street) -> None:
    async with street.bot():
        await street.say("/reg AO SC32232558 ZTEGC67545O6", RIZAL)
        asked = await street.hear("meragukan", RIZAL)
        await street.telegram.sim(
            "press", chat=RIZAL, user=RIZAL, message_id=asked["message_id"], text="Pakai ZTEGC6754506"
        )
        asked = await street.hear("STO?", RIZAL)
        await street.telegram.sim("press", chat=RIZAL, user=RIZAL, message_id=asked["message_id"], text="SDA")
        asked = await street.hear("Label ODP?", RIZAL)
        await street.say("ODP-SDA-003", RIZAL)
        await street.hear("Pesan diterima, mohon ditunggu.", RIZAL)


async def test_nothing_is_lost_or_doubled_when_the_bot_is_killed(street: Street) -> None:
    bot = street.process()
    bot.start()
    try:
        await bot.says("ready as")
        for number in range(60):
            await street.say(f"/reg AO SC4000{number:04} ZTEGC{number:07X} SDA ODP-SDA-003")
            if number == 30:
                await street.until("SELECT (count(*) > 3)::int FROM orders", 1)
                bot.kill()
                bot.start()
        await street.until("SELECT count(*) FROM orders", 60, START)
        await street.until("SELECT count(*) FROM inbox WHERE state <> 'done'", 0)
        assert await street.count("SELECT count(*) FROM delivery WHERE kind = 'receipt'") == 60
        assert bot.stop() == 0
    finally:
        bot.kill()


async def test_a_second_poller_stands_by_and_takes_over_when_the_lock_is_lost(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "services.bot.poller")
    set_environment(SIKPRO_TELEGRAM_API=street.telegram.base)
    kept = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        pollers = [tasks.create_task(poller.poll(lambda _: kept.set())) for _ in range(2)]
        async with asyncio.timeout(30):
            while "standing by" not in caplog.text:
                await asyncio.sleep(0.05)
        await street.until(CUT_THE_LOCK, 1)
        await street.say("/help")
        await asyncio.wait_for(kept.wait(), 30)
        assert caplog.text.count("this process polls") >= 2
        for task in pollers:
            task.cancel()
    assert await street.count("SELECT count(*) FROM inbox") == 1


@pytest.mark.parametrize(("many", "every"), [(120, 0.5), pytest.param(1000, 5.0, marks=pytest.mark.full)])
async def test_two_pollers_whose_lock_is_cut_again_and_again_lose_and_double_nothing(
    street: Street, many: int, every: float
) -> None:
    cuts = 0

    async def cut() -> None:
        nonlocal cuts
        while True:
            await asyncio.sleep(every)
            cuts += await street.count(CUT_THE_LOCK)

    async with street.bot(), asyncio.TaskGroup() as tasks:
        others = [tasks.create_task(poller.poll(lambda _: None)), tasks.create_task(cut())]
        for number in range(many):
            await street.say(f"/help {number}", RIZAL)
        await street.until("SELECT count(*) FROM inbox WHERE state = 'done'", many, 10 + many / 10)
        async with asyncio.timeout(60):  # a slow machine gets the lock back late
            while cuts < 2:
                await asyncio.sleep(every)
        for task in others:
            task.cancel()
    assert await street.count("SELECT count(*) FROM inbox") == many
    assert await street.count("SELECT count(DISTINCT body->'message'->>'text') FROM inbox") == many
    assert await street.count("SELECT count(*) FROM delivery") == many


async def test_a_database_that_cuts_all_connections_costs_seconds(street: Street) -> None:
    async with street.bot():
        await street.say("/help")
        await street.hear("Perintah Anda:")
        await street.until("SELECT count(*) FROM delivery WHERE state = 'sent'", 1)
        await street.count(CUT)
        await street.say("/cek")
        await street.hear("Tidak ada order Anda yang terbuka", seconds=10)


async def test_telegram_that_is_away_is_waited_for_at_the_start_and_later(street: Street) -> None:
    await street.telegram.sim("down", down=True)
    async with street.bot():
        await asyncio.sleep(1)
        await street.telegram.sim("down", down=False)
        await street.say("/help")
        await street.hear("Perintah Anda:")
        await street.telegram.sim("down", down=True)
        await asyncio.sleep(2)
        await street.telegram.sim("down", down=False)
        await street.say("/cek")
        await street.hear("Tidak ada order Anda yang terbuka")


async def test_updates_come_by_webhook_and_only_with_the_secret(street: Street) -> None:
    port = simulators.free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    env = {"SIKPRO_WEBHOOK_SECRET": "rahasia-2", "SIKPRO_WEBHOOK_LISTEN": f"127.0.0.1:{port}"}
    async with street.bot(SIKPRO_WEBHOOK_URL=url, **env):
        asked = await street.say(REG)
        receipt = await street.hear("Pesan diterima, mohon ditunggu.")
        assert receipt["reply_to_message"]["message_id"] == asked
        forged = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}}}
        async with ClientSession() as http:
            async with http.post(url, json=forged) as answer:
                assert answer.status == 401
            headers = {"X-Telegram-Bot-Api-Secret-Token": "rahasia-2"}
            async with http.post(url, data=b"not json", headers=headers) as answer:
                assert answer.status == 400
            async with http.post(url, json=[1], headers=headers) as answer:
                assert answer.status == 400
        assert await street.count("SELECT count(*) FROM inbox WHERE update_id = 1") == 0


async def test_switching_between_polling_and_webhook_loses_and_doubles_nothing(street: Street) -> None:
    """What was said while no bot ran comes over the next door, whichever it is; an offset is never needed."""
    port = simulators.free_port()
    url, env = f"http://127.0.0.1:{port}/telegram", {"SIKPRO_WEBHOOK_SECRET": "rahasia-3"}
    said = 0
    for hook in ("", url, ""):
        await street.say(f"/cek SC3223255{said}")
        async with street.bot(SIKPRO_WEBHOOK_URL=hook, SIKPRO_WEBHOOK_LISTEN=f"127.0.0.1:{port}", **env):
            await street.say(f"/cek SC3223256{said}")
            said += 1
            await street.until("SELECT count(*) FROM inbox WHERE state = 'done'", 2 * said)
    assert await street.count("SELECT count(DISTINCT update_id) FROM inbox") == 2 * said
    assert await street.count("SELECT count(*) FROM delivery WHERE method = 'sendMessage'") == 2 * said


def test_missing_settings_are_said_in_words() -> None:
    given: dict[str, Any] = {"database_url": "postgresql://x/y", "redis_url": "redis://x"}
    assert "SIKPRO_TELEGRAM_TOKEN" in missing(Settings(**given, telegram_token=""))
    assert "SIKPRO_WEBHOOK_SECRET" in missing(Settings(**given, telegram_token="1:a", webhook_url="https://x/y"))
    assert missing(Settings(**given, telegram_token="1:a")) == ""
