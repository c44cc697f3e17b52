"""After an STO moved to another Site Operation, reports of earlier days still say what they said."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.orders import operations as orders
from shared.people.models import Person
from shared.places import hours
from shared.places import operations as places
from shared.places.models import SiteOperation
from shared.reports import recap, recap_month, recap_time
from shared.reports.recap_scope import Scope, known_places
from shared.sla import operations as sla
from tests import factories
from tests.factories import Town


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


MONTH = Scope(date(2026, 11, 1), date(2026, 11, 20))
BEFORE = Scope(date(2026, 11, 1), date(2026, 11, 9))
AFTER = Scope(date(2026, 11, 10), date(2026, 11, 20))


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    """TUN goes from SO-SDA to SO-SPJ on 10 November; each day from 5 to 14 it gets an order, done in 30 minutes."""
    town = await factories.town(session)
    admin = await factories.viewer(session, town.admin)
    for day in range(5, 15):
        with clock.stopped_at(wib(day, 9)):
            order = await factories.order(session, town, sto="TUN")
        with clock.stopped_at(wib(day, 9, 30)):
            await orders.change_status(session, admin, order.id, 1, "SELESAI", source="web")
    with clock.stopped_at(wib(20, 9)):
        await factories.order(session, town, sto="TUN")
        await places.move(session, admin, town.tun.id, town.other_site.id, date(2026, 11, 10), source="web")
    return town


async def figures(session: AsyncSession, person: Person, scope: Scope) -> tuple[int, int, int, int]:
    """(received, done, left, done in the monthly report) of a report as a person reads it on the 20th."""
    viewer = await factories.viewer(session, person)
    with clock.stopped_at(wib(20, 12)):
        total = (await recap.daily(session, viewer, scope)).total
        days = (await recap_month.per_day(session, viewer, scope)).days
    assert sum(day.received.total() for day in days) == total.received
    return total.received, total.done, total.left, sum(day.done.total() for day in days)


async def test_each_unit_keeps_the_days_that_were_its_own(session: AsyncSession, here: Town) -> None:
    assert await figures(session, here.supervisor, MONTH) == (5, 5, 0, 5)
    assert await figures(session, here.supervisor, BEFORE) == (5, 5, 0, 5)
    assert await figures(session, here.supervisor, AFTER) == (0, 0, 0, 0)
    assert await figures(session, here.admin, MONTH) == (11, 10, 1, 10)


async def test_the_new_unit_has_the_days_since_the_move(session: AsyncSession, here: Town) -> None:
    from shared.people import operations as people
    from shared.people.models import Role

    new = await people.enter(
        session, "Supervisor SPJ", Role.SUPERVISOR, username="spv.spj", sites=(here.other_site.id,)
    )
    assert await figures(session, new, MONTH) == (6, 5, 1, 5)
    assert await figures(session, new, BEFORE) == (0, 0, 0, 0)


async def test_narrowed_to_a_unit_the_parts_add_up_to_the_whole(session: AsyncSession, here: Town) -> None:
    old, new = [
        await figures(session, here.admin, Scope(MONTH.first, MONTH.last, site=code)) for code in ("SO-SDA", "SO-SPJ")
    ]
    whole = await figures(session, here.admin, MONTH)
    assert tuple(a + b for a, b in zip(old, new, strict=True)) == whole


async def test_a_day_before_the_move_is_a_day_in_the_old_zone(session: AsyncSession, here: Town) -> None:
    """SO-SPJ lies an hour ahead: what came in at 23.30 WIB on the 9th stays on the 9th."""
    await session.execute(
        update(SiteOperation).where(SiteOperation.id == here.other_site.id).values(zone="Asia/Makassar")
    )
    with clock.stopped_at(wib(9, 23, 30)):
        await factories.order(session, here, sto="TUN")
    ninth = Scope(date(2026, 11, 9), date(2026, 11, 9))
    tenth = Scope(date(2026, 11, 10), date(2026, 11, 10))
    assert (await figures(session, here.admin, ninth))[0] == 2
    assert (await figures(session, here.admin, tenth))[0] == 1
    assert (await figures(session, here.admin, MONTH))[:2] == (12, 10)


async def test_working_time_is_told_by_the_hours_of_the_unit_of_then(session: AsyncSession, here: Town) -> None:
    """SO-SPJ rests from nine to ten, so its orders took no working time at all."""
    await session.execute(
        update(SiteOperation).where(SiteOperation.id == here.other_site.id).values(breaks=[["09:00", "10:00"]])
    )
    from shared.places import queries

    queries.forget()
    admin = await factories.viewer(session, here.admin)
    with clock.stopped_at(wib(20, 12)):
        sides = (await recap_time.lost(session, admin, MONTH)).sides
        assert (sides["helpdesk"].orders, sides["helpdesk"].seconds) == (10, 5 * 30 * 60)


async def test_hours_that_change_leave_the_time_of_the_days_before(session: AsyncSession, here: Town) -> None:
    supervisor, admin = [await factories.viewer(session, each) for each in (here.supervisor, here.admin)]
    with clock.stopped_at(wib(20, 12)):
        before = (await recap_time.lost(session, admin, MONTH)).sides
        assert before["helpdesk"].seconds > 0
    for minute, opens in enumerate((13, 14, 15, 15)):
        with clock.stopped_at(wib(20, 13, minute)):
            await sla.set_hours(session, supervisor, here.site.id, time(opens), time(17), (), source="web")
    assert len(await hours.before(session, here.site.id)) == 3, "the same hours again are no change"
    with clock.stopped_at(wib(20, 14)):
        order = await factories.order(session, here, sto="SDA")
    with clock.stopped_at(wib(20, 16)):
        await orders.change_status(session, admin, order.id, 1, "SELESAI", source="web", tell=False)
    with clock.stopped_at(wib(21, 12)):
        after = (await recap_time.lost(session, admin, MONTH)).sides
    assert after["helpdesk"].seconds - before["helpdesk"].seconds == 3600, "that day counts from 15:00 on"


async def test_a_unit_may_still_name_an_sto_that_left_it(session: AsyncSession, here: Town) -> None:
    viewer = await factories.viewer(session, here.supervisor)
    assert [(sto.code, sites) for sto, sites in await known_places(session, viewer)] == [
        ("SDA", {"SO-SDA"}),
        ("TUN", {"SO-SDA"}),
    ]


async def test_an_sto_that_came_from_a_later_zone_leaves_no_hour_uncounted(session: AsyncSession, here: Town) -> None:
    """From WITA to WIB: the 10th begins with the old midnight, at 23.00 WIB of the 9th."""
    await session.execute(update(SiteOperation).where(SiteOperation.id == here.site.id).values(zone="Asia/Makassar"))
    with clock.stopped_at(wib(9, 23, 30)):
        await factories.order(session, here, sto="TUN")
    ninth, tenth = [Scope(date(2026, 11, day), date(2026, 11, day)) for day in (9, 10)]
    assert [(await figures(session, here.admin, day))[0] for day in (ninth, tenth)] == [1, 2]
    assert (await figures(session, here.admin, MONTH))[:2] == (12, 10)
    with clock.stopped_at(wib(20, 12)):
        days = (await recap_month.per_day(session, await factories.viewer(session, here.admin), MONTH)).days
    assert [day.received.total() for day in days][7:11] == [1, 1, 2, 1]
