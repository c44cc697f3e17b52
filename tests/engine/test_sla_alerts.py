"""An order's time: one word at 80 %, one when it is up, to the people chosen, however often anybody looks."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from services.notifier.listeners import ears
from shared import clock
from shared.chats import operations as chats
from shared.chats.models import ChatKind, Purpose
from shared.db import transaction
from shared.deliveries.drain import Post
from shared.deliveries.models import Delivery
from shared.desk.models import Notice
from shared.events import EventRow
from shared.orders import operations as orders
from shared.orders import queries
from shared.orders.models import Order
from shared.people.models import Person
from shared.sla import alerts, operations
from tests import factories
from tests.engine.kit import SECOND, chat, drained, sql, texts
from tests.factories import HELPDESK_CHAT, Town
from tests.simulator.telegram import Telegram


def at(hour: int, minute: int = 0, day: int = 19) -> datetime:
    """A moment of Thursday 19 November 2026 in Sidoarjo."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


@pytest.fixture
async def here(database: str) -> Town:
    """A town whose helpdesk Nadia is warned and gets escalations too; the leader is chosen, but has no Telegram."""
    assert database
    async with transaction() as session:
        town = await factories.town(session)
        await session.execute(update(Person).where(Person.id == town.helpdesk.id).values(telegram_id=SECOND))
        supervisor = await factories.viewer(session, town.supervisor)
        both = [town.helpdesk.id, town.leader.id]
        await operations.set_recipients(session, supervisor, town.site.id, both, both, source="web")
        await chats.seen(session, SECOND, ChatKind.PRIVATE, "Nadia")
    return town


async def registered(here: Town, moment: datetime, count: int = 1, sto: str = "SDA") -> list[int]:
    async with transaction() as session:
        with clock.stopped_at(moment):
            return [(await factories.order(session, here, sto=sto)).id for _ in range(count)]


async def changed(here: Town, order_id: int, moment: datetime, status: str, reason: str = "") -> None:
    async with transaction() as session:
        admin = await factories.viewer(session, here.admin)
        data = await queries.master(session)
        found = next((row.id for row in data.reasons.values() if row.label_id == reason), None)
        version = (await queries.by_id(session, admin, order_id)).order.version
        with clock.stopped_at(moment):
            await orders.change_status(
                session, admin, order_id, version, status, source="web", reason_id=found, note="ok", tell=False
            )


async def looked(moment: datetime) -> list[tuple[int, str]]:
    """What a look at the clocks tells of, as (order, level)."""
    async with transaction() as session:
        before = await session.scalar(select(EventRow.id).order_by(EventRow.id.desc()).limit(1)) or 0
        with clock.stopped_at(moment):
            await alerts.ring(session)
        rows = await session.scalars(
            select(EventRow).where(EventRow.id > before, EventRow.name == "order.sla_alert").order_by(EventRow.id)
        )
        return [(row.order_id or 0, row.payload["level"]) for row in rows]


async def heard(order_id: int, moment: datetime) -> list[str]:
    """The messages that its events make for Nadia."""
    with clock.stopped_at(moment):
        await ears.hear(f"order:{order_id}")
    async with transaction() as session:
        rows = await session.scalars(
            select(Delivery)
            .where(Delivery.chat_id == SECOND, Delivery.kind == "sla", Delivery.order_id == order_id)
            .order_by(Delivery.id)
        )
        return [row.payload["text"] for row in rows]


async def test_one_warning_and_one_escalation_however_often_one_looks(here: Town) -> None:
    [order] = await registered(here, at(9))
    assert await looked(at(9, 47)) == []
    assert await looked(at(9, 48)) == [(order, "near")]
    assert await looked(at(9, 48)) == []
    assert await looked(at(9, 59)) == []
    assert await looked(at(10)) == [(order, "late")]
    assert await looked(at(12)) == []
    await sql("UPDATE orders SET alert_at = '2026-11-19 00:00+00'")  # a look that was lost half way
    assert await looked(at(13)) == []


async def test_the_words_say_which_order_where_and_who_has_it(here: Town) -> None:
    [order] = await registered(here, at(9))
    await looked(at(9, 48))
    [warning] = await heard(order, at(9, 48))
    async with transaction() as session:
        number = (await session.get_one(Order, order)).registration_no
    assert warning.splitlines()[:2] == [
        f"<b>Hampir lewat SLA</b> · AO <code>{number}</code>",
        "STO SDA · Baru, belum diambil",
    ]
    assert warning.splitlines()[-1].startswith("Harus selesai")
    assert "10:00 WIB" in warning
    await looked(at(10))
    assert [text.split("\n")[0][3:12] for text in await heard(order, at(10))] == ["Hampir le", "Lewat SLA"]


async def test_who_was_away_hears_of_the_breach_alone(here: Town) -> None:
    [order] = await registered(here, at(9))
    assert await looked(at(15)) == [(order, "late")]
    assert await looked(at(16)) == []


async def test_a_pause_moves_the_warning(here: Town) -> None:
    [order] = await registered(here, at(9))
    await changed(here, order, at(9, 30), "KENDALA", "Pelanggan tidak di lokasi")
    assert await looked(at(11)) == []
    await changed(here, order, at(13), "OGP")
    assert await looked(at(13, 17)) == []
    assert await looked(at(13, 18)) == [(order, "near")]
    await changed(here, order, at(13, 20), "KENDALA", "Pelanggan tidak di lokasi")
    assert await looked(at(16)) == []
    await changed(here, order, at(16), "OGP")
    assert await looked(at(16, 5)) == []
    assert await looked(at(16, 10)) == [(order, "late")]


