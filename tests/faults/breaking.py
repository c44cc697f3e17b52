"""Ways to break a running house. Each goes on until the writer is done, and leaves everything running."""

import asyncio
import random
import signal
from contextlib import suppress
from datetime import datetime

import asyncpg
import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from deploy.local.program import ask
from tests.faults.run import Breaking
from tests.faults.stage import House, clear_faults


async def pause(over: asyncio.Event, seconds: float) -> bool:
    """Wait; True when the writer is done meanwhile."""
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)
    return over.is_set()


def notifier_killed(often: tuple[float, float], kills: int, seed: int = 1) -> Breaking:
    """SIGKILL in turn to one worker process and to the whole notifier, at least `kills` times."""

    async def act(house: House, over: asyncio.Event) -> None:
        dice, done = random.Random(seed), 0
        while not await pause(over, dice.uniform(*often)) or done < kills:
            if done % 2:
                await house.restart("notifier")
            else:
                house.kill_child("notifier", dice)
            done += 1

    return act


def relay_killed(often: tuple[float, float], kills: int, seed: int = 2) -> Breaking:
    async def act(house: House, over: asyncio.Event) -> None:
        dice, done = random.Random(seed), 0
        while not await pause(over, dice.uniform(*often)) or done < kills:
            await house.restart("relay")
            done += 1

    return act


def redis_flushed(every: float) -> Breaking:
    async def act(house: House, over: asyncio.Event) -> None:
        redis = Redis.from_url(house.valkey.url, socket_timeout=5)
        try:
            done = False
            while not done:
                done = await pause(over, every)
                with suppress(RedisError, OSError):  # another fault may have stopped it
                    await redis.flushall()
        finally:
            await redis.aclose()

    return act


def all_memory_lost(often: tuple[float, float], times: int, seed: int = 8) -> Breaking:
    """The whole notifier is killed and Redis emptied in the same moment: only the ledger knows what was sent."""

    async def act(house: House, over: asyncio.Event) -> None:
        dice, done = random.Random(seed), 0
        redis = Redis.from_url(house.valkey.url, socket_timeout=5)
        try:
            while not await pause(over, dice.uniform(*often)) or done < times:
                house.kill("notifier")
                await redis.flushall()
                await house.restart("notifier")
                done += 1
        finally:
            await redis.aclose()

    return act


def redis_stopped(after: float, seconds: float) -> Breaking:
    async def act(house: House, over: asyncio.Event) -> None:
        await pause(over, after)
        house.valkey.kill()
        await asyncio.sleep(seconds)
        house.valkey.start()

    return act


def postgres_restarted(often: tuple[float, float], times: int, away: float = 0.3, seed: int = 3) -> Breaking:
    """`stop -m immediate`, a moment without, and a start."""

    async def act(house: House, over: asyncio.Event) -> None:
        dice = random.Random(seed)
        for _ in range(times):
            await pause(over, dice.uniform(*often))
            ask(house.postgres.process, signal.SIGQUIT)
            house.postgres.process.wait()
            await asyncio.sleep(away)
            house.postgres.start()

    return act


def telegram_fails(*rules: dict[str, object]) -> Breaking:
    """The simulator's faults, until the writer is done or the rules' own time is over."""

    async def act(house: House, over: asyncio.Event) -> None:
        for rule in rules:
            await house.telegram.sim("faults", **rule)
        await over.wait()
        lasting = max((float(str(rule.get("lasts", 0))) for rule in rules), default=0)
        if lasting:
            await asyncio.sleep(lasting)
        await clear_faults(house.telegram)

    return act


def connections_cut(every: float) -> Breaking:
    """Every connection to Postgres is ended by its server, again and again."""

    async def act(house: House, over: asyncio.Event) -> None:
        while not await pause(over, every):
            connection = await asyncpg.connect(house.postgres.url)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'house' AND pid <> pg_backend_pid()"
            )
            await connection.close()

    return act


def no_answers(share: float, most: int, seed: int = 7) -> Breaking:
    """Telegram fails before or after accepting and keeps the sender in the dark; each kind this often, `most` times.

    It goes on after the writer is done: on a slow machine most of the messages leave later.
    """
    kinds = ("error_before", "drop_before", "error_after", "drop_after", "hang_after", "bad_json")

    async def act(house: House, over: asyncio.Event) -> None:
        for each, kind in enumerate(kinds, seed * 10):
            rule = {"kind": kind, "probability": share, "seed": each, "method": "sendMessage", "count": most}
            await house.telegram.sim("faults", seconds=30, **rule)
        await over.wait()

    return act


def some_429(share: float, seed: int = 6) -> Breaking:
    """429 to some of the calls; it goes on after the writer is done."""

    async def act(house: House, over: asyncio.Event) -> None:
        await house.telegram.sim("faults", kind="429", probability=share, seconds=2, seed=seed)
        await over.wait()

    return act


def worker_frozen(often: tuple[float, float], seconds: float, times: int, seed: int = 17) -> Breaking:
    """SIGSTOP to a worker process that has just claimed a message, SIGCONT after so many seconds: a zombie writes."""

    async def act(house: House, over: asyncio.Event) -> None:
        dice = random.Random(seed)
        for _ in range(times):
            await pause(over, dice.uniform(*often))
            frozen = await _freeze_a_sender(house, dice)
            await asyncio.sleep(seconds)
            frozen.resume()

    return act


async def _freeze_a_sender(house: House, dice: random.Random) -> psutil.Process:
    """A worker process stopped between its claim and the record of the answer; others go on."""
    while True:
        worker = dice.choice(psutil.Process(house.running["notifier"].pid).children())
        before = await _being_sent(house)
        if before:
            worker.suspend()
            await asyncio.sleep(1.0)  # what the other one was sending is over by now
            if before & await _being_sent(house):
                return worker
            worker.resume()
        await asyncio.sleep(0.02)


async def _being_sent(house: House) -> set[tuple[int, datetime]]:
    connection = await asyncpg.connect(house.database)
    try:
        rows = await connection.fetch("SELECT id, claimed_at FROM delivery WHERE state = 'sending'")
    finally:
        await connection.close()
    return {(row["id"], row["claimed_at"]) for row in rows}


def together(*several: Breaking) -> Breaking:
    """All of them at once."""

    async def act(house: House, over: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each in several:
                tasks.create_task(_at_work(each, house, over))

    return act


async def _at_work(breaking: Breaking, house: House, over: asyncio.Event) -> None:
    await breaking(house, over)
