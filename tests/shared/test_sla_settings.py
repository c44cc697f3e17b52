"""Targets by unit and type, hours with breaks, and who is told: what they do to orders, and what they leave alone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Executable, event, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.audit.models import AuditRow
from shared.errors import Invalid, NotAllowed, NotFound
from shared.orders import operations as orders
from shared.orders import queries as order_queries
from shared.orders import sla_fields
from shared.orders.models import Order
from shared.orders.sla import Move, state, worked_seconds
from shared.places.models import SiteOperation
from shared.places.queries import unit_of
from shared.sla import alerts, operations, queries
from shared.sla.models import Level
from shared.sla.queries import Unit
from tests import factories
from tests.factories import Town
from tests.shared.test_sla import DAILY, MOMENTS, calendars, wib


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    return await factories.town(session)


def at(hour: int, minute: int = 0, day: int = 19) -> datetime:
    """A moment of Thursday 19 November 2026 in Sidoarjo."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


async def target(session: AsyncSession, here: Town, minutes: int | None, unit: Unit, day: date | None = None) -> None:
    supervisor = await factories.viewer(session, here.supervisor)
    await operations.set_target(session, supervisor, "AO", unit, minutes, day, source="web")


async def minutes_of(session: AsyncSession, here: Town, sto: str = "SDA") -> int:
    return (await factories.order(session, here, sto=sto)).target_seconds // 60


async def test_the_nearest_target_wins(session: AsyncSession, here: Town) -> None:
    with clock.stopped_at(at(9)):
        assert await minutes_of(session, here) == 60
        await target(session, here, 45, Unit(site=here.site.id))
        assert [await minutes_of(session, here, sto) for sto in ("SDA", "TUN", "SPJ")] == [45, 45, 60]
        await target(session, here, 30, Unit(sto=here.tun.id))
        assert [await minutes_of(session, here, sto) for sto in ("SDA", "TUN", "SPJ")] == [45, 30, 60]
    with clock.stopped_at(at(10)):
        await target(session, here, None, Unit(sto=here.tun.id))
        assert await minutes_of(session, here, "TUN") == 45


async def test_a_new_target_leaves_the_orders_that_are_there_alone(session: AsyncSession, here: Town) -> None:
    with clock.stopped_at(at(9)):
        order = await factories.order(session, here)
        await target(session, here, 5, Unit(site=here.site.id))
        await session.refresh(order)
        assert (order.target_seconds, order.due_at) == (3600, at(10))


async def test_a_planned_target_begins_with_its_day_in_the_units_zone(session: AsyncSession, here: Town) -> None:
    with clock.stopped_at(at(9)):
        await target(session, here, 20, Unit(site=here.site.id), date(2026, 11, 21))
        assert await minutes_of(session, here) == 60
    with clock.stopped_at(at(23, 59, day=20)):
        assert await minutes_of(session, here) == 60
    with clock.stopped_at(at(0, day=21)):
        assert await minutes_of(session, here) == 20


async def test_what_cannot_be_a_target_is_refused_and_nothing_is_kept(session: AsyncSession, here: Town) -> None:
    with clock.stopped_at(at(9)):
        for minutes, day, field in ((0, None, "minutes"), (30_000, None, "minutes"), (30, date(2026, 11, 18), "since")):
            with pytest.raises(Invalid) as refused:
                await target(session, here, minutes, Unit(site=here.site.id), day)
            assert list(refused.value.fields) == [field]
        with pytest.raises(NotFound):
            await target(session, here, 30, Unit(site=here.other_site.id))
        with pytest.raises(NotFound):
            await target(session, here, 30, Unit(sto=here.spj.id))
        leader = await factories.viewer(session, here.leader)
        with pytest.raises(NotAllowed):
            await operations.set_target(session, leader, "AO", Unit(site=here.site.id), 30, None, source="web")
        assert await queries.targets(session) == {}


