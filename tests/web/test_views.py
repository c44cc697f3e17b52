"""The queue as one likes it: sorted, narrowed, with one's own columns and views, and the file says the same."""

import html
import re
from datetime import timedelta

from sqlalchemy import select, text, update

from shared import clock
from shared.db import transaction
from shared.orders.models import Order
from shared.views.models import SavedView
from tests.web.conftest import Answer, Browser, Office


async def arrange(order: Order, **values: object) -> None:
    async with transaction() as session:
        await session.execute(update(Order).where(Order.id == order.id).values(**values))


def heads(page: Answer) -> list[str]:
    """The heads of the list's columns, without their arrows."""
    head = page.text[page.text.index("<thead>") : page.text.index("</thead>")]
    found = [re.sub(r"<[^>]+>", "", each).strip(" ↑↓") for each in re.findall(r"<th .*?</th>", head)]
    return [each for each in found if each != "Pilih"]  # the ticks of bulk changes


def own_tabs(page: Answer) -> dict[str, str]:
    """Name → count of one's own views."""
    tabs = page.text[page.text.index('class="tabs"') : page.text.index("</nav>", page.text.index('class="tabs"'))]
    found = re.findall(
        r'<a href="[^"]+"[^>]*>([^<]+)(?:<span class="sr">[^<]*</span>)?<span class="n">([^<]+)</span>', tabs
    )
    return {html.unescape(name): count for name, count in found}


async def walk(browser: Browser, path: str) -> list[str]:
    """Every row of a list, page after page."""
    page = await browser.get(path, htmx=True)
    seen = page.rows()
    while more := re.search(r'hx-get="([^"]+sesudah[^"]+)"', page.text):
        page = await browser.get(html.unescape(more[1]), htmx=True)
        seen += page.rows()
    return seen


