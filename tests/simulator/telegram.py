"""A bot and a stage hand for the tests: calls of the Bot API and of /_sim as plain awaits."""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

TOKEN = "731904:SIMULATOR-demo-token-not-a-secret-000000"


@dataclass
class Telegram:
    session: ClientSession
    base: str
    offset: int = 0

    async def call(self, method: str, **params: Any) -> Any:
        """The whole answer of a Bot API call, {"ok": …}."""
        async with self.session.post(f"{self.base}/bot{TOKEN}/{method}", json=params) as answer:
            return await answer.json()

    async def ok(self, method: str, **params: Any) -> Any:
        answer = await self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> str:
        answer = await self.call(method, **params)
        assert not answer["ok"], answer
        return str(answer["description"])

    async def updates(self, **params: Any) -> list[Any]:
        """New updates, confirmed with the next call."""
        params = {"timeout": 0, "offset": self.offset or None, **params}
        batch = await self.ok("getUpdates", **params)
        if batch:
            self.offset = batch[-1]["update_id"] + 1
            await self.ok("getUpdates", offset=self.offset, timeout=0, limit=1)
        return list(batch)

    async def sim(self, act: str, **wanted: Any) -> Any:
        async with self.session.post(f"{self.base}/_sim/{act}", json=wanted) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return body

    async def impossible(self, act: str, **wanted: Any) -> str:
        async with self.session.post(f"{self.base}/_sim/{act}", json=wanted) as answer:
            assert answer.status == 400
            return str((await answer.json())["error"])

    async def figures(self) -> Any:
        async with self.session.get(f"{self.base}/_sim/stats") as answer:
            return await answer.json()

    async def messages(self, chat: int) -> list[Any]:
        async with self.session.get(f"{self.base}/_sim/messages", params={"chat": str(chat)}) as answer:
            return list((await answer.json())["messages"])

    async def chats(self) -> list[Any]:
        async with self.session.get(f"{self.base}/_sim/chats") as answer:
            return list(await answer.json())

    async def calls(self, since: int = 0) -> list[Any]:
        async with self.session.get(f"{self.base}/_sim/calls", params={"since": str(since)}) as answer:
            return list(await answer.json())
