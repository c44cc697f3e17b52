"""Updates pushed to a webhook: secret, order, retries, and a method in the answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.simulator.conftest import GROUP, RIZAL, free_port
from tests.simulator.telegram import Telegram


class Receiver:
    """A bot's webhook that records what comes and answers what it is told to."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}/hook"
        self.seen: list[Any] = []
        self.secrets: list[str] = []
        self.fail = 0
        self.reply: Any = None

    async def take(self, request: web.Request) -> web.Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""))
        if self.fail:
            self.fail -= 1
            return web.Response(status=500)
        self.seen.append(await request.json())
        return web.json_response(self.reply or {})

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(8):
            while len(self.seen) < count:
                await asyncio.sleep(0.02)
        return [update["message"]["text"] for update in self.seen]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(receiver.url.split(":")[2].split("/")[0])).start()
    yield receiver
    await runner.cleanup()


async def test_updates_come_in_order_with_the_secret(town: Telegram, receiver: Receiver) -> None:
    await town.ok("setWebhook", url=receiver.url, secret_token="rahasia")
    for number in range(20):
        await town.sim("say", chat=GROUP, user=RIZAL, text=f"n{number}")
    assert await receiver.until(20) == [f"n{number}" for number in range(20)]
    assert set(receiver.secrets) == {"rahasia"}
    assert (await town.ok("getWebhookInfo"))["pending_update_count"] == 0


async def test_a_failed_push_is_repeated_and_later_ones_wait(town: Telegram, receiver: Receiver) -> None:
    receiver.fail = 2
    await town.ok("setWebhook", url=receiver.url)
    await town.sim("say", chat=GROUP, user=RIZAL, text="satu")
    await town.sim("say", chat=GROUP, user=RIZAL, text="dua")
    await asyncio.sleep(0.5)
    info = await town.ok("getWebhookInfo")
    assert (info["pending_update_count"], info["last_error_message"]) == (
        2,
        "Wrong response from the webhook: 500 Internal Server Error",
    )
    assert await receiver.until(2) == ["satu", "dua"]


async def test_a_method_in_the_answer_is_carried_out(town: Telegram, receiver: Receiver) -> None:
    receiver.reply = {"method": "sendMessage", "chat_id": GROUP, "text": "dari webhook"}
    await town.ok("setWebhook", url=receiver.url)
    await town.sim("say", chat=GROUP, user=RIZAL, text="/cek")
    assert (await town.sim("wait", chat=GROUP, contains="dari webhook", timeout=5))["message"]


async def test_a_webhook_elsewhere_needs_https(town: Telegram) -> None:
    assert "HTTPS URL must be provided" in await town.refused("setWebhook", url="http://sikpro.example/hook")
    assert "ports 80, 88, 443 or 8443" in await town.refused("setWebhook", url="https://sikpro.example:8080/hook")
