"""The figures of the dashboard. Each counts with the very conditions of the list it links to. Reads only."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import EventRow
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.models import Category, Order
from shared.people.access import Viewer

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
    done = Filters(view="semua", status=Category.DONE, day="tutup", since=since, until=until)
    data = await queries.master(session)
    on_time = await session.scalar(
        select(func.count())
        .select_from(Order)
        .where(
            queries.visible(viewer), Order.used_seconds <= Order.target_seconds, *board.conditions(viewer, done, data)
        )
    )
    return Today(
        received=await board.total(session, viewer, Filters(view="semua", day="masuk", since=since, until=until)),
        done=await board.total(session, viewer, done),
        on_time=int(on_time or 0),
        open=opened["order"],
        late=opened["lewat"],
        obstacle=opened["kendala"],
        untaken=opened["belum"],
    )


async def matrix(
    session: AsyncSession, viewer: Viewer, since: datetime, until: datetime | None = None
) -> Mapping[tuple[str, str], int]:
    """(type, status) → orders on the table: still open, or closed from `since` until `until`."""
    data = await queries.master(session)
    work = Filters(view="semua", day="kerja", since=since, until=until)
    rows = await session.execute(
        select(Order.type_code, Order.status_code, func.count())
        .where(queries.visible(viewer), *board.conditions(viewer, work, data))
        .group_by(Order.type_code, Order.status_code)
    )
    return {(kind, status): n for kind, status, n in rows}


async def obstacles(
    session: AsyncSession, viewer: Viewer, since: datetime | None = None, until: datetime | None = None
) -> Sequence[tuple[int, int]]:
    """(reason id, orders that were stopped by it then, or in the last days), the commonest first; at most eight."""
    data = await queries.master(session)
    stopping = [row.id for row in data.reasons.values() if data.statuses[row.status_code].category is Category.OBSTACLE]
    reason = EventRow.payload["reason_id"].astext
    orders = func.count(func.distinct(EventRow.order_id))
    rows = await session.execute(
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
    return [(int(each), n) for each, n in rows]


async def per_hour(session: AsyncSession, viewer: Viewer, now: datetime, zone: str) -> list[HourCount]:
    """Received and done in each hour of today, and the mean of the last days."""
    here = clock.local(now, zone)
    start, end = clock.day_bounds(here.date(), zone)
    received = await _by_hour(session, viewer, Order.registered_at, start, end, zone)
    done = await _by_hour(session, viewer, Order.closed_at, start, end, zone)
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


async def _by_hour(
    session: AsyncSession, viewer: Viewer, column: Any, start: datetime, end: datetime, zone: str
) -> dict[int, int]:
    closed = column is Order.closed_at
    hour = func.extract("hour", func.timezone(zone, column)).label("hour")
    found: list[ColumnElement[bool]] = [queries.visible(viewer), column >= start, column < end]
    if closed:
        found.append(and_(Order.closed_at.is_not(None), Order.category == Category.DONE))
    rows = await session.execute(select(hour, func.count()).where(*found).group_by(text("hour")))
    return {int(each): n for each, n in rows}


async def _usual_hours(session: AsyncSession, viewer: Viewer, today: datetime, zone: str) -> dict[int, float]:
    """Mean received an hour over the days before `today` that had any; empty when there were none."""
    key = (viewer.stos, zone, today.date())
    known = _usual.get(key)
    if known and known[0] > time.monotonic():
        return known[1]
    local = func.timezone(zone, Order.registered_at)
    day, hour = func.date_trunc("day", local).label("day"), func.extract("hour", local).label("hour")
    rows = (
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
    days = len({row[0] for row in rows})
    means: dict[int, float] = {}
    for _, each, n in rows:
        means[int(each)] = means.get(int(each), 0.0) + n / days
    if len(_usual) > 500:
        _usual.clear()
    _usual[key] = (time.monotonic() + _REMEMBER, means)
    return means
