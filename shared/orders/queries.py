"""Questions about orders, always within the viewer's area. Reads only."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    String,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import rows
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders import states
from shared.orders.models import OPEN, Category, Order, OrderStatus, OrderType, Reason, StatusMove
from shared.people.access import Viewer, Whoever
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto

Facts = Select[Order, str, str, str, str, str, str]

_REMEMBER = 30.0  # seconds that master data may be old
_master: tuple[float, states.MasterData] | None = None

holder = aliased(Person, name="holder")
technician = aliased(Person, name="technician")
registrant = aliased(Person, name="registrant")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order with the names of what it points to: one row of a list, or the head of its page."""

    order: Order
    sto_code: str
    sto_name: str
    zone: str
    holder_name: str | None
    technician_name: str | None
    registrant_name: str | None


class Happened(NamedTuple):
    """An event of an order as its timeline tells it; its fields are EventRow's."""

    id: int
    name: str
    at: datetime
    order_id: int | None
    seq: int | None
    actor_id: int | None
    source: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of an order and who caused it."""

    event: Happened
    actor_name: str | None


class Namesake(NamedTuple):
    """Another order of the same number; its fields are Order's."""

    id: int
    registration_no: str
    type_code: str
    status_code: str
    category: Category
    registered_at: datetime


class Numbered(Protocol):
    """What has a number that others may have too: an order, or a line of a list."""

    @property
    def id(self) -> int: ...
    @property
    def registration_no(self) -> str: ...
    @property
    def category(self) -> Category: ...


async def master(session: AsyncSession) -> states.MasterData:
    """The house's types, statuses, moves and reasons; at most half a minute old."""
    global _master  # noqa: PLW0603 one memory a process
    if _master is None or _master[0] < time.monotonic():
        data = states.master_data(
            (await session.scalars(select(OrderType))).all(),
            (await session.scalars(select(OrderStatus))).all(),
            (await session.scalars(select(StatusMove))).all(),
            (await session.scalars(select(Reason))).all(),
        )
        for kind in (data.types, data.statuses, data.moves, data.reasons):
            for row in kind.values():
                session.expunge(row)
        _master = (time.monotonic() + _REMEMBER, data)
    return _master[1]


def forget() -> None:
    """Forget remembered master data; for those who change it."""
    global _master  # noqa: PLW0603
    _master = None


def visible(viewer: Viewer | Whoever) -> ColumnElement[bool]:
    """The orders a viewer may know of: the office by area; a technician its own and those of the group it asks in."""
    groups = Order.chat_id.in_(viewer.groups) if viewer.groups else None
    return _rule(sees(viewer), viewer.within(Order.sto_id), viewer.person_id, groups)


def sees(viewer: Viewer | Whoever) -> Literal["area", "own", "nothing"]:
    """Which orders a role may know of."""
    if viewer.may("order.read"):
        return "area"
    return "own" if viewer.may("order.read_own") else "nothing"


def _rule(
    sees: Literal["area", "own", "nothing"],
    within: ColumnElement[bool],
    me: int | BindParameter[int],
    groups: ColumnElement[bool] | None,
) -> ColumnElement[bool]:
    living = Order.deleted_at.is_(None)
    if sees == "area":
        return and_(living, within)
    if sees == "own":
        own = [Order.technician_id == me, Order.registered_by == me]
        return and_(living, or_(*own, *([] if groups is None else [groups])))
    return text("false")  # type: ignore[return-value]


