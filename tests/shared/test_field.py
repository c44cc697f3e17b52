"""What collectors are told without asking, once: promises, a day that is over, a card that goes, accounts sent."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import listeners_arrears as listeners
from shared import clock
from shared.arrears import days, field, operations, promises, queries, reminders, sending, spoken, visits
from shared.arrears.events import AccountsSent, FieldDayEnded, PromisesDue
from shared.arrears.models import Account, Assignment, Result, Visit
from shared.arrears.visits import Call, Report
from shared.chats.models import Chat, ChatKind
from shared.deliveries import passing
from shared.deliveries.models import Delivery, State
from shared.errors import Invalid
from shared.events import Event, EventRow
from shared.people import operations as people
from shared.people.access import Viewer
from shared.people.models import Role
from tests import factories
from tests.factories import Town

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)  # a Monday, 12:00 in Sidoarjo
MONDAY = date(2026, 11, 23)


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    return await factories.town(session)


@pytest.fixture
async def yuli(session: AsyncSession, here: Town) -> Viewer:
    return await factories.viewer(session, here.collector)


async def account(session: AsyncSession, here: Town, n: int, **given: object) -> Account:
    made = Account(
        **{
            "internet_no": f"1523{n:08d}",
            "name": f"Budi {n}",
            "sto_id": here.sda.id,
            "amount": 400_000,
            "months": 2,
            "collector_id": here.collector.id,
        }
        | given
    )
    session.add(made)
    await session.flush()
    return made


E = TypeVar("E", bound=Event)


async def events(session: AsyncSession, kind: type[E]) -> list[tuple[EventRow, E]]:
    rows = (await session.scalars(select(EventRow).where(EventRow.name == kind.name).order_by(EventRow.id))).all()
    return [(row, kind.read(row.payload)) for row in rows]


async def told(session: AsyncSession, kind: str) -> list[Delivery]:
    return list((await session.scalars(select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id))).all())


async def test_a_promise_is_reminded_of_the_day_before_and_on_the_day_once(
    session: AsyncSession, here: Town, yuli: Viewer
) -> None:
    one = await account(session, here, 1)
    with clock.stopped_at(NOON - timedelta(days=3)):
        call = Call(Result.PROMISE, due=MONDAY, amount=250_000)
        await visits.record(session, yuli, one.id, call, Report(), source="bot")
        assert await reminders.tick(session) == 0
    for at, many in (
        (NOON - timedelta(days=1, hours=6), 0),  # 06:00: nobody is woken
        (NOON - timedelta(days=1), 1),
        (NOON - timedelta(hours=23), 0),
        (NOON, 1),
        (NOON + timedelta(hours=1), 0),
    ):
        with clock.stopped_at(at):
            assert await reminders.tick(session) == many, at
    before, on_day = await events(session, PromisesDue)
    for each in (before, on_day, on_day):
        await listeners.remind(session, *each)
    texts = [row.payload["text"] for row in await told(session, "promises")]
    assert len(texts) == 2
    assert texts[0].startswith("<b>Janji bayar besok, 23 Nov: 1 pelanggan.</b>")
    assert "• B*** 1*** <code>1523****0001</code>, Rp 250.000" in texts[1]
    with clock.stopped_at(NOON):
        await operations.visit(session, yuli, one.id, Call(Result.PROMISE, due=MONDAY + timedelta(4)), source="web")
    await session.execute(delete(Delivery))
    await listeners.remind(session, *on_day)
    assert await told(session, "promises") == [], "a replaced promise is not reminded of"


async def test_the_day_is_summed_up_for_the_collector_and_the_office_once(
    session: AsyncSession, here: Town, yuli: Viewer
) -> None:
    here.leader.telegram_id = 5512004
    for n, call in enumerate((Call(Result.PROMISE, due=MONDAY, amount=150_000), Call(Result.NOBODY_HOME)), 1):
        one = await account(session, here, n)
        with clock.stopped_at(NOON):
            await visits.record(session, yuli, one.id, call, Report(), source="bot")
    for at, many in ((NOON, 0), (NOON + timedelta(hours=8), 2), (NOON + timedelta(hours=9), 0)):
        with clock.stopped_at(at):
            assert await reminders.end_of_day(session) == many
    for row, event in await events(session, FieldDayEnded):
        await listeners.sum_up(session, row, event)
    texts = {row.chat_id: row.payload["text"] for row in await told(session, "field_day")}
    assert texts[5512050] == (
        "<b>Hari Anda, 23 Nov: 2 kunjungan.</b>\njanji bayar 1, rumah kosong 1\nDijanjikan Rp 150.000"
    )
    assert "<b>Penagihan 23 Nov: 2 kunjungan oleh 1 petugas.</b>\nYuli Astuti: 2" in texts[5512004]


async def test_a_card_with_data_leaves_the_chat_and_the_ledger_after_its_minutes(session: AsyncSession) -> None:
    session.add(Chat(id=77, kind=ChatKind.PRIVATE, title="Yuli"))
    await session.flush()
    old = NOON - timedelta(minutes=15, seconds=1)
    for sent_at, message_id in ((old, 5), (NOON, 6)):
        session.add(
            Delivery(
                chat_id=77,
                kind=passing.PASSING,
                lane=0,
                method="sendMessage",
                payload={"text": "Budi"},
                state=State.SENT,
                sent_at=sent_at,
                message_id=message_id,
            )
        )
    await session.flush()
    with clock.stopped_at(NOON):
        assert [await passing.take_away(session, 15), await passing.take_away(session, 15)] == [1, 0]
    [gone] = await told(session, "take_away")
    assert (gone.method, gone.payload) == ("deleteMessage", {"message_id": 5})
    [left] = await told(session, "passed")
    assert left.payload == {}
    await passing.stays(session, 77, 6)
    assert await told(session, passing.PASSING) == []


async def test_the_office_sends_accounts_to_those_who_work_them(
    session: AsyncSession, here: Town, yuli: Viewer
) -> None:
    dewi = await factories.viewer(session, here.leader)
    mine = [await account(session, here, n, amount=n * 1000) for n in range(1, 12)]
    nobodys = await account(session, here, 20, collector_id=None)
    with pytest.raises(Invalid):
        await sending.send(session, dewi, [nobodys.id], source="web")
    assert await sending.send(session, dewi, [one.id for one in (*mine, nobodys)], source="web") == 1
    [(row, event)] = await events(session, AccountsSent)
    await listeners.send_accounts(session, row, event)
    [delivery] = await told(session, "accounts_sent")
    assert delivery.chat_id == 5512050
    assert "Dewi Lestari mengirim 11 pelanggan" in delivery.payload["text"]
    assert "dan 3 lainnya di /tugas" in delivery.payload["text"]
    button = delivery.payload["reply_markup"]["inline_keyboard"][0][0]
    assert button["callback_data"].startswith(f"akun:{mine[-1].id}:{yuli.person_id}:")
    await operations.assign(session, dewi, [nobodys.id], here.collector.id, source="web")
    [given] = (await session.scalars(select(Assignment))).all()
    assert (given.account_id, given.collector_id, given.by_id) == (nobodys.id, here.collector.id, here.leader.id)
    story = (await queries.facts(session, dewi, nobodys.id)).story
    assert ("assigned", "Dewi Lestari", {"to": "Yuli Astuti"}) in [
        (each.what, each.who, each.details) for each in story
    ]


async def test_the_list_goes_on_behind_its_cursor_and_prefers_near_ones_once_a_place_is_known(
    session: AsyncSession, here: Town, yuli: Viewer
) -> None:
    many = [await account(session, here, n, amount=400_000 + n, months=1) for n in range(12)]
    for n, foreign in enumerate(
        [{"sto_id": here.spj.id}, {"collector_id": None}, {"collector_id": here.technician.id}]
    ):
        await account(session, here, 80 + n, amount=900_000, **foreign)
        await account(session, here, 90 + n, promise_due=MONDAY, **foreign)
    with clock.stopped_at(NOON):
        seen: list[int] = []
        after = None
        while stops := await field.today(session, yuli, after):
            seen += [stop.account.id for stop in stops[: field.PAGE]]
            after = stops[: field.PAGE][-1].cursor
        assert seen == [one.id for one in reversed(many)]
        for one, north in ((many[0], -7.45), (many[3], -7.4501), (many[5], -7.5)):
            at = NOON if one is many[0] else NOON - timedelta(days=5)
            session.add(
                Visit(
                    account_id=one.id,
                    person_id=yuli.person_id,
                    at=at,
                    result=Result.NOBODY_HOME,
                    latitude=north,
                    longitude=112.7,
                    source="bot",
                )
            )
        many[0].last_visit_at = NOON
        await session.flush()
        near = await field.today(session, yuli, size=20)
        assert [near[0].account.id, near[-1].account.id] == [many[3].id, many[5].id]
        assert near[0].metres == 11
        rest = await field.today(session, yuli, near[4].cursor, size=20)
        assert [stop.account.id for stop in rest] == [stop.account.id for stop in near[5:]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("kosong", (Result.NOBODY_HOME, None, None)),
        ("Rumah kosong, pagar terkunci", (Result.NOBODY_HOME, None, None)),
        ("sudah bayar", (Result.PAID, None, None)),
        ("janji 25/11 300rb", (Result.PROMISE, date(2026, 11, 25), 300_000)),
        ("janji 300.000 besok", (Result.PROMISE, date(2026, 11, 24), 300_000)),
        ("janji bayar tgl 5 jan", (Result.PROMISE, date(2027, 1, 5), None)),
        ("janji senin", (Result.PROMISE, date(2026, 11, 30), None)),
        ("janji 1,5jt 28 Nov 2026", (Result.PROMISE, date(2026, 11, 28), 1_500_000)),
        ("lunasin nanti", None),
        ("", None),
    ],
)
def test_results_are_read_as_people_type_them(words: str, said: tuple[Result, date | None, int | None] | None) -> None:
    read = spoken.result(words, MONDAY)
    assert (read and (read.result, read.due, read.amount)) == said


async def test_days_and_hours_are_those_of_the_unit_that_an_account_lies_in(
    session: AsyncSession, here: Town, yuli: Viewer
) -> None:
    """The unit of SPJ is in Papua, two hours ahead of Sidoarjo."""
    here.leader.telegram_id = 5512004
    here.other_site.zone = "Asia/Jayapura"
    ani = await people.enter(session, "Ani", Role.COLLECTOR, telegram_id=5512051, sites=(here.other_site.id,))
    far = await factories.viewer(session, ani)
    west = await account(session, here, 1)
    east = await account(session, here, 2, sto_id=here.spj.id, collector_id=ani.id)
    night = NOON - timedelta(hours=13, minutes=30)  # Sunday 22:30 in Sidoarjo, Monday 00:30 in Papua
    for each, one in ((yuli, west), (far, east)):
        with clock.stopped_at(NOON - timedelta(days=3)):
            await visits.record(session, each, one.id, Call(Result.PROMISE, due=MONDAY), Report(), source="bot")
    with clock.stopped_at(night):
        assert await field.today(session, yuli) == []
        assert [stop.account.id for stop in await field.today(session, far)] == [east.id]
        due = {who.name: await promises.due_and_late(session, who) for who in (yuli, far)}
        assert [(mine.accounts, late.accounts) for mine, late in due.values()] == [(0, 0), (1, 0)]
        assert await reminders.tick(session) == 1, "of tomorrow, in Sidoarjo; in Papua they sleep"
    with clock.stopped_at(night + timedelta(hours=7, minutes=30)):  # 06:00 in Sidoarjo, 08:00 in Papua
        assert await reminders.tick(session) == 1
    for row, event in await events(session, PromisesDue):
        await listeners.remind(session, row, event)
    told_of = {row.chat_id: row.payload["text"].partition(",")[0] for row in await told(session, "promises")}
    assert told_of == {5512050: "<b>Janji bayar besok", 5512051: "<b>Janji bayar hari ini"}
    for each, one in ((yuli, west), (far, east)):
        with clock.stopped_at(night + timedelta(minutes=10)):
            await visits.record(session, each, one.id, Call(Result.NOBODY_HOME), Report(), source="bot")
        with clock.stopped_at(NOON):
            gone = [stop.account.id for stop in await field.today(session, each)]
            assert gone == ([west.id] if one is west else []), "the night's visit was yesterday's in Sidoarjo"
    assert [(await days.of_person(session, each.person_id, MONDAY)).visits for each in (yuli, far)] == [0, 1]
    for hours, names in ((5.9, []), (6, ["Ani"]), (8, [])):  # 18:00 in Sidoarjo is 20:00 in Papua
        with clock.stopped_at(NOON + timedelta(hours=hours)):
            many = await reminders.end_of_day(session)
        assert many == len(names), hours
    [(_, over)] = await events(session, FieldDayEnded)
    assert (over.person_id, over.day, over.office) == (ani.id, MONDAY, False), "nobody else was on the road that day"
