"""Helpdesk and team leader in the chat: an order's menu, questions and answers, people, shifts, recaps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.hearing import ears
from shared import clock
from shared.chats import operations as chats
from shared.chats.models import ChatKind
from shared.deliveries.models import Delivery, State
from shared.desk.models import HandoverOrder, Notice
from shared.events import EventRow
from shared.orders import operations, queries
from shared.orders.models import Category, Order
from shared.outbox import OutboxRow
from shared.people.models import Person as Human
from shared.reports import recap
from shared.reports.recap_scope import Scope
from shared.sla import alerts
from shared.sla import operations as sla
from shared.talk.models import OrderQuestion
from tests import factories
from tests.bot.person import Heard, Person
from tests.bot.test_photos import quoting, shows
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT, Town

DEWI, BAGUS = 5512003, 5512009


@pytest.fixture
def desk(here: Town) -> Person:
    """Nadia of helpdesk in the group of helpdesk."""
    return Person(here.helpdesk.telegram_id or 0, HELPDESK_CHAT, "Helpdesk Sidoarjo")


@pytest.fixture
def rudi(here: Town) -> Person:
    return Person(here.second_helpdesk.telegram_id or 0, HELPDESK_CHAT, "Helpdesk Sidoarjo")


@pytest.fixture
async def dewi(here: Town, session: AsyncSession) -> Person:
    """The team leader, in the group of helpdesk; its private chat is known."""
    await session.execute(update(Human).where(Human.id == here.leader.id).values(telegram_id=DEWI))
    await chats.seen(session, DEWI, ChatKind.PRIVATE, "Dewi")
    await session.commit()
    return Person(DEWI, HELPDESK_CHAT, "Helpdesk Sidoarjo")


async def registered(session: AsyncSession, here: Town, **given: Any) -> Order:
    """An order of the technicians' group, its card in that of helpdesk as message 900."""
    given.setdefault("origin", operations.Origin(TECHNICIAN_CHAT, 41))
    order = await factories.order(session, here, **given)
    await session.commit()
    await ears.hear(f"order:{order.id}")
    card = update(Delivery).where(Delivery.order_id == order.id, Delivery.kind == "card")
    await session.execute(card.values(message_id=900, state=State.SENT))
    await session.commit()
    return order


async def fresh(session: AsyncSession, order: Order) -> Order:
    await session.refresh(order)
    return order


async def told(session: AsyncSession, chat: int) -> list[Delivery]:
    """What the notifier wrote for a chat, after it heard everything."""
    for stream in set(await session.scalars(select(OutboxRow.stream).where(OutboxRow.state == "waiting"))):
        await ears.hear(stream)
    wanted = select(Delivery).where(Delivery.chat_id == chat).order_by(Delivery.id)
    return list(await session.scalars(wanted.execution_options(populate_existing=True)))


async def menu(who: Person, order: Order) -> Heard:
    return await who.presses(f"atur:{order.id}:abcdefgh")


async def test_the_card_opens_a_menu_that_sets_a_status_with_its_reason(
    here: Town, session: AsyncSession, desk: Person
) -> None:
    order = await registered(session, here)
    [card] = [row for row in await told(session, HELPDESK_CHAT) if row.kind == "card"]
    assert [b["text"] for b in card.payload["reply_markup"]["inline_keyboard"][0]] == ["Ambil", "Atur"]
    opened = await menu(desk, order)
    assert opened.texts == []
    assert {"OGP", "Kendala", "Batal", "Tanya teknisi", "‹ Kembali"} <= set(opened.labels())
    assert "Tugaskan ke…" not in opened.labels()
    assert opened.deliveries[0].method == "editMessageReplyMarkup"
    why = await desk.presses(opened.button("Kendala"))
    assert why.labels()[0] == "ODP penuh"
    assert "Berikutnya ›" in why.labels()
    more = await desk.presses(why.button("Berikutnya ›"))
    assert "‹ Sebelumnya" in more.labels()
    assert not set(more.labels()[:3]) & set(why.labels()[:3])
    done = await desk.presses(why.button("ODP penuh"))
    assert done.toast == f"{order.registration_no} menjadi Kendala: ODP penuh."
    assert done.deliveries == []  # the card follows by itself
    assert (await fresh(session, order)).category is Category.OBSTACLE
    assert order.holder_id == here.helpdesk.id
    edits = [row for row in await told(session, HELPDESK_CHAT) if row.method == "editMessageText"]
    assert "ODP penuh" in edits[-1].payload["text"]
    stale = await desk.presses(why.button("ODP penuh"))
    assert "baru saja diubah Nadia Putri. Sekarang Kendala." in str(stale.toast)
    assert stale.labels() == ["Atur", "Cek progres"]


