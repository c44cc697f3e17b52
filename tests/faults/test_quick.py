"""Nothing lost, nothing doubled, nothing out of order, whatever breaks: small runs against real processes."""

import pytest

from tests.faults import breaking
from tests.faults.run import QUICK, Report, run, run_killed
from tests.faults.stage import House

pytestmark = pytest.mark.fault


def holds(report: Report) -> None:
    """What is demanded of every run, whatever broke."""
    assert report.count.clean, report.count
    assert report.left == {}
    assert report.violations == 0
    assert report.count.marked == 0


async def test_without_faults_every_change_is_told_once_and_in_order(house: House) -> None:
    report = await run(house, "F1 none", QUICK)
    holds(report)
    assert report.count.events == QUICK.events
    assert report.ambiguous == 0


async def test_a_killed_notifier_loses_and_doubles_nothing(house: House) -> None:
    # Slow answers, so that the kills meet messages on their way.
    await house.telegram.sim("faults", kind="delay", method="sendMessage", probability=0.7, seconds=0.6, seed=2)
    holds(await run(house, "F2 notifier killed", QUICK, breaking.notifier_killed((0.7, 1.5), kills=3)))


async def test_a_killed_relay_loses_and_doubles_nothing(house: House) -> None:
    holds(await run(house, "F3 relay killed", QUICK, breaking.relay_killed((0.7, 1.5), kills=3)))


async def test_a_door_killed_between_two_statements_told_what_it_committed(house: House) -> None:
    report = await run_killed(house, "F3 door killed", QUICK, "tests.faults.writer", lives=3)
    holds(report)
    assert report.count.events >= QUICK.events // 4


async def test_an_emptied_redis_loses_and_doubles_nothing(house: House) -> None:
    holds(await run(house, "F4 FLUSHALL", QUICK, breaking.redis_flushed(1.0)))


async def test_a_stopped_redis_delays_and_the_door_never_waits(house: House) -> None:
    report = await run(house, "F4 Redis stopped", QUICK, breaking.redis_stopped(1.0, 4.0))
    holds(report)
    assert report.written.failed == 0
    assert report.count.events == QUICK.events


async def test_a_crashed_postgres_loses_and_doubles_nothing(house: House) -> None:
    holds(await run(house, "F5 Postgres killed", QUICK, breaking.postgres_restarted((0.7, 1.5), times=3)))


async def test_single_429s_are_obeyed(house: House) -> None:
    rule = {"kind": "429", "probability": 0.05, "seconds": 1, "seed": 6}
    holds(await run(house, "F6 429 sometimes", QUICK, breaking.telegram_fails(rule)))


async def test_429_for_everybody_is_waited_out(house: House) -> None:
    rule = {"kind": "429", "seconds": 2, "lasts": 4}
    holds(await run(house, "F6 429 always", QUICK, breaking.telegram_fails(rule)))


async def test_answers_that_never_come_are_settled_without_a_duplicate(house: House) -> None:
    report = await run(house, "F7 no answer", QUICK, breaking.no_answers(0.1, most=2))
    holds(report)
    assert report.ambiguous > 0
