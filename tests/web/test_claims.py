"""Who holds an order: let go, handed over, declined, assigned, taken over; each once, told to whom it concerns."""

import asyncio
import json
import re
import secrets
from typing import Any

import pytest
from sqlalchemy import select

from shared.db import transaction
from shared.desk.models import HandoverOrder, Line, Notice
from shared.events import EventRow
from shared.orders import operations
from shared.orders.events import OrderChanged
from shared.orders.models import Order
from shared.people import operations as people
from shared.people.models import Person
from shared.people.queries import viewer_of
from tests.web.conftest import Answer, Browser, Office
from tests.web.test_live import listening


async def as_it_is(order: Order) -> Order:
    async with transaction() as session:
        return await session.get_one(Order, order.id)


async def held(office: Office, person: Person, **given: object) -> Order:
    """An order that this person has taken."""
    order = await office.order(**given)
    async with transaction() as session:
        await operations.take(session, await viewer_of(session, person), order.id, source="web")
    return await as_it_is(order)


async def do(browser: Browser, order: Order, act: str, *, htmx: bool = True, **fields: str) -> Answer:
    form = {"version": str(order.version), "request_key": secrets.token_hex(8)} | fields
    return await browser.post(f"/order/{order.registration_no}/{act}", form, htmx=htmx)


async def told(person: Person) -> list[str]:
    async with transaction() as session:
        return list(await session.scalars(select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)))


