"""What collectors are told without asking: promises the day before and on the day, and the day when it is over.

Days and hours are those of the unit that an account lies in, so each of them is told by its own zone.

Run by the relay every few seconds. Each thing is marked as told in the statement that finds it, in the commit of its
event, so neither a restart nor a second relay tells it twice.
"""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears import contacts, there
from shared.arrears.events import FieldDayEnded, PromisesDue
from shared.events import emit
from shared.people.access import RIGHTS

BATCH = 500
GRACE = timedelta(hours=6)  # a day that could not be summed up by then is left alone

_PROMISES = text("""
    WITH ripe AS (
        SELECT promise.id, CASE WHEN promise.due = there.at::date THEN 2 ELSE 1 END AS step,
               coalesce(account.collector_id, promise.made_by) AS person_id
        FROM promise JOIN account ON account.id = promise.account_id
        JOIN sto ON sto.id = account.sto_id JOIN site_operation AS unit ON unit.id = sto.site_operation_id
        CROSS JOIN LATERAL (SELECT CAST(:now AS timestamptz) AT TIME ZONE unit.zone AS at) AS there
        WHERE promise.state = 'open' AND promise.told < 2 AND account.state = 'open' AND NOT account.paused
          AND promise.due BETWEEN :day AND CAST(:day AS date) + 2  -- tomorrow in the east at most; for the index
          AND promise.due BETWEEN there.at::date AND there.at::date + 1
          AND promise.told < CASE WHEN promise.due = there.at::date THEN 2 ELSE 1 END AND there.at::time >= :opens
        ORDER BY promise.due, promise.id LIMIT :batch FOR UPDATE OF promise SKIP LOCKED
    )
    UPDATE promise SET told = ripe.step FROM ripe WHERE promise.id = ripe.id
    RETURNING ripe.person_id, promise.due, promise.told, promise.id
""")

# Whoever visited has a day that is over where the last account of it lies; so has the office, for its own area.
_DAYS = text("""
    WITH walked AS (
        SELECT DISTINCT visit.person_id, sto.id AS sto_id, unit.id AS unit_id, there.day,
               (there.day + CAST(:closes AS time)) AT TIME ZONE unit.zone AS closed
        FROM visit JOIN account ON account.id = visit.account_id
        JOIN sto ON sto.id = account.sto_id JOIN site_operation AS unit ON unit.id = sto.site_operation_id
        CROSS JOIN LATERAL (SELECT (visit.at AT TIME ZONE unit.zone)::date AS day) AS there
        WHERE visit.at >= CAST(:now AS timestamptz) - interval '2 days'
    ), concerned AS (
        SELECT person_id, day, closed FROM walked
        UNION ALL SELECT person.id, day, closed FROM person JOIN walked ON person.role = 'admin' OR EXISTS (
            SELECT FROM person_area AS area WHERE area.person_id = person.id
            AND (area.sto_id = walked.sto_id OR area.site_operation_id = walked.unit_id))
        WHERE person.role = ANY(:office) AND person.active AND person.telegram_id IS NOT NULL
    )
    INSERT INTO field_day (day, person_id, told_at) SELECT day, person_id, :now FROM concerned GROUP BY day, person_id
    HAVING max(closed) <= :now AND max(closed) > CAST(:now AS timestamptz) - CAST(:grace AS interval)
    ON CONFLICT DO NOTHING
    RETURNING person_id, day, (SELECT role = ANY(:office) FROM person WHERE person.id = person_id)
""")


async def tick(session: AsyncSession) -> int:
    """Tell of promises that are due today or tomorrow, once contact hours have begun; how many there were."""
    opens = (await contacts.of_now(session)).opens
    told = {"now": clock.now(), "day": there.today().day, "opens": opens, "batch": BATCH}
    mine: dict[tuple[int, date, int], list[int]] = {}
    for person_id, due, step, promise_id in (await session.execute(_PROMISES, told)).all():
        mine.setdefault((person_id, due, step), []).append(promise_id)
    for (person_id, due, _), promises in sorted(mine.items()):
        await emit(session, PromisesDue(person_id=person_id, due=due, promises=tuple(promises)), source="system")
    return sum(map(len, mine.values()))


async def end_of_day(session: AsyncSession) -> int:
    """Sum up the day of everybody who visited anybody, and for the office, once contact hours are over."""
    office = [role.value for role, rights in RIGHTS.items() if "arrears.assign" in rights]
    closes = (await contacts.of_now(session)).closes
    asked = {"now": clock.now(), "closes": closes, "office": office, "grace": GRACE}
    told = (await session.execute(_DAYS, asked)).all()
    for person_id, day, of_office in sorted(told):
        await emit(session, FieldDayEnded(person_id=person_id, day=day, office=of_office), source="system")
    return len(told)
