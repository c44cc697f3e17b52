"""Many questions in one transaction: whom it keeps waiting, and what of it stands when it ends."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from services.bot import app
from shared.arrears.models import Account
from shared.chats import speakers
from shared.chats.models import ChatKind
from shared.chats.speakers import Told
from shared.db import transaction
from shared.deliveries import answers
from shared.deliveries.answers import Written
from shared.deliveries.operations import REPLY, Message
from tests import factories
from tests.bot.person import Person
from tests.factories import Town

TOKEN = "731904:AA"
_STUCK = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'account'::regclass AND NOT granted)"
_BEGUN = text("SELECT 1")  # as claiming the updates begins it
_CLOSING = text("SELECT id FROM chat WHERE id = ANY(:chats) ORDER BY id FOR NO KEY UPDATE NOWAIT")


@pytest.fixture
async def town(database: str) -> Town:
    async with transaction() as session:
        return await factories.town(session)


async def handled(asked: list[dict[str, Any]]) -> None:
    async with transaction() as session:
        await session.execute(_BEGUN)
        await app.handle_all(session, asked, TOKEN, "sikpro_bot")


async def test_questions_lock_their_chats_only_when_all_are_handled(town: Town, database: str) -> None:
    people = [town.technician.telegram_id or 0, town.collector.telegram_id or 0]
    asked = [{"update_id": n, "message": Person(each).message("/tugas")} for n, each in enumerate(people)]
    told = [Told(each, ChatKind.PRIVATE, "Petugas", 5, each) for each in people]
    async with transaction() as session:
        await speakers.note(session, told)
        await session.execute(text("UPDATE chat SET held = 'the bot was blocked by the user', last_message_id = 0"))
    watcher = await asyncpg.connect(database)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks, watcher.transaction():
        await watcher.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
        handling = tasks.create_task(handled(asked))
        while not await watcher.fetchval(_STUCK):
            assert not handling.done()
        async with transaction() as closing:
            await closing.execute(_CLOSING, {"chats": people})
    chats = await watcher.fetch("SELECT title, held FROM chat WHERE id = ANY($1) AND last_message_id > 0", people)
    assert [(row["title"] != "Petugas", row["held"]) for row in chats] == [(True, None)] * 2
    await watcher.close()


async def test_lists_read_together_are_each_in_the_audit_log_and_in_none_if_one_fails(
    town: Town, database: str
) -> None:
    listed, number = "SELECT count(*) FROM audit WHERE what = 'account.listed'", town.collector.telegram_id or 0
    async with transaction() as session:
        mine = {"sto_id": town.sda.id, "collector_id": town.collector.id}
        session.add(Account(internet_no="152300000001", name="Siti Aminah", amount=900_000, months=2, **mine))
    asked: list[dict[str, Any]] = [
        {"update_id": n, "message": person.message("/tugas")} for n, person in enumerate([Person(number), Person(77)])
    ]
    await handled(asked)
    watcher = await asyncpg.connect(database)
    assert await watcher.fetchval(listed) == 1
    with pytest.raises(ZeroDivisionError):
        async with transaction() as session:
            await session.execute(_BEGUN)
            await app.handle_all(session, asked, TOKEN, "sikpro_bot")
            raise ZeroDivisionError
    assert await watcher.fetchval(listed) == 1
    await watcher.close()


async def test_a_chat_is_claimed_once_and_said_to_wait_only_where_something_does(town: Town) -> None:
    one, other = town.technician.telegram_id or 0, town.collector.telegram_id or 0
    async with transaction() as session:
        await speakers.note(session, [Told(number, ChatKind.PRIVATE, "", 5, number) for number in (one, other)])
        said = Message("answer", {"text": "halo"}, lane=REPLY)
        await answers.write(session, [Written(one, said), Written(one, said)])
    calls, waiting = await answers.claim([one, other])
    assert ([call.delivery.chat_id for call in calls], waiting) == ([one], set())
    assert await answers.claim([one, other]) == ([], {one})  # its first is in flight, and a second waits
