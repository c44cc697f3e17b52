"""Sends as fast as a pace allows, in this process or in two, and counts what Telegram would have seen."""

import asyncio
import json
import pathlib
import random
import sys
import time

from shared.pace import Pace, Slot, connect
from shared.pace_limits import Limits

BOT = 731904
GROUP, OTHER_GROUP, BUDI = -100123, -100456, 42
ROOT = pathlib.Path(__file__).parents[2]
QUICK = Limits(all_window=0.25, chat_window=0.3, group_window=3.0, local_chat_window=0.4)
"""Time runs four times faster for all and one chat, twenty times for a group."""


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
    words = [sys.executable, "-m", "tests.pace.driving", url, str(seconds), json.dumps(chats)]
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


if __name__ == "__main__":
    asyncio.run(child(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])))
