"""One order on the web: what is changed, what is refused, and that nothing happens twice."""

import asyncio
import re
from urllib.parse import urlencode

from sqlalchemy import func, select, text, update

from shared.db import transaction
from shared.events import EventRow
from shared.orders.events import OrderChanged
from shared.orders.models import Order
from shared.outbox import OutboxRow
from tests.web.conftest import Browser, Office


async def changes_of(order: Order) -> int:
    async with transaction() as session:
        wanted = select(func.count()).where(EventRow.order_id == order.id, EventRow.name == OrderChanged.name)
        return await session.scalar(wanted) or 0


async def as_it_is(order: Order) -> Order:
    async with transaction() as session:
        found = await session.get(Order, order.id)
        assert found is not None
        return found


async def test_a_change_is_saved_told_and_shown(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    answer = await helpdesk.change(order, "OGP", note="segera dikerjakan")
    assert answer.status == 200
    assert f'id="d-{order.registration_no}"' in answer.text
    assert f'id="r-{order.registration_no}"' in answer.text
    assert "Urungkan" in answer.text
    now = await as_it_is(order)
    assert (now.status_code, now.feedback, now.holder_id) == ("OGP", "segera dikerjakan", office.here.helpdesk.id)
    async with transaction() as session:
        [row] = (await session.scalars(select(OutboxRow).where(OutboxRow.event_id > 1))).all()
        assert row.state == "waiting"


async def test_without_javascript_a_redirect_leads_back_and_the_next_page_tells_what_happened(
    office: Office, helpdesk: Browser
) -> None:
    order = await office.order()
    answer = await helpdesk.change(order, "OGP", htmx=False)
    assert (answer.status, answer.headers["location"]) == (303, f"/order/{order.registration_no}")
    page = await helpdesk.get(answer.headers["location"])
    assert "menjadi OGP" in page.text
    assert "data-undo" in page.text
    assert "menjadi OGP." not in (await helpdesk.get(answer.headers["location"])).text


async def test_twenty_double_clicks_are_one_change_and_twenty_same_answers(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    answers = await asyncio.gather(*[helpdesk.change(order, "OGP", request_key="satu-kunci") for _ in range(20)])
    assert [answer.status for answer in answers] == [200] * 20
    assert len({re.search(r'name="change" value="(\d+)"', answer.text)[1] for answer in answers}) == 1  # type: ignore[index]
    assert await changes_of(order) == 1
    assert (await as_it_is(order)).version == 2


async def test_a_stale_page_is_refused_with_who_was_faster_and_keeps_what_was_typed(
    office: Office, helpdesk: Browser
) -> None:
    order = await office.order()
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await rudi.change(order, "OGP")).status == 200
    answer = await helpdesk.change(order, "SELESAI", note="sudah saya telepon")
    assert answer.status == 409
    assert "Rudi Hartono mengubah order ini" in answer.text
    assert "sudah saya telepon" in answer.text
    assert answer.value("version") == "2"
    assert (await as_it_is(order)).status_code == "OGP"
    plain = await helpdesk.change(order, "SELESAI", htmx=False, note="sudah saya telepon")
    assert (plain.status, "sudah saya telepon" in plain.text) == (409, True)


async def test_two_people_at_once_change_it_once(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    rudi = await office.visitor(office.here.second_helpdesk)
    answers = await asyncio.gather(helpdesk.change(order, "OGP"), rudi.change(order, "SELESAI"))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert await changes_of(order) == 1


async def test_a_change_can_be_taken_back_while_its_message_waits(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    done = await helpdesk.change(order, "KENDALA", reason="1", note="odp penuh")
    change = done.value("change", "data-undo")
    path = f"/order/{order.registration_no}/urungkan"
    answers = await asyncio.gather(*[helpdesk.post(path, {"change": change}) for _ in range(4)])
    assert [answer.status for answer in answers] == [200] * 4
    now = await as_it_is(order)
    assert (now.status_code, now.reason_id, now.feedback, now.holder_id, now.version) == ("BARU", None, "", None, 3)
    async with transaction() as session:
        states = await session.scalars(select(OutboxRow.state).where(OutboxRow.event_id == int(change)))
        assert list(states) == ["cancelled"]


async def test_after_the_hold_it_is_too_late_and_says_what_to_do(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    done = await helpdesk.change(order, "OGP")
    change = done.value("change", "data-undo")
    async with transaction() as session:
        await session.execute(update(OutboxRow).values(due_at=text("now() - interval '1 second'")))
    answer = await helpdesk.post(f"/order/{order.registration_no}/urungkan", {"change": change})
    assert answer.status == 409
    assert "tidak bisa diurungkan lagi" in answer.text
    assert (await as_it_is(order)).status_code == "OGP"


async def test_nobody_takes_back_the_change_of_another(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    change = (await helpdesk.change(order, "OGP")).value("change", "data-undo")
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await rudi.post(f"/order/{order.registration_no}/urungkan", {"change": change})).status == 403
    other = await office.order()
    assert (await helpdesk.post(f"/order/{other.registration_no}/urungkan", {"change": change})).status == 404


async def test_with_no_hold_there_is_nothing_to_undo(office: Office, helpdesk: Browser, hold) -> None:
    hold(0)
    order = await office.order()
    answer = await helpdesk.change(order, "OGP")
    assert (answer.status, "data-undo" in answer.text) == (200, False)


async def test_an_obstacle_needs_its_reason(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    answer = await helpdesk.change(order, "KENDALA", note="ada apa ini")
    assert answer.status == 422
    assert "Pilih alasannya." in answer.text
    assert "ada apa ini" in answer.text
    assert (await as_it_is(order)).version == 1


async def test_taking_over_asks_again_when_the_holder_changed_meanwhile(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    rudi = await office.visitor(office.here.second_helpdesk)
    path = f"/order/{order.registration_no}/ambil"
    assert (await rudi.post(path, {"version": "1", "request_key": "a"})).status == 200
    assert (await helpdesk.post(path, {"version": "1", "request_key": "b"})).status == 409
    assert (await helpdesk.post(path, {"version": "2", "request_key": "c"})).status == 200
    assert (await as_it_is(order)).holder_id == office.here.helpdesk.id


async def test_a_note_of_a_million_letters_gets_a_sentence(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    answer = await helpdesk.change(order, "OGP", note="x" * 1_000_000)
    assert answer.status == 422
    assert "paling banyak 4.000 karakter" in answer.text
    larger = await helpdesk.change(order, "OGP", note="é" * 1_000_000)
    assert (larger.status, "Terlalu" in larger.text or "terlalu" in larger.text) == (413, True)
    assert await changes_of(order) == 0


async def test_wrong_types_get_a_sentence_and_change_nothing(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    path = f"/order/{order.registration_no}/status"
    good = {"version": "1", "request_key": "k", "status": "OGP"}
    for wrong in (
        {"version": "satu"},
        {"version": "1.5"},
        {"version": "9" * 40},
        {"version": ""},
        {"request_key": ""},
        {"status": ""},
        {"status": "TERBANG"},
        {"reason": "dua"},
        {"reason": "999999"},
        {"version": "-1"},
    ):
        answer = await helpdesk.post(path, good | wrong)
        assert answer.status in {409, 422}, (wrong, answer.status)
        assert "Traceback" not in answer.text
    raw = f"csrf={helpdesk.csrf}&version[]=1&version[x]=2&request_key=k&status=OGP"
    kind = {"content-type": "application/x-www-form-urlencoded", "HX-Request": "true"}
    assert (await helpdesk.ask("POST", path, data=raw, headers=kind)).status == 422
    assert await changes_of(order) == 0


async def test_hidden_characters_do_no_harm(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    answer = await helpdesk.change(order, "OGP", note="nol\x00\u202eterbalik 👍 １２３")
    assert answer.status == 200
    assert (await as_it_is(order)).feedback == "nolterbalik 👍 123"


async def test_what_people_typed_is_shown_as_text(office: Office, helpdesk: Browser) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*1234567}}'
    order = await office.order(note=hostile, odp="<b>ODP</b>")
    await helpdesk.change(order, "OGP", note=hostile)
    for path in (
        "/order",
        f"/order?{urlencode({'q': hostile})}",
        f"/order/{order.registration_no}",
        f"/order/{order.registration_no}/panel",
        f"/order/{order.registration_no}/ringkas",
        "/",
        f"/order/{urlencode({'': hostile})[1:]}",
        f"/masuk?{urlencode({'ke': hostile})}",
    ):
        page = (await helpdesk.get(path)).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "<b>ODP</b>" not in page, path
        assert "8641969" not in page, path
    refused = await helpdesk.change(order, "KENDALA", note=hostile)
    assert "<script>alert" not in refused.text


async def test_an_order_of_another_area_looks_like_none_at_all(office: Office, helpdesk: Browser) -> None:
    theirs = await office.order(by=office.here.outsider, sto="SPJ", odp="ODP-SPJ-001", technician_code=None)
    for unknown in (theirs.registration_no, "SC99999999"):
        for path in (f"/order/{unknown}", f"/order/{unknown}/panel", f"/order/{unknown}/ringkas"):
            answer = await helpdesk.get(path)
            assert answer.status == 404
            assert "SPJ-001" not in answer.text
    page = (await helpdesk.get(f"/order/{theirs.registration_no}")).text
    unknown_page = (await helpdesk.get("/order/SC99999999")).text
    tame = re.compile(r'SC\d{8}|value="[^"]{20,}"|data-now="\d+"|\d\d:\d\d')
    assert tame.sub("", page) == tame.sub("", unknown_page)
    for act in ("status", "ambil", "urungkan"):
        form = {"version": "1", "request_key": "k", "status": "OGP", "change": "1"}
        assert (await helpdesk.post(f"/order/{theirs.registration_no}/{act}", form)).status == 404
    assert (await as_it_is(theirs)).version == 1
    assert theirs.registration_no not in (await helpdesk.get(f"/order?q={theirs.registration_no}")).rows()


async def test_a_closed_order_is_reopened_by_a_team_leader_with_a_note(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    await helpdesk.change(order, "SELESAI")
    page = await helpdesk.get(f"/order/{order.registration_no}/panel")
    assert "Hanya team leader" in page.text
    closed = await as_it_is(order)
    assert (await helpdesk.change(closed, "OGP", note="buka")).status == 403
    dewi = await office.visitor(office.here.leader)
    assert (await dewi.change(closed, "OGP")).status == 422
    assert (await dewi.change(closed, "OGP", note="salah tutup")).status == 200