async def test_a_whole_site_is_not_for_who_holds_a_part_of_it(session: AsyncSession, here: Town) -> None:
    from shared.people import operations as people
    from shared.people.models import Role

    part = await people.enter(session, "Separuh", Role.SUPERVISOR, username="separuh", stos=(here.sda.id,))
    viewer = await factories.viewer(session, part)
    await operations.set_target(session, viewer, "AO", Unit(sto=here.sda.id), 30, None, source="web")
    with pytest.raises(NotFound):
        await operations.set_target(session, viewer, "AO", Unit(site=here.site.id), 30, None, source="web")


async def finished(session: AsyncSession, here: Town, minutes: int, sto: str = "SDA") -> None:
    admin = await factories.viewer(session, here.admin)
    with clock.stopped_at(at(9)):
        order = await factories.order(session, here, sto=sto)
    with clock.stopped_at(at(9) + timedelta(minutes=minutes)):
        await orders.change_status(session, admin, order.id, 1, "SELESAI", source="web")


async def test_a_preview_counts_last_months_orders_under_the_new_target(session: AsyncSession, here: Town) -> None:
    for minutes in (10, 40, 70):
        await finished(session, here, minutes)
    await finished(session, here, 10, "TUN")
    await finished(session, here, 10, "SPJ")
    with clock.stopped_at(at(12, day=20)):
        site = Unit(site=here.site.id)
        assert await queries.preview(session, "AO", site, 30) == queries.Preview(orders=4, before=3, after=2)
        assert await queries.preview(session, "MO", site, 30) == queries.Preview(orders=0, before=0, after=0)
        await target(session, here, 15, Unit(sto=here.tun.id))
        assert await queries.preview(session, "AO", site, 30) == queries.Preview(orders=3, before=2, after=1)
    with clock.stopped_at(at(12, day=20) + timedelta(days=31)):
        assert (await queries.preview(session, "AO", site, 30)).orders == 0


async def hours(session: AsyncSession, here: Town, *breaks: tuple[time, time]) -> int:
    supervisor = await factories.viewer(session, here.supervisor)
    return await operations.set_hours(session, supervisor, here.site.id, time(8), time(17), breaks, source="web")


NOON = (time(12), time(13))


async def test_a_break_moves_when_open_orders_fall_due(session: AsyncSession, here: Town) -> None:
    with clock.stopped_at(at(11, 30)):
        order = await factories.order(session, here)
        assert order.due_at == at(12, 30)
        assert await hours(session, here, NOON) == 1
        await session.refresh(order)
        assert (order.due_at, order.sort_at, order.near_at) == (at(13, 30), at(13, 30), at(13, 18))
        later = await factories.order(session, here)
        assert later.due_at == at(13, 30)
    calendar = (await unit_of(session, here.sda.id)).calendar
    assert worked_seconds(calendar, at(11, 30), at(13, 15)) == 45 * 60


async def test_several_breaks_are_kept_in_order_and_logged(session: AsyncSession, here: Town) -> None:
    await hours(session, here, (time(15), time(15, 15)), NOON)
    site = await session.get(SiteOperation, here.site.id, populate_existing=True)
    assert site is not None
    assert site.breaks == [["12:00", "13:00"], ["15:00", "15:15"]]
    row = await session.scalar(select(AuditRow).where(AuditRow.what == "sla.hours"))
    assert row is not None
    assert row.details["after"]["breaks"] == site.breaks


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        ([(time(13), time(12))], "turned"),
        ([NOON, (time(12, 30), time(14))], "overlap"),
        ([(time(8), time(17))], "no_time_left"),
        ([(time(8 + n), time(8 + n, 5)) for n in range(7)], "too_many"),
    ],
)
async def test_breaks_that_make_no_day_are_refused(session: AsyncSession, here: Town, breaks, why) -> None:
    with pytest.raises(Invalid) as refused:
        await hours(session, here, *breaks)
    assert refused.value.fields == {"breaks": why}


async def test_only_office_people_of_the_unit_can_be_told(session: AsyncSession, here: Town) -> None:
    supervisor = await factories.viewer(session, here.supervisor)
    leader, helpdesk, outsider = here.leader.id, here.helpdesk.id, here.outsider.id
    await operations.set_recipients(session, supervisor, here.site.id, [helpdesk], [leader, helpdesk], source="web")
    told = await queries.recipients(session)
    assert [person.name for person in told[here.site.id, Level.LATE]] == ["Dewi Lestari", "Nadia Putri"]
    for stranger in (outsider, here.technician.id, 999_999):
        with pytest.raises(Invalid):
            await operations.set_recipients(session, supervisor, here.site.id, [stranger], [], source="web")
    await operations.set_recipients(session, supervisor, here.site.id, [], [], source="web")
    assert await queries.recipients(session) == {}


