"""The dashboard: every number equals the list behind it, a day is the unit's day, a broken card fails alone."""

import html
import re
from datetime import timedelta

from sqlalchemy import text, update

from shared import clock
from shared.db import transaction
from shared.orders.models import Order
from shared.reports import queries as figures
from tests.factories import viewer
from tests.web.conftest import Browser, Office


async def a_busy_day(office: Office, helpdesk: Browser) -> list[Order]:
    orders = await office.orders(10)
    await office.orders(3, type_code="MO", sto="TUN", odp="ODP-TUN-001")
    await helpdesk.change(orders[0], "OGP")
    await helpdesk.change(orders[1], "KENDALA", reason="1")
    await helpdesk.change(orders[2], "KENDALA", reason="1")
    await helpdesk.change(orders[3], "KENDALA", reason="3")
    await helpdesk.change(orders[4], "SELESAI")
    await helpdesk.change(orders[5], "SELESAI")
    await helpdesk.change(orders[6], "BATAL", reason="14")
    async with transaction() as session:
        past = clock.now() - timedelta(days=3)
        await session.execute(
            update(Order).where(Order.id == orders[7].id).values(registered_at=past, sort_at=past, due_at=past)
        )
        await session.execute(
            update(Order)
            .where(Order.id == orders[5].id)
            .values(registered_at=past, closed_at=past + timedelta(hours=1))
        )
    await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    return orders


async def test_every_number_equals_the_list_it_leads_to(office: Office, helpdesk: Browser) -> None:
    await a_busy_day(office, helpdesk)
    page = (await helpdesk.get("/")).text
    kpis = re.findall(r'<a href="([^"]+)" id="k-\d"><small>([^<]+)</small><b[^>]*>([\d.]+)', page)
    assert [label for _, label, _ in kpis] == [
        "Masuk hari ini",
        "Selesai hari ini",
        "Order aktif",
        "Lewat SLA",
        "Kendala",
    ]
    assert [int(n) for _, _, n in kpis] == [11, 1, 10, 1, 3]
    cells = re.findall(r'<a class="z" href="([^"]+)" aria-label="[^"]+">([\d.]+)</a>', page)
    reasons = re.findall(r'<li><span><a href="([^"]+)">([^<]+)</a></span><span class="num">(\d+)</span>', page)
    assert [(label, int(n)) for _, label, n in reasons] == [("ODP penuh", 2), ("Redaman tinggi", 1)]
    assert sum(int(n) for _, n in cells) == 12
    numbers = [(href, n) for href, _, n in (*kpis, *reasons)] + cells
    for href, n in numbers:
        address = html.unescape(href)
        assert len((await helpdesk.get(address)).rows()) == int(n), address


async def test_what_is_late_stands_under_needs_action(office: Office, helpdesk: Browser) -> None:
    orders = await a_busy_day(office, helpdesk)
    page = (await helpdesk.get("/")).text
    assert re.findall(r'id="t-(SC\d+)"', page) == [orders[7].registration_no]


async def test_a_day_begins_at_midnight_of_the_unit(office: Office, helpdesk: Browser) -> None:
    early, late = await office.orders(2)
    midnight, _ = clock.day_bounds(clock.local(clock.now(), "Asia/Jakarta").date(), "Asia/Jakarta")
    async with transaction() as session:
        for order, at in ((early, midnight), (late, midnight - timedelta(seconds=1))):
            await session.execute(update(Order).where(Order.id == order.id).values(registered_at=at))
    assert (await helpdesk.get("/order?hari=ini")).rows() == [early.registration_no]


