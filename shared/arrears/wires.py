"""A COPY that ends when its connection does: asyncpg waits for ever to write to one that was lost while it was full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

PATIENCE = 3600.0  # seconds that one statement over a million rows may take


@asynccontextmanager
async def while_connected(wire: Any) -> AsyncIterator[None]:
    """End what is done within at once when the connection is lost. Raises asyncpg.ConnectionDoesNotExistError then.

    wire: an asyncpg connection.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as limit:

            def lost(_: Any) -> None:
                with suppress(RuntimeError):  # what was done within has just ended
                    limit.reschedule(loop.time())

            wire.add_termination_listener(lost)
            try:
                yield
            finally:
                wire.remove_termination_listener(lost)
    except Exception as error:
        if wire.is_closed():
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost in a COPY") from error
        raise
