"""What only the bot asks: a message's order, a technician's day, who changed an order last. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import EventRow
from shared.orders import queries
from shared.orders.models import OPEN, Category, Order
from shared.orders.queries import OrderFacts
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.queries import unit_of

LIST = 20  # orders of one kind in a day
_LAST_ACTOR = (
    select(Person.name)
    .select_from(EventRow)
    .outerjoin(Person, Person.id == EventRow.actor_id)
    .where(EventRow.order_id == bindparam("order", type_=BigInteger), EventRow.seq.is_not(None))
    .order_by(EventRow.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Day:
    """A technician's day: finished today, open, and of the open those that wait for the technician."""

    done: list[OrderFacts]
    open: list[OrderFacts]
    mine: list[OrderFacts]


async def of_message(session: AsyncSession, chat_id: int, message_id: int) -> OrderFacts | None:
    """The order that a Telegram message registered, if it did."""
    wanted = queries.facts(None).where(
        Order.chat_id == chat_id, Order.message_id == message_id, Order.deleted_at.is_(None)
    )
    found = await queries.all_facts(session, wanted)
    return found[0] if found else None


async def last_actor(session: AsyncSession, order_id: int) -> str | None:
    """Who brought an order to where it stands: the author of the newest event that changed it."""
    name: str | None = await session.scalar(_LAST_ACTOR, {"order": order_id})
    return name


async def zone_of(session: AsyncSession, viewer: Viewer) -> str:
    """The zone a person's day is counted in: that of the first STO of its area."""
    if not viewer.stos:
        return "Asia/Jakarta"
    return (await unit_of(session, min(viewer.stos))).zone


async def day_of(session: AsyncSession, viewer: Viewer, zone: str, at: datetime) -> Day:
    """The day in `zone` that `at` falls on."""
    begins, ends = clock.day_bounds(clock.local(at, zone).date(), zone)
    mine = or_(Order.technician_id == viewer.person_id, Order.registered_by == viewer.person_id)
    done = await queries.all_facts(
        session,
        queries.facts(None)
        .where(
            mine,
            Order.category == Category.DONE,
            Order.closed_at >= begins,
            Order.closed_at < ends,
            Order.deleted_at.is_(None),
        )
        .order_by(Order.closed_at.desc(), Order.id)
        .limit(200),
    )
    still_open = await queries.all_facts(
        session,
        queries.facts(None)
        .where(mine, Order.category.in_(OPEN), Order.deleted_at.is_(None))
        .order_by(Order.sort_at, Order.id)
        .limit(200),
    )
    data = await queries.master(session)
    waiting = {reason.id for reason in data.reasons.values() if reason.whose == "technician"}
    return Day(
        done=done,
        open=[facts for facts in still_open if facts.order.reason_id not in waiting],
        mine=[facts for facts in still_open if facts.order.reason_id in waiting],
    )
