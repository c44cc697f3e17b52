"""What lately went wrong at one fibre box (ODP), for whoever registers another order there. Reads only."""

from dataclasses import dataclass

from sqlalchemy import cast, func, select, text
from sqlalchemy.dialects.postgresql import BIGINT
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import EventRow
from shared.orders.models import Order, Reason

LEAST = 2  # orders with the same trouble; one says nothing about the box
LOOKED_AT = 200  # newest orders of a label: a box has 16 ports, a label that people make up may have any number


@dataclass(frozen=True, slots=True)
class Trouble:
    """The obstacle that most orders of a box met this month."""

    odp: str
    reason: Reason
    orders: int


async def trouble_at(session: AsyncSession, odp: str | None, zone: str, but: int | None = None) -> Trouble | None:
    """The commonest obstacle of the technicians' own kind at a box since the month began in `zone`; None for none.

    but: id of the order that asks; it does not count. Rests on ix_orders_odp.
    """
    if not odp:
        return None
    begins, _ = clock.day_bounds(clock.local(clock.now(), zone).date().replace(day=1), zone)
    here = (
        select(Order.id)
        .where(Order.odp == odp, Order.status_at >= begins, Order.deleted_at.is_(None), Order.id != (but or 0))
        .order_by(Order.status_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    reason = cast(EventRow.payload["reason_id"].astext, BIGINT)
    many = func.count(EventRow.order_id.distinct())
    found = (
        await session.execute(
            select(Reason, many)
            .join(here, here.c.id == EventRow.order_id)
            .join(Reason, Reason.id == reason)
            .where(
                text("event.name = 'order.changed' AND (event.payload ->> 'reason_id') IS NOT NULL"),
                EventRow.at >= begins,
                Reason.whose == "technician",
            )
            .group_by(Reason.id)
            .having(many >= LEAST)
            .order_by(many.desc(), Reason.id)
            .limit(1)
        )
    ).first()
    return Trouble(odp, *found) if found else None
