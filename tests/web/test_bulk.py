"""Acts on many orders: previewed, done once, told by name what was skipped, and taken back as one."""

import asyncio
import html
import re
import secrets
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, func, select, update

from services.notifier.listeners_trash import ears
from shared.audit.models import AuditRow
from shared.db import sessions, transaction
from shared.deliveries.models import Delivery
from shared.events import EventRow
from shared.orders.models import Order, Reason
from shared.orders.operations import Origin
from shared.outbox import OutboxRow
from shared.people.models import Role
from shared.trash.models import Trashed
from tests.factories import TECHNICIAN_CHAT
from tests.web.conftest import Answer, Browser, Office


async def post(browser: Browser, path: str, fields: list[tuple[str, str]], *, htmx: bool = False) -> Answer:
    sent = {"content-type": "application/x-www-form-urlencoded"} | ({"HX-Request": "true"} if htmx else {})
    return await browser.ask("POST", path, data=urlencode([("csrf", browser.csrf), *fields]).encode(), headers=sent)


async def look(browser: Browser, act: str, orders: list[Order], **fields: str) -> Answer:
    """The preview."""
    picked = [("pilih", str(order.id)) for order in orders]
    return await post(browser, "/order/massal", [("tindakan", act), ("lihat", "ya"), *picked, *fields.items()])


