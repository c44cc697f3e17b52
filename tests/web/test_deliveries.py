"""The page of deliveries: what is stuck and why, for whom, and what a click does to it, once."""

import re
from typing import Any

import pytest
from sqlalchemy import select, text, update

from shared.audit.models import AuditRow
from shared.chats import operations as chats
from shared.chats.models import Chat, ChatKind, InboxUpdate, Purpose
from shared.db import transaction
from shared.deliveries import operations, pauses
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.events import EventRow
from shared.orders.models import Order
from shared.outbox import OutboxRow
from shared.people import operations as people
from shared.people.models import Person, Role
from tests import factories
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT
from tests.reads import one_by_one
from tests.web.conftest import Browser, Office

EVIL = "<b>Budi</b> &lt;script&gt;alert(1)&lt;/script&gt;"
MAY_READ = {"leader", "supervisor", "admin"}
MAY_RETRY = {"leader", "admin"}


async def queued(chat_id: int = HELPDESK_CHAT, order: Order | None = None, **values: Any) -> int:
    """A delivery in the state that `values` say."""
    async with transaction() as session:
        message = Message("status", {"text": values.pop("words", "SC menjadi Selesai"), "parse_mode": "HTML"})
        row = await operations.queue(session, chat_id, message, order_id=order.id if order else None)
        assert row is not None
        if values:
            await session.execute(update(Delivery).where(Delivery.id == row).values(**values))
        return row


async def dead_event(order: Order) -> int:
    async with transaction() as session:
        told = await session.scalar(select(EventRow.id).where(EventRow.order_id == order.id))
        row = OutboxRow(event_id=told, consumer="notifier", stream="x", state="dead", failures=8, trouble="KeyError(1)")
        session.add(row)
        await session.flush()
        return row.id


async def dead_update(chat_id: int, words: str = "/reg apa saja") -> int:
    async with transaction() as session:
        body = {"message": {"text": words, "from": {"first_name": "Rizal", "last_name": "Fauzi"}}}
        number = -(await session.scalar(text("SELECT coalesce(max(id), 0) + 1 FROM inbox")))
        row = InboxUpdate(
            bot_id=1, update_id=number, chat_id=chat_id, body=body, state="dead", attempts=5, error="boom"
        )
        session.add(row)
        await session.flush()
        return row.id


async def state_of(row: int) -> State:
    async with transaction() as session:
        return (await session.scalars(select(Delivery.state).where(Delivery.id == row))).one()


async def noted() -> list[AuditRow]:
    async with transaction() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


def counts(page: str) -> dict[str, int]:
    """The figures of the tabs."""
    found = re.findall(r'keadaan=([a-z-]+)"[^>]*>[^<]*<span class="n[^"]*"><span[^>]*>(\d+)', page)
    return {key: int(n) for key, n in found}


@pytest.fixture
async def leader(office: Office) -> Browser:
    return await office.visitor(office.here.leader)


@pytest.mark.parametrize("role", ["technician", "collector", "helpdesk", "leader", "supervisor", "admin"])
async def test_a_role_reads_and_sends_again_as_it_may_and_no_more(office: Office, role: str) -> None:
    order = await office.order()
    row = await queued(order=order, state=State.DEAD, trouble="Bad Request: can't parse entities")
    async with transaction() as session:
        await chats.hold(session, TECHNICIAN_CHAT, "Forbidden: bot was kicked from the supergroup chat")
    event, said = await dead_event(order), await dead_update(TECHNICIAN_CHAT)
    browser = await office.visitor(getattr(office.here, role))
    for tab in ("", "?keadaan=gagal", "?keadaan=kejadian", "?keadaan=masuk"):
        page = await browser.get(f"/kiriman{tab}")
        assert page.status == (200 if role in MAY_READ else 403)
        assert ('action="/kiriman/' in page.text) == (role in MAY_RETRY), tab
        assert (order.registration_no in page.text) == (role in MAY_READ and tab not in {"", "?keadaan=masuk"})
    assert ('href="/kiriman"' in (await browser.get("/order")).text) == (role in MAY_READ)
    for path in (
        f"/kiriman/pesan/{row}/kirim",
        f"/kiriman/obrolan/{TECHNICIAN_CHAT}/lepaskan",
        f"/kiriman/kejadian/{event}/ulang",
        f"/kiriman/masuk/{said}/ulang",
    ):
        assert (await browser.post(path, htmx=False)).status == (303 if role in MAY_RETRY else 403), path
    assert (await state_of(row) is State.WAITING) == (role in MAY_RETRY)
    assert bool(await noted()) == (role in MAY_RETRY)


