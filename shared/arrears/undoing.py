"""Questions about taking an import back: what an undo would restore, what it would leave, what it left. Reads only.

Counting is worth two seconds and no more: after a file of a million rows an undo may be asked for without its figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select, text, union_all
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.arrears.apply import KEPT_SHOWN
from shared.arrears.batches import ImportBatch, ImportChange, ImportOrder, Kind
from shared.arrears.models import Account
from shared.orders.models import Order
from shared.people.access import Viewer

NAMED = 20
CANCELLED = "57014"  # sqlstate of a statement that took too long


@dataclass(frozen=True, slots=True)
class Left:
    """Something an undo leaves, as somebody worked on it. id: an account's, None for an order; label: its number."""

    id: int | None
    label: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an undo would do now. kept: up to KEPT_SHOWN + 1, so more than KEPT_SHOWN means "or more"."""

    restored: int
    kept: int
    some: Sequence[Left]


async def foreseen(session: AsyncSession, viewer: Viewer, batch: ImportBatch) -> Foreseen | None:
    """What an undo of an applied batch would restore and leave; None when that cannot be told quickly."""
    try:
        async with session.begin_nested():
            await session.execute(text("SET LOCAL statement_timeout = '2s'"))
            ids = list((await session.scalars(_touched(batch).limit(KEPT_SHOWN + 1))).all())
            await session.execute(text("SET LOCAL statement_timeout = DEFAULT"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != CANCELLED:
            raise
        return None
    done = sum(int(batch.result.get(name) or 0) for name in ("new", "changed", "missing"))
    return Foreseen(max(0, done - len(ids)), len(ids), await named(session, viewer, batch.kind, ids))


def _touched(batch: ImportBatch) -> Select[int]:
    """Ids of what somebody changed since the batch brought or changed it."""
    if batch.kind is Kind.ORDERS:
        return (
            select(Order.id)
            .join(ImportOrder, ImportOrder.order_id == Order.id)
            .where(ImportOrder.batch_id == batch.id, or_(Order.version > 1, Order.deleted_at.is_not(None)))
        )
    mine = and_(ImportChange.batch_id == batch.id, Account.version != ImportChange.version)
    every = union_all(
        select(Account.id).where(Account.first_batch == batch.id, Account.version > 1),
        select(Account.id).join(ImportChange, ImportChange.account_id == Account.id).where(mine),
    ).subquery()
    return select(every.c.id)


async def named(session: AsyncSession, viewer: Viewer, kind: Kind, ids: Sequence[int]) -> list[Left]:
    """The first of these accounts or orders as people know them, within the viewer's area."""
    some = list(ids)[:NAMED]
    if not some:
        return []
    if kind is Kind.ORDERS:
        orders = select(Order.registration_no).where(Order.id.in_(some), viewer.within(Order.sto_id))
        return [Left(None, number) for number in (await session.scalars(orders.order_by(Order.id))).all()]
    accounts = select(Account.id, Account.internet_no, Account.name).where(
        Account.id.in_(some), viewer.within(Account.sto_id)
    )
    return [Left(*row) for row in (await session.execute(accounts.order_by(Account.id))).all()]


async def left(session: AsyncSession, viewer: Viewer, batch: ImportBatch) -> list[Left]:
    """The first of what an undone batch left as it was."""
    return await named(session, viewer, batch.kind, batch.result.get("kept_accounts") or [])
