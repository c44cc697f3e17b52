"""One run: orders in chats, a writer at work while something is broken, then the count and its line in the report."""

import asyncio
import itertools
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults import count, stage, writer
from tests.faults.count import Count
from tests.faults.stage import House
from tests.faults.writer import Plan, Written

_tags = itertools.count(1)
_chats = itertools.count(1)
Breaking = Callable[[House, asyncio.Event], Awaitable[None]]


@dataclass(frozen=True)
class Size:
    """How much a run writes. `drain` is a generous time-out in seconds, never a figure that is asserted."""

    events: int = 120
    rate: float = 40
    groups: int = 10
    people: int = 2
    orders: int = 36
    drain: float = 90


QUICK = Size()
FULL = Size(events=int(os.environ.get("FAULT_EVENTS", "10000")), rate=90, groups=34, people=6, orders=400, drain=600)
"""FAULT_EVENTS: fewer, to see whether a scenario works at all."""


@dataclass
class Report:
    """A run's figures: see `line`."""

    name: str
    count: Count
    written: Written
    took: float
    settled: float
    ambiguous: int
    violations: int
    broken: list[str]
    """Which limits of Telegram's, in words."""
    left: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        c = self.count
        rate = len(self.written.at) / self.took
        return (
            f"{self.name}: {c.events} events at {rate:.0f}/s, "
            f"lost/dup/reordered {len(c.lost)}/{len(c.duplicated)}/{len(c.reordered)}, "
            f"ambiguous {self.ambiguous}, marked {c.marked}, settled within {self.settled:.1f} s, "
            f"violations {self.violations}, p50/p99/longest {c.p50:.2f}/{c.p99:.2f}/{c.longest:.2f} s, "
            f"slowest write {self.written.slowest:.2f} s, refused writes {self.written.failed}"
            + (f" {dict(self.written.why)}" if self.written.why else "")
            + (f", STILL WAITING {self.left}" if self.left else "")
            + "".join(f"\n  {each}" for each in self.broken)
        )


@dataclass
class Scene:
    """Chats and orders of one run, and whom to count for."""

    tag: str
    chats: list[int]
    actor: int
    orders: list[int]


async def scene(house: House, size: Size, tag: str = "") -> Scene:
    """Fresh chats in the simulator and orders that came from them."""
    groups = [-1001700000000 - next(_chats) for _ in range(size.groups)]
    people = [6600000 + next(_chats) for _ in range(size.people)]
    await house.telegram.sim(
        "bulk",
        users=[{"id": 5512045, "first_name": "Rizal"}, *({"id": person, "first_name": "Tek"} for person in people)],
        chats=[
            *(
                {"id": group, "title": f"Grup {group}", "members": [5512045], "bot": "administrator"}
                for group in groups
            ),
            *({"id": person, "type": "private"} for person in people),
        ],
    )
    chats = [*groups, *people]
    wanted = [chats[number % len(chats)] for number in range(size.orders)]
    told = await house.telegram.sim(
        "bulk", say=[{"chat": chat, "user": chat if chat > 0 else 5512045, "text": "/reg"} for chat in wanted]
    )
    said = [(chat, each["message_id"]) for chat, each in zip(wanted, told["said"], strict=True)]
    actor, orders = await writer.open_orders(said)
    return Scene(tag or f"t{next(_tags):03d}", chats, actor, orders)


async def run_killed(
    house: House, name: str, size: Size, module: str, lives: int, seed: int = 4, **more: str
) -> Report:
    """The writer is a process that is killed somewhere between two statements, `lives` times; the last one finishes.

    What it was answered before each death is in its notes; whatever Postgres kept must be told. more: its environment.
    """
    there = await scene(house, size)
    before, asked_before = await house.telegram.figures(), ambiguous(house)
    dice, begun = random.Random(seed), time.monotonic()
    notes = house.folder / f"{there.tag}.notes"
    for life in range(lives + 1):
        done = len(writer.read_notes(notes))
        events = size.events // (lives + 1) if life < lives else size.events - done
        plan = Plan(f"{there.tag}-{life}", there.actor, there.orders, events, size.rate, seed=seed + life)
        house.start_writer(module, writer.plan_file(plan, house.folder / f"{plan.tag}.plan"), notes, **more)
        if life == lives:
            await asyncio.to_thread(house.running["writer"].wait)
            continue
        known = len(writer.read_notes(notes))
        while len(writer.read_notes(notes)) < known + 3 and house.running["writer"].poll() is None:
            await asyncio.sleep(0.02)
        await asyncio.sleep(dice.uniform(0, 0.3))
        house.kill("writer")
    assert house.running.pop("writer").returncode == 0, house.log("writer")[-2000:]
    took, ended = time.monotonic() - begun, time.monotonic()
    left = await stage.until_quiet(house, size.drain)
    figures = await house.telegram.figures()
    written = Written(at=writer.read_notes(notes))
    report = Report(
        name,
        await count.count(house, there.chats, there.tag, written.at),
        written,
        took,
        time.monotonic() - ended,
        len(ambiguous(house) - asked_before),
        figures["violations"] - before["violations"],
        [each for each in figures["broken"] if each not in before["broken"]],
        left,
    )
    print("\n" + report.line())
    return report


async def run(house: House, name: str, size: Size, breaking: Breaking | None = None, seed: int = 1) -> Report:
    """Write `size.events` while `breaking` does its work until told to stop, let all drain, and count.

    breaking: (house, over): a coroutine that ends soon after `over` is set, and leaves everything running.
    """
    there = await scene(house, size)
    before = await house.telegram.figures()
    asked_before = ambiguous(house)
    over, begun = asyncio.Event(), time.monotonic()
    plan = Plan(there.tag, there.actor, there.orders, size.events, size.rate, seed=seed)
    async with asyncio.TaskGroup() as tasks:
        if breaking is not None:
            tasks.create_task(_broken(breaking, house, over))
        written = await writer.write(plan)
        took = time.monotonic() - begun
        over.set()
    ended = time.monotonic()
    left = await stage.until_quiet(house, size.drain)
    settled = time.monotonic() - ended
    figures = await house.telegram.figures()
    report = Report(
        name,
        await count.count(house, there.chats, there.tag, written.at),
        written,
        took,
        settled,
        len(ambiguous(house) - asked_before),
        figures["violations"] - before["violations"],
        [each for each in figures["broken"] if each not in before["broken"]],
        left,
    )
    print("\n" + report.line())
    return report


async def _broken(breaking: Breaking, house: House, over: asyncio.Event) -> None:
    await breaking(house, over)


def ambiguous(house: House) -> set[str]:
    """The deliveries that had to be asked about, by what the notifier wrote."""
    return set(re.findall(r"delivery (\d+) in chat -?\d+: (?:arrived|absent|later)", house.log("notifier")))
