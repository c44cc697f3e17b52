"""The working hours that a Site Operation had before; those of now stand with the unit itself. It moves no clock."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.orders.sla import Calendar
from shared.places.models import SiteHours, SiteOperation
from shared.places.queries import Unit, calendar_of

Hours = tuple[tuple[date, Calendar], ...]
"""Calendars in order, each with the first day on which it holds no more; the last one holds still."""


async def keep(session: AsyncSession, site_id: int) -> None:
    """Write down the hours that a Site Operation has, because they are about to change."""
    columns = (SiteOperation.opens, SiteOperation.closes, SiteOperation.breaks)
    now = (await session.execute(select(*columns).where(SiteOperation.id == site_id))).one()
    values = {"site_operation_id": site_id, "until": clock.now(), **now._asdict()}
    await session.execute(insert(SiteHours).values(values))


async def before(session: AsyncSession, site_id: int) -> Sequence[SiteHours]:
    """The hours of before, the oldest first."""
    wanted = select(SiteHours).where(SiteHours.site_operation_id == site_id).order_by(SiteHours.until)
    return (await session.scalars(wanted)).all()


async def of_unit(session: AsyncSession, unit: Unit) -> Hours:
    """A unit's calendars. The day of a change counts with the new hours, of several changes on it with the last."""
    known: dict[date, Calendar] = {}
    for row in await before(session, unit.site_operation_id):
        then = SiteOperation(zone=unit.zone, opens=row.opens, closes=row.closes, breaks=row.breaks)
        known.setdefault(clock.local(row.until, unit.zone).date(), calendar_of(then, unit.calendar.holidays))
    return (*known.items(), (date.max, unit.calendar))
