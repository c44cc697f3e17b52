"""Throwing an order away and taking it back: one change each, told by one event, noted in the audit log.

An order in the trash is marked and nothing else: every question skips it, its number is free. None of these
commits.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, outbox
from shared.audit import operations as audit
from shared.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.events import EventRow, emit
from shared.orders import queries
from shared.orders.events import OrderDeleted, OrderDeletionUndone, OrderRestored
from shared.orders.models import OPEN, Category, Order
from shared.orders.operations import Changed, StaleOrder, TooLate
from shared.orders.queries import OrderFacts
from shared.people.access import Viewer
from shared.trash.models import Trashed

LONGEST_REASON = 500


class NumberTaken(Conflict):
    """The number (or the Telegram message) belongs to another order by now; `existing` is that order."""

    def __init__(self, existing: OrderFacts | None) -> None:
        super().__init__()
        self.existing = existing


@dataclass(frozen=True, slots=True)
class Restored:
    """An order that is back. told: its deletion had been told, so its return is told too."""

    order: Order
    event_id: int
    told: bool


async def delete(
    session: AsyncSession, viewer: Viewer, order_id: int, version: int, reason: str, *, source: str, hold: float = 0
) -> Changed:
    """Throw an order away, as it was seen at `version`, and write the audit log.

    hold: seconds in which it may be undone before the technician hears of it.
    Raises NotFound, NotAllowed, Invalid(why=…), and StaleOrder where somebody was faster.
    """
    changed = await throw_away(session, viewer, order_id, version, reason, source=source, hold=hold)
    await note(session, viewer, source, "order.deleted", changed.order, why=reason.strip())
    return changed


async def throw_away(
    session: AsyncSession, viewer: Viewer, order_id: int, version: int, reason: str, *, source: str, hold: float = 0
) -> Changed:
    """The same without its audit row, for those who throw many away and note them at the end."""
    viewer.must("order.delete")
    reason = check_reason(reason)
    before = await queries.by_id(session, viewer, order_id)
    at = clock.now()
    order = await session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.version == version, Order.deleted_at.is_(None))
        .values(version=version + 1, deleted_at=at)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if order is None:
        raise StaleOrder(before, list(await queries.since_version(session, order_id, version)))
    told = OrderDeleted(order_id=order_id, reason=reason)
    event_id = await emit(
        session, told, source=source, actor_id=viewer.person_id, order_id=order_id, seq=order.version, hold=hold
    )
    kept = {"order_id": order_id, "deleted_at": at, "deleted_by": viewer.person_id, "reason": reason}
    await session.execute(insert(Trashed).values(kept | {"event_id": event_id}))
    return Changed(order, event_id)


async def undo_delete(session: AsyncSession, viewer: Viewer, event_id: int, *, source: str) -> Restored:
    """Take one's own deletion back while nobody has heard of it, and write the audit log.

    Raises NotFound, NotAllowed (somebody else's), TooLate (heard already: restore it instead), NumberTaken.
    """
    restored = await take_back(session, viewer, event_id, source=source)
    await note(session, viewer, source, "order.restored", restored.order)
    return restored


async def take_back(session: AsyncSession, viewer: Viewer, event_id: int, *, source: str) -> Restored:
    """The same without its audit row, for those who take many back and note them at the end."""
    viewer.must("order.delete")
    event = await session.get(EventRow, event_id)
    if event is None or event.name != OrderDeleted.name or event.order_id is None:
        raise NotFound
    await _kept(session, viewer, event.order_id, event_id)
    if event.actor_id != viewer.person_id:
        raise NotAllowed
    if not await outbox.take_back(session, event_id):
        raise TooLate
    order = await _bring_back(session, event.order_id)
    undone = OrderDeletionUndone(order_id=order.id, undone_event_id=event_id)
    made = await emit(session, undone, source=source, actor_id=viewer.person_id, order_id=order.id, seq=order.version)
    return Restored(order, made, told=False)


async def restore(session: AsyncSession, viewer: Viewer, order_id: int, *, source: str) -> Restored:
    """Bring an order back from the trash, as it stood; its clock ran on meanwhile.

    The indexes of the number decide, never a look before. Raises NotFound, NotAllowed, NumberTaken.
    """
    viewer.must("order.delete")
    kept = await _kept(session, viewer, order_id)
    unheard = kept.event_id is not None and await outbox.take_back(session, kept.event_id)
    order = await _bring_back(session, order_id)
    back = (
        OrderDeletionUndone(order_id=order_id, undone_event_id=kept.event_id or 0)
        if unheard
        else OrderRestored(order_id=order_id)
    )
    made = await emit(session, back, source=source, actor_id=viewer.person_id, order_id=order_id, seq=order.version)
    await note(session, viewer, source, "order.restored", order)
    return Restored(order, made, told=not unheard)


def check_reason(reason: str) -> str:
    """A reason as it is kept. Raises Invalid when there is none or it is a whole letter."""
    reason = reason.strip()
    if not reason:
        raise Invalid(why="required")
    if len(reason) > LONGEST_REASON:
        raise Invalid(why="too_long")
    return reason


async def note(session: AsyncSession, viewer: Viewer | None, source: str, what: str, order: Order, **more: Any) -> None:
    """One row of the audit log about an order; the trash is where a person's work may vanish."""
    actor = viewer.person_id if viewer else None
    details = {"order_id": order.id, "kind": order.type_code, "status": order.status_code} | more
    await audit.note(session, actor, source, what, f"order:{order.registration_no}", details)


async def _kept(session: AsyncSession, viewer: Viewer, order_id: int, event_id: int | None = None) -> Trashed:
    """An order's row in the trash, locked. Raises NotFound, also outside the viewer's area."""
    wanted = (
        select(Trashed)
        .join(Order, Order.id == Trashed.order_id)
        .where(Trashed.order_id == order_id, viewer.within(Order.sto_id))
        .with_for_update(of=Trashed)
    )
    if event_id is not None:
        wanted = wanted.where(Trashed.event_id == event_id)
    kept = await session.scalar(wanted)
    if kept is None:
        raise NotFound
    return kept


async def _bring_back(session: AsyncSession, order_id: int) -> Order:
    await session.execute(delete_from(Trashed).where(Trashed.order_id == order_id))
    try:
        async with session.begin_nested():
            order = await session.scalar(
                update(Order)
                .where(Order.id == order_id, Order.deleted_at.is_not(None))
                .values(version=Order.version + 1, deleted_at=None, alert_at=Order.near_at)
                .returning(Order)
                .execution_options(populate_existing=True, synchronize_session=False)
            )
    except IntegrityError as error:
        raise NumberTaken(await _instead(session, order_id)) from error
    if order is None:
        raise NotFound
    return order


async def _instead(session: AsyncSession, order_id: int) -> OrderFacts | None:
    """The living order that has the number of a deleted one now, or its Telegram message."""
    gone = await session.get(Order, order_id)
    if gone is None:
        return None
    living = queries.facts(None).where(Order.deleted_at.is_(None))
    number = living.where(Order.registration_no == gone.registration_no).order_by(
        Order.category.in_(OPEN).desc(), (Order.category != Category.CANCELLED).desc(), Order.id.desc()
    )
    found = await queries.all_facts(session, number.limit(1))
    if not found and gone.message_id is not None:
        same = living.where(Order.chat_id == gone.chat_id, Order.message_id == gone.message_id)
        found = await queries.all_facts(session, same.limit(1))
    return found[0] if found else None
