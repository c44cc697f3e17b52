"""Ticks in the queue with the keyboard, one act on all of them, and what the technicians' group reads of it."""

from tests.browser.conftest import House, Window
from tests.browser.test_story import DESK, RIZAL, TECHNICIANS

NUMBERS = ("SC32239881", "SC32239882")


async def test_ticked_orders_survive_live_changes_are_set_at_once_and_deleted_with_a_word_to_the_technician(
    house: House, window: Window, second_window: Window
) -> None:
    page, other = window.page, second_window.page
    for n, number in enumerate(NUMBERS):
        words = f"/reg AO {number} ZTEGC00{n}9123 SDA ODP-SDA-003 F5SDA445"
        await house.sim("say", chat=TECHNICIANS, user=RIZAL, text=words)
        await house.until_bot_says(TECHNICIANS, number)
        await house.until_bot_says(DESK, number)
    await window.log_in("dewi")
    await window.go("/order?q=SC3223988")
    for number in NUMBERS:
        await page.focus(f"#a-{number}")
        await page.keyboard.press("x")
    assert await page.inner_text("[data-bulk-count]") == "2 dipilih"

    await second_window.log_in("nadia")
    await second_window.go(f"/order/{NUMBERS[0]}")
    await other.click("[data-take] button")
    await page.wait_for_selector(f"#r-{NUMBERS[0]}:has-text('OGP')")
    assert await page.locator("#baris :checked").count() == 2  # the row was drawn anew, its tick stayed

    await page.keyboard.press("s")
    await page.wait_for_url("**/order/massal**")
    await page.check("input[name=status][value=KENDALA]", force=True)
    await page.select_option("select[name=reason]", label="ODP penuh")
    await page.click("button[name=lihat]")
    assert "2 order menjadi Kendala." in await page.inner_text("main")
    await page.click("[data-bulk-apply] [data-save]")
    await page.wait_for_selector("[data-toast] >> text=2 order menjadi Kendala")
    assert await page.locator("#baris :checked").count() == 0
    for number in NUMBERS:
        await page.wait_for_selector(f"#r-{number}:has-text('ODP penuh')")

    for number in NUMBERS:
        await page.check(f"#r-{number} input[name=pilih]")
    await page.click("button[name=tindakan][value=hapus]")
    await page.fill("textarea[name=note]", "nomor salah ketik")
    await page.click("button[name=lihat]")
    await page.click("[data-bulk-apply] [data-save]")
    await page.wait_for_selector("[data-toast] >> text=2 order dihapus")
    assert "di luar wilayah Anda" in await other.inner_text("#rincian")  # who had it open is told, without a request
    await window.go("/sampah")
    for number in NUMBERS:
        await page.wait_for_selector(f"text={number}")
    told = await house.until_bot_says(TECHNICIANS, "nomor salah ketik")
    assert "Dihapus" in told["text"]
    card = await house.until_bot_says(DESK, "nomor salah ketik")
    assert "Dihapus" in card["text"]
    assert not card.get("reply_markup", {}).get("inline_keyboard")
    await window.shot("bulk-trash", full=True)
    assert window.trouble == []
