"""What changes about a unit's SLA: its targets, its hours and who is told. Nothing here touches an order's verdict."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.errors import Invalid, NotFound
from shared.orders import masterdata, queries
from shared.orders.masterdata_clock import recount
from shared.people.access import Viewer
from shared.places import hours
from shared.places.models import SiteOperation, Sto
from shared.places.queries import calendar_of
from shared.sla.models import Level, SlaRecipient, SlaTarget
from shared.sla.queries import Unit, eligible

FARTHEST = timedelta(days=366)  # how far ahead a target may be planned
MOST_BREAKS = 6
Breaks = Sequence[tuple[time, time]]


async def site_of(session: AsyncSession, viewer: Viewer, unit: Unit) -> SiteOperation:
    """The Site Operation of a unit in the viewer's area. Raises NotFound, also outside it.

    A whole Site Operation is only for those whose area holds every STO of it.
    """
    if unit.sto is not None:
        sto = await session.get(Sto, unit.sto)
        if sto is None or not viewer.covers(sto.id):
            raise NotFound
        return await session.get_one(SiteOperation, sto.site_operation_id)
    site = await session.get(SiteOperation, unit.site)
    stos = list(await session.scalars(select(Sto.id).where(Sto.site_operation_id == unit.site)))
    if site is None or not all(viewer.covers(sto) for sto in stos) or (not stos and viewer.stos is not None):
        raise NotFound
    return site


async def check_target(
    session: AsyncSession, viewer: Viewer, code: str, unit: Unit, minutes: int | None, day: date | None
) -> datetime:
    """Since when a target would hold: now, or the beginning of a coming day in the unit's zone.

    Raises NotAllowed, NotFound and Invalid(type=… | minutes=… | since=…).
    """
    viewer.must("sla.change")
    site = await site_of(session, viewer, unit)
    now = clock.now()
    today = clock.local(now, site.zone).date()
    wrong: dict[str, str] = {}
    if code not in (await queries.master(session)).types:
        wrong["type"] = "unknown"
    if minutes is not None and not 1 <= minutes <= masterdata.LONGEST_TARGET:
        wrong["minutes"] = "range"
    day = day or today
    if day < today:
        wrong["since"] = "past"
    elif day > today + FARTHEST:
        wrong["since"] = "far"
    if wrong:
        raise Invalid(**wrong)
    return now if day == today else clock.day_bounds(day, site.zone)[0]


async def set_target(
    session: AsyncSession, viewer: Viewer, code: str, unit: Unit, minutes: int | None, day: date | None, *, source: str
) -> None:
    """New orders of a type have this target in a unit from `day` on; None: the wider unit's again.

    Orders that are there keep theirs, and so does every report about them.
    """
    since = await check_target(session, viewer, code, unit, minutes, day)
    values = {"type_code": code, "site_operation_id": unit.site, "sto_id": unit.sto, "since": since}
    given = {"minutes": minutes, "made_by": viewer.person_id}
    # Two who plan the same day: the later word holds, the log has both.
    await session.execute(
        insert(SlaTarget).values(**values, **given).on_conflict_do_update(index_elements=list(values), set_=given)
    )
    await masterdata.changed(session)
    subject = f"sto:{unit.sto}" if unit.sto is not None else f"site:{unit.site}"
    details = {"type": code, "minutes": minutes, "since": since.isoformat()}
    await audit.note(session, viewer.person_id, source, "sla.target", subject, details)


async def set_hours(
    session: AsyncSession, viewer: Viewer, site_id: int, opens: time, closes: time, breaks: Breaks, *, source: str
) -> int:
    """When a Site Operation's clock runs. Open orders fall due anew, closed ones keep what they took; returns how many.

    The hours of before stay known, for reports of then.

    Raises NotAllowed, NotFound and Invalid(closes=… | breaks=…).
    """
    viewer.must("sla.change")
    site = await site_of(session, viewer, Unit(site=site_id))
    before = {"opens": f"{site.opens:%H:%M}", "closes": f"{site.closes:%H:%M}", "breaks": site.breaks}
    values: dict[str, Any] = {"opens": opens, "closes": closes, "breaks": plain_breaks(breaks)}
    wrong = {"closes": "same"} if opens == closes else check_breaks(site, **values)
    if wrong:
        raise Invalid(**wrong)
    if any(getattr(site, name) != value for name, value in values.items()):
        await hours.keep(session, site_id)
    await session.execute(update(SiteOperation).where(SiteOperation.id == site_id).values(**values))
    await session.refresh(site)
    await masterdata.changed(session)
    moved = await recount(session, site_id)
    after = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}", "breaks": values["breaks"]}
    details = {"before": before, "after": after, "due_anew": moved}
    await audit.note(session, viewer.person_id, source, "sla.hours", f"site:{site_id}", details)
    return moved


def plain_breaks(breaks: Breaks) -> list[list[str]]:
    """Breaks in order, as they are stored."""
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in sorted(breaks)]


def check_breaks(site: SiteOperation, opens: time, closes: time, breaks: list[list[str]]) -> dict[str, str]:
    """What is wrong with these hours and breaks of a Site Operation."""
    if len(breaks) > MOST_BREAKS:
        return {"breaks": "too_many"}
    if any(start >= end for start, end in breaks):
        return {"breaks": "turned"}
    if any(end > start for (_, end), (start, _) in pairwise(breaks)):
        return {"breaks": "overlap"}
    trial = SiteOperation(zone=site.zone, opens=opens, closes=closes, breaks=breaks)
    try:
        calendar_of(trial, frozenset())
    except ValueError:
        return {"breaks": "no_time_left"}
    return {}


async def set_recipients(
    session: AsyncSession, viewer: Viewer, site_id: int, near: Collection[int], late: Collection[int], *, source: str
) -> None:
    """Whom to warn at 80 % and to whom a breach goes. Raises NotAllowed, NotFound, Invalid(near=… | late=…)."""
    viewer.must("sla.change")
    await site_of(session, viewer, Unit(site=site_id))
    known = {person.id for person in await eligible(session, site_id)}
    wrong = {name: "unknown" for name, given in (("near", near), ("late", late)) if set(given) - known}
    if wrong:
        raise Invalid(**wrong)
    await session.execute(delete(SlaRecipient).where(SlaRecipient.site_operation_id == site_id))
    rows = [
        {"site_operation_id": site_id, "person_id": person, "level": level}
        for level, given in ((Level.NEAR, near), (Level.LATE, late))
        for person in sorted(set(given))
    ]
    if rows:
        await session.execute(insert(SlaRecipient).values(rows).on_conflict_do_nothing())
    details = {"near": sorted(set(near)), "late": sorted(set(late))}
    await audit.note(session, viewer.person_id, source, "sla.recipients", f"site:{site_id}", details)
