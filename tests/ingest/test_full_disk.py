"""A disk without room: a sentence at once, nothing half done, and no hand needed once there is room again."""

import asyncio
import io
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from services.ingest.listeners import ears
from shared import db
from shared.arrears import say
from shared.arrears.batches import BatchState
from tests.conftest import set_environment
from tests.ingest.conftest import Desk, line, listed, work
from tests.ingest.test_door import Door, door
from tests.ingest.test_flow import STAGED, count

__all__ = ["door"]
FIRST = text("SELECT max(event_id) FROM outbox WHERE consumer = 'ingest'")
MANY = listed(*(line(number) for number in range(20_000)))


@contextmanager
def no_file_larger_than(most: int) -> Iterator[None]:
    """The kernel lets this process write no more into any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_an_upload_without_room_is_refused_with_a_sentence_and_leaves_nothing(door: Door) -> None:
    token = await door.token(door.desk.person)
    with no_file_larger_than(1_000_000):
        status, said, headers = await door.ask("POST", "/uploads", data=io.BytesIO(MANY), headers=token)
    assert (status, headers["retry-after"], door.stored()) == (507, "60", 0)
    assert said["detail"] == "The server's disk is full; try again later."
    assert (await door.ask("POST", "/uploads", data=io.BytesIO(MANY), headers=token))[0] == 202


def resize(folder: Path, size: str, *, how: str = "remount,") -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{how}size={size}", "tmpfs", str(folder)], check=True)


@pytest.fixture
async def tiny(desk: Desk, database: str) -> AsyncIterator[Path]:
    """A disk of two megabytes, of its own, on which whatever is staged lands; needs to be root."""
    connection = await asyncpg.connect(database)
    cluster = Path(await connection.fetchval("SHOW data_directory"))
    folder = cluster.parent / "tiny"
    folder.mkdir()
    resize(folder, "2m", how="")
    os.chown(folder, cluster.stat().st_uid, cluster.stat().st_gid)
    name = database.rpartition("/")[2]
    await connection.execute(f"CREATE TABLESPACE tiny LOCATION '{folder}'")
    await connection.execute(f"ALTER DATABASE {name} SET default_tablespace = tiny")
    await db.sessions.kw["bind"].dispose()
    try:
        yield folder
    finally:
        await desk.accounts()  # a connection works
        await connection.execute(f"ALTER DATABASE {name} RESET default_tablespace")
        for table in await connection.fetch(
            "SELECT relname FROM pg_class WHERE relname LIKE 'raw_%' AND relkind = 'r'"
        ):
            await connection.execute(f"DROP TABLE staging.{table[0]} CASCADE")
        for table in await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'staging'::regnamespace"
        ):
            await connection.execute(f"DROP TABLE IF EXISTS staging.{table[0]}")
        await connection.execute("DROP TABLESPACE tiny")
        await connection.close()
        await db.sessions.kw["bind"].dispose()
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@pytest.mark.full
async def test_a_worker_whose_disk_is_full_says_so_and_goes_on_by_itself(desk: Desk, tiny: Path) -> None:
    batch = await desk.hand_in(MANY)
    stream = f"event:{await count(FIRST)}"
    with pytest.raises(OSError, match="disk is full"):
        await ears.hear(stream)
    waits = await desk.now(batch.id)
    assert (waits.state, waits.trouble) == (BatchState.READING, {"code": "disk_full"})
    assert say.trouble(waits.trouble or {}, "id")[0] == "Penyimpanan server penuh."
    assert await count(STAGED) == 0
    resize(tiny, "200m")
    await asyncio.sleep(1)
    await work()
    ready = await desk.now(batch.id)
    assert (ready.state, ready.trouble, ready.counts["new"]) == (BatchState.READY, None, 20_000)


@pytest.mark.full
async def test_an_upload_to_a_full_disk_leaves_nothing(door: Door, tiny: Path) -> None:
    (tiny / "mine").mkdir(0o777)
    set_environment(SIKPRO_UPLOADS=f"file://{tiny}/mine")
    token = await door.token(door.desk.person)
    large = listed(*(line(number) for number in range(40_000)))
    assert (await door.ask("POST", "/uploads", data=io.BytesIO(large), headers=token))[0] == 507
    assert list((tiny / "mine").iterdir()) == []
    resize(tiny, "200m")
    assert (await door.ask("POST", "/uploads", data=io.BytesIO(large), headers=token))[0] == 202
