"""What follows when a holder changes: who must hear of it is told, and what waited for an answer is settled."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.desk.models import HandoverOrder, Line
from shared.desk.notices import tell
from shared.orders.models import Order

_TO_THE_NEW_HOLDER = {"handed": "given", "declined": "returned", "undone": "returned"}


async def holder_changed(
    session: AsyncSession, actor_id: int, order: Order, old_holder_id: int | None, act: str, words: str
) -> None:
    """Tell those who did not do it themselves: whoever lost the order, and whoever was given it.

    act: as in OrderChanged, or `undone`. What was accepted is told once for the whole handover, elsewhere. An order
    that was handed over and moves on can no longer be declined by whom it was given to first.
    """
    new_holder_id = order.holder_id
    if new_holder_id == old_holder_id:
        return
    await session.execute(
        update(HandoverOrder)
        .where(HandoverOrder.order_id == order.id, HandoverOrder.state == Line.GIVEN)
        .values(state=Line.WITHDRAWN if act == "undone" else Line.ACCEPTED, answered_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if act == "accepted":
        return
    if old_holder_id is not None and old_holder_id != actor_id:
        kind = "taken_over" if new_holder_id == actor_id else "moved"
        await tell(session, old_holder_id, kind, actor_id=actor_id, order_id=order.id, note=words)
    if new_holder_id is not None and new_holder_id != actor_id:
        kind = _TO_THE_NEW_HOLDER.get(act, "assigned")
        await tell(session, new_holder_id, kind, actor_id=actor_id, order_id=order.id, note=words)
