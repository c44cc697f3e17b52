"""The one table of rights, walked: every route of the web for every role, and for somebody who is not signed in."""

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.web.app import build
from shared.db import transaction
from shared.people import operations as people
from shared.people.models import Person, Role
from shared.people.queries import viewer_of
from shared.places import operations as places
from shared.places.models import Holiday
from tests.factories import TECHNICIAN_CHAT
from tests.web.conftest import Browser, Office

A, S, L, H = Role.ADMIN, Role.SUPERVISOR, Role.TEAM_LEADER, Role.HELPDESK
OFFICE = frozenset({A, S, L, H})
DESK = frozenset({A, L, H})
ROLES: dict[Role, str] = {
    A: "admin",
    S: "supervisor",
    L: "leader",
    H: "helpdesk",
    Role.TECHNICIAN: "technician",
    Role.COLLECTOR: "collector",
}

FIELDS = {"version": "1", "status": "OGP", "binding": "999999"}
"""Enough for a form to be looked at; whether it is right is not the question here."""

OPEN_TO_ALL = {
    ("GET", "/health"),
    ("GET", "/favicon.ico"),
    ("GET", "/robots.txt"),
    ("GET", "/masuk"),
    ("POST", "/masuk"),
    ("POST", "/keluar"),
    ("GET", "/undangan/{token}"),
    ("POST", "/undangan/{token}"),
    ("GET", "/api/v1/openapi.json"),
}
RIGHTS: dict[tuple[str, str], frozenset[Role]] = {
    ("GET", "/"): OFFICE,
    ("GET", "/dasbor/isi"): OFFICE,
    ("GET", "/order"): OFFICE,
    ("GET", "/order/baris"): OFFICE,
    ("GET", "/order/baru"): DESK,
    ("POST", "/order/baru"): DESK,
    ("POST", "/order/baru/periksa"): DESK,
    ("GET", "/order/{no}"): OFFICE,
    ("GET", "/order/{no}/panel"): OFFICE,
    ("GET", "/order/{no}/ringkas"): OFFICE,
    ("POST", "/order/{no}/status"): DESK,
    ("POST", "/order/{no}/ambil"): DESK,
    # people
    ("GET", "/pengguna"): frozenset({A, L}),
    ("POST", "/pengguna"): frozenset({A}),
    ("GET", "/pengguna/{person_id}"): frozenset({A, L}),
    ("POST", "/pengguna/{person_id}"): frozenset({A}),
    ("POST", "/pengguna/{person_id}/aktif"): frozenset({A}),
    ("POST", "/pengguna/{person_id}/persetujuan"): frozenset({A, L}),
    ("POST", "/pengguna/{person_id}/tautan"): frozenset({A}),
    ("POST", "/pengguna/{person_id}/grup"): frozenset({A}),
    # places
    ("GET", "/site"): frozenset({A, S, L}),
    ("POST", "/site"): frozenset({A}),
    ("GET", "/site/{site_id}"): frozenset({A, S, L}),
    ("POST", "/site/{site_id}"): frozenset({A}),
    ("POST", "/site/{site_id}/aktif"): frozenset({A}),
    ("GET", "/sto"): frozenset({A, S, L}),
    ("POST", "/sto"): frozenset({A}),
    ("GET", "/sto/{sto_id}"): frozenset({A, S, L}),
    ("POST", "/sto/{sto_id}"): frozenset({A}),
    ("POST", "/sto/{sto_id}/pindah"): frozenset({A}),
    ("POST", "/sto/{sto_id}/batal-pindah"): frozenset({A}),
    ("POST", "/sto/{sto_id}/aktif"): frozenset({A}),
    ("GET", "/libur"): frozenset({A, S, L}),
    ("POST", "/libur"): frozenset({A}),
    ("POST", "/libur/{holiday_id}/hapus"): frozenset({A}),
    # types, statuses, moves, reasons
    ("GET", "/status"): frozenset({A, S, L}),
    ("GET", "/status/tipe"): frozenset({A}),
    ("POST", "/status/tipe"): frozenset({A}),
    ("GET", "/status/tipe/{code}"): frozenset({A}),
    ("POST", "/status/tipe/{code}"): frozenset({A}),
    ("POST", "/status/tipe/{code}/aktif"): frozenset({A}),
    ("GET", "/status/status"): frozenset({A}),
    ("POST", "/status/status"): frozenset({A}),
    ("GET", "/status/status/{code}"): frozenset({A}),
    ("POST", "/status/status/{code}"): frozenset({A}),
    ("POST", "/status/status/{code}/aktif"): frozenset({A}),
    ("GET", "/status/alur/{old}"): frozenset({A}),
    ("POST", "/status/alur/{old}"): frozenset({A}),
    ("GET", "/status/alasan"): frozenset({A}),
    ("POST", "/status/alasan"): frozenset({A}),
    ("GET", "/status/alasan/{reason_id}"): frozenset({A}),
    ("POST", "/status/alasan/{reason_id}"): frozenset({A}),
    ("POST", "/status/alasan/{reason_id}/aktif"): frozenset({A}),
    # targets, hours and who is told
    ("GET", "/sla"): frozenset({A, S, L}),
    ("POST", "/sla/dampak"): frozenset({A, S}),
    ("POST", "/sla/target"): frozenset({A, S}),
    ("GET", "/sla/unit/{site_id}"): frozenset({A, S, L}),
    ("POST", "/sla/unit/{site_id}/jam"): frozenset({A, S}),
    ("POST", "/sla/unit/{site_id}/orang"): frozenset({A, S}),
    # groups
    ("GET", "/grup"): frozenset({A}),
    ("POST", "/grup/kode"): frozenset({A}),
    ("GET", "/grup/{chat_id}"): frozenset({A}),
    ("POST", "/grup/{chat_id}/ikat"): frozenset({A}),
    ("POST", "/grup/{chat_id}/lepas"): frozenset({A}),
    ("POST", "/grup/{chat_id}/sematkan"): frozenset({A}),
    ("POST", "/grup/{chat_id}/lepas-sematan"): frozenset({A}),
    ("POST", "/grup/{chat_id}/coba"): frozenset({A}),
    ("POST", "/grup/{chat_id}/tahan"): frozenset({A}),
    ("POST", "/grup/{chat_id}/periksa"): frozenset({A}),
}
MASTER = ("/pengguna", "/site", "/sto", "/libur", "/status", "/sla", "/grup")