async def test_a_menu_belongs_to_whoever_opened_it_and_to_the_desk_alone(
    here: Town, session: AsyncSession, desk: Person, rudi: Person, dewi: Person, rizal: Person
) -> None:
    order = await registered(session, here)
    opened = await menu(desk, order)
    for label in ("Kendala", "Tanya teknisi"):
        other = await rudi.presses(opened.button(label))
        assert str(other.toast).startswith("Menu ini dibuka Nadia Putri.")
        assert other.deliveries == []
    assert (await rudi.presses(opened.button("‹ Kembali"))).labels() == ["Ambil", "Atur"]
    only = "Hanya helpdesk yang dapat mengatur order."
    assert (await menu(rizal, order)).toast == only
    assert (await rizal.presses(opened.button("Kendala"))).toast == only
    await session.execute(update(Human).where(Human.id == here.outsider.id).values(telegram_id=BAGUS))
    await session.commit()
    bagus = Person(BAGUS, HELPDESK_CHAT)
    gone = "Order ini tidak ada atau di luar wilayah Anda."
    assert [(await bagus.presses(data)).toast for data in (f"atur:{order.id}:x", opened.button("Batal"))] == [gone] * 2
    await session.execute(update(Human).where(Human.id == here.helpdesk.id).values(active=False))
    await session.commit()
    assert "tidak aktif" in str((await desk.presses(opened.button("Kendala"))).toast)
    assert (await fresh(session, order)).version == 1
    assert (await desk.presses("buat:1:1:1:zz:")).toast is not None


async def test_the_leader_assigns_and_the_holder_hands_on_releases_or_is_relieved(
    here: Town, session: AsyncSession, desk: Person, rudi: Person, dewi: Person
) -> None:
    order = await registered(session, here)
    people = await dewi.presses((await menu(dewi, order)).button("Tugaskan ke…"))
    given = await dewi.presses(people.button("Nadia Putri · tidak hadir"))
    assert given.toast == f"{order.registration_no} sekarang dipegang Nadia Putri."
    assert (await fresh(session, order)).holder_id == here.helpdesk.id
    over = await rudi.presses((await menu(rudi, order)).button("Ambil alih"))
    assert over.toast == f"{order.registration_no} Anda ambil."
    people = await rudi.presses((await menu(rudi, order)).button("Serahkan ke…"))
    assert not any(label.startswith("Rudi") for label in people.labels())
    await rudi.presses(people.button("Nadia Putri · tidak hadir"))
    assert "Lepas" not in (await menu(rudi, order)).labels()
    released = await desk.presses((await menu(desk, order)).button("Lepas"))
    assert released.toast == f"{order.registration_no} Anda lepas."
    assert (await fresh(session, order)).holder_id is None
    assert order.category is Category.RECEIVED


