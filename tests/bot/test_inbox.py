"""The inbox: order within a chat, failures tried again and given up, nothing handled twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text, update

from services.bot import inbox, intake
from services.bot.inbox import Work
from services.bot.speak import Mouth
from shared.chats.models import InboxUpdate
from shared.db import transaction
from shared.deliveries.models import Delivery
from shared.orders.models import Order
from tests import factories
from tests.bot.person import Person
from tests.factories import TECHNICIAN_CHAT

BOT = 731904


class Silence(Mouth):
    """A mouth that keeps what it would have sent: these tests end at the commit."""

    def __init__(self) -> None:
        self.chats: list[int] = []
        self.toasts: list[str] = []

    def speak(self, chat_id: int) -> None:
        self.chats.append(chat_id)

    def toast(self, query_id: str, toast: Any) -> None:
        self.toasts.append(toast.text)

    def dress(self, chat_id: int, dress: Any) -> None:
        assert dress.names


@pytest.fixture
async def database(own_database: str) -> str:
    """Some of these tests break a table."""
    return own_database


@pytest.fixture
async def work(database: str) -> Work:
    async with transaction() as session:
        await factories.town(session)
    return Work("sikpro_bot", Silence(), inbox.Bell(), asyncio.Event())


@pytest.fixture
async def door(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def states() -> list[str]:
    async with transaction() as session:
        return list(await session.scalars(select(InboxUpdate.state).order_by(InboxUpdate.id)))


async def run_dry(work: Work, workers: int = 4) -> None:
    async def one() -> None:
        while await inbox.handle_next(work):
            pass

    await asyncio.gather(*(one() for _ in range(workers)))


def reg(person: Person, number: int, update_id: int) -> dict[str, Any]:
    line = f"/reg AO SC{40000000 + number} ZTEGC{number:07X} SDA ODP-SDA-003"
    return {"update_id": update_id, "message": person.message(line)}


async def test_many_workers_keep_the_order_within_each_chat(work: Work, door: asyncpg.Connection) -> None:
    group, private = Person(5512045, TECHNICIAN_CHAT), Person(5512045)
    updates = [reg(group if n % 2 else private, n, n) for n in range(40)]
    await intake.keep(door, BOT, updates)
    await run_dry(work, workers=8)
    async with transaction() as session:
        found = (await session.execute(select(Order.chat_id, Order.registration_no).order_by(Order.id))).all()
    for chat in (TECHNICIAN_CHAT, 5512045):
        numbers = [number for at, number in found if at == chat]
        assert numbers == sorted(numbers)
    assert len(found) == 40
    assert set(await states()) == {"done"}


async def test_an_update_delivered_twice_is_kept_once(work: Work, door: asyncpg.Connection) -> None:
    update_ = reg(Person(5512045), 1, 7)
    await intake.keep(door, BOT, [update_])
    await run_dry(work)
    await intake.keep(door, BOT, [update_, reg(Person(5512045), 2, 8)])
    await run_dry(work)
    assert await states() == ["done", "done"]
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 2


async def test_a_worker_that_dies_leaves_the_update_for_the_next(work: Work, door: asyncpg.Connection) -> None:
    await intake.keep(door, BOT, [reg(Person(5512045), 1, 1)])
    await door.execute("BEGIN")
    await door.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
    dying = asyncio.ensure_future(inbox.handle_next(work))
    await asyncio.sleep(0.3)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await door.execute("ROLLBACK")
    assert await states() == ["new"]
    await run_dry(work)
    assert await states() == ["done"]


async def break_orders(door: asyncpg.Connection) -> None:
    await door.execute("ALTER TABLE orders ADD CONSTRAINT broken CHECK (false) NOT VALID")


async def hurry() -> None:
    async with transaction() as session:
        await session.execute(update(InboxUpdate).values(next_at=func.now() - text("interval '1 second'")))


async def test_what_fails_blocks_its_chat_is_tried_again_and_then_works(work: Work, door: asyncpg.Connection) -> None:
    rizal, other = Person(5512045), Person(5512001)
    await break_orders(door)
    later = {"update_id": 2, "message": rizal.message("/help")}
    elsewhere = {"update_id": 3, "message": other.message("/help")}
    await intake.keep(door, BOT, [reg(rizal, 1, 1), later, elsewhere])
    await run_dry(work)
    assert await states() == ["new", "new", "done"]
    await door.execute("ALTER TABLE orders DROP CONSTRAINT broken")
    await hurry()
    await run_dry(work)
    assert await states() == ["done", "done", "done"]
    async with transaction() as session:
        chat = select(Delivery.kind).where(Delivery.chat_id == 5512045).order_by(Delivery.id)
        assert list(await session.scalars(chat)) == ["receipt", "answer"]


async def test_after_five_failures_it_is_dead_and_the_person_gets_a_code(work: Work, door: asyncpg.Connection) -> None:
    rizal = Person(5512045)
    await intake.keep(door, BOT, [{"update_id": 1, "message": rizal.message("/help")}])
    await run_dry(work)
    await break_orders(door)
    await intake.keep(door, BOT, [reg(rizal, 1, 2), {"update_id": 3, "message": rizal.message("/help")}])
    for _ in range(5):
        await hurry()
        await run_dry(work)
    assert await states() == ["done", "dead", "done"]
    async with transaction() as session:
        dead = (await session.scalars(select(InboxUpdate).where(InboxUpdate.state == "dead"))).one()
        said = (await session.scalars(select(Delivery).where(Delivery.payload["text"].astext.like("Maaf%")))).one()
        assert f"B-{dead.id}" in said.payload["text"]
        assert said.payload["reply_parameters"]["message_id"] == dead.body["message"]["message_id"]
    assert "broken" in str(dead.error)


async def test_an_update_nobody_can_read_is_dead_at_once_and_holds_up_nobody(
    work: Work, door: asyncpg.Connection
) -> None:
    await intake.keep(door, BOT, [{"update_id": 1, "message": {"chat": {"id": 5512045}, "message_id": "x"}}])
    await intake.keep(door, BOT, [{"update_id": 2, "message": Person(5512045).message("/help")}])
    await run_dry(work)
    assert await states() == ["dead", "done"]


async def test_an_update_postgres_refuses_is_kept_dead_and_the_others_live(
    work: Work, door: asyncpg.Connection
) -> None:
    strange = {"update_id": 1, "message": {"n": float("nan")}}
    good = {"update_id": 2, "message": Person(5512045).message("/help\x00")}
    await intake.keep(door, BOT, [strange, good])
    await run_dry(work)
    assert await states() == ["dead", "done"]


async def test_a_press_is_answered_after_the_commit(work: Work, door: asyncpg.Connection) -> None:
    query = {
        "id": "9",
        "from": {"id": 5512045, "is_bot": False, "first_name": "R"},
        "chat_instance": "1",
        "data": "cek:1:x",
        "message": Person(5512045).message("?"),
    }
    await intake.keep(door, BOT, [{"update_id": 1, "callback_query": query}])
    await run_dry(work)
    assert isinstance(work.mouth, Silence)
    assert work.mouth.toasts == ["Order ini tidak ada atau di luar wilayah Anda."]


async def test_workers_stop_when_asked(work: Work) -> None:
    stopping = asyncio.Event()
    running = asyncio.ensure_future(inbox.work(replace(work, stopping=stopping), 0))
    await asyncio.sleep(0.05)
    stopping.set()
    work.bell.ring()
    await asyncio.wait_for(running, 3)


async def test_questions_are_handled_together_and_one_that_fails_takes_no_other_along(
    work: Work, door: asyncpg.Connection
) -> None:
    people = [Person(5512045), Person(5512045, TECHNICIAN_CHAT), Person(77), Person(78)]
    asked: list[dict[str, Any]] = [{"update_id": n, "message": one.message("/cek SC1")} for n, one in enumerate(people)]
    asked[2]["message"]["from"] = {"id": "nobody"}  # cannot be read
    await intake.keep(door, BOT, [*asked, reg(people[0], 1, 9)])
    found = [await inbox.handle_next(work) for _ in range(4)]
    assert found == [4, 1, 0, 0]
    assert await states() == ["done", "done", "dead", "done", "done"]
    assert await door.fetchval("SELECT count(*) FROM delivery") == 4


async def test_a_worker_looks_again_only_where_something_may_wait(database: str) -> None:
    bell = inbox.Bell()

    def look(found: int) -> bool:
        with bell.looking() as looked:
            looked.found = found
        return looked.again

    assert not look(0)
    bell.ring(3)
    assert look(2)
    assert not look(1)
    assert look(1)  # another process kept it, so there may be more
    bell.ring()
    with bell.looking() as slow:
        assert not look(0)  # it met the chat that is being worked on
        slow.found = 1
    assert slow.again


async def test_numbers_no_column_takes_are_dead_at_once_and_block_nobody(work: Work, door: asyncpg.Connection) -> None:
    far = Person(5512045).message("/cek") | {"chat": {"id": 10**30, "type": "private"}}
    deep = Person(5512045).message("/cek") | {"message_id": 10**30}
    asked = [Person(5512045).message("/help"), far, deep, Person(5512045).message("/help")]
    await intake.keep(door, BOT, [{"update_id": n, "message": each} for n, each in enumerate(asked)])
    await run_dry(work)
    assert await states() == ["done", "dead", "dead", "done"]
    assert await door.fetchval("SELECT max(attempts) FROM inbox") == 1
