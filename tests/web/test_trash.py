"""Deleting an order from its panel, the trash, coming back, and going for good."""

import asyncio
import html
import re

import pytest
from sqlalchemy import func, select, text, update

from services.notifier.listeners_trash import ears
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.orders.models import Order
from shared.orders.operations import Origin
from shared.outbox import OutboxRow
from shared.people.models import Role
from tests.factories import TECHNICIAN_CHAT
from tests.web.conftest import Answer, Browser, Office
from tests.web.test_bulk import post, words
from tests.web.test_roles import WHO


@pytest.fixture
async def leader(office: Office) -> Browser:
    return await office.visitor(office.here.leader)


@pytest.fixture
async def admin(office: Office) -> Browser:
    return await office.visitor(office.here.admin)


async def delete(
    browser: Browser, order: Order, why: str = "salah ketik", *, htmx: bool = True, key: str = ""
) -> Answer:
    form = {"version": str(order.version), "request_key": key or f"hapus-{order.id}", "alasan": why}
    return await browser.post(f"/order/{order.registration_no}/hapus", form, htmx=htmx)


async def as_it_is(order: Order) -> Order | None:
    async with transaction() as session:
        return await session.get(Order, order.id)


async def heard(order: Order) -> None:
    """The hold is over and the notifier heard everything of the order."""
    async with transaction() as session:
        await session.execute(update(OutboxRow).where(OutboxRow.state == "waiting").values(due_at=func.now()))
    await ears.hear(f"order:{order.id}")


async def test_a_deleted_order_is_gone_from_every_page_and_lies_in_the_trash(office: Office, leader: Browser) -> None:
    order = await office.order()
    no = order.registration_no
    assert f'action="/order/{no}/hapus' in (await leader.get(f"/order/{no}")).text
    answer = await delete(leader, order, "nomor <b>keliru</b>")
    assert answer.status == 200
    assert "Order ini dihapus" in answer.text
    assert f'action="/order/{no}/hapus/urungkan"' in answer.text
    for page in ("/order", "/order?tampilan=semua", f"/order?q={no}"):
        assert (await leader.get(page)).rows() == [], page
    assert (await leader.get(f"/order/{no}")).status == 404
    assert no not in (await leader.get("/order/ekspor?tampilan=semua&berkas=csv")).text
    trash = await leader.get("/sampah")
    assert no in trash.text
    assert "nomor &lt;b&gt;keliru&lt;/b&gt;" in trash.text
    assert "Dewi Lestari" in trash.text


async def test_without_javascript_the_queue_says_what_happened_and_offers_the_undo(
    office: Office, leader: Browser
) -> None:
    order = await office.order()
    answer = await delete(leader, order, htmx=False)
    assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/order")
    queue = await leader.get(answer.headers["location"])
    assert "dihapus. Selama 30 hari" in queue.text
    change = re.search(r'name="change" value="(\d+)"', queue.text)
    assert change is not None
    undone = await leader.post(f"/order/{order.registration_no}/hapus/urungkan", {"change": change[1]}, htmx=False)
    assert (undone.status, undone.headers["location"]) == (303, f"/order/{order.registration_no}")
    page = await leader.get(undone.headers["location"])
    assert "kembali ke antrean. Tidak ada pesan terkirim." in page.text
    assert "menghapus order" in page.text
    assert "mengembalikan order dari Sampah" in page.text
    again = await leader.post(f"/order/{order.registration_no}/hapus/urungkan", {"change": change[1]}, htmx=False)
    assert again.status == 303
    assert (await as_it_is(order)).version == 3  # type: ignore[union-attr]


async def test_twenty_double_clicks_are_one_deletion(office: Office, leader: Browser) -> None:
    order = await office.order()
    answers = await asyncio.gather(*[delete(leader, order, key="satu") for _ in range(20)])
    assert {answer.status for answer in answers} <= {200, 404}  # who came late found it gone
    assert 200 in {answer.status for answer in answers}
    async with transaction() as session:
        assert await session.scalar(select(func.count()).where(AuditRow.what == "order.deleted")) == 1


