"""Who is at work, as people say it and as their pages tell; and who has an order open right now."""

import html
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from services.web import live, live_desk
from shared import clock
from shared.db import transaction
from shared.desk import looking, presence
from shared.desk.models import Is, OrderOpen, Presence
from shared.orders.models import Order
from shared.people.models import Person, Role, WebSession
from tests.factories import viewer
from tests.web.conftest import Browser, Office
from tests.web.test_claims import held
from tests.web.test_live import listening

NOW = clock.now()


@pytest.mark.parametrize(
    ("said", "minutes", "found"),
    [
        (None, 0, Is.ONLINE),
        (None, 11, Is.OFF),
        (Is.ONLINE, 9, Is.ONLINE),
        (Is.ONLINE, 11, Is.OFF),
        (Is.BREAK, 60, Is.BREAK),
        (Is.BREAK, 121, Is.OFF),
        (Is.OFF, 0, Is.OFF),
    ],
)
def test_what_was_said_holds_while_pages_are_open(said: Is | None, minutes: int, found: Is) -> None:
    assert presence.standing(said, NOW - timedelta(minutes=minutes), NOW) is found
    assert presence.standing(said, None, NOW) is Is.OFF


async def state_of(office: Office, person: Person) -> Is:
    async with transaction() as session:
        return (await presence.states(session, [person.id]))[person.id]


async def test_the_top_bar_says_it_and_comes_back_to_the_page(office: Office, helpdesk: Browser) -> None:
    page = (await helpdesk.get("/order?tampilan=semua")).text
    assert re.search(r'name="keadaan" value="online" aria-current="true"', page)
    referer = {"Referer": f"{office.base}/order?tampilan=semua"}
    answer = await helpdesk.post("/kehadiran", {"keadaan": "break"}, htmx=False, **referer)
    assert (answer.status, answer.headers["location"]) == (303, "/order?tampilan=semua")
    assert await state_of(office, office.here.helpdesk) is Is.BREAK
    assert re.search(r'name="keadaan" value="break" aria-current="true"', (await helpdesk.get("/")).text)
    for wrong in ("", "tidur", "x" * 300):
        assert (await helpdesk.post("/kehadiran", {"keadaan": wrong}, htmx=False)).status == 422
    assert await state_of(office, office.here.helpdesk) is Is.BREAK


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("", "/"),
        ("https://jahat.example/serah-terima", "/serah-terima"),
        ("/order/SC30000001/status", "/order/SC30000001"),
        ("/kehadiran", "/"),
        ("//jahat.example/x", "/x"),
        ("/masuk?ke=/", "/"),
    ],
)
async def test_it_never_leads_out_nor_to_a_page_that_cannot_be_opened(
    helpdesk: Browser, came_from: str, goes_to: str
) -> None:
    answer = await helpdesk.post("/kehadiran", {"keadaan": "online"}, htmx=False, Referer=came_from)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/")
    assert answer.headers["location"] in {goes_to, "/"}


async def test_signing_in_is_coming_and_signing_out_of_the_last_window_is_going(office: Office) -> None:
    browser, elsewhere = await office.stranger(), await office.stranger()
    for each in (browser, elsewhere):
        assert (await each.type_login("nadia")).status == 303
        page = await each.get("/order")
        each.csrf = page.value("csrf", 'action="/keluar"')
    await browser.post("/kehadiran", {"keadaan": "off"}, htmx=False)
    assert await state_of(office, office.here.helpdesk) is Is.OFF
    again = await office.stranger()
    await again.type_login("nadia")
    assert await state_of(office, office.here.helpdesk) is Is.ONLINE
    for each in (browser, elsewhere):
        await each.post("/keluar", htmx=False)
        assert await state_of(office, office.here.helpdesk) is Is.ONLINE
    again.csrf = (await again.get("/order")).value("csrf", 'action="/keluar"')
    await again.post("/keluar", htmx=False)
    assert await state_of(office, office.here.helpdesk) is Is.OFF


async def test_an_open_page_keeps_one_here_and_writes_once_a_minute(office: Office, helpdesk: Browser) -> None:
    async with transaction() as session:
        await session.execute(update(WebSession).values(seen_at=clock.now() - timedelta(minutes=20)))
    assert await state_of(office, office.here.helpdesk) is Is.OFF

    async with listening(helpdesk):
        await live_desk.note_present(live.subscribers)
        assert await state_of(office, office.here.helpdesk) is Is.ONLINE
        async with transaction() as session:
            first = await session.scalar(select(Presence.seen_at))
        await live_desk.note_present(live.subscribers)
        async with transaction() as session:
            assert await session.scalar(select(Presence.seen_at)) == first


