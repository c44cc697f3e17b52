"""A simulator, a database and bots for tests over HTTP: in this process where that will do, else as a real one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from services.bot.__main__ import run
from shared.settings import settings
from tests.conftest import set_environment
from tests.factories import TECHNICIAN_CHAT
from tests.simulator.telegram import Telegram

ROOT = Path(__file__).parents[2]
RIZAL = 5512045
START = 120  # seconds: importing aiogram takes 5 s of an idle core, and test machines are not idle


class Bot:
    """A bot process that can be killed and started again."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "services.bot"], cwd=ROOT, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until the log holds these words so many times."""
        async with asyncio.timeout(START):
            while self.log.read_text().count(words) < times:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)


@dataclass
class Street:
    """What one test needs to watch."""

    telegram: Telegram
    database: str
    folder: Path
    added: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def bot(self, **env: str) -> AsyncIterator[None]:
        """The whole bot, in this process, until the block ends; then it must have stopped within seconds."""
        self.added += env
        set_environment(SIKPRO_TELEGRAM_API=self.telegram.base, **env)
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(run(stopping))
            try:
                yield
            finally:
                stopping.set()
                await asyncio.wait_for(running, 15)

    def process(self) -> Bot:
        """A bot process that was not started yet."""
        set_environment(SIKPRO_TELEGRAM_API=self.telegram.base)
        return Bot(self.folder / "bot.log")

    def leave(self) -> None:
        """Take back what was set in the environment."""
        for name in (*self.added, "SIKPRO_TELEGRAM_API"):
            os.environ.pop(name, None)
        settings.cache_clear()

    async def count(self, question: str) -> int:
        connection = await asyncpg.connect(self.database)
        try:
            return int(await connection.fetchval(question))
        finally:
            await connection.close()

    async def until(self, question: str, wanted: int, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while await self.count(question) != wanted:
                await asyncio.sleep(0.1)

    async def say(self, text: str, chat: int = TECHNICIAN_CHAT) -> int:
        """Rizal writes; returns the message's id."""
        said = await self.telegram.sim("say", chat=chat, user=RIZAL, text=text)
        return int(said["message"]["message_id"])

    async def hear(self, contains: str, chat: int = TECHNICIAN_CHAT, seconds: float = 30) -> dict[str, Any]:
        found = await self.telegram.sim("wait", chat=chat, contains=contains, timeout=seconds)
        assert found["message"], f"nothing with {contains!r} was heard"
        return dict(found["message"])
