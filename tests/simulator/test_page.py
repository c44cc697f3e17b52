"""The chat page and the doors around it: who may come in, and what they see."""

import asyncio
import json

from tests.simulator.conftest import GROUP, NADIA, RIZAL
from tests.simulator.telegram import Telegram

HERE = {"Sec-Fetch-Site": "same-origin"}


async def get(town: Telegram, path: str) -> dict:
    async with town.session.get(f"{town.base}{path}") as answer:
        assert answer.status == 200, path
        return await answer.json()


async def test_the_page_and_its_parts_come_with_a_strict_policy(telegram: Telegram) -> None:
    for path in (
        "",
        "/",
        "/look.css",
        "/demo.css",
        "/demo.js",
        "/bubble.js",
        "/texts.js",
        "/wire.js",
        "/guide.js",
        "/compose.js",
        "/icon.svg",
    ):
        async with telegram.session.get(f"{telegram.base}/demo{path}") as answer:
            text = await answer.text()
            assert answer.status == 200, path
            assert answer.headers["Content-Security-Policy"].startswith(
                "default-src 'none'; script-src 'self'; style-src 'self'"
            )
            assert " style=" not in text.replace("$ style=", "") and "<script>" not in text


async def test_a_person_sees_their_own_chats_with_unread_counts(town: Telegram) -> None:
    await town.sim("chats", id=GROUP - 1, title="Lain", members=[NADIA], bot="administrator")
    await town.ok("sendMessage", chat_id=GROUP, text="a")
    state = await get(town, f"/demo/state?as={RIZAL}")
    assert [(chat["title"], chat["unread"]) for chat in state["chats"]] == [("Rizal Fauzi", 0), ("Teknisi SDA", 1)]
    assert {"id": RIZAL, "name": "Rizal Fauzi", "note": "Teknisi F5SDA445", "language": "id"} in state["people"]
    async with town.session.get(f"{town.base}/demo/messages?as={RIZAL}&chat={GROUP - 1}") as answer:
        assert answer.status == 404


async def test_one_writes_from_the_page_only(town: Telegram) -> None:
    act = {"chat": RIZAL, "user": RIZAL, "text": "/start"}
    url = f"{town.base}/demo/say"
    for headers, status in [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        (HERE, 200),
        ({"Origin": "http://127.0.0.1:8080"}, 200),
    ]:
        async with town.session.post(url, json=act, headers=headers) as answer:
            assert answer.status == status, headers
    assert [update["message"]["text"] for update in await town.updates()] == ["/start", "/start"]


async def test_the_control_api_answers_no_browser_and_no_proxy(telegram: Telegram) -> None:
    for headers in (
        {"Origin": "http://127.0.0.1:8080"},
        HERE,
        {"X-Forwarded-For": "1.2.3.4"},
        {"Host": "sikpro.example"},
    ):
        async with telegram.session.get(f"{telegram.base}/_sim/stats", headers=headers) as answer:
            assert answer.status == 403, headers


async def test_the_live_line_tells_what_happens_in_ones_chats(town: Telegram) -> None:
    await town.sim("chats", id=GROUP - 1, title="Lain", members=[NADIA], bot="administrator")
    events = []
    async with town.session.get(f"{town.base}/demo/live?as={RIZAL}") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        await stream.content.readuntil(b"\n\n")
        await town.ok("sendMessage", chat_id=GROUP - 1, text="bukan untuk Rizal")
        await town.ok("sendMessage", chat_id=GROUP, text="untuk Rizal")
        async with asyncio.timeout(5):
            while not any(event["kind"] == "message" for event in events):
                block = await stream.content.readuntil(b"\n\n")
                events.append(json.loads(block.removeprefix(b"data: ")))
    told = [event["record"]["message"]["text"] for event in events if event["kind"] == "message"]
    assert told == ["untuk Rizal"]


async def test_the_page_switches_faults(town: Telegram) -> None:
    async with town.session.post(f"{town.base}/demo/switch", json={"name": "slow", "on": True}, headers=HERE) as answer:
        assert (await answer.json())["slow"]
    async with town.session.post(
        f"{town.base}/demo/switch", json={"name": "slow", "on": False}, headers=HERE
    ) as answer:
        assert not (await answer.json())["slow"]


async def test_a_person_opens_a_link_asks_leaves_and_is_removed_from_the_page(town: Telegram) -> None:
    async def act(name: str, **wanted: object) -> tuple[int, dict]:
        async with town.session.post(f"{town.base}/demo/{name}", json=wanted, headers=HERE) as answer:
            return answer.status, await answer.json()

    async def groups(user: int) -> list[str]:
        state = await get(town, f"/demo/state?as={user}")
        return [chat["title"] for chat in state["chats"] if chat["type"] != "private"]

    await town.sim(
        "chats", id=GROUP - 1, title="Lain", members=[{"id": RIZAL, "status": "administrator"}], bot="administrator"
    )
    link = (await town.ok("createChatInviteLink", chat_id=GROUP - 1, name="Nadia", creates_join_request=True))[
        "invite_link"
    ]
    [door] = (await get(town, f"/demo/state?as={NADIA}"))["doors"]
    assert door == {"link": link, "name": "Nadia", "title": "Lain", "asked": False}
    assert (await get(town, f"/demo/state?as={RIZAL}"))["doors"] == []
    assert await act("knock", user=NADIA, link=link) == (200, {"asked": GROUP - 1})
    assert (await get(town, f"/demo/state?as={NADIA}"))["doors"][0]["asked"]
    await town.ok("approveChatJoinRequest", chat_id=GROUP - 1, user_id=NADIA)
    assert "Lain" in await groups(NADIA)
    assert (await act("leave", user=RIZAL, chat=GROUP - 1, by=NADIA))[0] == 400
    assert await act("leave", user=NADIA, chat=GROUP - 1, by=RIZAL) == (200, {"ok": True})
    assert "Lain" not in await groups(NADIA)
    assert (await act("knock", user=NADIA, link=link))[0] == 400
    assert await act("leave", user=RIZAL, chat=GROUP - 1) == (200, {"ok": True})
    assert "Lain" not in await groups(RIZAL)
