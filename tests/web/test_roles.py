"""Every role at every door: what it may, it gets; what it may not is refused before anything is looked at."""

import pytest
from sqlalchemy import func, select

from services.web.app import build
from shared.db import transaction
from shared.events import EventRow
from shared.people import tokens
from shared.people.models import Role
from tests.web import test_master_rights as master
from tests.web.conftest import Browser, Office

WHO = {
    Role.TECHNICIAN: "technician",
    Role.COLLECTOR: "collector",
    Role.HELPDESK: "helpdesk",
    Role.TEAM_LEADER: "leader",
    Role.SUPERVISOR: "supervisor",
    Role.ADMIN: "admin",
}
DESK = {Role.HELPDESK, Role.TEAM_LEADER, Role.ADMIN}
READERS = DESK | {Role.SUPERVISOR}
WATCHERS = READERS - {Role.HELPDESK}
REPORTS = READERS - {Role.HELPDESK}

PAGES = {
    "/": READERS,
    "/dasbor/isi": READERS,
    "/order": READERS,
    "/order/baris": READERS,
    "/order/baru": DESK,
    "/order/ekspor": READERS,
    "/laporan/harian": REPORTS,
    "/laporan/harian/ekspor": REPORTS,
    "/laporan/waktu": REPORTS,
    "/laporan/waktu/ekspor": REPORTS,
    "/laporan/bulanan": REPORTS,
    "/laporan/bulanan/ekspor": REPORTS,
    "/laporan/jadwal": REPORTS,
    "/order/{no}": READERS,
    "/order/{no}/panel": READERS,
    "/order/{no}/ringkas": READERS,
    "/order/{no}/pembaca": READERS,
    "/serah-terima": READERS,
    "/sampah": DESK - {Role.HELPDESK},
    "/impor": DESK,
    "/tunggakan": READERS,
    "/tunggakan/ekspor": READERS,
    "/tunggakan/rute": READERS,
    "/tunggakan/tugas": DESK - {Role.HELPDESK},
    "/kiriman": WATCHERS,
    "/kesehatan": WATCHERS,
    "/profil": READERS,
    "/webhook": {Role.ADMIN},
    "/pemberitahuan": {Role.ADMIN},
    "/profil/pemberitahuan": READERS,
    "/aturan-kontak": {Role.ADMIN},
    "/audit": {Role.ADMIN},
    "/audit/unduh": {Role.ADMIN},
}
FORMS = {
    "/order/baru": DESK,
    "/order/baru/periksa": DESK,
    "/order/{no}/status": DESK,
    "/order/{no}/ambil": DESK,
    "/order/{no}/urungkan": DESK,
    "/order/{no}/lepas": DESK,
    "/order/{no}/serahkan": DESK,
    "/order/{no}/tugaskan": DESK - {Role.HELPDESK},
    "/order/{no}/tanya": DESK,
    "/order/{no}/tutup": READERS,
    "/order/{no}/hapus": DESK - {Role.HELPDESK},
    "/order/{no}/hapus/urungkan": DESK - {Role.HELPDESK},
    "/order/massal": DESK,
    "/order/massal/terapkan": DESK,
    "/order/massal/urungkan": DESK,
    "/sampah/{no}/pulihkan": DESK - {Role.HELPDESK},
    "/sampah/musnahkan": {Role.ADMIN},
    "/tunggakan/tugas": DESK - {Role.HELPDESK},
    "/tunggakan/kirim": DESK - {Role.HELPDESK},
    "/tunggakan/{no}/kirim": DESK - {Role.HELPDESK},
    "/tunggakan/{no}/kunjungan": READERS,
    "/tunggakan/{no}/telepon": READERS,
    "/tunggakan/{no}/lunas": {Role.SUPERVISOR, Role.ADMIN},
    "/tunggakan/{no}/lanjut": DESK - {Role.HELPDESK},
    "/tunggakan/{no}/petugas": DESK - {Role.HELPDESK},
    "/impor/{no}/kolom": DESK,
    "/impor/{no}/lembar": DESK,
    "/impor/{no}/terapkan": DESK,
    "/impor/{no}/batal": DESK,
    "/impor/{no}/urungkan": DESK,
    "/kehadiran": READERS,
    "/serah-terima": DESK,
    "/serah-terima/{no}/terima": DESK,
    "/serah-terima/{no}/tolak": DESK,
    "/serah-terima/{no}/tarik": DESK,
    "/laporan/jadwal": REPORTS,
    "/laporan/jadwal/{no}": REPORTS,
    "/laporan/jadwal/{no}/jeda": REPORTS,
    "/laporan/jadwal/{no}/lanjut": REPORTS,
    "/laporan/jadwal/{no}/hapus": REPORTS,
    "/order/kolom": READERS,
    "/order/tampilan": READERS,
    "/order/tampilan/{no}/nama": READERS,
    "/order/tampilan/{no}/mulai": READERS,
    "/order/tampilan/{no}/hapus": READERS,
    "/profil/sandi": READERS,
    "/profil/tampilan": READERS,
    "/profil/sesi/lain/akhiri": READERS,
    "/profil/sesi/{no}/akhiri": READERS,
    "/profil/token": READERS,
    "/profil/token/{no}/cabut": READERS,
    "/pemberitahuan": {Role.ADMIN},
    "/pemberitahuan/{no}": {Role.ADMIN},
    "/pemberitahuan/aturan/{no}/hapus": {Role.ADMIN},
    "/profil/pemberitahuan": READERS,
    "/aturan-kontak": {Role.ADMIN},
    "/webhook": {Role.ADMIN},
    "/webhook/{no}": {Role.ADMIN},
    "/webhook/{no}/coba": {Role.ADMIN},
    "/webhook/{no}/jeda": {Role.ADMIN},
    "/webhook/{no}/lanjut": {Role.ADMIN},
    "/webhook/{no}/rahasia": {Role.ADMIN},
    "/webhook/{no}/hapus": {Role.ADMIN},
    "/webhook/kiriman/{no}/kirim": {Role.ADMIN},
    "/kiriman/pesan/{no}/kirim": DESK - {Role.HELPDESK},
    "/kiriman/pesan/{no}/buang": DESK - {Role.HELPDESK},
    "/kiriman/kejadian/{no}/buang": DESK - {Role.HELPDESK},
    "/kiriman/masuk/{no}/buang": DESK - {Role.HELPDESK},
    "/kiriman/obrolan/{no}/lepaskan": DESK - {Role.HELPDESK},
    "/kiriman/obrolan/{no}/tahan": DESK - {Role.HELPDESK},
    "/kiriman/kejadian/{no}/ulang": DESK - {Role.HELPDESK},
    "/kiriman/masuk/{no}/ulang": DESK - {Role.HELPDESK},
}
OPEN_TO_ALL = {
    "/masuk",
    "/masuk/bahasa",
    "/keluar",
    "/health",
    "/favicon.ico",
    "/robots.txt",
    "/static",
    "/static/vendor",
}
ELSEWHERE = {
    "/laporan",
    "/order/langsung",
    "/kiriman/langsung",
    "/kesehatan/langsung",
    "/api/v1/openapi.json",
    "/api/v1/orders",
    "/api/v1/orders/{number}",
}
ELSEWHERE |= {"/order/massal/hasil/{key}"}  # 200 only for whose batch it is: test_bulk
ELSEWHERE |= {"/serah-terima/{no}"}  # 200 only for its people: test_handover
ELSEWHERE |= {"/tunggakan/{no}", "/tunggakan/{no}/foto/{visit_id}"}  # 200 only within the area: test_arrears
ELSEWHERE |= {"/webhook/kiriman/{no}"}  # 200 only for a message that is there: test_webhooks
ELSEWHERE |= {"/impor/{no}"}  # 200 only for an import of one's area: test_imports
ELSEWHERE |= {path for _, path in (*master.RIGHTS, *master.OPEN_TO_ALL)}  # master data has a table of its own
ELSEWHERE |= {"/order/{no}/foto/{photo_id}"}  # test_photos.py
API = {"/api/v1/orders/{number}/state", "/api/v1/orders/{number}/photos/{photo_id}"}


