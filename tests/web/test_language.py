"""Two languages: chosen at the door and in the profile, on every page, in files, in live rows and in the API."""

import html
import json
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from shared.db import transaction
from shared.people import tokens
from shared.people.models import Person
from tests.web import test_master_rights as master
from tests.web.conftest import Browser, Office
from tests.web.test_live import listening
from tests.web.test_master_rights import samples
from tests.web.test_roles import PAGES

__all__ = ["samples"]

INDONESIAN = re.compile(
    r"\b(yang|dan|dari|untuk|dengan|tidak|belum|sudah|ini|itu|atau|semua|anda|pilih|simpan|ubah|hapus|tambah|cari|lihat"
    r"|kirim|masuk|keluar|selesai|kendala|lewat|aktif|nonaktif|peran|wilayah|tanggal|jam|laporan|alasan|catatan|teknisi"
    r"|pelanggan|petugas|orang|kosong|wajib|baru|lagi|akan|oleh|sampai|sejak|bulan|harian|bulanan|saring|saringan|dasbor"
    r"|antrean|kiriman|jejak|sesi|sandi|grup|obrolan|pesan|jadwal|sampah|unduh|cetak|diambil|pemegang|tampilan|pengguna"
    r"|berkas|hari|mnt|dtk|menit|batal|kembali|muat|tutup|buka|sebab|ditahan|gagal|menunggu|undangan|bahasa|serah|hadir"
    r"|order baru|libur|nama|jumlah|ringkasan|perlu|tindakan|sedang|dipakai|terakhir|dijeda|ambil|alih|urungkan)\b",
    re.IGNORECASE,
)
OWN_NAMES = ("Bahasa Indonesia", "KENDALA", "BATAL", "SELESAI", "BARU", "Teknisi Sidoarjo", "Libur")
"""A language by its own name, and what a unit calls its own: codes, a group, a holiday, a label beside its English."""


