"""Crowds at full size: one busy group that must stay up to date, and many people at one order. Behind `full`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout

from shared.chats import operations as chats
from shared.chats.models import ChatKind, Purpose
from shared.db import transaction
from shared.people import tokens
from shared.places.queries import sto_by_code
from tests.faults import count, run, stage, writer
from tests.faults.run import Scene, Size
from tests.faults.stage import House, free_port
from tests.faults.test_quick import holds

pytestmark = [pytest.mark.fault, pytest.mark.full, pytest.mark.timeout(2400)]

BUSY = Size(events=800, rate=200 / 60, groups=1, people=0, orders=40, drain=120)
BEHIND = 60.0  # seconds that a group may be behind
CLICKS, RACERS = 20, 50
CLICKED, RACED = run.FULL.events // CLICKS, run.FULL.events // 250
CARD = 4.2  # seconds from one new order to the next: five cards at once would leave as a list and never be edited


async def test_a_group_with_two_hundred_changes_a_minute_is_never_a_minute_behind() -> None:
    async with stage.house({}, times=1) as house, stage.door(house):
        report = await run.run(house, "a group with 200 changes a minute", BUSY)
    holds(report)
    assert report.count.longest <= BEHIND


async def test_a_desk_whose_forty_cards_move_two_hundred_times_a_minute_is_never_a_minute_behind() -> None:
    async with stage.house({}, times=1) as house, stage.door(house):
        desk = await run.scene(house, Size(groups=1, people=0, orders=0))
        [group] = desk.chats
        async with transaction() as session:
            await chats.seen(session, group, ChatKind.SUPERGROUP, "Helpdesk", 1)
            sto = await sto_by_code(session, "SPJ")
            assert sto is not None
            await chats.bind(session, group, Purpose.HELPDESK, sto_id=sto.id)
        orders = []
        for _ in range(BUSY.orders):
            orders += (await run.scene(house, Size(groups=0, people=1, orders=1))).orders
            await asyncio.sleep(CARD)
        plan = writer.Plan(desk.tag, desk.actor, orders, BUSY.events, BUSY.rate)
        before = await house.telegram.figures()
        written = await writer.write(plan)
        assert await stage.until_quiet(house, 400) == {}
        told = [call for call in await house.telegram.calls() if call["params"].get("chat_id") == group]
        behind = count.behind(await count.committed(house.database, desk.tag), written.at, told)
        figures = await house.telegram.figures()
    cards = Counter(call["method"] for call in told)
    print(f"\na desk's forty cards: {len(written.at)} changes, longest behind {max(behind):.1f} s, calls {dict(cards)}")
    assert figures["violations"] == before["violations"]
    assert len(behind) == BUSY.events
    assert max(behind) <= BEHIND


@pytest.fixture(scope="module")
async def crowded() -> AsyncIterator[House]:
    async with stage.house({}) as running:
        yield running


class Desk:
    """The web's API, asked by one helpdesk."""

    def __init__(self, http: ClientSession, port: int, token: str) -> None:
        self.http, self.base, self.token = http, f"http://127.0.0.1:{port}/api/v1/orders", token
        self.again = 0

    async def version(self, number: str) -> tuple[int, str]:
        async with self.http.get(f"{self.base}/{number}", headers={"Authorization": f"Bearer {self.token}"}) as answer:
            body = await answer.json()
            return body["version"], body["state"]

    async def change(self, number: str, note: str, key: str, version: int = 1, state: str = "OGP") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        wanted = {"state": state, "version": version, "note": note}
        while True:  # whom a busy house asks to come again presses again, with the same key
            async with self.http.post(f"{self.base}/{number}/state", json=wanted, headers=headers) as answer:
                if answer.status != 503:
                    return answer.status, await answer.text()
            self.again += 1
            await asyncio.sleep(1)


async def numbers_of(there: Scene) -> list[str]:
    async with transaction() as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql(
            "SELECT registration_no FROM orders WHERE id = ANY($1) ORDER BY id", (there.orders,)
        )
        return [row[0] for row in rows]


async def test_ten_thousand_double_clicks_and_two_thousand_racers_at_the_web(crowded: House) -> None:
    async with stage.door(crowded):
        there = await run.scene(crowded, Size(groups=34, people=6, orders=CLICKED + RACED))
        async with transaction() as session:
            token = await tokens.make(session, there.actor, "crowd")
        numbers, port = await numbers_of(there), free_port()
        crowded.start("web", SIKPRO_PORT=str(port))
        before = await crowded.telegram.figures()
        accepted: dict[str, float] = {}
        async with ClientSession(timeout=ClientTimeout(total=60)) as http:
            desk = Desk(http, port, token)
            await _open(desk, numbers[0])
            for at, number in enumerate(numbers[:CLICKED]):
                note = f"{there.tag}-{at:05d}"
                said = await asyncio.gather(*(desk.change(number, note, note) for _ in range(CLICKS)))
                assert {status for status, _ in said} == {200}
                assert len({body for _, body in said}) == 1
                accepted[note] = 0
            statuses: Counter[int] = Counter()
            for at, number in enumerate(numbers[CLICKED:]):
                statuses += await _race(desk, number, f"{there.tag}-{CLICKED + at:05d}", accepted)
        assert await stage.until_quiet(crowded, 300) == {}
        counted = await count.count(crowded, there.chats, there.tag, accepted)
        figures = await crowded.telegram.figures()
    print(
        f"\nF12: {CLICKED} × {CLICKS} double clicks, {RACED} × {RACERS} racers {dict(statuses)}, "
        f"asked to come again {desk.again}: "
        f"{counted.events} events, lost/dup/reordered "
        f"{len(counted.lost)}/{len(counted.duplicated)}/{len(counted.reordered)}, "
        f"violations {figures['violations'] - before['violations']}"
    )
    assert counted.clean, counted
    assert counted.events == len(accepted) == CLICKED + statuses[200]
    assert statuses[200] + statuses[409] == RACED * RACERS
    assert figures["violations"] == before["violations"]


async def _open(desk: Desk, number: str) -> None:
    """Until the web answers."""
    for _ in range(600):
        try:
            await desk.version(number)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return


async def _race(desk: Desk, number: str, tag: str, accepted: dict[str, float]) -> Counter[int]:
    """Fifty different changes of one order at once, each made from what its person saw; by status."""

    async def one(racer: int) -> int:
        version, state = await desk.version(number)
        note = f"{tag}-{racer}"
        new = "BARU" if state == "OGP" else "OGP"
        status, _ = await desk.change(number, note, note, version, new)
        if status == 200:
            accepted[note] = 0
        return status

    return Counter(await asyncio.gather(*(one(racer) for racer in range(RACERS))))
