"""The office's own pages in a real browser: a stuck message is seen and let go, and every page is without barrier."""

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from deploy.seed.town import GROUPS
from tests.browser.conftest import House, Window, open_window
from tests.browser.test_story import RIZAL, TECHNICIANS

DESK = GROUPS[1]
LOOKS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]
PAGES = [
    "/kiriman",
    "/kiriman?keadaan=ditahan",
    "/kesehatan",
    "/serah-terima",
    "/sampah",
    "/impor",
    "/tunggakan",
    "/tunggakan?bulan=3%2B&janji=lewat&status=lunas&jeda=ya",
    "/tunggakan/rute",
    "/audit",
    "/audit?dari=2026-02-30",
    "/sla",
    "/sla/unit/1",
    "/profil",
]
MASTER = [
    "/pengguna",
    "/pengguna/2",
    "/pengguna/7",
    "/undangan/tidak-ada",
    "/site",
    "/site/1",
    "/sto",
    "/sto/1",
    "/libur",
    "/status",
    "/status/status",
    "/status/status/BARU",
    "/status/alur/BARU",
    "/status/alasan",
    "/status/alasan/1",
    "/grup",
    "/webhook",
    "/pemberitahuan",
    "/pemberitahuan/silent",
    "/profil/pemberitahuan",
    "/aturan-kontak",
    f"/grup/{DESK.id}",
    "/laporan/jadwal",
]


async def test_what_a_closed_group_holds_leaves_when_it_is_let_go(house: House, window: Window) -> None:
    number, page = "SC32239771", window.page
    await house.sim("faults", kind="403", method="sendMessage", chat=DESK.id, count=1)
    words = f"/reg AO {number} ZTEGC0077123 SDA ODP-SDA-003 F5SDA445"
    await house.sim("say", chat=TECHNICIANS, user=RIZAL, text=words)
    await house.until_bot_says(TECHNICIANS, number)
    await window.log_in("dewi")
    for _ in range(40):
        await window.go("/kiriman")
        if await page.locator(f"tr:has-text('{DESK.title}') >> button").count():
            break
        await page.wait_for_timeout(250)
    await window.shot("office-held", full=True)
    await page.click(f"tr:has-text('{DESK.title}') a[href*=ditahan]")
    assert number in await page.inner_text("main")
    assert "Obrolannya ditahan" in await page.inner_text("main")
    await window.go("/kesehatan")
    assert "1 obrolan tidak dapat ditulisi" in await page.inner_text("main")
    await page.click("text=Lihat obrolannya")
    await page.click(f"tr:has-text('{DESK.title}') >> button")
    assert "Obrolan dilepaskan" in await page.inner_text("[data-toast]")
    card = await house.until_bot_says(DESK.id, number)
    assert number in card["text"]


async def test_looks_are_kept_with_the_person(chromium: Browser, house: House, window: Window) -> None:
    page = window.page
    await window.log_in("hendra")
    async with page.expect_response("**/profil/tampilan"):
        await page.click("[data-theme-toggle]")
    elsewhere = await open_window(chromium, house)
    await elsewhere.log_in("hendra")
    assert await elsewhere.page.evaluate("document.documentElement.dataset.theme") == "dark"
    await elsewhere.go("/profil")
    await elsewhere.page.select_option("select[name=theme]", "system")
    await elsewhere.page.select_option("select[name=shortcuts]", "off")
    await elsewhere.page.click("text=Simpan tampilan")
    await window.go("/order")
    assert await page.evaluate("document.documentElement.dataset.theme") == "system"
    await page.keyboard.press("?")
    assert not await page.evaluate("document.getElementById('bantuan').open")
    assert elsewhere.trouble == []
    await elsewhere.context.close()


@pytest.fixture(scope="module")
async def admin(chromium: Browser, house: House) -> AsyncIterator[Window]:
    """One window for all pages: looks are changed where a page stands, for loading it is what costs."""
    window = await open_window(chromium, house, reduced_motion="reduce")
    await window.log_in("sari")
    yield window
    await window.context.close()


@pytest.mark.parametrize("path", PAGES + MASTER)
async def test_a_page_has_no_barrier_in_any_look_and_fits_a_small_phone(admin: Window, path: str) -> None:
    page = admin.page
    await admin.go(path)
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 900})
        results = await Axe().run(page)
        assert results.violations_count == 0, (scheme, width, results.generate_report())
    for width in (320, 360, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert admin.trouble == []
