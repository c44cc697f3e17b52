"""What a run did, counted at the simulator against what was committed. It asks nobody's opinion of itself."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.faults.stage import House
from tests.simulator.telegram import Telegram

MARK = "(kirim ulang)"


@dataclass
class Count:
    """Figures of one run; token lists say which events went wrong."""

    events: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    copies: int = 0
    """Messages in which nothing is new: one may tell of several changes."""
    reordered: list[str] = field(default_factory=list)
    unmade: list[str] = field(default_factory=list)
    """Answered to the writer, but no event is there."""
    invented: list[str] = field(default_factory=list)
    """Visible, but never committed."""
    marked: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.reordered or self.unmade or self.invented)


async def committed(database: str, tag: str) -> dict[str, tuple[int, int]]:
    """Token → (order, seq) of every change with this tag that Postgres kept."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            "SELECT payload->>'note' AS token, order_id, seq FROM event WHERE payload->>'note' LIKE $1", f"{tag}-%"
        )
    finally:
        await connection.close()
    return {row["token"]: (row["order_id"], row["seq"]) for row in rows}


@dataclass(frozen=True)
class Told:
    """A message of the bot as it stands in its chat. marked: it says that it is a repeat."""

    tokens: tuple[str, ...]
    marked: bool = False


async def shown(telegram: Telegram, chats: list[int], tag: str) -> list[Told]:
    """What a reader of each chat meets, chat after chat."""
    pattern = re.compile(rf"{tag}(?:-\d+)+")
    texts = [
        record["message"].get("text", "")
        for chat in chats
        for record in await telegram.messages(chat)
        if record["by_bot"] and not record["deleted"]
    ]
    return [Told(tuple(pattern.findall(text)), MARK in text) for text in texts if pattern.search(text)]


async def arrivals(telegram: Telegram, tag: str) -> dict[str, float]:
    """Token → when the simulator first got it (seconds since 1970)."""
    first: dict[str, float] = {}
    pattern = re.compile(rf"{tag}(?:-\d+)+")
    for call in await telegram.calls():
        if call["method"] == "sendMessage" and (call["outcome"] == "ok" or call["outcome"].startswith("applied")):
            for token in pattern.findall(str(call["params"].get("text", ""))):
                first.setdefault(token, call["ts"])
    return first


def compare(made: dict[str, tuple[int, int]], seen: list[Told]) -> Count:
    """Lost, duplicated (twice without the mark), reordered (per order, an older change after a newer one)."""
    count = Count(events=len(made))
    times: dict[str, int] = defaultdict(int)
    newest: dict[int, int] = defaultdict(int)
    for token, marked in ((token, told.marked) for told in seen for token in told.tokens):
        if token not in made:
            count.invented.append(token)
            continue
        if marked:
            count.marked += 1
            continue
        times[token] += 1
        order, seq = made[token]
        if times[token] == 1 and seq < newest[order]:
            count.reordered.append(token)
        newest[order] = max(newest[order], seq)
    visible: set[str] = set()
    for told in seen:
        count.copies += not told.marked and visible.issuperset(told.tokens)
        visible.update(told.tokens)
    count.lost = sorted(set(made) - visible)
    count.duplicated = sorted(token for token, often in times.items() if often > 1)
    return count


async def count(house: House, chats: list[int], tag: str, answered: dict[str, float]) -> Count:
    """Everything about the run of this tag; `answered` is what the writer was told, token → moment."""
    made = await committed(house.database, tag)
    result = compare(made, await shown(house.telegram, chats, tag))
    result.unmade = sorted(set(answered) - set(made))
    got = await arrivals(house.telegram, tag)
    waits = sorted(got[token] - at for token, at in answered.items() if token in got)
    if waits:
        result.p50, result.p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]
        result.longest = waits[-1]
    return result


def behind(made: dict[str, tuple[int, int]], answered: dict[str, float], calls: list[dict[str, Any]]) -> list[float]:
    """Seconds until each change was told by a call that shows it, or a newer one of its order; `calls` of one chat."""
    pattern, waits = re.compile("|".join(map(re.escape, made))), dict[str, float]()
    for call in calls:
        if call["outcome"] != "ok":
            continue
        for shown_now in pattern.findall(str(call["params"].get("text", ""))):
            order, seq = made[shown_now]
            for token in [each for each, (its, older) in made.items() if its == order and older <= seq]:
                if token in answered:
                    waits.setdefault(token, call["ts"] - answered[token])
    return list(waits.values())