# --- the clock, recomputed from its timeline alone


@given(calendars(), MOMENTS, st.lists(st.tuples(st.integers(0, 200_000), st.sampled_from(["runs", "stopped"]))))
def test_a_pause_never_adds_to_what_was_used(calendar, start, steps) -> None:
    timeline: list[tuple[datetime, Move]] = [(start, "runs")]
    now = start
    for seconds, move in steps:
        now += timedelta(seconds=seconds)
        timeline.append((now, move))
    now += timedelta(hours=5)
    with_pauses = state(calendar, 3600, timeline, now).used
    assert 0 <= with_pauses <= state(calendar, 3600, [(start, "runs")], now).used
    stopped = [*timeline, (now, "stopped")]
    assert state(calendar, 3600, stopped, now + timedelta(days=3)).used == with_pauses


@given(calendars(), MOMENTS, st.lists(st.integers(0, 90_000), min_size=1, max_size=6))
def test_the_columns_of_an_order_say_what_its_timeline_says(calendar, start, steps) -> None:
    """Kept in whole seconds at each stop, so they may lose less than a second a stop."""
    order = Order(target_seconds=3600, closed_at=None, **sla_fields.started(calendar, start, 3600))
    timeline: list[tuple[datetime, Move]] = [(start, "runs")]
    now = start
    for n, seconds in enumerate(steps):
        now += timedelta(seconds=seconds)
        move: Move = "runs" if n % 2 else "stopped"
        for name, value in sla_fields.moved(order, calendar, "runs" if n % 2 else "stops", now).items():
            setattr(order, name, value)
        timeline.append((now, move))
    told = state(calendar, 3600, timeline, now)
    assert abs(sla_fields.timer(order, calendar, now).used - told.used) <= len(steps)
    if told.due_at is not None and told.remaining > len(steps):
        assert order.due_at is not None
        assert worked_seconds(calendar, told.due_at, order.due_at) <= len(steps)
        assert order.near_at is not None
        assert order.near_at <= order.due_at


def test_eighty_percent_of_an_hour_are_forty_eight_minutes() -> None:
    fields = sla_fields.started(DAILY, wib(19, 9), 3600)
    assert fields["near_at"] == wib(19, 9, 48)
    assert fields["alert_at"] == fields["near_at"]


async def test_an_order_names_what_its_type_requires(session: AsyncSession, here: Town) -> None:
    data = await order_queries.master(session)
    row = await session.get(type(data.types["AO"]), "AO", populate_existing=True)
    assert row is not None
    row.required = ["sn", "odp"]
    await session.flush()
    order_queries.forget()
    with pytest.raises(Invalid) as refused:
        await factories.order(session, here, serial=None, odp=None)
    assert refused.value.fields == {"serial": "sn.required", "odp": "odp.required"}
    assert (await factories.order(session, here, technician_code=None)).technician_code is None


async def plan(session: AsyncSession, statement: Executable, given: dict[str, Any]) -> str:
    """How Postgres answers when it may not walk through the table."""
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": not given})
    rows = await session.execute(text(f"EXPLAIN {compiled}" if not given else f"EXPLAIN {statement}"), given)
    return "\n".join(rows.scalars())


async def test_a_preview_and_a_look_at_the_clocks_rest_on_their_indexes(session: AsyncSession, here: Town) -> None:
    asked: list[Executable] = []
    event.listen(session.sync_session, "do_orm_execute", lambda state: asked.append(state.statement))
    await queries.preview(session, "AO", Unit(site=here.site.id), 30)
    assert "ix_orders_closed_recap" in await plan(session, asked[-1], {})
    assert "ix_orders_alert" in await plan(session, alerts._RING, {"now": at(9), "batch": 200})