async def test_each_sort_shows_every_order_once_and_in_its_order(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(60)
    orders += [await office.order(sto="TUN", odp=None, technician_code=code) for code in ("F5TUN001", None, None)]
    now = clock.now()
    for place, order in enumerate(orders[::7]):
        await arrange(order, status_at=now - timedelta(hours=place), registered_at=now - timedelta(days=place % 3))
    columns = {
        "sla": Order.sort_at,
        "masuk": Order.registered_at,
        "berubah": Order.status_at,
        "sc": Order.registration_no,
        "sto": Order.sto_code,
        "teknisi": Order.technician_code,
    }
    for name, column in columns.items():
        for view in ("aktif", "semua"):
            if (name, view) == ("sla", "semua"):
                continue
            async with transaction() as session:
                rising = select(Order.registration_no).order_by(column.nulls_last(), Order.id)
                falling = select(Order.registration_no).order_by(column.desc().nulls_last(), Order.id.desc())
                right = list(await session.scalars(rising)), list(await session.scalars(falling))
            assert await walk(helpdesk, f"/order/baris?tampilan={view}&urut={name}") == right[0], (name, view)
            assert await walk(helpdesk, f"/order/baris?tampilan={view}&urut=-{name}") == right[1], (name, view)


async def test_a_click_on_a_head_sorts_and_a_second_one_turns_it_about(office: Office, helpdesk: Browser) -> None:
    a, b = await office.orders(2)
    page = await helpdesk.get("/order?sto=SDA")
    assert 'aria-sort="ascending"><a class="by" href="/order?sto=SDA&amp;urut=-sla">SLA' in page.text
    assert 'href="/order?sto=SDA&amp;urut=sc">No. registrasi' in page.text
    turned = await helpdesk.get("/order?sto=SDA&urut=-sc")
    assert turned.rows() == [b.registration_no, a.registration_no]
    assert 'aria-sort="descending"><a class="by" href="/order?sto=SDA&amp;urut=sc">No. registrasi' in turned.text


async def test_an_exchange_that_is_renamed_sorts_by_its_new_code(office: Office, helpdesk: Browser) -> None:
    first = await office.order()
    second = await office.order(sto="TUN", odp=None)
    assert (await helpdesk.get("/order?urut=sto")).rows() == [first.registration_no, second.registration_no]
    async with transaction() as session:
        await session.execute(text("UPDATE sto SET code = 'AAA' WHERE code = 'TUN'"))
    assert (await helpdesk.get("/order?urut=sto")).rows() == [second.registration_no, first.registration_no]


async def test_all_filters_work_together(office: Office, helpdesk: Browser) -> None:
    a, b, c = await office.orders(3)
    d = await office.order(type_code="MO", sto="TUN", odp="ODP-TUN-001", technician_code="F5TUN001")
    await helpdesk.change(a, "OGP")
    await helpdesk.change(b, "KENDALA", reason="1")
    await helpdesk.change(c, "SELESAI")
    await arrange(a, sort_at=clock.now() - timedelta(minutes=5))
    await arrange(c, used_seconds=99_999, registered_at=clock.now() - timedelta(days=9))
    nadia, today = office.here.helpdesk.id, clock.local(clock.now(), "Asia/Jakarta").date()
    past = today - timedelta(days=9)
    expected = {
        "pemegang=0": [d],
        f"pemegang={nadia}": [a, b],
        f"pemegang={nadia}&telat=ya": [a],
        f"pemegang={nadia}&alasan=1": [b],
        "so=SO-SDA&tipe=MO": [d],
        "so=SO-SPJ": [],
        "telat=ya&tampilan=semua": [a, c],
        f"tampilan=semua&dari={past}&sampai={past}": [c],
        f"tampilan=semua&dari={today}": [a, b, d],
        f"tampilan=semua&hari=tutup&dari={today}&sampai={today}": [c],
        f"status=OGP&sto=SDA&tipe=AO&teknisi=F5SDA445&so=SO-SDA&pemegang={nadia}&telat=ya&dari={past}": [a],
    }
    for address, orders in expected.items():
        page = await helpdesk.get(f"/order?{address}")
        assert set(page.rows()) == {each.registration_no for each in orders}, address
    page = await helpdesk.get(f"/order?tampilan=semua&dari={today}&sampai={past}")
    assert "Hapus saringan </span>Masuk " in page.text
    assert set(page.rows()) == {each.registration_no for each in (a, b, c, d)}, "turned days are put right"
    assert (await helpdesk.get("/order?dari=2026-13-40&pemegang=abc&urut=umur&kolom=xyz&so=%00")).status == 200


async def test_a_slip_in_a_number_a_name_or_a_label_still_finds_the_order(office: Office, helpdesk: Browser) -> None:
    order = await office.order(
        registration_no="SC32232558", serial="ZTEGC6754546", odp="ODP-SDA-FAB/012", note="Rumah pagar hijau"
    )
    await office.orders(3, odp="ODP-SDA-003", technician_code=None, by=office.here.helpdesk)
    await helpdesk.change(order, "SELESAI")
    for words in (
        *("SC32232559", "SC3223255", "SC322325588", "SC32223558", "SC32232585"),
        *("Rizal", "rizal fauzi", "Risal Fauzi", "Rizal Fausi", "fauzy"),
        *("ODP-SDA-FBA/012", "ODP SDA FAV 012", "ZTEGC6754S46", "ZTEGC675454", "pagr hijau"),
    ):
        assert (await helpdesk.get(f"/order?q={words}")).rows()[:1] == ["SC32232558"], words
    page = await helpdesk.get("/order?q=SC32232559")
    assert "Ini yang mendekati" in page.text
    assert (await helpdesk.get("/order?q=tidakadasamasekali")).rows() == []


async def test_an_exact_hit_stands_before_what_only_holds_the_words(office: Office, helpdesk: Browser) -> None:
    exact = await office.order(serial="HWTC40000001", odp="ODP-SDA-012")
    others = [await office.order(note="pindahan dari HWTC40000001 dan ODP-SDA-012") for _ in range(3)]
    for words in ("HWTC40000001", "hwtc 40000001", "ODP-SDA-012"):
        rows = (await helpdesk.get(f"/order?q={words}")).rows()
        assert rows[0] == exact.registration_no, words
        assert set(rows) == {each.registration_no for each in (exact, *others)}
    await office.orders(55, serial=None, note="ada HWTC40000001")
    seen = await walk(helpdesk, "/order/baris?q=HWTC40000001")
    assert len(seen) == len(set(seen)) == 59
    assert seen[0] == exact.registration_no


async def test_a_view_of_ones_own_is_kept_counted_renamed_begun_with_and_dropped(
    office: Office, helpdesk: Browser
) -> None:
    await office.orders(2)
    await office.order(type_code="MO", sto="TUN", odp="ODP-TUN-001")
    kept = await helpdesk.post(
        "/order/tampilan", {"name": "Tulangan", "query": "sto=TUN&urut=sc&kolom=sla,status", "mulai": "ya"}, htmx=False
    )
    assert (kept.status, kept.headers["location"]) == (303, "/order?sto=TUN&urut=sc&kolom=sla%2Cstatus")
    await helpdesk.post("/order/tampilan", {"name": "Semua AO", "query": "tampilan=semua&tipe=AO"}, htmx=False)
    page = await helpdesk.get(kept.headers["location"])
    assert own_tabs(page) == {"Tulangan": "1", "Semua AO": "2"}
    assert heads(page) == ["SLA", "No. registrasi", "Status"]
    assert (await helpdesk.get("/order")).headers["location"] == kept.headers["location"], "the queue opens with it"
    assert (await helpdesk.get("/order?tampilan=aktif")).status == 200
    async with transaction() as session:
        ids = dict((await session.execute(select(SavedView.name, SavedView.id))).all())
    await helpdesk.post(f"/order/tampilan/{ids['Tulangan']}/mulai", {"mulai": "tidak"}, htmx=False)
    assert (await helpdesk.get("/order")).status == 200
    again = await helpdesk.post(f"/order/tampilan/{ids['Tulangan']}/nama", {"name": "Semua AO"}, htmx=False)
    assert again.status == 422
    assert "Anda sudah punya tampilan dengan nama ini" in again.text
    assert 'value="Semua AO"' in again.text
    await helpdesk.post(f"/order/tampilan/{ids['Tulangan']}/nama", {"name": "Ke selatan"}, htmx=False)
    assert set(own_tabs(await helpdesk.get("/order"))) == {"Ke selatan", "Semua AO"}
    for _ in range(2):
        gone = await helpdesk.post(f"/order/tampilan/{ids['Tulangan']}/hapus", {}, htmx=False)
        assert gone.status == 303
    assert set(own_tabs(await helpdesk.get("/order"))) == {"Semua AO"}


async def test_views_are_ones_own_and_wrong_ones_are_refused_in_words(office: Office, helpdesk: Browser) -> None:
    await helpdesk.post("/order/tampilan", {"name": "Punya Nadia", "query": "sto=TUN"}, htmx=False)
    rudi = await office.visitor(office.here.second_helpdesk)
    assert "Punya Nadia" not in (await rudi.get("/order")).text
    async with transaction() as session:
        view_id = await session.scalar(select(SavedView.id))
    for act in ("nama", "mulai"):
        answer = await rudi.post(f"/order/tampilan/{view_id}/{act}", {"name": "Direbut", "mulai": "ya"}, htmx=False)
        assert answer.status == 404
    await rudi.post(f"/order/tampilan/{view_id}/hapus", {}, htmx=False)
    assert "Punya Nadia" in (await helpdesk.get("/order")).text
    for name, words in (("   ", "Beri nama"), ("x" * 41, "paling banyak 40"), ("x" * 5000, "paling banyak 40")):
        answer = await helpdesk.post("/order/tampilan", {"name": name, "query": "sto=TUN"}, htmx=False)
        assert (answer.status, words in answer.text) == (422, True), name
    hostile = await helpdesk.post("/order/tampilan", {"name": "<b>x</b>", "query": "sto=TUN&q=<script>"}, htmx=False)
    assert hostile.status == 303
    assert "<b>x</b>" not in (await helpdesk.get("/order")).text
    for n in range(12):
        answer = await helpdesk.post("/order/tampilan", {"name": f"Ke-{n}", "query": "sto=TUN"}, htmx=False)
    assert "Paling banyak 12 tampilan" in answer.text


async def test_what_may_be_large_is_counted_to_a_hundred_only(office: Office, helpdesk: Browser) -> None:
    await office.orders(101)
    await helpdesk.post("/order/tampilan", {"name": "Semua", "query": "tampilan=semua&tipe=AO"}, htmx=False)
    await helpdesk.post("/order/tampilan", {"name": "Aktif SDA", "query": "sto=SDA"}, htmx=False)
    assert own_tabs(await helpdesk.get("/order")) == {"Semua": "99+", "Aktif SDA": "101"}


async def test_columns_are_chosen_for_one_list_or_for_all(office: Office, helpdesk: Browser) -> None:
    order = await office.order(note="pagar hijau")
    form = [("csrf", helpdesk.csrf), ("query", "sto=SDA"), ("kolom", "catatan"), ("kolom", "nama"), ("kolom", "lain")]
    here = await helpdesk.ask("POST", "/order/kolom", data=[*form, ("untuk", "ini")])
    assert here.headers["location"] == "/order?sto=SDA&kolom=nama%2Ccatatan"
    page = await helpdesk.get(here.headers["location"])
    assert heads(page) == ["Nama teknisi", "No. registrasi", "Catatan"]
    assert "pagar hijau" in page.text
    assert len(heads(await helpdesk.get("/order"))) == 9, "other lists stay as they were"
    await helpdesk.ask("POST", "/order/kolom", data=[*form, ("untuk", "semua")])
    assert heads(await helpdesk.get("/order")) == ["Nama teknisi", "No. registrasi", "Catatan"]
    changed = await helpdesk.change(order, "OGP")
    assert "pagar hijau" in changed.text.split('data-oob="r-')[1], "a changed row keeps its reader's columns"
    await helpdesk.ask("POST", "/order/kolom", data=[("csrf", helpdesk.csrf), ("query", ""), ("untuk", "semua")])
    assert len(heads(await helpdesk.get("/order"))) == 9


async def test_the_file_holds_the_rows_the_order_and_the_columns_of_the_list(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(5)
    await office.order(sto="TUN", odp=None)
    address = "sto=SDA&urut=-sc&kolom=status,berubah"
    rows = (await helpdesk.get(f"/order?{address}")).rows()
    assert rows == [each.registration_no for each in reversed(orders)]
    file = await helpdesk.get(f"/order/ekspor?{address}&berkas=csv")
    lines = file.text.lstrip("\ufeff").splitlines()
    assert lines[0] == "No. registrasi;Status;Alasan;Status sejak"
    assert [line.split(";")[0] for line in lines[1:]] == rows
    for query in ("q=Rizal", "q=SC3000000", "telat=ya", "urut=teknisi", "tampilan=semua&urut=-berubah", "pemegang=0"):
        shown = (await helpdesk.get(f"/order?{query}")).rows()
        file = await helpdesk.get(f"/order/ekspor?{query}&berkas=csv")
        assert [line.split(";")[0] for line in file.text.splitlines()[1:]] == shown, query


async def test_every_order_of_a_number_has_an_address_and_they_lead_to_one_another(
    office: Office, helpdesk: Browser
) -> None:
    old = await office.order(registration_no="SC55550001", type_code="CONFIG")
    await helpdesk.change(old, "SELESAI")
    new = await office.order(registration_no="SC55550001", type_code="CONFIG")
    page = await helpdesk.get("/order?tampilan=semua")
    assert page.rows() == ["SC55550001", f"SC55550001~{old.id}"]
    first = await helpdesk.get("/order/SC55550001/panel", htmx=True)
    assert f'href="/order/SC55550001?id={old.id}"' in first.text
    assert "Order lain dengan nomor ini" in first.text
    second = await helpdesk.get(f"/order/SC55550001?id={old.id}")
    assert f'data-no="SC55550001~{old.id}"' in second.text
    assert 'href="/order/SC55550001"' in second.text
    assert f"/order/SC55550001/status?sendiri=1&amp;id={old.id}" not in first.text
    dewi = await office.visitor(office.here.leader)
    reopened = await dewi.post(
        f"/order/SC55550001/status?id={old.id}",
        {"version": "2", "request_key": "buka", "status": "OGP", "note": "Pelanggan menelepon lagi."},
        htmx=False,
    )
    assert reopened.status == 409, "two open orders of one number cannot be"
    for wrong in (str(new.id + 99), "abc", "9" * 30, "-1"):
        assert (await helpdesk.get(f"/order/SC55550001?id={wrong}")).status == 404
    other = await office.order()
    assert (await helpdesk.get(f"/order/SC55550001?id={other.id}")).status == 404
    bagus = await office.visitor(office.here.outsider)
    assert (await bagus.get(f"/order/SC55550001?id={old.id}")).status == 404
