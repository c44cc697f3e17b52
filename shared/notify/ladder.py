"""The clock's ladders: what nobody acted on for so long is told, a step at a time, recomputed from what happened.

Nothing is counted down: each look asks the tables what is ripe, and the key of `escalation` decides what was said. So
a look that was missed, a restart or a second relay loses nothing and repeats nothing. Who was away hears the highest
step alone.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, bindparam, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import emit
from shared.notify.events import ClockAlerted
from shared.notify.kinds import KINDS, LADDERS
from shared.notify.models import Escalation, NotifyStep
from shared.orders import sla
from shared.places.models import SiteOperation, Sto
from shared.places.queries import unit_of_site

BATCH = 200  # told in one go of each ladder
MEMORY = timedelta(days=14)  # what is older was told, or is beyond telling
MOST_STEPS = 3

_ORDERS = """
    SELECT o.id AS subject, o.id AS order_id, o.sto_id, greatest(coalesce(last.at, o.status_at), talk.at) AS fact,
           unit.s1, unit.s2, unit.s3
    FROM orders AS o JOIN unit ON unit.sto_id = o.sto_id
    LEFT JOIN event AS last ON last.order_id = o.id AND last.seq = o.version
    LEFT JOIN LATERAL (SELECT max(greatest(q.at, q.answered_at)) AS at, bool_or(q.answered_at IS NULL) AS open
                       FROM order_question AS q WHERE q.order_id = o.id) AS talk ON true
    WHERE o.category IN ('received', 'working', 'obstacle') AND o.deleted_at IS NULL AND o.status_at <= unit.s1
      AND talk.open IS NOT TRUE AND """
_SEEN = {
    # Since the breach was told, or since it waits to be taken again; later hours of a unit make no new fact of it.
    "untaken": """
    SELECT o.id AS subject, o.id AS order_id, o.sto_id, greatest(said.at, o.status_at) AS fact,
           unit.s1, unit.s2, unit.s3
    FROM orders AS o JOIN unit ON unit.sto_id = o.sto_id
    JOIN sla_alert AS said ON said.order_id = o.id AND said.level = 'late'
    WHERE o.category IN ('received', 'working', 'obstacle') AND o.deleted_at IS NULL AND o.category = 'received'
      AND o.status_at <= unit.s1 AND o.due_at <= :now""",
    "silent": _ORDERS + "o.category = 'working' AND o.running_since IS NOT NULL",
    "paused": _ORDERS + "o.running_since IS NULL",
    "unanswered": """
    SELECT q.id AS subject, q.order_id, o.sto_id, q.at AS fact, unit.s1, unit.s2, unit.s3
    FROM order_question AS q JOIN orders AS o ON o.id = q.order_id JOIN unit ON unit.sto_id = o.sto_id
    WHERE q.answered_at IS NULL AND o.category IN ('received', 'working', 'obstacle') AND o.deleted_at IS NULL
      AND q.at >= :floor""",
    "import": """
    SELECT b.id AS subject, NULL::bigint AS order_id, NULL::bigint AS sto_id, b.uploaded_at AS fact,
           unit.s1, unit.s2, unit.s3
    FROM import_batch AS b CROSS JOIN (SELECT * FROM unit LIMIT 1) AS unit
    WHERE b.state IN ('mapping', 'ready') AND b.uploaded_at >= :floor""",
}
_HEAD = "WITH unit AS (SELECT * FROM unnest(:stos, :s1, :s2, :s3) AS u (sto_id, s1, s2, s3)), seen AS ("
_TELL = """), ripe AS (
    SELECT subject, order_id, sto_id, fact,
           CASE WHEN fact <= s3 THEN 3 WHEN fact <= s2 THEN 2 ELSE 1 END AS step
    FROM seen WHERE fact <= s1 AND fact >= :floor),
fresh AS (
    SELECT * FROM ripe WHERE NOT EXISTS (
        SELECT FROM escalation AS said WHERE said.kind = :kind AND said.subject = ripe.subject
        AND said.fact_at = ripe.fact AND said.step >= ripe.step)
    ORDER BY fact LIMIT :batch),
told AS (
    INSERT INTO escalation (kind, subject, fact_at, step, at) SELECT :kind, subject, fact, step, :now FROM fresh
    ON CONFLICT DO NOTHING RETURNING subject, fact_at, step)
