"""The bot reads: what reaches it, in which bytes, and what two readers do to each other."""

import asyncio

from tests.simulator.conftest import GROUP, NADIA, RIZAL
from tests.simulator.telegram import TOKEN, Telegram


async def raw(telegram: Telegram, **params: int) -> bytes:
    async with telegram.session.get(
        f"{telegram.base}/bot{TOKEN}/getUpdates", params={k: str(v) for k, v in params.items()}
    ) as answer:
        return await answer.read()


async def test_an_update_waits_in_the_same_bytes_until_its_offset_is_confirmed(town: Telegram) -> None:
    said = await town.sim("say", chat=GROUP, user=RIZAL, text="/cek SC1 😀")
    first = await raw(town, offset=said["update_id"])
    assert "😀".encode() in first
    assert await raw(town, offset=said["update_id"]) == first
    assert await raw(town, offset=said["update_id"] + 1) == b'{"ok":true,"result":[]}'
    assert await raw(town, offset=said["update_id"]) == b'{"ok":true,"result":[]}'


async def test_a_long_poll_returns_as_soon_as_somebody_speaks(town: Telegram) -> None:
    poll = asyncio.ensure_future(town.ok("getUpdates", timeout=10, offset=town.offset))
    await asyncio.sleep(0.1)
    await town.sim("say", chat=RIZAL, user=RIZAL, text="/start")
    async with asyncio.timeout(2):
        assert (await poll)[0]["message"]["text"] == "/start"


async def test_limit_and_negative_offset(town: Telegram) -> None:
    for number in range(5):
        await town.sim("say", chat=RIZAL, user=RIZAL, text=f"n{number}")
    assert len(await town.ok("getUpdates", limit=2, offset=town.offset)) == 2
    last = await town.ok("getUpdates", offset=-1)
    assert [update["message"]["text"] for update in last] == ["n4"]
    assert len(await town.ok("getUpdates", offset=last[0]["update_id"])) == 1


async def test_ten_thousand_updates_wait_without_trouble(town: Telegram) -> None:
    await town.sim("bulk", say=[{"chat": RIZAL, "user": RIZAL, "text": "n{n}", "repeat": 10_000}])
    assert (await town.figures())["pending_updates"] == 10_000
    seen = []
    while batch := await town.ok("getUpdates", offset=town.offset, limit=100):
        seen += [update["message"]["text"] for update in batch]
        town.offset = batch[-1]["update_id"] + 1
    assert seen == [f"n{number}" for number in range(10_000)]


async def test_allowed_updates_stick_and_membership_must_be_named(town: Telegram) -> None:
    await town.sim("leave", chat=GROUP, user=NADIA)
    kinds = [next(kind for kind in update if kind != "update_id") for update in await town.updates()]
    assert kinds == ["message"]
    await town.ok("getUpdates", offset=town.offset, allowed_updates=["message", "chat_member"])
    await town.sim("join", chat=GROUP, user=NADIA)
    changes = [
        update["chat_member"]["new_chat_member"]["status"] for update in await town.updates() if "chat_member" in update
    ]
    assert changes == ["member"]
    await town.ok("getUpdates", offset=town.offset, allowed_updates=["callback_query"])
    await town.sim("say", chat=GROUP, user=NADIA, text="halo")
    assert await town.updates() == []


async def test_two_readers_the_waiting_one_is_told_409(town: Telegram) -> None:
    first = asyncio.ensure_future(town.call("getUpdates", timeout=10, offset=town.offset))
    await asyncio.sleep(0.1)
    second = asyncio.ensure_future(town.call("getUpdates", timeout=1, offset=town.offset))
    lost = await first
    assert (lost["error_code"], "terminated by other getUpdates" in lost["description"]) == (409, True)
    assert (await second)["ok"]


async def test_getupdates_beside_a_webhook_is_409(town: Telegram) -> None:
    poll = asyncio.ensure_future(town.call("getUpdates", timeout=10, offset=town.offset))
    await asyncio.sleep(0.1)
    await town.ok("setWebhook", url="http://127.0.0.1:9/never")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert (await town.refused("getUpdates")).startswith(
        "Conflict: can't use getUpdates method while webhook is active"
    )
    await town.ok("deleteWebhook")
    assert await town.ok("getUpdates", offset=town.offset) == []


async def test_updates_are_dropped_after_a_day_and_presses_after_150_seconds(town: Telegram) -> None:
    sent = await town.ok(
        "sendMessage",
        chat_id=GROUP,
        text="x",
        reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]},
    )
    pressed = await town.sim("press", chat=GROUP, user=RIZAL, message_id=sent["message_id"], data="a")
    await town.sim("say", chat=RIZAL, user=RIZAL, text="lama")
    await town.sim("clock", seconds=151)
    kinds = ["message" in update for update in await town.ok("getUpdates", offset=town.offset)]
    assert kinds == [True]
    late = await town.refused("answerCallbackQuery", callback_query_id=pressed["callback_query_id"])
    assert late == "Bad Request: query is too old and response timeout expired or query ID is invalid"
    await town.sim("clock", seconds=86_400)
    assert await town.ok("getUpdates", offset=town.offset) == []


