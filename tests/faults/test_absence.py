"""An hour without Telegram, in clocks ten times as fast: 10,000 changes wait, and leave as few messages. Full size."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.faults import stage
from tests.faults.run import FULL, QUICK, Breaking, run
from tests.faults.stage import House
from tests.faults.test_full import SEEDS
from tests.faults.test_quick import holds
from tests.faults.wire import Wire, wire

pytestmark = [pytest.mark.fault, pytest.mark.full, pytest.mark.timeout(2400)]

HOUR = 3600 / stage.TIMES * FULL.events / 10_000  # seconds
MOST_TRIES = 20  # of one message
GROWTH = 15  # MB that a process may be larger afterwards


@pytest.fixture(scope="module")
async def cable() -> AsyncIterator[Wire]:
    async with wire() as made:
        yield made


@pytest.fixture(scope="module")
async def far_house(cable: Wire) -> AsyncIterator[House]:
    """A house whose road to Telegram can be cut; what cannot be settled is repeated after a minute."""
    async with stage.house({"SIKPRO_TELEGRAM_API": cable.base, "SIKPRO_SETTLE_WITHIN": "60"}) as running:
        cable.leads_to(running.telegram.base)
        await cable.mend()
        yield running


def cut(cable: Wire, how: str) -> Breaking:
    """Away for an hour, beginning a few seconds after the first change."""

    async def act(_: House, over: asyncio.Event) -> None:
        await asyncio.sleep(5)
        await (cable.refuse() if how == "refused" else cable.swallow())
        await asyncio.sleep(HOUR)
        await over.wait()
        await cable.mend()

    return act


def sizes(house: House) -> dict[str, int]:
    """MB of each process: the relay's, the notifier's, its workers' together."""
    found = {}
    for name in ("relay", "notifier"):
        head = psutil.Process(house.running[name].pid)
        found[name] = head.memory_info().rss // 1_000_000
        found |= {f"{name}'s {n}": child.memory_info().rss // 1_000_000 for n, child in enumerate(head.children(), 1)}
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", ["refused", "blackhole"])
async def test_an_hour_without_telegram_leaves_as_few_messages(
    far_house: House, cable: Wire, how: str, seed: int
) -> None:
    async with stage.door(far_house):
        holds(await run(far_house, "before it", QUICK))  # a process that has done nothing yet has still to grow
        calls = (await far_house.telegram.figures())["calls"]
        before, said = sizes(far_house), len(far_house.log("notifier"))
        report = await run(far_house, f"F8 {how}, seed {seed}", FULL, cut(cable, how), seed=seed)
        after = sizes(far_house)
    told = far_house.log("notifier")[said:]
    tries = Counter(re.findall(r"delivery (\d+) to chat -?\d+: (?:unsent|ambiguous|flood|refused)", told))
    most = max(tries.values(), default=0) + 1
    made = [call for call in await far_house.telegram.calls(calls) if call["method"] == "sendMessage"]
    print(
        f"F8 {how}, seed {seed}: {len(made)} messages for {report.count.events} changes, most tries of one {most}, "
        f"MB {before} then {after}"
    )
    holds(report)
    assert len(made) < report.count.events / 2
    assert most <= MOST_TRIES
    assert max(after[name] - before[name] for name in before) <= GROWTH
