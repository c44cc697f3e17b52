"""What only the bot asks: a message's order, a technician's day, who changed an order last. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.deliveries.models import Delivery
from shared.events import EventRow
from shared.orders import queries
from shared.orders.models import OPEN, Category, Order
from shared.orders.queries import OrderFacts
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.queries import unit_of
from shared.talk import operations as talk
from shared.talk.operations import Question

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
    """A technician's day: finished today, open, and of the open those that wait for the technician.

    asked: order id → the question about it that waits for an answer.
    """

    done: list[OrderFacts]
    open: list[OrderFacts]
    mine: list[OrderFacts]
    asked: Mapping[int, Question] = field(default_factory=dict)


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
    asked = await talk.open_of(session, [facts.order.id for facts in still_open])
    mine_now = {each.order.id for each in still_open if each.order.reason_id in waiting or each.order.id in asked}
    return Day(
        done=done,
        open=[facts for facts in still_open if facts.order.id not in mine_now],
        mine=[facts for facts in still_open if facts.order.id in mine_now],
        asked=asked,
    )


async def name_of(session: AsyncSession, person_id: int | None) -> str | None:
    """A person's name."""
    name: str | None = await session.scalar(select(Person.name).where(Person.id == person_id))
    return name


async def kind_of(session: AsyncSession, chat_id: int, message_id: int) -> str:
    """What a message of ours in a chat was sent as: `card`, `state`, `prompt`, …; empty when it is not known."""
    wanted = (
        select(Delivery.kind)
        .where(
            Delivery.chat_id == chat_id,
            Delivery.message_id == message_id,
            Delivery.method.in_(["sendMessage", "editMessageText"]),
        )
        .order_by(Delivery.id)
        .limit(1)
    )
    return await session.scalar(wanted) or ""
