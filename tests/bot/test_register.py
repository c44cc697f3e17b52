"""`/reg` from the first word to the receipt, or to the refusal."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import Chat, ChatKind, Dialogue
from shared.events import EventRow
from shared.orders import operations
from shared.orders.models import Order
from shared.people import account
from tests import factories
from tests.bot.person import Heard, Person, feed
from tests.factories import TECHNICIAN_CHAT, Town

LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"
BLOCK = """/reg
Tipe: AO
No SC: SC32232558
SN: ZTEGC6754546
STO: SDA
ODP: ODP-SDA-003
Teknisi: F5SDA445
Catatan: rumah pagar hijau"""


async def only_order(session: AsyncSession) -> Order:
    return (await session.scalars(select(Order))).one()


async def orders(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Order)) or 0)


async def test_one_line_is_enough(rizal_in_group: Person, session: AsyncSession) -> None:
    heard = await rizal_in_group.says(LINE)
    lines = heard.text.split("\n")
    assert lines[0] == "Pesan diterima, mohon ditunggu."
    assert lines[-1].startswith("Nomor antre 1, target selesai ")
    assert "Perhatikan" not in heard.text
    assert heard.deliveries[0].payload["reply_parameters"] == {
        "message_id": heard.message_id,
        "allow_sending_without_reply": True,
    }
    assert heard.deliveries[0].kind == "receipt"
    assert heard.labels() == ["Cek progres", "Koreksi"]
    order = await only_order(session)
    assert (order.chat_id, order.message_id, order.source) == (TECHNICIAN_CHAT, heard.message_id, "bot")
    assert order.warnings == []


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        "/reg F5SDA445 ODP-SDA-003 SDA ZTEGC6754546 SC32232558 AO",
        "/REG@SIKPRO_bot AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445",
        "/reg#AO#SC32232558#ZTEGC6754546#SDA#ODP-SDA-003#F5SDA445",
        "reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003",
        "\u200f\u202b/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003",
        "／ｒｅｇ ＡＯ ＳＣ３２２３２５５８ ＺＴＥＧＣ６７５４５４６ ＳＤＡ ＯＤＰ－ＳＤＡ－００３",
        "/reg 🚀 AO SC32232558 🔥ZTEGC6754546 SDA 👍 ODP-SDA-003",
    ],
)
async def test_any_shape_gives_the_same_order(rizal_in_group: Person, session: AsyncSession, text: str) -> None:
    heard = await rizal_in_group.says(text)
    assert heard.text.startswith("Pesan diterima, mohon ditunggu.\n"), heard.text
    order = await only_order(session)
    assert (order.type_code, order.registration_no, order.serial) == ("AO", "SC32232558", "ZTEGC6754546")
    assert (order.odp, order.technician_code) == ("ODP-SDA-003", "F5SDA445")


async def test_a_photo_with_a_caption_registers(rizal_in_group: Person, session: AsyncSession) -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 9, "height": 9}]
    heard = await rizal_in_group.sends(message=rizal_in_group.message(photo=photo, caption=LINE))
    assert heard.text.startswith("Pesan diterima, mohon ditunggu.")
    assert await orders(session) == 1


async def test_a_bare_block_in_a_private_chat_registers_but_not_in_a_group(
    rizal: Person, rizal_in_group: Person, session: AsyncSession
) -> None:
    assert (await rizal_in_group.says("AO SC32232558 ZTEGC6754546 SDA")).silent
    heard = await rizal.says("AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003")
    assert heard.text.startswith("Pesan diterima")
    assert await orders(session) == 1


async def test_a_topic_gets_its_answer_in_the_topic(here: Town) -> None:
    rizal = Person(here.technician.telegram_id or 0, TECHNICIAN_CHAT, thread=42)
    heard = await rizal.says(LINE)
    assert heard.deliveries[0].payload["message_thread_id"] == 42


async def test_an_english_client_is_answered_in_english_and_remembered(here: Town, session: AsyncSession) -> None:
    rizal = Person(here.technician.telegram_id or 0, TECHNICIAN_CHAT, language="en-GB")
    heard = await rizal.says(LINE)
    assert heard.text.startswith("Received, please wait.\n")
    assert "Queue number 1, target " in heard.text
    await session.refresh(here.technician)
    assert here.technician.language == "en"


async def test_a_language_chosen_in_the_profile_counts_more_than_telegrams(here: Town, session: AsyncSession) -> None:
    await account.prefer(session, here.technician.id, language="id")
    await session.commit()
    rizal = Person(here.technician.telegram_id or 0, TECHNICIAN_CHAT, language="en-GB")
    assert not (await rizal.says(LINE)).text.startswith("Received")
    await session.refresh(here.technician)
    assert here.technician.language == "id"


async def test_the_same_message_again_gives_the_same_receipt_and_no_second_order(
    rizal_in_group: Person, session: AsyncSession
) -> None:
    update = {"message": rizal_in_group.message(LINE)}
    first = await feed({"update_id": 1, **update})
    again = await feed({"update_id": 2, **update})
    assert first.text == again.text
    assert await orders(session) == 1


async def test_warnings_are_shown_and_stored(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg AO SC322325581 QQQQC6754546 SDA ODP-TUN-003")
    assert "Perhatikan:" in heard.text
    assert "merek QQQQ belum dikenal" in heard.text
    assert "labelnya di STO TUN, order di SDA" in heard.text
    order = await only_order(session)
    assert {w["code"] for w in order.warnings} >= {"sn.unknown_vendor", "odp.other_sto", "sc.unusual_length"}


async def test_a_modem_on_another_open_order_is_named(rizal: Person) -> None:
    await rizal.says(LINE)
    heard = await rizal.says("/reg AO SC32232559 ZTEGC6754546 SDA ODP-SDA-003")
    assert "SN: juga dipakai order SC32232558 yang masih terbuka" in heard.text


# --- duplicates


async def test_two_groups_sending_the_same_number_make_one_order(
    here: Town, rizal_in_group: Person, session: AsyncSession
) -> None:
    from shared.chats import operations as chats
    from shared.chats.models import Purpose

    other = -1001000000777
    await chats.seen(session, other, ChatKind.SUPERGROUP, "Teknisi Tulangan")
    await chats.bind(session, other, Purpose.TECHNICIANS, sto_id=here.tun.id)
    await session.commit()
    await rizal_in_group.says(LINE)
    heard = await Person(here.technician.telegram_id or 0, other, "Teknisi Tulangan").says(LINE)
    assert "sudah terdaftar" in heard.text
    assert "oleh Rizal Fauzi di grup Teknisi Sidoarjo" in heard.text
    assert "Status Baru, belum ada yang memegang." in heard.text
    assert "Tidak ada order ganda yang dibuat." in heard.text
    assert await orders(session) == 1
    noted = (await session.scalars(select(EventRow).where(EventRow.name == "order.duplicate_refused"))).one()
    assert noted.payload["where"] == "grup Teknisi Tulangan"


async def test_the_refusal_names_dashboard_and_holder(here: Town, rizal: Person, session: AsyncSession) -> None:
    order = await factories.order(session, here, here.helpdesk, registration_no="SC32232558")
    viewer = await factories.viewer(session, here.second_helpdesk)
    await operations.take(session, viewer, order.id, source="web")
    await session.commit()
    heard = await rizal.says(LINE)
    assert "oleh Nadia Putri lewat dasbor" in heard.text
    assert "Status OGP, dipegang Rudi Hartono." in heard.text


@pytest.mark.parametrize(
    ("first", "ended", "second", "refused"),
    [
        ("AO", "SELESAI", "AO", True),
        ("MO", "SELESAI", "MO", True),
        ("PDA", "SELESAI", "PDA", True),
        ("CONFIG", "SELESAI", "CONFIG", False),
        ("AO", "SELESAI", "CONFIG", False),
        ("AO", "BATAL", "AO", False),
        ("CONFIG", "", "CONFIG", True),
        ("CONFIG", "SELESAI", "AO", True),
    ],
)
async def test_each_type_has_its_rule_for_a_number_used_before(
    here: Town, rizal: Person, session: AsyncSession, first: str, ended: str, second: str, refused: bool
) -> None:
    order = await factories.order(session, here, registration_no="SC32232558", type_code=first)
    if ended:
        from shared.orders import queries

        viewer = await factories.viewer(session, here.helpdesk)
        reasons = (await queries.master(session)).reasons_for(ended)
        reason = reasons[0].id if reasons else None
        await operations.change_status(session, viewer, order.id, 1, ended, source="web", reason_id=reason)
    await session.commit()
    heard = await rizal.says(f"/reg {second} SC32232558 ZTEGC6754546 SDA ODP-SDA-003")
    assert ("sudah terdaftar" in heard.text) is refused
    assert heard.text.startswith("Pesan diterima") is not refused


async def test_a_taken_number_is_refused_before_anything_more_is_asked(rizal: Person, session: AsyncSession) -> None:
    await rizal.says(LINE)
    heard = await rizal.says("/reg AO SC32232558")
    assert "sudah terdaftar" in heard.text
    assert await session.scalar(select(func.count()).select_from(Dialogue)) == 0


# --- step by step


async def test_a_bare_reg_is_filled_in_step_by_step(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg")
    begun = heard.message_id
    assert "satu per satu" in heard.text
    assert heard.labels() == ["AO", "MO", "PDA", "CONFIG", "Batal"]
    heard = await rizal.presses(heard.button("AO"), on=501)
    assert heard.toast == ""
    assert "Nomor registrasi?" in heard.texts[0]
    heard = await rizal.says("32232558")
    assert "Sudah: AO · SC32232558" in heard.text
    assert heard.labels() == ["Lewati", "Batal"]
    heard = await rizal.says("ZTEGC6754546")
    assert heard.labels() == ["SDA", "TUN", "Batal"]
    heard = await rizal.presses(heard.button("SDA"), on=502)
    assert "Label ODP?" in heard.text
    assert heard.deliveries[0].method == "editMessageText"
    assert heard.deliveries[0].payload["message_id"] == 502
    heard = await rizal.presses(heard.button("Lewati"), on=502)
    assert heard.texts[0].startswith("Pesan diterima, mohon ditunggu.")
    assert "ODP: belum ada" in heard.texts[0]
    assert heard.deliveries[0].payload["reply_parameters"]["message_id"] == begun
    assert heard.deliveries[1].method == "editMessageReplyMarkup"
    order = await only_order(session)
    assert (order.message_id, order.technician_code) == (begun, "F5SDA445")
    assert await session.scalar(select(func.count()).select_from(Dialogue)) == 0


async def test_a_button_pressed_twice_has_one_effect(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg AO SC32232558 ZTEGC6754546 SDA")
    data = heard.button("Lewati")
    first = await rizal.presses(data)
    assert first.texts[0].startswith("Pesan diterima")
    again = await rizal.presses(data)
    assert again.toast == "SC32232558 sudah terdaftar."
    assert again.texts == []
    assert await orders(session) == 1


async def test_somebody_elses_question_is_not_mine_to_answer(
    here: Town, rizal_in_group: Person, session: AsyncSession
) -> None:
    heard = await rizal_in_group.says("/reg AO")
    heard = await rizal_in_group.replies("SC32232558")
    nadia = Person(here.helpdesk.telegram_id or 0, TECHNICIAN_CHAT)
    assert (await nadia.presses(heard.button("Lewati"))).toast == "Tombol ini untuk orang lain."
    assert await orders(session) == 0


async def test_a_doubtful_serial_is_one_tap(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg AO SC32232558 ZTEGC67545O6 SDA ODP-SDA-003")
    assert heard.labels() == ["Pakai ZTEGC6754506", "Tetap ZTEGC67545O6", "Batal"]
    heard = await rizal.presses(heard.button("Pakai ZTEGC6754506"))
    assert heard.texts[0].startswith("Pesan diterima")
    assert (await only_order(session)).serial == "ZTEGC6754506"


async def test_a_doubtful_serial_may_stay_with_a_warning(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg AO SC32232558 ZTEGC67545O6 SDA ODP-SDA-003")
    heard = await rizal.presses(heard.button("Tetap ZTEGC67545O6"))
    assert "mungkin maksudnya ZTEGC6754506" in heard.texts[0]
    order = await only_order(session)
    assert order.serial == "ZTEGC67545O6"
    assert [w["code"] for w in order.warnings] == ["sn.letter_in_hex"]


async def test_a_bare_number_is_offered_as_registration_number(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says("/reg AO 32232558 ZTEGC6754546 SDA ODP-SDA-003")
    assert "Apakah nomor registrasinya <code>SC32232558</code>?" in heard.text
    heard = await rizal.presses(heard.button("Pakai SC32232558"))
    assert heard.texts[0].startswith("Pesan diterima")
    assert (await only_order(session)).registration_no == "SC32232558"


async def test_a_wrong_answer_says_what_is_expected(rizal: Person) -> None:
    await rizal.says("/reg AO")
    heard = await rizal.says("nanti saja")
    assert "contoh SC32232558" in heard.text
    assert "Nomor registrasi?" in heard.text


async def test_several_fields_in_one_answer_are_all_taken(rizal: Person) -> None:
    await rizal.says("/reg AO")
    heard = await rizal.says("SC32232558 ZTEGC6754546 SDA ODP-SDA-003")
    assert heard.text.startswith("Pesan diterima")


@pytest.mark.parametrize("word", ["batal", "Batal", "/batal", "/cancel"])
async def test_batal_ends_it(rizal: Person, session: AsyncSession, word: str) -> None:
    await rizal.says("/reg AO")
    assert (await rizal.says(word)).text == "Pengisian dibatalkan. Tidak ada order yang dibuat."
    assert await session.scalar(select(func.count()).select_from(Dialogue)) == 0


async def test_talk_in_a_group_is_no_answer(rizal_in_group: Person) -> None:
    heard = await rizal_in_group.says("/reg AO")
    assert heard.deliveries[0].payload["reply_markup"] == {
        "force_reply": True,
        "selective": True,
        "input_field_placeholder": "Tulis jawaban, atau batal",
    }
    assert (await rizal_in_group.says("sudah makan belum")).silent
    assert "contoh SC32232558" in (await rizal_in_group.replies("sudah makan belum")).text
    assert "SN modem?" in (await rizal_in_group.says("SC32232558")).text


async def test_an_old_question_says_so(rizal: Person) -> None:
    heard = await rizal.says("/reg")
    old = heard.button("AO")
    await rizal.says("/reg")
    assert (await rizal.presses(old)).toast == "Pengisian ini sudah berakhir. Kirim /reg lagi."


async def test_helpdesk_registers_only_in_its_area(nadia: Person, session: AsyncSession) -> None:
    heard = await nadia.says("/reg AO SC32232558 ZTEGC6754546 SPJ ODP-SPJ-003 F5SDA445")
    assert heard.text == "Perintah ini di luar peran atau wilayah Anda."
    assert await orders(session) == 0
    heard = await nadia.says(LINE)
    assert heard.text.startswith("Pesan diterima")


async def test_a_long_text_is_read_and_answered(rizal: Person, session: AsyncSession) -> None:
    heard = await rizal.says(LINE + " catatan: " + "x" * 5000)
    assert heard.text.startswith("Pesan diterima")
    assert len(heard.text) < 1000
    assert len((await only_order(session)).note) == 1000


async def test_what_people_write_is_escaped(rizal: Person) -> None:
    heard = await rizal.says(f"{LINE} catatan: <b>pagar</b> & <script>")
    assert "&lt;b&gt;pagar&lt;/b&gt; &amp; &lt;script&gt;" in heard.text


def named(heard: Heard) -> list[str]:
    return [row.kind for row in heard.deliveries]


async def test_the_chat_is_known_before_anything_is_sent(here: Town, session: AsyncSession) -> None:
    heard = await Person(here.technician.telegram_id or 0).says("/help")
    chat = await session.get(Chat, here.technician.telegram_id)
    assert chat is not None
    assert (chat.kind, chat.last_message_id) == (ChatKind.PRIVATE, heard.message_id)
    assert named(heard) == ["answer"]


async def test_a_number_that_is_none_is_named_before_it_is_asked_again(here: Town, rizal: Person) -> None:
    heard = await rizal.says("/reg AO SC77777 ZTEGC6754506 SDA")
    assert "harus SC diikuti 8 angka" in heard.text
    assert "Nomor registrasi?" in heard.text