async def test_each_kind_of_trouble_is_counted_listed_and_explained(office: Office, leader: Browser) -> None:
    order = await office.order()
    await queued(order=order, state=State.DEAD, trouble="Bad Request: can't parse entities", attempts=8)
    await queued(order=order, state=State.HELD, trouble="no answer came", repeated=True)
    await queued(order=order, chat_id=TECHNICIAN_CHAT, state=State.UNKNOWN, trouble="no answer: TimeoutError")
    await queued(order=order)
    await queued(order=order, state=State.SENT)
    await dead_event(order)
    await dead_update(HELPDESK_CHAT)
    page = (await leader.get("/kiriman")).text
    wanted = {"gagal": 1, "ditahan": 1, "belum-pasti": 1, "menunggu": 1, "kejadian": 1, "masuk": 1}
    assert counts(page) == wanted
    assert "Helpdesk Sidoarjo" in page
    for key, sentence in {
        "gagal": "tidak dapat membaca bentuk teksnya",
        "ditahan": "belum pasti pesan ini sampai",
        "belum-pasti": "belum pasti pesan ini sampai",
        "menunggu": "Menunggu giliran.",
        "kejadian": "Tidak dapat diolah oleh pengirim Telegram",
        "masuk": "Rizal Fauzi",
    }.items():
        listed = (await leader.get(f"/kiriman?keadaan={key}")).text
        assert sentence in listed, key
        assert listed.count('<li id="') == wanted[key], key


async def test_a_held_chat_says_why_and_what_waits_there_is_held(office: Office, leader: Browser) -> None:
    order = await office.order()
    row = await queued(order=order)
    async with transaction() as session:
        await chats.hold(session, HELPDESK_CHAT, "Forbidden: bot was kicked from the supergroup chat")
    page = (await leader.get("/kiriman")).text
    assert "Bot dikeluarkan dari grup" in page
    assert (counts(page)["ditahan"], counts(page)["menunggu"]) == (1, 0)
    assert "Obrolannya ditahan." in (await leader.get("/kiriman?keadaan=ditahan")).text
    again = await leader.post(f"/kiriman/obrolan/{HELPDESK_CHAT}/lepaskan", htmx=False)
    assert (again.status, again.headers["location"]) == (303, "/kiriman?kabar=lepas")
    assert "Obrolan dilepaskan" in (await leader.get("/kiriman?kabar=lepas")).text
    assert (await leader.post(f"/kiriman/obrolan/{HELPDESK_CHAT}/lepaskan", htmx=False)).status == 303
    async with transaction() as session:
        chat = (await session.scalars(select(Chat).where(Chat.id == HELPDESK_CHAT))).one()
    assert chat.held is None
    assert await state_of(row) is State.WAITING
    held = [await leader.post(f"/kiriman/obrolan/{HELPDESK_CHAT}/tahan", htmx=False) for _ in range(2)]
    assert [each.headers["location"] for each in held] == ["/kiriman?kabar=tahan"] * 2
    page = (await leader.get("/kiriman?kabar=tahan")).text
    assert "Ditahan dari web" in page
    assert counts(page)["ditahan"] == 1
    assert [(each.what, each.subject, each.actor_id) for each in await noted()] == [
        ("chat.released", f"chat:{HELPDESK_CHAT}", office.here.leader.id),
        ("chat.held", f"chat:{HELPDESK_CHAT}", office.here.leader.id),
    ]


async def test_a_double_click_sends_once_more_and_is_noted_once(office: Office, leader: Browser) -> None:
    order = await office.order()
    row = await queued(order=order, state=State.DEAD, trouble="Bad Request: chat is weird", attempts=8)
    path = f"/kiriman/pesan/{row}/kirim?keadaan=gagal&obrolan={HELPDESK_CHAT}"
    first, second = await leader.post(path, htmx=False), await leader.post(path, htmx=False)
    assert first.headers["location"] == f"/kiriman?keadaan=gagal&obrolan={HELPDESK_CHAT}&kabar=kirim"
    assert (first.status, second.status, second.headers["location"]) == (303, 303, first.headers["location"])
    acts = await noted()
    assert [(each.what, each.details["order"], each.ip) for each in acts] == [
        ("delivery.sent_again", order.registration_no, "127.0.0.1")
    ]
    async with transaction() as session:
        now = (await session.scalars(select(Delivery).where(Delivery.id == row))).one()
    assert (now.state, now.attempts) == (State.WAITING, 0)


