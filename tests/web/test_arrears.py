"""Arrears on the web: the list and its numbers, one account and what is done there, who works it, paper and files."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from datetime import time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.web.arrears_visits import months_of
from shared import clock
from shared.arrears import contacts, visits
from shared.arrears.contacts import Contacts
from shared.arrears.models import Account, AccountState, AccountTally, Result, Visit
from shared.arrears.visits import Call, Report
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.events import EventRow
from shared.people import operations as people
from shared.people.models import Person, Role
from shared.people.queries import viewer_of
from tests.conftest import set_environment
from tests.ingest.conftest import Desk, line
from tests.web.conftest import Answer, Browser, Office


@pytest.fixture
async def desk(office: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    set_environment(SIKPRO_DATA=str(tmp_path), SIKPRO_UPLOADS="", SIKPRO_LARGEST_UPLOAD="500000000")
    yield Desk(office.here, office.here.admin)


@pytest.fixture
async def owing(desk: Desk) -> dict[str, Account]:
    """Six accounts: four in the helpdesk's area, two beyond it. They may be called on at any hour that tests run."""
    async with transaction() as session:
        admin = await viewer_of(session, desk.here.admin)
        await contacts.change(session, admin, Contacts(time(0), time(23, 59), 3, 15), source="web")
    await desk.bring(
        line(1, "Toko Berkah", amount=900_000, months=5),
        line(2, "Budi Santoso", amount=300_000, months=2),
        line(3, "Siti Aminah", amount=150_000, months=1),
        line(4, "Ratna Dewi", amount=700_000, months=3),
        line(5, "Warung Seberang", "SPJ", 5_000_000, 6),
        line(6, "Jauh Sekali", "SPJ", 100_000, 1),
    )
    return await desk.accounts()


def names(answer: Answer) -> list[str]:
    return re.findall(r'<a class="id sans"[^>]*>([^<]+)</a>', answer.text)


def strip(answer: Answer) -> dict[str, tuple[str, str]]:
    """Label → (address, how many) of the aging strip."""
    found = re.findall(
        r'<a href="([^"]+)"[^>]*><small>([^<]+)</small><b>[^<]+</b><small>([\d.]+) pelanggan', answer.text
    )
    return {label: (href.replace("&amp;", "&"), count) for href, label, count in found}


def counted(answer: Answer) -> str:
    found = re.search(r'<div class="hints[^"]*">\s*<span>([\d.+]+) pelanggan', answer.text)
    return found[1] if found else "0"


async def a_collector(name: str) -> Person:
    async with transaction() as session:
        return await people.enter(session, name, Role.COLLECTOR)


async def notes(what: str) -> Sequence[AuditRow]:
    async with transaction() as session:
        return (await session.scalars(select(AuditRow).where(AuditRow.what == what))).all()


async def test_the_list_is_by_amount_and_its_numbers_open_lists_that_count_the_same(
    helpdesk: Browser, owing: dict[str, Account]
) -> None:
    assert len(owing) == 6
    page = await helpdesk.get("/tunggakan")
    assert names(page) == ["Toko Berkah", "Ratna Dewi", "Budi Santoso", "Siti Aminah"]
    assert "Rp\u00a02.050.000" in page.text
    steps = strip(page)
    assert {label: count for label, (_, count) in steps.items()} == {
        "Semua tunggakan": "4", "1 bulan": "1", "2 bulan": "1", "3 bulan": "1", "Di atas 3 bulan": "1"
    }  # fmt: skip
    for href, count in steps.values():
        assert counted(await helpdesk.get(href)) == count, href
    card = await helpdesk.get("/")
    assert strip(card) == steps
    assert "Janji bayar hari ini" in card.text