async def test_a_deletion_without_a_reason_or_on_a_stale_page_is_refused_and_keeps_what_was_typed(
    office: Office, leader: Browser, helpdesk: Browser
) -> None:
    order = await office.order()
    refused = await delete(leader, order, "   ")
    assert (refused.status, "Tulis alasan menghapusnya" in refused.text) == (422, True)
    long = await delete(leader, order, "x" * 501, key="b")
    assert (long.status, "paling banyak 500 karakter" in long.text, "x" * 501 in long.text) == (422, True, True)
    assert (await helpdesk.change(order, "OGP", htmx=False)).status == 303
    stale = await delete(leader, order, "tetap saya hapus", key="c")
    assert stale.status == 409
    assert "Nadia Putri mengubah order ini" in stale.text
    assert "tetap saya hapus" in stale.text
    assert (await as_it_is(order)).deleted_at is None  # type: ignore[union-attr]


async def test_after_the_message_left_the_undo_points_to_the_trash(office: Office, leader: Browser) -> None:
    order = await office.order(origin=Origin(TECHNICIAN_CHAT, 41))
    answer = await delete(leader, order)
    change = re.search(r'name="change" value="(\d+)"', answer.text)
    assert change is not None
    await heard(order)
    late = await leader.post(f"/order/{order.registration_no}/hapus/urungkan", {"change": change[1]}, htmx=False)
    assert late.status == 409
    assert "Sampah" in late.text
    back = await leader.post(f"/sampah/{order.id}/pulihkan", htmx=False)
    assert (back.status, back.headers["location"]) == (303, f"/order/{order.registration_no}")
    assert "dipulihkan. Teknisinya diberi tahu." in (await leader.get(back.headers["location"])).text


async def test_restoring_an_order_whose_number_was_registered_again_is_refused_in_words(
    office: Office, leader: Browser
) -> None:
    order = await office.order()
    await delete(leader, order)
    await office.order(registration_no=order.registration_no)
    answer = await leader.post(f"/sampah/{order.id}/pulihkan", htmx=False)
    assert answer.status == 409
    assert f"{order.registration_no} sudah didaftarkan lagi" in answer.text
    assert f'href="/order/{order.registration_no}"' in answer.text
    assert (await as_it_is(order)).deleted_at is not None  # type: ignore[union-attr]


async def test_the_trash_shows_a_leader_its_area_and_an_admin_everything(
    office: Office, leader: Browser, admin: Browser
) -> None:
    there = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    assert (await delete(admin, there)).status == 200
    assert there.registration_no in (await admin.get("/sampah")).text
    assert there.registration_no not in (await leader.get("/sampah")).text
    assert '<tr id="t-' not in (await leader.get(f"/sampah?q={there.registration_no}")).text
    theirs = await leader.post(f"/sampah/{there.id}/pulihkan", htmx=False)
    nobodys = await leader.post("/sampah/999999/pulihkan", htmx=False)
    strange = await leader.post("/sampah/'%20OR%201=1/pulihkan", htmx=False)
    assert {theirs.status, nobodys.status, strange.status} == {404}
    assert (await leader.post(f"/order/{there.registration_no}/hapus", {"alasan": "x"})).status == 404


async def test_the_trash_has_pages_and_a_search(office: Office, leader: Browser) -> None:
    orders = await office.orders(52)
    form = [("tindakan", "hapus"), ("request_key", "banyak"), ("note", "uji halaman"), ("count", "52")]
    done = await post(leader, "/order/massal/terapkan", [*form, *(("o", f"{order.id}.1") for order in orders)])
    assert done.status == 303
    first = await leader.get("/sampah")
    onward = re.search(r'href="(/sampah\?sesudah=[^"]+)"', first.text)
    assert onward is not None
    second = await leader.get(onward[1])
    on_both = [re.findall(r'<tr id="t-(\d+)"', page.text) for page in (first, second)]
    assert [len(each) for each in on_both] == [50, 2]
    assert {int(each) for each in on_both[0] + on_both[1]} == {order.id for order in orders}
    found = await leader.get(f"/sampah?q={orders[7].registration_no.lower()}")
    assert re.findall(r'<tr id="t-(\d+)"', found.text) == [str(orders[7].id)]
    for hostile in ("%25", "_", "'; DROP TABLE trash; --", "x" * 500, "\x00", "<script>"):
        answer = await leader.ask("GET", "/sampah", params={"q": hostile})
        assert answer.status == 200
        assert "<script>" not in answer.text.replace("<script ", "")
    assert (await leader.get("/sampah?sesudah=bukan-kita")).status == 200


