"""The pages of targets, hours and who is told, as a supervisor uses them; and what a type requires at every door."""

import html
import re
from datetime import timedelta

from sqlalchemy import select, update

from shared import clock
from shared.db import transaction
from shared.orders import operations as orders
from shared.orders import queries as order_queries
from shared.orders.models import Order, OrderType
from shared.people import tokens
from shared.places.models import SiteOperation
from shared.sla import queries
from shared.sla.models import Level, SlaTarget
from shared.sla.queries import Unit
from tests import factories
from tests.web.conftest import Browser, Office
from tests.web.test_master import fields_of, key


async def supervisor_of(office: Office) -> Browser:
    return await office.visitor(office.here.supervisor)


def facts_of(text: str) -> dict[str, str]:
    """The facts of a page, by their label."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text, re.DOTALL)
    return {label: html.unescape(re.sub(r"<[^>]+>", "", value)).replace("\xa0", " ").strip() for label, value in found}


async def finished(office: Office, minutes: int) -> None:
    """An order done a week ago, at an hour when the unit works, after so many minutes."""
    begun = clock.now().replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=7)
    async with transaction() as session:
        admin = await factories.viewer(session, office.here.admin)
        with clock.stopped_at(begun):
            order = await factories.order(session, office.here)
        with clock.stopped_at(begun + timedelta(minutes=minutes)):
            await orders.change_status(session, admin, order.id, 1, "SELESAI", source="web", tell=False)


async def test_a_supervisor_sees_what_a_target_would_do_before_it_is_saved(office: Office) -> None:
    for minutes in (20, 40, 70):
        await finished(office, minutes)
    browser, site = await supervisor_of(office), office.here.site.id
    form = {"unit": f"so:{site}", "type": "AO", "minutes": "30", "since": ""}
    page = await browser.post("/sla/dampak", form, htmx=False)
    told = facts_of(page.text)
    assert page.status == 200
    assert told["Target sekarang"] == "1 j"
    assert told["Target baru"] == "30 mnt"
    assert told["Selesai 30 hari terakhir"] == "3 order"
    assert told["Tepat waktu, dengan target waktu itu"].startswith("2 (66,7%")
    assert told["Tepat waktu, dengan target baru"].startswith("1 (33,3%")
    async with transaction() as session:
        assert await queries.targets(session) == {}
    given = fields_of(page, "/sla/target")
    for _ in range(2):  # a form posted twice is saved once
        saved = await browser.post("/sla/target", given, htmx=False)
        assert (saved.status, saved.headers["location"]) == (303, "/sla?kabar=disimpan")
    async with transaction() as session:
        assert await queries.targets(session) == {("AO", Unit(site=site)): 30}
        assert len((await session.scalars(select(SlaTarget))).all()) == 1
    order = await office.order()
    assert order.target_seconds == 1800
    overview = await browser.get("/sla?kabar=disimpan")
    assert "Perubahan tersimpan." in overview.text
    row = overview.text[overview.text.index("SO-SDA</a>") :]
    assert "30\xa0mnt" in row[: row.index("</tr>")]


async def test_what_cannot_be_a_target_is_said_at_its_field_and_kept(office: Office) -> None:
    browser = await supervisor_of(office)
    site = office.here.site.id
    cases = {
        "minutes": ("banyak", "Harus berupa angka."),
        "since": ("2020-01-01", "Target tidak berlaku mundur"),
        "type": ("XX", "Tidak ada dalam daftar"),
        "unit": (f"so:{office.here.other_site.id}", "Unit ini tidak ada"),
    }
    for name, (value, words) in cases.items():
        form = {"unit": f"so:{site}", "type": "AO", "minutes": "30", "since": ""} | {name: value}
        for path in ("/sla/dampak", "/sla/target"):
            page = await browser.post(path, form | key(), htmx=False)
            assert page.status == 422, (name, path)
            assert page.text.count(words) == 2, (name, path)  # on top, and at the field
    assert (
        'value="banyak"'
        in (
            await browser.post("/sla/dampak", {"unit": f"so:{site}", "type": "AO", "minutes": "banyak"}, htmx=False)
        ).text
    )
    async with transaction() as session:
        assert await queries.targets(session) == {}


async def test_the_address_of_a_preview_leads_back_to_what_was_typed(office: Office) -> None:
    browser, site = await supervisor_of(office), office.here.site.id
    page = await browser.post(
        "/sla/dampak", {"unit": f"so:{site}", "type": "MO", "minutes": "25", "since": ""}, htmx=False
    )
    back = re.search(r'href="(/sla\?[^"]+)"', page.text)
    assert back
    form = fields_of(await browser.get(html.unescape(back[1])), "/sla/dampak")
    assert (form["unit"], form["type"], form["minutes"]) == (f"so:{site}", "MO", "25")


async def test_hours_and_breaks_are_written_as_people_write_them(office: Office) -> None:
    browser, site = await supervisor_of(office), office.here.site.id
    path = f"/sla/unit/{site}/jam"
    form = fields_of(await browser.get(f"/sla/unit/{site}"), path)
    saved = await browser.post(path, form | {"closes": "16:30", "breaks": "15:00-15:15; 12.00 – 13.00"}, htmx=False)
    assert saved.status == 303
    async with transaction() as session:
        kept = await session.get_one(SiteOperation, site)
    assert (kept.breaks, f"{kept.closes:%H:%M}") == ([["12:00", "13:00"], ["15:00", "15:15"]], "16:30")
    page = await browser.get(f"/sla/unit/{site}")
    assert facts_of(page.text)["Istirahat"] == "12:00–13:00, 15:00–15:15"
    stale = await browser.post(path, form | {"breaks": ""}, htmx=False)
    assert stale.status == 409
    assert "baru saja diubah orang lain" in stale.text
    again = fields_of(page, path)
    for breaks, words in (
        ("siang", "Tulis seperti"),
        ("13.00-12.00", "harus selesai sesudah"),
        ("08.00-16.30", "sisa"),
    ):
        refused = await browser.post(path, again | {"breaks": breaks}, htmx=False)
        assert (refused.status, words in refused.text, f'value="{breaks}"' in refused.text) == (422, True, True)


async def test_people_are_chosen_for_warning_and_escalation(office: Office) -> None:
    browser, here = await supervisor_of(office), office.here
    path = f"/sla/unit/{here.site.id}/orang"
    page = await browser.get(f"/sla/unit/{here.site.id}")
    assert "Dewi Lestari, team leader (tanpa Telegram, hanya di web)" in page.text
    assert "Bagus Santoso" not in page.text
    form = fields_of(page, path) | {"near": str(here.helpdesk.id), "late": str(here.leader.id)}
    assert (await browser.post(path, form, htmx=False)).status == 303
    async with transaction() as session:
        told = await queries.recipients(session)
    assert [person.name for person in told[here.site.id, Level.NEAR]] == ["Nadia Putri"]
    assert [person.name for person in told[here.site.id, Level.LATE]] == ["Dewi Lestari"]
    assert "Nadia Putri" in (await browser.get("/sla")).text
    again = fields_of(await browser.get(f"/sla/unit/{here.site.id}"), path)
    assert (await browser.post(path, again | {"near": str(here.outsider.id)}, htmx=False)).status == 422


async def test_a_leader_reads_and_changes_nothing(office: Office) -> None:
    browser = await office.visitor(office.here.leader)
    for path in ("/sla", f"/sla/unit/{office.here.site.id}"):
        page = await browser.get(path)
        assert "Perubahan dilakukan supervisor atau admin." in page.text
        assert 'method="post" action="/sla' not in page.text
    assert (await browser.get(f"/sla/unit/{office.here.other_site.id}")).status == 404


async def requiring(*names: str) -> None:
    async with transaction() as session:
        await session.execute(update(OrderType).where(OrderType.code == "AO").values(required=list(names)))
    order_queries.forget()


async def test_an_admin_says_what_a_type_requires(office: Office) -> None:
    browser = await office.visitor(office.here.admin)
    form = fields_of(await browser.get("/status/tipe/AO"), "/status/tipe/AO")
    assert (await browser.post("/status/tipe/AO", form | {"required": "odp"}, htmx=False)).status == 303
    async with transaction() as session:
        assert (await session.get_one(OrderType, "AO")).required == ["odp"]
    assert (await browser.post("/status/tipe/AO", form | {"required": "alamat"}, htmx=False)).status in {409, 422}


async def test_form_and_api_refuse_an_order_without_what_its_type_requires(office: Office) -> None:
    await requiring("odp", "sn")
    browser = await office.visitor(office.here.helpdesk)
    form = {"type": "AO", "number": "SC32230001", "sto": "SDA", "serial": "", "odp": "", "technician": ""}
    page = await browser.post("/order/baru", form | key(), htmx=False)
    assert page.status == 422
    assert "Wajib untuk tipe order ini, contoh ODP-SDA-003." in page.text
    assert "Wajib untuk tipe order ini, contoh ZTEGC6754546." in page.text
    assert (await browser.post("/order/baru", form | {"type": "MO"} | key(), htmx=False)).status == 303
    async with transaction() as session:
        token = await tokens.make(session, office.here.helpdesk.id, "uji")
    new = {"number": "SC32230002", "type": "AO", "sto": "SDA", "odp": "ODP-SDA-003"}
    bearer = {"Authorization": f"Bearer {token}"}
    answer = await browser.ask("POST", "/api/v1/orders", json=new, headers=bearer)
    assert answer.status == 422
    assert '"field":"serial","code":"sn.required"' in answer.text.replace(" ", "")
    async with transaction() as session:
        assert (await session.scalars(select(Order.registration_no))).all() == ["SC32230001"]


async def test_what_will_soon_be_late_stands_under_what_is(office: Office) -> None:
    late, near, fresh = await office.order(), await office.order(), await office.order()
    now = clock.now()
    async with transaction() as session:
        for order, due in ((late, -60), (near, 300), (fresh, 9000)):
            at = now + timedelta(seconds=due)
            moments = {"due_at": at, "sort_at": at, "near_at": at - timedelta(seconds=720)}
            await session.execute(update(Order).where(Order.id == order.id).values(**moments))
    page = await (await office.visitor(office.here.helpdesk)).get("/")
    found = re.findall(r'id="t-(SC[^"]+)"', page.text)
    assert found == [late.registration_no, near.registration_no]


async def test_the_timeline_tells_of_the_warning(office: Office) -> None:
    from shared.sla import alerts

    order = await office.order()
    async with transaction() as session:
        with clock.stopped_at(clock.now() + timedelta(days=3)):
            await alerts.ring(session)
    page = await (await office.visitor(office.here.helpdesk)).get(f"/order/{order.registration_no}")
    assert "target SLA terlewat" in page.text