async def test_privacy_mode_shows_only_what_is_meant_for_the_bot(town: Telegram) -> None:
    await town.sim("demote", chat=GROUP, user="bot")
    await town.updates()
    say = {"chat": GROUP, "user": RIZAL}
    assert (await town.sim("say", **say, text="halo semua"))["update_id"] is None
    assert (await town.sim("say", **say, text="/cek"))["update_id"] is not None
    await town.sim("say", chat=GROUP, user=777, text="saya bot lain")
    assert (await town.sim("say", **say, text="/cek"))["update_id"] is None
    assert (await town.sim("say", **say, text="/cek@sikpro_bot"))["update_id"] is not None
    mine = await town.ok("sendMessage", chat_id=GROUP, text="SN?")
    assert (await town.sim("say", **say, text="ZTEG", reply_to=mine["message_id"]))["update_id"] is not None
    await town.sim("promote", chat=GROUP, user="bot")
    assert (await town.sim("say", **say, text="halo semua"))["update_id"] is not None


async def test_the_bot_hears_of_its_own_membership_and_of_being_blocked(town: Telegram) -> None:
    await town.sim("kick", chat=GROUP, user="bot")
    await town.sim("block", user=RIZAL)
    changes = [update["my_chat_member"]["new_chat_member"]["status"] for update in await town.updates()]
    assert changes == ["kicked", "kicked"]


async def test_edits_forwards_anonymous_admins_and_photos_look_as_in_telegram(town: Telegram) -> None:
    await town.sim("promote", chat=GROUP, user=NADIA)
    said = await town.sim("say", chat=GROUP, user=RIZAL, text="/reg satu")
    await town.sim("say", chat=GROUP, user=RIZAL, text="/reg dua", edit_of=said["message"]["message_id"])
    await town.sim("say", chat=GROUP, user=NADIA, text="dari admin", anonymous=True)
    await town.sim("say", chat=GROUP, user=RIZAL, photo=True, caption="/reg AO", forward="Agus")
    batch = [
        update
        for update in await town.updates()
        if "edited_message" in update or "new_chat_members" not in update.get("message", {})
    ]
    assert batch[1]["edited_message"]["text"] == "/reg dua" and batch[1]["edited_message"]["edit_date"]
    assert (
        batch[2]["message"]["sender_chat"]["id"] == GROUP
        and batch[2]["message"]["from"]["username"] == "GroupAnonymousBot"
    )
    photo = batch[3]["message"]
    assert (photo["caption"], photo["forward_origin"]["sender_user_name"], len(photo["photo"])) == (
        "/reg AO",
        "Agus",
        2,
    )
    assert photo["caption_entities"] == [{"type": "bot_command", "offset": 0, "length": 4}]


async def test_only_the_current_keyboard_can_be_pressed(town: Telegram) -> None:
    def keys(data: str) -> dict:
        return {"inline_keyboard": [[{"text": "Ambil", "callback_data": data}]]}

    sent = await town.ok("sendMessage", chat_id=GROUP, text="x", reply_markup=keys("satu"))
    press = {"chat": GROUP, "user": NADIA, "message_id": sent["message_id"]}
    await town.sim("press", **press, text="Ambil")
    query = (await town.updates())[0]["callback_query"]
    assert (query["data"], query["from"]["id"], query["message"]["message_id"]) == ("satu", NADIA, sent["message_id"])
    await town.ok("editMessageReplyMarkup", chat_id=GROUP, message_id=sent["message_id"], reply_markup=keys("dua"))
    assert (
        await town.impossible("press", **press, data="satu") == "that button is not on the message's current keyboard"
    )
    assert (await town.sim("press", **press, data="satu", force=True))["update_id"]


async def test_a_press_waits_for_its_answer(town: Telegram) -> None:
    sent = await town.ok(
        "sendMessage",
        chat_id=GROUP,
        text="x",
        reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]},
    )
    press = asyncio.ensure_future(
        town.sim("press", chat=GROUP, user=RIZAL, message_id=sent["message_id"], data="a", wait=5)
    )
    query = (await town.ok("getUpdates", timeout=5, offset=town.offset))[0]["callback_query"]
    await town.ok("answerCallbackQuery", callback_query_id=query["id"], text="Diambil", show_alert=True)
    assert (await press)["answer"] == {"text": "Diambil", "alert": True, "url": None}


async def test_wait_returns_when_the_bot_wrote_it(town: Telegram) -> None:
    waiting = asyncio.ensure_future(town.sim("wait", chat=GROUP, contains="diterima", timeout=5))
    await asyncio.sleep(0.05)
    await town.ok("sendMessage", chat_id=GROUP, text="Pesan diterima, mohon ditunggu.")
    assert (await waiting)["message"]["text"].startswith("Pesan diterima")
    assert (await town.sim("wait", chat=GROUP, contains="tidak ada", timeout=0.1))["message"] is None


async def test_a_malformed_update_is_delivered_as_it_is(town: Telegram) -> None:
    pushed = await town.sim("raw", chat=GROUP, body='{"update_id":{update_id},"message":{"text":"\\ud800"}}')
    assert b'"text":"\\ud800"' in await raw(town, offset=pushed["update_id"])
