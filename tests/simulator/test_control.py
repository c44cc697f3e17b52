"""The strings behind the stage: receipts, resets, a movable clock, and words for what cannot be."""

import json
from pathlib import Path

from tests.simulator.conftest import GROUP, NADIA, RIZAL
from tests.simulator.telegram import Telegram


async def test_every_call_leaves_a_receipt_and_a_line_when_asked(town: Telegram) -> None:
    path = Path((await town.sim("log"))["file"])
    sent = await town.ok("sendMessage", chat_id=GROUP, text="a")
    await town.refused("sendMessage", chat_id=GROUP)
    await town.sim("log", jsonl=False)
    await town.ok("sendMessage", chat_id=GROUP, text="b")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = [(line["method"], line["chat"], line["outcome"], line["message_id"]) for line in lines]
    refusal = ("sendMessage", GROUP, "400 Bad Request: message text is empty", None)
    assert told == [("sendMessage", GROUP, "ok", sent["message_id"]), refusal]
    assert [entry["params"]["text"] for entry in await town.calls(lines[-1]["seq"])] == ["b"]
    figures = await town.figures()
    assert (figures["sent"], figures["by_method"]["sendMessage"], figures["last_minute"] >= 3) == (2, 3, True)


async def test_a_reset_forgets_the_world_but_no_id_comes_again(town: Telegram) -> None:
    before = await town.sim("say", chat=RIZAL, user=RIZAL, text="satu")
    await town.sim("reset")
    await town.sim("users", id=RIZAL, first_name="Rizal")
    after = await town.sim("say", chat=RIZAL, user=RIZAL, text="dua")
    assert after["update_id"] > before["update_id"]
    assert after["message"]["message_id"] == before["message"]["message_id"] + 1
    assert len(await town.messages(RIZAL)) == 1


async def test_many_are_made_in_one_call(telegram: Telegram) -> None:
    users = [{"id": 8000 + n, "first_name": f"T{n}", "note": f"Teknisi F5SDA{n:03}"} for n in range(300)]
    chats = [
        {"id": -1002000000000 - n, "title": f"G{n}", "members": [8000 + n], "bot": "administrator"} for n in range(40)
    ]
    said = [{"chat": -1002000000000 - n, "user": 8000 + n, "text": "/reg {n}", "repeat": 5} for n in range(40)]
    made = await telegram.sim("bulk", users=users, chats=chats, say=said)
    assert (len(made["users"]), len(made["chats"]), len(made["said"])) == (300, 40, 200)
    assert all(entry["update_id"] for entry in made["said"])


async def test_what_cannot_be_is_said_in_words(town: Telegram) -> None:
    assert await town.impossible("say", chat=GROUP, user=1, text="x") == "there is no user 1"
    assert (
        await town.impossible("say", chat=NADIA, user=RIZAL, text="x")
        == f"user {RIZAL} is not a member of chat {NADIA}"
    )
    assert await town.impossible("users", first="x") == "unknown field first"
    assert await town.impossible("faults", kind="rain") == (
        "kind is one of 403, 429, bad_json, delay, drop_after, drop_before, duplicate_update, "
        "error_after, error_before, hang_after, migrate"
    )
    assert await town.impossible("clock", seconds=-1) == "the clock only moves forward"
    await town.sim("block", user=RIZAL)
    assert await town.impossible("say", chat=RIZAL, user=RIZAL, text="x") == "the bot is blocked; unblock it first"
