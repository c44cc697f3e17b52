"""What lies in the trash, within the viewer's area; newest first. Reads only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.identifiers import letters
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto
from shared.trash.models import Trashed

PAGE = 50
KEPT_DAYS = 30
MOST = 100  # rows that may be purged in one go

_technician = aliased(Person, name="technician")


@dataclass(frozen=True, slots=True)
class Gone:
    """An order in the trash: who threw it away and why."""

    trashed: Trashed
    order: Order
    by: str | None
    sto_code: str
    zone: str
    technician: str | None


async def page(
    session: AsyncSession,
    viewer: Viewer,
    words: str = "",
    after: tuple[datetime, int] | None = None,
    size: int = PAGE,
) -> list[Gone]:
    """Orders thrown away before the one with this moment and id; up to size + 1. The trash is small: 30 days."""
    wanted = _gone(viewer).order_by(Trashed.deleted_at.desc(), Trashed.order_id.desc()).limit(size + 1)
    for piece in re.findall(r"[^\W_]+", letters(words[:80])):
        wanted = wanted.where(func.upper(Order.search + " " + Trashed.reason).like(f"%{piece}%"))
    if after is not None:
        wanted = wanted.where(tuple_(Trashed.deleted_at, Trashed.order_id) < tuple_(*after))
    return [Gone(*row) for row in (await session.execute(wanted)).all()]


async def chosen(session: AsyncSession, viewer: Viewer, ids: Sequence[int]) -> list[Gone]:
    """Those of these orders that lie in the trash and in the viewer's area, newest first."""
    wanted = _gone(viewer).where(Trashed.order_id.in_(ids))
    rows = await session.execute(wanted.order_by(Trashed.deleted_at.desc(), Trashed.order_id.desc()))
    return [Gone(*row) for row in rows.all()]


async def total(session: AsyncSession, viewer: Viewer) -> int:
    """How many orders lie in the trash."""
    viewer.must("order.delete")
    wanted = select(func.count()).select_from(Trashed).join(Order, Order.id == Trashed.order_id)
    return int(await session.scalar(wanted.where(viewer.within(Order.sto_id))) or 0)


def _gone(viewer: Viewer) -> Any:
    viewer.must("order.delete")
    return (
        select(Trashed, Order, Person.name, Sto.code, SiteOperation.zone, _technician.name)
        .join(Order, Order.id == Trashed.order_id)
        .join(Sto, Sto.id == Order.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(Person, Person.id == Trashed.deleted_by)
        .outerjoin(_technician, _technician.id == Order.technician_id)
        .where(viewer.within(Order.sto_id))
    )
