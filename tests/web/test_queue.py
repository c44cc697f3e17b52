"""The queue: most urgent first, no gaps between pages, counts that equal the lists, a search that forgives."""

import re
from datetime import timedelta

from sqlalchemy import select, update

from shared import clock
from shared.db import transaction
from shared.orders import operations
from shared.orders.models import Order
from tests.factories import viewer
from tests.web.conftest import Answer, Browser, Office


async def arrange(order: Order, **values: object) -> None:
    async with transaction() as session:
        await session.execute(update(Order).where(Order.id == order.id).values(**values))


def shown(count_of: str, answer: Answer) -> int:
    found = re.search(rf'data-hitung="{count_of}">([\d.]+)<', answer.text)
    assert found
    return int(found[1].replace(".", ""))


async def test_the_most_urgent_stands_first_and_paused_ones_last(office: Office, helpdesk: Browser) -> None:
    a, b, c, d = await office.orders(4)
    now = clock.now()
    await arrange(a, sort_at=now + timedelta(hours=2))
    await arrange(b, sort_at=now - timedelta(hours=1))
    await arrange(d, sort_at=now + timedelta(hours=1))
    await helpdesk.change(c, "KENDALA", reason="7")
    wanted = [each.registration_no for each in (b, d, a, c)]
    assert (await helpdesk.get("/order")).rows() == wanted
    assert (await helpdesk.get("/order?tampilan=lewat")).rows() == [b.registration_no]
    assert (await helpdesk.get("/order?tampilan=kendala")).rows() == [c.registration_no]
    await helpdesk.change(a, "OGP")
    assert a.registration_no in (await helpdesk.get("/order?tampilan=saya")).rows()
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await rudi.get("/order?tampilan=saya")).rows() == []
    assert (await helpdesk.get("/order?tampilan=belum")).rows() == [b.registration_no, d.registration_no]


