"""Killed at any moment, a file is in the accounts wholly or not at all, and what was begun is finished afterwards."""

import asyncio
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from deploy.local import postgres, temporary
from deploy.local.server import Server
from shared import db, migrate
from shared.arrears import imports
from shared.arrears.batches import BatchState, ImportBatch
from shared.arrears.models import Account
from shared.db import transaction
from shared.people import operations as people
from shared.people.access import Role
from shared.people.queries import viewer_of
from shared.settings import settings
from tests import factories
from tests.conftest import Servers, forget_all, set_environment
from tests.ingest.conftest import Desk, line, listed
from tests.ingest.test_flow import STAGED

ROOT = Path(__file__).parents[2]
ROWS = 15_000
MILLION = 1_000_000
WAITING = text("SELECT count(*) FROM outbox WHERE state = 'waiting' AND consumer = 'ingest'")
LOCKED = text("""
    SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid <> pg_backend_pid() AND (c.relname LIKE 'account%' OR c.relname LIKE 'import%')
""")
AWAY = (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError)


@dataclass
class Mill:
    """A Postgres, a relay and an ingest worker, all of which may be killed."""

    server: Server
    desk: Desk
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    patience: float = 90
    every: float = 0.05
    disturbed: int = 0

    def start(self, name: str) -> None:
        module = {"relay": "shared.relay"}.get(name, "services.ingest")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()

    async def disturb(self, what: str) -> None:
        self.disturbed += 1
        if what == "postgres":
            await asyncio.to_thread(self.server.restart_immediate)
        else:
            self.kill(what)
            self.start(what)

    async def batch(self, batch_id: int) -> ImportBatch:
        while True:
            with suppress(*AWAY):
                return await self.desk.now(batch_id)
            await asyncio.sleep(0.1)

    async def count(self) -> int:
        while True:
            with suppress(*AWAY):
                async with transaction() as session:
                    return int(await session.scalar(select(func.count()).select_from(Account)) or 0)
            await asyncio.sleep(0.1)

    async def through(
        self, batch_id: int, end: BatchState, allowed: set[int], breaks: str, after: float
    ) -> ImportBatch:
        """Wait until a batch has come to `end`, breaking something on the way; never is there half of it."""
        began = time.monotonic()
        broken = False
        while (batch := await self.batch(batch_id)).state is not end:
            assert await self.count() in allowed
            assert time.monotonic() < began + self.patience, (batch.state, batch.trouble, self.log("ingest"))
            assert batch.state in {BatchState.READING, BatchState.APPLYING, BatchState.UNDOING}, batch.trouble
            if not broken and time.monotonic() > began + after:
                broken = True
                await self.disturb(breaks)
            await asyncio.sleep(self.every)
        return batch

    async def nothing_left(self) -> None:
        """Wait until nothing is staged, nothing is locked and nobody has anything to do; else the test runs out."""
        began = time.monotonic()
        while True:
            async with transaction() as session:
                left = [await session.scalar(each) for each in (STAGED, LOCKED, WAITING)]
            if not any(left):
                return
            assert time.monotonic() < began + self.patience, left
            await asyncio.sleep(0.2)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]


@pytest.fixture
async def mill(servers: Servers, tmp_path: Path) -> AsyncIterator[Mill]:
    before = {name: value for name, value in os.environ.items() if name.startswith("SIKPRO_")}
    with temporary.folder() as home, ExitStack() as stack:
        server = stack.enter_context(postgres.start(home / "postgres", durable=False))
        await asyncio.to_thread(migrate.upgrade, server.url)
        set_environment(
            SIKPRO_DATABASE_URL=server.url, SIKPRO_REDIS_URL=servers.valkey, SIKPRO_DATA=str(tmp_path),
            SIKPRO_UPLOADS="", SIKPRO_SWEEP="1",
        )  # fmt: skip
        forget_all()
        engine = db.connect(settings().asyncpg_url, pool_size=5)
        db.sessions.configure(join_transaction_mode="conditional_savepoint")
        async with transaction() as session:
            here = await factories.town(session)
        made = Mill(server, Desk(here, here.admin), tmp_path)
        for name in ("relay", "ingest"):
            made.start(name)
        try:
            yield made
        finally:
            for name in made.running:
                made.kill(name)
            await engine.dispose()
            db.sessions.configure(bind=None)
    for name in {name for name in os.environ if name.startswith("SIKPRO_")} - before.keys():
        del os.environ[name]
    set_environment(**before)