async def test_an_event_and_an_update_are_tried_again(office: Office, leader: Browser) -> None:
    order = await office.order()
    event, said = await dead_event(order), await dead_update(TECHNICIAN_CHAT)
    for path in (f"/kiriman/kejadian/{event}/ulang", f"/kiriman/masuk/{said}/ulang"):
        for _ in range(2):
            assert (await leader.post(path, htmx=False)).status == 303
    async with transaction() as session:
        row = (await session.scalars(select(OutboxRow).where(OutboxRow.id == event))).one()
        update_row = (await session.scalars(select(InboxUpdate).where(InboxUpdate.id == said))).one()
    assert (row.state, row.failures) == ("waiting", 0)
    assert (update_row.state, update_row.attempts) == ("new", 0)
    assert [each.what for each in await noted()] == ["event.heard_again", "update.handled_again"]


async def test_another_area_is_neither_seen_nor_counted_nor_touched(office: Office) -> None:
    here = office.here
    theirs = await office.order(by=here.outsider, sto="SPJ", odp=None, technician_code=None)
    async with transaction() as session:
        other = await people.enter(
            session, "Tia Lestari", Role.TEAM_LEADER, username="tia", sites=(here.other_site.id,)
        )
        await chats.seen(session, -1001000000009, ChatKind.SUPERGROUP, "Grup Sepanjang")
        await chats.bind(session, -1001000000009, Purpose.HELPDESK, site_operation_id=here.other_site.id)
        await chats.hold(session, -1001000000009, "Forbidden: bot was kicked")
    rows = [
        await queued(-1001000000009, theirs, state=State.DEAD),
        await queued(-1001000000009, state=State.DEAD, words="tanpa order"),
    ]
    event, said = await dead_event(theirs), await dead_update(-1001000000009)
    leader, tia, admin = [await office.visitor(each) for each in (here.leader, other, here.admin)]
    mine = (await leader.get("/kiriman")).text
    assert set(counts(mine).values()) == {0}
    assert "Grup Sepanjang" not in mine
    assert (await leader.get("/kiriman?keadaan=gagal&obrolan=-1001000000009")).status == 404
    assert (await leader.get("/kiriman?keadaan=gagal&obrolan=-1001999999999")).status == 404
    for path in (
        *(f"/kiriman/pesan/{row}/kirim" for row in rows),
        "/kiriman/obrolan/-1001000000009/lepaskan",
        f"/kiriman/kejadian/{event}/ulang",
        f"/kiriman/masuk/{said}/ulang",
    ):
        assert (await leader.post(path, htmx=False)).status == 404, path
    assert [await state_of(row) for row in rows] == [State.DEAD, State.DEAD]
    assert await noted() == []
    for browser in (tia, admin):
        found = counts((await browser.get("/kiriman")).text)
        assert (found["gagal"], found["kejadian"], found["masuk"]) == (2, 1, 1)
    assert (await tia.post(f"/kiriman/masuk/{said}/ulang", htmx=False)).status == 303


async def test_an_order_of_another_area_in_a_shared_group_is_not_shown(office: Office, leader: Browser) -> None:
    theirs = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    await queued(HELPDESK_CHAT, theirs, state=State.DEAD)
    assert counts((await leader.get("/kiriman")).text)["gagal"] == 0


async def test_what_people_typed_stays_words(office: Office, leader: Browser) -> None:
    async with transaction() as session:
        await session.execute(update(Chat).where(Chat.id == HELPDESK_CHAT).values(title="<script>x</script>"))
    await queued(state=State.DEAD, trouble="<img src=x onerror=alert(1)>", words=EVIL)
    await dead_update(HELPDESK_CHAT, "<img src=x onerror=alert(2)>")
    for tab in ("", "?keadaan=gagal", "?keadaan=masuk"):
        page = (await leader.get(f"/kiriman{tab}")).text
        assert "<script>x" not in page
        assert "<script>alert" not in page
        assert "<img" not in page
    assert "Budi &lt;script&gt;alert(1)" in (await leader.get("/kiriman?keadaan=gagal")).text


