"""The pace without Redis, with an emptied one, and with one that comes back: no window is too full then either."""

import asyncio
import signal
import socket
import time
from itertools import pairwise

from redis.asyncio import Redis

from shared.pace import Known, Pace, Slot, connect
from shared.pace_limits import Limits, faster
from tests.pace.conftest import free_port
from tests.pace.driving import (
    BOT,
    BUDI,
    GROUP,
    OTHER_GROUP,
    QUICK,
    assert_within_telegrams_limits,
    drive,
    fullest,
    in_two_processes,
    taken,
    warm,
)


async def test_an_emptied_redis_gives_less_for_a_while(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    assert await taken(pace, "reply", 40) == 25


async def test_places_for_many_chats_are_given_by_a_redis_that_was_told_first(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(cold_all=99, chat_window=0.001)))
    sent = await pace.reserve_all(range(1, 31), "reply")
    await asyncio.gather(*(pace.settle(each) for each in sent if isinstance(each, Slot)))
    await redis.flushall()
    assert not [each for each in await pace.reserve_all(range(31, 41), "reply") if isinstance(each, Slot)]
    assert await redis.zcard(f"{pace.prefix}:all") == 30


async def test_places_for_many_chats_without_redis_are_few() -> None:
    client = await refused()
    pace = Pace(client, BOT, limits=Limits(chat_window=0.01, all_window=0.2, group_window=0.01), processes=1)
    await pace.reserve(BUDI, is_group=False, lane="reply")
    await asyncio.sleep(0.02)  # what others may have sent until Redis went away is over
    got = await pace.reserve_all(range(1, 21), "reply")
    assert pace.away
    assert sum(isinstance(each, Slot) for each in got) == pace.limits.local_all
    await client.aclose()


async def test_who_sent_while_redis_was_away_has_all_wait_for_those_who_still_do(valkey, redis) -> None:
    limits = faster(10)
    first, second = Pace(redis, BOT, limits=limits), Pace(redis, BOT, limits=limits)
    await warm(first)
    assert isinstance(await second.reserve(BUDI, is_group=False, lane="reply"), Slot)
    valkey.process.send_signal(signal.SIGSTOP)  # what it knows it keeps, so its epoch tells nobody of the gap
    try:
        assert isinstance(await first.reserve(GROUP, is_group=True, lane="reply"), float)
        assert isinstance(await second.wait(GROUP, is_group=True, lane="reply", within=2), Slot)
    finally:
        valkey.process.send_signal(signal.SIGCONT)
    await asyncio.sleep(limits.retry_after)
    waits = [await each.reserve(BUDI, is_group=False, lane="reply") for each in (second, first)]
    assert all(limits.chat_window < wait <= 0.62 for wait in waits)


async def test_an_emptied_redis_is_told_what_was_sent(valkey, redis) -> None:
    async def emptier() -> None:
        for _ in range(3):
            await asyncio.sleep(1.3)
            await redis.flushall()

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(in_two_processes(valkey.url, 6.0, [GROUP, OTHER_GROUP, *range(1, 40)]))
        group.create_task(emptier())
    arrivals = sending.result()
    assert_within_telegrams_limits(arrivals)
    assert len(arrivals) > 60


async def test_a_full_group_is_still_full_after_the_emptying(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(chat_window=0.001, all_window=0.002, cold_group=99)))
    for _ in range(18):
        await pace.settle(await pace.wait(GROUP, is_group=True, lane="reply", within=0.1))
    await redis.flushall()
    assert await pace.wait(GROUP, is_group=True, lane="reply", within=0.5) > 50


async def test_a_settle_after_the_emptying_still_counts(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=QUICK))
    slot = await pace.reserve(BUDI, is_group=False, lane="reply")
    await redis.flushall()
    await pace.settle(slot)
    await warm(pace)
    assert await redis.zscore(f"pace:{{{BOT}}}:chat:{BUDI}", slot.token) is not None
    assert await redis.zscore(f"pace:{{{BOT}}}:chat:{BUDI}", slot.token) < time.time() * 1_000_000


async def refused() -> Redis:
    return connect(f"redis://127.0.0.1:{free_port()}/0")