async def test_filters_narrow_and_what_is_none_narrows_nothing(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    assert names(await helpdesk.get("/tunggakan?bulan=3%2B")) == ["Toko Berkah", "Ratna Dewi"]
    assert names(await helpdesk.get("/tunggakan?sto=spj")) == []
    assert names(await helpdesk.get("/tunggakan?q=budi")) == ["Budi Santoso"]
    assert names(await helpdesk.get("/tunggakan?q=" + owing["00004"].internet_no)) == ["Ratna Dewi"]
    assert names(await helpdesk.get("/tunggakan?petugas=0&janji=tanpa&bulan=1")) == ["Siti Aminah"]
    assert names(await helpdesk.get("/tunggakan?jeda=ya")) == []
    assert names(await helpdesk.get("/tunggakan?status=lunas")) == []
    assert len(names(await helpdesk.get("/tunggakan?q=bu"))) == 4  # too short to look for
    evil = (
        "/tunggakan?bulan=%3Cscript%3E&petugas=-1&janji=x&status=y&sesudah=99_zz&q=%3Cscript%3Ealert(1)%3C/script%3E%00"
    )
    page = await helpdesk.get(evil)
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert (
        len(names(await helpdesk.get("/tunggakan?bulan=%3Cscript%3E&petugas=-1&janji=x&sesudah=99999999999999_1"))) == 4
    )
    admin = await office.visitor(office.here.admin)
    assert names(await admin.get("/tunggakan?sto=SPJ")) == ["Warung Seberang", "Jauh Sekali"]


async def test_pages_follow_one_another_without_gap_or_repetition(desk: Desk, helpdesk: Browser) -> None:
    await desk.bring(*(line(n, f"Nama {n}", amount=100_000 + n % 7 * 1000) for n in range(1, 73)))
    first = await helpdesk.get("/tunggakan")
    onward = re.search(r'href="(/tunggakan\?sesudah=[^"]+)"', first.text)
    assert onward is not None
    second = await helpdesk.get(onward[1])
    assert (len(names(first)), len(names(second))) == (50, 22)
    assert len({*names(first), *names(second)}) == 72
    assert "Ke awal daftar" in second.text


async def test_without_a_list_only_who_may_is_led_to_the_import(office: Office, helpdesk: Browser) -> None:
    page = await helpdesk.get("/tunggakan")
    assert "Belum ada tunggakan" in page.text
    assert "Impor berkas pertama" not in page.text
    admin = await office.visitor(office.here.admin)
    assert "Impor berkas pertama" in (await admin.get("/tunggakan")).text
    assert "Impor berkas pertama" in (await admin.get("/")).text


async def test_an_account_of_another_area_looks_like_none(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    there, leader = owing["00005"], await office.visitor(office.here.leader)
    for unknown in (str(there.id), "999999", "0", "abc", "9" * 40):
        page = await helpdesk.get(f"/tunggakan/{unknown}")
        assert page.status == 404
        assert "Pelanggan tidak ada" in page.text
        assert "Warung" not in page.text
        for act in ("kunjungan", "telepon"):
            form = {"hasil": "nobody_home", "request_key": f"k{act}"}
            assert (await helpdesk.post(f"/tunggakan/{unknown}/{act}", form)).status == 404
        for act in ("lanjut", "petugas"):
            assert (await leader.post(f"/tunggakan/{unknown}/{act}", {"to": "0"})).status == 404
    assert (await notes("account.phone_revealed")) == []
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Visit)) == 0