def test_no_route_is_left_out_of_the_matrix() -> None:
    """A new route must be put into a table here before it can be merged."""
    schema = set(build().openapi()["paths"])
    assert schema <= ELSEWHERE | API
    found: set[str] = set()
    routers = [build().router]
    while routers:
        for route in routers.pop().routes:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if inner is not None and hasattr(inner, "routes"):
                routers.append(inner)
            elif hasattr(route, "path"):
                found.add(route.path)
    assert found, "routes were found at all"
    assert {path.removeprefix("/api/v1") for path in found} <= {
        path.removeprefix("/api/v1") for path in {*PAGES, *FORMS, *OPEN_TO_ALL, *ELSEWHERE, *API}
    }


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_its_pages_and_no_other(office: Office, role: Role) -> None:
    order = await office.order()
    browser = await office.visitor(getattr(office.here, WHO[role]))
    for page, allowed in PAGES.items():
        answer = await browser.get(page.format(no=order.registration_no))
        assert answer.status == (200 if role in allowed else 403), page
        if role not in allowed:
            assert order.registration_no not in answer.text
    for path, allowed in FORMS.items():
        form = {"version": "1", "request_key": f"k{path[-6:]}", "status": "OGP", "change": "1", "periksa": "number"}
        answer = await browser.post(path.format(no=order.registration_no), form)
        assert (answer.status == 403) == (role not in allowed), (path, answer.status)
    async with transaction() as session:
        changes = await session.scalar(select(func.count()).select_from(EventRow).where(EventRow.id > 1))
    assert bool(changes) == (role in DESK)


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_its_part_of_the_api_and_no_other(office: Office, role: Role) -> None:
    order = await office.order()
    async with transaction() as session:
        token = await tokens.make(session, getattr(office.here, WHO[role]).id, "uji")
    browser = await office.stranger()
    bearer = {"Authorization": f"Bearer {token}"}
    number = order.registration_no
    read = 200 if role in READERS else 403
    assert (await browser.ask("GET", "/api/v1/orders", headers=bearer)).status == read
    assert (await browser.ask("GET", f"/api/v1/orders/{number}", headers=bearer)).status == read
    new = {"number": "SC77777777", "type": "AO", "sto": "SDA"}
    made = await browser.ask("POST", "/api/v1/orders", json=new, headers=bearer)
    assert made.status == (201 if role in DESK else 403)
    state = {"state": "OGP", "version": 1}
    changed = await browser.ask("POST", f"/api/v1/orders/{number}/state", json=state, headers=bearer)
    assert changed.status == (200 if role in DESK else 403)


