"""The daily report: what came in, what was finished and what was left, by STO and by technician. Reads only.

Every door asks here, so the figures on screen, in a file and in Telegram are the same. What came in counts on the day
it was registered; what was finished or cancelled on the day it was closed; obstacles and the rest as they stood when
the last day ended, or as they stand now.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, case, func, literal_column, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import EventRow
from shared.orders import queries
from shared.orders.models import Category, Order
from shared.people.access import Viewer
from shared.people.models import Person
from shared.reports.recap_scope import Part, Scope, parts

# Written out, not as parameters: only so does Postgres know that its partial indexes apply.
OPEN: ColumnElement[bool] = literal_column("(orders.category IN ('received', 'working', 'obstacle'))")
CLOSED: ColumnElement[bool] = literal_column("(orders.closed_at IS NOT NULL)")
DONE: ColumnElement[bool] = literal_column("(orders.category = 'done')")
CANCELLED: ColumnElement[bool] = literal_column("(orders.category = 'cancelled')")
OBSTACLE: ColumnElement[bool] = literal_column("(orders.category = 'obstacle')")
KEPT: ColumnElement[bool] = literal_column("(orders.used_seconds <= orders.target_seconds)")


@dataclass(slots=True)
class Sums:
    """One line. types: what came in, by type. on_time: how many of `done` kept their target.

    obstacle and left are the orders still open at the end: stopped by an obstacle, and all others.
    """

    types: Counter[str] = field(default_factory=Counter)
    done: int = 0
    on_time: int = 0
    cancelled: int = 0
    obstacle: int = 0
    left: int = 0

    @property
    def received(self) -> int:
        return self.types.total()

    @property
    def empty(self) -> bool:
        return not (self.received or self.done or self.cancelled or self.obstacle or self.left)

    def add(self, other: "Sums") -> None:
        """Count another line into this one."""
        self.types.update(other.types)
        self.done += other.done
        self.on_time += other.on_time
        self.cancelled += other.cancelled
        self.obstacle += other.obstacle
        self.left += other.left


@dataclass(frozen=True, slots=True)
class Line:
    """The sums of one STO or one technician; `name` is empty for a code that belongs to nobody known."""

    code: str
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Recap:
    """The whole report. types: the codes that its lines may hold, in the order of master data."""

    types: tuple[str, ...]
    stos: tuple[Line, ...]
    technicians: tuple[Line, ...]
    total: Sums
    zones: tuple[str, ...]


async def daily(session: AsyncSession, viewer: Viewer, scope: Scope) -> Recap:
    """The report of `scope`. STO by code, those without any order too; technicians by what they finished.

    Raises NotAllowed for a role that may not read reports.
    """
    covered = await parts(session, viewer, scope)
    data = await queries.master(session)
    stopping = [code for code, row in data.statuses.items() if row.category is Category.OBSTACLE]
    named = {place.id: place for part in covered for place in part.places}
    places = sorted(named.values(), key=lambda place: place.code)
    stos = {place.id: Sums() for place in places}
    hands: dict[str, Sums] = defaultdict(Sums)
    for part in covered:
        await _count(session, part, stopping, stos, hands)
    total = Sums()
    for sums in stos.values():
        total.add(sums)
    types = (row.code for row in data.types.values() if shown(row.code, scope, active=row.active, seen=total.types))
    return Recap(
        types=tuple(types),
        stos=tuple(Line(place.code, place.name, stos[place.id]) for place in places),
        technicians=await _by_technician(session, hands),
        total=total,
        zones=tuple(dict.fromkeys(part.zone for part in covered)),
    )


def shown(code: str, scope: Scope, *, active: bool, seen: Collection[str]) -> bool:
    """Whether a report shows an order type: those that are in use, and others only where they were counted."""
    return code == scope.type if scope.type else active or code in seen


async def _count(
    session: AsyncSession, part: Part, stopping: Sequence[str], stos: dict[int, Sums], hands: dict[str, Sums]
) -> None:
    def line(sto: int | None, code: str | None, by_hand: int) -> Sums:
        return hands[code or ""] if by_hand or sto is None else stos[sto]

    for sto, code, by_hand, kind, n in await session.execute(_received(part)):
        line(sto, code, by_hand).types[kind] += n
    for sto, code, by_hand, done, on_time, cancelled in await session.execute(_closed(part)):
        sums = line(sto, code, by_hand)
        sums.done, sums.on_time, sums.cancelled = sums.done + done, sums.on_time + on_time, sums.cancelled + cancelled
    if not part.last:
        return
    for sto, code, by_hand, n, stopped in await session.execute(_open(part, stopping)):
        sums = line(sto, code, by_hand)
        sums.obstacle, sums.left = sums.obstacle + stopped, sums.left + n - stopped


_STO, _CODE = Order.sto_id, Order.technician_code
_BY = (_STO, _CODE, func.grouping(_STO))  # the last: 1 in the lines of technicians, 0 in those of STO


def _received(part: Part) -> Executable:
    return (
        select(*_BY, Order.type_code, func.count())
        .where(Order.registered_at >= part.since, Order.registered_at < part.until, part.area)
        .group_by(func.grouping_sets(tuple_(_STO, Order.type_code), tuple_(_CODE, Order.type_code)))
    )


def _closed(part: Part) -> Executable:
    return (
        select(*_BY, func.count().filter(DONE), func.count().filter(DONE, KEPT), func.count().filter(CANCELLED))
        .where(CLOSED, Order.closed_at >= part.since, Order.closed_at < part.until, part.area)
        .group_by(func.grouping_sets(_STO, _CODE))
    )


def _open(part: Part, stopping: Sequence[str]) -> Executable:
    """What was open at the end of the part, and how much of it was stopped by an obstacle."""
    wanted = (_STO, _CODE, Order.id, Order.status_at, OBSTACLE.label("stopped"))
    now_open = select(*wanted).where(OPEN, Order.registered_at < part.seen, part.area)
    if not part.over:
        rows = now_open.subquery()
        stopped: Any = rows.c.stopped
    else:
        closed_since = select(*wanted).where(
            CLOSED, Order.closed_at >= part.until, Order.registered_at < part.until, part.area
        )
        rows = union_all(now_open, closed_since).subquery()
        then = _was_stopped(rows.c.id, part.until, stopping)
        stopped = case((rows.c.status_at < part.until, rows.c.stopped), else_=then)
    seen = select(rows.c.sto_id, rows.c.technician_code, stopped.label("stopped")).subquery().c
    return select(
        seen.sto_id, seen.technician_code, func.grouping(seen.sto_id), func.count(), func.count().filter(seen.stopped)
    ).group_by(func.grouping_sets(seen.sto_id, seen.technician_code))


def _was_stopped(order_id: Any, at: datetime, stopping: Sequence[str]) -> Any:
    """Whether an order's timeline says that an obstacle stopped it at `at`; before any change it was only received."""
    status = EventRow.payload["new"].astext
    last = (
        select(status.in_(stopping))
        .where(EventRow.order_id == order_id, EventRow.seq.is_not(None), EventRow.at < at, status.is_not(None))
        .order_by(EventRow.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(last, False)


async def _by_technician(session: AsyncSession, hands: Mapping[str, Sums]) -> tuple[Line, ...]:
    """Lines of technicians, who finished most first; orders without a technician's code come last."""
    names = await _names(session, [code for code in hands if code])
    order = sorted(hands.items(), key=lambda each: (not each[0], -each[1].done, -each[1].received, each[0]))
    return tuple(Line(code, names.get(code, ""), sums) for code, sums in order)


async def _names(session: AsyncSession, codes: Sequence[str]) -> Mapping[str, str]:
    """Whose codes these are; the active person's where a code was passed on."""
    rows = await session.execute(
        select(Person.technician_code, Person.name)
        .where(Person.technician_code.in_(codes))
        .order_by(Person.active, Person.id)
    )
    return {code: name for code, name in rows if code}
