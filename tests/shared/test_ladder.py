"""The clock's ladders: each step is said once, to whom the rules name, and only a new fact arms them again."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.hearing import ears
from shared import clock
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.chats.models import Chat, ChatKind
from shared.deliveries.models import Delivery
from shared.events import EventRow
from shared.notify import hearing, ladder
from shared.notify.hearing import Subject
from shared.notify.models import Escalation, NotifyRule, NotifyStep, NotifyWish
from shared.orders import operations as orders
from shared.orders import queries
from shared.orders.models import Order
from shared.people.models import Person, PersonArea, Role
from shared.sla import alerts
from shared.talk.models import OrderQuestion
from tests import factories
from tests.factories import Town

NADIA, DEWI, HENDRA, SARI = 5512001, 5512904, 5512905, 5512906
YULI = "Yuli Astuti"


def at(hour: int, minute: int = 0, day: int = 19) -> datetime:
    """A moment of November 2026 in Sidoarjo; 19 is a Thursday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    town = await factories.town(session)
    people = ((town.helpdesk, NADIA), (town.leader, DEWI), (town.supervisor, HENDRA), (town.admin, SARI))
    for person, number in people:
        await session.execute(update(Person).where(Person.id == person.id).values(telegram_id=number))
        if await session.get(Chat, number) is None:
            session.add(Chat(id=number, kind=ChatKind.PRIVATE, title=person.name))
    await session.execute(update(NotifyStep).values(since=at(0, day=1)))
    await session.commit()
    return town


async def taken(session: AsyncSession, here: Town, moment: datetime) -> int:
    """An order that Nadia took at a moment."""
    with clock.stopped_at(moment - timedelta(minutes=5)):
        made = await factories.order(session, here)
    await changed(session, here, made.id, moment, "OGP")
    return made.id


async def changed(
    session: AsyncSession, here: Town, order_id: int, moment: datetime, status: str, reason: str = "", note: str = ""
) -> None:
    viewer = await factories.viewer(session, here.helpdesk)
    data = await queries.master(session)
    found = next((row.id for row in data.reasons.values() if row.label_id == reason), None)
    version = (await queries.by_id(session, viewer, order_id)).order.version
    with clock.stopped_at(moment):
        await orders.change_status(
            session, viewer, order_id, version=version, new=status, reason_id=found, note=note, source="web"
        )
    await session.commit()


async def rung(session: AsyncSession, moment: datetime) -> list[int]:
    """A look at a moment, and that what it told is heard: whom it reached, in order."""
    before = await session.scalar(select(func.coalesce(func.max(Delivery.id), 0)))
    with clock.stopped_at(moment):
        await ladder.ring(session)
        await session.commit()
        rows = (await session.scalars(select(EventRow).where(EventRow.name == "clock.alerted"))).all()
        for row in rows:
            await ears.hear(f"order:{row.order_id}" if row.order_id else f"event:{row.id}")
    told = select(Delivery.chat_id).where(Delivery.id > before, Delivery.kind == "clock")
    return sorted((await session.scalars(told)).all())


async def test_a_silent_order_climbs_the_ladder_a_step_at_a_time_and_a_new_fact_arms_it_anew(
    session: AsyncSession, here: Town
) -> None:
    order_id = await taken(session, here, at(9))
    assert await rung(session, at(9, 59)) == []
    assert await rung(session, at(10, 1)) == [NADIA]  # the holder
    assert await rung(session, at(10, 2)) == []
    assert await rung(session, at(11, 1)) == [DEWI]
    assert await rung(session, at(13, 1)) == [HENDRA]
    assert await rung(session, at(14)) == []
    await changed(session, here, order_id, at(14), "OGP", note="Menunggu ODP")  # a word is a sign of life
    assert await rung(session, at(15, 1)) == [NADIA]
    await changed(session, here, order_id, at(15, 2), "SELESAI")
    assert await rung(session, at(16, 59)) == []


async def test_who_was_away_hears_the_highest_step_alone_and_nights_do_not_count(
    session: AsyncSession, here: Town
) -> None:
    await taken(session, here, at(16, 30))
    assert await rung(session, at(7, 59, day=20)) == []  # half an hour of work has passed
    assert await rung(session, at(8, 31, day=20)) == [NADIA]
    await taken(session, here, at(9, day=20))
    assert await rung(session, at(16, day=20)) == [HENDRA, HENDRA]
    assert [row.step for row in await session.scalars(select(Escalation).order_by(Escalation.at))] == [1, 3, 3]
    words = [row.payload["text"] for row in await session.scalars(select(Delivery).where(Delivery.chat_id == HENDRA))]
    assert sorted("tingkat di bawahnya" in each for each in words) == [False, True]  # one heard it at step 1