async def test_a_question_reaches_the_technician_and_its_answer_the_asker(
    here: Town, session: AsyncSession, desk: Person, rizal_in_group: Person
) -> None:
    order = await registered(session, here)
    prompt = await desk.presses((await menu(desk, order)).button("Tanya teknisi"))
    assert "Nadia Putri</a>, tulis pertanyaan" in prompt.texts[0]
    assert prompt.deliveries[-1].payload["reply_markup"]["force_reply"] is True
    assert (await desk.says("port berapa?")).silent  # people also just talk
    asked = await desk.replies("Port berapa di ODP itu?")
    assert asked.deliveries[0].payload["reaction"] == [{"type": "emoji", "emoji": "👌"}]
    assert asked.deliveries[0].method == "setMessageReaction"
    [question] = [row for row in await told(session, TECHNICIAN_CHAT) if row.kind == "question"]
    assert "Port berapa di ODP itu?" in question.payload["text"]
    assert question.payload["reply_parameters"]["message_id"] == 41
    question.message_id = 4711
    await session.commit()
    assert "Nadia Putri bertanya: Port berapa di ODP itu?" in (await rizal_in_group.says("/saya")).text
    assert (await rizal_in_group.says("sebentar")).silent
    quoted = quoting(rizal_in_group, 4711)
    answered = await rizal_in_group.says("Port 4, sudah saya foto", reply_to_message=quoted)
    assert answered.deliveries[0].method == "setMessageReaction"
    [answer] = [row for row in await told(session, HELPDESK_CHAT) if row.kind == "answered"]
    assert "Port 4, sudah saya foto" in answer.payload["text"]
    assert answer.payload["reply_parameters"]["message_id"] == asked.message_id
    names = (await session.scalars(select(EventRow.name).where(EventRow.order_id == order.id))).all()
    assert names == ["order.registered", "order.asked", "order.answered"]
    row = (await session.scalars(select(OrderQuestion))).one()
    assert (row.answer, row.answered_by) == ("Port 4, sudah saya foto", here.technician.id)
    assert await session.scalar(select(Notice.kind).where(Notice.person_id == here.helpdesk.id)) == "answered"
    assert (await rizal_in_group.says("eh, port 5", reply_to_message=quoted)).silent  # it is settled
    assert (await fresh(session, order)).version == 1


async def test_a_photo_answers_too_and_its_number_in_the_caption_is_enough(
    here: Town, session: AsyncSession, rizal_in_group: Person, desk: Person
) -> None:
    order = await registered(session, here)
    await desk.presses((await menu(desk, order)).button("Tanya teknisi"))
    await desk.replies("Foto ODP-nya?")
    [question] = [row for row in await told(session, TECHNICIAN_CHAT) if row.kind == "question"]
    question.message_id = 4712
    await session.commit()
    kept = await shows(rizal_in_group, "odp", reply_to_message=quoting(rizal_in_group, 4712))
    assert kept.deliveries[0].payload["reaction"][0]["emoji"] == "👍"
    assert (await session.scalars(select(OrderQuestion.answer))).one() == "(foto)"
    by_number = await shows(rizal_in_group, "rumah", f"depan rumah {order.registration_no.lower()}")
    assert by_number.deliveries[0].method == "setMessageReaction"
    strange = await shows(rizal_in_group, "lain", "SC99999999")
    assert "Tidak ada order <code>SC99999999</code>" in strange.text


async def test_words_to_the_technician_keep_the_status_and_a_move_may_demand_them(
    here: Town, session: AsyncSession, desk: Person, dewi: Person
) -> None:
    order = await registered(session, here)
    await desk.presses((await menu(desk, order)).button("Tulis pesan"))
    await desk.replies("Modem dikirim siang ini")
    assert (await fresh(session, order)).feedback == "Modem dikirim siang ini"
    assert order.category is Category.RECEIVED
    assert any("Modem dikirim" in str(row.payload.get("text")) for row in await told(session, TECHNICIAN_CHAT))
    await desk.presses((await menu(desk, order)).button("Tulis pesan"))
    await dewi.presses((await menu(dewi, order)).button("OGP"))
    late = await desk.replies("Tunggu ya")
    assert "sudah berubah sejak itu: OGP" in late.text
    await desk.presses((await menu(desk, order)).button("Tanya teknisi"))
    assert "dibatalkan" in (await desk.replies("batal")).text
    assert (await desk.replies("Port berapa?")).silent
    await dewi.presses((await menu(dewi, order)).button("Selesai"))
    assert (await desk.says(f"/cek {order.registration_no}")).labels() == ["Cek progres"]
    reopens = await dewi.says(f"/cek {order.registration_no}")
    opened = await dewi.presses(reopens.button("Atur"))
    assert opened.labels() == ["OGP", "‹ Kembali"]
    asked = await dewi.presses(opened.button("OGP"))
    assert "tulis keterangan" in asked.texts[0]
    assert (await fresh(session, order)).category is Category.DONE
    await dewi.replies("Modem mati, dikerjakan ulang")
    assert (await fresh(session, order)).feedback == "Modem mati, dikerjakan ulang"
    assert order.status_code == "OGP"


