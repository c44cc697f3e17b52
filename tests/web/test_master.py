"""Master data pages used as an admin uses them: added, mended, switched, moved; hostile input; nothing done twice."""

import asyncio
import html
import re
import secrets
from datetime import timedelta

from sqlalchemy import func, select

from shared.audit.models import AuditRow
from shared.chats.models import BindingCode, GroupBinding, Purpose
from shared.db import transaction
from shared.orders.models import Order, OrderType, Reason, StatusMove
from shared.places import operations as places
from shared.places.models import Holiday, SiteOperation, Sto, StoSite, Witel
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT
from tests.web.conftest import Answer, Browser, Office

HOSTILE = "\"><script>alert(1)</script>'; DROP TABLE person; --"
SITE = {
    "code": "so-krn",
    "name": "Krian",
    "witel": "SDO",
    "zone": "Asia/Makassar",
    "opens": "07:00",
    "closes": "21:00",
}


def key() -> dict[str, str]:
    return {"request_key": secrets.token_hex(8)}


def fields_of(page: Answer, form: str) -> dict[str, str]:
    """What a browser would post of a form as it stands, by the form's action."""
    found = re.search(rf'<form[^>]*action="{re.escape(form)}"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert found, form
    given: dict[str, str] = {}
    for tag in re.findall(r"<(?:input)[^>]*>", found[1]):
        said = dict(re.findall(r'([a-z_]+)="([^"]*)"', tag))
        if said.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in said and said["name"] != "csrf":
            given[said["name"]] = html.unescape(said.get("value", ""))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', found[1], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        given[name] = chosen[1] if chosen else ""
    return given


async def admin_of(office: Office) -> Browser:
    return await office.visitor(office.here.admin)


async def count(table: type) -> int:
    async with transaction() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_site_operation_is_added_once_however_often_its_form_comes(office: Office) -> None:
    admin, form = await admin_of(office), SITE | key()
    answers = await asyncio.gather(*[admin.post("/site", form, htmx=False) for _ in range(5)])
    assert {answer.status for answer in answers} == {303}
    async with transaction() as session:
        site = (await session.scalars(select(SiteOperation).where(SiteOperation.code == "SO-KRN"))).one()
        notes = (await session.scalars(select(AuditRow.what).where(AuditRow.subject == f"site:{site.id}"))).all()
    assert (site.name, site.zone, site.opens.hour) == ("Krian", "Asia/Makassar", 7)
    assert notes == ["site.added"]
    assert "Data baru tersimpan." in (await admin.get(answers[0].headers["location"])).text


async def test_every_mistake_stands_on_top_and_at_its_field_and_nothing_typed_is_lost(office: Office) -> None:
    admin = await admin_of(office)
    form = SITE | {"code": "?", "name": "", "zone": "Asia/Tokyo", "opens": "pagi", "witel": HOSTILE}
    answer = await admin.post("/site", form | key(), htmx=False)
    assert answer.status == 422
    for name, words in (("code", "2 sampai 16 huruf"), ("name", "Belum diisi."), ("opens", "Harus berupa jam")):
        assert f'href="#baru-{name}"' in answer.text
        assert answer.text.count(words) >= 2, name
    assert "<script>alert" not in answer.text
    assert fields_of(answer, "/site")["closes"] == "21:00"
    assert await count(SiteOperation) == 2


async def test_a_code_that_exists_is_refused_at_its_field(office: Office) -> None:
    answer = await (await admin_of(office)).post("/site", SITE | {"code": "SO-SDA"} | key(), htmx=False)
    assert answer.status == 422
    assert answer.text.count("Kode ini sudah ada.") == 2


async def test_a_million_characters_are_refused_in_words(office: Office) -> None:
    admin = await admin_of(office)
    for path, name in (("/site", "name"), ("/pengguna", "name"), ("/status/tipe", "key_pattern"), ("/libur", "name")):
        answer = await admin.post(path, {name: "x" * 1_000_000} | key(), htmx=False)
        assert answer.status == 422, path
        assert "Terlalu panjang" in answer.text
        assert len(answer.text) < 200_000
    assert (await admin.post("/site", {"name": "x" * 1_100_000}, htmx=False)).status == 413


async def test_hostile_words_stay_words_on_every_page(office: Office) -> None:
    admin = await admin_of(office)
    assert (await admin.post("/site", SITE | {"name": HOSTILE} | key(), htmx=False)).status == 303
    reason = {"status_code": "KENDALA", "label_id": HOSTILE, "label_en": HOSTILE, "whose": "customer", "clock": "stops"}
    assert (await admin.post("/status/alasan", reason | {"position": "9"} | key(), htmx=False)).status == 303
    for path in ("/site", "/sto", "/libur", "/status", "/pengguna", "/grup"):
        page = await admin.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        hostile_search = await admin.get(f"{path}?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%25_%5C")
        assert hostile_search.status == 200
        assert "<script>alert" not in hostile_search.text


async def test_a_change_on_a_stale_page_is_refused_and_what_was_typed_stays(office: Office) -> None:
    admin = await admin_of(office)
    path = f"/site/{office.here.site.id}"
    mine = fields_of(await admin.get(path), path)
    theirs = mine | {"name": "Diubah rekan"}
    assert (await admin.post(path, theirs, htmx=False)).status == 303
    answer = await admin.post(path, mine | {"name": "Punya saya"}, htmx=False)
    assert answer.status == 409
    assert "baru saja diubah orang lain" in answer.text
    again = fields_of(answer, path)
    assert again["name"] == "Punya saya"
    assert (await admin.post(path, again, htmx=False)).status == 303
    assert (await admin.post(path, again, htmx=False)).status == 303


async def test_a_site_with_active_sto_is_not_switched_off_and_says_by_how_many(office: Office) -> None:
    admin, path = await admin_of(office), f"/site/{office.here.site.id}"
    page = await admin.get(path)
    assert "Dipakai 2 STO, 6 orang" in page.text
    answer = await admin.post(f"{path}/aktif", {"aktif": "tidak"}, htmx=False)
    assert answer.status == 409
    assert "Masih menaungi 2 STO aktif" in answer.text
    for sto in (office.here.sda, office.here.tun):
        assert (await admin.post(f"/sto/{sto.id}/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    assert (await admin.post(f"{path}/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    answer = await admin.post(f"/sto/{office.here.sda.id}/aktif", {"aktif": "ya"}, htmx=False)
    assert answer.status == 409
    assert "Site Operation-nya tidak aktif" in answer.text
    helpdesk = await office.visitor(office.here.helpdesk)
    assert ">SDA Sidoarjo<" not in (await helpdesk.get("/order/baru")).text


async def test_an_sto_moves_now_or_on_a_day_to_come_and_keeps_its_history(office: Office) -> None:
    admin, path = await admin_of(office), f"/sto/{office.here.tun.id}"
    far = str(office.here.other_site.id)
    planned = {"site": far, "since": (places.today() + timedelta(days=30)).isoformat()}
    assert (await admin.post(f"{path}/pindah", planned | key(), htmx=False)).status == 303
    page = await admin.get(path)
    assert "pindah ke SO-SPJ mulai" in page.text
    async with transaction() as session:
        assert (await session.get_one(Sto, office.here.tun.id)).site_operation_id == office.here.site.id
    assert (await admin.post(f"{path}/batal-pindah", htmx=False)).status == 303
    assert (await admin.post(f"{path}/batal-pindah", htmx=False)).status == 303
    now = planned | {"since": places.today().isoformat()}
    assert (await admin.post(f"{path}/pindah", now | key(), htmx=False)).status == 303
    async with transaction() as session:
        assert (await session.get_one(Sto, office.here.tun.id)).site_operation_id == office.here.other_site.id
        rows = (await session.scalars(select(StoSite).order_by(StoSite.id))).all()
    assert [row.site_operation_id for row in rows] == [office.here.site.id, office.here.other_site.id]
    back = now | {"site": str(office.here.site.id)}
    again = await admin.post(f"{path}/pindah", back | key(), htmx=False)
    assert again.status == 422
    assert "sesudah tanggal perpindahan terakhir" in again.text


async def test_a_holiday_goes_to_every_unit_and_only_a_coming_one_can_be_removed(office: Office) -> None:
    admin = await admin_of(office)
    day = places.today() + timedelta(days=5)
    form = {"day": day.isoformat(), "name": "Libur bersama", "site": "semua"}
    assert (await admin.post("/libur", form | key(), htmx=False)).status == 303
    twice = await admin.post("/libur", form | key(), htmx=False)
    assert twice.status == 422
    assert "sudah libur" in twice.text
    assert await count(Holiday) == 2
    assert "Libur bersama" in (await admin.get(f"/libur?tahun={day.year}")).text
    today = form | {"day": places.today().isoformat(), "site": str(office.here.site.id)}
    assert (await admin.post("/libur", today | key(), htmx=False)).status == 303
    async with transaction() as session:
        begun = await session.scalar(select(Holiday.id).where(Holiday.day == places.today()))
        coming = await session.scalar(select(Holiday.id).where(Holiday.day == day).limit(1))
    assert (await admin.post(f"/libur/{begun}/hapus", htmx=False)).status == 409
    assert (await admin.post(f"/libur/{coming}/hapus", htmx=False)).status == 303
    assert await count(Holiday) == 2


async def test_a_pattern_is_tried_on_its_example_before_it_is_kept(office: Office) -> None:
    admin, path = await admin_of(office), "/status/tipe/AO"
    form = fields_of(await admin.get(path), path)
    for pattern, example, words in (
        (r"^WO\d{4}$", "SC32232558", "tidak cocok dengan polanya"),
        (r"^(a+)+$", "SC1", "tidak dapat dipakai"),
        (r"^SC\d*$", "SC1", "tidak dapat dipakai"),
        ("(", "SC1", "tidak dapat dipakai"),
    ):
        answer = await admin.post(path, form | {"key_pattern": pattern, "example": example}, htmx=False)
        assert answer.status == 422, pattern
        assert words in answer.text
        assert fields_of(answer, path)["key_pattern"] == pattern
    good = form | {"key_pattern": r"^(SC|WO)\d{6,10}$", "example": "WO123456", "target_minutes": "90"}
    assert (await admin.post(path, good, htmx=False)).status == 303
    async with transaction() as session:
        kept = await session.get_one(OrderType, "AO")
    assert (kept.key_pattern, kept.target_minutes, kept.keeps_number) == (r"^(SC|WO)\d{6,10}$", 90, True)


async def test_a_new_pattern_and_a_switched_off_type_count_at_once_where_orders_are_made(office: Office) -> None:
    admin, path = await admin_of(office), "/status/tipe/AO"
    form = fields_of(await admin.get(path), path)
    await admin.post(path, form | {"key_pattern": r"^(SC|WO)\d{6,10}$", "example": "WO123456"}, htmx=False)
    assert (await admin.post("/status/tipe/PDA/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    helpdesk = await office.visitor(office.here.helpdesk)
    await asyncio.sleep(0.3)
    page = await helpdesk.get("/order/baru")
    assert 'value="PDA"' not in page.text
    order = {"type": "AO", "number": "wo 123456", "serial": "", "sto": "SDA", "odp": "", "technician": ""}
    answer = await helpdesk.post("/order/baru", order | key(), htmx=False)
    assert answer.status == 303, answer.text
    async with transaction() as session:
        assert await session.scalar(select(Order.id).where(Order.registration_no == "WO123456"))


async def test_the_last_type_and_the_last_status_of_a_kind_stay(office: Office) -> None:
    admin = await admin_of(office)
    for code in ("AO", "MO", "PDA"):
        assert (await admin.post(f"/status/tipe/{code}/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    answer = await admin.post("/status/tipe/CONFIG/aktif", {"aktif": "tidak"}, htmx=False)
    assert answer.status == 409
    assert "terakhir dari jenisnya" in answer.text
    assert (await admin.post("/status/status/OGP/aktif", {"aktif": "tidak"}, htmx=False)).status == 409


async def test_a_status_is_added_with_a_way_in_and_a_way_out(office: Office) -> None:
    admin = await admin_of(office)
    form = {
        "code": "VALIDASI",
        "category": "working",
        "label_id": "Validasi",
        "label_en": "Validation",
        "position": "3",
    }
    assert (await admin.post("/status/status", form | key(), htmx=False)).status == 303
    moves = fields_of(await admin.get("/status/alur/BARU"), "/status/alur/BARU")
    assert (
        await admin.post("/status/alur/BARU", {"stamp": moves["stamp"], "ke_VALIDASI": "helpdesk"}, htmx=False)
    ).status == 303
    async with transaction() as session:
        found = (await session.scalars(select(StatusMove).where(StatusMove.old == "BARU"))).all()
    assert [(move.new, move.roles, move.note_required) for move in found] == [("VALIDASI", ["helpdesk"], False)]
    dead_end = await admin.post("/status/alur/VALIDASI", key(), htmx=False)
    assert dead_end.status in {409, 422}


async def test_a_reason_that_was_given_keeps_its_meaning_and_can_be_switched_off(office: Office) -> None:
    order = await office.order()
    helpdesk = await office.visitor(office.here.helpdesk)
    assert (await helpdesk.change(order, "KENDALA", reason="1")).status == 200
    admin, path = await admin_of(office), "/status/alasan/1"
    page = await admin.get(path)
    assert "1 kali" in page.text
    form = fields_of(page, path)
    answer = await admin.post(path, form | {"whose": "customer"}, htmx=False)
    assert answer.status == 422
    assert "sudah dipakai order" in answer.text
    assert (await admin.post(path, form | {"label_id": "ODP penuh sekali"}, htmx=False)).status == 303
    assert (await admin.post(f"{path}/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    async with transaction() as session:
        kept = await session.get_one(Reason, 1)
    assert (kept.label_id, kept.whose, kept.active) == ("ODP penuh sekali", "technician", False)


async def test_a_group_is_bound_and_unbound_from_the_page(office: Office) -> None:
    admin, path = await admin_of(office), f"/grup/{TECHNICIAN_CHAT}"
    page = await admin.get("/grup")
    assert "Teknisi SO-SDA" in page.text
    form = {"purpose": "technicians", "unit": f"sto:{office.here.spj.id}", "thread": "7"}
    assert (await admin.post(f"{path}/ikat", form, htmx=False)).status == 303
    assert (await admin.post(f"{path}/ikat", form, htmx=False)).status == 303
    assert "Teknisi SPJ, topik 7" in (await admin.get("/grup")).text
    async with transaction() as session:
        bound = await session.scalar(select(GroupBinding.id).where(GroupBinding.thread_id == 7))
    for _ in range(2):
        assert (await admin.post(f"{path}/lepas", {"binding": str(bound)}, htmx=False)).status == 303
    assert "topik 7" not in (await admin.get("/grup")).text
    assert (await admin.post(f"{path}/ikat", form | {"unit": "so:999999"}, htmx=False)).status == 422


async def test_a_held_group_says_why_and_is_tried_again(office: Office) -> None:
    from shared.chats import operations as chats

    async with transaction() as session:
        await chats.hold(session, HELPDESK_CHAT, "the bot was removed from the group")
    admin = await admin_of(office)
    assert "Bot dikeluarkan dari grup." in (await admin.get("/grup")).text
    assert (await admin.post(f"/grup/{HELPDESK_CHAT}/coba", htmx=False)).status == 303
    assert "Tertahan" not in (await admin.get("/grup")).text


async def test_a_binding_code_is_shown_once_and_kept_as_a_hash(office: Office) -> None:
    admin = await admin_of(office)
    form = {"purpose": Purpose.HELPDESK.value, "unit": f"so:{office.here.site.id}"}
    first, second = [await admin.post("/grup/kode", form, htmx=False) for _ in range(2)]
    codes = [re.search(r"/ikat ([A-Z0-9]{5}-[A-Z0-9]{5})", answer.text) for answer in (first, second)]
    assert codes[0]
    assert codes[1]
    assert codes[0][1] != codes[1][1]
    assert "/ikat " + codes[1][1] not in (await admin.get("/grup")).text
    async with transaction() as session:
        rows = (await session.scalars(select(BindingCode).order_by(BindingCode.id))).all()
        living = (await session.scalars(select(BindingCode.id).where(BindingCode.expires_at > func.now()))).all()
    assert len(rows) == 2
    assert living == [rows[1].id]
    assert codes[1][1].replace("-", "") not in str([row.code_hash for row in rows])


async def test_a_witel_that_is_not_known_is_made(office: Office) -> None:
    await (await admin_of(office)).post("/site", SITE | {"witel": "mlg"} | key(), htmx=False)
    async with transaction() as session:
        assert set(await session.scalars(select(Witel.code))) == {"SDO", "MLG"}
