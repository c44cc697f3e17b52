"""The pace against a real Valkey: no window is ever too full, whoever asks in whatever order."""

import asyncio
import signal
import time

import pytest

from shared.pace import Pace, Slot, Wait
from shared.pace_limits import Limits
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


async def test_two_processes_of_four_tasks_never_fill_a_window_too_much(valkey, redis) -> None:
    chats = [GROUP, OTHER_GROUP, *range(1, 60)]
    arrivals = await in_two_processes(valkey.url, 4.0, chats)
    assert_within_telegrams_limits(arrivals)
    assert len(arrivals) > 100  # and it is no crawl


async def test_places_given_ahead_to_those_in_line_never_fill_a_window_too_much(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=QUICK))
    arrivals = await drive(pace, 1.2, [GROUP, *range(1, 60)], tasks=40, lane="push", in_line=True)
    assert_within_telegrams_limits(arrivals)


async def test_a_place_ahead_waits_for_its_moment_and_a_chats_own_limit_leaves_the_line(redis) -> None:
    limits = Limits(all_window=0.4, chat_window=0.4, lanes={"reply": (9, 18), "push": (1, 15), "bulk": (1, 8)})
    pace = await warm(Pace(redis, BOT, limits=limits))
    await pace.settle(await pace.reserve(BUDI, is_group=False, lane="push"))
    settled = time.monotonic()
    ahead = await pace.stand_in_line(1, is_group=False, lane="push", within=60)
    await ahead.due()
    assert time.monotonic() - settled > 0.395  # by another clock than Redis'
    assert await pace.stand_in_line(1, is_group=False, lane="reply", within=60) <= 0.05


async def test_one_busy_group_gets_its_whole_share(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(all_window=0.05, chat_window=0.05, group_window=1.6)))
    await asyncio.sleep(1.6)  # past the cold window
    arrivals = await drive(pace, 3.0, [GROUP])
    assert 14 <= fullest(arrivals, 1.6, GROUP) <= 18


async def test_all_chats_together_get_30_a_second_and_recaps_half(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(cold_all=99)))
    assert await taken(pace, "bulk", 40) == 15
    assert await taken(pace, "push", 40) == 15
    assert await taken(pace, "reply", 40) == 0


async def test_news_leave_room_as_soon_as_an_answer_had_to_wait(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(cold_all=99, hurry_for=30)))
    sent = [await pace.reserve(chat, is_group=False, lane="push") for chat in range(1, 31)]
    assert not isinstance(await pace.reserve(31, is_group=False, lane="reply"), Slot)
    for slot in sent[:5]:
        await pace.cancel(slot)
    assert await taken(pace, "push", 5) == 0
    assert await taken(pace, "reply", 9) == 5


async def test_a_group_keeps_room_for_replies(redis) -> None:
    limits = Limits(chat_window=0.001, all_window=0.002, group_window=60.0, cold_group=99, burst=0)
    pace = await warm(Pace(redis, BOT, limits=limits))

    async def until_full(lane: str) -> int:
        count = 0
        while isinstance(got := await pace.wait(GROUP, is_group=True, lane=lane, within=0.2), Slot):
            await pace.settle(got)
            count += 1
        assert got > 30
        return count

    assert [await until_full(lane) for lane in ("bulk", "push", "reply")] == [8, 7, 3]


async def test_a_busy_groups_news_are_spread_over_its_minute_and_an_answer_is_not(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(chat_window=0.001, all_window=0.002, cold_group=99, burst=3)))
    for _ in range(3):
        await pace.settle(await pace.wait(GROUP, is_group=True, lane="push", within=1))
    assert 3 < await pace.reserve(GROUP, is_group=True, lane="push") <= 4  # fifteen a minute
    assert isinstance(await pace.wait(GROUP, is_group=True, lane="reply", within=1), Slot)


@pytest.mark.parametrize(("others", "seconds"), [(0, 3), (20, 1)])
async def test_a_late_message_of_a_group_delays_the_next_unless_a_crowd_kept_it_waiting(redis, others, seconds) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(chat_window=0.001, all_window=0.3, cold_group=99)))
    now = int(time.time() * 1_000_000)  # Redis' clock is this machine's
    sent = {f"early{each}": now - 30_000_000 for each in range(6)} | {"late": now - 1_000_000}
    await redis.zadd(f"{pace.prefix}:group:{GROUP}", sent)
    if others:
        await redis.zadd(f"{pace.prefix}:all", {f"other{each}": now + 60_000_000 for each in range(others)})
    wait = await pace.reserve(GROUP, is_group=True, lane="push")
    assert seconds - 0.5 < wait <= seconds


