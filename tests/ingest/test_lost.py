"""A database that goes away in the middle of a COPY: the worker notices, instead of waiting for it for ever."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.arrears.wires import while_connected


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 100_000 + b"\n"


async def test_a_copy_ends_with_its_connection(database: str) -> None:
    wire, other = await asyncpg.connect(database), await asyncpg.connect(database)
    await wire.execute("CREATE TEMP TABLE target (cell text)")
    pid = wire.get_server_pid()

    async def end() -> None:
        await asyncio.sleep(0.3)
        await other.execute("SELECT pg_terminate_backend($1)", pid)
        await other.close()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(end())
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            async with while_connected(wire):
                await wire.copy_to_table("target", source=endless())