def walk(routes: Any) -> Iterator[tuple[str, str]]:
    """Every (method, path) of an application."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from walk(route.original_router.routes)
        elif getattr(route, "methods", None):
            for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                yield method, route.path


def test_every_route_of_master_data_stands_in_the_table() -> None:
    known = RIGHTS.keys() | OPEN_TO_ALL
    unknown = {each for each in walk(build().routes) if each[1].startswith(MASTER)} - known
    assert unknown == set()
    assert known <= set(walk(build().routes))


@pytest.fixture
async def samples(office: Office) -> dict[str, str]:
    """Things within the first area that the paths may name, used by nobody else."""
    order = await office.order()
    here = office.here
    async with transaction() as session:
        code, sites = "F5SDA900", (here.site.id,)
        spare = await people.enter(session, "Cadangan", Role.TECHNICIAN, technician_code=code, sites=sites)
        admin = await viewer_of(session, here.admin)
        await places.add_holiday(session, admin, places.today() + timedelta(days=400), "Libur", None, source="web")
        holiday = await session.scalar(select(Holiday.id).limit(1))
    return {
        "no": order.registration_no,
        "number": order.registration_no,
        "person_id": str(spare.id),
        "site_id": str(here.site.id),
        "sto_id": str(here.tun.id),
        "holiday_id": str(holiday),
        "code": "AO",
        "old": "OGP",
        "reason_id": "1",
        "chat_id": str(TECHNICIAN_CHAT),
        "token": "tidak-ada",
    }


async def ask(browser: Browser, method: str, path: str, samples: dict[str, str]) -> int:
    names = samples | ({"code": "KENDALA"} if path.startswith("/status/status/") else {})
    real = path.format(**names)
    if method == "GET":
        return (await browser.get(real)).status
    return (await browser.post(real, FIELDS | {"request_key": secrets.token_hex(8)}, htmx=False)).status


async def test_every_route_answers_each_role_as_the_table_says(office: Office, samples: dict[str, str]) -> None:
    browsers = {role: await office.visitor(getattr(office.here, name)) for role, name in ROLES.items()}
    wrong = []
    for (method, path), allowed in RIGHTS.items():
        for role, browser in browsers.items():
            status = await ask(browser, method, path, samples)
            fine = status not in {401, 403, 404, 405, 500} if role in allowed else status in {401, 403}
            if not fine:
                wrong.append((method, path, role.value, status))
    assert wrong == []


async def test_without_a_session_no_route_of_the_table_answers(office: Office, samples: dict[str, str]) -> None:
    stranger = await office.stranger()
    for method, path in RIGHTS:
        answer = await stranger.ask(method, path.format(**samples))
        assert answer.status in {303, 401, 403}, (method, path)
        if answer.status == 303:
            assert answer.headers["location"].startswith("/masuk")


async def test_no_form_of_master_data_passes_without_its_token(office: Office, samples: dict[str, str]) -> None:
    admin = await office.visitor(office.here.admin)
    admin.csrf = "salah"
    for method, path in RIGHTS:
        if method == "POST" and path.startswith(MASTER):
            assert await ask(admin, method, path, samples) == 403, path


async def test_what_lies_in_another_area_looks_like_what_does_not_exist(office: Office) -> None:
    here = office.here
    for person in (here.leader, here.supervisor):
        browser = await office.visitor(person)
        for path, far in (("/site", here.other_site.id), ("/sto", here.spj.id)):
            other, none = await browser.get(f"{path}/{far}"), await browser.get(f"{path}/999999")
            assert (other.status, none.status) == (404, 404)
            assert "Sepanjang" not in other.text
            assert "SO-SPJ" not in (await browser.get(path)).text
    async with transaction() as session:
        code, stos = "F5SPJ901", (here.spj.id,)
        stranger = await people.enter(session, "Orang Jauh", Role.TECHNICIAN, technician_code=code, stos=stos)
    leader = await office.visitor(here.leader)
    assert (await leader.get(f"/pengguna/{stranger.id}")).status == 404
    assert (await leader.get(f"/pengguna/{here.admin.id}")).status == 404
    assert "Orang Jauh" not in (await leader.get("/pengguna?q=orang")).text
    assert "Rizal Fauzi" in (await leader.get("/pengguna")).text


async def test_figures_count_only_what_lies_in_the_readers_area(office: Office) -> None:
    await office.orders(3)
    await office.orders(2, sto="SPJ")
    for person, expected in ((office.here.supervisor, "3"), (office.here.admin, "5")):
        page = await (await office.visitor(person)).get("/status")
        row = page.text[page.text.index(">AO<") :]
        assert re.findall(r'<td class="num"[^>]*>(\d+)</td>', row[: row.index("</tr>")]) == [expected]


async def test_the_navigation_shows_a_role_only_what_it_may_open(office: Office) -> None:
    for role, name in ROLES.items():
        if role not in OFFICE:
            continue
        person: Person = getattr(office.here, name)
        page = await (await office.visitor(person)).get("/order")
        for path in MASTER:
            assert (f'href="{path}"' in page.text) == (role in RIGHTS["GET", path]), (role, path)
