"""A whole SIKPRO as `./sikpro up` starts it, with its demo town, and a real Chromium in front of it."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from deploy.local import ports, temporary
from deploy.local.program import HOUSE

PASSWORD = "kopi-tubruk-di-teras-42"
HOLD = 3.0  # s; how long a feedback can be taken back in these tests
SHOTS = Path(os.environ.get("SIKPRO_SHOTS", HOUSE / "var" / "shots"))
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


SAY_VIOLATIONS = """document.addEventListener('securitypolicyviolation', event => console.error(
    'broken policy', event.effectiveDirective, event.sourceFile, event.lineNumber, event.sample))"""


@dataclass
class House:
    """A running SIKPRO. `url`: what people type; `simulator`: the control API of the simulated Telegram."""

    url: str
    simulator: str
    data: Path
    process: subprocess.Popen[bytes]
    words: Path

    async def sim(self, path: str, **given: Any) -> Any:
        async with aiohttp.ClientSession() as http, http.post(f"{self.simulator}/_sim/{path}", json=given) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def until_bot_says(self, chat: int, *one_of: str, timeout: float = 75) -> dict[str, Any]:
        """The bot's message with one of these words (several may leave as one, in brief ones).

        It is waited for longer than a minute: what was said before may have filled the group's.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for contains in one_of:
                found = await self.sim("wait", chat=chat, contains=contains, timeout=timeout if len(one_of) == 1 else 1)
                if found["message"] is not None:
                    return dict(found["message"])
        raise AssertionError(f"the bot never said {one_of} in {chat}")


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    home = Path(tempfile.mkdtemp(prefix="sikpro-house-"))
    home.chmod(0o711)
    port, words = ports.any_free(), home / "words.txt"
    environment = temporary.plain_environment() | {
        "SIKPRO_DEMO_PASSWORD": PASSWORD,
        "SIKPRO_FEEDBACK_HOLD": str(HOLD),
        "PYTHONUNBUFFERED": "1",
    }
    with words.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--data", str(home / "data"), "--port", str(port)],
            cwd=HOUSE,
            env=environment,
            stdout=out,
            stderr=out,
        )
    deadline = time.monotonic() + 120
    while "SIKPRO is up" not in words.read_text():
        assert process.poll() is None, words.read_text()
        assert time.monotonic() < deadline, words.read_text()
        time.sleep(0.2)
    kept = json.loads((home / "data" / "ports.json").read_text())
    yield House(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{kept['simulator']}", home / "data", process, words)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("SIKPRO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as tool:
        browser = await tool.chromium.launch(executable_path=path, headless=True, args=CHROMIUM)
        yield browser
        await browser.close()


@dataclass
class Window:
    """A browser window of one person, and everything that went wrong in it."""

    page: Page
    context: BrowserContext
    house: House
    trouble: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        await self.page.goto(self.house.url + path, wait_until="load")

    async def log_in(self, username: str) -> None:
        await self.go("/masuk")
        await self.page.fill("input[name=username]", username)
        await self.page.fill("input[name=password]", PASSWORD)
        await self.page.click("main button[type=submit], form button.primary")
        await self.page.wait_for_url(lambda url: "/masuk" not in url)

    async def shot(self, name: str, *, full: bool = False) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=full)


def watch(window: Window) -> None:
    """Note every error of the console, every broken policy, and every request that leaves the house."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            window.trouble.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((window.house.url, "data:", "blob:")):
            window.trouble.append(f"a request to {request.url}")

    window.page.on("console", said)
    window.page.on("request", asked)
    window.page.on("pageerror", lambda error: window.trouble.append(str(error)))


async def open_window(browser: Browser, house: House, **look: Any) -> Window:
    context = await browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "id-ID"} | look)
    context.set_default_timeout(15_000)
    await context.add_init_script(SAY_VIOLATIONS)
    window = Window(await context.new_page(), context, house)
    watch(window)
    return window


@pytest.fixture
async def window(chromium: Browser, house: House) -> AsyncIterator[Window]:
    opened = await open_window(chromium, house)
    yield opened
    await opened.context.close()
    assert opened.trouble == []


@pytest.fixture
async def second_window(chromium: Browser, house: House) -> AsyncIterator[Window]:
    opened = await open_window(chromium, house)
    yield opened
    await opened.context.close()
    assert opened.trouble == []


async def soon(condition: Any, seconds: float = 10) -> None:
    """Wait until `condition()` (a coroutine function) is true."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it never came to be"
        await asyncio.sleep(0.1)