async def test_the_buttons_of_a_breach_take_the_order_and_open_its_menu(
    here: Town, session: AsyncSession, dewi: Person, desk: Person
) -> None:
    viewer = await factories.viewer(session, here.supervisor)
    await sla.set_recipients(session, viewer, here.site.id, [], [here.leader.id], source="web")
    morning = datetime(2026, 11, 19, 2, tzinfo=UTC)
    with clock.stopped_at(morning):
        order = await registered(session, here)
    with clock.stopped_at(morning + timedelta(minutes=61)):
        await alerts.ring(session)
        await session.commit()
        [alert] = [row for row in await told(session, DEWI) if row.kind == "sla"]
    take, manage = alert.payload["reply_markup"]["inline_keyboard"][0]
    assert (take["text"], manage["text"]) == ("Ambil", "Atur")
    private = Person(DEWI)
    opened = await private.presses(manage["callback_data"], on=70)
    assert opened.deliveries[0].payload["message_id"] == 70
    assert {"Kendala", "Tugaskan ke…"} <= set(opened.labels())
    assert (await private.presses(take["callback_data"], on=70)).toast == f"{order.registration_no} Anda ambil."
    assert (await fresh(session, order)).holder_id == here.leader.id
    late = await desk.presses(take["callback_data"])  # an old button of the same kind
    assert "Dewi Lestari" in str(late.toast)


