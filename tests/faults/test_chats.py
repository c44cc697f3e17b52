"""What comes in from chats at its worst (F11, F13): malformed updates, and fifty chats that want one number at once.

The whole house as real processes, the bot in webhook mode, so that any bytes can be thrown at it. Full size only.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tests.bench import crowd
from tests.bench.crowd import Crowd
from tests.faults import stage
from tests.faults.stage import House

pytestmark = [pytest.mark.fault, pytest.mark.full, pytest.mark.timeout(2400)]

CHATS, ROUNDS = 50, 20
SECRET = "rahasia-11"
HEADER = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
PATIENCE = 600  # seconds; never a figure


@asynccontextmanager
async def lively(**more: str) -> AsyncIterator[tuple[House, Crowd]]:
    """A house with a bot and fifty technicians in their private chats, without limits of Telegram."""
    async with stage.house({**stage.FAST, **more}, times=200) as house, stage.door(house):
        await house.telegram.sim("flood", profile="off")
        made = await crowd.settle(CHATS, 0)
        await house.telegram.sim("bulk", users=crowd.users(made.chats), chats=crowd.open_chats(made.chats))
        house.start("bot")
        yield house, made
        assert house.running["bot"].poll() is None, house.log("bot")[-2000:]


async def asked(house: House, question: str) -> list[Any]:
    connection = await asyncpg.connect(house.database)
    try:
        return [row[0] for row in await connection.fetch(question)]
    finally:
        await connection.close()


async def until(house: House, question: str, wanted: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await asked(house, question) != [wanted]:
            await asyncio.sleep(0.2)


async def test_fifty_chats_that_register_one_number_at_once_have_one_winner_and_polite_refusals() -> None:
    async with lively() as (house, made):
        for number in range(ROUNDS):
            line = f"/reg AO SC9900{1000 + number} ZTEGC{number:07X} SDA ODP-SDA-003"
            await house.telegram.sim("bulk", say=[{"chat": chat, "user": chat, "text": line} for chat in made.chats])
        twice = {
            "chat": made.chats[0],
            "user": made.chats[0],
            "text": "/reg AO SC99002000 ZTEGC0000FFF SDA ODP-SDA-003",
        }
        await house.telegram.sim("bulk", say=[twice, twice])
        many = CHATS * ROUNDS + 2
        await until(house, "SELECT count(*) FROM delivery WHERE method = 'sendMessage' AND state = 'sent'", many)
        assert await asked(house, "SELECT count(*) FROM orders GROUP BY registration_no") == [1] * (ROUNDS + 1)
        assert await asked(house, "SELECT DISTINCT state FROM inbox") == ["done"]
        said: Counter[str] = Counter()
        for chat in made.chats:
            for message in await house.telegram.messages(chat):
                text = str(message["message"].get("text", ""))
                said["won"] += text.startswith("Pesan diterima, mohon ditunggu.")
                said["refused"] += "sudah terdaftar" in text
        assert said == {"won": ROUNDS + 1, "refused": (CHATS - 1) * ROUNDS + 1}


def malformed(chat: int, first: int) -> list[bytes]:
    """Bodies as Telegram would never send them, and texts as people might. first: number of the first update."""
    user = {"id": chat, "is_bot": False, "first_name": "Orang", "language_code": "id"}
    place = {"id": chat, "type": "private", "first_name": "Orang"}
    whole = {"message_id": 5_000_000, "date": 1_800_000_000, "chat": place, "from": user}
    texts = [
        "x" * 1_000_000,
        "/reg " + "SC32232558 " * 90_000,
        "/cek \x00SC32232558\x00",
        "/cek \ud83d\ude00 \ud83d",
        "\u202e/reg AO SC1\u2067\u200f",
        "/reg@sikpro_bot\u2028AO\u2029SC",
        "/cek " + "😀" * 4096,
        "/" * 4096,
        "<b>&amp;" * 500,
        "{name} %s {0} $1 \\x00 '; DROP TABLE orders; --",
    ]
    messages: list[Any] = [whole | {"text": text, "message_id": 5_000_000 + n} for n, text in enumerate(texts)]
    messages += [
        whole | {"text": {"a": [1, 2]}},
        whole | {"from": "nobody", "text": "/cek"},
        whole | {"chat": {"id": "x"}, "text": "/cek"},
        whole | {"chat": {"id": 10**30, "type": "private"}, "text": "/cek"},
        whole | {"message_id": -(10**40), "text": "/cek"},
        whole | {"date": "kemarin", "text": "/cek"},
        whole | {"photo": [], "caption": None},
        whole | {"entities": [{"type": "bold", "offset": -1, "length": 10**18}], "text": "/cek"},
        None,
        [],
        "text",
    ]
    updates: list[Any] = [{"update_id": first + n, "message": message} for n, message in enumerate(messages)]
    updates += [
        {"update_id": first + 50, "callback_query": {"id": "1", "from": user, "data": "cek:\x00:"}},
        {"update_id": first + 51, "callback_query": {"id": 7, "from": user, "chat_instance": "1", "data": "x" * 5000}},
        {"update_id": first + 52, "chat_member": {"chat": place}},
        {"update_id": first + 53, "my_chat_member": None, "chat_join_request": 3},
        {"update_id": first + 54, "brand_new_kind": {"chat": place}},
        {"update_id": first + 55},
        {"update_id": 10**40, "message": whole | {"text": "/cek"}},
        {"update_id": -5, "message": whole | {"text": "/cek"}},
        {"update_id": True, "message": whole},
        {"update_id": "7", "message": whole},
        [1, 2, 3],
        7,
    ]
    deep = b'{"update_id": 30000, "message": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    return [
        *(json.dumps(update).encode() for update in updates),
        *(json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass") for update in updates),
        deep,
        b"",
        b"not json",
        b'{"update_id": 1',
        b"\xff\xfe\x00",
        b'{"update_id": 30001, "message": {"n": NaN, "m": Infinity}}',
        b'{"update_id": 30002, "message": {"a\\u0000b": "\\u0000", "c": 1e400}}',
    ]


async def test_malformed_updates_crash_nothing_and_block_no_chat() -> None:
    port = stage.free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    hook = {"SIKPRO_WEBHOOK_URL": url, "SIKPRO_WEBHOOK_SECRET": SECRET}
    async with lively(**hook, SIKPRO_WEBHOOK_LISTEN=f"127.0.0.1:{port}") as (house, made):
        await house.telegram.sim("say", chat=made.chats[0], user=made.chats[0], text="/help")
        await until(house, "SELECT count(*) FROM delivery WHERE state = 'sent'", 1)
        answers: Counter[int] = Counter()
        for chat in made.chats:
            for body in malformed(chat, 900_000_000 + 100 * chat):
                kind = {"Content-Type": "application/json; charset=klingon"}
                async with house.telegram.session.post(url, data=body, headers=HEADER | kind) as answer:
                    answers[answer.status] += 1
        assert set(answers) == {200, 400}, answers
        try:
            await until(house, "SELECT count(*) FROM inbox WHERE state = 'new'", 0)
        except TimeoutError:
            left = await asked(
                house, "SELECT left(error, 300) || ' ' || left(body::text, 300) FROM inbox WHERE state = 'new'"
            )
            raise AssertionError(left[:5]) from None
        # What could not be read is kept aside with the reason why; each chat is answered as ever.
        assert min(await asked(house, "SELECT count(*) FROM inbox WHERE state = 'dead' AND error <> ''")) > 0
        before = (await asked(house, "SELECT max(id) FROM delivery"))[0]
        say = [{"chat": chat, "user": chat, "text": "/cek SC32232558"} for chat in made.chats]
        await house.telegram.sim("bulk", say=say)
        heard = f"SELECT count(DISTINCT chat_id) FROM delivery WHERE id > {before} AND state = 'sent'"
        await until(house, heard, CHATS)
        assert "Traceback" not in house.log("notifier")
        assert await asked(house, "SELECT count(*) FROM orders") == [0]
