"""What collectors are told without asking: promises the day before and on the day, and the day when it is over.

Run by the relay every few seconds. Each thing is marked as told in the statement that finds it, in the commit of its
event, so neither a restart nor a second relay tells it twice.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears import contacts
from shared.arrears.events import FieldDayEnded, PromisesDue
from shared.arrears.field import ZONE
from shared.arrears.models import FieldDay, Visit
from shared.events import emit
from shared.people.access import RIGHTS
from shared.people.models import Person

BATCH = 500
GRACE = timedelta(hours=6)  # a day that could not be summed up by then is left alone

_PROMISES = text("""
    UPDATE promise SET told = CASE WHEN promise.due = :today THEN 2 ELSE 1 END
    FROM account WHERE account.id = promise.account_id AND promise.id IN (
        SELECT promise.id FROM promise JOIN account ON account.id = promise.account_id
        WHERE promise.state = 'open' AND promise.told < 2 AND promise.due BETWEEN :today AND :tomorrow
          AND promise.told < CASE WHEN promise.due = :today THEN 2 ELSE 1 END
          AND account.state = 'open' AND NOT account.paused
        ORDER BY promise.due, promise.id LIMIT :batch FOR UPDATE OF promise SKIP LOCKED
    )
    RETURNING coalesce(account.collector_id, promise.made_by) AS person_id, promise.due, promise.id
""")


async def tick(session: AsyncSession) -> int:
    """Tell of promises that are due today or tomorrow, once contact hours have begun; how many there were."""
    there = clock.local(clock.now(), ZONE)
    if there.time() < (await contacts.of_now(session)).opens:
        return 0
    today = there.date()
    told = {"today": today, "tomorrow": today + timedelta(days=1), "batch": BATCH}
    mine: dict[tuple[int, date], list[int]] = {}
    for person_id, due, promise_id in (await session.execute(_PROMISES, told)).all():
        mine.setdefault((person_id, due), []).append(promise_id)
    for (person_id, due), promises in sorted(mine.items()):
        await emit(session, PromisesDue(person_id=person_id, due=due, promises=tuple(promises)), source="system")
    return sum(map(len, mine.values()))


async def end_of_day(session: AsyncSession) -> int:
    """Sum up the day of everybody who visited anybody, and for the office, once contact hours are over."""
    there = clock.local(clock.now(), ZONE)
    closed = datetime.combine(there.date(), (await contacts.of_now(session)).closes, ZoneInfo(ZONE))
    if there < closed:
        closed -= timedelta(days=1)
    if there - closed > GRACE:
        return 0
    begins, ends = clock.day_bounds(closed.date(), ZONE)
    walked = set(await session.scalars(select(Visit.person_id).distinct().where(Visit.at >= begins, Visit.at < ends)))
    if not walked:
        return 0
    senders = [role for role, rights in RIGHTS.items() if "arrears.assign" in rights]
    office = set(
        await session.scalars(
            select(Person.id).where(Person.role.in_(senders), Person.active, Person.telegram_id.is_not(None))
        )
    )
    entered = await session.scalars(
        insert(FieldDay)
        .values([{"day": closed.date(), "person_id": each, "told_at": clock.now()} for each in sorted(walked | office)])
        .on_conflict_do_nothing()
        .returning(FieldDay.person_id)
    )
    told = list(entered.all())
    for person_id in told:
        event = FieldDayEnded(person_id=person_id, day=closed.date(), office=person_id in office)
        await emit(session, event, source="system")
    return len(told)
