"""The promises to pay that are due, in one look, counted with the conditions of the lists. Reads only."""

from functools import lru_cache
from typing import cast

from sqlalchemy import Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.arrears import there
from shared.arrears.models import Account
from shared.arrears.queries import COUNTED, Filters, Sum, narrowed
from shared.people.access import Viewer, Whoever


async def due_and_late(session: AsyncSession, viewer: Viewer) -> tuple[Sum, Sum]:
    """(promised for today, promised for a day before), as `queries.total` counts them."""
    viewer.must("arrears.read")
    row = await rows.first(session, _counting(viewer.whoever, there.today()), viewer.asking)
    due, late = (Sum(min(n, COUNTED), int(amount), more=n > COUNTED) for n, amount in (row[:2], row[2:]))
    return due, late


@lru_cache(maxsize=16)
def _counting(viewer: Viewer | Whoever, _today: there.Today) -> Select[int, int, int, int]:
    """The statement of a day; which day it is the conditions know themselves."""
    asking = cast("Viewer", viewer)  # all that a condition needs of a viewer, whoever it is
    parts = []
    for promised in ("due", "late"):
        some = select(Account.amount).where(narrowed(asking, Filters(promised=promised))).limit(COUNTED + 1).subquery()
        summed = select(func.count().label("n"), func.coalesce(func.sum(some.c.amount), 0).label("amount"))
        parts.append(summed.select_from(some).subquery())
    due, late = parts
    return select(due.c.n, due.c.amount, late.c.n, late.c.amount).select_from(due.join(late, true()))