async def test_a_phone_is_masked_until_somebody_asks_and_that_is_written_down(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    path = f"/tunggakan/{owing['00001'].id}"
    page = await helpdesk.get(path)
    assert "0812-••••-7890" in page.text
    assert "3456" not in page.text
    assert "Jl. Pahlawan No. 1" in page.text
    shown = await helpdesk.post(f"{path}/telepon", htmx=False)
    assert "0812-3456-7890" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    [noted] = await notes("account.phone_revealed")
    assert (noted.actor_id, noted.subject) == (office.here.helpdesk.id, f"account:{owing['00001'].id}")
    again = await helpdesk.get(path)
    assert "3456" not in again.text
    assert "membuka nomor telepon" in again.text
    assert (await helpdesk.get(f"{path}/telepon")).status == 405


async def test_a_visit_and_a_promise_are_written_once_and_shown(helpdesk: Browser, owing: dict[str, Account]) -> None:
    path = f"/tunggakan/{owing['00002'].id}"
    page = await helpdesk.get(path)
    key = page.value("request_key", 'id="f-kunjungan"')
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    form = {
        "hasil": "promise",
        "tanggal": today.isoformat(),
        "nominal": "Rp 150.000",
        "catatan": "Bertemu <b>istri</b>",
    }
    for _ in range(2):
        done = await helpdesk.post(f"{path}/kunjungan", form | {"request_key": key}, htmx=False)
        assert (done.status, done.headers["location"]) == (303, f"{path}?kabar=janji")
    page = await helpdesk.get(f"{path}?kabar=janji")
    assert "Kunjungan dan janji bayar dicatat." in page.text
    assert "mencatat janji Rp\u00a0150.000" in page.text
    assert "Bertemu &lt;b&gt;istri" in page.text
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Visit)) == 1
    for promised, found in (("hari-ini", ["Budi Santoso"]), ("lewat", []), ("ada", ["Budi Santoso"])):
        assert names(await helpdesk.get(f"/tunggakan?janji={promised}")) == found
    card = await helpdesk.get("/")
    assert re.search(r'janji=hari-ini"><span[^>]*>.*?Janji bayar hari ini</span> <b class="num">1</b>', card.text)


async def test_the_rules_of_contacts_hold_on_the_web_as_an_admin_set_them(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    admin, one = await office.visitor(office.here.admin), owing["00003"]
    page = await admin.get("/aturan-kontak")
    stamp = page.value("stamp", 'id="kontak-j"')
    later = (clock.local(clock.now(), "Asia/Jakarta").hour + 8) % 24  # half an hour that is far from now
    closed = {"opens": f"{later:02}:00", "closes": f"{later:02}:30", "stamp": stamp}
    bad = {"closes": closed["opens"], "weekly": "99", "card": "0"}
    wrong = await admin.post("/aturan-kontak", closed | bad, htmx=False)
    assert wrong.status == 422
    for said in ("Jam selesai harus sesudah jam mulai.", "0 sampai 21 kali.", "1 sampai 2.880 menit"):
        assert said in wrong.text
    assert (await admin.post("/aturan-kontak", closed | {"weekly": "1", "card": "30"}, htmx=False)).status == 303
    shown = await helpdesk.get(f"/tunggakan/{one.id}")
    assert f"Di luar jam kontak {closed['opens']}–{closed['closes']} WIB. Boleh lagi" in shown.text
    assert re.findall(r'<option value="(paid|fault|refused|promise)"', shown.text) == ["paid", "fault"]
    path = f"/tunggakan/{one.id}/kunjungan"
    refused = await helpdesk.post(path, {"hasil": "refused", "request_key": "g1"}, htmx=False)
    assert (refused.status, refused.text.count("Di luar jam kontak")) == (409, 3)
    stamp = (await admin.get("/aturan-kontak")).value("stamp", 'id="kontak-j"')
    open_all_day = {"opens": "00:00", "closes": "23:59", "weekly": "1", "card": "30", "stamp": stamp}
    assert (await admin.post("/aturan-kontak", open_all_day, htmx=False)).status == 303
    for key, status in (("g1", 303), ("g2", 409)):
        again = await helpdesk.post(path, {"hasil": "refused", "request_key": key}, htmx=False)
        assert again.status == status
    assert "Sudah 1 kali dihubungi dalam 7 hari." in again.text
    assert (await helpdesk.post(path, {"hasil": "paid", "request_key": "g3"}, htmx=False)).status == 303
    assert len(await notes("contact.changed")) == 3
    listed = (await admin.get("/aturan-kontak")).text
    assert "Saat dipasang" in listed
    assert listed.count("Sari Admin</span>") >= 3


async def test_what_is_wrong_with_a_visit_is_said_and_nothing_typed_is_lost(
    helpdesk: Browser, owing: dict[str, Account]
) -> None:
    path = f"/tunggakan/{owing['00002'].id}/kunjungan"
    past = (clock.now() - timedelta(days=3)).date().isoformat()
    for form, said in (
        ({}, "Pilih hasil kunjungannya."),
        ({"hasil": "terbang"}, "Pilih hasil kunjungannya."),
        ({"hasil": "promise"}, "Isi tanggal janjinya."),
        ({"hasil": "promise", "tanggal": past}, "Tanggal janji sudah lewat."),
        ({"hasil": "promise", "tanggal": "2099-01-01"}, "paling jauh 92 hari"),
        ({"hasil": "promise", "tanggal": "besok sekali"}, "tidak dapat dibaca"),
        ({"hasil": "promise", "tanggal": "2026-12-01", "nominal": "banyak"}, "Nominal ini tidak dapat dibaca"),
        ({"hasil": "nobody_home", "catatan": "x" * 1001}, "paling banyak 1.000 karakter"),
    ):
        answer = await helpdesk.post(path, form | {"request_key": "k" + said[:9]}, htmx=False)
        assert answer.status == 422, form
        assert answer.text.count(said) == 2, said
        assert f'value="{form.get("nominal", "")}"' in answer.text
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Visit)) == 0


