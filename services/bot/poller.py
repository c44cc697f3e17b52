"""Fetches updates by long polling and keeps them: one process at a time, and an offset moves only after a commit.

The lock lives in the database session that also writes. Whoever loses the lock has lost the pen with it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg

from services.bot import intake
from shared.reports.health import POLLER
from shared.settings import settings
from shared.telegram import Outcome, Telegram

log = logging.getLogger(__name__)

LONG = 25  # seconds Telegram may keep a request waiting
SLACK = 10  # seconds more until a silent connection counts as dead
BEAT = 5.0  # seconds between two looks at the lock's session
SLOWEST = 5.0  # seconds between two tries while the network is down
DENIED = 20.0  # seconds between two tries while Telegram refuses the token
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


async def poll(woken: Callable[[int], None]) -> None:
    """For ever: be the one that polls, or stand by. `woken` is told after each commit how many came."""
    house = settings()
    base, token = house.telegram_api, house.telegram_token.get_secret_value()
    telegram = Telegram(base, token, LONG + SLACK)
    standing_by = False
    try:
        while True:
            try:
                connection = await asyncpg.connect(house.plain_database_url, timeout=5, command_timeout=10)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("the database is away, no polling: %s", error)
                await asyncio.sleep(1)
                continue
            try:
                if await connection.fetchval(_TRY_LOCK, f"sikpro poller {house.bot_id}"):
                    standing_by = False
                    log.info("this process polls")
                    await _lead(connection, telegram, house.bot_id, woken)
                elif not standing_by:
                    standing_by = True
                    log.info("another process polls; standing by")
            except Exception as error:  # a broken session shows itself in many ways; the next one starts afresh
                log.warning("polling stops, its database session is gone: %s", error)
            finally:
                connection.terminate()
            await asyncio.sleep(1)
    finally:
        await telegram.close()


async def _lead(connection: asyncpg.Connection, telegram: Telegram, bot_id: int, woken: Callable[[int], None]) -> None:
    """Poll until the lock's session is gone; then stop at once, even in the middle of a request."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    writing = asyncio.Lock()  # a connection does one thing at a time

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            async with writing:
                await connection.fetchval("SELECT 1", timeout=BEAT)

    said = ""
    await connection.execute(f"SET application_name = '{POLLER}'")

    async def tell(state: str) -> None:
        """Write how polling goes on our own session, where /health reads it; it is gone with this process."""
        nonlocal said
        if state != said:
            async with writing:
                await connection.execute(f"SET application_name = '{POLLER} {state}'")
            said = state

    async def fetch() -> None:
        offset, failures = 0, 0
        while True:
            outcome = await telegram.call("getUpdates", _request(offset, LONG if said == "done" else 0))
            await tell(_state(outcome))
            if outcome.kind != "done":
                failures += 1
                await _after_failure(outcome, failures, telegram)
                if outcome.words.startswith("Conflict"):
                    return
                continue
            failures = 0
            updates = intake.numbered(outcome.result)
            if updates:
                async with writing:
                    await intake.keep(connection, bot_id, updates)
                woken(len(updates))
                offset = intake.last_of(updates) + 1

    async def watch() -> None:
        await lost.wait()

    tasks = [asyncio.ensure_future(work()) for work in (beat, fetch, watch)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if lost.is_set():
            log.warning("polling stops, its database session is gone")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _state(outcome: Outcome) -> str:
    """One of the words of `shared.reports.health.POLLER_STATES`."""
    if outcome.words.startswith("Conflict"):
        return "conflict"
    return outcome.kind if outcome.kind in {"done", "denied"} else "away"


def _request(offset: int, wait: int) -> dict[str, Any]:
    """wait: seconds; none until the first answer has come, so that /health knows soon how it stands."""
    request: dict[str, Any] = {"timeout": wait, "limit": 100, "allowed_updates": list(intake.KINDS)}
    return request | {"offset": offset} if offset else request


async def _after_failure(outcome: Outcome, failures: int, telegram: Telegram) -> None:
    """Say what is wrong once in a while, and wait as long as it is worth."""
    if outcome.words.startswith("Conflict"):
        log.error("someone else fetches this bot's updates, polling stops for now: %s", outcome.words)
        if "webhook" in outcome.words:
            await telegram.call("deleteWebhook", {})
        await asyncio.sleep(3)
    elif outcome.kind == "denied":
        log.error("Telegram refuses SIKPRO_TELEGRAM_TOKEN, check it with @BotFather: %s", outcome.words)
        await asyncio.sleep(DENIED)
    elif outcome.kind == "flood":
        await asyncio.sleep(outcome.retry_after)
    else:
        if failures in {1, 5} or failures % 60 == 0:
            log.warning("no updates from Telegram since %s tries: %s", failures, outcome.words)
        await asyncio.sleep(min(SLOWEST, 0.25 * 2 ** min(failures, 8)))
