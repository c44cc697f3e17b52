"""The network fails as told: before or after the call was carried out, never in another way."""

import asyncio
import time

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.simulator.conftest import GROUP, RIZAL
from tests.simulator.telegram import TOKEN, Telegram


async def send(town: Telegram, text: str) -> str:
    """What a client sees of one send: the HTTP status and body, or the kind of error."""
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=1)) as session,
            session.post(f"{town.base}/bot{TOKEN}/sendMessage", json={"chat_id": GROUP, "text": text}) as answer,
        ):
            return f"{answer.status} {await answer.text()}"
    except TimeoutError:
        return "timeout"
    except ClientError:
        return "cut"


async def texts(town: Telegram) -> list[str]:
    return [
        record["message"]["text"] for record in await town.messages(GROUP) if record["by_bot"] and not record["service"]
    ]


@pytest.mark.parametrize(
    ("fault", "seen", "applied"),
    [
        ({"kind": "drop_before"}, "cut", False),
        ({"kind": "drop_after"}, "cut", True),
        ({"kind": "hang_after"}, "timeout", True),
        ({"kind": "error_before", "code": 500}, "500 <html>", False),
        ({"kind": "error_before"}, "502 <html>", False),
        ({"kind": "error_after"}, "502 <html>", True),
        ({"kind": "bad_json"}, '200 {"ok":true', True),
        (
            {"kind": "403"},
            '403 {"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the supergroup chat"}',
            False,
        ),
        (
            {"kind": "429", "seconds": 7},
            '429 {"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7"',
            False,
        ),
    ],
)
async def test_a_fault_is_seen_and_the_message_is_there_or_not(
    town: Telegram, fault: dict, seen: str, applied: bool
) -> None:
    await town.sim("faults", method="sendMessage", count=1, **fault)
    assert (await send(town, "satu")).startswith(seen)
    assert await texts(town) == (["satu"] if applied else [])
    receipt = (await town.calls())[-1]
    assert (receipt["method"], receipt["chat"], receipt["message_id"] is not None) == ("sendMessage", GROUP, applied)
    if fault["kind"] == "429":
        assert (await town.call("sendMessage", chat_id=GROUP, text="x"))["error_code"] == 429
        assert (await town.figures())["too_early"] == 1
        return
    assert (await send(town, "dua")).startswith("200")


async def test_after_a_dropped_answer_the_probe_finds_the_message(town: Telegram) -> None:
    keys = {"inline_keyboard": [[{"text": "Cek", "callback_data": "d:41"}]]}
    await town.sim("faults", method="sendMessage", kind="drop_after", count=1)
    before = (await town.messages(GROUP))[-1]["message"]["message_id"]
    with pytest.raises(ClientError):
        await town.call("sendMessage", chat_id=GROUP, text="status", reply_markup=keys)
    said = await town.refused("editMessageReplyMarkup", chat_id=GROUP, message_id=before + 1, reply_markup=keys)
    assert said.startswith("Bad Request: message is not modified")


async def test_a_delay_and_a_rule_for_another_chat(town: Telegram) -> None:
    await town.sim("faults", method="sendMessage", chat=RIZAL, kind="drop_before")
    await town.sim("faults", method="sendMessage", chat=GROUP, kind="delay", seconds=0.3)
    begun = time.monotonic()
    assert (await send(town, "x")).startswith("200")
    assert time.monotonic() - begun >= 0.3


async def test_the_same_seed_hits_the_same_calls(town: Telegram) -> None:
    runs = []
    for _ in range(2):
        async with town.session.delete(f"{town.base}/_sim/faults"):
            pass
        await town.sim("faults", method="sendMessage", kind="error_before", probability=0.5, seed=7)
        runs.append([(await send(town, "x"))[:3] for _ in range(12)])
    assert runs[0] == runs[1]
    assert {"200", "502"} == set(runs[0])


async def test_a_migrate_fault_moves_a_basic_group(town: Telegram) -> None:
    await town.sim("chats", id=-77, type="group", title="Lama", members=[RIZAL], bot="member")
    await town.sim("faults", method="sendMessage", chat=-77, kind="migrate", count=1)
    answer = await town.call("sendMessage", chat_id=-77, text="x")
    new = answer["parameters"]["migrate_to_chat_id"]
    assert (await town.ok("sendMessage", chat_id=new, text="x"))["chat"]["type"] == "supergroup"


async def test_a_duplicated_update_comes_again_in_the_same_bytes(town: Telegram) -> None:
    await town.sim("faults", method="update", kind="duplicate_update", count=1)
    said = await town.sim("say", chat=GROUP, user=RIZAL, text="/reg")
    first = await town.ok("getUpdates", offset=town.offset)
    again = await town.ok("getUpdates", offset=said["update_id"] + 1)
    assert first == again
    assert await town.ok("getUpdates", offset=said["update_id"] + 1) == []


async def test_telegram_down_cuts_everything_even_a_waiting_poll(town: Telegram) -> None:
    poll = asyncio.ensure_future(town.call("getUpdates", timeout=20, offset=town.offset))
    await asyncio.sleep(0.1)
    await town.sim("down", down=True)
    with pytest.raises(ClientError):
        await poll
    assert await send(town, "x") == "cut"
    await town.sim("down", down=False)
    assert (await send(town, "y")).startswith("200")
    assert await texts(town) == ["y"]
