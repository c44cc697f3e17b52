"""The page of scheduled reports: made from a report, changed, paused, ended; a wrong wish is named, nothing is lost."""

import re

from sqlalchemy import select, update

from shared.chats.models import Chat, ChatKind
from shared.db import transaction
from shared.people.models import Person, PersonArea
from shared.reports.models import ReportSchedule
from tests.web.conftest import Browser, Office

DAILY = {"group": "saya", "kind": "yesterday", "at": "07:00", "day": "1", "sto": "semua", "type": "semua"}


async def rows() -> list[ReportSchedule]:
    async with transaction() as session:
        return list(await session.scalars(select(ReportSchedule).order_by(ReportSchedule.id)))


async def leader(office: Office, *, linked: bool = True) -> Browser:
    if linked:
        async with transaction() as session:
            session.add(Chat(id=5512070, kind=ChatKind.PRIVATE, title="Dewi"))
            mine = update(Person).where(Person.id == office.here.leader.id)
            await session.execute(mine.values(telegram_id=5512070))
    return await office.visitor(office.here.leader)


async def scheduled(browser: Browser, **fields: str) -> str:
    page = await browser.get("/laporan/jadwal")
    form = DAILY | fields | {"request_key": page.value("request_key", 'id="jadwal-j"')}
    answer = await browser.post("/laporan/jadwal", form)
    assert answer.status == 303, answer.text
    return f"/laporan/jadwal/{(await rows())[-1].id}"


async def test_a_report_is_scheduled_changed_paused_resumed_and_ended(office: Office) -> None:
    browser = await leader(office)
    path = await scheduled(browser)
    page = (await browser.get("/laporan/jadwal?kabar=dijadwalkan")).text
    assert "Laporan dijadwalkan." in page
    assert re.search(r"Tiap hari 07:00\s*WIB", page)
    assert "Belum pernah" in page
    changed = {"kind": "month", "at": "06:30", "day": "2", "sto": "SDA", "type": "AO"}
    assert (await browser.post(path, changed)).headers["location"] == "/laporan/jadwal?kabar=disimpan"
    page = (await browser.get("/laporan/jadwal")).text
    assert re.search(r"Tanggal 2, 06:30\s*WIB", page)
    assert "SDA, AO" in page
    await browser.post(f"{path}/jeda")
    assert "Lanjutkan" in (await browser.get("/laporan/jadwal")).text
    await browser.post(f"{path}/lanjut")
    await browser.post(f"{path}/hapus")
    assert "Belum ada laporan yang dijadwalkan." in (await browser.get("/laporan/jadwal")).text
    assert (await browser.get(path)).status == 404


async def test_a_report_is_scheduled_for_a_group_by_those_who_see_all_of_its_unit(office: Office) -> None:
    dewi, admin = await leader(office), await office.visitor(office.here.admin)
    page = (await dewi.get("/laporan/jadwal")).text
    [number] = re.findall(r'<option value="(\d+)">Helpdesk Sidoarjo, SO-SDA</option>', page)
    path = await scheduled(dewi, group=number)
    assert (await dewi.post("/laporan/jadwal", DAILY | {"group": number})).status == 422, "the same again"
    outside = await admin.post("/laporan/jadwal", DAILY | {"group": number, "sto": "SPJ"})
    assert (outside.status, "STO ini di luar wilayah grup itu." in outside.text) == (422, True)
    for other in (admin, await office.visitor(office.here.supervisor)):
        shown = (await other.get("/laporan/jadwal")).text
        assert "Jadwal grup" in shown
        assert path in shown
    assert "Ubah jadwal grup Helpdesk Sidoarjo" in (await admin.get(path)).text
    assert (await admin.post(path, DAILY | {"at": "17:00"})).status == 303
    assert (await admin.post(f"{path}/jeda")).status == 303
    [row] = await rows()
    assert (row.person_id, row.binding_id, f"{row.at:%H:%M}", row.active) == (None, int(number), "17:00", False)
    async with transaction() as session:  # a part of the unit is not enough
        mine = update(PersonArea).where(PersonArea.person_id == office.here.leader.id)
        await session.execute(mine.values(site_operation_id=None, sto_id=office.here.sda.id))
    assert "Helpdesk Sidoarjo" not in (await dewi.get("/laporan/jadwal")).text
    assert (await dewi.post(f"{path}/hapus")).status == 404


async def test_a_form_that_is_posted_twice_makes_one(office: Office) -> None:
    browser = await leader(office)
    page = await browser.get("/laporan/jadwal")
    form = DAILY | {"request_key": page.value("request_key", 'id="jadwal-j"')}
    assert [(await browser.post("/laporan/jadwal", form)).status for _ in range(2)] == [303, 303]
    assert len(await rows()) == 1


async def test_a_wrong_wish_is_named_and_what_was_typed_stays(office: Office) -> None:
    browser = await leader(office)
    for fields, words in (
        ({"at": "25:99"}, "Harus berupa jam"),
        ({"kind": "weekly"}, "Tidak ada dalam daftar"),
        ({"kind": "month", "day": "31"}, "1 sampai 28."),
        ({"sto": "SPJ"}, "STO ini tidak ada di wilayah Anda."),
        ({"at": "", "day": "x" * 5000}, "Belum diisi."),
        ({"type": "<script>"}, "Tidak ada dalam daftar"),
    ):
        answer = await browser.post("/laporan/jadwal", DAILY | {"at": "05:45"} | fields)
        assert answer.status == 422, fields
        assert words in answer.text, fields
        assert 'value="05:45"' in answer.text or "at" in fields
    assert await rows() == []
    await scheduled(browser)
    assert "jadwal yang sama" in (await browser.post("/laporan/jadwal", DAILY)).text


async def test_a_report_page_carries_what_it_showed_into_the_form(office: Office) -> None:
    browser = await leader(office)
    page = (await browser.get("/laporan/bulanan?sto=SDA&tipe=AO")).text
    link = re.search(r'href="(/laporan/jadwal\?[^"]*)"', page)
    assert link is not None
    form = (await browser.get(link[1].replace("&amp;", "&"))).text
    assert '<option value="month" selected>' in form
    assert '<option value="SDA" selected>' in form
    assert '<option value="AO" selected>' in form
    assert (await browser.get("/laporan/jadwal?jenis=x&sto=%00%3Cb&tipe=" + "A" * 500)).status == 200


async def test_who_has_no_telegram_reads_how_to_link_it(office: Office) -> None:
    browser = await leader(office, linked=False)
    assert "Kirim /start ke bot" in (await browser.get("/laporan/jadwal")).text
    linked = await leader(office)
    assert "Kirim /start ke bot" not in (await linked.get("/laporan/jadwal")).text
    async with transaction() as session:
        await session.execute(update(Chat).where(Chat.id == 5512070).values(held="the bot was blocked by the user"))
    assert "Bot tidak dapat menulis kepada Anda" in (await linked.get("/laporan/jadwal")).text


async def test_somebody_else_s_schedule_looks_like_one_that_never_was(office: Office) -> None:
    path = await scheduled(await leader(office))
    other = await office.visitor(office.here.supervisor)
    for answer in (await other.get(path), await other.post(path, DAILY), await other.post(f"{path}/hapus")):
        assert answer.status == 404
    assert "07:00" not in re.sub(r'value="07:00"', "", (await other.get("/laporan/jadwal")).text)
