"""The same faults at full size, 10,000 events in 40 chats: ./sikpro test --full. Prints a line for each.

F16 needs what shifts the clock of a process: FAKETIME_LIBRARY names it (in Debian's faketime, in PyPI's libfaketime).
"""

import os
from collections.abc import AsyncIterator, Callable

import pytest

from tests.faults import breaking, stage
from tests.faults.run import FULL, Breaking, Size, run, run_killed
from tests.faults.stage import House
from tests.faults.test_quick import holds

pytestmark = [pytest.mark.fault, pytest.mark.full, pytest.mark.timeout(2400)]

SEEDS = (1, 2, 3)
FAULTS: dict[str, Callable[[int], Breaking | None]] = {
    "F1 none": lambda _: None,
    "F2 notifier killed": lambda seed: breaking.notifier_killed((2, 5), kills=8, seed=seed),
    "F3 relay killed": lambda seed: breaking.relay_killed((2, 5), kills=8, seed=seed + 1),
    "F4 FLUSHALL": lambda _: breaking.redis_flushed(3.0),
    "F4 Redis stopped": lambda seed: breaking.redis_stopped(10.0 * seed, 60.0),
    "F5 Postgres killed": lambda seed: breaking.postgres_restarted((8, 15), times=5, away=2.0, seed=seed + 2),
    "F6 429 sometimes": lambda seed: breaking.telegram_fails(
        {"kind": "429", "probability": 0.02, "seconds": 2, "seed": seed + 5}
    ),
    "F6 429 always": lambda _: breaking.telegram_fails({"kind": "429", "seconds": 5, "lasts": 60}),
    "F7 no answer": lambda seed: breaking.no_answers(0.01, most=60, seed=seed + 6),
}
"""By name and seed; the seed is the writer's too."""


def everything(seed: int) -> Breaking:
    """F2 to F7 at once."""
    return breaking.together(
        breaking.notifier_killed((4, 9), kills=4, seed=seed * 10 + 1),
        breaking.relay_killed((4, 9), kills=4, seed=seed * 10 + 2),
        breaking.redis_flushed(5.0),
        breaking.redis_stopped(20.0 + seed, 10.0),
        breaking.postgres_restarted((15, 25), times=3, away=1.0, seed=seed * 10 + 3),
        breaking.some_429(0.02, seed=seed * 10 + 4),
        breaking.no_answers(0.01, most=60),
    )


@pytest.fixture(scope="module")
async def big_house() -> AsyncIterator[House]:
    """A house with the usual leases and time-outs."""
    async with stage.house({}) as running:
        yield running


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", list(FAULTS))
async def test_ten_thousand_changes_survive(big_house: House, name: str, seed: int) -> None:
    async with stage.door(big_house):
        holds(await run(big_house, f"{name}, seed {seed}", FULL, FAULTS[name](seed), seed=seed))


@pytest.mark.parametrize("seed", SEEDS)
async def test_ten_thousand_changes_survive_everything_at_once(big_house: House, seed: int) -> None:
    async with stage.door(big_house):
        holds(await run(big_house, f"F9 all at once, seed {seed}", FULL, everything(seed), seed=seed))


async def test_a_group_is_not_flooded_by_a_new_notifier_that_finds_redis_empty() -> None:
    """With windows half as long as Telegram's: in those of the other runs a start takes half of a group's minute."""
    size = Size(events=600, rate=15, groups=4, people=0, orders=60, drain=300)
    async with stage.house({}, times=2) as house, stage.door(house):
        holds(await run(house, "F2 and F4 together", size, breaking.all_memory_lost((8, 12), times=4)))


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_sender_frozen_for_a_minute_after_its_claim_doubles_one_message_at_most(
    big_house: House, seed: int
) -> None:
    async with stage.door(big_house):
        frozen = breaking.worker_frozen((5, 15), seconds=60, times=1, seed=seed)
        report = await run(big_house, f"F17 sender frozen, seed {seed}", FULL, frozen, seed=seed)
    assert (report.count.lost, report.count.reordered, report.count.unmade, report.count.invented) == ([], [], [], [])
    assert (report.left, report.violations) == ({}, 0)
    assert report.count.copies + report.count.marked <= 1, report.count.duplicated


CLOCKS = {
    1: {"notifier": "+2h", "relay": "+0", "writer": "-2h"},
    2: {"notifier": "-2h", "relay": "+2h", "writer": "+2h"},
    3: {"notifier": "+0", "relay": "-2h", "writer": "+0"},
}
"""By seed: how wrong each process' clock is; with the third every process lives in Jayapura."""


@pytest.mark.parametrize("seed", SEEDS)
async def test_ten_thousand_changes_survive_wrong_clocks(big_house: House, seed: int) -> None:
    zone = {"TZ": "Asia/Jayapura"} if seed == 3 else {}
    wrong = {name: clock(by) | zone for name, by in CLOCKS[seed].items()}
    async with stage.door(big_house):
        for name in ("relay", "notifier"):
            await big_house.restart(name, **wrong[name])
        try:
            title = f"F16 clocks {CLOCKS[seed]}, seed {seed}"
            module = "tests.faults.writer"
            holds(await run_killed(big_house, title, FULL, module, lives=0, seed=seed, **wrong["writer"]))
        finally:
            for name in ("relay", "notifier"):
                await big_house.restart(name)


def clock(by: str) -> dict[str, str]:
    """The environment of a process whose clock is wrong by so much; waits are as long as ever."""
    library = os.environ.get("FAKETIME_LIBRARY", "")
    assert os.path.exists(library), "FAKETIME_LIBRARY must name libfaketime.so.1"
    return {"LD_PRELOAD": library, "FAKETIME": by, "DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_ten_thousand_changes_survive_a_dying_door(big_house: House, seed: int) -> None:
    async with stage.door(big_house):
        title = f"F3 door killed, seed {seed}"
        holds(await run_killed(big_house, title, FULL, "tests.faults.writer", lives=8, seed=seed * 100))