async def test_paid_leaves_the_list_and_the_sums_but_not_on_a_stale_page(
    office: Office, owing: dict[str, Account]
) -> None:
    supervisor, one = await office.visitor(office.here.supervisor), owing["00001"]
    path = f"/tunggakan/{one.id}"
    stale = await supervisor.post(f"{path}/lunas", {"version": str(one.version + 1)}, htmx=False)
    assert stale.status == 409
    assert "berubah sejak Anda membukanya" in stale.text
    done = await supervisor.post(f"{path}/lunas", {"version": str(one.version)}, htmx=False)
    assert done.status == 303
    page = await supervisor.get("/tunggakan")
    assert names(page) == ["Ratna Dewi", "Budi Santoso", "Siti Aminah"]
    assert strip(page)["Semua tunggakan"][1] == "3"
    assert names(await supervisor.get("/tunggakan?status=lunas")) == ["Toko Berkah"]
    account = await supervisor.get(path)
    assert "menandai lunas" in account.text
    assert "Tandai lunas" not in account.text


async def test_the_tally_is_what_a_count_says_after_every_import_and_undo(
    desk: Desk, owing: dict[str, Account]
) -> None:
    async def told() -> set[tuple[int, int, int]]:
        async with transaction() as session:
            rows = await session.execute(select(AccountTally).where(AccountTally.accounts > 0))
            return {(row.sto_id, row.accounts, row.amount) for row in rows.scalars()}

    async def true() -> set[tuple[int, int, int]]:
        step = func.least(func.coalesce(Account.months, 0), 4)
        wanted = select(Account.sto_id, func.count(), func.sum(Account.amount)).where(Account.state == "open")
        async with transaction() as session:
            rows = await session.execute(wanted.group_by(Account.sto_id, step))
            return {(row[0], row[1], int(row[2])) for row in rows}

    assert await told() == await true()
    batch = await desk.bring(line(1, "Toko Berkah", amount=1_200_000, months=6), line(7, "Baru", months=""))
    assert await told() == await true()
    assert len(owing) == 6
    await desk.undo(batch)
    assert await told() == await true()


