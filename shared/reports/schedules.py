"""Reports that are sent by themselves: made, changed, paused, ended.

One's own only by its owner; a group's by whoever sees the whole unit that the group serves. When one is due stands in
`ticks`, what is sent is made by the notifier. Whether its owner may still read it is asked again at that moment;
nothing is sent from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.chats.models import GroupBinding
from shared.errors import Invalid, NotFound
from shared.orders import queries
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto
from shared.reports import groups
from shared.reports.area import home_of
from shared.reports.groups import Target
from shared.reports.models import KINDS, ReportRun, ReportSchedule
from shared.reports.recap_month import month_of
from shared.reports.recap_scope import Scope

MOST = 20  # of one person, or of one group
MOST_OF_GROUPS = 200  # that the page shows


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants sent and when. day: as the model says. sto and type are codes; empty is all.

    group: the id of a binding; None: to one's own chat.
    """

    kind: str
    at: time
    day: int = 1
    sto: str = ""
    type: str = ""
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule and what became of it the last time it was due. group: where it goes, None: to its owner."""

    row: ReportSchedule
    last: ReportRun | None
    group: Target | None = None


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
    return await _listed(session, ReportSchedule.person_id == viewer.person_id, MOST, {})


async def of_groups(session: AsyncSession, viewer: Viewer) -> list[Scheduled]:
    """Those of the groups whose unit is all in the viewer's area, in the same order. Raises NotAllowed."""
    viewer.must("report.read")
    known = await groups.targets(session, viewer)
    return await _listed(session, ReportSchedule.binding_id.in_(known), MOST_OF_GROUPS, known)


async def _listed(
    session: AsyncSession, whose: ColumnElement[bool], most: int, known: Mapping[int, Target]
) -> list[Scheduled]:
    rows = (
        await session.scalars(
            select(ReportSchedule)
            .where(whose, ReportSchedule.ended_at.is_(None))
            .order_by(ReportSchedule.active.desc(), ReportSchedule.next_at, ReportSchedule.id)
            .limit(most)
        )
    ).all()
    last = (
        select(ReportRun.schedule_id, func.max(ReportRun.due_at))
        .where(ReportRun.schedule_id.in_([row.id for row in rows]))
        .group_by(ReportRun.schedule_id)
    )
    newest = select(ReportRun).where(tuple_(ReportRun.schedule_id, ReportRun.due_at).in_(last))
    runs = {run.schedule_id: run for run in await session.scalars(newest)}
    return [Scheduled(row, runs.get(row.id), known.get(row.binding_id or 0)) for row in rows]


async def find(session: AsyncSession, viewer: Viewer, schedule_id: int) -> ReportSchedule:
    """One that the viewer may change. Raises NotAllowed, and NotFound also for somebody else's."""
    viewer.must("report.read")
    found: ReportSchedule | None = await session.scalar(
        select(ReportSchedule).where(ReportSchedule.id == schedule_id, ReportSchedule.ended_at.is_(None))
    )
    if found is not None and found.binding_id is not None:
        mine = found.binding_id in await groups.targets(session, viewer)
    else:
        mine = found is not None and found.person_id == viewer.person_id
    if found is None or not mine:
        raise NotFound
    return found


async def make(session: AsyncSession, viewer: Viewer, wish: Wish, *, source: str) -> ReportSchedule:
    """A new schedule, one's own or a group's. Raises NotAllowed, Invalid(group, kind, day, sto, type, at)."""
    viewer.must("report.read")
    one_by_one = select(Person.id).where(Person.id == viewer.person_id)
    if wish.group is not None:
        one_by_one = select(GroupBinding.id).where(GroupBinding.id == wish.group)
    await session.execute(one_by_one.with_for_update(key_share=True))
    zone = await _checked(session, viewer, wish)
    mine = _whose(viewer, wish.group)
    others = await _living(session, mine)
    if len(others) >= MOST:
        raise Invalid(kind="too_many")
    if any(_same(other, wish) for other in others):
        raise Invalid(at="double")
    row = ReportSchedule(
        person_id=viewer.person_id if wish.group is None else None,
        binding_id=wish.group,
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
    """Another time or another report, to whom it went; a time that was passed is not made up for. Raises as `make`."""
    wish = replace(wish, group=(await find(session, viewer, schedule_id)).binding_id)
    zone = await _checked(session, viewer, wish)
    mine = _whose(viewer, wish.group)
    if any(_same(other, wish) for other in await _living(session, mine) if other.id != schedule_id):
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


def _whose(viewer: Viewer, group: int | None) -> ColumnElement[bool]:
    return ReportSchedule.person_id == viewer.person_id if group is None else ReportSchedule.binding_id == group


async def _living(session: AsyncSession, whose: ColumnElement[bool]) -> Sequence[ReportSchedule]:
    wanted = select(ReportSchedule).where(whose, ReportSchedule.ended_at.is_(None))
    return (await session.scalars(wanted)).all()


def _same(row: ReportSchedule, wish: Wish) -> bool:
    day = wish.kind not in {"month", "pareto"} or row.day == wish.day
    return day and (row.kind, row.at, row.sto, row.type) == (wish.kind, wish.at, wish.sto, wish.type)


def _told(wish: Wish) -> dict[str, str]:
    group = str(wish.group or "")
    told = {"kind": wish.kind, "at": f"{wish.at:%H:%M}", "sto": wish.sto, "type": wish.type, "group": group}
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
    found = None
    if wish.group is not None:
        found = (await groups.targets(session, viewer)).get(wish.group)
        if found is None or not found.open:
            wrong["group"] = "unknown"
        else:
            zone = found.zone
    if wish.sto:
        sto = (
            await session.execute(
                select(SiteOperation.zone, SiteOperation.code)
                .join(Sto, Sto.site_operation_id == SiteOperation.id)
                .where(Sto.code == wish.sto, viewer.within(Sto.id))
            )
        ).first()
        if sto is None:
            wrong["sto"] = "unknown"
        elif found is not None and (sto.code != found.site or found.sto not in {"", wish.sto}):
            wrong["sto"] = "outside"
        else:
            zone = sto.zone
    if wrong:
        raise Invalid(**wrong)
    return zone or (await home_of(session, viewer)).zone
