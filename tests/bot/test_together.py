"""Many questions in one transaction: whom it keeps waiting, and what of it stands when it ends."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

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
_BEGUN = text("SELECT 1")  # as claiming the updates begins it
_CLOSING = text("SELECT id FROM chat WHERE id = ANY(:chats) ORDER BY id FOR NO KEY UPDATE NOWAIT")


@pytest.fixture
async def town(database: str) -> Town:
    async with transaction() as session:
        return await factories.town(session)


async def test_questions_lock_their_chats_only_when_all_are_handled(town: Town) -> None:
    people = [town.technician.telegram_id or 0, town.collector.telegram_id or 0]
    told = [Told(number, ChatKind.PRIVATE, "Petugas", 5, number) for number in people]
    later = [replace(each, message_id=9, title="Yuli") for each in told]
    async with transaction() as session:
        await speakers.note(session, told)
        await session.execute(text("UPDATE chat SET held = 'the bot was blocked by the user'"))
    async with transaction() as handling:
        await handling.execute(_BEGUN)
        found = await speakers.note(handling, later, later=True)
        assert [each is not None for each in found] == [True, True]
        async with transaction() as closing:
            await closing.execute(_CLOSING, {"chats": people})
        await speakers.heard(handling, later)
        with pytest.raises(DBAPIError, match="could not obtain lock"):
            async with transaction() as closing:
                await closing.execute(_CLOSING, {"chats": people})
    async with transaction() as session:
        chats = await session.execute(
            text("SELECT title, last_message_id, held FROM chat WHERE id = ANY(:chats)"), {"chats": people}
        )
    assert {tuple(row) for row in chats} == {("Yuli", 9, None)}


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
    async with transaction() as session:
        await session.execute(_BEGUN)
        await app.handle_all(session, asked, TOKEN, "sikpro_bot")
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
