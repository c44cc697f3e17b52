"""Files on their page: columns, the difference, applying, undoing; each by the forms a browser without script sends."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from shared import clock
from shared.arrears import imports, operations
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.arrears.models import AccountState, Result
from shared.db import transaction
from shared.people.access import Viewer
from shared.people.queries import viewer_of
from tests.conftest import set_environment
from tests.ingest.books import workbook
from tests.ingest.conftest import HEADER, Desk, line, listed, work
from tests.web.conftest import Answer, Browser, Office

EVIL = "<script>alert(1)</script>"
ORDERS = "Tipe;No Registrasi;SN Modem;STO;ODP;Kode Teknisi;Catatan"


@pytest.fixture
async def desk(office: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    set_environment(SIKPRO_DATA=str(tmp_path), SIKPRO_UPLOADS="", SIKPRO_LARGEST_UPLOAD="500000000")
    yield Desk(office.here, office.here.admin)


@pytest.fixture
async def admin(office: Office) -> Browser:
    return await office.visitor(office.here.admin)


def words(page: Answer) -> str:
    """What the page says, without its marks."""
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("\u00a0", " ").split())


async def press(browser: Browser, page: Answer, path: str, **fields: str) -> Answer:
    """Send the form of a page with the version it carries, and look where it leads."""
    version = page.value("version", f'action="{path}"')
    answer = await browser.post(path, {"version": version} | fields, htmx=False)
    return await browser.get(answer.headers["location"]) if answer.status == 303 else answer


async def viewer(desk: Desk) -> Viewer:
    async with transaction() as session:
        return await viewer_of(session, desk.here.admin)


async def test_a_file_is_looked_at_applied_and_undone(desk: Desk, admin: Browser) -> None:
    await desk.bring(line(1, amount=100_000), line(2), line(3, name="Siti Aminah"))
    batch = await desk.upload(listed(line(1, amount=250_000), line(2), line(4), line(5, sto="XXQ")))
    here = f"/impor/{batch.id}"
    page = await admin.get(here)
    said = words(page)
    for expected in (
        "Siap diterapkan",
        "1 Pelanggan baru",
        "1 Berubah",
        "1 Tidak berubah",
        "1 Tidak ada di berkas",
        "1 Baris ditolak",
        "Jumlah tunggakan: Rp 100.000 → menjadi Rp 250.000",
        "STO tidak ada dalam daftar. Periksa kode",
        "Berlaku sampai",
        "Tandai 1 pelanggan",
    ):
        assert expected in said, expected
    assert f"/ingest/uploads/{batch.id}/refused" in page.text
    assert (await desk.accounts())["00001"].amount == 100_000

    page = await press(admin, page, f"{here}/terapkan", hilang="ya")
    assert "Sedang diterapkan" in words(page)
    assert '<noscript><meta http-equiv="refresh"' in page.text
    await work()
    page = await admin.get(here)
    for expected in ("Diterapkan", "1 Pelanggan baru", "1 Diperbarui", "1 Diduga lunas", "Lihat apa yang kembali"):
        assert expected in words(page), expected
    found = await desk.accounts()
    assert (found["00001"].amount, found["00003"].state) == (250_000, AccountState.PRESUMED_PAID)
    assert "1 baru, 1 berubah, 1 hilang, 1 ditolak" in words(await admin.get("/impor"))

    async with transaction() as session:
        call = operations.Call(Result.NOBODY_HOME, "pagar terkunci")
        await operations.visit(
            session, await viewer_of(session, desk.here.admin), found["00004"].id, call, source="web"
        )
    page = await admin.get(f"{here}/urungkan")
    assert "2 pelanggan dikembalikan" in words(page)
    assert "1 sudah dikerjakan orang, jadi tetap seperti sekarang: 152320000004" in words(page)
    page = await press(admin, page, f"{here}/urungkan")
    assert "Sedang diurungkan" in words(page)
    await work()
    said = words(await admin.get(here))
    assert "2 baris dikembalikan" in said
    assert "1 tidak disentuh karena sudah dikerjakan orang: 152320000004" in said
    found = await desk.accounts()
    assert (found["00001"].amount, found["00003"].state) == (100_000, AccountState.OPEN)
    assert "00004" in found


async def test_missing_customers_stay_open_when_the_box_is_not_ticked(desk: Desk, admin: Browser) -> None:
    await desk.bring(line(1), line(2))
    batch = await desk.upload(listed(line(1)))
    await press(admin, await admin.get(f"/impor/{batch.id}"), f"/impor/{batch.id}/terapkan")
    await work()
    assert (await desk.accounts())["00002"].state is AccountState.OPEN


async def test_columns_are_said_once_and_remembered(desk: Desk, admin: Browser) -> None:
    header = HEADER.replace("SND", "KODE X").replace("TAGIHAN", "JML")
    batch = await desk.upload(listed(line(1), header=header))
    here = f"/impor/{batch.id}"
    page = await admin.get(here)
    assert "Kolom wajib belum ditemukan: Nomor internet, Jumlah tunggakan." in words(page)
    assert "152320000001" in words(page)
    fields = {f"k{index}": name or "" for index, name in enumerate(batch.mapping)}
    page = await press(admin, page, f"{here}/kolom", **fields)
    assert page.status == 422
    assert "Pilih kolom untuk Nomor internet." in words(page)
    wrong = await press(admin, page, f"{here}/kolom", **fields | {"k0": "internet", "k6": "amount", "k5": "amount"})
    assert "Jumlah tunggakan dipilih untuk lebih dari satu kolom." in words(wrong)
    assert wrong.text.count('aria-invalid="true"') == 2
    page = await press(
        admin, page, f"{here}/kolom", **fields | {"k0": "internet", "k6": "amount", "k5": "extra", "k2": ""}
    )
    assert "diingat untuk berkas dengan judul yang sama" in page.text
    await work()
    said = words(await admin.get(here))
    assert "1 Pelanggan baru" in said
    assert "Diingat dari pencocokan oleh" in said
    assert "Data tambahan" in said
    assert "Diabaikan" in said
    second = await desk.upload(listed(line(2), header=header))
    assert second.state is BatchState.READY
    assert "Diingat dari pencocokan oleh" in words(await admin.get(f"/impor/{second.id}"))
    assert "Menjadi" in words(await admin.get(f"/impor/{second.id}?kolom=ubah"))


async def test_another_sheet_of_a_workbook_is_chosen(desk: Desk, admin: Browser) -> None:
    rows = [HEADER.split(";"), line(1).split(";")]
    content = workbook({"Ringkasan": rows, "Data <b>": [*rows, line(2).split(";")]})
    batch = await desk.upload(content, "buku.xlsx")
    here = f"/impor/{batch.id}"
    other = next(each for each in batch.layout["sheets"] if each != batch.layout["sheet"])
    page = await admin.get(f"{here}?kolom=ubah")
    assert "Data &lt;b&gt;" in page.text
    assert (await press(admin, page, f"{here}/lembar", lembar="tidak ada")).status == 422
    await press(admin, page, f"{here}/lembar", lembar=other)
    await work()
    assert (await desk.now(batch.id)).layout["sheet"] == other


async def test_who_is_late_is_told_how_the_import_stands(desk: Desk, admin: Browser, office: Office) -> None:
    batch = await desk.upload(listed(line(1)))
    here = f"/impor/{batch.id}"
    page = await admin.get(here)
    await press(admin, page, f"{here}/terapkan", hilang="ya")
    twice = await press(admin, page, f"{here}/terapkan", hilang="ya")
    assert twice.status == 200  # pressed twice: it is what was asked for
    late = await press(admin, page, f"{here}/batal")
    assert late.status == 409
    assert "Belum dijalankan. Impor ini sedang diterapkan." in words(late)
    await work()
    other = office.here.helpdesk
    async with transaction() as session:
        await session.execute(update(ImportBatch).values(decided_by=other.id))
    late = await press(admin, page, f"{here}/terapkan")
    assert f"Impor ini sudah diterapkan oleh {other.name}." in words(late)


async def test_an_import_of_yesterday_cannot_be_undone(desk: Desk, admin: Browser) -> None:
    batch = await desk.bring(line(1))
    page = await admin.get(f"/impor/{batch.id}/urungkan")
    async with transaction() as session:
        await session.execute(update(ImportBatch).values(applied_at=clock.now() - timedelta(hours=25)))
    late = await press(admin, page, f"/impor/{batch.id}/urungkan")
    assert (late.status, "Sudah lewat 24 jam" in words(late)) == (409, True)
    assert (await admin.get(f"/impor/{batch.id}/urungkan")).status == 409
    assert "Urungkan" not in words(await admin.get(f"/impor/{batch.id}"))


async def test_what_is_given_up_changes_nothing_and_says_so(desk: Desk, admin: Browser) -> None:
    batch = await desk.upload(listed(line(1)))
    page = await press(admin, await admin.get(f"/impor/{batch.id}"), f"/impor/{batch.id}/batal")
    assert "Impor dibatalkan. Tidak ada data yang berubah." in page.text
    assert "Dibatalkan oleh" in words(await admin.get(f"/impor/{batch.id}"))
    assert await desk.accounts() == {}


async def test_a_preview_that_another_import_overtook_is_looked_at_again(desk: Desk, admin: Browser) -> None:
    first, second = await desk.upload(listed(line(1))), await desk.upload(listed(line(1), line(2)))
    page = await admin.get(f"/impor/{second.id}")
    assert "Jumlah tunggakan di berkas: Rp 825.000" in words(page)
    await desk.apply(first)
    await press(admin, page, f"/impor/{second.id}/terapkan")
    await work()
    page = await admin.get(f"/impor/{second.id}")
    assert "Data berubah sejak pratinjau ini dibuat. Lihat perbedaannya lagi" in words(page)
    assert "1 Pelanggan baru 0 Berubah 1 Tidak berubah" in words(page)
    async with transaction() as session:
        await session.execute(update(ImportBatch).where(ImportBatch.id == second.id).values(expires_at=clock.now()))
    async with transaction() as session:
        assert await imports.tidy(session) == 1
    late = await press(admin, page, f"/impor/{second.id}/terapkan")
    assert (late.status, "Pratinjau ini sudah kedaluwarsa. Unggah berkasnya lagi." in words(late)) == (409, True)
    assert "Pratinjau berlaku 24 jam dan sudah lewat." in words(late)


async def test_the_same_file_again_is_named_and_changes_nothing(desk: Desk, admin: Browser) -> None:
    first = await desk.bring(line(1))
    batch = await desk.upload(listed(line(1)))
    said = words(await admin.get(f"/impor/{batch.id}"))
    assert "Berkas yang sama persis sudah diterapkan." in said
    assert "tidak mengubah apa pun" in said
    assert f"/impor/{first.id}" in (await admin.get(f"/impor/{batch.id}")).text


@pytest.mark.parametrize(
    ("content", "why", "mend"),
    [
        (b"%PDF-1.7 halo", "Ini berkas PDF, bukan tabel.", "Simpan sebagai CSV atau XLSX"),
        (b"", "Berkas ini kosong.", "Simpan sebagai CSV"),
        (HEADER.encode(), "hanya berisi judul kolom", "Isi paling sedikit satu baris"),
        (b"PK\x03\x04 rusak", "terpotong atau rusak", "Ekspor ulang"),
        (
            workbook({"A": [["SND"]]}, more={"xl/vbaProject.bin": b"x"}),
            "berisi makro",
            "Simpan sebagai XLSX tanpa makro",
        ),
    ],
)
async def test_a_file_that_cannot_be_used_says_why_and_what_to_do(
    desk: Desk, admin: Browser, content: bytes, why: str, mend: str
) -> None:
    batch = await desk.upload(content, "data.csv")
    said = words(await admin.get(f"/impor/{batch.id}"))
    assert why in said
    assert mend in said
    assert "Unggah berkas lain" in said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not_allowed", "Muat ulang halaman ini"),
        ("file.too_large", "lebih besar dari batas"),
        ("file.missing", "Pilih berkas yang berisi"),
        ("file.encrypted", "Hapus kata sandinya di Excel"),
        ("disk_full", "Penyimpanan server penuh"),
        (EVIL, "Berkas tidak dapat diterima."),
    ],
)
async def test_what_the_door_refused_is_a_sentence(desk: Desk, admin: Browser, code: str, said: str) -> None:
    page = await admin.get(f"/impor?masalah={code}")
    assert said in words(page)
    assert EVIL not in page.text


async def test_hostile_cells_stay_text(desk: Desk, admin: Browser) -> None:
    await desk.bring(line(1), line(7, name=f"{EVIL} Tua"))
    evil = line(2, name=EVIL, sto="<b>X"), line(1, name=f'"{EVIL}" onload=x'), line(3, name="=HYPERLINK()\u202e")
    batch = await desk.upload(listed(*evil, header=HEADER.replace("ALAMAT", "<i>ALAMAT\u202e")), f"{EVIL}.csv")
    for path in ("/impor", f"/impor/{batch.id}", f"/impor/{batch.id}?kolom=ubah"):
        page = await admin.get(path)
        assert page.status == 200
        for mark in ("<script>alert", "<b>X", "<i>ALAMAT", "\u202e"):
            assert mark not in page.text[page.text.index("<main") :], (path, mark)
    assert "&lt;b&gt;X" in (await admin.get(f"/impor/{batch.id}")).text


async def test_many_refused_rows_come_in_pages_and_by_kind(desk: Desk, admin: Browser) -> None:
    bad = [line(number, sto="XXQ") for number in range(1, 54)] + [line(90, amount="banyak", sto="XXQ")]
    batch = await desk.upload(listed(line(99), *bad))
    page = await admin.get(f"/impor/{batch.id}")
    assert page.text.count("STO tidak ada dalam daftar.") == 50
    after = re.search(rf"/impor/{batch.id}\?baris=(\d+)", page.text)
    assert after
    assert (await admin.get(after[0])).text.count("STO tidak ada dalam daftar.") == 4
    one_kind = await admin.get(f"/impor/{batch.id}?kode=amount.not_an_amount")
    assert "banyak" in words(one_kind)
    assert one_kind.text.count("STO tidak ada dalam daftar.") == 1
    assert (await admin.get(f"/impor/{batch.id}?kode={EVIL}&baris=x")).status == 200


async def test_helpdesk_brings_orders_of_its_area_and_no_arrears(desk: Desk, office: Office) -> None:
    arrears = await desk.bring(line(1))
    helpdesk = Desk(office.here, office.here.helpdesk)
    rows = ["AO;SC32230001;ZTEGC0A0B0C1;SDA;ODP-SDA-003;;", "AO;SC32230001;ZTEGC0A0B0C2;SDA;;;", "AO;;;SDA;;;"]
    batch = await helpdesk.upload(listed(*rows, header=ORDERS), "order.csv", Kind.ORDERS)
    browser = await office.visitor(office.here.helpdesk)
    listing = await browser.get("/impor?jenis=arrears")
    assert "Impor order" in words(listing)
    assert "tunggakan.csv" not in words(listing)
    assert (await browser.get(f"/impor/{arrears.id}")).status == 404
    page = await browser.get(f"/impor/{batch.id}")
    assert "1 Order baru 2 Baris ditolak" in words(page)
    assert "Nomor sama dengan baris 2." in words(page)
    await press(browser, page, f"/impor/{batch.id}/terapkan")
    await work()
    said = words(await browser.get(f"/impor/{batch.id}"))
    assert "1 Order didaftarkan 2 Baris ditolak" in said
    assert "Lihat apa yang kembali" not in said  # deleting orders is the team leader's
    assert (await browser.get(f"/impor/{batch.id}/urungkan")).status == 403
    leader = await office.visitor(office.here.leader)
    page = await leader.get(f"/impor/{batch.id}/urungkan")
    assert "1 order dipindah ke Sampah." in words(page)
    await press(leader, page, f"/impor/{batch.id}/urungkan")
    await work()
    assert (await browser.get("/order/SC32230001")).status == 404


async def test_who_may_import_nothing_is_refused(desk: Desk, office: Office) -> None:
    batch = await desk.upload(listed(line(1)))
    for person in (office.here.supervisor, office.here.technician, office.here.collector):
        browser = await office.visitor(person)
        for path in ("/impor", f"/impor/{batch.id}", f"/impor/{batch.id}/urungkan"):
            assert (await browser.get(path)).status == 403, path
        for act in ("kolom", "lembar", "terapkan", "batal", "urungkan"):
            assert (await browser.post(f"/impor/{batch.id}/{act}", {"version": "1"})).status == 403, act
    outsider = await office.visitor(office.here.outsider)
    assert (await outsider.get(f"/impor/{batch.id}")).status == 404
    assert (await outsider.post(f"/impor/{batch.id}/terapkan", {"version": str(batch.version)})).status == 404
    assert (await desk.now(batch.id)).state is BatchState.READY


async def test_the_history_goes_on_page_by_page(desk: Desk, admin: Browser) -> None:
    for number in range(22):
        await desk.hand_in(listed(line(number)), f"berkas-{number:02}.csv")
    first = await admin.get("/impor")
    assert re.findall(r"berkas-(\d+)\.csv</bdi>", first.text) == [f"{n:02}" for n in range(21, 1, -1)]
    older = re.search(r'href="(/impor\?[^"]*sesudah=[^"]+)"', first.text)
    assert older
    second = await admin.get(older[1].replace("&amp;", "&"))
    assert re.findall(r"berkas-(\d+)\.csv</bdi>", second.text) == ["01", "00"]


async def test_an_import_speaks_english_to_who_reads_english(desk: Desk, admin: Browser) -> None:
    batch = await desk.upload(listed(line(1), line(2, sto="XXQ")))
    await admin.post("/profil/tampilan", {"language": "en"})
    said = words(await admin.get(f"/impor/{batch.id}"))
    for expected in ("Ready to apply", "1 New customers", "Unknown STO", "Apply"):
        assert expected in said, expected


def form_of(page: Answer) -> dict[str, Any]:
    found = re.search(r'<form method="post" action="(/ingest/uploads[^"]*)".*?</form>', page.text, re.DOTALL)
    assert found
    return {"action": found[1], "names": re.findall(r'name="(\w+)"', found[0])}


async def test_the_form_sends_the_pages_token_before_the_file(desk: Desk, admin: Browser) -> None:
    form = form_of(await admin.get("/impor"))
    assert form == {"action": "/ingest/uploads?kind=arrears", "names": ["csrf", "file"]}
    assert form_of(await admin.get("/impor?jenis=orders"))["action"] == "/ingest/uploads?kind=orders"
