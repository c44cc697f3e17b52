"""The chat page in a real Chromium, with a small bot that answers: talk, press, switch person, break the network."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from tests.simulator.conftest import GROUP, NADIA, RIZAL
from tests.simulator.telegram import Telegram

pytestmark = pytest.mark.browser

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
SUMMARY = """<div><span class="mono">{}</span> <span class="st baru pill">{}</span>
<a href="/order/x">Buka di antrean</a></div>"""


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("SIKPRO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        await browser.close()


async def small_bot(town: Telegram) -> None:
    """Answers /reg with a receipt and two buttons, and each press with an alert and a news line."""
    while True:
        for update in await town.ok("getUpdates", timeout=20, offset=town.offset):
            town.offset = update["update_id"] + 1
            if query := update.get("callback_query"):
                alert = query["data"] == "alert"
                await town.ok(
                    "answerCallbackQuery", callback_query_id=query["id"], text="Sudah dicatat", show_alert=alert
                )
                await town.ok("sendMessage", chat_id=query["message"]["chat"]["id"], text="SC30000001 kini Selesai")
            elif update.get("message", {}).get("text", "").startswith("/reg"):
                message = update["message"]
                keys = [[{"text": "Cek", "callback_data": "toast"}, {"text": "Hapus", "callback_data": "alert"}]]
                await town.ok(
                    "sendMessage", chat_id=message["chat"]["id"], parse_mode="HTML",
                    text="<b>Pesan diterima</b>, mohon ditunggu.",
                    reply_parameters={"message_id": message["message_id"]}, reply_markup={"inline_keyboard": keys},
                )  # fmt: skip


@pytest.fixture
async def page(chromium: Browser, town: Telegram) -> AsyncIterator[Page]:
    await town.ok(
        "setMyCommands",
        commands=[
            {"command": "reg", "description": "Daftarkan order"},
            {"command": "cek", "description": "Lihat progres"},
        ],
    )
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(5000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    states = ["Baru"]

    async def dashboard(route: Route) -> None:
        await route.fulfill(
            status=200, content_type="text/html", body=SUMMARY.format(route.request.url.split("/")[-2], states[-1])
        )

    await page.route("**/order/**", dashboard)
    await page.route("**/static/**", lambda route: route.fulfill(status=404))
    bot = asyncio.ensure_future(small_bot(town))
    await page.goto(f"{town.base}/demo")
    await expect(page.locator("#live-text")).to_have_text("Bot demo tersambung")
    await expect(page.locator("#chat-name")).to_have_text("SIKPRO Bot")
    yield page
    bot.cancel()
    await context.close()
    assert problems == []


async def clean(page: Page) -> list[Any]:
    return [(v["id"], v["nodes"][0]["html"]) for v in (await Axe().run(page)).response["violations"]]


async def test_the_first_road_ticks_itself(page: Page, town: Telegram) -> None:
    await page.get_by_role("button", name="Isi contoh").click()
    await expect(page.locator("#tulis")).to_have_value(
        re.compile(r"^/reg AO SC\d{8} ZTEGC[0-9A-F]{7} SDA ODP-SDA-0\d\d F5SDA445$")
    )
    await page.keyboard.press("Enter")
    await expect(page.locator(".msg .bub strong")).to_have_text("Pesan diterima")
    await expect(page.locator(".msg .quote")).to_contain_text("/reg AO SC")
    await expect(page.locator("#order .st")).to_have_text("Baru")
    await expect(page.locator("#raw")).to_contain_text('"text": "/reg AO')
    await expect(page.locator("#steps .done")).to_have_count(1)
    assert await clean(page) == []
    await page.get_by_role("button", name="Sembunyikan panduan").click()
    await page.reload()
    await expect(page.locator("#chat-name")).to_have_text("SIKPRO Bot")
    await expect(page.locator("#guide")).to_be_hidden()


async def test_buttons_answer_with_a_toast_or_an_alert(page: Page, town: Telegram) -> None:
    await page.locator("#tulis").fill("/reg SC30000001")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Cek", exact=True).click()
    await expect(page.locator(".toast")).to_have_text("Sudah dicatat")
    await page.get_by_role("button", name="Hapus").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Sudah dicatat")
    await page.get_by_role("button", name="Baik").click()
    await expect(page.locator(".msg", has_text="kini Selesai")).to_have_count(2)


async def test_another_person_sees_another_world_and_unread_counts(page: Page, town: Telegram) -> None:
    await town.ok("sendMessage", chat_id=GROUP, text="Untuk semua")
    await expect(page.locator("#chats button", has_text="Teknisi SDA")).to_contain_text("1")
    await page.get_by_role("button", name="Nadia Putri").click()
    await expect(page.locator("#people [aria-current=true]")).to_contain_text("Nadia Putri")
    await page.get_by_role("button", name="Teknisi SDA").click()
    await expect(page.locator(".msg .txt")).to_have_text("Untuk semua")
    await page.locator("#tulis").fill("Siap")
    await page.keyboard.press("Enter")
    await expect(page.locator(".msg.out .txt")).to_have_text("Siap")
    assert [record["message"]["from"]["id"] for record in await town.messages(GROUP)][-1] == NADIA
    await expect(page.locator("#chats .n")).to_have_count(0)


async def test_a_slash_offers_the_commands_and_the_keyboard_chooses(page: Page) -> None:
    field = page.locator("#tulis")
    await field.press_sequentially("/")
    await expect(page.locator("#menu li")).to_have_count(2)
    assert await clean(page) == []
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(field).to_have_value("/cek ")
    await expect(page.locator("#menu")).to_be_hidden()


async def test_a_slash_typed_before_the_commands_came_offers_them_too(page: Page) -> None:
    held = asyncio.Event()

    async def slow(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/demo/messages**", slow)
    await page.reload()
    field = page.locator("#tulis")
    await field.press_sequentially("/")
    await expect(page.locator("#menu")).to_be_hidden()
    held.set()
    await expect(page.locator("#menu li")).to_have_count(2)


async def test_the_line_comes_back_after_a_break_and_english_is_one_press_away(page: Page, town: Telegram) -> None:
    await page.get_by_role("button", name="Switch to English").click()
    await expect(page.locator("#who-h")).to_have_text("Acting as")
    await page.locator("#net summary").click()
    await page.get_by_label("Telegram slow (3 s)").check()
    assert (await town.figures())["faults"][0]["kind"] == "delay"
    await page.get_by_label("Telegram slow (3 s)").uncheck()
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await town.ok("sendMessage", chat_id=RIZAL, text="Masih di sini")
    await expect(page.locator(".msg .txt", has_text="Masih di sini")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_phone_shows_one_pane_at_a_time_without_sideways_scroll(page: Page, town: Telegram, theme: Any) -> None:
    await page.emulate_media(color_scheme=theme)
    await town.sim("say", chat=RIZAL, user=RIZAL, text="/reg SC30000001", photo=True)
    for width in (320, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        for pane in ("Orang", "Sistem", "Obrolan"):
            await page.get_by_role("button", name=pane, exact=True).click()
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            assert width == 320 or await clean(page) == []
