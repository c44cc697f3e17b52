"""Reports on a schedule: each time is told once, late ones within their grace, and only to those who may still read."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.reports import send_report
from shared import clock
from shared.chats import operations as chats
from shared.chats.models import GroupBinding, Purpose
from shared.db import transaction
from shared.deliveries.models import Delivery, DeliveryFile
from shared.errors import Invalid, NotAllowed, NotFound
from shared.events import EventRow
from shared.orders import board, queries
from shared.orders import operations as orders
from shared.people import operations as people
from shared.people.models import Person, Role
from shared.people.queries import viewer_of
from shared.reports import groups, presets, recap, schedules
from shared.reports.events import ReportDue
from shared.reports.models import ReportRun, ReportSchedule
from shared.reports.recap_scope import Scope
from shared.reports.say import MOST_LINES
from shared.reports.schedules import Wish, next_due
from shared.reports.ticks import GRACE, tick
from tests import factories

MORNING = Wish("yesterday", time(7, 0))


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """So late in Jakarta on a day of November 2026."""
    return datetime.combine(datetime(2026, 11, day, tzinfo=UTC).date(), time(hour, minute), UTC) - timedelta(hours=7)


async def scheduled(session: AsyncSession, person: Person, wish: Wish = MORNING, *, now: datetime) -> ReportSchedule:
    with clock.stopped_at(now):
        return await schedules.make(session, await viewer_of(session, person), wish, source="web")


async def ticked(session: AsyncSession, now: datetime) -> list[EventRow]:
    """What the relay tells at this moment."""
    known = set(await session.scalars(select(EventRow.id)))
    with clock.stopped_at(now):
        await tick(session)
    rows = await session.scalars(select(EventRow).where(EventRow.name == ReportDue.name).order_by(EventRow.id))
    return [row for row in rows if row.id not in known]


async def heard(session: AsyncSession, row: EventRow, now: datetime) -> list[Delivery]:
    """What the notifier makes of it."""
    with clock.stopped_at(now):
        await send_report(session, row, ReportDue.read(row.payload))
    return list(await session.scalars(select(Delivery).where(Delivery.event_id == row.id).order_by(Delivery.id)))


async def runs(session: AsyncSession) -> list[tuple[str, str, int]]:
    rows = await session.scalars(select(ReportRun).order_by(ReportRun.due_at).execution_options(populate_existing=True))
    return [(row.state, row.why, row.missed) for row in rows]


async def linked(session: AsyncSession) -> tuple[factories.Town, Person]:
    """A town whose team leader has Telegram."""
    here = await factories.town(session)
    here.leader.telegram_id = 5512070
    await session.flush()
    return here, here.leader


@pytest.mark.parametrize(
    ("kind", "day", "after", "due"),
    [
        ("yesterday", 1, at(6, 59), at(7)),
        ("yesterday", 1, at(7), at(7, day=23)),
        ("today", 1, at(23, 59), at(7, day=23)),
        ("month", 22, at(6, 59), at(7)),
        ("month", 22, at(7), at(7) + timedelta(days=30)),
        ("month", 28, at(7, day=28), at(7, day=28) + timedelta(days=30)),
        ("pareto", 1, at(6), at(7, day=23)),  # the 22nd is a Sunday
        ("pareto", 7, at(6), at(7)),
        ("pareto", 7, at(7), at(7, day=29)),
    ],
)
def test_the_next_time_is_the_first_one_after_now(kind: str, day: int, after: datetime, due: datetime) -> None:
    assert next_due(kind, day, time(7), "Asia/Jakarta", after) == due


async def test_a_time_is_told_once_however_often_it_is_looked_at(session: AsyncSession) -> None:
    _, leader = await linked(session)
    await scheduled(session, leader, now=at(6))
    assert await ticked(session, at(6, 59)) == []
    assert len(await ticked(session, at(7))) == 1
    assert await ticked(session, at(7)) == []
    assert await ticked(session, at(12)) == []
    assert len(await ticked(session, at(7, 1, day=23))) == 1
    assert [state for state, _, _ in await runs(session)] == ["due", "due"]


async def test_two_relays_at_the_same_moment_tell_it_once(database: str) -> None:
    async with transaction() as session:
        _, leader = await linked(session)
        await scheduled(session, leader, now=clock.now() - timedelta(days=1))
        await session.execute(text("UPDATE report_schedule SET next_at = now() - interval '1 minute'"))

    async def relay() -> int:
        async with transaction() as session:
            return await tick(session)

    assert sum(await asyncio.gather(*(relay() for _ in range(6)))) == 1
    async with transaction() as session:  # one that forgot where it stood, as after a restore, is stopped by the row
        await session.execute(text("UPDATE report_schedule SET next_at = (SELECT due_at FROM report_run)"))
        assert await tick(session) == 0
        assert len((await session.scalars(select(EventRow).where(EventRow.name == ReportDue.name))).all()) == 1


async def test_a_late_one_within_its_grace_is_sent_and_an_older_one_is_passed_over(session: AsyncSession) -> None:
    _, leader = await linked(session)
    await scheduled(session, leader, now=at(6, day=19))
    assert await ticked(session, at(7) + GRACE + timedelta(minutes=1)) == []  # away since the 19th, back too late
    assert await runs(session) == [("skipped", "late", 4)]
    [row] = await ticked(session, at(7, day=23) + GRACE)
    message, _ = await heard(session, row, at(13, day=23))
    assert "4 laporan sebelum ini tidak dikirim" in message.payload["text"]
    assert await runs(session) == [("skipped", "late", 4), ("sent", "", 1)]
    [row] = await ticked(session, at(7, day=24))
    message, _ = await heard(session, row, at(7, day=24))
    assert "tidak dikirim" not in message.payload["text"]


async def test_what_is_sent_is_what_the_page_counts(session: AsyncSession) -> None:
    here, leader = await linked(session)
    with clock.stopped_at(at(9, day=21)):
        for _ in range(3):
            await factories.order(session, here)
        await factories.order(session, here, sto="TUN", odp=None, technician_code=None)
    await scheduled(session, leader, now=at(6))
    [row] = await ticked(session, at(7))
    message, document = await heard(session, row, at(7))
    day = at(9, day=21).date()
    with clock.stopped_at(at(7)):
        found = await recap.daily(session, await viewer_of(session, leader), Scope(day, day))
    words = message.payload["text"]
    for line in found.stos:
        assert f"{line.code:<7}{line.sums.received:>6}" in words
    assert f"Jumlah {found.total.received:>6}" in words
    assert "/laporan/harian?dari=2026-11-21&amp;sampai=2026-11-21" in words
    assert (message.chat_id, document.chat_id) == (5512070, 5512070)
    assert (document.method, document.payload["document"]) == ("sendDocument", "attach://file")
    kept = await session.get(DeliveryFile, document.file_id)
    assert kept is not None
    assert kept.name == "laporan-harian-2026-11-21.xlsx"
    assert kept.body[:2] == b"PK"


@pytest.mark.parametrize(("kind", "language"), [("month", "id"), ("today", "en"), ("month", "en"), ("yesterday", "id")])
async def test_every_kind_fits_into_one_message(session: AsyncSession, kind: str, language: str) -> None:
    here, leader = await linked(session)
    leader.language = language
    with clock.stopped_at(at(9, day=21)):
        await factories.order(session, here)
    with clock.stopped_at(at(6, day=22)):
        await factories.order(session, here)
    await scheduled(session, leader, Wish(kind, time(7), day=1), now=at(6))
    due = next_due(kind, 1, time(7), "Asia/Jakarta", at(6))
    [row] = await ticked(session, due)
    message, *_, document = await heard(session, row, due)
    words = message.payload["text"]
    assert len(words) < 4096
    assert len(document.payload["caption"]) < 1024
    assert ("Buka di SIKPRO" in words) == (language == "id")
    assert "<pre>" in words
    assert MOST_LINES * 34 + 800 < 4096


async def _disable(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    await people.disable(session, here.leader.id)


async def _demote(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    here.leader.role = Role.HELPDESK
    await session.flush()


async def _without_area(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    await session.execute(text("DELETE FROM person_area WHERE person_id = :who"), {"who": here.leader.id})


async def _unlink(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    here.leader.telegram_id = None
    await session.flush()


async def _pause(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    await schedules.switch(session, await viewer_of(session, here.leader), row.id, on=False, source="web")


async def _end(session: AsyncSession, here: factories.Town, row: ReportSchedule) -> None:
    await schedules.end(session, await viewer_of(session, here.leader), row.id, source="web")


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (_disable, "person_off"),
        (_demote, "no_right"),
        (_without_area, "no_area"),
        (_unlink, "no_telegram"),
        (_pause, "paused"),
        (_end, "ended"),
    ],
)
async def test_who_may_no_longer_read_it_when_it_leaves_gets_nothing(
    session: AsyncSession, meanwhile: Callable[..., Awaitable[Any]], why: str
) -> None:
    here, leader = await linked(session)
    row = await scheduled(session, leader, now=at(6))
    [event] = await ticked(session, at(7))
    await meanwhile(session, here, row)
    await session.refresh(row)
    await session.refresh(leader)
    assert await heard(session, event, at(7)) == []
    assert await runs(session) == [("skipped", why, 1)]


async def test_the_area_is_that_of_the_moment_it_leaves(session: AsyncSession) -> None:
    here, leader = await linked(session)
    with clock.stopped_at(at(9, day=21)):
        await factories.order(session, here)
        await factories.order(session, here, by=here.outsider, sto="SPJ", odp=None, technician_code=None)
    await scheduled(session, leader, now=at(6))
    [event] = await ticked(session, at(7))
    await session.execute(
        text("UPDATE person_area SET site_operation_id = :to WHERE person_id = :who"),
        {"to": here.other_site.id, "who": leader.id},
    )
    message, _ = await heard(session, event, at(7))
    assert "SPJ" in message.payload["text"]
    assert "SDA" not in message.payload["text"]


async def test_a_schedule_is_its_owner_s_alone(session: AsyncSession) -> None:
    here, leader = await linked(session)
    row = await scheduled(session, leader, now=at(6))
    other = await viewer_of(session, here.supervisor)
    for work in (
        schedules.find(session, other, row.id),
        schedules.change(session, other, row.id, MORNING, source="web"),
        schedules.switch(session, other, row.id, on=False, source="web"),
        schedules.end(session, other, row.id, source="web"),
    ):
        with pytest.raises(NotFound):
            await work
    with pytest.raises(NotAllowed):
        await schedules.make(session, await viewer_of(session, here.helpdesk), MORNING, source="web")


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (Wish("weekly", time(7)), {"kind": "unknown"}),
        (Wish("month", time(7), day=31), {"day": "range"}),
        (Wish("today", time(7), sto="SPJ"), {"sto": "unknown"}),  # not of this area
        (Wish("today", time(7), type="XX"), {"type": "unknown"}),
        (MORNING, {"at": "double"}),
    ],
)
async def test_what_cannot_be_scheduled_is_named(session: AsyncSession, wish: Wish, wrong: dict[str, str]) -> None:
    _, leader = await linked(session)
    await scheduled(session, leader, now=at(6))
    with pytest.raises(Invalid) as said:
        await scheduled(session, leader, wish, now=at(6))
    assert said.value.fields == wrong


async def test_a_paused_one_goes_on_from_its_next_time_and_makes_up_for_none(session: AsyncSession) -> None:
    _, leader = await linked(session)
    viewer = await viewer_of(session, leader)
    row = await scheduled(session, leader, now=at(6))
    with clock.stopped_at(at(6, 30)):
        assert await schedules.switch(session, viewer, row.id, on=False, source="web")
        assert not await schedules.switch(session, viewer, row.id, on=False, source="web")
    assert await ticked(session, at(7, day=25)) == []
    with clock.stopped_at(at(8, day=25)):
        await schedules.switch(session, viewer, row.id, on=True, source="web")
    assert await ticked(session, at(23, day=25)) == []
    assert len(await ticked(session, at(7, day=26))) == 1
    assert await runs(session) == [("due", "", 1)]


async def test_the_morning_s_list_has_the_queue_s_own_counts_and_its_most_urgent_orders(session: AsyncSession) -> None:
    here, leader = await linked(session)
    with clock.stopped_at(at(9, day=21)):
        late = await factories.order(session, here)
    with clock.stopped_at(at(6, 50)):
        young = await factories.order(session, here)
        await factories.order(session, here, by=here.outsider, sto="SPJ", odp=None, technician_code=None)
    await scheduled(session, leader, Wish("morning", time(7)), now=at(6))
    [row] = await ticked(session, at(7))
    [message] = await heard(session, row, at(7))
    words = message.payload["text"]
    with clock.stopped_at(at(7)):
        viewer = await viewer_of(session, leader)
        for tab, said in (
            ("aktif", "Aktif"),
            ("belum", "Belum diambil"),
            ("lewat", "Lewat SLA"),
            ("kendala", "Kendala"),
        ):
            assert f"{said:<13} {await board.total(session, viewer, board.Filters(view=tab)):>5}" in words
    assert words.index(late.registration_no) < words.index(young.registration_no)
    assert "/order?tampilan=lewat" in words


async def test_the_week_s_obstacles_are_ranked_as_the_page_ranks_them_with_a_file(session: AsyncSession) -> None:
    here, leader = await linked(session)
    viewer = await viewer_of(session, here.helpdesk)
    data = await queries.master(session)
    for label, hours in (("ODP penuh", 3), ("Redaman tinggi", 1)):
        reason = next(row.id for row in data.reasons.values() if row.label_id == label)
        with clock.stopped_at(at(9, day=18)):
            made = await factories.order(session, here)
            moved = await orders.change_status(session, viewer, made.id, 1, "OGP", source="web")
            moved = await orders.change_status(
                session, viewer, made.id, moved.order.version, "KENDALA", source="web", reason_id=reason, note="x"
            )
        with clock.stopped_at(at(9 + hours, day=18)):
            version = moved.order.version
            moved = await orders.change_status(session, viewer, made.id, version, "OGP", source="web")
            await orders.change_status(session, viewer, made.id, moved.order.version, "SELESAI", source="web")
    await scheduled(session, leader, Wish("pareto", time(7), day=1), now=at(6))
    [row] = await ticked(session, at(7, day=23))
    message, document = await heard(session, row, at(7, day=23))
    words = message.payload["text"]
    assert "16 Nov 2026 – 22 Nov 2026" in words
    assert re.search(r"ODP penuh +1 +75,0% +75,0%\nRedaman tinggi +1 +25,0% +100,0%", words)
    assert "dari=2026-11-16" in words
    assert document.method == "sendDocument"


async def test_the_month_comes_with_a_picture_and_its_file(session: AsyncSession) -> None:
    here, leader = await linked(session)
    with clock.stopped_at(at(9, day=10)):
        await factories.order(session, here)
    await scheduled(session, leader, Wish("month", time(7), day=1), now=at(6))
    [row] = await ticked(session, at(7, day=30) + timedelta(days=1))
    said, shown, document = await heard(session, row, at(7, day=30) + timedelta(days=1))
    assert [each.method for each in (said, shown, document)] == ["sendMessage", "sendPhoto", "sendDocument"]
    kept = await session.get_one(DeliveryFile, shown.file_id)
    assert kept.body.startswith(b"\x89PNG")
    assert len(kept.body) < 60_000


async def test_a_group_gets_the_figures_of_its_unit_in_its_topic_as_the_page_counts_them(session: AsyncSession) -> None:
    here, leader = await linked(session)
    await chats.bind(session, factories.HELPDESK_CHAT, Purpose.HELPDESK, thread_id=7, sto_id=here.tun.id)
    with clock.stopped_at(at(9, day=21)):
        await factories.order(session, here)
        for sto, by in (("TUN", None), ("TUN", None), ("SPJ", here.outsider)):
            await factories.order(session, here, by=by, sto=sto, odp=None, technician_code=None)
    bound = {each.unit: each for each in (await groups.targets(session, await viewer_of(session, leader))).values()}
    assert set(bound) == {"SO-SDA", "TUN"}
    outsider = await viewer_of(session, here.outsider)
    assert await groups.targets(session, outsider) == {}, "a helpdesk arranges nothing for groups"
    day = at(9, day=21).date()
    for unit, chat, thread in (("SO-SDA", factories.TECHNICIAN_CHAT, None), ("TUN", factories.HELPDESK_CHAT, 7)):
        target = next(each for each in bound.values() if each.unit == unit)
        row = await scheduled(session, leader, Wish("yesterday", time(7), group=target.binding_id), now=at(6))
        with pytest.raises(Invalid):
            await scheduled(session, leader, Wish("yesterday", time(7), sto="SPJ", group=target.binding_id), now=at(6))
        [event] = await ticked(session, at(7))
        message, document = await heard(session, event, at(7))
        assert {message.chat_id, document.chat_id} <= {chat, factories.HELPDESK_CHAT}
        assert message.payload.get("message_thread_id") == document.payload.get("message_thread_id") == thread
        scope = Scope(day, day, site="SO-SDA", sto="TUN" if unit == "TUN" else "")
        with clock.stopped_at(at(7)):
            found = await recap.daily(session, await viewer_of(session, here.admin), scope)
        assert found.total.received == (2 if unit == "TUN" else 3)
        assert f"{found.total.received:>6}" in message.payload["text"]
        assert "so=SO-SDA" in message.payload["text"]
        assert f"Wilayah: {unit}" in message.payload["text"]
        boss = await viewer_of(session, here.supervisor)
        with clock.stopped_at(at(8)):
            assert await schedules.switch(session, boss, row.id, on=False, source="web")
            assert await schedules.switch(session, boss, row.id, on=True, source="web")
        await session.execute(update(GroupBinding).where(GroupBinding.id == target.binding_id).values(active=False))
        [event] = await ticked(session, at(7, day=23))
        assert await heard(session, event, at(7, day=23)) == []
        assert (await runs(session))[-1][:2] == ("skipped", "no_group")
        await session.execute(text("DELETE FROM report_run"))
        await session.execute(text("DELETE FROM report_schedule"))


async def test_the_house_lays_its_own_schedules_once_and_an_ended_one_stays_ended(session: AsyncSession) -> None:
    here, leader = await linked(session)
    here.site.zone = "Asia/Makassar"
    await scheduled(session, leader, Wish("pareto", time(9), day=3), now=at(6))
    with clock.stopped_at(at(6)):
        assert [await presets.lay(session), await presets.lay(session)] == [6, 0]
    rows = {
        (row.person_id, row.kind): row
        for row in await session.scalars(select(ReportSchedule).where(ReportSchedule.preset.is_not(None)))
    }
    assert set(rows) == {
        (here.leader.id, "morning"),
        (here.leader.id, "pareto"),
        (here.leader.id, "month"),
        (here.supervisor.id, "pareto"),
        (here.supervisor.id, "month"),
        (None, "today"),  # to the helpdesk's group
    }
    morning = rows[leader.id, "morning"]
    assert (morning.zone, morning.next_at) == ("Asia/Makassar", at(6, 30))
    assert rows[None, "today"].at == here.site.closes
    assert rows[leader.id, "pareto"].ended_at is not None, "he has one of his own already"
    mine = await viewer_of(session, leader)
    assert {each.row.kind for each in await schedules.of_groups(session, mine)} == {"today"}
    await schedules.end(session, mine, morning.id, source="web")
    with clock.stopped_at(at(9)):
        assert await presets.lay(session) == 0
