"""The real doors killed in the middle of their work: every answer they gave holds, every message gets one answer."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from shared.chats import operations as chats
from shared.chats.models import Purpose
from shared.db import transaction
from shared.people import tokens
from shared.places.queries import sto_by_code
from tests.faults import count, run, stage
from tests.faults.run import Scene, Size
from tests.faults.stage import House, free_port

pytestmark = pytest.mark.fault

RIZAL = 5512045
_numbers = itertools.count(7_700_001)


async def bound(house: House, groups: int) -> Scene:
    """Groups that serve technicians, so that the bot talks there."""
    there = await run.scene(house, Size(groups=groups, people=0, orders=groups))
    async with transaction() as session:
        sto = await sto_by_code(session, "SPJ")
        assert sto is not None
        for chat in there.chats:
            await chats.bind(session, chat, Purpose.TECHNICIANS, sto_id=sto.id)
    return there


def registration(number: int) -> str:
    return f"/reg AO SC{number} ZTEGC{number:07X} SPJ ODP-SPJ-003 F5SDA445"


async def answered(house: House, seconds: float = 90) -> None:
    """Until no update waits and everything that was said has left."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        figures = await house.telegram.figures()
        with suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(house.database)
            new = await connection.fetchval("SELECT count(*) FROM inbox WHERE state = 'new'")
            await connection.close()
            if new == 0 and figures["pending_updates"] == 0:
                break
        await asyncio.sleep(0.2)
    assert await stage.until_quiet(house, seconds) == {}


async def replies(house: House, there: Scene, said: list[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """(chat, message replied to, text) of all that the bot said to these messages (chat, id)."""
    wanted = set(said)
    heard = [
        (chat, record["message"].get("reply_to_message", {}).get("message_id", 0), record["message"]["text"])
        for chat in there.chats
        for record in await house.telegram.messages(chat)
        if record["by_bot"] and not record["service"]
    ]
    return [each for each in heard if each[:2] in wanted]


async def orders_numbered(house: House, numbers: list[int]) -> int:
    connection = await asyncpg.connect(house.database)
    found = await connection.fetchval(
        "SELECT count(*) FROM orders WHERE registration_no = ANY($1)", [f"SC{number}" for number in numbers]
    )
    await connection.close()
    return int(found)


async def say_all(house: House, wanted: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """Rizal says each text in its chat, all in one instant; (chat, message id) of each."""
    said = await house.telegram.sim(
        "bulk", say=[{"chat": chat, "user": RIZAL, "text": words} for chat, words in wanted]
    )
    return [(chat, each["message_id"]) for (chat, _), each in zip(wanted, said["said"], strict=True)]


@pytest.fixture(scope="module")
async def house_with_bot(running_house: House) -> AsyncIterator[House]:
    """Importing aiogram takes seconds of a core, so these tests share a bot."""
    running_house.start("bot")
    yield running_house
    running_house.kill("bot")


async def test_fifty_groups_send_the_same_number_at_once_and_each_gets_one_answer(
    house_with_bot: House, house: House
) -> None:
    assert house_with_bot is house
    there = await bound(house, 50)
    number = next(_numbers)
    said = await say_all(house, [(chat, registration(number)) for chat in there.chats])
    await answered(house)
    heard = await replies(house, there, said)
    assert Counter((chat, to) for chat, to, _ in heard) == Counter(said)
    assert await orders_numbered(house, [number]) == 1
    assert sum("Pesan diterima" in words for _, _, words in heard) == 1


async def test_a_killed_bot_answers_every_registration_once(house_with_bot: House, house: House) -> None:
    assert house_with_bot is house
    there = await bound(house, 6)
    numbers = [next(_numbers) for _ in range(36)]
    dice = random.Random(31)
    said: list[tuple[int, int]] = []
    for part in (numbers[:18], numbers[18:]):
        said += await say_all(house, [(there.chats[number % 6], registration(number)) for number in part])
        begun = await orders_numbered(house, numbers)
        while await orders_numbered(house, numbers) < begun + 2:
            await asyncio.sleep(0.02)
        await asyncio.sleep(dice.uniform(0, 0.3))
        house.kill("bot")
        house.start("bot")
    await answered(house)
    heard = await replies(house, there, said)
    assert await orders_numbered(house, numbers) == len(numbers)
    assert Counter((chat, to) for chat, to, _ in heard) == Counter(said)


async def test_a_killed_web_keeps_what_it_answered_and_repeats_without_a_second_effect(house: House) -> None:
    there = await run.scene(house, Size(groups=4, people=0, orders=24))
    async with transaction() as session:
        token = await tokens.make(session, there.actor, "fault run")
        connection = await session.connection()
        rows = await connection.exec_driver_sql(
            "SELECT registration_no FROM orders WHERE id = ANY($1)", (there.orders,)
        )
        numbers = [row[0] for row in rows]
    port = free_port()
    house.start("web", SIKPRO_PORT=str(port))
    over = asyncio.Event()
    accepted: dict[str, float] = {}
    tries: Counter[str] = Counter()

    async def change(http: ClientSession, number: str, token_of_note: str) -> None:
        """Press, and press again with the same key until there is an answer."""
        wanted: dict[str, Any] = {"state": "OGP", "version": 1, "note": token_of_note}
        for _ in range(600):
            tries[token_of_note] += 1
            with suppress(ClientError, OSError, TimeoutError):
                where = f"http://127.0.0.1:{port}/api/v1/orders/{number}/state"
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": token_of_note}
                async with http.post(where, json=wanted, headers=headers) as answer:
                    body = await answer.text()
                    assert answer.status in {200, 503}, body
                    if answer.status == 200:
                        accepted[token_of_note] = time.time()
                        return
            await asyncio.sleep(0.2)
        raise AssertionError(f"{number} was never answered; {house.log('web')[-1000:]}")

    async def kill() -> None:
        for _ in range(2):
            seen = len(accepted)
            while len(accepted) < seen + 3 and not over.is_set():
                await asyncio.sleep(0.01)
            house.kill("web")
            house.start("web", SIKPRO_PORT=str(port))

    try:
        async with ClientSession(timeout=ClientTimeout(total=5)) as http, asyncio.TaskGroup() as tasks:
            tasks.create_task(kill())
            for at, number in enumerate(numbers):
                await change(http, number, f"{there.tag}-{at}")
            over.set()
    finally:
        house.kill("web")
    assert await stage.until_quiet(house, 60) == {}
    counted = await count.count(house, there.chats, there.tag, accepted)
    assert counted.clean, counted
    assert counted.events == len(numbers) == len(accepted)
    assert sum(tries.values()) > len(numbers), "nobody had to press twice: nothing was broken"
