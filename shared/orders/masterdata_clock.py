"""Due times of open orders after a unit's hours, zone or holidays changed. Closed and paused ones stay as they are."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders import sla_fields
from shared.orders.models import OPEN, Order
from shared.places import queries as places
from shared.places.models import Sto


async def recount(session: AsyncSession, site_id: int) -> int:
    """Work out anew when the running orders of a Site Operation fall due; returns how many moved.

    The queue sorts by these columns, so they may not wait for the order's next change.
    """
    places.forget()
    moved = 0
    for sto_id in await session.scalars(select(Sto.id).where(Sto.site_operation_id == site_id)):
        calendar = (await places.unit_of(session, sto_id)).calendar
        orders = await session.execute(
            select(Order.id, Order.running_since, Order.target_seconds, Order.used_seconds, Order.due_at)
            .where(
                Order.sto_id == sto_id,
                Order.category.in_(OPEN),
                Order.deleted_at.is_(None),
                Order.running_since.is_not(None),
            )
            .with_for_update()
        )
        for order_id, since, target, used, due_at in orders.all():
            if since is None or used >= target:  # late already: nothing of the calendar matters
                continue
            falls = sla_fields.falls_due(calendar, since, target, used)
            if falls["due_at"] != due_at:
                await session.execute(update(Order).where(Order.id == order_id).values(**falls))
                moved += 1
    return moved
