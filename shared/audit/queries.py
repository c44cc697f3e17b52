"""What the audit log says, for those who may read it; newest first. Reads only."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.models import AuditRow
from shared.people.access import Viewer
from shared.people.models import Person, Role

PAGE = 50
BATCH = 1000
LONGEST = 92  # days that one question may span

# One probe of the index for each kind of act, however many rows there are.
_KINDS = text("""
    WITH RECURSIVE kinds AS (
        (SELECT what FROM audit ORDER BY what LIMIT 1)
        UNION ALL
        SELECT (SELECT what FROM audit WHERE what > kinds.what ORDER BY what LIMIT 1) FROM kinds
        WHERE kinds.what IS NOT NULL
    )
    SELECT what FROM kinds WHERE what IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which acts are wanted: from `since` on and before `until`. person 0: those of nobody we know."""

    since: datetime
    until: datetime
    person: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """An act and the name of who did it; None for the house and for strangers."""

    row: AuditRow
    name: str | None


async def page(
    session: AsyncSession,
    viewer: Viewer,
    given: Narrowed,
    after: tuple[datetime, int] | None = None,
    size: int = PAGE,
) -> list[Act]:
    """Acts before the one with this moment and number, the newest first; up to size + 1."""
    viewer.must("audit.read")
    wanted = (
        select(AuditRow, Person.name)
        .outerjoin(Person, Person.id == AuditRow.actor_id)
        .where(AuditRow.at >= given.since, AuditRow.at < given.until)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(size + 1)
    )
    if given.person is not None:
        wanted = wanted.where(AuditRow.actor_id == given.person if given.person else AuditRow.actor_id.is_(None))
    if given.what:
        wanted = wanted.where(AuditRow.what == given.what)
    if after is not None:
        wanted = wanted.where(tuple_(AuditRow.at, AuditRow.id) < tuple_(*after))
    return [Act(*row) for row in (await session.execute(wanted)).all()]


async def all_of(session: AsyncSession, viewer: Viewer, given: Narrowed) -> AsyncIterator[Sequence[Act]]:
    """Every act that is wanted, in batches, so that memory stays flat."""
    after: tuple[datetime, int] | None = None
    while found := await page(session, viewer, given, after, BATCH):
        batch = found[:BATCH]
        yield batch
        if len(found) <= BATCH:
            return
        session.expunge_all()
        after = batch[-1].row.at, batch[-1].row.id


async def kinds(session: AsyncSession, viewer: Viewer) -> list[str]:
    """What sorts of act were ever written down."""
    viewer.must("audit.read")
    return list((await session.scalars(_KINDS)).all())


async def people(session: AsyncSession, viewer: Viewer) -> list[tuple[int, str]]:
    """(id, name) of those who may have acted on the web, by name; disabled ones too."""
    viewer.must("audit.read")
    office = select(Person.id, Person.name).where(Person.role.not_in([Role.TECHNICIAN, Role.COLLECTOR]))
    return [(row[0], row[1]) for row in (await session.execute(office.order_by(Person.name, Person.id))).all()]


async def names(session: AsyncSession, viewer: Viewer, ids: Sequence[int]) -> dict[int, str]:
    """Names of the people that acts were done to."""
    viewer.must("audit.read")
    found = await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row[0]: row[1] for row in found.all()}
