"""Who holds an order: let go of it, hand it to a colleague, assign it. Taking stands in `operations`; none commits.

Each is one change of the order with its event and its version; who was given or lost the order is told.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.desk import presence
from shared.desk.models import Handover, HandoverOrder, Line
from shared.errors import Conflict, Invalid
from shared.events import EventRow
from shared.orders import queries
from shared.orders.events import OrderChanged
from shared.orders.models import OPEN, Category, Order
from shared.orders.operations import Changed, StaleOrder, apply
from shared.orders.queries import OrderFacts
from shared.orders.states import IllegalMove, MasterData
from shared.people.access import Viewer
from shared.people.models import Person

ANSWER_WITHIN = timedelta(hours=12)
LONGEST_WORDS = 500

# Written out, not as parameters: only so does Postgres know that the partial index of open orders applies.
OPEN_NOW: ColumnElement[bool] = literal_column(
    "(orders.category IN ('received', 'working', 'obstacle') AND orders.deleted_at IS NULL)"
)


class NotHolder(Conflict):
    """This person does not hold the order; `now` says who does."""

    def __init__(self, now: OrderFacts) -> None:
        super().__init__()
        self.now = now


def held_by(order: Order, data: MasterData, holder_id: int | None) -> dict[str, Any]:
    """The order's values under another holder. Without one it waits again, unless an obstacle stands in its way."""
    code, reason_id, feedback = order.status_code, order.reason_id, order.feedback
    if holder_id is None and order.category is Category.WORKING:
        code, reason_id = data.first().code, None
    elif holder_id is not None and order.category is Category.RECEIVED:
        code, reason_id, feedback = data.working().code, None, ""
    status = data.statuses[code]
    return {
        "status_code": code,
        "category": status.category,
        "reason_id": reason_id,
        "feedback": feedback,
        "holder_id": holder_id,
    }


async def release(
    session: AsyncSession,
    viewer: Viewer,
    order_id: int,
    version: int,
    *,
    source: str,
    words: str = "",
    hold: float = 0,
) -> Changed:
    """Let go of an order, one's own or as a team leader anybody's: it waits again for whoever takes it.

    Raises NotFound, NotAllowed, NotHolder, IllegalMove, Invalid(words=…) and StaleOrder.
    """
    viewer.must("order.release")
    before = await _as_seen(session, viewer, order_id, version, words)
    order = before.order
    if order.holder_id is None or (order.holder_id != viewer.person_id and not viewer.may("order.assign")):
        raise NotHolder(before)
    return await _give(session, viewer, before, None, "released", words, source, hold)


async def hand_over(
    session: AsyncSession,
    viewer: Viewer,
    order_id: int,
    version: int,
    to_id: int,
    *,
    source: str,
    words: str = "",
    hold: float = 0,
) -> Changed:
    """Hand one's own order to a colleague of its area, at once; the colleague may decline, and then it comes back.

    Raises NotFound, NotAllowed, NotHolder, IllegalMove, Invalid(to=…, words=…) and StaleOrder.
    """
    viewer.must("order.hand_over")
    before = await _as_seen(session, viewer, order_id, version, words)
    if before.order.holder_id != viewer.person_id:
        raise NotHolder(before)
    taker = await presence.taker(session, viewer, to_id, [before.order.sto_id])
    changed = await _give(session, viewer, before, taker, "handed", words, source, hold)
    handover = Handover(
        kind="order",
        giver_id=viewer.person_id,
        taker_id=to_id,
        note=words.strip(),
        at=clock.now(),
        expires_at=clock.now() + ANSWER_WITHIN,
    )
    session.add(handover)
    await session.flush()
    session.add(HandoverOrder(handover_id=handover.id, order_id=order_id, state=Line.GIVEN))
    await session.flush()
    return changed


async def assign(
    session: AsyncSession,
    viewer: Viewer,
    order_id: int,
    version: int,
    to_id: int,
    *,
    source: str,
    words: str = "",
    hold: float = 0,
) -> Changed:
    """Give an order of one's area to somebody of that area, whoever holds it now; a waiting order is in progress then.

    Raises NotFound, NotAllowed, IllegalMove, Invalid(to=…, words=…) and StaleOrder.
    """
    viewer.must("order.assign")
    before = await _as_seen(session, viewer, order_id, version, words)
    if before.order.holder_id == to_id:
        raise Invalid(to="holder")
    taker = await presence.taker(session, viewer, to_id, [before.order.sto_id])
    return await _give(session, viewer, before, taker, "assigned", words, source, hold)


async def held_since(session: AsyncSession, order: Order) -> datetime | None:
    """When the order's holder came to hold it, as its timeline tells."""
    if order.holder_id is None:
        return None
    holder = EventRow.payload["new_holder_id"].as_integer()
    before = EventRow.payload["old_holder_id"].as_integer()
    since: datetime | None = await session.scalar(
        select(func.max(EventRow.at)).where(
            EventRow.order_id == order.id,
            EventRow.name == OrderChanged.name,
            holder == order.holder_id,
            or_(before.is_(None), before != order.holder_id),
        )
    )
    return since


async def _as_seen(session: AsyncSession, viewer: Viewer, order_id: int, version: int, words: str) -> OrderFacts:
    if len(words) > LONGEST_WORDS:
        raise Invalid(words="too_long")
    before = await queries.by_id(session, viewer, order_id)
    if before.order.version != version:
        raise StaleOrder(before, list(await queries.since_version(session, order_id, version)))
    if before.order.category not in OPEN:
        raise IllegalMove
    return before


async def _give(
    session: AsyncSession,
    viewer: Viewer,
    before: OrderFacts,
    taker: Person | None,
    act: str,
    words: str,
    source: str,
    hold: float,
) -> Changed:
    data = await queries.master(session)
    values = held_by(before.order, data, taker.id if taker else None)
    return await apply(
        session,
        viewer,
        before,
        values,
        clock_now=data.clock_of(values["status_code"], values["reason_id"]),
        source=source,
        tell=before.order.category is Category.RECEIVED and taker is not None,
        hold=hold,
        act=act,
        words=words.strip(),
        whom=taker.name if taker else "",
    )
