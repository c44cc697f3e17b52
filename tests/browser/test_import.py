"""A file of arrears in a real browser: uploaded, its columns said, its difference seen, applied, and undone."""

from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.conftest import Window

HEADER = "KODE;NAMA PELANGGAN;ALAMAT;STO;TAGIHAN"
GOOD = [f"15232099{n:04d};Sri Rahayu {n};Jl. Melati {n};SDA;{n}50000" for n in range(1, 4)]
BAD = "152320990009;<b>Tebal</b>;Jl. Mawar 9;XXQ;100000"


async def rested(page: Page, words: str) -> None:
    """The worker has nothing more to do, and the page says these words."""
    await page.locator("[data-import]:not([data-working])").wait_for()
    await page.locator(f"main >> text={words}").first.wait_for()


async def fine(page: Page) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    for width in (320, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url


async def test_a_file_goes_through_the_four_steps_and_back(window: Window, tmp_path: Path) -> None:
    page, file = window.page, tmp_path / "tunggakan november.csv"
    file.write_text("\n".join([HEADER, *GOOD, BAD]))
    await window.log_in("sari")
    await window.go("/impor")
    await page.set_input_files("input[type=file]", file)
    await page.click("text=Unggah dan periksa")
    await page.wait_for_url("**/impor/*")
    await rested(page, "Kolom wajib belum ditemukan")
    await fine(page)
    await page.select_option("select[name=k0]", "internet")
    await page.click("text=Pakai dan periksa")
    await rested(page, "Siap diterapkan")
    assert "<b>Tebal</b>" not in await page.locator("main").inner_html()
    assert "STO tidak ada dalam daftar." in await page.inner_text("main")
    await fine(page)
    await page.uncheck("input[name=hilang]")  # the town's own accounts are not in this file
    await page.click("form[action$=terapkan] button")
    await rested(page, "Hasil")
    assert "3\nPelanggan baru" in await page.inner_text(".tally")
    await fine(page)
    await page.click("text=Lihat apa yang kembali")
    assert "3 pelanggan dikembalikan" in await page.inner_text("main")
    await fine(page)
    await page.click("button.danger")
    await rested(page, "3 baris dikembalikan seperti sebelum impor ini.")
    await window.go("/impor")
    assert "tunggakan november.csv" in await page.inner_text(".past")
