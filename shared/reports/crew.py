"""Who is on and how many open orders each holds. Counts with the conditions of the list it links to; reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.desk import presence
from shared.desk.models import Is
from shared.desk.presence import Colleague
from shared.orders.claims import OPEN_NOW
from shared.orders.models import Order
from shared.people.access import Viewer, Whoever


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One of the crew and how many open orders of the viewer's area it holds."""

    who: Colleague
    orders: int


async def held_by(session: AsyncSession, person_ids: Sequence[int]) -> Mapping[int, int]:
    """Person → how many open orders it holds, anywhere; nobody with none."""
    counting = select(Order.holder_id, func.count()).where(OPEN_NOW, Order.holder_id.in_(person_ids))
    found = await session.execute(counting.group_by(Order.holder_id))
    return {holder_id: n for holder_id, n in found if holder_id is not None}


@lru_cache(maxsize=32)
def _holding(viewer: Viewer | Whoever) -> Any:
    among = Order.holder_id == any_(bindparam("people", type_=ARRAY(BigInteger)))
    wanted = select(Order.holder_id, func.count()).where(OPEN_NOW, among, viewer.within(Order.sto_id))
    return wanted.group_by(Order.holder_id)


async def on_duty(session: AsyncSession, viewer: Viewer) -> Sequence[OnDuty]:
    """The crew of the viewer's area: those at work first, then those who hold most."""
    viewer.must("presence.read")
    people = await presence.crew(session, viewer)
    asked = {**viewer.asking, "people": [each.person_id for each in people]}
    held = dict(await rows.rows(session, _holding(viewer.whoever), asked))
    found = [OnDuty(each, held.get(each.person_id, 0)) for each in people]
    return sorted(found, key=lambda each: (list(Is).index(each.who.state), -each.orders, each.who.name))