async def test_a_purge_is_an_admins_and_typed(office: Office, leader: Browser, admin: Browser) -> None:
    orders = await office.orders(3)
    for order in orders:
        await delete(leader, order)
    one = [("pilih", str(orders[0].id))]
    assert "Musnahkan" not in (await leader.get("/sampah")).text
    assert (
        await post(leader, "/sampah/musnahkan", [*one, ("sure", "ya"), ("typed", orders[0].registration_no)])
    ).status == 403
    asked = await post(admin, "/sampah/musnahkan", one)
    assert f"Ketik {orders[0].registration_no} untuk memastikan" in words(asked)
    wrong = await post(admin, "/sampah/musnahkan", [*one, ("sure", "ya"), ("typed", "SC1<b>")])
    assert (wrong.status, "Yang diketik tidak sama" in wrong.text, "SC1&lt;b&gt;" in wrong.text) == (422, True, True)
    assert await as_it_is(orders[0]) is not None
    gone = await post(admin, "/sampah/musnahkan", [*one, ("sure", "ya"), ("typed", orders[0].registration_no)])
    assert (gone.status, gone.headers["location"]) == (303, "/sampah?kabar=1")
    assert "1 order dimusnahkan." in (await admin.get("/sampah?kabar=1")).text
    assert await as_it_is(orders[0]) is None
    many = [("pilih", str(order.id)) for order in orders[1:]]
    assert "Ketik 2 untuk memastikan" in words(await post(admin, "/sampah/musnahkan", many))
    assert (await post(admin, "/sampah/musnahkan", [*many, ("sure", "ya"), ("typed", "2")])).status == 303
    log = html.unescape((await admin.get("/audit")).text)
    assert "Memusnahkan order" in log
    assert f"order {orders[0].registration_no}" in log
    assert (await post(admin, "/sampah/musnahkan", one)).status == 404
    assert (await post(admin, "/sampah/musnahkan", [])).status == 422
    assert (await post(admin, "/sampah/musnahkan", [("pilih", str(n)) for n in range(101)])).status == 422


async def test_an_order_that_is_not_deleted_cannot_be_purged(office: Office, admin: Browser) -> None:
    order = await office.order()
    form = [("pilih", str(order.id)), ("sure", "ya"), ("typed", order.registration_no)]
    assert (await post(admin, "/sampah/musnahkan", form)).status == 404
    assert await as_it_is(order) is not None


@pytest.mark.parametrize("role", list(Role))
async def test_only_who_may_delete_sees_the_trash(office: Office, role: Role) -> None:
    order = await office.order()
    browser = await office.visitor(getattr(office.here, WHO[role]))
    allowed = role in {Role.TEAM_LEADER, Role.ADMIN}
    assert (await browser.get("/sampah")).status == (200 if allowed else 403)
    assert (await browser.post(f"/sampah/{order.id}/pulihkan")).status == (404 if allowed else 403)
    assert (await browser.post("/sampah/musnahkan")).status == (422 if role is Role.ADMIN else 403)
    if role in {Role.HELPDESK, Role.SUPERVISOR}:
        assert "Sampah" not in (await browser.get("/order")).text
        assert "/hapus" not in (await browser.get(f"/order/{order.registration_no}")).text
    assert (await delete(browser, order)).status == (200 if allowed else 403)


async def test_the_trash_is_read_by_its_own_index(office: Office, leader: Browser) -> None:
    order = await office.order()
    await delete(leader, order)
    async with transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_sort = off"))
        plan = await session.scalars(
            text(
                """EXPLAIN SELECT t.order_id FROM trash t JOIN orders o ON o.id = t.order_id
                   WHERE o.sto_id IN (1, 2) ORDER BY t.deleted_at DESC, t.order_id DESC LIMIT 51"""
            )
        )
        said = "\n".join(plan)
    assert "ix_trash_at" in said
    assert "Seq Scan" not in said
