"""Removing deleted orders for good: by an admin's hand, or after thirty days. It forgets no message that was sent."""

from collections.abc import Sequence

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Conflict, Invalid
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.photos import files
from shared.photos import operations as photos
from shared.trash import operations, queries
from shared.trash.models import Trashed

BATCH = 100  # orders of one round; each takes its timeline along

# Every table that points to an order, and what becomes of its rows. Order matters: who is pointed to goes last.
# Deliveries stay, without their words: the ledger of what was sent is what settles messages without an answer.
_STEPS = (
    "DELETE FROM trash WHERE order_id = ANY(:ids)",
    "DELETE FROM import_order WHERE order_id = ANY(:ids)",
    """UPDATE delivery SET order_id = NULL, event_id = NULL, payload = '{}', brief = '', button = NULL,
       state = CASE WHEN state IN ('waiting', 'held', 'dead') THEN 'cancelled' ELSE state END
       WHERE order_id = ANY(:ids) OR event_id IN (SELECT id FROM event WHERE order_id = ANY(:ids))""",
    "DELETE FROM outbox WHERE event_id IN (SELECT id FROM event WHERE order_id = ANY(:ids))",
    "DELETE FROM event WHERE order_id = ANY(:ids)",
    "DELETE FROM orders WHERE id = ANY(:ids) AND deleted_at IS NOT NULL",
)
BY_HAND = frozenset({"trash", "import_order", "delivery", "outbox", "event"})
"""Tables that point to an order and are dealt with above; all others must say ON DELETE CASCADE (held by a test)."""

_IN_FLIGHT = "EXISTS (SELECT FROM delivery WHERE order_id = trash.order_id AND state IN ('sending', 'unknown'))"


class StillSending(Conflict):
    """A message about one of these orders is on its way at this very moment."""


async def purge(session: AsyncSession, viewer: Viewer, ids: Sequence[int], typed: str, *, source: str) -> list[str]:
    """Remove these orders for good; returns their numbers.

    typed: what the person wrote to show that it is meant: the number of a single order, else how many there are.
    Raises NotAllowed, Invalid(typed=…, rows=…), StillSending.
    """
    viewer.must("order.purge")
    wanted = sorted(set(ids))
    if not wanted or len(wanted) > queries.MOST:
        raise Invalid(rows="none" if not wanted else "too_many")
    locked = select(Trashed).where(Trashed.order_id.in_(wanted)).order_by(Trashed.order_id).with_for_update()
    await session.execute(locked)
    gone = await queries.chosen(session, viewer, wanted)
    if len(gone) != len(wanted):
        raise Invalid(rows="changed")
    if typed.strip().upper() != word_for([each.order for each in gone]):
        raise Invalid(typed="not_the_same")
    flying = text(f"SELECT order_id FROM trash WHERE order_id = ANY(:ids) AND {_IN_FLIGHT} LIMIT 1")  # noqa: S608 ours
    if (await session.execute(flying, {"ids": wanted})).first():
        raise StillSending
    await _remove(session, wanted)
    for each in gone:
        more = {"why": each.trashed.reason, "deleted_by": each.by or ""}
        await operations.note(session, viewer, source, "order.purged", each.order, **more)
    return [each.order.registration_no for each in gone]


def word_for(orders: Sequence[Order]) -> str:
    """What a person must type to purge these: the number of one, the count of several."""
    return orders[0].registration_no if len(orders) == 1 else str(len(orders))


async def purge_old(session: AsyncSession) -> int:
    """Remove one batch of what has lain in the trash for thirty days; returns how many orders."""
    found = await session.execute(
        text(
            f"""SELECT order_id FROM trash WHERE deleted_at < now() - make_interval(days => :days) AND NOT {_IN_FLIGHT}
                ORDER BY deleted_at LIMIT :batch FOR UPDATE SKIP LOCKED"""  # noqa: S608 nothing from outside
        ),
        {"days": queries.KEPT_DAYS, "batch": BATCH},
    )
    ids = [row[0] for row in found.all()]
    if not ids:
        return 0
    orders = (await session.scalars(select(Order).where(Order.id.in_(ids)).order_by(Order.id))).all()
    await _remove(session, ids)
    for order in orders:
        await operations.note(session, None, "system", "order.purged", order, days=queries.KEPT_DAYS)
    return len(ids)


async def _remove(session: AsyncSession, ids: Sequence[int]) -> None:
    pictures = await photos.files_of(session, ids)
    for step in _STEPS:
        await session.execute(text(step), {"ids": list(ids)})
    # Only when it is certain: a purge that is rolled back keeps its pictures.
    event.listen(session.sync_session, "after_commit", lambda _: files.drop(pictures), once=True)
