"""Many people in the same instant: one effect, one answer, and news in the order in which things happened."""

import asyncio
from typing import Any

import pytest

from shared import requests
from shared.db import transaction
from shared.errors import Conflict
from shared.orders import operations, queries
from shared.orders.operations import AlreadyRegistered, NewOrder, Origin, StaleOrder
from shared.people.models import Person
from shared.people.queries import viewer_of
from tests.faults import count, run, stage
from tests.faults.run import Size
from tests.faults.stage import House

pytestmark = pytest.mark.fault

FEW = Size(groups=1, people=0, orders=1)


async def test_twenty_double_clicks_with_one_request_key_are_one_change_and_one_answer(house: House) -> None:
    there = await run.scene(house, FEW)
    [order_id] = there.orders

    async def click() -> dict[str, Any]:
        async with transaction() as session:
            person = await session.get(Person, there.actor)
            assert person is not None
            answer = await requests.first_time(session, there.actor, f"click {there.tag}")
            if answer is not None:
                return answer
            changed = await operations.change_status(
                session, await viewer_of(session, person), order_id, 1, "OGP", source="web", note=f"{there.tag}-1"
            )
            answer = {"version": changed.order.version, "event": changed.event_id}
            await requests.answered(session, there.actor, f"click {there.tag}", answer)
            return answer

    answers = await asyncio.gather(*(click() for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await stage.until_quiet(house, 60) == {}
    counted = await count.count(house, there.chats, there.tag, {f"{there.tag}-1": 0})
    assert (counted.events, counted.clean) == (1, True)


async def test_fifty_updates_of_one_order_at_once_are_told_in_the_order_they_happened(house: House) -> None:
    there = await run.scene(house, FEW)
    [order_id] = there.orders

    async def update(number: int) -> int:
        async with transaction() as session:
            person = await session.get(Person, there.actor)
            assert person is not None
            viewer = await viewer_of(session, person)
            data = await queries.master(session)
            order = (await queries.by_id(session, viewer, order_id)).order
            new = "KENDALA" if order.status_code == "OGP" else "OGP"
            reason = data.reasons_for(new)[0].id if new == "KENDALA" else None
            note = f"{there.tag}-{number}"
            changed = await operations.change_status(
                session, viewer, order_id, order.version, new, source="web", reason_id=reason, note=note
            )
            return changed.order.version

    ended = await asyncio.gather(*(update(number) for number in range(50)), return_exceptions=True)
    made = sorted(version for version in ended if isinstance(version, int))
    refused = [error for error in ended if isinstance(error, StaleOrder)]
    assert len(made) + len(refused) == 50, [error for error in ended if not isinstance(error, (int, Conflict))]
    assert made == list(range(2, 2 + len(made)))
    assert await stage.until_quiet(house, 60) == {}
    counted = await count.count(house, there.chats, there.tag, {})
    assert counted.clean, counted
    assert counted.events == len(made)


async def test_fifty_chats_register_one_number_at_once_and_one_wins(house: House) -> None:
    there = await run.scene(house, Size(groups=50, people=0, orders=50))
    number = f"SC77{there.tag[1:]}77"

    async def register(chat: int) -> str:
        async with transaction() as session:
            person = await session.get(Person, there.actor)
            assert person is not None
            viewer = await viewer_of(session, person)
            new = NewOrder(registration_no=number, type_code="AO", sto="SPJ", technician_code="F5SDA445")
            try:
                await operations.register(session, viewer, new, source="bot", origin=Origin(chat, 900_000))
            except AlreadyRegistered as taken:
                return f"refused, it is {taken.existing.order.registration_no}"
            return "registered"

    answers = await asyncio.gather(*(register(chat) for chat in there.chats), return_exceptions=True)
    assert answers.count("registered") == 1
    assert answers.count(f"refused, it is {number}") == 49


async def test_one_message_that_comes_twice_registers_once(house: House) -> None:
    there = await run.scene(house, FEW)
    origin = Origin(there.chats[0], 900_001)

    async def register() -> int:
        async with transaction() as session:
            person = await session.get(Person, there.actor)
            assert person is not None
            viewer = await viewer_of(session, person)
            new = NewOrder(registration_no=f"SC88{there.tag[1:]}88", type_code="AO", sto="SPJ")
            return (await operations.register(session, viewer, new, source="bot", origin=origin)).id

    ids = await asyncio.gather(*(register() for _ in range(10)))
    assert len(set(ids)) == 1
