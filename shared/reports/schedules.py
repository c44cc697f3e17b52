"""Reports that people have sent to their own Telegram chat: made, changed, paused, ended, each by its owner alone.

When one is due stands in `ticks`, what is sent is made by the notifier. Whether its owner may still read it is asked
again at that moment; nothing is sent from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.errors import Invalid, NotFound
from shared.orders import queries
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto
from shared.reports.area import home_of
from shared.reports.models import KINDS, ReportRun, ReportSchedule
from shared.reports.recap_month import month_of
from shared.reports.recap_scope import Scope

MOST = 20  # of one person


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants sent and when. day: as the model says. sto and type are codes; empty is all."""

    kind: str
    at: time
    day: int = 1
    sto: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule and what became of it the last time it was due."""

    row: ReportSchedule
    last: ReportRun | None


def next_due(kind: str, day: int, at: time, zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which such a report is due; times are those of `zone`."""
    here = clock.local(after, zone)
    if kind == "month":
        first = date(here.year, here.month, day)
        due = datetime.combine(first, at, ZoneInfo(zone))
        if due <= after:
            later = (first.replace(day=1) + timedelta(days=31)).replace(day=day)
            due = datetime.combine(later, at, ZoneInfo(zone))
        return due
    if kind == "pareto":
        coming = here.date() + timedelta(days=(day - here.isoweekday()) % 7)
        due = datetime.combine(coming, at, ZoneInfo(zone))
        return due if due > after else datetime.combine(coming + timedelta(days=7), at, ZoneInfo(zone))
    due = datetime.combine(here.date(), at, ZoneInfo(zone))
    return due if due > after else datetime.combine(here.date() + timedelta(days=1), at, ZoneInfo(zone))


def scope_of(row: ReportSchedule, due_at: datetime) -> Scope:
    """The days that a schedule's report covers when it was due at `due_at`."""
    day = clock.local(due_at, row.zone).date()
    if row.kind == "month":
        return month_of(day.replace(day=1) - timedelta(days=1), row.sto, row.type)
    if row.kind == "pareto":
        return Scope(day - timedelta(days=7), day - timedelta(days=1), row.sto, row.type)
    if row.kind == "yesterday":
        day -= timedelta(days=1)
    return Scope(day, day, row.sto, row.type)


async def own(session: AsyncSession, viewer: Viewer) -> list[Scheduled]:
    """The viewer's schedules, the next due first, paused ones last. Raises NotAllowed."""
    viewer.must("report.read")
    rows = (
        await session.scalars(
            select(ReportSchedule)
            .where(ReportSchedule.person_id == viewer.person_id, ReportSchedule.ended_at.is_(None))
            .order_by(ReportSchedule.active.desc(), ReportSchedule.next_at, ReportSchedule.id)
            .limit(MOST)
        )
    ).all()
    last = (
        select(ReportRun.schedule_id, func.max(ReportRun.due_at))
        .where(ReportRun.schedule_id.in_([row.id for row in rows]))
        .group_by(ReportRun.schedule_id)
    )
    newest = select(ReportRun).where(tuple_(ReportRun.schedule_id, ReportRun.due_at).in_(last))
    runs = {run.schedule_id: run for run in await session.scalars(newest)}
    return [Scheduled(row, runs.get(row.id)) for row in rows]


