"""Reports that the house arranges by itself, once for each reader; who does not want one pauses or ends it.

A row is laid for everybody who has none yet, also for who comes later; an ended one stays as it is, so that nothing
comes back. Whoever arranged one of the same kind already keeps that and gets no second. Times are of the unit's zone.
"""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import and_, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.chats.models import GroupBinding, Purpose
from shared.people.models import Person, PersonArea, Role
from shared.people.queries import viewer_of
from shared.places.models import SiteOperation, Sto
from shared.reports.area import home_of
from shared.reports.models import ReportSchedule
from shared.reports.schedules import next_due

BATCH = 100  # rows laid in one go of each preset


@dataclass(frozen=True, slots=True)
class Preset:
    """What is sent by itself, when, and to which roles. It is called by its kind."""

    kind: str
    at: time
    roles: tuple[Role, ...]


PERSONAL = (
    Preset("morning", time(7, 30), (Role.TEAM_LEADER,)),
    Preset("pareto", time(7, 45), (Role.TEAM_LEADER, Role.SUPERVISOR)),  # on Mondays
    Preset("month", time(8), (Role.TEAM_LEADER, Role.SUPERVISOR)),  # on the first
)
GROUP = "today"  # the recap of the day to each helpdesk's group, when its unit closes


async def lay(session: AsyncSession) -> int:
    """Lay what is missing; returns how many rows. Two relays at once lay each once: the key decides."""
    laid = 0
    for preset in PERSONAL:
        laid += await _for_people(session, preset)
    return laid + await _for_groups(session)


async def _for_people(session: AsyncSession, preset: Preset) -> int:
    mine = ReportSchedule.person_id == Person.id
    has_area = exists().where(PersonArea.person_id == Person.id)
    without = await session.scalars(
        select(Person)
        .where(
            Person.active,
            Person.role.in_(preset.roles),
            has_area,
            ~exists().where(mine, ReportSchedule.preset == preset.kind),
        )
        .order_by(Person.id)
        .limit(BATCH)
    )
    laid = 0
    for person in without.all():
        zone = (await home_of(session, await viewer_of(session, person))).zone
        own = exists().where(
            ReportSchedule.person_id == person.id,
            ReportSchedule.kind == preset.kind,
            ReportSchedule.ended_at.is_(None),
        )
        kept = bool(await session.scalar(select(own)))
        laid += await _row(session, preset.kind, preset.at, zone, kept=kept, person_id=person.id)
    return laid


async def _for_groups(session: AsyncSession) -> int:
    mine = ReportSchedule.binding_id == GroupBinding.id
    rows = await session.execute(
        select(GroupBinding.id, SiteOperation.zone, SiteOperation.closes, exists().where(_LIVING, mine))
        .outerjoin(Sto, Sto.id == GroupBinding.sto_id)
        .join(SiteOperation, SiteOperation.id == func.coalesce(GroupBinding.site_operation_id, Sto.site_operation_id))
        .where(
            GroupBinding.active,
            GroupBinding.purpose == Purpose.HELPDESK,
            ~exists().where(mine, ReportSchedule.preset == GROUP),
        )
        .order_by(GroupBinding.id)
        .limit(BATCH)
    )
    laid = 0
    for binding_id, zone, closes, kept in rows.all():
        laid += await _row(session, GROUP, closes, zone, kept=kept, binding_id=binding_id)
    return laid


_LIVING = and_(ReportSchedule.kind == GROUP, ReportSchedule.ended_at.is_(None))


async def _row(session: AsyncSession, kind: str, at: time, zone: str, *, kept: bool, **reader: int) -> int:
    """One row; kept: its reader has one of the kind already, so this one is over as it is laid."""
    now: datetime = clock.now()
    made = await session.scalar(
        insert(ReportSchedule)
        .values(
            kind=kind,
            preset=kind,
            at=at,
            zone=zone,
            next_at=next_due(kind, 1, at, zone, now),
            active=not kept,
            ended_at=now if kept else None,
            **reader,
        )
        .on_conflict_do_nothing()
        .returning(ReportSchedule.id)
    )
    return int(made is not None)
