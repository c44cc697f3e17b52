"""A collector's day in the chat: today's list, a card, results in two taps, promises, proofs, and who may not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears import faults
from shared.arrears.models import Account, AccountSearch, Promise, Result, Visit
from shared.audit.models import AuditRow
from shared.chats import operations as chats
from shared.chats.models import ChatKind, Purpose
from shared.orders import operations as orders
from shared.orders.models import Order
from shared.settings import settings
from tests import factories
from tests.bot.person import BOT, Heard, Person
from tests.factories import TECHNICIAN_CHAT, Town

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)  # a Monday, 12:00 in Sidoarjo
COLLECTORS_CHAT = -1001000000003
BUDI, SITI, AGUS = "152312345678", "152312345679", "152312345680"


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.stopped_at(NOON):
        yield


@pytest.fixture
async def accounts(session: AsyncSession, here: Town) -> dict[str, Account]:
    """Three accounts of the collector, and one of the other area."""
    mine = {"collector_id": here.collector.id, "address": "Jl. Gajah Mada 12, Sidoarjo", "phone": "081234567731"}
    made = [
        Account(internet_no=BUDI, name="Budi Santoso", sto_id=here.sda.id, amount=412_500, months=3, **mine),
        Account(internet_no=SITI, name="Siti Aminah", sto_id=here.tun.id, amount=900_000, months=2, **mine),
        Account(internet_no=AGUS, name="Agus Wibowo", sto_id=here.sda.id, amount=100_000, months=1, **mine),
        Account(internet_no="152399999999", name="Orang Jauh", sto_id=here.spj.id, amount=100_000, months=1),
    ]
    session.add_all(made)
    await session.flush()
    session.add_all(AccountSearch(account_id=one.id, words=f"{one.internet_no} {one.name.upper()}") for one in made)
    await chats.seen(session, COLLECTORS_CHAT, ChatKind.SUPERGROUP, "Petugas Sidoarjo")
    await chats.bind(session, COLLECTORS_CHAT, Purpose.COLLECTORS, site_operation_id=here.site.id)
    await session.commit()
    return {one.internet_no: one for one in made}


@pytest.fixture
def yuli(here: Town, accounts: dict[str, Account], noon: None) -> Person:
    """The collector, in the private chat."""
    assert here.collector.telegram_id
    return Person(here.collector.telegram_id)


@pytest.fixture
def yuli_in_group(yuli: Person) -> Person:
    return Person(yuli.telegram_id, COLLECTORS_CHAT, "Petugas Sidoarjo")


async def visits(session: AsyncSession) -> list[Visit]:
    return list(
        (await session.scalars(select(Visit).order_by(Visit.id).execution_options(populate_existing=True))).all()
    )


async def fresh(session: AsyncSession, one: Account) -> Account:
    await session.refresh(one)
    return one


async def card(who: Person, number: str, on: int = 900) -> Heard:
    heard = await who.says(f"/tagihan {number}")
    assert heard.deliveries[0].kind == "passing"
    return heard


def picture(name: str) -> list[dict[str, Any]]:
    return [
        {"file_id": f"{name}-{n}", "file_unique_id": f"{name}{n}", "width": n, "height": n} for n in (90, 320, 1280)
    ]


async def test_the_list_of_the_day_puts_due_promises_first_then_what_weighs_most(
    session: AsyncSession, here: Town, yuli: Person, yuli_in_group: Person, accounts: dict[str, Account]
) -> None:
    accounts[AGUS].promise_due, accounts[AGUS].promise_amount = date(2026, 11, 23), 50_000
    await session.commit()
    heard = await yuli.says("/tugas")
    places = [heard.text.index(name) for name in ("Agus Wibowo", "Siti Aminah", "Budi Santoso")]
    assert places == sorted(places)
    assert "janji hari ini Rp 50.000" in heard.text
    assert "Rp 412.500, 3 bulan" in heard.text
    assert "Orang Jauh" not in heard.text
    assert heard.labels() == ["1", "2", "3"]
    assert heard.deliveries[0].kind == "passing"
    listed = await session.scalar(select(AuditRow).where(AuditRow.what == "account.listed"))
    assert listed is not None
    assert len(listed.details["accounts"]) == 3
    masked = await yuli_in_group.says("/tugas")
    assert "A*** W***" in masked.text
    assert not any(secret in masked.text for secret in ("Agus", "Gajah Mada", AGUS))
    opened = await yuli.presses(heard.button("2"))
    assert "Siti Aminah" in opened.text


async def test_a_result_takes_two_taps_and_stays_one_record_however_often_it_comes(
    session: AsyncSession, here: Town, yuli: Person, accounts: dict[str, Account]
) -> None:
    early = await yuli.sends(message=yuli.message(photo=picture("dini")))
    assert early.text == "Pilih dulu hasil kunjungannya, lalu kirim foto atau lokasinya."
    heard = await card(yuli, BUDI)
    assert "Jl. Gajah Mada 12" in heard.text
    assert "+6281234567731" in heard.text
    read = await session.scalar(select(AuditRow).where(AuditRow.what == "account.read"))
    assert read is not None
    assert read.subject == f"account:{accounts[BUDI].id}"
    for toast in ("Tercatat: rumah kosong.", "Sudah tercatat: rumah kosong."):
        noted = await yuli.presses(heard.button("Rumah kosong"), on=701)
        assert noted.toast == toast
        assert noted.deliveries[-1].payload["message_id"] == 701
    assert "B*** S*** <code>1523****5678</code>" in noted.texts[-1]
    assert "Budi" not in noted.texts[-1]
    other = await yuli.presses(heard.button("Menolak"), on=701)
    assert other.toast == "Sudah tercatat: rumah kosong."
    [made] = await visits(session)
    assert (made.result, made.person_id, made.at) == (Result.NOBODY_HOME, here.collector.id, NOON)
    assert "Budi" not in (await yuli.says("/tugas")).text
    shown = await yuli.sends(message=yuli.message(photo=picture("rumah")))
    assert shown.text == "Foto disimpan pada kunjungan B*** S***."
    placed = await yuli.sends(message=yuli.message(location={"latitude": -7.45, "longitude": 112.71}))
    assert "Lokasi disimpan" in placed.text
    [made] = await visits(session)
    assert (made.photo, made.thumb, made.latitude) == ("rumah-1280", "rumah-320", -7.45)


async def test_a_promise_is_picked_or_typed_and_replaces_the_one_before(
    session: AsyncSession, yuli: Person, accounts: dict[str, Account]
) -> None:
    heard = await card(yuli, BUDI)
    when = await yuli.presses(heard.button("Janji bayar"), on=702)
    assert "Besok" in when.labels()
    much = await yuli.presses(when.button("Besok"), on=702)
    assert "Sel 24 Nov" in much.text
    assert {"Semua Rp 412.500", "1 bulan Rp 138.000", "Separuh Rp 207.000"} <= set(much.labels())
    noted = await yuli.presses(much.button("1 bulan Rp 138.000"), on=702)
    assert "Rp 138.000 sampai Sel 24 Nov" in noted.text
    again = await card(yuli, BUDI)
    assert "Janji Sel 24 Nov, Rp 138.000" in again.text
    when = await yuli.presses(again.button("Janji bayar"), on=703)
    asked = await yuli.presses(when.button("Tanggal lain"), on=703)
    assert asked.deliveries[-1].payload["reply_markup"]["force_reply"]
    assert "tidak terbaca" in (await yuli.says("kapan-kapan")).text
    assert "sudah lewat" in (await yuli.says("20 Nov 2026 300rb")).text
    assert "nominalnya" in (await yuli.says("Sabtu")).text
    assert "tidak terbaca" in (await yuli.says("banyak")).text
    assert "Rp 300.000 sampai Sab 28 Nov" in (await yuli.says("300rb")).text
    promises = (await session.scalars(select(Promise).order_by(Promise.id))).all()
    assert [(each.due, each.amount, str(each.state), each.told) for each in promises] == [
        (date(2026, 11, 24), 138_000, "replaced", 1),
        (date(2026, 11, 28), 300_000, "open", 0),
    ]
    one = await fresh(session, accounts[BUDI])
    assert (one.promise_due, one.promise_amount, one.last_result) == (date(2026, 11, 28), 300_000, "promise")


async def test_a_visit_typed_in_one_message_counts_at_the_time_it_was_sent_and_once(
    session: AsyncSession, yuli: Person, accounts: dict[str, Account]
) -> None:
    early = int((NOON - timedelta(hours=2)).timestamp())
    message = yuli.message(f"/tagihan {BUDI} janji 25/11 300rb", date=early)
    for _ in range(2):
        heard = await yuli.sends(message=message)
    assert heard.text.startswith("<b>Sudah tercatat 10:00 WIB</b>: janji bayar")
    twice = await yuli.says(f"/tagihan {BUDI} janji 25/11 300rb", date=early + 60)
    assert "Sudah tercatat" in twice.text
    [made] = await visits(session)
    assert made.at == NOON - timedelta(hours=2)
    unknown = await yuli.says(f"/tagihan {BUDI} entahlah")
    assert "tidak dikenal" in unknown.text
    assert "paling sedikit 3" in (await yuli.says("/tagihan bu")).text
    found = await yuli.says("/tagihan santoso")
    assert "Budi Santoso" in found.text
    assert await session.scalar(select(func.count()).select_from(Visit)) == 1


async def test_a_fault_pauses_collection_until_its_order_closes(
    session: AsyncSession, here: Town, yuli: Person, accounts: dict[str, Account]
) -> None:
    heard = await card(yuli, BUDI)
    noted = await yuli.presses(heard.button("Ada gangguan"), on=704)
    order = (await session.scalars(select(Order))).one()
    assert (order.type_code, order.sto_id, order.message_id) == ("GGN", here.sda.id, 704)
    assert order.registration_no in noted.text
    assert here.helpdesk.telegram_id
    asked = await Person(here.helpdesk.telegram_id).says(f"/cek {order.registration_no.lower()}")
    assert order.registration_no in asked.text
    assert BUDI not in order.note
    one = await fresh(session, accounts[BUDI])
    assert (one.paused, one.fault_order_id) == (True, order.id)
    paused = await card(yuli, BUDI)
    assert order.registration_no in paused.text
    assert paused.labels() == ["Sudah bayar", "Ada gangguan"]
    nadia = await factories.viewer(session, here.helpdesk)
    found = await faults.account_of(session, nadia, order)
    assert found is not None
    assert found.id == one.id
    taken = (await orders.take(session, nadia, order.id, source="web")).order
    await orders.change_status(session, nadia, order.id, taken.version, "SELESAI", source="web")
    await session.commit()
    assert await faults.resume(session) == 0, "it may still be taken back"
    with clock.stopped_at(NOON + timedelta(seconds=settings().feedback_hold + 1)):
        assert await faults.resume(session) == 1
    await session.commit()
    one = await fresh(session, one)
    assert (one.paused, one.fault_order_id) == (False, None)


async def test_guards_of_contacts_say_why_and_until_when(
    session: AsyncSession, here: Town, yuli: Person, accounts: dict[str, Account]
) -> None:
    for back in (1, 2, 3):
        at = NOON - timedelta(days=back)
        session.add(
            Visit(account_id=accounts[BUDI].id, person_id=here.collector.id, at=at, result=Result.REFUSED, source="bot")
        )
    await session.commit()
    weekly = await card(yuli, BUDI)
    assert "Sudah 3 kali dihubungi dalam 7 hari. Boleh lagi 27 Nov 12:00 WIB" in weekly.text
    assert weekly.labels() == ["Janji bayar", "Sudah bayar", "Ada gangguan"]
    assert "+62812" not in weekly.text
    refused = await yuli.says(f"/tagihan {BUDI} menolak")
    assert "Sudah 3 kali" in refused.text
    open_card = await card(yuli, SITI)
    with clock.stopped_at(NOON + timedelta(hours=9)):
        night = await card(yuli, SITI)
        assert "Di luar jam kontak 08:00–20:00 WIB. Boleh lagi 24 Nov 08:00 WIB" in night.text
        late = await yuli.presses(open_card.button("Menolak"), on=705)
        assert "Di luar jam kontak" in late.text
        assert len(await visits(session)) == 3
        paid = await yuli.presses(open_card.button("Sudah bayar"), on=706)
        assert paid.toast == "Tercatat: sudah bayar."


async def test_in_a_group_everything_is_masked_and_the_whole_card_goes_to_the_private_chat(
    session: AsyncSession, here: Town, yuli: Person, yuli_in_group: Person, accounts: dict[str, Account]
) -> None:
    heard = await card(yuli_in_group, BUDI)
    assert "B*** S***" in heard.text
    assert not any(secret in heard.text for secret in ("Budi", "Gajah Mada", "81234567731", BUDI))
    first = await yuli_in_group.presses(heard.button("Buka di chat pribadi"))
    assert "tekan Mulai" in str(first.toast)
    await yuli.says("/start")
    sent = await yuli_in_group.presses(heard.button("Buka di chat pribadi"))
    assert sent.deliveries[0].chat_id == yuli.telegram_id
    assert "Budi Santoso" in sent.text
    noted = await yuli_in_group.presses(heard.button("Menolak"), on=707)
    assert noted.toast == "Tercatat: menolak."
    assert (await yuli_in_group.sends(message=yuli_in_group.message(photo=picture("lain")))).silent
    quoted = {"message_id": 707, "date": 1, "chat": yuli_in_group._chat(), "from": BOT, "text": "?"}
    proof = yuli_in_group.message(photo=picture("rumah"), reply_to_message=quoted)
    assert "Foto disimpan" in (await yuli_in_group.sends(message=proof)).text
    elsewhere = Person(yuli.telegram_id, TECHNICIAN_CHAT)
    for words in ("/tugas", f"/tagihan {BUDI}"):
        assert "tidak dihubungkan untuk penagihan" in (await elsewhere.says(words)).text


async def test_nobody_else_gets_anything(
    session: AsyncSession, here: Town, yuli: Person, yuli_in_group: Person, rizal: Person, accounts: dict[str, Account]
) -> None:
    heard = await card(yuli_in_group, BUDI)
    nadia = Person(5512001, COLLECTORS_CHAT)
    pressed = await nadia.presses(heard.button("Sudah bayar"))
    assert pressed.toast == "Tombol ini untuk orang lain."
    assert not pressed.deliveries
    with clock.stopped_at(datetime(2027, 1, 17, 5, tzinfo=UTC)):  # two days after the pressed message's date
        old = await yuli_in_group.presses(heard.button("Sudah bayar"))
    assert "sudah tidak berlaku" in str(old.toast)
    for words in ("/tugas", f"/tagihan {BUDI}"):
        assert "di luar peran" in (await rizal.says(words)).text
        assert "belum terdaftar" in (await Person(5599001).says(words)).text
        origin = {"type": "hidden_user", "date": 1, "sender_user_name": "?"}
        assert "diteruskan" in (await yuli.says(words, forward_origin=origin)).text
        sender = {"id": COLLECTORS_CHAT, "type": "supergroup", "title": "Petugas Sidoarjo"}
        assert "anonim" in (await yuli_in_group.says(words, sender_chat=sender)).text
    assert "Tidak ada tunggakan" in (await yuli.says("/tagihan 152399999999")).text
    far = heard.button("Sudah bayar").replace(f":{accounts[BUDI].id}:", f":{accounts['152399999999'].id}:")
    assert "tidak ada di wilayah" in str((await yuli.presses(far)).toast)
    here.collector.active = False
    await session.merge(here.collector)
    await session.commit()
    assert "tidak aktif" in str((await yuli.presses(heard.button("Sudah bayar"))).toast)
    assert await visits(session) == []