async def test_a_released_order_waits_again_for_anybody(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    answer = await do(helpdesk, order, "lepas")
    assert answer.status == 200
    assert "dilepas, kini Baru." in answer.text
    now = await as_it_is(order)
    assert (now.holder_id, now.category, now.version) == (None, "received", order.version + 1)
    assert (await helpdesk.get("/order?tampilan=belum")).rows() == [order.registration_no]
    assert "melepas order, kini Baru" in (await helpdesk.get(f"/order/{order.registration_no}/panel")).text


async def test_an_obstacle_stays_one_when_its_holder_lets_go(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    await helpdesk.change(order, "KENDALA", reason="1", note="ODP penuh")
    order = await as_it_is(order)
    assert (await do(helpdesk, order, "lepas")).status == 200
    now = await as_it_is(order)
    assert (now.holder_id, now.category, now.reason_id, now.feedback) == (None, "obstacle", 1, "ODP penuh")
    assert now.status_at == order.status_at


async def test_nobody_lets_go_of_what_another_holds_but_a_team_leader(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.second_helpdesk)
    refused = await do(helpdesk, order, "lepas")
    assert refused.status == 409
    assert "Anda tidak memegang order ini" in refused.text
    assert (await do(helpdesk, order, "serahkan", to=str(office.here.leader.id))).status == 409
    dewi = await office.visitor(office.here.leader)
    assert (await do(dewi, order, "lepas")).status == 200
    assert await told(office.here.second_helpdesk) == ["moved"]


async def test_an_order_handed_over_is_the_others_at_once_and_told_live(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(rudi) as stream:
        answer = await do(
            helpdesk, order, "serahkan", to=str(office.here.second_helpdesk.id), words="tunggu <b>ODP</b>"
        )
        assert "diserahkan kepada Rudi Hartono." in answer.text
        news = json.loads((await stream.next("kabar"))["data"])
    assert news["text"] == f"Nadia Putri menyerahkan {order.registration_no} kepada Anda."
    assert (news["note"], news["href"]) == ("tunggu <b>ODP</b>", f"/order/{order.registration_no}")
    assert (await as_it_is(order)).holder_id == office.here.second_helpdesk.id
    panel = (await rudi.get(f"/order/{order.registration_no}/panel")).text
    assert "Nadia Putri menyerahkan order ini kepada Anda." in panel
    assert "tunggu &lt;b&gt;ODP&lt;/b&gt;" in panel
    assert "menyerahkan kepada Rudi Hartono" in panel


async def handed(office: Office) -> tuple[Order, str]:
    """An order that Nadia gave to Rudi, and where he answers."""
    order = await held(office, office.here.helpdesk)
    nadia = await office.visitor(office.here.helpdesk)
    await do(nadia, order, "serahkan", to=str(office.here.second_helpdesk.id), words="tolong")
    async with transaction() as session:
        line = (await session.scalars(select(HandoverOrder).where(HandoverOrder.order_id == order.id))).one()
        return order, f"/serah-terima/{line.handover_id}"


async def test_what_is_declined_goes_back_with_words(office: Office) -> None:
    order, path = await handed(office)
    rudi = await office.visitor(office.here.second_helpdesk)
    form = {"request_key": "t1", "semua": "ya", "ke": f"/order/{order.registration_no}"}
    silent = await rudi.post(f"{path}/tolak", form, htmx=False)
    assert (silent.status, "Tulis mengapa Anda menolak" in silent.text) == (422, True)
    answer = await rudi.post(f"{path}/tolak", form | {"words": "saya pulang"}, htmx=False)
    assert (answer.status, answer.headers["location"]) == (303, f"/order/{order.registration_no}")
    assert (await as_it_is(order)).holder_id == office.here.helpdesk.id
    assert await told(office.here.helpdesk) == ["returned"]
    panel = (await rudi.get(f"/order/{order.registration_no}/panel")).text
    assert "menolak, kembali kepada Nadia Putri" in panel
    assert "saya pulang" in panel
    again = await rudi.post(f"{path}/terima", {"request_key": "t2", "semua": "ya"}, htmx=False)
    assert (again.status, "sudah dijawab" in again.text) == (409, True)


async def test_accepting_and_declining_at_once_has_one_effect(office: Office) -> None:
    order, path = await handed(office)
    rudi, elsewhere = [await office.visitor(office.here.second_helpdesk) for _ in range(2)]
    answers = await asyncio.gather(
        rudi.post(f"{path}/terima", {"request_key": "a", "semua": "ya"}, htmx=False),
        elsewhere.post(f"{path}/tolak", {"request_key": "b", "semua": "ya", "words": "tidak bisa"}, htmx=False),
    )
    assert sorted(each.status for each in answers) == [303, 409]
    async with transaction() as session:
        line = (await session.scalars(select(HandoverOrder).where(HandoverOrder.order_id == order.id))).one()
    stays = line.state is Line.ACCEPTED
    holder = office.here.second_helpdesk if stays else office.here.helpdesk
    assert (await as_it_is(order)).holder_id == holder.id


async def test_an_order_that_moved_on_can_no_longer_be_declined(office: Office) -> None:
    order, path = await handed(office)
    dewi = await office.visitor(office.here.leader)
    assert (await do(dewi, await as_it_is(order), "ambil")).status == 200
    rudi = await office.visitor(office.here.second_helpdesk)
    answer = await rudi.post(f"{path}/tolak", {"request_key": "x", "semua": "ya", "words": "telat"}, htmx=False)
    assert answer.status == 409
    assert (await as_it_is(order)).holder_id == office.here.leader.id


async def test_taking_over_names_the_holder_and_tells_it_live(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.second_helpdesk)
    panel = (await helpdesk.get(f"/order/{order.registration_no}/panel")).text
    assert re.search(r"Rudi Hartono memegang order ini sejak \d+ \w+ \d{4} \d\d:\d\d.WIB dan akan diberi tahu", panel)
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(rudi) as stream:
        assert (await do(helpdesk, order, "ambil")).status == 200
        news = json.loads((await stream.next("kabar"))["data"])
    assert news["text"] == f"Nadia Putri mengambil alih {order.registration_no} dari Anda."
    async with listening(rudi) as stream:  # shown once only
        await office.order()
        await stream.next("baru")
        assert all(each.get("event") != "kabar" for each in stream.heard)
    assert "mengambil alih" in (await rudi.get("/serah-terima")).text


async def test_what_happened_while_away_is_told_when_one_is_back(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.second_helpdesk)
    assert (await do(helpdesk, order, "ambil")).status == 200
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(rudi) as stream:
        assert "mengambil alih" in json.loads((await stream.next("kabar"))["data"])["text"]


async def test_a_team_leader_assigns_and_both_are_told(office: Office, helpdesk: Browser) -> None:
    new = await office.order()
    dewi = await office.visitor(office.here.leader)
    to_nadia, to_rudi = str(office.here.helpdesk.id), str(office.here.second_helpdesk.id)
    assert (await do(helpdesk, new, "tugaskan", to=to_rudi)).status == 403
    answer = await do(dewi, new, "tugaskan", to=to_nadia, words="prioritas")
    assert "ditugaskan kepada Nadia Putri." in answer.text
    now = await as_it_is(new)
    assert (now.holder_id, now.category, now.feedback) == (office.here.helpdesk.id, "working", "")
    assert (await do(dewi, now, "tugaskan", to=to_nadia)).status == 422
    assert (await do(dewi, now, "tugaskan", to=to_rudi)).status == 200
    assert await told(office.here.helpdesk) == ["assigned", "moved"]
    assert await told(office.here.second_helpdesk) == ["assigned"]


async def test_words_to_a_colleague_are_not_told_to_the_technician(office: Office) -> None:
    order = await office.order()
    dewi = await office.visitor(office.here.leader)
    await do(dewi, order, "tugaskan", to=str(office.here.helpdesk.id), words="rahasia kantor")
    async with transaction() as session:
        event = (await session.scalars(select(EventRow).where(EventRow.name == OrderChanged.name))).one()
    change = OrderChanged.read(event.payload)
    assert (change.tell, change.note, change.words) == (True, "", "rahasia kantor")


@pytest.mark.parametrize("who", ["outsider", "technician", "supervisor", "helpdesk"])
async def test_an_order_goes_only_to_somebody_who_may_hold_it(office: Office, helpdesk: Browser, who: str) -> None:
    order = await held(office, office.here.helpdesk)
    answer = await do(helpdesk, order, "serahkan", to=str(getattr(office.here, who).id), words="halo")
    assert answer.status == 422
    assert 'value="halo"' in answer.text
    assert (await as_it_is(order)).holder_id == office.here.helpdesk.id


async def test_a_disabled_colleague_gets_nothing(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    async with transaction() as session:
        await people.disable(session, office.here.second_helpdesk.id)
    answer = await do(helpdesk, order, "serahkan", to=str(office.here.second_helpdesk.id))
    assert answer.status == 422
    assert "Rudi Hartono" not in (await helpdesk.get(f"/order/{order.registration_no}/panel")).text


async def test_a_stale_page_or_a_wrong_field_changes_nothing(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    rudi = str(office.here.second_helpdesk.id)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("serahkan", {"to": rudi, "version": "1"}),
        ("lepas", {"version": "99"}),
        ("serahkan", {"to": ""}),
        ("serahkan", {"to": "9" * 30}),
        ("serahkan", {"to": rudi, "words": "x" * 501}),
        ("lepas", {"request_key": ""}),
    ]
    for act, fields in wrong:
        answer = await do(helpdesk, order, act, **fields)
        assert answer.status in {409, 422}, (act, fields)
        assert "Traceback" not in answer.text
    assert (await as_it_is(order)).version == order.version


async def test_the_same_request_twice_has_one_effect(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    fields: dict[str, Any] = {"request_key": "sama", "to": str(office.here.second_helpdesk.id)}
    answers = await asyncio.gather(*[do(helpdesk, order, "serahkan", **fields) for _ in range(3)])
    assert {each.status for each in answers} == {200}
    assert (await as_it_is(order)).version == order.version + 1


async def test_two_colleagues_given_at_once_leave_one_holder(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    elsewhere = await office.visitor(office.here.helpdesk)
    answers = await asyncio.gather(
        do(helpdesk, order, "serahkan", to=str(office.here.second_helpdesk.id)),
        do(elsewhere, order, "serahkan", to=str(office.here.leader.id)),
    )
    assert sorted(each.status for each in answers) == [200, 409]
    assert (await as_it_is(order)).version == order.version + 1


async def test_a_handing_over_is_undone_while_it_is_fresh(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    answer = await do(helpdesk, order, "serahkan", to=str(office.here.second_helpdesk.id))
    change = re.search(r'name="change" value="(\d+)"', answer.text)
    assert change
    path = f"/order/{order.registration_no}/urungkan"
    assert (await helpdesk.post(path, {"change": change[1]})).status == 200
    assert (await as_it_is(order)).holder_id == office.here.helpdesk.id
    async with transaction() as session:
        assert list(await session.scalars(select(HandoverOrder.state))) == [Line.WITHDRAWN]


async def test_without_javascript_the_order_page_comes_back_with_what_was_done(
    office: Office, helpdesk: Browser
) -> None:
    order = await held(office, office.here.helpdesk)
    answer = await do(helpdesk, order, "serahkan", htmx=False, to=str(office.here.second_helpdesk.id))
    assert answer.status == 303
    assert "diserahkan kepada Rudi Hartono." in (await helpdesk.get(answer.headers["location"])).text
