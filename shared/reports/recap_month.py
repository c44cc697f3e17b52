"""The monthly report: each day's orders by type, received and done, in the unit's own zone. Reads only."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ARRAY, DateTime, Executable, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.orders import queries
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.reports.recap import CLOSED, DONE, KEPT, shown
from shared.reports.recap_scope import Part, Scope, parts


@dataclass(slots=True)
class Day:
    """One day. received and done by type; on_time of those done. begun: whether it has dawned anywhere in the area."""

    day: date
    begun: bool
    received: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    on_time: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """The report. median: working minutes from received to done; None when nothing was done."""

    types: tuple[str, ...]
    days: tuple[Day, ...]
    median: int | None
    zones: tuple[str, ...]


def month_of(day: date, sto: str = "", kind: str = "", site: str = "") -> Scope:
    """The whole month that `day` lies in."""
    first = day.replace(day=1)
    return Scope(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), sto, kind, site)


async def per_day(session: AsyncSession, viewer: Viewer, scope: Scope) -> Month:
    """Every day of `scope`. Raises NotAllowed for a role that may not read reports."""
    covered = await parts(session, viewer, scope)
    data = await queries.master(session)
    today = max((clock.local(clock.now(), part.zone).date() for part in covered), default=scope.first)
    days = [Day(day, begun=day <= today) for day in scope.days]
    minutes: Counter[int] = Counter()
    for part in covered:
        for place, kind, n in await session.execute(_received(part, scope)):
            days[place - 1].received[kind] += n
        for place, kind, minute, n, on_time in await session.execute(_done(part, scope)):
            if place is None:
                minutes[minute] += n
            else:
                days[place - 1].done[kind] += n
                days[place - 1].on_time += on_time
    seen = {kind for day in days for kind in day.received | day.done}
    types = tuple(row.code for row in data.types.values() if shown(row.code, scope, active=row.active, seen=seen))
    return Month(types, tuple(days), _middle(minutes), tuple(dict.fromkeys(part.zone for part in covered)))


def _middle(minutes: Counter[int]) -> int | None:
    """The median of counted values."""
    left = (minutes.total() + 1) // 2
    for minute, n in sorted(minutes.items()):
        left -= n
        if left <= 0:
            return minute
    return None


def _place(moment: Any, part: Part, scope: Scope) -> Any:
    """Which day of the scope a moment lies in, from 1: the number of midnights of this zone that it has passed.

    Never before the part's first day, which may begin with another zone's midnight.
    """
    midnights = [clock.day_bounds(day, part.zone)[0] for day in scope.days]
    bucket = func.width_bucket(moment, literal(midnights, ARRAY(DateTime(timezone=True))))
    return func.greatest(bucket, (part.first - scope.first).days + 1).label("place")


def _received(part: Part, scope: Scope) -> Executable:
    return (
        select(_place(Order.registered_at, part, scope), Order.type_code, func.count())
        .where(Order.registered_at >= part.since, Order.registered_at < part.until, part.area)
        .group_by(text("place"), Order.type_code)
    )


def _done(part: Part, scope: Scope) -> Executable:
    """By day and type, and, in rows without either, by the minutes they took: both in one look at the index."""
    place = _place(Order.closed_at, part, scope)
    minute = (Order.used_seconds // 60).label("minute")
    return (
        select(place, Order.type_code, minute, func.count(), func.count().filter(KEPT))
        .where(CLOSED, DONE, Order.closed_at >= part.since, Order.closed_at < part.until, part.area)
        .group_by(func.grouping_sets(tuple_(text("place"), Order.type_code), tuple_(text("minute"))))
    )
