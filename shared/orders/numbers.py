"""Which order has a registration number. Reads only; that no two have one is kept by the database's own indexes."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Conflict
from shared.orders import queries
from shared.orders.models import OPEN, Category, Order
from shared.orders.queries import OrderFacts


async def taken_by(
    session: AsyncSession, registration_no: str, *, keeps_number: bool, but: int | None = None
) -> int | None:
    """The order that takes a number. The indexes hold but for one case, a finished CONFIG before a new AO.

    but: an order that does not count, because it is the one to get the number.
    """
    blocks = Order.category.in_(OPEN) if not keeps_number else Order.category != Category.CANCELLED
    wanted = select(Order.id).where(Order.registration_no == registration_no, Order.deleted_at.is_(None), blocks)
    if but is not None:
        wanted = wanted.where(Order.id != but)
    found: int | None = await session.scalar(wanted.limit(1))
    return found


async def holding(session: AsyncSession, registration_no: str) -> OrderFacts:
    """The living order that has a number: the open one first. Raises Conflict when it is gone meanwhile."""
    living = (
        queries.facts(None)
        .where(Order.registration_no == registration_no, Order.deleted_at.is_(None))
        .order_by(Order.category.in_(OPEN).desc(), (Order.category != Category.CANCELLED).desc(), Order.id.desc())
        .limit(1)
    )
    found = await queries.all_facts(session, living)
    if not found:
        raise Conflict
    return found[0]
