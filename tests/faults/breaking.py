"""Ways to break a running house. Each goes on until the writer is done, and leaves everything running."""

import asyncio
import random
import signal
from contextlib import suppress

import asyncpg
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
            while not await pause(over, every):
                with suppress(RedisError, OSError):
                    await redis.flushall()
            await redis.flushall()
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


def no_answers(share: float, most: int) -> Breaking:
    """Telegram fails before or after accepting and keeps the sender in the dark; each kind this often, `most` times.

    It goes on after the writer is done: on a slow machine most of the messages leave later.
    """
    kinds = ("error_before", "drop_before", "error_after", "drop_after", "hang_after", "bad_json")

    async def act(house: House, over: asyncio.Event) -> None:
        for seed, kind in enumerate(kinds, 70):
            rule = {"kind": kind, "probability": share, "seed": seed, "method": "sendMessage", "count": most}
            await house.telegram.sim("faults", seconds=30, **rule)
        await over.wait()

    return act


def together(*several: Breaking) -> Breaking:
    """All of them at once."""

    async def act(house: House, over: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each in several:
                tasks.create_task(_at_work(each, house, over))

    return act


async def _at_work(breaking: Breaking, house: House, over: asyncio.Event) -> None:
    await breaking(house, over)