async def test_an_hour_counts_what_came_in_and_what_was_finished(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(4)
    await helpdesk.change(orders[0], "SELESAI")
    await helpdesk.change(orders[1], "BATAL", reason="14")
    yesterday = clock.now() - timedelta(days=1)
    async with transaction() as session:
        await session.execute(update(Order).where(Order.id == orders[3].id).values(registered_at=yesterday))
        seen = await viewer(session, office.here.helpdesk)
        now = clock.now()
        hours = {each.hour: each for each in await figures.per_hour(session, seen, now, "Asia/Jakarta")}
    here = hours[clock.local(now, "Asia/Jakarta").hour]
    assert (here.received, here.done, here.usual) == (3, 1, 1.0)


async def test_a_supervisor_and_a_leader_of_another_area_see_their_own_figures(
    office: Office, helpdesk: Browser
) -> None:
    await a_busy_day(office, helpdesk)
    bagus = await office.visitor(office.here.outsider)
    page = (await bagus.get("/")).text
    assert re.findall(r'id="k-3"><small>Order aktif</small><b>(\d+)', page) == ["1"]
    assert "Tidak ada kendala" in page


async def test_a_quiet_day_says_so(office: Office, helpdesk: Browser) -> None:
    page = (await helpdesk.get("/")).text
    assert "Belum ada order hari ini." in page
    assert "Tidak ada yang mendesak" in page


async def test_a_card_that_fails_fails_alone(office: Office, helpdesk: Browser) -> None:
    await office.order()
    async with transaction() as session:
        await session.execute(text("ALTER TABLE bot_pause RENAME TO bot_pause_gone"))
    try:
        page = await helpdesk.get("/")
    finally:
        async with transaction() as session:
            await session.execute(text("ALTER TABLE bot_pause_gone RENAME TO bot_pause"))
    assert page.status == 200
    assert "Kartu ini tidak dapat dimuat" in page.text
    assert "Order aktif" in page.text


async def test_trouble_with_the_bot_is_shown(office: Office, helpdesk: Browser) -> None:
    assert "Lancar" in (await helpdesk.get("/")).text
    async with transaction() as session:
        await session.execute(
            text(
                "INSERT INTO inbox (bot_id, update_id, chat_id, body, received_at)"
                " VALUES (1, 1, 1, '{}', now() - interval '5 minutes')"
            )
        )
    page = (await helpdesk.get("/dasbor/isi", htmx=True)).text
    assert "Perlu dilihat" in page
    assert "tertua 5" in page
    health = await helpdesk.get("/health")
    assert health.status == 200
    assert "restart bot" in health.text


async def test_every_number_of_every_period_equals_the_list_it_leads_to(office: Office, helpdesk: Browser) -> None:
    orders = await a_busy_day(office, helpdesk)
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    async with transaction() as session:
        noon, _ = clock.day_bounds(today, "Asia/Jakarta")
        for order, days in ((orders[4], 1), (orders[6], 1), (orders[8], 1), (orders[9], 40)):
            at = noon - timedelta(days=days) + timedelta(hours=12)
            closed = at + timedelta(hours=1) if order in (orders[4], orders[6]) else None
            await session.execute(update(Order).where(Order.id == order.id).values(registered_at=at, closed_at=closed))
        await session.execute(text("UPDATE event SET at = at - interval '1 day' WHERE payload ->> 'reason_id' = '1'"))
    spans = {
        "periode=kemarin": (3, 1),
        "periode=7": (12, 2),
        "periode=30": (12, 2),
        "periode=bulan": None,
        f"dari={today - timedelta(days=60)}&sampai={today - timedelta(days=20)}": (1, 0),
        f"dari={today - timedelta(days=91)}&sampai={today}": (13, 2),
    }
    for asked, wanted in spans.items():
        page = (await helpdesk.get(f"/?{asked}")).text
        kpis = re.findall(r'<a href="([^"]+)" id="k-\d"><small>[^<]+</small><b[^>]*>([\d.]+)', page)
        assert wanted is None or tuple(int(n) for _, n in kpis[:2]) == wanted, asked
        cells = re.findall(r'<a class="z" href="([^"]+)" aria-label="[^"]+">([\d.]+)</a>', page)
        reasons = re.findall(r'<li><span><a href="([^"]+)">[^<]+</a></span><span class="num">(\d+)</span>', page)
        for href, n in (*kpis, *cells, *reasons):
            address = html.unescape(href)
            assert len((await helpdesk.get(address)).rows()) == int(n), (asked, address)
        told = asked.replace("&", "&amp;")
        assert f'hx-get="/dasbor/isi?{told}"' in page, "the cards that come later are of the same days"
    yesterday = (await helpdesk.get("/?periode=kemarin")).text
    assert re.findall(r'<li><span><a href="[^"]+">([^<]+)</a></span><span class="num">(\d+)', yesterday) == [
        ("ODP penuh", "2")
    ]


async def test_days_that_cannot_be_shown_are_named_and_today_is(office: Office, helpdesk: Browser) -> None:
    for asked, why in (
        ("dari=2026-01-01&sampai=2026-06-30", "Rentang paling panjang 92 hari"),
        ("dari=31/02/2026", "Tulis tanggal yang ada di kalender"),
        ("dari=2999-01-01", "Hari itu belum tiba"),
        ("sampai=1999-12-31", "Paling awal 1 Jan 2000"),
        ("dari=" + "9" * 5000, "Tulis tanggal"),
    ):
        page = await helpdesk.get(f"/?{asked}")
        assert (page.status, why in page.text, "Masuk hari ini" in page.text) == (200, True, True), asked
    assert "Masuk hari ini" in (await helpdesk.get("/?periode=tahun")).text