def facts(viewer: Viewer | Whoever | None) -> Facts:
    """The statement behind every order that is shown; None sees all (the house itself)."""
    wanted = (
        select(Order, Sto.code, Sto.name, SiteOperation.zone, holder.name, technician.name, registrant.name)
        .join(Sto, Sto.id == Order.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(holder, holder.id == Order.holder_id)
        .outerjoin(technician, technician.id == Order.technician_id)
        .outerjoin(registrant, registrant.id == Order.registered_by)
    )
    return wanted if viewer is None else wanted.where(visible(viewer))


async def all_facts(
    session: AsyncSession, wanted: Facts, asked: Mapping[str, object] | None = None
) -> list[OrderFacts]:
    """Run a statement made with `facts`. asked: its parameters, where it was made for whoever asks."""
    return [OrderFacts(*row) for row in (await session.execute(wanted, asked)).all()]


async def by_id(session: AsyncSession, viewer: Viewer | None, order_id: int) -> OrderFacts:
    """One order by its id. Raises NotFound, also outside the viewer's area."""
    found = await all_facts(session, facts(viewer).where(Order.id == order_id))
    if not found:
        raise NotFound
    return found[0]


async def by_number(session: AsyncSession, viewer: Viewer | None, registration_no: str) -> OrderFacts:
    """The order of a registration number: the open one, else the newest. Raises NotFound, also outside the area."""
    given: dict[str, object] = {"number": registration_no}
    if viewer is None:
        wanted = of_number(None, everywhere=True)
    else:
        given |= {"me": viewer.person_id, "groups": list(viewer.groups), "stos": list(viewer.stos or ())}
        wanted = of_number(sees(viewer), everywhere=viewer.stos is None)
    found = (await session.execute(wanted, given)).first()
    if found is None:
        raise NotFound
    return OrderFacts(*found)


@cache
def of_number(sees: Literal["area", "own", "nothing"] | None, *, everywhere: bool) -> Facts:
    """The statement of `by_number`, built once: each `/cek` asks it. sees: None for the house itself."""
    wanted = facts(None).where(Order.registration_no == bindparam("number", type_=String), Order.deleted_at.is_(None))
    if sees is not None:
        numbers = ARRAY(BigInteger)
        within = true() if everywhere else Order.sto_id == any_(bindparam("stos", type_=numbers))
        groups = Order.chat_id == any_(bindparam("groups", type_=numbers))
        wanted = wanted.where(_rule(sees, within, bindparam("me", type_=BigInteger), groups))
    return wanted.order_by(Order.category.in_(OPEN).desc(), Order.id.desc()).limit(1)


async def by_address(session: AsyncSession, viewer: Viewer, registration_no: str, order_id: int | None) -> OrderFacts:
    """The order of a number, or the very one of an id if it has that number. Raises NotFound."""
    if order_id is None:
        return await by_number(session, viewer, registration_no)
    found = await by_id(session, viewer, order_id)
    if found.order.registration_no != registration_no:
        raise NotFound
    return found


async def shown(session: AsyncSession, viewer: Viewer, registration_no: str, order_id: int | None) -> OrderFacts:
    """As `by_address`; the order belongs to no session and is for showing alone."""
    if order_id is not None:
        return await by_address(session, viewer, registration_no, order_id)
    wanted, given = _of_viewer(viewer), {**viewer.asking, "number": registration_no}
    found = await rows.first(session, wanted, given)
    if found is None:
        raise NotFound
    order = Order()
    order.__dict__.update(zip(_FIELDS, found, strict=False))
    return OrderFacts(order, *found[len(_FIELDS) :])


_FIELDS = [column.key for column in Order.__mapper__.column_attrs if column.key != "search"]


@lru_cache(maxsize=32)
def _of_viewer(viewer: Viewer | Whoever) -> Any:
    names = [Sto.code, Sto.name, SiteOperation.zone, holder.name, technician.name, registrant.name]
    wanted = facts(viewer).where(Order.registration_no == bindparam("number", type_=String))
    wanted = wanted.with_only_columns(*[getattr(Order, each) for each in _FIELDS], *names, maintain_column_froms=True)
    return wanted.order_by(Order.category.in_(OPEN).desc(), Order.id.desc()).limit(1)


async def second_ones(session: AsyncSession, found: Collection[Numbered]) -> frozenset[int]:
    """Ids of those that do not stand at their number's own address, because an open or a newer order does."""
    closed = {order.id: order.registration_no for order in found if order.category not in OPEN}
    if not closed:
        return frozenset()
    firsts = await rows.rows(session, _firsts(), {"numbers": list(set(closed.values()))})
    return frozenset(closed) - {row[0] for row in firsts}


@cache
def _firsts() -> Select[int]:
    """Of each number the order that stands at its address."""
    return (
        select(Order.id)
        .ext(distinct_on(Order.registration_no))
        .where(Order.registration_no == any_(bindparam("numbers", type_=ARRAY(String))), Order.deleted_at.is_(None))
        .order_by(Order.registration_no, Order.category.in_(OPEN).desc(), Order.id.desc())
    )


async def namesakes(session: AsyncSession, viewer: Viewer, order: Order) -> Sequence[Namesake]:
    """The other orders of an order's number that the viewer may see, the newest first; ten at most."""
    asked = {**viewer.asking, "number": order.registration_no, "but": order.id}
    return [Namesake._make(row) for row in await rows.rows(session, _others_of(viewer.whoever), asked)]


@lru_cache(maxsize=32)
def _others_of(viewer: Viewer | Whoever) -> Select[Any]:
    but = Order.id != bindparam("but", type_=BigInteger)
    wanted = select(*[getattr(Order, name) for name in Namesake._fields])
    wanted = wanted.where(Order.registration_no == bindparam("number", type_=String), but, visible(viewer))
    return wanted.order_by(Order.id.desc()).limit(10)


async def open_of(session: AsyncSession, viewer: Viewer, limit: int = 20) -> list[OrderFacts]:
    """A person's own open orders, most urgent first: registered by or done by it, or held by it."""
    mine = or_(
        Order.technician_id == viewer.person_id,
        Order.registered_by == viewer.person_id,
        Order.holder_id == viewer.person_id,
    )
    wanted = (
        facts(None)
        .where(mine, Order.category.in_(OPEN), Order.deleted_at.is_(None))
        .order_by(Order.sort_at, Order.id)
        .limit(limit)
    )
    return await all_facts(session, wanted)


async def place_in_queue(session: AsyncSession, order: Order) -> int:
    """How many untaken orders of the same Site Operation came before this one, itself included."""
    site = select(Sto.site_operation_id).where(Sto.id == order.sto_id).scalar_subquery()
    stos = select(Sto.id).where(Sto.site_operation_id == site).scalar_subquery()
    before = select(func.count()).where(
        Order.sto_id.in_(stos),
        Order.category == Category.RECEIVED,
        Order.deleted_at.is_(None),
        Order.registered_at <= order.registered_at,
    )
    return int(await session.scalar(before) or 0)


async def same_serial(session: AsyncSession, order: Order) -> str | None:
    """The registration number of another open order that uses the same modem, if any."""
    return await open_with(session, order.serial, order.id)


async def open_with(session: AsyncSession, serial: str | None, but: int = 0) -> str | None:
    """The registration number of an open order that uses this modem, if any. but: id of one that does not count."""
    number: str | None = await session.scalar(
        select(Order.registration_no)
        .where(
            Order.serial == serial,
            Order.id != but,
            Order.category.in_(OPEN),
            Order.deleted_at.is_(None),
        )
        .limit(1)
    )
    return number


async def timeline(session: AsyncSession, order_id: int, limit: int = 100) -> Sequence[TimelineEntry]:
    """An order's events, newest first."""
    return [_entry(row) for row in await rows.rows(session, _timeline(limit), {"order": order_id})]


async def since_version(session: AsyncSession, order_id: int, version: int) -> Sequence[TimelineEntry]:
    """What happened to an order after `version`, oldest first."""
    wanted = _events().where(EventRow.order_id == order_id, EventRow.seq > version)
    return [_entry(row) for row in await session.execute(wanted.order_by(EventRow.id).limit(20))]


def _entry(row: Sequence[Any]) -> TimelineEntry:
    return TimelineEntry(Happened._make(row[:-1]), row[-1])


@cache
def _timeline(limit: int) -> Select[Any]:
    asked = EventRow.order_id == bindparam("order", type_=BigInteger)
    return _events().where(asked).order_by(EventRow.id.desc()).limit(limit)


def _events() -> Select[Any]:
    columns = [getattr(EventRow, name) for name in Happened._fields]
    return select(*columns, Person.name).outerjoin(Person, Person.id == EventRow.actor_id)
