"""Who has an order open right now, so that two people never work it unknowingly. A hint: it stops nobody.

Each open page says so every BEAT seconds; who has not been heard for STALE seconds is gone.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.db import after
from shared.desk.models import OrderOpen
from shared.people.models import Person

BEAT = 30
STALE = 75.0  # seconds

# Every page of an order asks these, so they are built once.
_NOW = insert(OrderOpen).values(
    order_id=bindparam("order", type_=BigInteger),
    person_id=bindparam("person", type_=BigInteger),
    since=func.clock_timestamp(),
    seen_at=func.clock_timestamp(),
)
_OPENED = _NOW.on_conflict_do_update(
    index_elements=["order_id", "person_id"],
    set_={
        "seen_at": _NOW.excluded.seen_at,
        "since": case((OrderOpen.seen_at < after(-STALE), _NOW.excluded.seen_at), else_=OrderOpen.since),
    },
).returning(OrderOpen.seen_at - OrderOpen.since < func.make_interval(0, 0, 0, 0, 0, 0, 1))
_READERS = (
    select(Person.id, Person.name)
    .join(OrderOpen, OrderOpen.person_id == Person.id)
    .where(OrderOpen.order_id == bindparam("order", type_=BigInteger), OrderOpen.seen_at > after(-STALE))
    .order_by(OrderOpen.since, Person.id)
    .limit(20)
)


async def opened(session: AsyncSession, order_id: int, person_id: int) -> None:
    """A person looks at an order, still or again; when it is new, every process hears of it at the commit."""
    row = await rows.first(session, _OPENED, {"order": order_id, "person": person_id})
    if row is not None and row[0]:
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
    return [(key, name) for key, name in await rows.rows(session, _READERS, {"order": order_id})]


async def _say(session: AsyncSession, order_id: int) -> None:
    await session.execute(select(func.pg_notify("sikpro_open", str(order_id))))