def seen(page: str) -> str:
    """What a page shows, reads out, or hands to its script."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    # what is marked as Indonesian may be so
    page = re.sub(r'<(?!html)(\w+)[^>]* lang="id"[^>]*>.*?</\1>', " ", page, flags=re.DOTALL)
    told = re.findall(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"', page)
    for words in re.findall(r"<meta name=\"kata\" content='([^']*)'", page):
        told += json.loads(words).values()
    text = html.unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *told]))
    for name in OWN_NAMES:
        text = text.replace(name, " ")
    return text


def indonesian(page: str) -> list[str]:
    text = seen(page)
    return [text[max(0, found.start() - 30) : found.end() + 30] for found in INDONESIAN.finditer(text)]


async def speaks(person: Person, language: str) -> None:
    async with transaction() as session:
        await session.execute(update(Person).where(Person.id == person.id).values(language=language))


@pytest.fixture
async def english(office: Office) -> AsyncIterator[Browser]:
    admin = await office.visitor(office.here.admin)
    await admin.post("/profil/tampilan", {"language": "en"}, htmx=False)
    yield admin


async def test_no_page_says_a_word_of_indonesian_to_who_reads_english(
    office: Office, english: Browser, samples: dict[str, str]
) -> None:
    order = await office.order()
    await english.change(order, "KENDALA", reason="1", note="penuh-sekali")
    paths = [path.format(**samples) for path in PAGES] + [f"/order/{order.registration_no}"]
    for method, path in master.RIGHTS:
        if method == "GET":
            names = samples | ({"code": "KENDALA"} if path.startswith("/status/status/") else {})
            paths.append(path.format(**names))
    paths += [f"/order?tampilan={view}" for view in ("belum", "lewat", "kendala", "saya", "semua")]
    paths += ["/order?q=xqz", "/xqz", "/order/SC99999999", "/laporan/harian?dari=kemarin"]
    paths += [f"/kiriman?keadaan={state}" for state in ("gagal", "ditahan", "belum-pasti", "menunggu", "kejadian")]
    wrong = {}
    for path in dict.fromkeys(paths):
        answer = await english.get(path)
        assert answer.status in {200, 404, 422}, path
        if answer.headers["content-type"].startswith("text/html") and (left := indonesian(answer.text)):
            wrong[path] = left
    assert not wrong, "\n".join(f"{path}: {left}" for path, left in wrong.items())
    assert '<html lang="en"' in (await english.get("/order")).text


async def test_what_went_wrong_is_said_in_english_too(office: Office, english: Browser) -> None:
    for path, fields in {
        "/order/baru": {"number": "bukan"},
        "/pengguna": {"name": ""},
        "/site": {"code": "x y"},
        "/sto": {"code": "TERLALU"},
        "/libur": {"day": "kemarin"},
        "/status/tipe": {"key_pattern": "("},
        "/profil/sandi": {"current": "a", "password": "b", "again": "c"},
        "/profil/token": {},
        "/grup/kode": {},
    }.items():
        answer = await english.post(path, fields, htmx=False)
        assert answer.status == 422, path
        left = [
            each for each in indonesian(answer.text) if not any(value and value in each for value in fields.values())
        ]
        assert left == [], path


async def test_a_file_is_headed_in_the_language_of_who_takes_it(office: Office, english: Browser) -> None:
    await office.order()
    for page in ("/order", "/laporan/harian", "/laporan/bulanan", "/laporan/waktu"):
        assert (await english.get(f"{page}/ekspor?berkas=xlsx")).status == 200, page
        answer = await english.get(f"{page}/ekspor?berkas=csv")
        assert answer.status == 200, page
        first = answer.text.splitlines()[0]
        assert not INDONESIAN.search(first), first
        heads = first.lstrip("\ufeff").split(";")
        assert len(set(heads)) == len(heads), "columns are told apart by their names"
    assert ";New;" in (await english.get("/order/ekspor?berkas=csv")).text
    assert ";Baru;" in (await (await office.visitor(office.here.helpdesk)).get("/order/ekspor?berkas=csv")).text


async def test_a_language_is_chosen_in_the_profile_and_stays(office: Office, helpdesk: Browser) -> None:
    assert '<html lang="id"' in (await helpdesk.get("/profil")).text
    answer = await helpdesk.post("/profil/tampilan", {"language": "en"}, htmx=False)
    assert answer.status == 303
    page = (await helpdesk.get(answer.headers["location"])).text
    assert '<html lang="en"' in page
    assert "Appearance saved." in page
    async with transaction() as session:
        kept = await session.get_one(Person, office.here.helpdesk.id)
        assert (kept.language, kept.preferences["language"]) == ("en", "en"), "messages of the bot follow it"
    elsewhere = await office.visitor(office.here.helpdesk)
    assert "Order queue" in (await elsewhere.get("/order")).text
    refused = await helpdesk.post("/profil/tampilan", {"language": "de"}, htmx=False)
    assert refused.status == 422
    assert "Choose from the list." in refused.text
    await helpdesk.post("/profil/tampilan", {"theme": "dark"}, htmx=False)
    assert '<html lang="en"' in (await helpdesk.get("/profil")).text


async def test_a_language_is_chosen_at_the_door(office: Office) -> None:
    visitor = await office.stranger()
    page = await visitor.get("/masuk?ke=/order")
    assert '<html lang="id"' in page.text
    csrf = page.value("csrf", "<form")
    answer = await visitor.ask("POST", "/masuk/bahasa", data={"csrf": csrf, "ke": "/order", "bahasa": "en"})
    assert (answer.status, answer.headers["location"]) == (303, "/masuk?ke=/order")
    page = await visitor.get("/masuk?ke=/order")
    assert '<html lang="en"' in page.text
    assert indonesian(page.text) == []
    wrong = await visitor.type_login("nadia", "bukan-kata-sandinya")
    assert "Username or password does not match." in wrong.text
    await visitor.type_login("nadia")
    assert "Order queue" in (await visitor.get("/order")).text, "until a person chooses in the profile"


async def test_a_foreign_form_or_an_unknown_language_chooses_nothing(office: Office) -> None:
    visitor = await office.stranger()
    csrf = (await visitor.get("/masuk")).value("csrf", "<form")
    for fields in ({"csrf": "salah", "bahasa": "en"}, {"csrf": csrf, "bahasa": "<script>"}):
        assert (await visitor.ask("POST", "/masuk/bahasa", data=fields)).status == 303
        assert '<html lang="id"' in (await visitor.get("/masuk")).text


async def test_each_stream_hears_its_own_language(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    await speaks(office.here.second_helpdesk, "en")
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(helpdesk, "?tampilan=kendala") as ours, listening(rudi, "?tampilan=kendala") as his:
        await helpdesk.change(order, "OGP")
        row = (await his.next("row"))["data"]
        assert "In progress" in row
        assert "leaves this view" in row
        assert "keluar dari tampilan ini" in (await ours.next("row"))["data"]


async def test_the_api_says_what_went_wrong_in_the_callers_language(office: Office) -> None:
    async with transaction() as session:
        token = await tokens.make(session, office.here.helpdesk.id, "uji")
    browser = await office.stranger()
    bearer = {"Authorization": f"Bearer {token}"}

    async def detail(path: str, **headers: str) -> str:
        return str(json.loads((await browser.ask("GET", path, headers=headers)).text)["detail"])

    missing = "/api/v1/orders/SC99999999"
    assert await detail(missing, **bearer) == "Tidak ada order dengan nomor ini di wilayah Anda."
    there_is_none = "There is no order with this number in your area."
    assert await detail(missing, **bearer, **{"Accept-Language": "en"}) == there_is_none
    await speaks(office.here.helpdesk, "en")
    assert await detail(missing, **bearer) == there_is_none
    assert (await detail(missing, **bearer, **{"Accept-Language": "id"})).startswith("Tidak ada")
    assert (await detail(missing, **{"Accept-Language": "en"})).startswith("Send a valid token")
    new = {"number": "bukan", "type": "XX", "sto": "SDA"}
    told = json.loads((await browser.ask("POST", "/api/v1/orders", json=new, headers=bearer)).text)
    assert {each["field"] for each in told["errors"]} == {"number", "type"}
    assert not INDONESIAN.search(json.dumps(told).replace("bukan", ""))
