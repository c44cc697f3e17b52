"""The same faults at full size, 10,000 events in 40 chats: ./sikpro test --full. Prints a line for each."""

from collections.abc import AsyncIterator

import pytest

from tests.faults import breaking, stage
from tests.faults.run import FULL, Breaking, run, run_killed
from tests.faults.stage import House
from tests.faults.test_quick import holds

pytestmark = [pytest.mark.fault, pytest.mark.full, pytest.mark.timeout(2400)]

FAULTS: dict[str, Breaking | None] = {
    "F1 none": None,
    "F2 notifier killed": breaking.notifier_killed((2, 5), kills=8),
    "F3 relay killed": breaking.relay_killed((2, 5), kills=8),
    "F4 FLUSHALL": breaking.redis_flushed(3.0),
    "F4 Redis stopped": breaking.redis_stopped(10.0, 60.0),
    "F5 Postgres killed": breaking.postgres_restarted((8, 15), times=5, away=2.0),
    "F6 429 sometimes": breaking.telegram_fails({"kind": "429", "probability": 0.02, "seconds": 2, "seed": 6}),
    "F6 429 always": breaking.telegram_fails({"kind": "429", "seconds": 5, "lasts": 60}),
    "F7 no answer": breaking.no_answers(0.01, most=60),
    "F9 all at once": breaking.together(
        breaking.notifier_killed((4, 9), kills=4, seed=91),
        breaking.relay_killed((4, 9), kills=4, seed=92),
        breaking.redis_flushed(5.0),
        breaking.postgres_restarted((15, 25), times=3, away=1.0, seed=93),
        breaking.no_answers(0.01, most=60),
    ),
}


@pytest.fixture(scope="module")
async def big_house() -> AsyncIterator[House]:
    """A house with the usual leases and time-outs."""
    async with stage.house({}) as running:
        yield running


@pytest.mark.parametrize("name", list(FAULTS))
async def test_ten_thousand_changes_survive(big_house: House, name: str) -> None:
    async with stage.door(big_house):
        holds(await run(big_house, name, FULL, FAULTS[name]))


async def test_ten_thousand_changes_survive_a_dying_door(big_house: House) -> None:
    async with stage.door(big_house):
        holds(await run_killed(big_house, "F3 door killed", FULL, "tests.faults.writer", lives=8))
