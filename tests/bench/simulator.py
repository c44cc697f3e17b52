"""The simulator's control API as the benches use it: make people, let them talk, read the log of calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp


class Simulator:
    """`base`: its address. All times are its own, seconds since 1970 on the machine's one clock."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base

    async def post(self, path: str, **body: Any) -> Any:
        async with self.http.post(f"{self.base}/_sim/{path}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        async with self.http.get(f"{self.base}/_sim/{path}", params=query) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.get("stats")
        return found

    async def calls(self, since: int) -> list[dict[str, Any]]:
        """The calls after number `since`, those that asked for updates left out."""
        found: list[dict[str, Any]] = await self.get("calls", since=since)
        return found


@asynccontextmanager
async def simulator(base: str) -> AsyncIterator[Simulator]:
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=100)) as http:
        yield Simulator(http, base)