async def test_a_fault_pauses_and_a_leader_resumes(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    path = f"/tunggakan/{owing['00003'].id}"
    await helpdesk.post(f"{path}/kunjungan", {"hasil": "fault", "request_key": "k1"}, htmx=False)
    page = await helpdesk.get(path)
    assert "Penagihan dijeda" in page.text
    assert "Lanjutkan penagihan" not in page.text
    assert names(await helpdesk.get("/tunggakan?jeda=ya")) == ["Siti Aminah"]
    leader = await office.visitor(office.here.leader)
    assert (await leader.post(f"{path}/lanjut", htmx=False)).status == 303
    assert names(await helpdesk.get("/tunggakan?jeda=ya")) == []


async def test_one_account_is_given_to_a_collector_and_taken_from_him(
    office: Office, owing: dict[str, Account]
) -> None:
    leader, path = await office.visitor(office.here.leader), f"/tunggakan/{owing['00003'].id}"
    yuli = office.here.collector
    assert (await leader.post(f"{path}/petugas", {"to": str(yuli.id)}, htmx=False)).status == 303
    assert names(await leader.get(f"/tunggakan?petugas={yuli.id}")) == ["Siti Aminah"]
    for nobody in ("", "x", str(office.here.helpdesk.id), "99999999999"):
        refused = await leader.post(f"{path}/petugas", {"to": nobody}, htmx=False)
        assert refused.status == 422
    await leader.post(f"{path}/petugas", {"to": "0"}, htmx=False)
    assert names(await leader.get(f"/tunggakan?petugas={yuli.id}")) == []


async def test_ticked_accounts_are_looked_at_and_then_given(office: Office, owing: dict[str, Account]) -> None:
    leader, yuli = await office.visitor(office.here.leader), office.here.collector
    ticked = {"asal": "centang", "pilih": str(owing["00001"].id)}
    page = await leader.post("/tunggakan/tugas", ticked, htmx=False)
    assert "1 pelanggan dicentang" in page.text
    look = ticked | {"mode": "satu", "to": str(yuli.id), "lihat": "ya"}
    assert (
        "1 pelanggan (Rp\u00a0900.000) dikerjakan Yuli Astuti."
        in (await leader.post("/tunggakan/tugas", look, htmx=False)).text
    )
    assert names(await leader.get(f"/tunggakan?petugas={yuli.id}")) == []
    done = await leader.post("/tunggakan/tugas", look | {"lihat": "", "terapkan": "ya"}, htmx=False)
    assert (done.status, done.headers["location"]) == (303, "/tunggakan?kabar=1")
    assert names(await leader.get(f"/tunggakan?petugas={yuli.id}")) == ["Toko Berkah"]
    nothing = await leader.post("/tunggakan/tugas", {"asal": "centang"}, htmx=False)
    assert (nothing.status, "Belum ada pelanggan yang dipilih" in nothing.text) == (422, True)
    there = {"pilih": str(owing["00005"].id), "mode": "satu", "to": str(yuli.id), "terapkan": "ya"}
    assert (await leader.post("/tunggakan/tugas", there, htmx=False)).headers["location"] == "/tunggakan?kabar=0"


async def test_a_whole_filter_is_dealt_evenly_as_the_preview_said(office: Office, owing: dict[str, Account]) -> None:
    leader, tono = await office.visitor(office.here.leader), await a_collector("Tono Wijaya")
    crew = [("mode", "rata"), ("ikut", str(office.here.collector.id)), ("ikut", str(tono.id))]
    look = "&".join(f"{name}={value}" for name, value in [*crew, ("lihat", "ya"), ("csrf", leader.csrf)])
    sent = {"content-type": "application/x-www-form-urlencoded"}
    page = await leader.ask("POST", "/tunggakan/tugas?sto=SDA", data=look, headers=sent)
    assert "4 pelanggan (Rp\u00a02.050.000) dibagi rata kepada 2 petugas." in page.text
    gets = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">(\d+)</td>', page.text)
    assert gets == [("Tono Wijaya", "2"), ("Yuli Astuti", "2")]
    assert len(owing) == 6
    apply = look.replace("lihat=ya", "terapkan=ya")
    done = await leader.ask(
        "POST",
        "/tunggakan/tugas?sto=SDA",
        data=apply,
        headers=sent,
    )
    assert done.status == 303
    assert names(await leader.get(f"/tunggakan?petugas={tono.id}")) in (
        ["Ratna Dewi", "Budi Santoso"], ["Toko Berkah", "Siti Aminah"]
    )  # fmt: skip
    admin = await office.visitor(office.here.admin)
    assert names(await admin.get("/tunggakan?sto=SPJ&petugas=0")) == ["Warung Seberang", "Jauh Sekali"]
    empty = await leader.post("/tunggakan/tugas", {"mode": "rata", "lihat": "ya"}, htmx=False)
    assert (empty.status, empty.text.count("Centang petugas yang ikut dibagi.")) == (422, 2)


async def test_a_file_holds_what_is_filtered_and_is_written_down(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    answer = await helpdesk.get("/tunggakan/ekspor?bulan=3%2B&berkas=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["Nama"], row["Tunggakan (Rp)"], row["Telepon"]) for row in rows] == [
        ("Toko Berkah", "900000", "'+6281234567890"),
        ("Ratna Dewi", "700000", "'+6281234567890"),
    ]
    assert rows[0]["No. internet"] == owing["00001"].internet_no
    assert (await helpdesk.get("/tunggakan/ekspor")).headers["content-type"].startswith("application/vnd.openxml")
    assert (await helpdesk.get("/tunggakan/ekspor?berkas=pdf")).status == 404
    first, _second = await notes("account.exported")
    assert (first.actor_id, first.details["saringan"]) == (
        office.here.helpdesk.id,
        "Menunggak, umur 3 bulan atau lebih",
    )


async def test_a_route_is_in_the_order_of_work_and_is_written_down(
    helpdesk: Browser, owing: dict[str, Account]
) -> None:
    assert "Pilih petugas atau STO" in (await helpdesk.get("/tunggakan/rute")).text
    assert await notes("account.printed") == []
    today = clock.local(clock.now(), "Asia/Jakarta").date().isoformat()
    form = {"hasil": "promise", "tanggal": today, "request_key": "k1"}
    await helpdesk.post(f"/tunggakan/{owing['00003'].id}/kunjungan", form, htmx=False)
    page = await helpdesk.get("/tunggakan/rute?sto=SDA")
    found = re.findall(r'<span class="strong">([^<]+)</span><br><span class="mono sm">', page.text)
    assert found == ["Siti Aminah", "Toko Berkah", "Ratna Dewi", "Budi Santoso"]
    assert "0812-••••-7890" in page.text
    assert "3456" not in page.text
    assert len(await notes("account.printed")) == 1


async def test_a_finished_order_and_its_account_lead_to_each_other(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    one = owing["00001"]
    order = await office.order(note=f"Internet {one.internet_no}")
    no = order.registration_no
    assert "Tagihan pertama menunggak" not in (await helpdesk.get(f"/order/{no}")).text
    assert (await helpdesk.change(order, "OGP")).status == 200
    order.version += 1
    assert (await helpdesk.change(order, "SELESAI")).status == 200
    page = await helpdesk.get(f"/order/{no}")
    assert "Tagihan pertama menunggak" in page.text
    assert f'href="/tunggakan/{one.id}"' in page.text
    assert f'href="/order/{no}"' in (await helpdesk.get(f"/tunggakan/{one.id}")).text
    stranger = await office.visitor(office.here.outsider)
    assert f'href="/order/{no}"' not in (await stranger.get(f"/tunggakan/{one.id}")).text


async def test_hostile_words_of_a_list_stay_words(desk: Desk, helpdesk: Browser) -> None:
    await desk.bring(line(1, "<script>alert(1)</script>", amount=10_000), line(2, "'; DROP TABLE account;--"))
    accounts = await desk.accounts()
    for path in ("/tunggakan", "/tunggakan/rute?sto=SDA", *(f"/tunggakan/{each.id}" for each in accounts.values())):
        page = await helpdesk.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
    assert all(each.state is AccountState.OPEN for each in accounts.values())


@pytest.mark.parametrize("role", list(Role))
async def test_an_account_shows_a_role_what_it_may_do(office: Office, owing: dict[str, Account], role: Role) -> None:
    who = {Role.TECHNICIAN: "technician", Role.TEAM_LEADER: "leader"}.get(role, role.value)
    browser, path = await office.visitor(getattr(office.here, who)), f"/tunggakan/{owing['00001'].id}"
    page = await browser.get(path)
    if role in {Role.TECHNICIAN, Role.COLLECTOR}:
        assert (page.status, "Toko Berkah" in page.text) == (403, False)
        return
    assert page.status == 200
    assert ("Tandai lunas" in page.text) == (role in {Role.SUPERVISOR, Role.ADMIN})
    assert ("Simpan petugas" in page.text) == (role in {Role.TEAM_LEADER, Role.ADMIN})
    assert ("Bagi tugas" in page.text) == (role in {Role.TEAM_LEADER, Role.ADMIN})


async def test_accounts_are_sent_to_the_chat_of_whoever_works_them_and_what_comes_back_is_shown(
    office: Office, helpdesk: Browser, owing: dict[str, Account]
) -> None:
    here, budi, siti = office.here, owing["00002"], owing["00003"]
    leader = await office.visitor(here.leader)
    none = await leader.post("/tunggakan/kirim", {})
    assert none.status == 422
    assert "Belum ada pelanggan yang dipilih" in none.text
    nobody = await leader.post(f"/tunggakan/{budi.id}/kirim", {})
    assert "Belum ada petugas" in nobody.text
    await leader.post(f"/tunggakan/{budi.id}/petugas", {"to": str(here.collector.id)})
    assert "Kirim ke petugas" in (await leader.get(f"/tunggakan/{budi.id}")).text
    assert (await leader.post("/tunggakan/kirim", {"pilih": str(budi.id)})).status == 303
    async with transaction() as session:
        rows = (await session.scalars(select(EventRow.payload).where(EventRow.name == "account.sent"))).all()
        yuli = await viewer_of(session, here.collector)
        call = Call(Result.FAULT, latitude=-7.4478, longitude=112.7183, photo="rumah-x", thumb="rumah-m")
        made = await visits.record(session, yuli, budi.id, call, Report(), source="bot")
        order = made.order
    assert [row["accounts"] for row in rows] == [[budi.id]]
    page = await helpdesk.get(f"/tunggakan/{budi.id}")
    assert f"/tunggakan/{budi.id}/foto/{made.visit.id}?kecil=ya" in page.text
    assert "mlat=-7.447800&amp;mlon=112.718300" in page.text
    assert "memberi tugas kepada Yuli Astuti" in page.text
    assert order is not None
    assert f'href="/order/{order.registration_no}"' in page.text
    link = await helpdesk.get(f"/order/{order.registration_no}")
    assert f'href="/tunggakan/{budi.id}"' in link.text
    assert "Pelanggan dengan gangguan ini" in link.text
    assert names(await helpdesk.get("/tunggakan?hasil=fault")) == ["Budi Santoso"]
    assert "Budi Santoso" not in names(await helpdesk.get("/tunggakan?hasil=belum"))
    outsider = await office.visitor(here.outsider)
    for address in (f"/tunggakan/{budi.id}/foto/{made.visit.id}", f"/tunggakan/{siti.id}/foto/{made.visit.id}"):
        assert (await outsider.get(address)).status == 404
    assert (await helpdesk.get(f"/tunggakan/{siti.id}/foto/{made.visit.id}")).status == 404


def test_bills_by_month_are_read_out_of_what_the_list_has_besides() -> None:
    extra = {"TAG_202609": "137.500", "Tagihan Okt 2026": "Rp 137.500", "PAKET 100": "x", "CATATAN 2026-11": "lama"}
    bills, rest = months_of(extra)
    assert [(bill.label, bill.amount) for bill in bills] == [("Okt 2026", 137_500), ("Sep 2026", 137_500)]
    assert rest == {"PAKET 100": "x", "CATATAN 2026-11": "lama"}
    assert months_of({"TAG_202609": "137.500"}) == ((), {"TAG_202609": "137.500"})
