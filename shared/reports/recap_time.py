"""Whose the working time of finished orders was, and which obstacles took it, read from their timelines. Reads only.

A stretch in which an order waits or is worked on is the helpdesk's; one stopped by an obstacle belongs to whoever its
reason names. Only working time counts, by the hours of then: the calendars are those of the SLA clock, and
`sla.worked_before` is their one arithmetic; Postgres gets its results at each opening hour and adds the rest.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Executable,
    Float,
    Integer,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.events import EventRow
from shared.orders import queries, sla
from shared.orders.models import OPEN, Category, Order
from shared.orders.states import MasterData
from shared.people.access import Viewer
from shared.places import hours
from shared.places.hours import Hours
from shared.places.models import SiteOperation
from shared.places.queries import unit_of, unit_of_site
from shared.reports.recap import CLOSED
from shared.reports.recap_scope import Part, Scope, parts
from shared.words import reason_label

LONGEST = 31  # days: every timeline in them is read
BACK = timedelta(days=400)  # how long before the report an order may have begun; so far back holidays are known
SIDES = ("helpdesk", "technician", "customer", "system")
MOST_ODP = 10


@dataclass(slots=True)
class Taken:
    """Orders and the working seconds they spent there."""

    orders: int = 0
    seconds: int = 0

    def add(self, orders: int, seconds: float) -> None:
        self.orders += orders
        self.seconds += round(seconds)


@dataclass(frozen=True, slots=True)
class TimeRecap:
    """sides: by whose time it was, all SIDES. The rest count obstacles only, what took most first.

    reasons: by label; None is an obstacle without a reason. stos and odps: by code.
    """

    sides: Mapping[str, Taken]
    reasons: Sequence[tuple[str | None, Taken]]
    stos: Sequence[tuple[str, Taken]]
    odps: Sequence[tuple[str, Taken]]
    zones: tuple[str, ...]


async def lost(session: AsyncSession, viewer: Viewer, scope: Scope, language: str = "id") -> TimeRecap:
    """The time of the orders closed in `scope`, reasons named in `language`.

    Raises NotAllowed for a role that may not read reports.
    """
    data = await queries.master(session)
    covered = await parts(session, viewer, scope, by_site=True)
    sides = {side: Taken() for side in SIDES}
    reasons: dict[int | None, Taken] = defaultdict(Taken)
    stos: dict[str, Taken] = defaultdict(Taken)
    odps: dict[str, Taken] = defaultdict(Taken)
    for part in covered:
        codes = {place.id: place.code for place in part.places}
        for calendars, ids in (await _calendars(session, part)).items():
            sums = await session.execute(_sums(part, calendars, ids, data))
            for level, stopped, side, reason, sto, odp, orders, seconds in sums:
                if level == _LEVELS["side"]:
                    sides[side].add(orders, seconds)
                elif stopped and level == _LEVELS["reason"]:
                    reasons[reason].add(orders, seconds)
                elif stopped and level == _LEVELS["sto"]:
                    stos[codes[sto]].add(orders, seconds)
                elif stopped and odp:
                    odps[odp].add(orders, seconds)
    labels = {number: reason_label(row, language) for number, row in data.reasons.items()}
    return TimeRecap(
        sides=sides,
        reasons=[(labels.get(number or 0), taken) for number, taken in _most(reasons)],
        stos=_most(stos),
        odps=_most(odps)[:MOST_ODP],
        zones=tuple(dict.fromkeys(part.zone for part in covered)),
    )


def _most(found: Mapping[Any, Taken]) -> list[tuple[Any, Taken]]:
    return sorted(found.items(), key=lambda each: (-each[1].seconds, -each[1].orders, str(each[0])))


async def _calendars(session: AsyncSession, part: Part) -> Mapping[Hours, list[int]]:
    """The STO of a part by the calendars of the unit they belonged to."""
    found: dict[Hours, list[int]] = defaultdict(list)
    known: dict[int, Hours] = {}
    for place in part.places:
        then = await session.get(SiteOperation, place.site) if place.moved else None
        unit = await unit_of_site(session, then) if then is not None else await unit_of(session, place.id)
        if unit.site_operation_id not in known:
            known[unit.site_operation_id] = await hours.of_unit(session, unit)
        found[known[unit.site_operation_id]].append(place.id)
    return found


# What GROUPING(side, stopped, reason, sto, odp) says in the lines of each sum: a 0 where the line has a value.
_LEVELS = {"side": 0b01111, "reason": 0b10011, "sto": 0b10101, "odp": 0b10110}


def _sums(part: Part, calendars: Hours, stos: Sequence[int], data: MasterData) -> Executable:
    """(level, stopped, side, reason, sto, odp, orders, seconds) of each sum."""
    stretches = _spans(part, stos, data)
    spans = stretches.c
    opens, done, longest = _openings(calendars, part)
    table = select(
        literal(opens, ARRAY(DateTime(timezone=True))).label("opens"),
        literal(done, ARRAY(Float)).label("done"),
        literal(longest, ARRAY(Float)).label("longest"),
    ).subquery("hours")
    seconds = _worked(spans.until, table.c) - _worked(spans.at, table.c)
    timed = (
        select(spans.id, spans.side, spans.stopped, spans.reason, spans.sto_id, spans.odp, seconds.label("seconds"))
        .join_from(stretches, table, true())
        .where(spans.at < spans.until, spans.side.is_not(None))
    )
    row = timed.subquery().c
    return select(
        func.grouping(row.side, row.stopped, row.reason, row.sto_id, row.odp),
        row.stopped,
        row.side,
        row.reason,
        row.sto_id,
        row.odp,
        func.count(row.id.distinct()),
        func.sum(row.seconds),
    ).group_by(
        func.grouping_sets(
            tuple_(row.side),
            tuple_(row.stopped, row.reason),
            tuple_(row.stopped, row.sto_id),
            tuple_(row.stopped, row.odp),
        )
    )


def _spans(part: Part, stos: Sequence[int], data: MasterData) -> Subquery:
    """Each order's stretches from one event to the next: whose they were, and what stopped it meanwhile."""
    # OFFSET 0 keeps Postgres from turning the look at each timeline into a walk through all events.
    said, undone = EventRow.payload, aliased(EventRow)
    taken_back = said["undone_event_id"].astext
    before = (
        select(undone.payload["old_reason_id"].astext)
        .where(undone.id == cast(taken_back, BigInteger))
        .correlate(EventRow)
        .scalar_subquery()
    )
    event = (
        select(
            EventRow.at,
            EventRow.seq,
            func.coalesce(said["new"].astext, data.first().code).label("status"),
            cast(case((taken_back.is_not(None), before), else_=said["reason_id"].astext), BigInteger).label("reason"),
        )
        .where(EventRow.order_id == Order.id, EventRow.seq.is_not(None), EventRow.at <= Order.closed_at)
        .correlate(Order)
        .offset(0)
        .lateral("told")
    )
    told = event.c
    by = {category: [code for code, row in data.statuses.items() if row.category is category] for category in Category}
    stopped = told.status.in_(by[Category.OBSTACLE])
    others = {number: row.whose for number, row in data.reasons.items() if row.whose in SIDES}
    whose = case(others, value=told.reason, else_=SIDES[0]) if others else literal(SIDES[0])
    waiting = told.status.in_([code for category in OPEN for code in by[category]])
    following = func.lead(told.at).over(partition_by=Order.id, order_by=told.seq)
    return (
        select(
            Order.id,
            Order.sto_id,
            Order.odp,
            told.at,
            func.coalesce(following, Order.closed_at).label("until"),
            stopped.label("stopped"),
            case((stopped, told.reason)).label("reason"),
            case((stopped, whose), (waiting, literal(SIDES[0]))).label("side"),
        )
        .join(event, true())
        .where(CLOSED, Order.closed_at >= part.since, Order.closed_at < part.until, part.area, Order.sto_id.in_(stos))
        .subquery()
    )


def _worked(moment: Any, table: Any) -> Any:
    """Working seconds from the first opening to `moment`, as SQL: those up to the last opening, and those since."""
    place = func.greatest(func.width_bucket(moment, table.opens), 1, type_=Integer)
    since = func.extract("epoch", moment - table.opens[place])
    return table.done[place] + func.least(func.greatest(since, 0.0), table.longest[place])


def _openings(calendars: Hours, part: Part) -> tuple[list[datetime], list[float], list[float]]:
    """Each time the unit opens, from BACK before the part to its end: (when, seconds worked before, its length)."""
    zone = ZoneInfo(part.zone)
    first, last = (part.since - BACK).astimezone(zone).date(), part.until.astimezone(zone).date()
    opens, done, longest = [], list[float](), list[float]()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        midnight = datetime.fromordinal(ordinal).replace(tzinfo=zone)
        calendar = next(each for until, each in calendars if midnight.date() < until)
        if sla.is_working_day(calendar, midnight.date()):
            for begin, end in sla.shifts(calendar):
                opens.append(midnight + timedelta(microseconds=begin))
                done.append(done[-1] + longest[-1] if done else 0.0)
                longest.append((end - begin) / sla.SECOND)
    return opens, done, longest