SELECT told.subject, told.fact_at, told.step, fresh.order_id, sto.site_operation_id, fresh.sto_id
FROM told JOIN fresh USING (subject) LEFT JOIN sto ON sto.id = fresh.sto_id ORDER BY told.fact_at
"""
_FACT = ") SELECT fact FROM seen WHERE subject = :subject AND fact <= s1"
_STAMPS = ARRAY(DateTime(timezone=True))


def _statement(kind: str, end: str) -> Any:
    made = text(_HEAD + _SEEN[kind] + end)
    stamps = (bindparam(name, type_=_STAMPS) for name in ("s1", "s2", "s3"))
    return made.bindparams(*stamps, bindparam("stos", type_=ARRAY(BigInteger)))


async def ring(session: AsyncSession) -> int:
    """Tell of everything that is ripe; returns how many steps were told."""
    now, told = clock.now(), 0
    steps = await _steps(session)
    for kind in LADDERS:
        rungs = steps.get(kind)
        if not rungs:
            continue
        given = await _since(session, kind, rungs, now)
        given |= {"kind": kind, "now": now, "batch": BATCH, "floor": max(rungs[0].since, now - MEMORY)}
        for subject, fact, step, order_id, site, sto in (await session.execute(_statement(kind, _TELL), given)).all():
            alert = ClockAlerted(
                kind=kind,
                step=step,
                subject=subject,
                fact_at=fact,
                order_id=order_id,
                site_operation_id=site,
                sto_id=sto,
            )
            await emit(session, alert, source="system", order_id=order_id)
            told += 1
    return told


async def holds(session: AsyncSession, alert: ClockAlerted) -> bool:
    """Whether still nothing happened since; asked again at the moment of telling."""
    rungs = (await _steps(session)).get(alert.kind)
    if not rungs:
        return False
    now = clock.now()
    given = await _since(session, alert.kind, rungs, now)
    given |= {"subject": alert.subject, "now": now, "floor": now - MEMORY}
    fact = await session.scalar(_statement(alert.kind, _FACT), given)
    return bool(fact == alert.fact_at)


async def said_below(session: AsyncSession, alert: ClockAlerted) -> bool:
    """Whether a lower step was told of the same fact; who was away hears the highest alone."""
    below = exists().where(
        Escalation.kind == alert.kind,
        Escalation.subject == alert.subject,
        Escalation.fact_at == alert.fact_at,
        Escalation.step < alert.step,
    )
    return bool(await session.scalar(select(below)))


async def _steps(session: AsyncSession) -> dict[str, list[NotifyStep]]:
    found: dict[str, list[NotifyStep]] = {}
    for row in await session.scalars(select(NotifyStep).order_by(NotifyStep.kind, NotifyStep.step)):
        found.setdefault(row.kind, []).append(row)
    return found


async def _since(session: AsyncSession, kind: str, rungs: list[NotifyStep], now: datetime) -> dict[str, Any]:
    """For each STO the moments before which a fact is ripe for steps 1, 2 and 3; None where there is no such step."""
    minutes = [rungs[place].minutes if place < len(rungs) else None for place in range(MOST_STEPS)]
    sites = await session.execute(select(Sto.id, SiteOperation).join(SiteOperation).order_by(Sto.id))
    known: dict[int, list[datetime | None]] = {}
    reckoned: dict[sla.Calendar | None, list[datetime | None]] = {}
    stos: list[int] = []
    columns: list[list[datetime | None]] = [[], [], []]
    for sto_id, site in sites:
        if site.id not in known:
            calendar = (await unit_of_site(session, site)).calendar if KINDS[kind].working else None
            if calendar not in reckoned:  # most units keep the same hours
                reckoned[calendar] = [None if each is None else before(calendar, now, each) for each in minutes]
            known[site.id] = reckoned[calendar]
        stos.append(sto_id)
        for column, moment in zip(columns, known[site.id], strict=True):
            column.append(moment)
    return {"stos": stos, "s1": columns[0], "s2": columns[1], "s3": columns[2]}


def before(calendar: sla.Calendar | None, now: datetime, minutes: int) -> datetime:
    """The last moment since which so many minutes have passed: of working time if a calendar is given."""
    plain = now - timedelta(minutes=minutes)
    if calendar is None:
        return plain
    early, late = now - MEMORY - timedelta(minutes=minutes), plain
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if sla.worked_seconds(calendar, middle, now) >= minutes * 60:
            early = middle
        else:
            late = middle
    return early
