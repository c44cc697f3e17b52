"""The story of the first paragraph, played in a browser: /reg in a group, the dashboard, a status, the feedback."""

import re

import aiohttp

from deploy.seed.town import GROUPS
from tests.browser.conftest import HOLD, House, Window

TECHNICIANS, DESK = GROUPS[0].id, GROUPS[1].id
RIZAL = 5512045


async def number_in(window: Window) -> str:
    """The registration number that the guide wrote into the message box."""
    typed = await window.page.input_value("#tulis")
    found = re.search(r"SC\d+", typed)
    assert found is not None, typed
    return found[0]


async def test_a_newcomer_plays_the_whole_story(house: House, window: Window, second_window: Window) -> None:
    chat, office = window.page, second_window.page
    await window.go("/demo")
    await chat.click("#people >> text=Rizal")
    await chat.click("#chats >> text=Teknisi Sidoarjo Kota")
    await chat.click("#steps button")
    number = await number_in(window)
    await chat.press("#tulis", "Enter")
    await chat.wait_for_selector("#log >> text=Pesan diterima, mohon ditunggu. >> nth=-1")
    receipt = await house.until_bot_says(TECHNICIANS, number)
    assert receipt["text"].splitlines()[0] == "Pesan diterima, mohon ditunggu."
    await window.shot("story-1-receipt")

    await second_window.log_in("nadia")
    await second_window.go("/order")
    await office.click(f"#a-{number}")
    await office.wait_for_selector(f"#d-{number}")
    await second_window.shot("story-2-order")
    await office.check("input[name=status][value=KENDALA]", force=True)
    await office.select_option("select[name=reason]", label="ODP penuh")
    await office.fill("textarea[name=note]", "Mohon pindah ke ODP-SDA-007 port 3.")
    await office.click("[data-save]")
    await office.wait_for_selector("[data-toast] >> text=Urungkan")
    await second_window.shot("story-3-saved")

    told = await house.until_bot_says(TECHNICIANS, "Mohon pindah ke ODP-SDA-007 port 3.", timeout=HOLD + 15)
    assert number in told["text"]
    assert "ODP penuh" in told["text"]
    assert "Nadia Putri" in told["text"]
    assert number in told["reply_to_message"]["text"]
    await chat.wait_for_selector("#log >> text=Mohon pindah ke ODP-SDA-007 port 3. >> nth=-1")
    await chat.wait_for_timeout(400)
    await window.shot("story-4-feedback")
    card = await house.until_bot_says(DESK, number)
    assert "Kendala" in card["text"]


async def test_what_is_taken_back_is_never_sent(house: House, window: Window) -> None:
    number = await register(house, "SC32239301")
    page = window.page
    await window.log_in("nadia")
    await window.go(f"/order/{number}")
    await page.check("input[name=status][value=OGP]", force=True)
    await page.fill("textarea[name=note]", "kata yang ditarik kembali")
    await page.click("[data-save]")
    await page.click("[data-toast] button:has-text('Urungkan')")
    await page.wait_for_selector(".dhead .st.baru")
    await page.wait_for_timeout(int(HOLD * 1000) + 2000)
    said = await texts(house, TECHNICIANS)
    assert not [text for text in said if "kata yang ditarik kembali" in text]


async def test_an_order_that_arrives_waits_behind_a_counter_and_a_changed_one_changes_in_place(
    house: House, window: Window, second_window: Window
) -> None:
    first = await register(house, "SC32239302")
    page = window.page
    await window.log_in("nadia")
    await window.go("/order")
    await page.wait_for_selector(f"#a-{first}")
    await page.wait_for_selector(".live:has-text('Langsung')")
    second = await register(house, "SC32239303")
    await page.wait_for_selector(".pillnew:visible >> text=1 order baru")
    assert await page.query_selector(f"#a-{second}") is None
    await page.keyboard.press(".")
    await page.wait_for_selector(f"#a-{second}")

    await second_window.log_in("rudi")
    await second_window.go(f"/order/{first}")
    await second_window.page.check("input[name=status][value=OGP]", force=True)
    await second_window.page.click("[data-save]")
    await page.wait_for_selector(f"#r-{first} .st.ogp")


async def test_two_people_on_one_order_the_later_one_learns_who_was_faster(
    house: House, window: Window, second_window: Window
) -> None:
    number = await register(house, "SC32239304")
    for opened, name in ((window, "nadia"), (second_window, "rudi")):
        await opened.log_in(name)
        await opened.go(f"/order/{number}")
    await window.page.check("input[name=status][value=SELESAI]", force=True)
    await window.page.fill("textarea[name=note]", "kata yang tidak boleh hilang")
    await second_window.page.check("input[name=status][value=OGP]", force=True)
    await second_window.page.click("[data-save]")
    await second_window.page.wait_for_selector(".dhead .st.ogp")
    await window.page.click("[data-save]")
    await window.page.wait_for_selector("text=Rudi Hartono mengubah order ini")
    assert await window.page.input_value("textarea[name=note]") == "kata yang tidak boleh hilang"


async def test_helpdesk_takes_an_order_by_the_button_in_its_group(house: House) -> None:
    number = await register(house, "SC32239305")
    card = await house.until_bot_says(DESK, number)
    pressed = await house.sim("press", chat=DESK, user=5512001, message_id=card["message_id"], text="Ambil", wait=10)
    assert pressed["answer"] is not None
    told = await house.until_bot_says(TECHNICIANS, f"OGP, sedang dikerjakan · {number}", f"{number} OGP")
    assert "Nadia Putri" in told["text"]


async def test_the_queue_is_worked_by_keyboard_alone(house: House, window: Window) -> None:
    await register(house, "SC32239306")
    page = window.page
    await window.log_in("nadia")
    await window.go("/order")
    await page.wait_for_selector("a.id")
    await page.keyboard.press("j")
    focused = await page.evaluate("document.activeElement.className")
    assert "id" in focused
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".panel")
    await page.keyboard.press("2")
    assert await page.is_checked("input[name=status][value=OGP]")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("j32239306")
    assert (await page.input_value("#cari")).endswith("32239306")


async def register(house: House, number: str) -> str:
    """A technician registers `number` in the group and the bot says so."""
    serial = f"ZTEGC{int(number[4:]):07d}"
    words = f"/reg AO {number} {serial} SDA ODP-SDA-003 F5SDA445"
    await house.sim("say", chat=TECHNICIANS, user=RIZAL, text=words)
    await house.until_bot_says(TECHNICIANS, number)
    return number


async def texts(house: House, chat: int) -> list[str]:
    async with aiohttp.ClientSession() as http, http.get(f"{house.simulator}/_sim/messages?chat={chat}") as answer:
        return [record["message"].get("text", "") for record in (await answer.json())["messages"]]
