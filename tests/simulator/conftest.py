"""One simulator process for these tests; each test begins with an empty world and the published limits off."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.simulator.telegram import Telegram

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "SIKPRO_DATA": str(data),
        "SIKPRO_SIM_PORT": str(port),
        "SIKPRO_BASE_URL": "http://127.0.0.1:8080",
    }
    return subprocess.Popen([sys.executable, "-m", "deploy.simulator"], cwd=ROOT, env=env)


async def ready(telegram: Telegram, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            await telegram.figures()
        except ClientError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the simulator did not start")


@pytest.fixture(scope="session")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telegram]:
    port = free_port()
    running = start(tmp_path_factory.mktemp("simulator"), port)
    async with ClientSession() as session:
        telegram = Telegram(session, f"http://127.0.0.1:{port}")
        await ready(telegram)
        yield telegram
    running.terminate()
    assert running.wait(10) == 0


@pytest.fixture
async def telegram(process: Telegram) -> Telegram:
    await process.sim("reset", forget_hook=True)
    await process.sim("flood", profile="off")
    return process


@pytest.fixture
async def town(telegram: Telegram) -> Telegram:
    """Rizal and Nadia in a group where the bot is administrator; Rizal has also started the bot."""
    await telegram.sim(
        "users", id=5512045, first_name="Rizal", last_name="Fauzi", username="rizal_f5", note="Teknisi F5SDA445"
    )
    await telegram.sim("users", id=5512046, first_name="Nadia", last_name="Putri", note="Helpdesk SDA")
    await telegram.sim("users", id=777, first_name="OtherBot", username="other_bot", is_bot=True)
    await telegram.sim("chats", id=GROUP, title="Teknisi SDA", members=[RIZAL, NADIA, 777], bot="administrator")
    await telegram.sim("chats", id=RIZAL, type="private")
    await telegram.updates(timeout=0)
    return telegram


GROUP, RIZAL, NADIA = -1002000000123, 5512045, 5512046
