"""An order by hand: refused without a key or twice, asked about slips, warned of the rest, entered once."""

import asyncio

from sqlalchemy import func, select

from shared.db import transaction
from shared.orders.models import Order
from tests.web.conftest import Answer, Browser, Office

GOOD = {
    "request_key": "kunci",
    "type": "AO",
    "number": "sc 3223-2558",
    "serial": "ztegc6754546",
    "sto": "SDA",
    "odp": "odp sda 003",
    "technician": "f5sda445",
}


async def save(browser: Browser, **fields: str) -> Answer:
    return await browser.post("/order/baru", GOOD | fields, htmx=False)


async def entered() -> int:
    async with transaction() as session:
        return await session.scalar(select(func.count()).select_from(Order)) or 0


async def test_an_order_is_cleaned_and_entered(office: Office, helpdesk: Browser) -> None:
    answer = await save(helpdesk)
    assert (answer.status, answer.headers["location"]) == (303, "/order/SC32232558")
    page = await helpdesk.get("/order/SC32232558")
    assert "tersimpan dan masuk antrean" in page.text
    async with transaction() as session:
        order = await session.scalar(select(Order))
        assert order is not None
        assert (order.serial, order.odp, order.technician_code) == ("ZTEGC6754546", "ODP-SDA-003", "F5SDA445")
        assert (order.technician_id, order.source, order.warnings) == (office.here.technician.id, "web", [])


async def test_one_may_go_on_with_the_next(office: Office, helpdesk: Browser) -> None:
    answer = await save(helpdesk, lanjut="ya")
    assert answer.headers["location"] == "/order/baru"
    assert "tersimpan dan masuk antrean" in (await helpdesk.get("/order/baru")).text


async def test_a_form_posted_twenty_times_is_one_order(office: Office, helpdesk: Browser) -> None:
    answers = await asyncio.gather(*[save(helpdesk) for _ in range(20)])
    assert {(answer.status, answer.headers.get("location")) for answer in answers} == {(303, "/order/SC32232558")}
    assert await entered() == 1


async def test_a_number_that_is_taken_leads_to_its_order(office: Office, helpdesk: Browser) -> None:
    await office.order(registration_no="SC32232558")
    answer = await save(helpdesk)
    assert answer.status == 409
    for said in ("sudah terdaftar", "Rizal Fauzi", "status Baru", 'href="/order/SC32232558"', 'value="ZTEGC6754546"'):
        assert said in answer.text, said
    assert await entered() == 1
    told = await helpdesk.post("/order/baru/periksa", GOOD | {"periksa": "number"})
    assert "Sudah terdaftar dan masih aktif." in told.text


async def test_a_number_taken_in_another_area_says_no_more_than_that(office: Office, helpdesk: Browser) -> None:
    await office.order(
        by=office.here.outsider, registration_no="SC32232558", sto="SPJ", odp="ODP-SPJ-001", technician_code=None
    )
    answer = await save(helpdesk)
    assert answer.status == 409
    assert "sudah terdaftar di wilayah lain" in answer.text
    assert "Bagus" not in answer.text
    assert "SPJ" not in answer.text


async def test_what_is_missing_or_cannot_be_is_said_at_its_field(office: Office, helpdesk: Browser) -> None:
    answer = await save(helpdesk, number="", type="", sto="")
    assert answer.status == 422
    assert answer.text.count("Belum diisi.") >= 3
    for name, value, said in (
        ("number", "halo", "Harus SC diikuti 8 angka"),
        ("type", "TERBANG", "Tidak dikenal"),
        ("sto", "XXX", "tidak ada dalam daftar"),
        ("sto", "SPJ", "tidak ada dalam daftar"),
        ("serial", "00:11:22:33:44:55", "alamat MAC"),
        ("serial", "abc", "ukan SN"),
        ("odp", "tiang depan", "ukan label ODP"),
        ("technician", "Pak Budi", "ukan kode teknisi"),
        ("number", "x" * 5000, "Harus SC"),
    ):
        answer = await save(helpdesk, **{name: value})
        assert (answer.status, said in answer.text) == (422, True), (name, value)
    assert await entered() == 0


async def test_a_likely_slip_is_asked_about_once(office: Office, helpdesk: Browser) -> None:
    asked = await save(helpdesk, serial="ZTEGC67545O6")
    assert asked.status == 422
    assert "ZTEGC6754506" in asked.text
    assert 'value="serial:ZTEGC67545O6"' in asked.text
    mended = await save(helpdesk, serial="ZTEGC67545O6", pakai_serial="ZTEGC6754506")
    assert (mended.status, 'value="ZTEGC6754506"' in mended.text) == (200, True)
    assert await entered() == 0
    sure = await save(helpdesk, serial="ZTEGC67545O6", yakin="serial:ZTEGC67545O6")
    assert sure.status == 303
    assert "ZTEGC67545O6" in (await helpdesk.get("/order/SC32232558")).text


async def test_what_only_looks_odd_is_accepted_with_a_warning(office: Office, helpdesk: Browser) -> None:
    answer = await save(helpdesk, number="SC1234567", serial="QQQQ12345678", odp="ODP-TUN-001")
    assert answer.status == 303
    page = (await helpdesk.get(answer.headers["location"])).text
    assert "Perlu diperiksa" in page
    for said in ("merek QQQQ belum dikenal", "labelnya di STO TUN", "7 angka"):
        assert said in page, said


async def test_a_modem_of_another_open_order_is_named(office: Office, helpdesk: Browser) -> None:
    other = await office.order(serial="ZTEGC6754546")
    await save(helpdesk)
    assert f"juga dipakai order {other.registration_no}" in (await helpdesk.get("/order/SC32232558")).text


async def test_a_field_is_checked_when_it_is_left(office: Office, helpdesk: Browser) -> None:
    for name, value, said in (
        ("number", "SC12", "Harus SC"),
        ("serial", "ZTEGC67545O6", "ZTEGC6754506"),
        ("odp", "ODP-TUN-001", "TUN"),
        ("serial", "", ""),
    ):
        answer = await helpdesk.post("/order/baru/periksa", GOOD | {name: value, "periksa": name})
        assert (answer.status, said in answer.text) == (200, True), (name, value)
        assert answer.text.count('class="field"') == 1
    assert (await helpdesk.post("/order/baru/periksa", GOOD | {"periksa": "sandi"})).status == 422
    assert await entered() == 0