async def test_a_shift_is_offered_and_accepted_by_button(
    here: Town, session: AsyncSession, desk: Person, nadia: Person, rudi: Person
) -> None:
    assert "tidak memegang order" in (await nadia.says("/serahterima")).text
    first, second = await registered(session, here), await registered(session, here, origin=None)
    for order in (first, second):
        await desk.presses(f"ambil:{order.id}:x")
    offered = await nadia.says("/serahterima modem SC kedua menyusul")
    assert "Serah terima 2 order Anda:" in offered.text
    assert "Catatan: modem SC kedua menyusul" in offered.text
    to = offered.button("Rudi Hartono · tidak hadir")
    assert (await rudi.presses(to)).toast == "Serah terima ini milik orang lain."
    await chats.seen(session, here.second_helpdesk.telegram_id or 0, ChatKind.PRIVATE, "Rudi")
    await chats.seen(session, here.helpdesk.telegram_id or 0, ChatKind.PRIVATE, "Nadia")
    await session.commit()
    sent = await nadia.presses(to)
    assert "2 order ditawarkan kepada Rudi Hartono" in sent.text
    [message] = await told(session, here.second_helpdesk.telegram_id or 0)
    assert "Nadia Putri menyerahkan 2 order kepada Anda." in message.payload["text"]
    accept = message.payload["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    assert (await nadia.presses(accept)).toast == "Serah terima ini milik orang lain."
    private = Person(here.second_helpdesk.telegram_id or 0)
    assert (await private.presses(accept)).toast == "2 order sekarang Anda pegang."
    assert (await private.presses(accept)).toast == "Serah terima ini sudah dijawab, ditarik, atau kedaluwarsa."
    assert (await fresh(session, first)).holder_id == (await fresh(session, second)).holder_id
    assert first.holder_id == here.second_helpdesk.id
    said = [row.payload.get("text", "") for row in await told(session, here.helpdesk.telegram_id or 0)]
    assert "Rudi Hartono menerima 2 order dari Anda." in said[-1]


async def test_a_shift_is_split_by_ticking_orders(
    here: Town, session: AsyncSession, desk: Person, nadia: Person, rudi: Person
) -> None:
    first, second = await registered(session, here), await registered(session, here, origin=None)
    for order in (first, second):
        await desk.presses(f"ambil:{order.id}:x")
    offered = await nadia.says("/serahterima")
    assert (await rudi.presses(offered.button("Pilih order"))).toast == "Serah terima ini milik orang lain."
    boxes = await nadia.presses(offered.button("Pilih order"))
    label = f"☐ {first.registration_no} · SDA"
    assert label in boxes.labels()
    assert not [each for each in boxes.labels() if "Lanjut" in each]
    ticked = await nadia.presses(boxes.button(label))
    assert f"☑ {first.registration_no} · SDA" in ticked.labels()
    narrowed = await nadia.presses(ticked.button("Lanjut · 1 order ›"))
    assert first.registration_no in narrowed.text
    assert second.registration_no not in narrowed.text
    rest = await nadia.presses(narrowed.button("Rudi Hartono · tidak hadir"))
    assert "1 order ditawarkan kepada Rudi Hartono" in rest.text
    assert "Masih 1 order pada Anda:" in rest.text
    assert rest.text.count(second.registration_no) == 1
    ended = await nadia.presses(rest.button("Selesai"))
    assert (ended.toast, ended.texts) == ("", [])
    lines = (await session.scalars(select(HandoverOrder))).all()
    assert [line.order_id for line in lines] == [first.id]


async def test_a_shift_is_declined_with_words(here: Town, session: AsyncSession, desk: Person, nadia: Person) -> None:
    order = await registered(session, here)
    await desk.presses(f"ambil:{order.id}:x")
    await chats.seen(session, here.second_helpdesk.telegram_id or 0, ChatKind.PRIVATE, "Rudi")
    await session.commit()
    await nadia.presses((await nadia.says("/serahterima")).button("Rudi Hartono · tidak hadir"))
    [message] = await told(session, here.second_helpdesk.telegram_id or 0)
    private = Person(here.second_helpdesk.telegram_id or 0)
    decline = message.payload["reply_markup"]["inline_keyboard"][0][1]["callback_data"]
    assert "mengapa Anda menolak" in (await private.presses(decline)).text
    assert "ditolak" in (await private.says("Sudah pulang")).text
    line = (await session.scalars(select(HandoverOrder))).one()
    assert (line.state, line.words) == ("declined", "Sudah pulang")
    assert (await fresh(session, order)).holder_id == here.helpdesk.id


async def test_a_technician_is_let_in_by_the_leaders_button(
    here: Town, session: AsyncSession, dewi: Person, nadia: Person
) -> None:
    joko = Person(5512077)
    await joko.says("/daftar Joko Susilo F5SDA446")
    [asked] = await told(session, DEWI)
    assert "Joko Susilo · <code>F5SDA446</code> · STO SDA" in asked.payload["text"]
    asked.message_id, asked.state = 51, State.SENT
    await session.commit()
    approve, refuse = (each["callback_data"] for each in asked.payload["reply_markup"]["inline_keyboard"][0])
    assert "team leader" in str((await nadia.presses(approve)).toast)
    assert (await Person(DEWI).presses(approve, on=51)).toast == "Joko Susilo disetujui."
    assert (await Person(DEWI).presses(refuse, on=51)).toast == "Permintaan ini sudah diputuskan."
    assert "disetujui Dewi Lestari" in (await told(session, 5512077))[-1].payload["text"]
    closing = (await told(session, DEWI))[-1]
    assert closing.payload["reply_markup"] == {"inline_keyboard": []}
    assert "Disetujui Dewi Lestari" in closing.payload["text"]
    assert (await joko.says("/saya")).text.count("Joko Susilo") == 1


async def test_rekap_is_the_report_of_the_area(here: Town, session: AsyncSession, dewi: Person, nadia: Person) -> None:
    for sto in ("SDA", "SDA", "TUN", "SPJ"):
        await factories.order(session, here, by=here.admin if sto == "SPJ" else None, sto=sto)
    await session.commit()
    heard = await dewi.says("/rekap")
    viewer = await factories.viewer(session, here.leader)
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    found = await recap.daily(session, viewer, Scope(today, today))
    assert found.total.received == 3
    table = heard.text.split("<pre>")[1].split("</pre>")[0].splitlines()
    assert [line.split()[:2] for line in table[1:]] == [["SDA", "2"], ["TUN", "1"], ["Jumlah", "3"]]
    assert max(map(len, table)) <= 36
    assert f"/laporan/harian?dari={today}&amp;sampai={today}" in heard.text
    assert "Rekap bulanan" in (await dewi.says("/rekap bulan")).text
    assert "SDA" in (await dewi.says("/rekap bulan sda")).text
    yesterday = today - timedelta(days=1)
    for typed in ("kemarin", f"{yesterday:%d-%m-%Y}", f"{yesterday:%d/%m/%Y}"):
        assert f"dari={yesterday}" in (await dewi.says(f"/rekap {typed}")).text
    assert "belum tiba" in (await dewi.says("/rekap 31-12-2099")).text
    assert "STO SPJ tidak ada" in (await dewi.says("/rekap hari ini SPJ")).text
    assert "Contoh: /rekap" in (await dewi.says("/rekap 99-99-2026")).text
    assert "di luar peran" in (await nadia.says("/rekap")).text


async def test_cek_gives_the_desk_the_same_menu_and_is_written_anew(
    here: Town, session: AsyncSession, nadia: Person, rizal: Person
) -> None:
    order = await registered(session, here)
    assert (await rizal.says(f"/cek {order.registration_no}")).labels() == ["Cek progres"]
    shown = await nadia.says(f"/cek {order.registration_no}")
    assert shown.labels() == ["Ambil", "Atur"]
    answer = await session.get_one(Delivery, shown.deliveries[0].id)
    answer.message_id = 77
    await session.commit()
    taken = await nadia.presses(shown.button("Ambil"), on=77)
    assert taken.deliveries[0].method == "editMessageText"
    assert "OGP" in taken.text
    facts = await queries.by_id(session, None, order.id)
    assert facts.holder_name == "Nadia Putri"


async def test_help_tells_each_role_its_own_and_is_a_whisper_in_a_group(
    here: Town, session: AsyncSession, dewi: Person, desk: Person, rizal: Person, rizal_in_group: Person
) -> None:
    leader, helper, mine = [(await who.says("/help")).text for who in (dewi, desk, rizal)]
    assert all(word in leader for word in ("/rekap", "/serahterima", "/cek"))
    assert ("/rekap" in helper, "/serahterima" in helper, "/ubah" in helper) == (False, True, False)
    assert all((word in mine) is said for word, said in (("/ubah", True), ("/saya", True), ("/rekap", False)))
    whisper = (await rizal_in_group.says("/help@sikpro_bot")).deliveries[0].payload
    assert whisper["ephemeral_message_parameters"] == {"receiver_user_id": here.technician.telegram_id}
    assert whisper["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/sikpro_bot?start=help"
    assert (await rizal.says("/start help")).text == mine
    stranger = await Person(424242, TECHNICIAN_CHAT).says("/cek SC32232558")
    assert stranger.deliveries[0].payload["ephemeral_message_parameters"] == {"receiver_user_id": 424242}
    refused = await rizal_in_group.says("/rekap")
    assert refused.deliveries[0].payload["ephemeral_message_parameters"]["receiver_user_id"] == rizal.telegram_id
