"""Which scheduled reports are due now: each time is entered once, in one row, and told in the same commit.

Run by the relay every few seconds; two relays, or one that was restarted, cannot enter a time twice: the row's key
decides. What is a little late is told all the same; what is too late is passed over, and its row says so.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import emit
from shared.reports.events import ReportDue
from shared.reports.models import ReportRun, ReportSchedule
from shared.reports.schedules import next_due

GRACE = timedelta(hours=6)  # a report of the morning is still worth reading at noon
BATCH = 100  # schedules in one go


async def tick(session: AsyncSession) -> int:
    """Enter and tell everything that is due; return how many reports were told."""
    now = clock.now()
    due = await session.scalars(
        select(ReportSchedule)
        .where(ReportSchedule.active, ReportSchedule.ended_at.is_(None), ReportSchedule.next_at <= now)
        .order_by(ReportSchedule.next_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    told = 0
    for row in due.all():
        told += await _enter(session, row, now)
    return told


async def _enter(session: AsyncSession, row: ReportSchedule, now: datetime) -> int:
    """Enter the times of a schedule that have come; 1 when the last of them is told."""
    last, missed, before = row.next_at, 0, row.next_at
    while (coming := next_due(row.kind, row.day, row.at, row.zone, last)) <= now:
        before, last, missed = last, coming, missed + 1
    told = 0
    if now - last > GRACE:
        await _run(session, row.id, last, "skipped", "late", missed + 1)
    else:
        if missed:
            await _run(session, row.id, before, "skipped", "late", missed)
        if await _run(session, row.id, last, "due", "", 1):
            await emit(session, ReportDue(schedule_id=row.id, due_at=last), source="system")
            told = 1
    await session.execute(
        update(ReportSchedule).where(ReportSchedule.id == row.id, ReportSchedule.next_at <= now).values(next_at=coming)
    )
    return told


async def _run(session: AsyncSession, schedule_id: int, due_at: datetime, state: str, why: str, missed: int) -> bool:
    """Enter one time; False when somebody has it already."""
    entered = await session.scalar(
        insert(ReportRun)
        .values(schedule_id=schedule_id, due_at=due_at, state=state, why=why, missed=missed)
        .on_conflict_do_nothing()
        .returning(ReportRun.schedule_id)
    )
    return entered is not None
