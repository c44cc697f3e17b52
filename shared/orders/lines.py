"""Lines of a list of orders: plain columns and the names beside them, read without objects. Reads only.

A line has the fields of an order and of OrderFacts under their names, so that what shows orders shows lines too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.orders import queries
from shared.orders.models import Category, Order
from shared.orders.queries import holder, technician
from shared.people.access import Viewer, Whoever
from shared.places.models import SiteOperation, Sto


class OrderLine(NamedTuple):
    """An order as a list shows it."""

    id: int
    version: int
    registration_no: str
    type_code: str
    status_code: str
    category: Category
    reason_id: int | None
    feedback: str
    serial: str | None
    sto_id: int
    odp: str | None
    technician_code: str | None
    technician_id: int | None
    holder_id: int | None
    note: str
    warnings: list[Any]
    registered_at: datetime
    status_at: datetime
    closed_at: datetime | None
    deleted_at: datetime | None
    target_seconds: int
    used_seconds: int
    running_since: datetime | None
    due_at: datetime | None
    sort_at: datetime
    sto_code: str
    zone: str
    holder_name: str | None
    technician_name: str | None

    @property
    def order(self) -> Self:
        """Itself, where OrderFacts has its order."""
        return self


_NAMED = 4  # the last fields are those of other tables
_COLUMNS = [getattr(Order, name) for name in OrderLine._fields[:-_NAMED]]


def picked(viewer: Viewer | Whoever) -> Select[Any]:
    """The orders that a viewer may see, alone: to be narrowed, sorted and cut before their names are looked up."""
    return select(*_COLUMNS).where(queries.visible(viewer))


def named(some: Any, *order: tuple[str, bool]) -> Select[Any]:
    """The statement of lines from one made of `picked`. order: names of columns and whether they fall."""
    one = some.subquery("one")
    wanted = (
        select(*one.c, Sto.code, SiteOperation.zone, holder.name, technician.name)
        .join(Sto, Sto.id == one.c.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(holder, holder.id == one.c.holder_id)
        .outerjoin(technician, technician.id == one.c.technician_id)
    )
    keys = [(Sto.code if name == "sto_code" else one.c[name], falls) for name, falls in order]
    return wanted.order_by(*(key.desc() if falls else key for key, falls in keys))


async def read(session: AsyncSession, wanted: Any, asked: Mapping[str, object]) -> list[OrderLine]:
    """Run a statement of lines that is kept; asked: its parameters."""
    return [OrderLine._make(row) for row in await rows.rows(session, wanted, asked)]


async def of_ids(session: AsyncSession, viewer: Viewer, ids: Sequence[int]) -> list[OrderLine]:
    """The lines of these orders in this order, as far as the viewer may see them: for what is looked for once only."""
    if not ids:
        return []
    place = {each: number for number, each in enumerate(ids)}
    found = await read(session, _of_ids(viewer.whoever), {**viewer.asking, "ids": list(ids)})
    return sorted(found, key=lambda each: place[each.id])


@lru_cache(maxsize=32)
def _of_ids(viewer: Viewer | Whoever) -> Select[Any]:
    return named(picked(viewer).where(Order.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))))
