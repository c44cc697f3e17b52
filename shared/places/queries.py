"""Questions about places. Reads only; what changes rarely is remembered for a minute."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as at
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, rows
from shared.orders.sla import Calendar
from shared.people.access import Viewer, Whoever
from shared.places.models import Holiday, SiteOperation, Sto

_REMEMBER = 60.0  # seconds
_calendars: dict[int, tuple[float, "Unit"]] = {}


@dataclass(frozen=True, slots=True)
class Unit:
    """The Site Operation that works an STO's orders, with the calendar of its SLA clock."""

    site_operation_id: int
    name: str
    zone: str
    calendar: Calendar


def forget() -> None:
    """Forget what was remembered; for those who change places."""
    _calendars.clear()


async def unit_of(session: AsyncSession, sto_id: int) -> Unit:
    """The unit an STO belongs to today."""
    known = _calendars.get(sto_id)
    if known and known[0] > time.monotonic():
        return known[1]
    site: SiteOperation = (
        await session.execute(
            select(SiteOperation).join(Sto, Sto.site_operation_id == SiteOperation.id).where(Sto.id == sto_id)
        )
    ).scalar_one()
    unit = await unit_of_site(session, site)
    _calendars[sto_id] = (time.monotonic() + _REMEMBER, unit)
    return unit


async def unit_of_site(session: AsyncSession, site: SiteOperation) -> Unit:
    """A Site Operation with its calendar; holidays of the last 400 days and of all to come."""
    since = (clock.now() - timedelta(days=400)).date()
    days = await session.scalars(select(Holiday.day).where(Holiday.site_operation_id == site.id, Holiday.day >= since))
    return Unit(site.id, site.name, site.zone, calendar_of(site, frozenset(days)))


def calendar_of(site: SiteOperation, holidays: frozenset[date]) -> Calendar:
    """When a Site Operation works. Raises ValueError where no working minute is left."""
    breaks = tuple((at.fromisoformat(start), at.fromisoformat(end)) for start, end in site.breaks)
    return Calendar(ZoneInfo(site.zone), site.opens, site.closes, holidays=holidays, breaks=breaks)


async def stos(session: AsyncSession, viewer: Viewer | None = None) -> Sequence[Sto]:
    """The active STO, of the viewer's area if one is given, by code."""
    wanted = select(Sto).where(Sto.active).order_by(Sto.code)
    if viewer is not None:
        wanted = wanted.where(viewer.within(Sto.id))
    return (await session.scalars(wanted)).all()


async def named(session: AsyncSession, viewer: Viewer) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(STO, Site Operations) that are active in the viewer's area: names by their codes, in order."""
    stos: dict[str, str] = {}
    sites: dict[str, str] = {}
    for code, name, site, site_name, site_active in await rows.rows(session, _named(viewer.whoever), viewer.asking):
        stos[code] = name
        if site_active:
            sites[site] = site_name
    return stos, dict(sorted(sites.items()))


@cache
def _named(viewer: Viewer | Whoever) -> Select[str, str, str, str, bool]:
    return (
        select(Sto.code, Sto.name, SiteOperation.code, SiteOperation.name, SiteOperation.active)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .where(Sto.active, viewer.within(Sto.id))
        .order_by(Sto.code)
    )


async def sto_by_code(session: AsyncSession, code: str) -> Sto | None:
    """The active STO with this code."""
    sto: Sto | None = await session.scalar(select(Sto).where(Sto.code == code, Sto.active))
    return sto
