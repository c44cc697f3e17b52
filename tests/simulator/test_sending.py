"""The bot writes: ids, formats, limits and refusals in Telegram's own words."""

import asyncio

import pytest
from aiohttp import FormData

from tests.simulator.conftest import GROUP, NADIA, RIZAL
from tests.simulator.telegram import TOKEN, Telegram

BUTTONS = {
    "inline_keyboard": [[{"text": "Ambil", "callback_data": "ambil:1"}, {"text": "Cek", "callback_data": "cek:1"}]]
}


async def test_message_ids_of_a_chat_rise_by_one_whoever_writes(town: Telegram) -> None:
    first = (await town.sim("say", chat=GROUP, user=RIZAL, text="halo"))["message"]["message_id"]
    second = (await town.ok("sendMessage", chat_id=GROUP, text="ya"))["message_id"]
    third = (await town.sim("say", chat=GROUP, user=NADIA, text="siap"))["message"]["message_id"]
    assert [second, third] == [first + 1, first + 2]


async def test_html_becomes_entities_counted_in_utf16(town: Telegram) -> None:
    sent = await town.ok(
        "sendMessage",
        chat_id=GROUP,
        parse_mode="HTML",
        text='😀 <b>Order &amp; <code>SC1</code></b> <a href="https://x.id/">lihat</a>',
    )
    assert sent["text"] == "😀 Order & SC1 lihat"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 11},
        {"type": "code", "offset": 11, "length": 3},
        {"type": "text_link", "offset": 15, "length": 5, "url": "https://x.id/"},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("é<h1>a</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ],
)
async def test_broken_html_is_refused(town: Telegram, text: str, words: str) -> None:
    said = await town.refused("sendMessage", chat_id=GROUP, parse_mode="HTML", text=text)
    assert said == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"chat_id": GROUP}, "message text is empty"),
        ({"chat_id": GROUP, "text": "  \n "}, "message text is empty"),
        ({"chat_id": GROUP, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": 42, "text": "x"}, "chat not found"),
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": GROUP, "text": "x", "txet": "y"}, 'unknown parameter "txet" of sendMessage'),
        ({"chat_id": GROUP, "text": "x", "reply_parameters": {"message_id": 99999}}, "message to be replied not found"),
        ({"chat_id": GROUP, "text": "x", "reply_parameters": {"id": 1}}, "can't parse reply parameters JSON object"),
        ({"chat_id": GROUP, "text": "x", "message_thread_id": 99999}, "message thread not found"),
        (
            {
                "chat_id": GROUP,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
        ({"chat_id": GROUP, "text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        (
            {"chat_id": GROUP, "text": "x", "ephemeral_message_parameters": {}},
            "can't parse ephemeral message parameters JSON object",
        ),
        (
            {"chat_id": GROUP, "text": "x", "ephemeral_message_parameters": {"receiver_user_id": 4242}},
            "USER_NOT_PARTICIPANT",
        ),
    ],
)
async def test_wrong_calls_are_refused_in_telegrams_words(town: Telegram, params: dict, words: str) -> None:
    assert await town.refused("sendMessage", **params) == f"Bad Request: {words}"


async def test_a_message_for_one_person_has_no_number_and_nobody_else_sees_it(town: Telegram) -> None:
    before = (await town.ok("sendMessage", chat_id=GROUP, text="satu"))["message_id"]
    quiet = {"ephemeral_message_parameters": {"receiver_user_id": RIZAL}}
    sent = await town.ok("sendMessage", chat_id=GROUP, text="bisik", **quiet)
    assert (sent["message_id"], sent["receiver_user"]["id"]) == (0, RIZAL)
    assert (await town.ok("sendMessage", chat_id=GROUP, text="dua"))["message_id"] == before + 1
    for user, wanted in ((RIZAL, ["satu", "bisik", "dua"]), (NADIA, ["satu", "dua"])):
        where = {"as": str(user), "chat": str(GROUP)}
        async with town.session.get(f"{town.base}/demo/messages", params=where) as answer:
            seen = [each["message"].get("text") for each in (await answer.json())["messages"]]
        assert seen[-len(wanted) :] == wanted
    assert "only to groups" in await town.refused("sendMessage", chat_id=RIZAL, text="x", **quiet)


async def test_the_length_limit_counts_after_entities(town: Telegram) -> None:
    assert await town.ok("sendMessage", chat_id=GROUP, parse_mode="HTML", text="<b>" + "x" * 4096 + "</b>")


async def test_methods_nobody_simulates_are_named(town: Telegram) -> None:
    assert await town.refused("sendDice", chat_id=GROUP) == "Not Found: method sendDice is not simulated"
    assert await town.refused("sendMesage", chat_id=GROUP) == "Not Found: method sendMesage does not exist"


async def test_a_wrong_token_is_401(town: Telegram) -> None:
    async with town.session.get(f"{town.base}/bot731904:wrong/getMe") as answer:
        assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")


async def test_query_form_json_and_multipart_mean_the_same(town: Telegram) -> None:
    url = f"{town.base}/bot{TOKEN}/SENDmessage"
    params = {
        "chat_id": str(GROUP),
        "text": "sama",
        "reply_markup": '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}',
    }
    form = FormData(default_to_multipart=True)
    for name, value in params.items():
        form.add_field(name, value)
    kinds = [
        town.session.get(url, params=params),
        town.session.post(url, data=params),
        town.session.post(url, data=form),
    ]
    for kind in kinds:
        async with kind as answer:
            sent = (await answer.json())["result"]
            assert (sent["text"], sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"]) == ("sama", "b")


async def test_a_reply_carries_the_message_it_answers(town: Telegram) -> None:
    said = (await town.sim("say", chat=GROUP, user=RIZAL, text="/reg"))["message"]
    sent = await town.ok("sendMessage", chat_id=GROUP, text="ok", reply_parameters={"message_id": said["message_id"]})
    assert sent["reply_to_message"]["text"] == "/reg"
    lost = {"message_id": 99999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await town.ok("sendMessage", chat_id=GROUP, text="ok", reply_parameters=lost)


async def test_who_may_not_be_written_to(town: Telegram) -> None:
    assert (
        await town.refused("sendMessage", chat_id=NADIA, text="x")
        == "Forbidden: bot can't initiate conversation with a user"
    )
    await town.sim("block", user=RIZAL)
    assert await town.refused("sendMessage", chat_id=RIZAL, text="x") == "Forbidden: bot was blocked by the user"
    await town.sim("kick", chat=GROUP, user="bot")
    assert (
        await town.refused("sendMessage", chat_id=GROUP, text="x")
        == "Forbidden: bot was kicked from the supergroup chat"
    )


async def test_a_migrated_group_names_its_new_id(town: Telegram) -> None:
    await town.sim("chats", id=-4455, type="group", title="Lama", members=[RIZAL], bot="member")
    await town.updates()
    new = (await town.sim("migrate", chat=-4455))["id"]
    answer = await town.call("sendMessage", chat_id=-4455, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new}
    told = [update["message"] for update in await town.updates()]
    assert [(m["chat"]["id"], m.get("migrate_to_chat_id"), m.get("migrate_from_chat_id")) for m in told] == [
        (-4455, new, None),
        (new, None, -4455),
    ]


async def test_an_edit_that_changes_nothing_says_so(town: Telegram) -> None:
    sent = await town.ok("sendMessage", chat_id=GROUP, text="kartu", reply_markup=BUTTONS)
    where = {"chat_id": GROUP, "message_id": sent["message_id"]}
    same = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert await town.refused("editMessageText", **where, text="kartu", reply_markup=BUTTONS) == same
    assert await town.refused("editMessageReplyMarkup", **where, reply_markup=BUTTONS) == same
    edited = await town.ok("editMessageText", **where, text="kartu 2")
    assert edited["edit_date"] and "reply_markup" not in edited
    assert await town.refused("editMessageReplyMarkup", **where) == same


async def test_the_probe_tells_ours_from_others_and_from_nothing(town: Telegram) -> None:
    theirs = (await town.sim("say", chat=GROUP, user=RIZAL, text="punya saya"))["message"]["message_id"]
    probe = {"chat_id": GROUP, "reply_markup": BUTTONS}
    assert (
        await town.refused("editMessageReplyMarkup", **probe, message_id=theirs)
        == "Bad Request: message can't be edited"
    )
    assert (
        await town.refused("editMessageReplyMarkup", **probe, message_id=theirs + 50)
        == "Bad Request: message to edit not found"
    )
    mine = await town.ok("sendMessage", chat_id=GROUP, text="x", reply_markup=BUTTONS)
    assert (await town.refused("editMessageReplyMarkup", **probe, message_id=mine["message_id"])).startswith(
        "Bad Request: message is not modified"
    )
    assert "reply_markup" in await town.ok(
        "editMessageReplyMarkup",
        chat_id=GROUP,
        message_id=mine["message_id"],
        reply_markup={"inline_keyboard": [[{"text": "b", "callback_data": "b"}]]},
    )


async def test_a_message_with_a_forced_reply_cannot_be_edited(town: Telegram) -> None:
    sent = await town.ok(
        "sendMessage", chat_id=GROUP, text="SN?", reply_markup={"force_reply": True, "selective": True}
    )
    assert (
        await town.refused("editMessageText", chat_id=GROUP, message_id=sent["message_id"], text="y")
        == "Bad Request: message can't be edited"
    )


async def test_deleting_is_for_two_days(town: Telegram) -> None:
    sent = await town.ok("sendMessage", chat_id=GROUP, text="x")
    old = await town.ok("sendMessage", chat_id=GROUP, text="y")
    assert await town.ok("deleteMessage", chat_id=GROUP, message_id=sent["message_id"])
    assert (
        await town.refused("deleteMessage", chat_id=GROUP, message_id=sent["message_id"])
        == "Bad Request: message to delete not found"
    )
    await town.sim("clock", seconds=172_900)
    assert "can't be deleted" in await town.refused("deleteMessage", chat_id=GROUP, message_id=old["message_id"])


async def test_reactions_come_from_the_closed_list(town: Telegram) -> None:
    said = (await town.sim("say", chat=GROUP, user=RIZAL, text="/reg"))["message"]["message_id"]
    assert await town.ok(
        "setMessageReaction", chat_id=GROUP, message_id=said, reaction=[{"type": "emoji", "emoji": "👌"}]
    )
    assert (
        await town.refused(
            "setMessageReaction", chat_id=GROUP, message_id=said, reaction=[{"type": "emoji", "emoji": "✅"}]
        )
        == "Bad Request: REACTION_INVALID"
    )
    assert (await town.messages(GROUP))[-1]["reactions"] == {"731904": ["👌"]}


async def test_a_document_is_sent_stored_and_sent_again_by_id(town: Telegram) -> None:
    form = FormData()
    form.add_field("chat_id", str(GROUP))
    form.add_field("caption", "Rekap")
    form.add_field("document", "attach://berkas")
    form.add_field("berkas", b"isi", filename="rekap.xlsx")
    async with town.session.post(f"{town.base}/bot{TOKEN}/sendDocument", data=form) as answer:
        sent = (await answer.json())["result"]
    assert (sent["document"]["file_name"], sent["caption"]) == ("rekap.xlsx", "Rekap")
    path = (await town.ok("getFile", file_id=sent["document"]["file_id"]))["file_path"]
    async with town.session.get(f"{town.base}/file/bot{TOKEN}/{path}") as answer:
        assert await answer.read() == b"isi"
    again = await town.ok("sendDocument", chat_id=RIZAL, document=sent["document"]["file_id"])
    assert again["document"] == sent["document"]
    assert (
        await town.refused("sendPhoto", chat_id=RIZAL, photo=sent["document"]["file_id"])
        == "Bad Request: can't use file of type Document as Photo"
    )


async def test_members_administrators_and_bans(town: Telegram) -> None:
    assert (await town.ok("getChatMember", chat_id=GROUP, user_id=731904))["can_delete_messages"]
    assert [m["user"]["id"] for m in await town.ok("getChatAdministrators", chat_id=GROUP)] == [731904]
    count = await town.ok("getChatMemberCount", chat_id=GROUP)
    assert await town.ok("banChatMember", chat_id=GROUP, user_id=NADIA)
    assert (await town.ok("getChatMember", chat_id=GROUP, user_id=NADIA))["status"] == "kicked"
    assert await town.ok("getChatMemberCount", chat_id=GROUP) == count - 1
    assert await town.ok("unbanChatMember", chat_id=GROUP, user_id=NADIA, only_if_banned=True)
    assert (await town.ok("getChatMember", chat_id=GROUP, user_id=NADIA))["status"] == "left"


async def test_commands_are_kept_per_scope_and_language(town: Telegram) -> None:
    one = [{"command": "reg", "description": "Daftarkan order"}]
    assert await town.ok("setMyCommands", commands=one, scope={"type": "all_group_chats"}, language_code="id")
    assert await town.ok("getMyCommands") == []
    assert await town.ok("getMyCommands", scope={"type": "all_group_chats"}, language_code="id") == one
    assert (
        await town.refused("setMyCommands", commands=[{"command": "Reg", "description": "x"}])
        == "Bad Request: BOT_COMMAND_INVALID"
    )


async def test_a_forum_topic_takes_messages(town: Telegram) -> None:
    await town.sim("chats", id=-1002000000777, title="Forum", is_forum=True, members=[RIZAL], bot="administrator")
    topic = await town.ok("createForumTopic", chat_id=-1002000000777, name="SDA")
    sent = await town.ok("sendMessage", chat_id=-1002000000777, text="x", message_thread_id=topic["message_thread_id"])
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (topic["message_thread_id"], True)


async def test_a_flood_of_parallel_sends_loses_no_id(town: Telegram) -> None:
    sent = await asyncio.gather(*(town.ok("sendMessage", chat_id=GROUP, text=f"n{n}") for n in range(200)))
    numbers = sorted(message["message_id"] for message in sent)
    assert numbers == list(range(numbers[0], numbers[0] + 200))
