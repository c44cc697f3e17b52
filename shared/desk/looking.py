"""Who has an order open right now, so that two people never work it unknowingly. A hint: it stops nobody.

Each open page says so every BEAT seconds; who has not been heard for STALE seconds is gone.
"""

from collections.abc import Sequence

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import after
from shared.desk.models import OrderOpen
from shared.people.models import Person

BEAT = 30
STALE = 75.0  # seconds


async def opened(session: AsyncSession, order_id: int, person_id: int) -> None:
    """A person looks at an order, still or again; when it is new, every process hears of it at the commit."""
    now = func.clock_timestamp()
    statement = insert(OrderOpen).values(order_id=order_id, person_id=person_id, since=now, seen_at=now)
    fresh = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["order_id", "person_id"],
            set_={
                "seen_at": statement.excluded.seen_at,
                "since": case((OrderOpen.seen_at < after(-STALE), statement.excluded.seen_at), else_=OrderOpen.since),
            },
        ).returning(OrderOpen.seen_at - OrderOpen.since < func.make_interval(0, 0, 0, 0, 0, 0, 1))
    )
    if fresh:
        await _say(session, order_id)


async def left(session: AsyncSession, order_id: int, person_id: int) -> None:
    """A person closed an order's page."""
    gone = await session.scalar(
        delete(OrderOpen)
        .where(OrderOpen.order_id == order_id, OrderOpen.person_id == person_id)
        .returning(OrderOpen.order_id)
    )
    if gone is not None:
        await _say(session, order_id)


async def readers(session: AsyncSession, order_id: int) -> Sequence[tuple[int, str]]:
    """(id, name) of all who have an order open, whoever came first first."""
    rows = await session.execute(
        select(Person.id, Person.name)
        .join(OrderOpen, OrderOpen.person_id == Person.id)
        .where(OrderOpen.order_id == order_id, OrderOpen.seen_at > after(-STALE))
        .order_by(OrderOpen.since, Person.id)
        .limit(20)
    )
    return [(key, name) for key, name in rows]


async def _say(session: AsyncSession, order_id: int) -> None:
    await session.execute(select(func.pg_notify("sikpro_open", str(order_id))))