async def a_life(
    mill: Mill, dice: random.Random, breaks: tuple[str, str, str], longest: float, many: int = ROWS
) -> None:
    """One file from upload to undo, with something killed in each of its three steps."""
    rows = (f"152{number:09d}{line(0, amount=dice.randint(1, 10**7))[12:]}" for number in range(many))
    batch = await mill.desk.hand_in(listed(*rows))
    ready = await mill.through(batch.id, BatchState.READY, {0}, breaks[0], dice.uniform(0, longest))
    assert (ready.counts["new"], ready.counts["refused"]) == (many, 0)
    async with transaction() as session:
        await imports.apply(session, await viewer_of(session, mill.desk.person), batch.id, ready.version)
    done = await mill.through(batch.id, BatchState.APPLIED, {0, many}, breaks[1], dice.uniform(0, longest))
    assert (await mill.count(), done.result["new"]) == (many, many)
    async with transaction() as session:
        assert await session.scalar(STAGED) == 0
        await imports.undo(session, await viewer_of(session, mill.desk.person), batch.id, done.version)
    await mill.through(batch.id, BatchState.UNDONE, {0, many}, breaks[2], dice.uniform(0, longest))
    assert await mill.count() == 0
    await mill.nothing_left()
    async with transaction() as session:
        kept = set((await session.scalars(select(ImportBatch.stored))).all())
    assert {each.name for each in (mill.folder / "uploads").iterdir()} == kept


async def two_people(mill: Mill, rows: int = 3000) -> None:
    """Two people's lists of the same accounts, in opposite order, handed in and applied at the same moment."""
    mill.start("second ingest")
    async with transaction() as session:
        second = await people.enter(session, "Wati Admin", Role.ADMIN, username="wati")
    desks = (mill.desk, Desk(mill.desk.here, second))
    for turn in range(2):
        lists = [[line(number, amount=1000 + 2 * turn + who) for number in range(rows)] for who in (0, 1)]
        contents = (listed(*lists[0]), listed(*reversed(lists[1])))
        handed = [await desk.hand_in(content) for desk, content in zip(desks, contents, strict=True)]
        ready = [await mill.through(each.id, BatchState.READY, {0, rows}, "", math.inf) for each in handed]
        for desk, each in zip(desks, ready, strict=True):
            async with transaction() as session:
                await imports.apply(session, await viewer_of(session, desk.person), each.id, each.version)
        began = time.monotonic()
        while BatchState.APPLYING in (ends := [(await mill.batch(each.id)).state for each in handed]):
            assert time.monotonic() < began + mill.patience, ends
            await asyncio.sleep(mill.every)
        if turn:  # the second did what it had shown, anew: as many rows changed as before
            assert ends == [BatchState.APPLIED] * 2
            continue
        late = await mill.batch(handed[ends.index(BatchState.READY)].id)
        assert (late.trouble, late.counts["new"], late.counts["changed"]) == ({"code": "batch.moved"}, 0, rows)
        assert ends.count(BatchState.APPLIED) == 1
    assert await mill.count() == rows
    assert "deadlock" not in (mill.server.program.log or Path("/dev/null")).read_text(errors="replace")


@pytest.mark.fault
async def test_a_killed_worker_or_database_leaves_all_of_a_file_or_nothing_and_two_people_do_not_block_each_other(
    mill: Mill,
) -> None:
    await a_life(mill, random.Random(14), ("ingest", "postgres", "ingest"), 1.5)
    await two_people(mill)


@pytest.mark.full
@pytest.mark.fault
@pytest.mark.timeout(7200)
async def test_twenty_one_kills_leave_all_of_a_million_rows_or_nothing(mill: Mill) -> None:
    dice = random.Random(15)
    mill.patience, mill.every = 900, 0.3
    while mill.disturbed < 21:  # a step may be over before its moment comes
        kinds = dice.choices(["ingest", "postgres", "relay"], [5, 4, 1], k=3)
        await a_life(mill, dice, (kinds[0], kinds[1], kinds[2]), 4, MILLION)
