"""The operator's own database and broker: seen to answer before anything is started on them. Changes nothing there."""

import asyncio
import os

import asyncpg
import redis

from deploy.local.say import give_up

VARIABLES = {"postgres": "SIKPRO_DATABASE_URL", "valkey": "SIKPRO_REDIS_URL"}


def given(name: str) -> str | None:
    """The address the operator has named for "postgres" or "valkey"; None where the embedded one is used."""
    return os.environ.get(VARIABLES[name]) or None


def need_answer(name: str, url: str) -> None:
    """Raises CannotGoOnError with one sentence when the server of that address does not let us in."""
    try:
        if name == "postgres":
            asyncio.run(_connect(plain(url)))
        else:
            with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
                client.ping()
    except (
        OSError,
        ValueError,
        TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        redis.RedisError,
    ) as error:
        give_up(f"The server of {VARIABLES[name]} does not let SIKPRO in: {error or type(error).__name__}")


def plain(url: str) -> str:
    """A database address without the name of a driver, as asyncpg wants it."""
    return "postgresql://" + url.split("://", 1)[-1]


async def _connect(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    await connection.close()