async def test_what_happened_in_the_meantime_leaves_everybody_in_peace(session: AsyncSession, here: Town) -> None:
    order_id = await taken(session, here, at(9))
    with clock.stopped_at(at(10, 1)):
        assert await ladder.ring(session) == 1
    await session.commit()
    await changed(session, here, order_id, at(10, 1), "SELESAI")
    assert await rung(session, at(10, 2)) == []


async def test_a_pause_a_question_and_an_import_have_ladders_too(session: AsyncSession, here: Town) -> None:
    paused = await taken(session, here, at(9))
    await changed(session, here, paused, at(9, 10), "KENDALA", "Pelanggan minta tunda", "Minggu depan")
    order = await session.get_one(Order, paused)
    assert order.running_since is None
    assert await rung(session, at(9, day=20)) == []
    assert await rung(session, at(9, 11, day=20)) == [NADIA]
    asked = await taken(session, here, at(9, day=20))
    question = OrderQuestion(order_id=asked, asked_by=here.leader.id, words="Port berapa?", at=at(9, 12, day=20))
    session.add(question)
    session.add(
        ImportBatch(
            kind=Kind.ORDERS, state=BatchState.READY, name="o.csv", size=1, sha256="x", source="web",
            uploaded_by=here.admin.id, uploaded_at=at(9, 20, day=20),
        )
    )  # fmt: skip
    await session.commit()
    assert await rung(session, at(9, 43, day=20)) == [DEWI]  # who asked
    assert await rung(session, at(10, 21, day=20)) == [DEWI, SARI]  # the question's second step, and the import
    await session.execute(update(OrderQuestion).values(answered_at=at(10, 22, day=20)))
    await session.execute(update(ImportBatch).values(state=BatchState.APPLIED))
    await session.commit()
    assert await rung(session, at(11, 20, day=20)) == []  # an answer is a sign of life


async def test_a_step_that_reaches_nobody_goes_to_the_next_and_at_last_to_an_admin(
    session: AsyncSession, here: Town
) -> None:
    await session.execute(update(Person).where(Person.id == here.leader.id).values(telegram_id=None))
    own = {"holder": here.helpdesk.id}
    hears = await hearing.ladder(session, "silent", 2, Subject(here.site.id, own=own))
    assert [each.chat_id for each in hears] == [HENDRA]
    session.add(NotifyRule(kind="silent", step=2, sto_id=here.tun.id, audience="person", person_id=here.helpdesk.id))
    session.add(NotifyRule(kind="silent", step=2, audience="helpdesk"))
    only_tun = update(PersonArea).where(PersonArea.person_id == here.collector.id)
    await session.execute(update(Person).where(Person.id == here.collector.id).values(role=Role.HELPDESK))
    await session.execute(only_tun.values(site_operation_id=None, sto_id=here.tun.id))
    for sto, hear in ((here.sda, {"Nadia Putri", "Rudi Hartono"}), (here.tun, {"Nadia Putri", "Rudi Hartono", YULI})):
        hears = await hearing.ladder(session, "silent", 2, Subject(here.site.id, sto.id, own))
        assert {each.name for each in hears} - {here.leader.name} == hear, "nobody hears of an STO beyond its area"
    await session.execute(delete(NotifyRule).where(NotifyRule.audience == "helpdesk"))
    hears = await hearing.ladder(session, "silent", 2, Subject(here.site.id, here.sda.id, own))
    assert [each.chat_id for each in hears] == [HENDRA], "the rule is of the other STO"
    await session.execute(delete(NotifyRule))
    assert SARI in [each.chat_id for each in await hearing.ladder(session, "silent", 2, Subject(here.site.id, own=own))]