async def test_a_break_stops_no_clock(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    await helpdesk.post("/kehadiran", {"keadaan": "break"}, htmx=False)
    async with transaction() as session:
        now = await session.get_one(Order, order.id)
        assert (now.running_since, now.due_at, now.version) == (order.running_since, order.due_at, order.version)


async def test_presence_stands_beside_names_where_one_hands_over(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    await held(office, office.here.second_helpdesk)
    rudi = await office.visitor(office.here.second_helpdesk)
    await rudi.post("/kehadiran", {"keadaan": "break"}, htmx=False)
    for path in (f"/order/{order.registration_no}/panel", "/serah-terima"):
        page = (await helpdesk.get(path)).text
        assert "Rudi Hartono · istirahat · 1 order" in page
        assert "Dewi Lestari · tidak hadir · 0 order" in page
        assert "Bagus Santoso" not in page
    dewi = await office.visitor(office.here.leader)
    assert '<b class="strong">Nadia Putri</b> (hadir)' in (await dewi.get(f"/order/{order.registration_no}/panel")).text


async def test_the_team_leader_sees_who_is_on_and_who_left_orders_behind(office: Office, helpdesk: Browser) -> None:
    mine = [await held(office, office.here.helpdesk) for _ in range(2)]
    rudis = await held(office, office.here.second_helpdesk)
    theirs = await held(
        office, office.here.outsider, by=office.here.outsider, sto="SPJ", odp=None, technician_code=None
    )
    dewi = await office.visitor(office.here.leader)
    page = (await dewi.get("/")).text
    assert "Siapa bertugas" in page
    assert "Bagus Santoso" not in page
    assert "Tidak hadir, masih memegang order aktif" in page  # Rudi has no window open
    left = re.search(
        r'<a href="([^"]+)" id="pergi-1"><span class="strong">Rudi Hartono</span><span class="red">1 order', page
    )
    assert left
    assert (await dewi.get(html.unescape(left[1]))).rows() == [rudis.registration_no]
    counted = re.search(r'Nadia Putri</b>.*?<a href="([^"]+)" id="tugas-\d">2 order</a>', page)
    assert counted
    listed = (await dewi.get(html.unescape(counted[1]))).rows()
    assert sorted(listed) == sorted(each.registration_no for each in mine)
    assert theirs.registration_no not in page
    assert "Siapa bertugas" not in (await helpdesk.get("/")).text
    await office.visitor(office.here.second_helpdesk)
    assert "Tidak hadir, masih memegang" not in (await dewi.get("/dasbor/isi")).text


async def test_who_has_an_order_open_is_told_live(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    no = order.registration_no
    rudi = await office.visitor(office.here.second_helpdesk)
    alone = (await helpdesk.get(f"/order/{no}")).text
    assert re.search(r'<p class="banner ogp notes" role="status" hidden>', alone)
    async with listening(helpdesk) as stream:
        panel = (await rudi.get(f"/order/{no}/panel")).text
        assert "Nadia Putri juga membuka order ini." in panel
        said = json.loads((await stream.next("pembaca"))["data"])
        assert said == {"no": no, "text": "Rudi Hartono juga membuka order ini.", "mark": str(rudi.person.id)}  # type: ignore[union-attr]
        assert (await rudi.post(f"/order/{no}/tutup", htmx=False)).status == 204
        said = json.loads((await stream.next("pembaca"))["data"])
        assert (said["text"], said["mark"]) == ("", "-")


async def test_the_heartbeat_answers_only_what_the_page_does_not_know(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    no = order.registration_no
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await helpdesk.get(f"/order/{no}/pembaca?kini=-", htmx=True)).status == 204
    told = await rudi.get(f"/order/{no}/pembaca?kini=-", htmx=True)
    assert (told.status, "Nadia Putri juga membuka order ini." in told.text) == (200, True)
    async with transaction() as session:
        await session.execute(
            update(OrderOpen)
            .where(OrderOpen.person_id == office.here.helpdesk.id)
            .values(seen_at=clock.now() - timedelta(seconds=looking.STALE + 1))
        )
    gone = await rudi.get(f"/order/{no}/pembaca?kini={office.here.helpdesk.id}", htmx=True)
    assert (gone.status, "juga membuka" in gone.text) == (200, False)


async def test_an_order_of_another_area_tells_nobody_who_reads_it(office: Office, helpdesk: Browser) -> None:
    theirs = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    for path in (f"/order/{theirs.registration_no}/pembaca", "/order/SC99999999/pembaca"):
        assert (await helpdesk.get(path, htmx=True)).status == 404
    assert (await helpdesk.post(f"/order/{theirs.registration_no}/tutup", htmx=False)).status == 404
    async with transaction() as session:
        assert (await session.scalars(select(OrderOpen.person_id))).all() == []


async def test_only_those_of_the_area_may_be_given_its_orders(office: Office) -> None:
    here = office.here
    async with transaction() as session:
        asking = await viewer(session, here.helpdesk)
        names = {each.name for each in await presence.colleagues(session, asking, [here.sda.id])}
        assert names == {"Rudi Hartono", "Dewi Lestari", "Sari Admin"}
        both = await presence.colleagues(session, asking, [here.sda.id, here.spj.id])
        assert {each.role for each in both} == {Role.ADMIN}
        crew = await presence.crew(session, await viewer(session, here.leader))
        assert {each.name for each in crew} == {"Nadia Putri", "Rudi Hartono", "Dewi Lestari"}
