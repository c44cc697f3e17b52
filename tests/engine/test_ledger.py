"""What was sent is known to Postgres: a pace whose Redis was emptied goes on from there, even if its senders died."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from redis.asyncio import Redis

from shared import pace
from shared.deliveries import ledger
from shared.deliveries.drain import Post
from shared.pace_limits import Limits
from shared.settings import settings
from tests.conftest import Servers
from tests.engine.kit import GROUP, chat, drained, say
from tests.pace.driving import warm
from tests.simulator.telegram import Telegram

ROOMY = Limits(chat_window=0.001, all_window=0.001, cold_group=3)


async def test_what_a_dead_sender_had_sent_still_counts_in_an_emptied_redis(
    post: Post, sim: Telegram, servers: Servers
) -> None:
    await sent_by(post, sim, 3)
    async with emptied(servers) as redis:
        heir = await warm(pace.Pace(redis, settings().bot_id, limits=ROOMY, ledger=ledger.sent_within))
        assert await heir.wait(GROUP, is_group=True, lane="reply", within=0.5) > 50


async def test_a_message_counts_once_whoever_tells_redis_of_it(post: Post, sim: Telegram, servers: Servers) -> None:
    await sent_by(post, sim, 3)
    async with emptied(servers) as redis:
        limits = replace(ROOMY, cold_group=9)
        sender, other = (
            pace.Pace(redis, settings().bot_id, limits=limits, ledger=ledger.sent_within) for _ in range(2)
        )
        await warm(sender)
        await sent_by(Post(post.telegram, sender), sim, 2)
        assert await redis.zcard(f"{sender.prefix}:group:{GROUP}") == 5
        await redis.flushdb()
        for each in (sender, other):
            await warm(each)
            assert await redis.zcard(f"{sender.prefix}:group:{GROUP}") == 5


async def test_without_its_ledger_a_pace_gives_no_place_in_an_emptied_redis(servers: Servers) -> None:
    away = True

    async def sent_within(seconds: float) -> list[pace.Known]:
        if away:
            raise ConnectionRefusedError
        return [pace.Known("1@0", GROUP, seconds / 2)]

    async with emptied(servers) as redis:
        keeper = pace.Pace(redis, settings().bot_id, limits=ROOMY, ledger=sent_within)
        assert await keeper.reserve(GROUP, is_group=True, lane="reply") == pace.LEDGER_LOOK
        assert not keeper.away
        away = False
        await warm(keeper)
        assert await redis.zcard(f"{keeper.prefix}:group:{GROUP}") == 1


async def sent_by(post: Post, sim: Telegram, count: int) -> None:
    await chat(sim)
    for number in range(count):
        await say(f"{number}")
    for _ in range(count):
        await drained(post, GROUP)


@asynccontextmanager
async def emptied(servers: Servers) -> AsyncIterator[Redis]:
    redis = pace.connect(servers.valkey)
    await redis.flushdb()
    yield redis
    await redis.aclose()