async def test_a_late_order_that_nobody_takes_climbs_past_the_leader_until_it_is_taken(
    session: AsyncSession, here: Town
) -> None:
    with clock.stopped_at(at(9)):
        order_id = (await factories.order(session, here)).id
    await session.commit()
    for moment, told in ((at(10), 1), (at(10, 1), 0)):
        with clock.stopped_at(moment):
            assert await alerts.ring(session) == told
        await session.commit()
    assert await rung(session, at(10, 59)) == []
    assert await rung(session, at(11, 1)) == [HENDRA]
    await session.execute(update(Order).values(due_at=at(10, 30)))  # the unit's hours were changed: nothing new
    await session.commit()
    assert await rung(session, at(11, 2)) == []
    assert await rung(session, at(13, 1)) == [SARI]
    assert await rung(session, at(14, 1, day=20)) == []
    [first, second] = await session.scalars(select(Delivery).where(Delivery.kind == "clock").order_by(Delivery.id))
    assert first.payload["text"].splitlines()[1].startswith("STO SDA · seharusnya selesai")
    buttons = [[key["text"] for key in each.payload["reply_markup"]["inline_keyboard"][0]] for each in (first, second)]
    assert buttons == [["Cek progres"], ["Ambil", "Atur"]], "only an admin of these two may take an order"
    assert "tingkat di bawahnya" in second.payload["text"]
    await changed(session, here, order_id, at(15, day=20), "OGP")
    assert set(await rung(session, at(16, 1, day=20))) == {NADIA}, "taken, it is the holder's"
    await changed(session, here, order_id, at(16, 2, day=20), "BARU")  # given back: that is new
    assert await rung(session, at(8, 1, day=21)) == []
    assert await rung(session, at(9, 3, day=21)) == [HENDRA]


async def test_a_chat_that_blocked_the_bot_is_as_good_as_nobody(session: AsyncSession, here: Town) -> None:
    await taken(session, here, at(9))
    await session.execute(update(Chat).where(Chat.id == DEWI).values(held="the bot was blocked by the user"))
    await session.commit()
    assert await rung(session, at(11, 1)) == [HENDRA], "the leader's step goes to the supervisor"
    await session.execute(update(Chat).values(held="the bot was blocked by the user"))
    await session.commit()
    assert await rung(session, at(15)) == [HENDRA], "with nobody to hear it, it waits where it belongs"


async def test_wishes_hold_for_the_first_word_and_never_for_an_escalation(session: AsyncSession, here: Town) -> None:
    nadia = (await hearing.who(session, "silent", 1, Subject(here.site.id, own={"holder": here.helpdesk.id})))[0]
    wish = NotifyWish(
        person_id=here.helpdesk.id, muted=["paused.1"], quiet_from=time(20), quiet_to=time(7), hourly=True
    )
    session.add(wish)
    await session.flush()
    with clock.stopped_at(at(9, 20)):
        assert (await hearing.when(session, nadia, "silent", 1, here.site.zone)).not_before == at(10)
        assert (await hearing.when(session, nadia, "paused", 1, here.site.zone)).muted
        assert await hearing.when(session, nadia, "paused", 2, here.site.zone) == hearing.When()
    with clock.stopped_at(at(23, 20)):
        assert (await hearing.when(session, nadia, "silent", 1, here.site.zone)).not_before == at(7, day=20)
        assert await hearing.when(session, nadia, "sla_late", 1, here.site.zone) == hearing.When()


async def test_a_rule_may_name_a_group_with_its_topic_and_a_language(session: AsyncSession, here: Town) -> None:
    await session.execute(delete(NotifyRule).where(NotifyRule.kind == "silent"))
    session.add(Chat(id=-100777, kind=ChatKind.SUPERGROUP, title="Eskalasi"))
    await session.flush()
    session.add(NotifyRule(kind="silent", step=1, audience="chat", chat_id=-100777, thread_id=4, language="en"))
    session.add(
        NotifyRule(kind="silent", step=1, audience="chat", chat_id=-100777, site_operation_id=here.other_site.id)
    )
    await taken(session, here, at(9))
    assert await rung(session, at(10, 1)) == [-100777]
    sent = (await session.scalars(select(Delivery).where(Delivery.kind == "clock"))).one()
    assert sent.payload["message_thread_id"] == 4
    assert "Taken, then silent" in sent.payload["text"]


async def test_what_quiet_hours_hold_back_is_withdrawn_when_the_order_moves_on(
    session: AsyncSession, here: Town
) -> None:
    session.add(NotifyWish(person_id=here.helpdesk.id, muted=[], hourly=True))
    order_id = await taken(session, here, at(9))
    assert await rung(session, at(10, 1)) == [NADIA]  # to leave at eleven, with the others of that hour
    await changed(session, here, order_id, at(10, 5), "SELESAI")
    with clock.stopped_at(at(10, 6)):
        await ears.hear(f"order:{order_id}")
    states = await session.scalars(select(Delivery.state).where(Delivery.kind == "clock"))
    assert [state.value for state in states] == ["cancelled"]
