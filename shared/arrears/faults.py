"""A customer without service: collection is paused, helpdesk gets an order, and when that closes collection goes on.

The order does not name the customer, because its card is read in a group; the visit that raised it is the link.
"""

from datetime import timedelta

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.arrears.events import CollectionResumed
from shared.arrears.models import Account, Visit
from shared.events import emit
from shared.orders import operations as orders
from shared.orders.models import OPEN, Order
from shared.orders.operations import NewOrder, Origin
from shared.people.access import Viewer
from shared.places.models import Sto
from shared.settings import settings

TYPE = "GGN"
NOTE = "Gangguan layanan, dilaporkan petugas tagih saat kunjungan. Penagihan dijeda sampai order ini selesai."
BATCH = 100
# The feedback of an order can be taken back for a while; only what is closed longer than that is closed for good.
_RESUMED = text("""
    UPDATE account SET paused = false, fault_order_id = NULL, version = account.version + 1, changed_at = :now
    FROM orders WHERE orders.id = account.fault_order_id AND account.id IN (
        SELECT account.id FROM account JOIN orders ON orders.id = account.fault_order_id
        WHERE account.fault_order_id IS NOT NULL AND (orders.deleted_at IS NOT NULL
              OR (orders.category IN ('done', 'cancelled') AND orders.status_at < :before))
        LIMIT :batch
    )
    RETURNING account.id, account.collector_id, orders.id AS order_id
""")


async def raised(
    session: AsyncSession, viewer: Viewer, one: Account, made: Visit, origin: Origin | None, *, source: str
) -> Order:
    """The order that looks into an account's fault: the one that is open, or a new one; the visit links to it."""
    order = await open_order(session, one)
    if order is None:
        sto = (await session.scalars(select(Sto.code).where(Sto.id == one.sto_id))).one()
        new = NewOrder(f"{TYPE}{made.id:06d}", TYPE, sto, note=NOTE)
        if origin is not None and await _taken(session, origin):
            origin = None
        order = await orders.register(session, viewer, new, source=source, origin=origin, raised=True)
    await session.execute(update(Visit).where(Visit.id == made.id).values(order_id=order.id))
    return order


async def open_order(session: AsyncSession, one: Account) -> Order | None:
    """The order that an account waits for, if it does."""
    if one.fault_order_id is None:
        return None
    found: Order | None = await session.scalar(
        select(Order).where(Order.id == one.fault_order_id, Order.category.in_(OPEN), Order.deleted_at.is_(None))
    )
    return found


async def _taken(session: AsyncSession, origin: Origin) -> bool:
    """Whether a message registered an order already; one message, one order."""
    found = select(Order.id).where(Order.chat_id == origin.chat_id, Order.message_id == origin.message_id)
    return await session.scalar(found.limit(1)) is not None


async def account_of(session: AsyncSession, viewer: Viewer, order: Order) -> Account | None:
    """The account whose fault raised this order, within the viewer's area."""
    if order.type_code != TYPE or not viewer.may("arrears.read"):
        return None
    visited = select(Visit.account_id).where(Visit.order_id == order.id).order_by(Visit.id).limit(1)
    found: Account | None = await session.scalar(
        select(Account).where(Account.id == visited.scalar_subquery(), viewer.within(Account.sto_id))
    )
    return found


async def resume(session: AsyncSession) -> int:
    """Collect again from accounts whose order has closed; the collector hears of it. Returns how many there were."""
    now = clock.now()
    told = {"now": now, "before": now - timedelta(seconds=settings().feedback_hold), "batch": BATCH}
    rows = [(row[0], row[1], row[2]) for row in (await session.execute(_RESUMED, told)).all()]
    for account_id, collector_id, order_id in rows:
        event = CollectionResumed(account_id=account_id, order_id=order_id, person_id=collector_id)
        await emit(session, event, source="system")
    for account_id, _, order_id in rows:
        await audit.note(session, None, "system", "account.resumed", f"account:{account_id}", {"order": order_id})
    return len(rows)