async def test_pages_follow_each_other_without_gaps_also_among_equals(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(120)
    same = clock.now() + timedelta(hours=1)
    async with transaction() as session:
        await session.execute(update(Order).where(Order.id.in_([each.id for each in orders[:70]])).values(sort_at=same))
    for query in ("", "?tampilan=semua", "?status=BARU", "?hari=ini"):
        page = await helpdesk.get(f"/order/baris{query}", htmx=True)
        seen = page.rows()
        while more := re.search(r'hx-get="([^"]+)"', page.text):
            assert len(page.rows()) == 50
            page = await helpdesk.get(more[1].replace("&amp;", "&"), htmx=True)
            seen += page.rows()
        assert len(seen) == len(set(seen)) == 120, query
        if query == "":
            async with transaction() as session:
                right = await session.scalars(select(Order.registration_no).order_by(Order.sort_at, Order.id))
                assert seen == list(right)


async def test_every_count_equals_the_list_it_stands_on(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(9)
    await arrange(orders[0], sort_at=clock.now() - timedelta(minutes=1))
    await helpdesk.change(orders[1], "OGP")
    await helpdesk.change(orders[2], "KENDALA", reason="1")
    await helpdesk.change(orders[3], "SELESAI")
    await helpdesk.change(orders[4], "BATAL", reason="14")
    for narrowed in ("", "sto=SDA", "tipe=AO", "teknisi=F5SDA445", "hari=ini", "sto=TUN"):
        for view in ("aktif", "belum", "lewat", "kendala", "saya"):
            page = await helpdesk.get(f"/order?tampilan={view}&{narrowed}")
            assert shown(view, page) == len(page.rows()), (view, narrowed)
    page = await helpdesk.get("/order")
    assert shown("order", page) == 7


async def test_filters_narrow_and_closed_orders_come_by_their_status(office: Office, helpdesk: Browser) -> None:
    a, b = await office.orders(2)
    c = await office.order(type_code="MO", sto="TUN", odp="ODP-TUN-001", technician_code="F5TUN001")
    await helpdesk.change(b, "SELESAI")
    assert (await helpdesk.get("/order?sto=tun")).rows() == [c.registration_no]
    assert (await helpdesk.get("/order?tipe=MO")).rows() == [c.registration_no]
    assert (await helpdesk.get("/order?teknisi=f5tun001")).rows() == [c.registration_no]
    assert (await helpdesk.get("/order?status=SELESAI")).rows() == [b.registration_no]
    assert (await helpdesk.get("/order?status=done&hari=tutup")).rows() == [b.registration_no]
    assert set((await helpdesk.get("/order?tampilan=semua")).rows()) == {each.registration_no for each in (a, b, c)}
    assert (await helpdesk.get("/order?sto=SPJ")).rows() == []
    nothing = await helpdesk.get("/order?tipe=AO&sto=TUN")
    assert "Tidak ada yang cocok" in nothing.text


async def test_addresses_that_make_no_sense_still_show_a_queue(office: Office, helpdesk: Browser) -> None:
    await office.order()
    for odd in (
        "tampilan=semuanya",
        "hari=kemarin",
        "alasan=abc",
        "tampilan=aktif&tampilan=lewat&tampilan=aktif",
        "q=%00",
        "sto[]=x",
        "q=" + "x" * 5000,
        "teknisi=%F0%9F%91%8D",
        "q=%25%5F%5C%27%22",
        "status=' OR 1=1",
    ):
        answer = await helpdesk.get(f"/order?{odd}")
        assert answer.status == 200, odd
    for cursor in ("abc", "1.", "-1.2", "9" * 40 + ".1", "99999999999999999.1", "1;drop"):
        assert (await helpdesk.get(f"/order?sesudah={cursor}")).status in {200, 422}, cursor


async def test_the_search_forgives_how_a_code_is_written(office: Office, helpdesk: Browser) -> None:
    order = await office.order(
        registration_no="SC32232558", serial="ZTEGC6754546", odp="ODP-SDA-FAB/012", note="Rumah pagar hijau"
    )
    await office.orders(3)
    for words in (
        *(
            "SC32232558",
            "sc32232558",
            "32232558",
            "sc 3223-2558",
            "3223 2558",
            "  SC32232558  ",
            "ＳＣ３２２３２５５８",
        ),
        *("ztegc6754546", "C6754546", "ZTEG C6754546", "odp sda fab 12", "ODP-SDA-FAB/012", "fab/012", "pagar hijau"),
        *("PAGAR", "hijau rumah", "232558"),
    ):
        answer = await helpdesk.get(f"/order?q={words}")
        assert order.registration_no in answer.rows(), words
        assert len(answer.rows()) == 1, words


async def test_a_slipped_digit_finds_what_is_close(office: Office, helpdesk: Browser) -> None:
    order = await office.order(registration_no="SC32232558", serial="ZTEGC6754546")
    await office.orders(2)
    for words in ("SC32232559", "ZTEGC6754S46", "SC3223255"):
        assert order.registration_no in (await helpdesk.get(f"/order?q={words}")).rows(), words
    assert (await helpdesk.get("/order?q=tidakadasamasekali")).rows() == []


async def test_the_search_finds_closed_orders_and_never_those_of_another_area(
    office: Office, helpdesk: Browser
) -> None:
    closed = await office.order(registration_no="SC44440001")
    await helpdesk.change(closed, "SELESAI")
    await office.order(
        by=office.here.outsider, registration_no="SC44440002", sto="SPJ", odp="ODP-SPJ-001", technician_code=None
    )
    assert (await helpdesk.get("/order?q=SC4444")).rows() == ["SC44440001"]
    assert (await helpdesk.get("/order?q=SC44440002")).rows() in ([], ["SC44440001"])
    assert (await helpdesk.get("/order?tampilan=lewat&q=SC44440001")).rows() == ["SC44440001"]


async def test_only_real_letters_of_a_search_count(office: Office, helpdesk: Browser) -> None:
    await office.order(note="diskon 100% untuk pelanggan_baru")
    await office.order(note="biasa saja")
    assert len((await helpdesk.get("/order?q=100%25")).rows()) == 1
    assert len((await helpdesk.get("/order?q=pelanggan_baru")).rows()) == 1
    assert (await helpdesk.get("/order?q=%25%25%25")).rows() == []


async def test_what_left_the_view_is_drawn_as_left(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    form = {"version": "1", "request_key": "k", "status": "SELESAI"}
    answer = await helpdesk.post(f"/order/{order.registration_no}/status?tampilan=belum", form)
    assert "keluar dari tampilan ini" in answer.text


async def test_a_deleted_order_is_in_no_list(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    await arrange(order, deleted_at=clock.now())
    assert (await helpdesk.get("/order?tampilan=semua")).rows() == []
    assert (await helpdesk.get(f"/order?q={order.registration_no}")).rows() == []
    assert (await helpdesk.get(f"/order/{order.registration_no}")).status == 404
    async with transaction() as session:
        asking = await viewer(session, office.here.technician)
        again = operations.NewOrder(order.registration_no, "AO", "SDA")
        assert (await operations.register(session, asking, again, source="web")).id != order.id
