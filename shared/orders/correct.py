"""Mending one's own order while nobody has taken it: the checks of a registration, and one row of its timeline.

It changes no status and no holder.
"""

from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import NotAllowed
from shared.events import emit
from shared.orders import queries, sla_fields
from shared.orders.events import OrderCorrected
from shared.orders.models import Category, Order
from shared.orders.numbers import holding, taken_by
from shared.orders.operations import AlreadyRegistered, AlreadyTaken, NewOrder, StaleOrder, checked
from shared.orders.queries import OrderFacts
from shared.orders.states import IllegalMove
from shared.people import queries as people
from shared.people.access import Viewer
from shared.places.queries import unit_of
from shared.sla.queries import target_of

Changes = tuple[tuple[str, str | None, str | None], ...]


def may(viewer: Viewer, order: Order) -> bool:
    """Whether this person may mend this order now: its own, and nobody has taken it."""
    own = viewer.person_id in {order.registered_by, order.technician_id}
    untaken = order.category is Category.RECEIVED and order.holder_id is None and order.deleted_at is None
    return own and untaken and viewer.may("order.register")


def changes_of(before: OrderFacts, new: NewOrder) -> Changes:
    """What differs between an order and what it is to be."""
    old = before.order
    pairs = (
        ("type", old.type_code, new.type_code),
        ("sc", old.registration_no, new.registration_no),
        ("sn", old.serial, new.serial),
        ("sto", before.sto_code, new.sto),
        ("odp", old.odp, new.odp),
        ("tech", old.technician_code, new.technician_code),
        ("note", old.note or None, new.note.strip() or None),
    )
    return tuple(pair for pair in pairs if pair[1] != pair[2])


async def correct(
    session: AsyncSession, viewer: Viewer, order_id: int, version: int, new: NewOrder, *, source: str
) -> Order:
    """Give an order these fields, as seen at `version`; the same fields again change nothing.

    Raises NotFound, NotAllowed (not one's own), AlreadyTaken, IllegalMove (it is past its start), StaleOrder,
    AlreadyRegistered (the number is another order's) and Invalid as `register`.
    """
    viewer.must("order.register")
    before = await queries.by_id(session, viewer, order_id)
    old = before.order
    if viewer.person_id not in {old.registered_by, old.technician_id}:
        raise NotAllowed
    if old.holder_id is not None:
        raise AlreadyTaken(before)
    if old.category is not Category.RECEIVED:
        raise IllegalMove
    if old.version != version:
        raise StaleOrder(before, list(await queries.since_version(session, order_id, version)))
    changes = changes_of(before, new)
    if not changes:
        return old
    values = await _values(session, viewer, before, new, {name for name, _, _ in changes})
    try:
        async with session.begin_nested():
            order = await session.scalar(
                update(Order)
                .where(
                    Order.id == order_id,
                    Order.version == version,
                    Order.category == Category.RECEIVED,
                    Order.holder_id.is_(None),
                    Order.deleted_at.is_(None),
                )
                .values(version=version + 1, **values)
                .returning(Order)
                .execution_options(populate_existing=True, synchronize_session=False)
            )
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", "") != "23505":
            raise
        raise AlreadyRegistered(await holding(session, new.registration_no)) from error
    if order is None:
        now = await queries.by_id(session, None, order_id)
        raise StaleOrder(now, list(await queries.since_version(session, order_id, version)))
    told = OrderCorrected(order_id=order_id, changes=changes)
    await emit(session, told, source=source, actor_id=viewer.person_id, order_id=order_id, seq=order.version)
    return order


async def _values(
    session: AsyncSession, viewer: Viewer, before: OrderFacts, new: NewOrder, changed: set[str]
) -> dict[str, Any]:
    """The columns that get another value. Another type or STO is another target and another clock, from the start."""
    kind, sto = await checked(session, viewer, new)
    if {"sc", "type"} & changed:
        keeps = kind.keeps_number
        if await taken_by(session, new.registration_no, keeps_number=keeps, but=before.order.id) is not None:
            raise AlreadyRegistered(await holding(session, new.registration_no))
    values: dict[str, Any] = {
        "registration_no": new.registration_no,
        "type_code": kind.code,
        "keeps_number": kind.keeps_number,
        "serial": new.serial,
        "sto_id": sto.id,
        "odp": new.odp,
        "note": new.note.strip(),
        "warnings": new.warnings,
    }
    if "tech" in changed:
        code = new.technician_code
        technician = await people.by_technician_code(session, code) if code else None
        values |= {"technician_code": code, "technician_id": technician.id if technician else None}
    if {"type", "sto"} & changed:
        at = before.order.registered_at
        unit = await unit_of(session, sto.id)
        target = 60 * await target_of(session, kind, sto.id, unit.site_operation_id, at)
        values |= {"target_seconds": target, **sla_fields.started(unit.calendar, at, target)}
    return values
