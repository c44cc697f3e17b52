"""How the order of a number stands: the question that is asked most of all, in one trip. Reads only."""

from functools import cache
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders import queries
from shared.orders.models import Order
from shared.orders.queries import OrderFacts
from shared.people.access import Viewer
from shared.people.models import Person

_COLUMNS = [column.name for column in Order.__table__.columns]


async def by_number(session: AsyncSession, viewer: Viewer, registration_no: str) -> tuple[OrderFacts, str | None]:
    """As `queries.by_number`, and who brought the order to where it stands. Raises NotFound, also outside the area.

    The order belongs to no session: it is for showing alone.
    """
    given = {
        "number": registration_no,
        "me": viewer.person_id,
        "groups": list(viewer.groups),
        "stos": list(viewer.stos or ()),
    }
    found = await rows.first(session, _statement(queries.sees(viewer), everywhere=viewer.stos is None), given)
    if found is None:
        raise NotFound
    order = rows.made(Order, dict(zip(_COLUMNS, found, strict=False)))
    *names, actor = found[len(_COLUMNS) :]
    return OrderFacts(order, *names), actor


@cache
def _statement(sees: Literal["area", "own", "nothing"], *, everywhere: bool) -> Select[Any]:
    actor = (
        select(Person.name)
        .select_from(EventRow)
        .outerjoin(Person, Person.id == EventRow.actor_id)
        .where(EventRow.order_id == Order.id, EventRow.seq.is_not(None))
        .order_by(EventRow.seq.desc())
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
    )
    return queries.of_number(sees, everywhere=everywhere).add_columns(actor)
