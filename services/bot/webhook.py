"""Takes updates that Telegram pushes: the secret first, then the inbox, then 200. Handles nothing."""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from aiohttp import web

from services.bot import intake
from shared.settings import settings

log = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MOST = 4_000_000  # bytes of one update; Telegram's are far smaller
CONNECTIONS = 4


async def serve(woken: Callable[[int], None]) -> None:
    """Serve until cancelled. Without a database Telegram is asked to come again (503), nothing is lost."""
    house = settings()
    pool: asyncpg.Pool = asyncpg.create_pool(
        house.plain_database_url, min_size=0, max_size=CONNECTIONS, timeout=5, command_timeout=10
    )
    secret = house.webhook_secret.get_secret_value()

    async def take(request: web.Request) -> web.Response:
        if not secrets.compare_digest(request.headers.get(HEADER, "").encode(), secret.encode()):
            return web.Response(status=401)
        try:
            update: Any = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if intake.number_of(update) is None:
            return web.Response(status=400)
        try:
            async with pool.acquire(timeout=5) as connection:
                await intake.keep(connection, house.bot_id, [update])
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("the database is away, Telegram will come again: %s", error)
            return web.Response(status=503, headers={"Retry-After": "1"})
        woken(1)
        return web.Response()

    app = web.Application(client_max_size=MOST)
    app.router.add_post(urlsplit(house.webhook_url).path or "/", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3)
    await _open(pool)
    await runner.setup()
    host, port = address(house.webhook_listen)
    await web.TCPSite(runner, host, port).start()
    log.info("webhook listens on %s:%s", host, port)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        pool.terminate()


def address(listen: str) -> tuple[str, int]:
    """`127.0.0.1:8082` as host and port."""
    host, _, port = listen.rpartition(":")
    return host or "127.0.0.1", int(port)


async def _open(pool: asyncpg.Pool) -> None:
    while True:
        try:
            await pool
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("the database is away: %s", error)
            await asyncio.sleep(1)
        else:
            return
