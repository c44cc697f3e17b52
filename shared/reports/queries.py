"""The figures of the dashboard. Each counts with the very conditions of the list it links to. Reads only."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, rows
from shared.events import EventRow
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.models import Category, Order
from shared.orders.states import MasterData
from shared.people.access import Viewer, Whoever

USUAL_DAYS = 14
_REMEMBER = 600.0  # seconds: what is usual does not change while one looks
_usual: dict[tuple[frozenset[int] | None, str, date], tuple[float, dict[int, float]]] = {}


@dataclass(frozen=True, slots=True)
class Today:
    """Today's sums. on_time: how many of `done` kept their target."""

    received: int
    done: int
    on_time: int
    open: int
    late: int
    obstacle: int
    untaken: int


@dataclass(frozen=True, slots=True)
class HourCount:
    """One hour of the day in the viewer's zone; None where it has not begun."""

    hour: int
    received: int | None
    done: int | None
    usual: float | None


def forget() -> None:
    """Forget what is usual; for tests, which each have a world of their own."""
    _usual.clear()


async def today(session: AsyncSession, viewer: Viewer, since: datetime, until: datetime | None = None) -> Today:
    """The sums from `since` until `until`, or until now; what is open is so now."""
    opened = await board.counts(session, viewer, Filters())
    wanted = _finished(viewer.whoever, since, until, await queries.master(session))
    done, on_time, received = await rows.first(session, wanted, viewer.asking)
    return Today(
        received=received,
        done=done,
        on_time=on_time,
        open=opened["order"],
        late=opened["lewat"],
        obstacle=opened["kendala"],
        untaken=opened["belum"],
    )


@lru_cache(maxsize=board.KEPT)
def _finished(
    viewer: Viewer | Whoever, since: datetime, until: datetime | None, data: MasterData
) -> Select[int, int, int]:
    """Done, done on time, received."""
    came = Filters(view="semua", day="masuk", since=since, until=until)
    done = Filters(view="semua", status=Category.DONE, day="tutup", since=since, until=until)
    received = select(func.count()).select_from(Order)
    received = received.where(queries.visible(viewer), *board.conditions(viewer, came, data))
    on_time = func.count().filter(Order.used_seconds <= Order.target_seconds)
    return (
        select(func.count(), on_time, received.scalar_subquery())
        .select_from(Order)
        .where(queries.visible(viewer), *board.conditions(viewer, done, data))
    )


async def matrix(
    session: AsyncSession, viewer: Viewer, since: datetime, until: datetime | None = None
) -> Mapping[tuple[str, str], int]:
    """(type, status) → orders on the table: still open, or closed from `since` until `until`."""
    wanted = _by_type_and_status(viewer.whoever, since, until, await queries.master(session))
    return {(kind, status): n for kind, status, n in await rows.rows(session, wanted, viewer.asking)}


@lru_cache(maxsize=board.KEPT)
def _by_type_and_status(
    viewer: Viewer | Whoever, since: datetime, until: datetime | None, data: MasterData
) -> Select[str, str, int]:
    work = Filters(view="semua", day="kerja", since=since, until=until)
    return (
        select(Order.type_code, Order.status_code, func.count())
        .where(queries.visible(viewer), *board.conditions(viewer, work, data))
        .group_by(Order.type_code, Order.status_code)
    )


async def obstacles(
    session: AsyncSession, viewer: Viewer, since: datetime | None = None, until: datetime | None = None
) -> Sequence[tuple[int, int]]:
    """(reason id, orders that were stopped by it then, or in the last days), the commonest first; at most eight."""
    data = await queries.master(session)
    found = await rows.rows(session, _stopped(viewer.whoever, since, until, data), viewer.asking)
    return [(int(each), n) for each, n in found]


