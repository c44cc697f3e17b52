"""Telegram's limits: strict windows at arrival, edits included, and a count of every violation."""

import asyncio

from tests.simulator.conftest import GROUP, RIZAL
from tests.simulator.telegram import TOKEN, Telegram


async def test_a_second_message_within_a_second_is_429_with_its_wait(town: Telegram) -> None:
    await town.sim("flood", profile="published")
    sent = await town.ok("sendMessage", chat_id=GROUP, text="a")
    url = f"{town.base}/bot{TOKEN}/editMessageText"
    async with town.session.post(url, json={"chat_id": GROUP, "message_id": sent["message_id"], "text": "b"}) as answer:
        body = await answer.json()
        assert (answer.status, answer.headers["Retry-After"], body["parameters"]) == (429, "1", {"retry_after": 1})
        assert body["description"] == "Too Many Requests: retry after 1"
    figures = await town.figures()
    assert (figures["violations"], figures["too_many"], figures["violations_by_chat"]) == (1, 1, {str(GROUP): 1})
    assert await town.ok("sendMessage", chat_id=RIZAL, text="other chats go on")


async def test_a_call_before_the_wait_is_over_is_a_violation_too(town: Telegram) -> None:
    await town.sim("flood", profile="published")
    for _ in range(3):
        await town.call("sendMessage", chat_id=GROUP, text="a")
    figures = await town.figures()
    assert (figures["violations"], figures["too_early"]) == (2, 1)
    first, second = figures["broken"]
    assert f"chat {GROUP}: more than 1 in 1.0 s" in first and "before the end of a retry_after" in second
    await asyncio.sleep(1.01)
    assert await town.ok("sendMessage", chat_id=GROUP, text="b")
    assert (await town.figures())["violations"] == 2


async def test_twenty_a_minute_in_a_group_and_the_window_slides(town: Telegram) -> None:
    await town.sim("flood", profile="published", chat=1000)
    for number in range(20):
        assert (await town.call("sendMessage", chat_id=GROUP, text=f"n{number}"))["ok"]
        await town.sim("clock", seconds=1)
    wait = (await town.call("sendMessage", chat_id=GROUP, text="x"))["parameters"]["retry_after"]
    assert 38 <= wait <= 40
    await town.sim("clock", seconds=wait)
    assert await town.ok("sendMessage", chat_id=GROUP, text="y")


async def test_thirty_a_second_in_all(town: Telegram) -> None:
    await town.sim("users", id=9000, first_name="Awal")
    await town.sim(
        "bulk",
        users=[{"id": 9001 + n, "first_name": f"U{n}"} for n in range(40)],
        chats=[{"id": 9001 + n, "type": "private"} for n in range(40)],
    )
    await town.sim("flood", profile="published", all=[30, 60])
    answers = await asyncio.gather(*(town.call("sendMessage", chat_id=9001 + n, text="x") for n in range(40)))
    assert sum(answer["ok"] for answer in answers) == 30
    assert (await town.figures())["violations"] == 10


async def test_waits_double_in_the_adaptive_profile(town: Telegram) -> None:
    await town.sim("flood", profile="adaptive")
    waits = [
        (await town.call("sendMessage", chat_id=GROUP, text="x")).get("parameters", {}).get("retry_after", 0)
        for _ in range(5)
    ]
    assert waits[:3] == [0, 1, 2]
    assert waits == sorted(waits) and waits[4] >= 8


async def test_reading_and_answering_are_not_limited(town: Telegram) -> None:
    await town.sim("flood", profile="published")
    for _ in range(5):
        await town.ok("getMe")
        await town.ok("getChat", chat_id=GROUP)
    assert (await town.figures())["violations"] == 0