async def test_a_closed_order_is_not_told_of_and_a_reopened_one_only_of_what_is_new(here: Town) -> None:
    [order] = await registered(here, at(9))
    assert await looked(at(9, 50)) == [(order, "near")]
    await changed(here, order, at(9, 55), "SELESAI")
    assert await looked(at(12)) == []
    await changed(here, order, at(13), "OGP")
    assert await looked(at(13, 4)) == []
    assert await looked(at(13, 5)) == [(order, "late")]


async def test_an_order_that_was_stopped_before_its_word_was_heard_is_left_in_peace(here: Town) -> None:
    [order] = await registered(here, at(9))
    await looked(at(9, 48))
    await changed(here, order, at(9, 49), "KENDALA", "Pelanggan tidak di lokasi")
    assert await heard(order, at(9, 50)) == []


async def test_a_deleted_order_is_not_told_of(here: Town) -> None:
    [order] = await registered(here, at(9))
    await sql("UPDATE orders SET deleted_at = now() WHERE id = :id", id=order)
    assert await looked(at(12)) == []
    assert await looked(at(12)) == []


async def test_where_nobody_was_chosen_the_helpdesks_groups_of_the_sto_are_warned(here: Town) -> None:
    async with transaction() as session:
        supervisor = await factories.viewer(session, here.supervisor)
        await operations.set_recipients(session, supervisor, here.site.id, [], [], source="web")
        await chats.bind(session, HELPDESK_CHAT, Purpose.HELPDESK, thread_id=7, sto_id=here.tun.id)
    [order] = await registered(here, at(9))
    await looked(at(9, 48))
    assert await heard(order, at(9, 48)) == []
    async with transaction() as session:
        [told] = await session.scalars(select(Delivery).where(Delivery.kind == "sla"))
        [far] = await registered(here, at(9), sto="SPJ")
    assert (told.chat_id, "message_thread_id" in told.payload) == (HELPDESK_CHAT, False)
    assert [each["text"] for each in told.payload["reply_markup"]["inline_keyboard"][0]] == ["Ambil", "Atur"]
    await looked(at(9, 49))
    assert await heard(far, at(9, 49)) == []
    async with transaction() as session:
        assert len((await session.scalars(select(Delivery).where(Delivery.kind == "sla"))).all()) == 1


async def test_another_units_people_hear_nothing(here: Town) -> None:
    [order] = await registered(here, at(9), sto="SPJ")
    assert await looked(at(10)) == [(order, "late")]
    assert await heard(order, at(10)) == []


async def test_what_reaches_nobody_goes_up_and_says_so(here: Town) -> None:
    dewi, sari, other = 5512904, 5512906, "SPJ"
    async with transaction() as session:
        admin = await factories.viewer(session, here.admin)
        await operations.set_recipients(session, admin, here.site.id, [], [], source="web")
        for person, number in ((here.leader, dewi), (here.admin, sari)):
            await session.execute(update(Person).where(Person.id == person.id).values(telegram_id=number))
            await chats.seen(session, number, ChatKind.PRIVATE, person.name)
        await chats.hold(session, HELPDESK_CHAT, "the bot was removed from the group")
    [near] = await registered(here, at(9))
    await looked(at(9, 48))
    await heard(near, at(9, 48))
    [far] = await registered(here, at(9), sto=other)
    await looked(at(10))
    await heard(far, at(10))
    async with transaction() as session:
        told = (await session.scalars(select(Delivery).where(Delivery.kind == "sla").order_by(Delivery.id))).all()
        assert [(each.order_id, each.chat_id) for each in told] == [(near, dewi), (far, sari)]
        why = "Naik ke Anda: penerima sebelumnya tidak ada atau obrolannya tertahan."
        assert [each.payload["text"].endswith(why) for each in told] == [True, True]
        rows = await session.execute(select(Notice.kind, Notice.person_id).where(Notice.order_id == near))
        assert [tuple(each) for each in rows] == [("sla_near", here.leader.id)]


async def test_many_at_once_are_one_message(here: Town, post: Post, sim: Telegram) -> None:
    await chat(sim, SECOND)
    late = await registered(here, at(9), 12)
    assert len(await looked(at(10))) == 12
    with clock.stopped_at(at(10)):
        for order in late:
            await ears.hear(f"order:{order}")
    await drained(post, SECOND)
    [message] = await texts(sim, SECOND)
    assert message.count("Lewat SLA") == 12
    async with transaction() as session:
        states = await session.scalars(select(Delivery.state).where(Delivery.kind == "sla", Delivery.chat_id == SECOND))
        assert {state.value for state in states} == {"merged"}


async def test_two_relays_tell_once(here: Town) -> None:
    [order] = await registered(here, at(9))
    async with transaction() as first:
        with clock.stopped_at(at(10)):
            assert await alerts.ring(first) == 1
            async with transaction() as second:
                assert await alerts.ring(second) == 0
    assert await looked(at(11)) == []
    async with transaction() as session:
        assert (await session.get_one(Order, order)).alert_at is None