async def test_a_chat_gets_one_message_and_then_waits_a_second(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    slot = await pace.reserve(BUDI, is_group=False, lane="reply")
    in_flight = await pace.reserve(BUDI, is_group=False, lane="reply")
    assert in_flight <= 0.05
    await pace.settle(slot)
    wait = await pace.reserve(BUDI, is_group=False, lane="reply")
    assert 0.9 < wait <= 1.1
    assert isinstance(await pace.wait(BUDI, is_group=False, lane="reply", within=2), Slot)


async def test_places_for_many_chats_at_once_are_those_that_each_would_get(redis) -> None:
    pace = await warm(Pace(redis, BOT, limits=Limits(cold_all=99, cold_group=99)))
    asked = [BUDI, BUDI, GROUP, *range(1000, 1039)]
    got = await pace.reserve_all(asked, "reply")
    slots = [each for each in got if isinstance(each, Slot)]
    assert [each.chat_id for each in slots] == [BUDI, GROUP, *range(1000, 1028)]
    waits = [(each.seconds <= 0.05, each.everybody) for each in got if isinstance(each, Wait)]
    assert waits == [(True, False), *[(True, True)] * 11]
    await asyncio.gather(*(pace.settle(each) for each in slots))
    seconds, part = await redis.time()
    assert await redis.zcard(f"{pace.prefix}:all") == 30
    assert await redis.zcount(f"{pace.prefix}:all", f"({seconds * 1_000_000 + part}", "+inf") == 0  # none is in flight


async def test_who_is_cancelled_while_telling_of_several_leaves_them_to_the_next(valkey, redis) -> None:
    pace = await warm(Pace(redis, BOT))
    slots = await pace.reserve_all(range(1, 5), "reply")
    async with pace._telling:
        telling = [asyncio.ensure_future(pace.settle(each)) for each in slots]
        await asyncio.sleep(0)
        valkey.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(
        0.05
    )  # until it waits for the answer: a wait_for of Python 3.11 before that swallows the cancel
    telling[0].cancel()  # it is telling of all of them
    valkey.process.send_signal(signal.SIGCONT)
    await asyncio.gather(*telling, return_exceptions=True)
    seconds, part = await redis.time()
    assert telling[0].cancelled()
    assert await redis.zcount(f"{pace.prefix}:all", f"({seconds * 1_000_000 + part}", "+inf") == 0


async def test_a_request_that_never_left_does_not_count(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    await pace.cancel(await pace.reserve(BUDI, is_group=False, lane="reply"))
    assert isinstance(await pace.reserve(BUDI, is_group=False, lane="reply"), Slot)


async def test_a_dead_worker_holds_a_chat_only_for_its_lease(redis) -> None:
    dead, living = Pace(redis, BOT, lease=0.3, limits=QUICK), Pace(redis, BOT, limits=QUICK)
    await warm(dead)
    assert isinstance(await dead.reserve(BUDI, is_group=False, lane="reply"), Slot)
    begin = time.monotonic()
    assert isinstance(await living.wait(BUDI, is_group=False, lane="reply", within=2), Slot)
    assert 0.5 < time.monotonic() - begin < 1.0


async def test_every_key_lies_in_one_slot_of_a_cluster_and_expires(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    await pace.settle(await pace.reserve(GROUP, is_group=True, lane="push"))
    await pace.slow_down(GROUP)
    keys = [key.decode() for key in await redis.keys("*")]
    assert len(keys) == 5
    assert all(f"{{{BOT}}}" in key for key in keys)
    assert [key for key in keys if await redis.ttl(key) < 0] == []


async def test_two_429s_in_ten_minutes_halve_the_group_for_every_process(redis) -> None:
    limits = Limits(chat_window=0.001, all_window=0.002, cold_group=99)
    one, two = Pace(redis, BOT, limits=limits), Pace(redis, BOT, limits=limits)
    await warm(one)
    assert not await one.slow_down(GROUP)
    assert await two.slow_down(GROUP)
    assert 3500 < await redis.ttl(f"pace:{{{BOT}}}:slow:{GROUP}") <= 3600
    for _ in range(9):
        await one.settle(await one.wait(GROUP, is_group=True, lane="reply", within=0.1))
    assert await one.wait(GROUP, is_group=True, lane="reply", within=0.1) > 30
    assert isinstance(await one.wait(OTHER_GROUP, is_group=True, lane="reply", within=0.1), Slot)
