"""Tells, once each, that an order is near its target or has passed it. The row of `sla_alert` decides, not a memory.

`orders.alert_at` is when an order is to be looked at next: it moves with every pause, reopening and change of hours.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import emit
from shared.sla.events import SlaAlerted

BATCH = 200  # orders a transaction; who comes back to a full one looks again at once

# One statement: what is due, when to look again, and whom nobody was told of yet. An order that passed both while the
# house was down is told of once, as late.
_RING = text("""
    WITH ripe AS (
        SELECT id, due_at <= :now AS late, deleted_at IS NULL AS living FROM orders WHERE alert_at <= :now
        ORDER BY alert_at LIMIT :batch FOR UPDATE SKIP LOCKED),
    next AS (
        UPDATE orders SET alert_at = CASE WHEN ripe.late THEN NULL ELSE orders.due_at END
        FROM ripe WHERE orders.id = ripe.id RETURNING orders.id),
    told AS (
        INSERT INTO sla_alert (order_id, level, at)
        SELECT id, CASE WHEN late THEN 'late' ELSE 'near' END, :now FROM ripe WHERE living
        ON CONFLICT DO NOTHING RETURNING order_id, level)
    SELECT order_id, level FROM told ORDER BY order_id
""")


async def ring(session: AsyncSession) -> int:
    """Tell of the orders whose time has come; returns how many, BATCH at most."""
    rows = (await session.execute(_RING, {"now": clock.now(), "batch": BATCH})).all()
    for order_id, level in rows:
        await emit(session, SlaAlerted(order_id=order_id, level=level), source="system", order_id=order_id)
    return len(rows)