async def test_without_a_session_every_page_leads_to_the_login(office: Office) -> None:
    order = await office.order()
    stranger = await office.stranger()
    for page in PAGES:
        path = page.format(no=order.registration_no)
        answer = await stranger.get(path)
        assert (answer.status, answer.headers["location"].startswith("/masuk")) == (303, True), page
        assert (await stranger.get(path, htmx=True)).status == 401
    for path in FORMS:
        assert (await stranger.post(path.format(no=order.registration_no), {})).status == 401


async def test_a_person_without_area_sees_no_order_at_all(office: Office) -> None:
    async with transaction() as session:
        from shared.people import operations as people

        nobody = await people.enter(session, "Tanpa Wilayah", Role.HELPDESK, username="tanpa")
    order = await office.order()
    browser = await office.visitor(nobody)
    assert (await browser.get("/order?tampilan=semua")).rows() == []
    assert (await browser.get(f"/order?q={order.registration_no}")).rows() == []
    assert (await browser.get(f"/order/{order.registration_no}")).status == 404


async def test_an_admin_sees_everywhere(office: Office) -> None:
    here = await office.order()
    there = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    admin = await office.visitor(office.here.admin)
    assert {here.registration_no, there.registration_no} <= set((await admin.get("/order")).rows())


async def test_extra_fields_of_a_form_are_no_way_in(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    extra = {"role": "admin", "id": "1", "order_id": "1", "holder_id": "1", "sto_id": "3", "person_id": "1"}
    assert (await helpdesk.change(order, "OGP", **extra)).status == 200
    async with transaction() as session:
        from shared.orders.models import Order

        now = await session.get(Order, order.id)
        assert now is not None
        assert (now.sto_id, now.holder_id) == (order.sto_id, office.here.helpdesk.id)
