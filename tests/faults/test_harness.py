"""The harness is trusted only because it fails a sender that deserves it."""

import asyncio

import pytest

from tests.faults.count import Told, compare
from tests.faults.run import Size, run, run_killed
from tests.faults.stage import House

pytestmark = pytest.mark.fault


async def test_a_naive_sender_is_caught_losing_and_doubling(house: House) -> None:
    await house.telegram.sim("flood", profile="off")
    for kind in ("drop_after", "error_after"):
        await house.telegram.sim("faults", kind=kind, method="sendMessage", probability=0.2, seed=7)
    report = await run_killed(house, "naive sender", Size(events=60, rate=20), "tests.faults.naive", lives=3)
    assert report.count.lost, "killed between commit and send"
    assert report.count.duplicated, "sent again after no answer"


async def test_a_notifier_that_ends_by_itself_is_started_again_as_the_supervisor_does(house: House) -> None:
    async def ends(there: House, _: asyncio.Event) -> None:
        there.kill("notifier")

    report = await run(house, "a notifier that ended", Size(events=20), ends)
    assert (report.count.clean, report.left) == (True, {})


def test_the_count_tells_lost_doubled_marked_and_out_of_order_apart() -> None:
    made = {f"t-{number}": (1, number) for number in range(1, 6)} | {"t-9": (2, 1)}
    shown = [Told(("t-1", "t-3")), Told(("t-2",)), Told(("t-3", "t-5")), Told(("t-5",), marked=True), Told(("t-3",))]
    counted = compare(made, [*shown, Told(("t-8",))])
    assert counted.lost == ["t-4", "t-9"]
    assert counted.duplicated == ["t-3"]
    assert counted.reordered == ["t-2"]
    assert counted.invented == ["t-8"]
    assert counted.marked == 1
    assert counted.copies == 1, "the last t-3 tells nothing new, the one with t-5 does"
    assert not counted.clean