async def test_old_news_says_that_newer_news_has_arrived(office: Office, leader: Browser) -> None:
    order = await office.order()
    await queued(order=order, state=State.DEAD)
    warning = "Kabar yang lebih baru dari order ini sudah terkirim"
    assert warning not in (await leader.get("/kiriman?keadaan=gagal")).text
    await queued(order=order, state=State.SENT, chat_id=TECHNICIAN_CHAT)
    assert warning not in (await leader.get("/kiriman?keadaan=gagal")).text
    await queued(order=order, state=State.SENT)
    assert warning in (await leader.get("/kiriman?keadaan=gagal")).text


async def test_a_long_list_is_read_page_by_page(office: Office, leader: Browser) -> None:
    rows = [await queued(state=State.DEAD) for _ in range(53)]
    first = (await leader.get("/kiriman?keadaan=gagal")).text
    ids = re.findall(r'<li id="p(\d+)"', first)
    onward = re.search(r'href="(/kiriman\?keadaan=gagal&amp;sesudah=\d+)"', first)
    assert onward is not None
    second = (await leader.get(onward[1].replace("&amp;", "&"))).text
    ids += re.findall(r'<li id="p(\d+)"', second)
    assert ids == [str(row) for row in reversed(rows)]
    assert "sesudah=" not in second


async def test_chats_are_read_page_by_page_the_one_that_waits_longest_first(office: Office) -> None:
    async with transaction() as session:
        for n in range(52):
            await chats.seen(session, -200 - n, ChatKind.GROUP, f"Grup {n}")
        await chats.seen(session, -100, ChatKind.GROUP, "Grup sunyi")
        await chats.hold(session, -100, "Forbidden: bot was kicked")
    for n in range(52):
        await queued(-200 - n)
    admin = await office.visitor(office.here.admin)
    first = (await admin.get("/kiriman")).text
    onward = re.search(r'href="/kiriman\?sesudah=(\d+_-?\d+)"', first)
    assert onward is not None
    second = (await admin.get(f"/kiriman?sesudah={onward[1]}")).text
    titles = re.findall(r'<th scope="row"><span class="strong">([^<]+)', first + second)
    assert titles == [*(f"Grup {n}" for n in range(52)), "Grup sunyi"]


@pytest.mark.parametrize(
    "query",
    ["keadaan=x", "keadaan=gagal&sesudah=abc", "sesudah=1_", "sesudah=_", "sesudah=9999999999999999999999", "kabar=x"],
)
async def test_a_broken_address_shows_the_first_page(office: Office, leader: Browser, query: str) -> None:
    assert (await leader.get(f"/kiriman?{query}")).status == 200


@pytest.mark.parametrize("row", ["0", "-1", "abc", "9" * 25, "1%00", "1;drop"])
async def test_an_unknown_thing_cannot_be_sent_again(office: Office, leader: Browser, row: str) -> None:
    for path in (f"pesan/{row}/kirim", f"obrolan/{row}/lepaskan", f"kejadian/{row}/ulang", f"masuk/{row}/ulang"):
        assert (await leader.post(f"/kiriman/{path}", htmx=False)).status == 404, path


async def test_a_forged_form_sends_nothing(office: Office, leader: Browser) -> None:
    row = await queued(state=State.DEAD)
    leader.csrf = "x" * 43
    assert (await leader.post(f"/kiriman/pesan/{row}/kirim", htmx=False)).status == 403
    assert await state_of(row) is State.DEAD


async def test_a_pause_for_everybody_is_said_on_top(office: Office, leader: Browser) -> None:
    async with transaction() as session:
        await pauses.pause_all(session, 60, "Telegram refuses the bot's token: Unauthorized")
    page = (await leader.get("/kiriman")).text
    assert "Semua kiriman dijeda sampai" in page
    assert "Periksa pengaturan token" in page


async def test_every_figure_comes_from_an_index(office: Office, leader: Browser) -> None:
    """With a long history of sent messages, no plan of the page reads the whole table."""
    async with transaction() as session:
        await session.execute(
            text(
                "INSERT INTO delivery (chat_id, kind, lane, method, payload, brief, keep, state, repeated, floor_id,"
                " attempts) SELECT :chat, 'status', 1, 'sendMessage', '{}', '', true, 'sent', false, 0, 0"
                " FROM generate_series(1, 20000)"
            ),
            {"chat": HELPDESK_CHAT},
        )
        await session.execute(
            text(
                "INSERT INTO inbox (bot_id, update_id, chat_id, body, state)"
                " SELECT 1, n, 1, '{}', 'done' FROM generate_series(1, 20000) AS n"
            )
        )
    await queued(state=State.DEAD)
    async with transaction() as session:
        await session.execute(text("ANALYZE"))
        person = (await session.scalars(select(Person).where(Person.id == office.here.leader.id))).one()
        viewer = await factories.viewer(session, person)
        before = await one_by_one(session, "delivery", "inbox")
        from shared.deliveries import queries

        assert (await queries.counts(session, viewer)).dead == 1
        for kind in ("waiting", "held", "unknown", "dead"):
            await queries.stuck(session, viewer, kind)
        await queries.by_chat(session, viewer)
        await queries.dead_updates(session, viewer)
        assert await one_by_one(session, "delivery", "inbox") == before