async def find(session: AsyncSession, viewer: Viewer, schedule_id: int) -> ReportSchedule:
    """One of the viewer's own schedules. Raises NotAllowed, and NotFound also for somebody else's."""
    viewer.must("report.read")
    found: ReportSchedule | None = await session.scalar(
        select(ReportSchedule).where(
            ReportSchedule.id == schedule_id,
            ReportSchedule.person_id == viewer.person_id,
            ReportSchedule.ended_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


async def make(session: AsyncSession, viewer: Viewer, wish: Wish, *, source: str) -> ReportSchedule:
    """A new schedule of the viewer's own. Raises NotAllowed and Invalid(kind, day, sto, type: unknown | taken | …)."""
    viewer.must("report.read")
    await session.execute(select(Person.id).where(Person.id == viewer.person_id).with_for_update(key_share=True))
    zone = await _checked(session, viewer, wish)
    others = await _living(session, viewer.person_id)
    if len(others) >= MOST:
        raise Invalid(kind="too_many")
    if any(_same(other, wish) for other in others):
        raise Invalid(at="double")
    row = ReportSchedule(
        person_id=viewer.person_id,
        zone=zone,
        kind=wish.kind,
        day=wish.day,
        at=wish.at,
        sto=wish.sto,
        type=wish.type,
        next_at=next_due(wish.kind, wish.day, wish.at, zone, clock.now()),
    )
    session.add(row)
    await session.flush()
    await audit.note(session, viewer.person_id, source, "schedule.made", f"schedule:{row.id}", _told(wish))
    return row


async def change(session: AsyncSession, viewer: Viewer, schedule_id: int, wish: Wish, *, source: str) -> None:
    """Another time or another report; a time that was passed already is not made up for. Raises as `make`."""
    await find(session, viewer, schedule_id)
    zone = await _checked(session, viewer, wish)
    if any(_same(other, wish) for other in await _living(session, viewer.person_id) if other.id != schedule_id):
        raise Invalid(at="double")
    await session.execute(
        update(ReportSchedule)
        .where(ReportSchedule.id == schedule_id, ReportSchedule.ended_at.is_(None))
        .values(
            kind=wish.kind,
            day=wish.day,
            at=wish.at,
            zone=zone,
            sto=wish.sto,
            type=wish.type,
            next_at=next_due(wish.kind, wish.day, wish.at, zone, clock.now()),
        )
    )
    await audit.note(session, viewer.person_id, source, "schedule.changed", f"schedule:{schedule_id}", _told(wish))


async def switch(session: AsyncSession, viewer: Viewer, schedule_id: int, *, on: bool, source: str) -> bool:
    """Pause a schedule, or let it go on from its next time; False when it was so already. Raises NotFound."""
    row = await find(session, viewer, schedule_id)
    coming = next_due(row.kind, row.day, row.at, row.zone, clock.now())
    changed = await session.scalar(
        update(ReportSchedule)
        .where(ReportSchedule.id == schedule_id, ReportSchedule.active.is_(not on), ReportSchedule.ended_at.is_(None))
        .values(active=on, next_at=coming)
        .returning(ReportSchedule.id)
    )
    if changed is None:
        return False
    what = "schedule.resumed" if on else "schedule.paused"
    await audit.note(session, viewer.person_id, source, what, f"schedule:{schedule_id}")
    return True


async def end(session: AsyncSession, viewer: Viewer, schedule_id: int, *, source: str) -> None:
    """Send it never again; what is on its way already is not called back. Raises NotFound."""
    await find(session, viewer, schedule_id)
    await session.execute(
        update(ReportSchedule)
        .where(ReportSchedule.id == schedule_id, ReportSchedule.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp(), active=False)
    )
    await audit.note(session, viewer.person_id, source, "schedule.ended", f"schedule:{schedule_id}")


async def _living(session: AsyncSession, person_id: int) -> Sequence[ReportSchedule]:
    wanted = select(ReportSchedule).where(ReportSchedule.person_id == person_id, ReportSchedule.ended_at.is_(None))
    return (await session.scalars(wanted)).all()


def _same(row: ReportSchedule, wish: Wish) -> bool:
    day = wish.kind not in {"month", "pareto"} or row.day == wish.day
    return day and (row.kind, row.at, row.sto, row.type) == (wish.kind, wish.at, wish.sto, wish.type)


def _told(wish: Wish) -> dict[str, str]:
    told = {"kind": wish.kind, "at": f"{wish.at:%H:%M}", "sto": wish.sto, "type": wish.type}
    return {name: value for name, value in told.items() if value}


async def _checked(session: AsyncSession, viewer: Viewer, wish: Wish) -> str:
    """The zone that the wish's times are of. Raises Invalid."""
    wrong: dict[str, str] = {}
    if wish.kind not in KINDS:
        wrong["kind"] = "unknown"
    if not 1 <= wish.day <= (7 if wish.kind == "pareto" else 28):
        wrong["day"] = "week" if wish.kind == "pareto" else "range"
    if wish.type and wish.type not in (await queries.master(session)).types:
        wrong["type"] = "unknown"
    zone: str | None = None
    if wish.sto:
        zone = await session.scalar(
            select(SiteOperation.zone)
            .join(Sto, Sto.site_operation_id == SiteOperation.id)
            .where(Sto.code == wish.sto, viewer.within(Sto.id))
        )
        if zone is None:
            wrong["sto"] = "unknown"
    if wrong:
        raise Invalid(**wrong)
    return zone or (await home_of(session, viewer)).zone