def carried(page: Answer) -> list[tuple[str, str]]:
    """The hidden fields of the preview's form."""
    form = page.text[page.text.index("data-bulk-apply") :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return [(name, html.unescape(value)) for name, value in found if name != "csrf"]


async def done(browser: Browser, act: str, orders: list[Order], **fields: str) -> tuple[Answer, str]:
    """Preview and apply; the answer and the batch's key."""
    page = await look(browser, act, orders, **fields)
    assert page.status == 200, page.text
    form = carried(page)
    return await post(browser, "/order/massal/terapkan", form), dict(form)["request_key"]


async def undo(browser: Browser, key: str, *, htmx: bool = False) -> Answer:
    return await post(browser, "/order/massal/urungkan", [("change", key)], htmx=htmx)


async def as_they_are(orders: list[Order]) -> list[Order]:
    async with transaction() as session:
        found = await session.scalars(
            select(Order).where(Order.id.in_([each.id for each in orders])).order_by(Order.id)
        )
        return list(found)


async def a_reason(status: str) -> str:
    async with transaction() as session:
        return str(await session.scalar(select(Reason.id).where(Reason.status_code == status).limit(1)))


def words(page: Answer) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


async def test_the_queue_has_ticks_and_a_bar_for_those_who_may_act(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    page = await helpdesk.get("/order")
    assert f'name="pilih" value="{order.id}" form="f-massal"' in page.text
    assert {"status", "ambil"} == set(re.findall(r'name="tindakan" value="(\w+)"', page.text))
    leader = await (await office.visitor(office.here.leader)).get("/order")
    assert {"status", "ambil", "tugas", "hapus"} == set(re.findall(r'name="tindakan" value="(\w+)"', leader.text))
    reader = await (await office.visitor(office.here.supervisor)).get("/order")
    assert 'name="pilih"' not in reader.text
    assert "f-massal" not in reader.text


async def test_a_preview_names_who_is_skipped_and_changes_nothing(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(4)
    batal = await a_reason("BATAL")
    assert (await helpdesk.change(orders[0], "BATAL", reason=batal, note="ganda")).status == 200
    for order in orders[1:3]:
        assert (await helpdesk.change(order, "OGP")).status == 200
    before = [(each.version, each.status_code) for each in await as_they_are(orders)]
    page = await look(helpdesk, "status", orders, status="SELESAI")
    said = words(page)
    assert "3 order menjadi Selesai, 1 dilewati (sudah Batal)." in said
    assert f"1 dilewati: sudah Batal {orders[0].registration_no}" in said
    assert [(each.version, each.status_code) for each in await as_they_are(orders)] == before


async def test_a_batch_is_done_as_previewed_and_goes_back_to_the_same_list(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(3)
    page = await helpdesk.get("/order?sto=SDA")
    assert 'action="/order/massal?sto=SDA"' in page.text
    answer, key = await done(helpdesk, "status", orders, status="OGP", note="mulai dikerjakan")
    assert answer.status == 303
    assert answer.headers["location"].endswith(f"massal={key}")
    after = await as_they_are(orders)
    assert {(each.status_code, each.holder_id, each.feedback) for each in after} == {
        ("OGP", office.here.helpdesk.id, "mulai dikerjakan")
    }
    queue = await helpdesk.get(answer.headers["location"])
    assert "3 order menjadi OGP" in words(queue)
    assert f'name="change" value="{key}"' in queue.text
    rudi = await office.visitor(office.here.second_helpdesk)
    assert key not in (await rudi.get(answer.headers["location"])).text.replace(f"massal={key}", "")


async def test_an_obstacle_needs_a_reason_and_what_was_typed_stays(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(2)
    page = await look(helpdesk, "status", orders, status="KENDALA", note="ada <b>apa</b>")
    assert page.status == 422
    assert "Pilih alasannya." in page.text
    assert "ada &lt;b&gt;apa&lt;/b&gt;" in page.text
    assert "data-bulk-apply" not in page.text
    reason = await a_reason("KENDALA")
    for order in orders:
        assert (await helpdesk.change(order, "OGP")).status == 200
    answer, _ = await done(helpdesk, "status", orders, status="KENDALA", reason=reason)
    assert answer.status == 303
    assert {(each.status_code, str(each.reason_id)) for each in await as_they_are(orders)} == {("KENDALA", reason)}


async def test_who_changed_meanwhile_is_skipped_and_told_by_whom(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(3)
    page = await look(helpdesk, "status", orders, status="OGP")
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await rudi.change(orders[1], "OGP", note="punya saya")).status == 200
    answer = await post(helpdesk, "/order/massal/terapkan", carried(page))
    assert answer.status == 303
    assert "/order/massal/hasil/" in answer.headers["location"]
    result = words(await helpdesk.get(answer.headers["location"]))
    assert "2 order menjadi OGP." in result
    assert "diubah Rudi Hartono pukul" in result
    assert orders[1].registration_no in result
    now = await as_they_are(orders)
    assert [each.holder_id for each in now] == [
        office.here.helpdesk.id,
        office.here.second_helpdesk.id,
        office.here.helpdesk.id,
    ]


async def test_twenty_double_clicks_are_one_batch(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(3)
    form = carried(await look(helpdesk, "ambil", orders))
    answers = await asyncio.gather(*[post(helpdesk, "/order/massal/terapkan", form) for _ in range(20)])
    assert {(each.status, each.headers["location"]) for each in answers} == {
        (303, f"/order?massal={dict(form)['request_key']}")
    }
    assert [each.version for each in await as_they_are(orders)] == [2, 2, 2]


async def test_two_people_take_the_same_orders_and_each_order_has_one_holder(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(12)
    rudi = await office.visitor(office.here.second_helpdesk)
    mine, theirs = carried(await look(helpdesk, "ambil", orders)), carried(await look(rudi, "ambil", orders[::-1]))
    both = await asyncio.gather(
        post(helpdesk, "/order/massal/terapkan", mine), post(rudi, "/order/massal/terapkan", theirs)
    )
    assert [each.status for each in both] == [303, 303]
    assert {each.version for each in await as_they_are(orders)} == {2}
    assert len({each.holder_id for each in await as_they_are(orders)}) == 1  # one of them locked them all


async def test_one_undo_brings_all_back_and_no_message_leaves(office: Office, helpdesk: Browser) -> None:
    orders = [await office.order(origin=Origin(TECHNICIAN_CHAT, 100 + n)) for n in range(4)]
    _, key = await done(helpdesk, "status", orders, status="OGP")
    answer = await undo(helpdesk, key, htmx=True)
    assert answer.status == 200
    assert "4 order kembali seperti semula" in answer.text
    assert all(f'id="r-{order.registration_no}"' in answer.text for order in orders)
    assert {(each.status_code, each.holder_id) for each in await as_they_are(orders)} == {("BARU", None)}
    async with transaction() as session:
        states = await session.scalars(
            select(OutboxRow.state).join(EventRow).where(EventRow.name == "order.changed").distinct()
        )
        assert set(states) == {"cancelled"}
    again = await undo(helpdesk, key)
    assert (again.status, "/order/massal/hasil/" in again.headers["location"]) == (303, True)
    assert [each.version for each in await as_they_are(orders)] == [3] * 4
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await undo(rudi, key)).status == 404


async def test_an_undo_after_the_hold_changes_nothing_and_says_why(office: Office, helpdesk: Browser, hold) -> None:
    hold(0)
    orders = await office.orders(2)
    _, key = await done(helpdesk, "status", orders, status="OGP")
    answer = await undo(helpdesk, key)
    assert answer.status == 409
    assert "sudah dikirim" in answer.text
    assert {each.status_code for each in await as_they_are(orders)} == {"OGP"}


async def test_an_undo_leaves_alone_what_somebody_changed_since(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(3)
    _, key = await done(helpdesk, "status", orders, status="OGP")
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await rudi.change((await as_they_are(orders))[0], "SELESAI")).status == 200
    answer = await undo(helpdesk, key)
    result = words(await helpdesk.get(answer.headers["location"]))
    assert "2 order kembali seperti semula" in result
    assert "diubah Rudi Hartono" in result
    assert [each.status_code for each in await as_they_are(orders)] == ["SELESAI", "BARU", "BARU"]


async def test_all_messages_of_a_batch_fall_due_at_one_moment_and_each_technician_is_told_once(
    office: Office, helpdesk: Browser
) -> None:
    orders = [await office.order(origin=Origin(TECHNICIAN_CHAT, 200 + n)) for n in range(5)]
    await done(helpdesk, "status", orders, status="OGP")
    async with transaction() as session:
        changed = select(OutboxRow.due_at).join(EventRow).where(EventRow.name == "order.changed")
        assert len(set(await session.scalars(changed))) == 1
        await session.execute(update(OutboxRow).values(due_at=func.now()))
    for order in orders:
        await ears.hear(f"order:{order.id}")
        await ears.hear(f"order:{order.id}")
    async with transaction() as session:
        told = await session.scalars(select(Delivery.order_id).where(Delivery.kind == "status"))
        assert sorted(told) == [order.id for order in orders]


async def test_orders_are_assigned_to_somebody_who_covers_them_all(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    orders = [*await office.orders(2), await office.order(sto="TUN", odp=None)]
    page = await post(leader, "/order/massal", [("tindakan", "tugas"), *(("pilih", str(order.id)) for order in orders)])
    assert "Nadia Putri" in page.text
    assert "Bagus Santoso" not in page.text  # of the other Site Operation
    assert "Rizal Fauzi" not in page.text
    for wrong in ("", "x", "999999", str(office.here.outsider.id), str(office.here.technician.id)):
        refused = await look(leader, "tugas", orders, to=wrong)
        assert refused.status == 422, wrong
        assert "data-bulk-apply" not in refused.text
    answer, key = await done(leader, "tugas", orders, to=str(office.here.helpdesk.id), note="tolong hari ini")
    assert (await as_they_are(orders))[2].holder_id == office.here.helpdesk.id
    assert "3 order ditugaskan ke Nadia Putri" in words(await leader.get(answer.headers["location"]))
    assert (await undo(leader, key)).status == 303
    assert {each.holder_id for each in await as_they_are(orders)} == {None}


async def test_a_batch_is_deleted_with_one_reason_noted_each_and_taken_back_as_one(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    orders = await office.orders(3)
    refused = await look(leader, "hapus", orders, note="  ")
    assert (refused.status, "Tulis alasan menghapusnya" in refused.text) == (422, True)
    _, key = await done(leader, "hapus", orders, note="salah input massal")
    assert all(each.deleted_at for each in await as_they_are(orders))
    async with transaction() as session:
        assert set(await session.scalars(select(Trashed.reason))) == {"salah input massal"}
        noted = await session.scalars(select(AuditRow.subject).where(AuditRow.what == "order.deleted"))
        assert sorted(noted) == sorted(f"order:{order.registration_no}" for order in orders)
    assert (await undo(leader, key, htmx=True)).status == 200
    assert not any(each.deleted_at for each in await as_they_are(orders))
    async with transaction() as session:
        assert await session.scalar(select(func.count()).where(AuditRow.what == "order.restored")) == 3


async def test_more_than_twenty_deletions_are_confirmed_by_their_number(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    orders = await office.orders(21)
    form = carried(await look(leader, "hapus", orders, note="uji"))
    for typed in ([], [("count", "20")], [("count", "dua puluh satu")]):
        refused = await post(leader, "/order/massal/terapkan", form + typed)
        assert refused.status == 422
        assert "Ketik 21 untuk menghapus semuanya" in refused.text
    assert not any(each.deleted_at for each in await as_they_are(orders))
    assert (await post(leader, "/order/massal/terapkan", [*form, ("count", " 21 ")])).status == 303
    assert all(each.deleted_at for each in await as_they_are(orders))


async def test_orders_of_another_area_look_like_none(office: Office, helpdesk: Browser) -> None:
    mine = await office.order()
    there = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    page = await look(helpdesk, "ambil", [mine, there])
    assert there.registration_no not in page.text
    assert "1 dilewati (tidak ada lagi, atau di luar wilayah Anda)" in words(page)
    unknown = await post(
        helpdesk, "/order/massal", [("tindakan", "ambil"), ("pilih", str(mine.id)), ("pilih", "987654321")]
    )
    assert words(unknown).replace(secrets.token_hex(0), "") and "1 dilewati (tidak ada lagi" in words(unknown)
    form = [("tindakan", "ambil"), ("request_key", "k1"), ("o", f"{there.id}.1"), ("o", f"{mine.id}.1")]
    answer = await post(helpdesk, "/order/massal/terapkan", form)
    result = await helpdesk.get(answer.headers["location"])
    assert there.registration_no not in result.text
    assert [each.holder_id for each in await as_they_are([mine, there])] == [office.here.helpdesk.id, None]


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.SUPERVISOR])
async def test_who_may_not_assign_or_delete_is_refused_before_anything_is_looked_at(office: Office, role: Role) -> None:
    browser = await office.visitor(office.here.helpdesk if role is Role.HELPDESK else office.here.supervisor)
    order = await office.order()
    for act in ("hapus", "tugas"):
        assert (await look(browser, act, [order], note="x", to="1")).status == 403
        form = [("tindakan", act), ("request_key", "k"), ("o", f"{order.id}.1"), ("note", "x"), ("to", "1")]
        assert (await post(browser, "/order/massal/terapkan", form)).status == 403
    assert (await as_they_are([order]))[0].version == 1


async def test_hostile_forms_get_a_sentence_and_change_nothing(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(2)
    ids = [("pilih", str(order.id)) for order in orders]
    for fields, said in (
        ([("tindakan", "status")], "Belum ada order yang dipilih"),
        ([("tindakan", "status"), *[("pilih", str(n)) for n in range(101)]], "Paling banyak 100 order"),
        ([("tindakan", "status"), ("pilih", "x' OR 1=1 --"), ("pilih", "9" * 40)], "dipilih"),
        ([("tindakan", "musnahkan"), *ids], "Tindakan ini tidak dikenal"),
        ([*ids], "Tindakan ini tidak dikenal"),
        ([("tindakan", "status"), ("lihat", "ya"), ("status", "LUNAS"), *ids], "Pilih status yang ada"),
        ([("tindakan", "status"), ("lihat", "ya"), ("status", "\x00"), *ids], "Pilih status"),
        (
            [("tindakan", "status"), ("lihat", "ya"), ("status", "OGP"), ("reason", "1.5"), *ids],
            "Alasan ini tidak dikenal",
        ),
        ([("tindakan", "status"), ("lihat", "ya"), ("status", "OGP"), ("note", "x" * 5000), *ids], "Terlalu panjang"),
    ):
        answer = await post(helpdesk, "/order/massal", fields)
        assert answer.status in {200, 422}, fields
        assert said in answer.text, (fields[:3], words(answer)[:400])
    for fields in (
        [("tindakan", "ambil"), ("request_key", "k")],
        [("tindakan", "ambil"), ("request_key", ""), ("o", f"{orders[0].id}.1")],
        [("tindakan", "ambil"), ("request_key", "x" * 500), ("o", f"{orders[0].id}.1")],
        [("tindakan", "ambil"), ("request_key", "k"), *[("o", f"{n}.1") for n in range(101)]],
    ):
        assert (await post(helpdesk, "/order/massal/terapkan", fields)).status == 422
    assert (await helpdesk.get("/order/massal/hasil/tidak-ada")).status == 404
    assert (await undo(helpdesk, "tidak-ada")).status == 404
    assert (await undo(helpdesk, "")).status == 404
    assert {each.version for each in await as_they_are(orders)} == {1}


async def test_a_hundred_orders_cost_no_more_statements_than_a_hundred_single_changes(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    orders = await office.orders(100)
    form = carried(await look(leader, "status", orders, status="OGP"))
    counted: list[str] = []
    engine = sessions.kw["bind"].sync_engine

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        answer = await post(leader, "/order/massal/terapkan", form)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert answer.status == 303
    assert {each.status_code for each in await as_they_are(orders)} == {"OGP"}
    assert len(counted) <= 100 * 9 + 40, len(counted)