@lru_cache(maxsize=board.KEPT)
def _stopped(
    viewer: Viewer | Whoever, since: datetime | None, until: datetime | None, data: MasterData
) -> Select[str, int]:
    stopping = [row.id for row in data.reasons.values() if data.statuses[row.status_code].category is Category.OBSTACLE]
    reason = EventRow.payload["reason_id"].astext
    orders = func.count(func.distinct(EventRow.order_id))
    return (
        select(reason, orders)
        .join(Order, Order.id == EventRow.order_id)
        .where(
            EventRow.at >= (func.now() - timedelta(days=board.OBSTACLE_DAYS) if since is None else since),
            true() if until is None else EventRow.at < until,
            text("event.name = 'order.changed' AND (event.payload ->> 'reason_id') IS NOT NULL"),
            reason.in_([str(each) for each in stopping]),
            queries.visible(viewer),
        )
        .group_by(reason)
        .order_by(orders.desc())
        .limit(8)
    )


async def per_hour(session: AsyncSession, viewer: Viewer, now: datetime, zone: str) -> list[HourCount]:
    """Received and done in each hour of today, and the mean of the last days."""
    here = clock.local(now, zone)
    start, end = clock.day_bounds(here.date(), zone)
    received: dict[int, int] = {}
    done: dict[int, int] = {}
    for came, hour, n in await rows.rows(session, _by_hour(viewer.whoever, start, end, zone), viewer.asking):
        (received if came else done)[int(hour)] = n
    usual = await _usual_hours(session, viewer, start, zone)
    busy = [hour for hour, mean in usual.items() if mean >= 0.5]
    first, last = min([8, *received, *done, *busy]), max([17, *received, *done, *busy, here.hour if received else 17])
    return [
        HourCount(
            hour,
            received.get(hour, 0) if hour <= here.hour else None,
            done.get(hour, 0) if hour <= here.hour else None,
            usual.get(hour, 0.0) if usual else None,
        )
        for hour in range(first, last + 1)
    ]


async def per_day(
    session: AsyncSession, viewer: Viewer, since: datetime, until: datetime, zone: str
) -> Mapping[date, tuple[int, int]]:
    """(received, done) of each day of `zone` in which anything happened."""
    found: dict[date, tuple[int, int]] = {}
    for place, column in enumerate((Order.registered_at, Order.closed_at)):
        day = func.date_trunc("day", func.timezone(zone, column)).label("day")
        wanted = select(day, func.count()).where(queries.visible(viewer), column >= since, column < until)
        if place:
            wanted = wanted.where(Order.closed_at.is_not(None), Order.category == Category.DONE)
        for at, n in await session.execute(wanted.group_by(text("day"))):
            received, done = found.get(at.date(), (0, 0))
            found[at.date()] = (received, n) if place else (n, done)
    return found


@lru_cache(maxsize=board.KEPT)
def _by_hour(viewer: Viewer | Whoever, start: datetime, end: datetime, zone: str) -> Any:
    """(whether they came or were done, hour, orders)."""
    parts: list[Any] = []
    for came, column in (("true", Order.registered_at), ("false", Order.closed_at)):
        hour = func.extract("hour", func.timezone(zone, column)).label("hour")
        found: list[ColumnElement[bool]] = [queries.visible(viewer), column >= start, column < end]
        if came == "false":
            found.append(and_(Order.closed_at.is_not(None), Order.category == Category.DONE))
        parts.append(select(literal_column(came), hour, func.count()).where(*found).group_by(text("hour")))
    return union_all(*parts)


async def _usual_hours(session: AsyncSession, viewer: Viewer, today: datetime, zone: str) -> dict[int, float]:
    """Mean received an hour over the days before `today` that had any; empty when there were none."""
    key = (viewer.stos, zone, today.date())
    known = _usual.get(key)
    if known and known[0] > time.monotonic():
        return known[1]
    local = func.timezone(zone, Order.registered_at)
    day, hour = func.date_trunc("day", local).label("day"), func.extract("hour", local).label("hour")
    found = (
        await session.execute(
            select(day, hour, func.count())
            .where(
                queries.visible(viewer),
                Order.registered_at >= today - timedelta(days=USUAL_DAYS),
                Order.registered_at < today,
            )
            .group_by(text("day"), text("hour"))
        )
    ).all()
    days = len({row[0] for row in found})
    means: dict[int, float] = {}
    for _, each, n in found:
        means[int(each)] = means.get(int(each), 0.0) + n / days
    if len(_usual) > 500:
        _usual.clear()
    _usual[key] = (time.monotonic() + _REMEMBER, means)
    return means