async def test_a_dead_redis_costs_half_a_second_at_most_and_then_nothing_for_a_second() -> None:
    with socket.socket() as hole:  # takes connections and never answers
        hole.bind(("127.0.0.1", 0))
        hole.listen(64)
        client = Redis.from_url(
            f"redis://127.0.0.1:{hole.getsockname()[1]}/0"
        )  # even with the library's patient defaults
        pace = Pace(client, BOT)
        begin = time.monotonic()
        wait = await pace.reserve(BUDI, is_group=False, lane="reply")
        assert time.monotonic() - begin < 0.55
        assert pace.away
        assert 0 < wait <= 1.1  # others may have sent until a moment ago
        begin = time.monotonic()
        await pace.reserve(BUDI, is_group=False, lane="reply")
        await pace.settle(Slot("token", BUDI, is_group=False, keys=("a", "b")))
        assert time.monotonic() - begin < 0.05
        await client.aclose()


async def test_without_redis_a_process_keeps_a_slow_pace_of_its_own() -> None:
    client = await refused()
    limits = Limits(all_window=0.25, chat_window=0.3, local_chat_window=0.4, group_window=1.5)
    pace = Pace(client, BOT, limits=limits, processes=2)
    arrivals = await drive(pace, 3.0, [GROUP, GROUP, GROUP, BUDI, BUDI, 1, 2, 3])
    assert fullest(arrivals, 0.25) <= 4
    assert fullest(arrivals, 0.3, GROUP) == fullest(arrivals, 0.3, BUDI) == 1
    assert len(arrivals) > 15
    await client.aclose()


async def test_without_redis_a_group_gets_no_more_from_several_who_know_of_each_other_by_the_ledger() -> None:
    client = await refused()
    sent: list[float] = []

    async def sent_within(_: float) -> list[Known]:
        return [Known(f"{number}@0", GROUP, time.monotonic() - at) for number, at in enumerate(sent)]

    limits = Limits(chat_window=0.01, local_chat_window=0.03, local_all=99)
    first, second = (Pace(client, BOT, limits=limits, ledger=sent_within) for _ in range(2))
    for pace in [first, second] * 7:
        slot = await pace.wait(GROUP, is_group=True, lane="reply", within=0.2)
        if isinstance(slot, Slot):
            sent.append(time.monotonic())
            await pace.settle(slot, f"{len(sent) - 1}@0")
    assert len(sent) == limits.local_group
    assert min(later - one for one, later in pairwise(sent)) > 0.025
    await client.aclose()


async def test_a_redis_that_comes_back_learns_what_was_sent_without_it(valkey, redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=QUICK))
    before = await drive(pace, 1.0, [GROUP, *range(1, 20)])
    valkey.stop()
    without = await drive(pace, 1.2, [GROUP, *range(1, 20)])
    assert pace.away
    valkey.start()
    after = await drive(pace, 2.5, [GROUP, *range(1, 20)])
    assert not pace.away
    assert without
    assert after
    assert_within_telegrams_limits([*before, *without, *after])


async def test_a_message_sent_without_redis_is_in_it_afterwards(valkey, redis) -> None:
    pace = Pace(redis, BOT)
    valkey.stop()
    slot = await pace.wait(GROUP, is_group=True, lane="reply", within=3)
    assert pace.away
    await pace.settle(slot)
    valkey.start()
    await asyncio.sleep(1.1)
    await warm(pace)
    assert not pace.away
    assert await redis.zscore(f"pace:{{{BOT}}}:group:{GROUP}", slot.token) is not None


async def test_an_answer_that_came_too_late_does_not_block_the_chat(valkey, redis) -> None:
    pace = await warm(Pace(redis, BOT))
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        assert not isinstance(await pace.reserve(BUDI, is_group=False, lane="reply"), Slot)
        assert pace.away
    finally:
        valkey.process.send_signal(signal.SIGCONT)  # now it reads the question that nobody waits for any more
    async with asyncio.timeout(5):
        while not await redis.exists(f"{pace.prefix}:chat:{BUDI}"):
            await asyncio.sleep(0.01)
    assert isinstance(await pace.wait(BUDI, is_group=False, lane="reply", within=2), Slot)
    assert not pace.away
