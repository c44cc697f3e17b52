"""Questions about targets and about who is told. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.chats.models import Chat
from shared.orders import lines
from shared.orders.lines import OrderLine
from shared.orders.listed import MOST
from shared.orders.models import Order, OrderType
from shared.people.access import Viewer, Whoever
from shared.people.models import Person, PersonArea, Role
from shared.places.models import Sto
from shared.sla.models import Level, SlaRecipient, SlaTarget

LOOK_BACK = timedelta(days=30)  # of finished orders that a preview counts

# Written out, not as parameters: only so does Postgres know that its partial index applies.
_DONE: ColumnElement[bool] = literal_column(
    "(orders.closed_at IS NOT NULL AND orders.deleted_at IS NULL AND orders.category = 'done')"
)
_OPEN: ColumnElement[bool] = literal_column(
    "(orders.category IN ('received', 'working', 'obstacle') AND orders.deleted_at IS NULL)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A Site Operation or an STO; exactly one is set."""

    site: int | None = None
    sto: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """Finished orders of the last LOOK_BACK: how many, how many kept their target, how many would keep the new one."""

    orders: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told, and the private chat to do it in; None while the person never wrote to the bot.

    held: nothing may be sent there now.
    """

    person: Person
    chat_id: int | None
    held: bool


async def target_of(session: AsyncSession, kind: OrderType, sto_id: int, site_id: int, at: datetime) -> int:
    """The target, in minutes, of an order of this type that comes in at `at`: the STO's, else the site's, else the
    type's.
    """
    rows = await session.execute(
        select(SlaTarget.sto_id, SlaTarget.minutes)
        .where(
            SlaTarget.type_code == kind.code,
            or_(SlaTarget.site_operation_id == site_id, SlaTarget.sto_id == sto_id),
            SlaTarget.since <= at,
        )
        .order_by(SlaTarget.sto_id.is_(None), SlaTarget.since.desc())
    )
    seen: set[bool] = set()
    for own, minutes in rows:
        wider = own is None
        if wider not in seen and minutes is not None:
            return int(minutes)
        seen.add(wider)
    return kind.target_minutes


async def targets(session: AsyncSession, at: datetime | None = None) -> Mapping[tuple[str, Unit], int | None]:
    """(type, unit) → its own minutes at a moment, now if none is given; None where it gave its own up again."""
    rows = await session.execute(
        select(SlaTarget.type_code, SlaTarget.site_operation_id, SlaTarget.sto_id, SlaTarget.minutes)
        .where(SlaTarget.since <= (at or clock.now()))
        .order_by(SlaTarget.since)
    )
    return {(code, Unit(site, sto)): minutes for code, site, sto, minutes in rows}


async def history(session: AsyncSession, viewer: Viewer, site_id: int) -> Sequence[tuple[SlaTarget, str | None]]:
    """The targets of a Site Operation and of its STO in the area, planned ones too, newest first, and who set each."""
    stos = select(Sto.id).where(Sto.site_operation_id == site_id, viewer.within(Sto.id))
    rows = await session.execute(
        select(SlaTarget, Person.name)
        .outerjoin(Person, Person.id == SlaTarget.made_by)
        .where(or_(SlaTarget.site_operation_id == site_id, SlaTarget.sto_id.in_(stos)))
        .order_by(SlaTarget.since.desc(), SlaTarget.id.desc())
        .limit(100)
    )
    return [(row, name) for row, name in rows]


async def reached(session: AsyncSession, code: str, unit: Unit) -> list[int]:
    """The STO for which this unit's target of a type counts: a site's not where an STO has its own."""
    if unit.sto is not None:
        return [unit.sto]
    own = {each.sto for (kind, each), minutes in (await targets(session)).items() if kind == code and minutes}
    stos = await session.scalars(select(Sto.id).where(Sto.site_operation_id == unit.site))
    return [sto for sto in stos if sto not in own]


async def preview(session: AsyncSession, code: str, unit: Unit, minutes: int) -> Preview:
    """What a target would have said of the last month's finished orders; read from the index of closed orders alone."""
    now = clock.now()
    kept: Any = Order.used_seconds <= Order.target_seconds
    row = (
        await session.execute(
            select(func.count(), func.count().filter(kept), func.count().filter(Order.used_seconds <= minutes * 60))
            .select_from(Order)
            .where(
                _DONE,
                Order.closed_at >= now - LOOK_BACK,
                Order.closed_at < now,
                Order.type_code == code,
                Order.sto_id.in_(await reached(session, code, unit)),
            )
        )
    ).one()
    return Preview(*row)


async def near(session: AsyncSession, viewer: Viewer, limit: int) -> Sequence[OrderLine]:
    """The open orders of the area that have spent 80 % of their target and are not late yet, soonest due first."""
    return await lines.read(session, _near(viewer.whoever), {**viewer.asking, "most": limit})


@cache
def _near(viewer: Viewer | Whoever) -> Select[Any]:
    now = func.now()
    wanted = lines.picked(viewer).where(_OPEN, Order.sort_at > now, Order.near_at <= now)
    return lines.named(wanted.order_by(Order.sort_at, Order.id).limit(MOST), ("sort_at", False), ("id", False))


async def told(session: AsyncSession, site_id: int, level: Level) -> Sequence[Told]:
    """Who is told of this Site Operation's orders at a level; people who were switched off are not."""
    rows = await session.execute(
        select(Person, Chat.id, Chat.held)
        .join(SlaRecipient, SlaRecipient.person_id == Person.id)
        .outerjoin(Chat, Chat.id == Person.telegram_id)
        .where(SlaRecipient.site_operation_id == site_id, SlaRecipient.level == level, Person.active)
        .order_by(Person.name)
    )
    return [Told(person, chat, held is not None) for person, chat, held in rows]


async def recipients(session: AsyncSession) -> Mapping[tuple[int, Level], Sequence[Person]]:
    """(Site Operation, level) → who is told."""
    rows = await session.execute(
        select(SlaRecipient.site_operation_id, SlaRecipient.level, Person)
        .join(Person, Person.id == SlaRecipient.person_id)
        .where(Person.active)
        .order_by(Person.name)
    )
    found: dict[tuple[int, Level], list[Person]] = {}
    for site, level, person in rows:
        found.setdefault((site, level), []).append(person)
    return found


async def eligible(session: AsyncSession, site_id: int) -> Sequence[Person]:
    """Who may be told of a Site Operation's orders: its office people, by name."""
    stos = select(Sto.id).where(Sto.site_operation_id == site_id)
    inside = select(PersonArea.person_id).where(
        or_(PersonArea.site_operation_id == site_id, PersonArea.sto_id.in_(stos))
    )
    office = (Role.HELPDESK, Role.TEAM_LEADER, Role.SUPERVISOR)
    wanted = select(Person).where(
        Person.active, or_(Person.role == Role.ADMIN, Person.role.in_(office) & Person.id.in_(inside))
    )
    return (await session.scalars(wanted.order_by(Person.name))).all()
