"""`/start`, `/help`, `/cek`, `/saya` and the buttons under orders."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders import operations, queries
from shared.orders.models import Category
from shared.orders.operations import Origin
from shared.trash import operations as trash
from tests import factories
from tests.bot.person import Person
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT, Town


async def reason_id(session: AsyncSession, label: str) -> int:
    data = await queries.master(session)
    return next(reason.id for reason in data.reasons.values() if reason.label_id == label)


async def obstacle(session: AsyncSession, here: Town, order_id: int, version: int = 1, note: str = "") -> None:
    viewer = await factories.viewer(session, here.helpdesk)
    reason = await reason_id(session, "ODP penuh")
    await operations.change_status(
        session, viewer, order_id, version, "KENDALA", source="web", reason_id=reason, note=note
    )
    await session.commit()


async def test_start_says_who_the_bot_takes_them_for(rizal: Person, nadia: Person) -> None:
    assert (await rizal.says("/start")).text.startswith("Selamat datang, Rizal Fauzi. Anda terdaftar sebagai teknisi.")
    assert "helpdesk" in (await nadia.says("/start")).text


async def test_help_lists_what_this_person_may_use(rizal: Person, here: Town) -> None:
    text = (await rizal.says("/help")).text
    assert "<code>/reg AO SC32232558" in text
    assert "/cek" in text
    assert "/saya" in text
    collector = Person(here.collector.telegram_id or 0)
    text = (await collector.says("/help")).text
    assert "/reg" not in text
    assert "/help" in text


@pytest.mark.parametrize("command", ["/reg AO", "/cek", "/saya"])
async def test_a_collector_may_not_use_the_commands_of_others(here: Town, command: str) -> None:
    collector = Person(here.collector.telegram_id or 0)
    assert (await collector.says(command)).text == "Perintah ini di luar peran atau wilayah Anda."


async def test_cek_tells_status_since_when_by_whom_reason_and_note(
    here: Town, rizal: Person, session: AsyncSession
) -> None:
    order = await factories.order(session, here)
    await obstacle(session, here, order.id, note="ODP <penuh>, pakai ODP-SDA-004")
    text = (await rizal.says(f"/cek {order.registration_no.lower()}")).text
    assert text.startswith(f"<b>Kendala</b> · AO <code>{order.registration_no}</code>\nSejak ")
    assert "oleh Nadia Putri" in text
    assert "Alasan: ODP penuh" in text
    assert "<blockquote>ODP &lt;penuh&gt;, pakai ODP-SDA-004</blockquote>" in text


async def test_cek_of_an_order_one_may_not_see_looks_like_one_that_is_not(
    here: Town, nadia: Person, session: AsyncSession
) -> None:
    order = await factories.order(session, here, sto="SPJ")
    await session.commit()
    hidden = (await nadia.says(f"/cek {order.registration_no}")).text
    missing = (await nadia.says("/cek SC99999999")).text
    assert hidden.replace(order.registration_no, "SC99999999") == missing


async def test_cek_of_a_deleted_order_knows_nothing_and_its_number_may_be_registered_again(
    here: Town, rizal: Person, session: AsyncSession
) -> None:
    order = await factories.order(session, here)
    leader = await factories.viewer(session, here.leader)
    await trash.delete(session, leader, order.id, order.version, "salah ketik", source="web")
    await session.commit()
    number = order.registration_no
    gone = (await rizal.says(f"/cek {number}")).text
    assert gone.replace(number, "SC99999999") == (await rizal.says("/cek SC99999999")).text
    assert "Pesan diterima" in (await rizal.says(f"/reg AO {number} ZTEGC6754546 SDA ODP-SDA-003 F5SDA445")).text


async def test_cek_in_a_group_shows_the_orders_of_the_group(here: Town, session: AsyncSession) -> None:
    other = await factories.order(session, here, here.helpdesk, technician_code=None, origin=Origin(TECHNICIAN_CHAT, 5))
    await session.commit()
    rizal = here.technician.telegram_id or 0
    assert "Tidak ada order" in (await Person(rizal).says(f"/cek {other.registration_no}")).text
    assert "<b>Baru</b>" in (await Person(rizal, TECHNICIAN_CHAT).says(f"/cek {other.registration_no}")).text


@pytest.mark.parametrize("words", ["abc", "SC12", "SC322325AB", "🙂"])
async def test_cek_of_nonsense_shows_an_example(rizal: Person, words: str) -> None:
    assert "contoh <code>/cek SC32232558</code>" in (await rizal.says(f"/cek {words}")).text


async def test_cek_alone_lists_open_orders_with_a_button_each(here: Town, rizal: Person, session: AsyncSession) -> None:
    assert "Tidak ada order Anda yang terbuka" in (await rizal.says("/cek")).text
    numbers = [(await factories.order(session, here)).registration_no for _ in range(12)]
    await session.commit()
    heard = await rizal.says("/cek")
    assert heard.labels() == numbers[:10]
    assert "dan lainnya" in heard.text


async def test_saya_counts_done_open_and_what_waits_for_me(here: Town, rizal: Person, session: AsyncSession) -> None:
    assert "Belum ada order hari ini." in (await rizal.says("/saya")).text
    done, waiting, _ = [await factories.order(session, here) for _ in range(3)]
    viewer = await factories.viewer(session, here.helpdesk)
    await operations.change_status(session, viewer, done.id, 1, "SELESAI", source="web")
    await obstacle(session, here, waiting.id)
    text = (await rizal.says("/saya")).text
    assert "Selesai hari ini 1 · terbuka 2 · menunggu Anda 1" in text
    assert text.index("Menunggu Anda:") < text.index("Terbuka:") < text.index("Selesai hari ini:")


async def test_ambil_takes_once_and_says_the_same_when_pressed_again(here: Town, session: AsyncSession) -> None:
    order = await factories.order(session, here)
    await session.commit()
    nadia = Person(here.helpdesk.telegram_id or 0, HELPDESK_CHAT, "Helpdesk Sidoarjo")
    for _ in range(2):
        heard = await nadia.presses(f"ambil:{order.id}:abcdefgh")
        assert heard.toast == f"{order.registration_no} Anda ambil."
        assert heard.texts == []
    facts = await queries.by_id(session, None, order.id)
    await session.refresh(facts.order)
    assert (facts.order.category, facts.order.holder_id, facts.order.version) == (
        Category.WORKING,
        here.helpdesk.id,
        2,
    )
    rudi = Person(here.second_helpdesk.telegram_id or 0, HELPDESK_CHAT, "Helpdesk Sidoarjo")
    toast = str((await rudi.presses(f"ambil:{order.id}:abcdefgh")).toast)
    assert toast.startswith(f"{order.registration_no} sudah diambil Nadia Putri, ")


async def test_only_the_desk_takes_orders(here: Town, rizal: Person, session: AsyncSession) -> None:
    order = await factories.order(session, here)
    await session.commit()
    assert (await rizal.presses(f"ambil:{order.id}:x")).toast == "Hanya helpdesk yang dapat mengambil order."


async def test_ambil_of_a_finished_or_foreign_order(here: Town, nadia: Person, session: AsyncSession) -> None:
    order, foreign = await factories.order(session, here), await factories.order(session, here, sto="SPJ")
    viewer = await factories.viewer(session, here.second_helpdesk)
    await operations.change_status(session, viewer, order.id, 1, "SELESAI", source="web")
    await session.commit()
    assert (await nadia.presses(f"ambil:{order.id}:x")).toast == f"{order.registration_no} sudah Selesai."
    gone = "Order ini tidak ada atau di luar wilayah Anda."
    assert (await nadia.presses(f"ambil:{foreign.id}:x")).toast == gone
    assert (await nadia.presses("ambil:987654:x")).toast == gone


async def test_the_check_button_shows_the_state_to_the_presser_only(
    here: Town, rizal_in_group: Person, session: AsyncSession
) -> None:
    order = await factories.order(session, here)
    await obstacle(session, here, order.id, note="pakai ODP lain")
    heard = await rizal_in_group.presses(f"cek:{order.id}:x")
    assert heard.texts == []
    assert str(heard.toast).startswith(f"{order.registration_no}: Kendala, ")
    assert "ODP penuh\npakai ODP lain" in str(heard.toast)


async def test_a_long_feedback_does_not_fit_a_toast_and_follows_as_a_message(
    here: Town, rizal: Person, session: AsyncSession
) -> None:
    order = await factories.order(session, here)
    await obstacle(session, here, order.id, note="panjang " * 60)
    heard = await rizal.presses(f"cek:{order.id}:x")
    assert heard.toast == "Jawaban ada di bawah."
    assert "panjang panjang" in heard.text


async def test_english_people_read_english(here: Town, session: AsyncSession) -> None:
    rizal = Person(here.technician.telegram_id or 0, language="en")
    order = await factories.order(session, here)
    await obstacle(session, here, order.id)
    text = (await rizal.says(f"/cek {order.registration_no}")).text
    assert "<b>Obstacle</b>" in text
    assert "Reason: ODP full" in text
    assert (await rizal.says("/x")).text == "This command is unknown. Send /help to see your commands."
