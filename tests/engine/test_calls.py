"""What a call to the Bot API means, told apart once: done, refused, or nobody knows."""

import pytest

from shared.telegram import Telegram as Api
from shared.telegram import read_answer
from tests.conftest import TOKEN
from tests.engine.kit import GROUP, PERSON, fault
from tests.faults.stage import free_port
from tests.simulator.telegram import Telegram


async def test_a_message_that_arrived_is_done_and_has_an_id(api: Api, sim: Telegram) -> None:
    outcome = await api.call("sendMessage", {"chat_id": GROUP, "text": "halo"})
    assert outcome.kind == "done"
    assert outcome.result["message_id"] == (await sim.messages(GROUP))[-1]["message"]["message_id"]


async def test_the_same_edit_twice_is_a_success(api: Api) -> None:
    sent = await api.call("sendMessage", {"chat_id": GROUP, "text": "satu"})
    edit = {"chat_id": GROUP, "message_id": sent.result["message_id"], "text": "dua"}
    assert (await api.call("editMessageText", edit)).kind == "done"
    assert (await api.call("editMessageText", edit)).kind == "same"


async def test_a_text_telegram_cannot_parse_is_refused(api: Api) -> None:
    outcome = await api.call("sendMessage", {"chat_id": GROUP, "text": "<b>", "parse_mode": "HTML"})
    assert outcome.kind == "refused"
    assert "can't parse" in outcome.words


async def test_a_chat_that_threw_the_bot_out_is_gone(api: Api, sim: Telegram) -> None:
    await sim.sim("kick", chat=GROUP, user="bot")
    assert (await api.call("sendMessage", {"chat_id": GROUP, "text": "x"})).kind == "gone"
    await sim.sim("block", user=PERSON)
    assert (await api.call("sendMessage", {"chat_id": PERSON, "text": "x"})).kind == "gone"


async def test_a_429_says_how_long_to_wait(api: Api, sim: Telegram) -> None:
    await fault(sim, "429", seconds=7)
    outcome = await api.call("sendMessage", {"chat_id": GROUP, "text": "x"})
    assert (outcome.kind, outcome.retry_after) == ("flood", 7)


async def test_a_group_that_became_a_supergroup_names_its_new_id(api: Api, sim: Telegram) -> None:
    await sim.sim("chats", id=-4001, type="group", title="Lama", members=[PERSON], bot="administrator")
    moved = await sim.sim("migrate", chat=-4001)
    outcome = await api.call("sendMessage", {"chat_id": -4001, "text": "x"})
    assert (outcome.kind, outcome.moved_to) == ("moved", moved["id"])


async def test_a_wrong_token_is_denied(sim: Telegram) -> None:
    wrong = Api(sim.base, TOKEN[:-3] + "xyz", wait=1)
    assert (await wrong.call("getMe", {})).kind == "denied"
    await wrong.close()


async def test_what_never_reached_telegram_is_unsent() -> None:
    nobody = Api(f"http://127.0.0.1:{free_port()}", TOKEN, wait=1)
    outcome = await nobody.call("sendMessage", {"chat_id": GROUP, "text": "x"})
    assert outcome.kind == "unsent"
    assert TOKEN not in outcome.words
    await nobody.close()


@pytest.mark.parametrize(
    ("kind", "arrived"),
    [
        ("drop_after", True),
        ("error_after", True),
        ("hang_after", True),
        ("bad_json", True),
        ("drop_before", False),
        ("error_before", False),
    ],
)
async def test_no_answer_says_nothing_about_arrival(api: Api, sim: Telegram, kind: str, arrived: bool) -> None:
    await fault(sim, kind, seconds=30)
    outcome = await api.call("sendMessage", {"chat_id": GROUP, "text": "x"})
    assert outcome.kind == "ambiguous"
    assert bool([record for record in await sim.messages(GROUP) if record["by_bot"]]) is arrived


def test_a_refusal_by_somebody_before_telegram_is_definite_too() -> None:
    assert read_answer(413, b"<html>too large</html>").kind == "refused"
    assert read_answer(429, b"<html>slow down</html>").kind == "flood"
    assert read_answer(502, b"<html>bad gateway</html>").kind == "ambiguous"