@pytest.mark.parametrize("state", ["dead", "held"])
async def test_what_is_discarded_with_a_reason_is_never_sent(office: Office, state: str) -> None:
    row = await queued(state=State(state), trouble="Bad Request: chat not found")
    leader = await office.visitor(office.here.leader)
    tab = "gagal" if state == "dead" else "ditahan"
    assert f'action="/kiriman/pesan/{row}/buang?' in (await leader.get(f"/kiriman?keadaan={tab}")).text
    path = f"/kiriman/pesan/{row}/buang?keadaan={tab}"
    answer = await leader.post(path, {"reason": "  sudah  dikabari lewat telepon "})
    assert answer.headers["location"] == f"/kiriman?keadaan={tab}&kabar=buang"
    assert (await leader.post(path, {"reason": "lagi"})).headers["location"] == f"/kiriman?keadaan={tab}"
    await leader.post(f"/kiriman/pesan/{row}/kirim")  # a click on a page that lay open
    async with transaction() as session:
        gone = (await session.scalars(select(Delivery).where(Delivery.id == row))).one()
        assert gone.state is State.CANCELLED
        noted = (await session.scalars(select(AuditRow).where(AuditRow.what == "delivery.discarded"))).all()
    assert [(each.actor_id, each.details["reason"]) for each in noted] == [
        (office.here.leader.id, "sudah dikabari lewat telepon")
    ]


async def test_events_and_updates_can_be_discarded_too(office: Office) -> None:
    event, said = await dead_event(await office.order()), await dead_update(HELPDESK_CHAT)
    leader = await office.visitor(office.here.leader)
    for path in (f"/kiriman/kejadian/{event}/buang", f"/kiriman/masuk/{said}/buang"):
        assert (await leader.post(path, {"reason": "uji coba"})).status == 303
        assert (await leader.post(path.replace("buang", "ulang"))).status == 303
    async with transaction() as session:
        assert await session.scalar(select(OutboxRow.state).where(OutboxRow.id == event)) == "cancelled"
        assert await session.scalar(select(InboxUpdate.state).where(InboxUpdate.id == said)) == "done"


@pytest.mark.parametrize(("reason", "words"), [("", "Tulis alasannya."), ("x" * 300, "Paling banyak 200 karakter.")])
async def test_without_a_reason_nothing_is_discarded(office: Office, reason: str, words: str) -> None:
    row = await queued(state=State.DEAD, trouble="Bad Request")
    leader = await office.visitor(office.here.leader)
    answer = await leader.post(f"/kiriman/pesan/{row}/buang?keadaan=gagal", {"reason": reason})
    assert (answer.status, answer.text.count(words)) == (422, 2)  # on top, and at the field
    assert reason[:200] in answer.text
    async with transaction() as session:
        assert await session.scalar(select(Delivery.state).where(Delivery.id == row)) is State.DEAD


async def test_nobody_discards_outside_its_area_or_without_the_right(office: Office) -> None:
    row = await queued(state=State.DEAD, trouble="Bad Request")
    reader = await office.visitor(office.here.supervisor)
    assert (await reader.post(f"/kiriman/pesan/{row}/buang", {"reason": "x"})).status == 403
    assert "buang?" not in (await reader.get("/kiriman?keadaan=gagal")).text
    async with transaction() as session:
        other = await people.enter(
            session, "Lain", Role.TEAM_LEADER, username="lain", sites=(office.here.other_site.id,)
        )
    stranger = await office.visitor(other)
    for path in (f"/kiriman/pesan/{row}/buang", "/kiriman/pesan/999999/buang", "/kiriman/kejadian/x/buang"):
        assert (await stranger.post(path, {"reason": "x"})).status == 404
