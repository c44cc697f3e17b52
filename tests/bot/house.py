"""A simulator and a bot as real processes, for tests over HTTP."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.conftest import TOKEN
from tests.simulator import conftest as simulators
from tests.simulator.telegram import Telegram

ROOT = Path(__file__).parents[2]


class Bot:
    """A bot process that can be killed and started again; its log is a file to read."""

    def __init__(self, log: Path, **env: str) -> None:
        self.log = log
        self.env = {**os.environ, **env}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "services.bot"], cwd=ROOT, env=self.env, stderr=log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 15) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(within)

    async def says(self, words: str, seconds: float = 30) -> None:
        """Wait until the log holds these words."""
        async with asyncio.timeout(seconds):
            while words not in self.log.read_text():
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


async def simulator(folder: Path, http: ClientSession) -> tuple[subprocess.Popen[bytes], Telegram, int]:
    port = simulators.free_port()
    running = simulators.start(folder, port)
    telegram = Telegram(http, f"http://127.0.0.1:{port}")
    await simulators.ready(telegram)
    return running, telegram, port


def bot(folder: Path, database: str, valkey: str, port: int, **env: str) -> Bot:
    given: dict[str, Any] = {
        "SIKPRO_DATABASE_URL": database,
        "SIKPRO_REDIS_URL": valkey,
        "SIKPRO_TELEGRAM_TOKEN": TOKEN,
        "SIKPRO_TELEGRAM_API": f"http://127.0.0.1:{port}",
    }
    return Bot(folder / "bot.log", **given, **env)
