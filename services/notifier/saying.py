"""Saying something to a hearer: at once, later or never, as its wishes say and the kind permits. Decides no rule."""

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery
from shared.deliveries.operations import Message
from shared.notify import hearing
from shared.notify.hearing import Hearer
from shared.people.access import RIGHTS

_WITHDRAW = text("""
    UPDATE delivery SET state = 'cancelled'
    WHERE order_id = :order_id AND kind IN ('clock', 'sla') AND state = 'waiting' AND attempts = 0
      AND not_before > :now
""")

_INSTEAD = {
    "id": "Naik ke Anda: penerima sebelumnya tidak ada atau obrolannya tertahan.",
    "en": "It came up to you: those before you are missing or their chats are on hold.",
}


def acts(hearer: Hearer) -> bool:
    """Whether whoever reads it may take the order: the helpdesk's group, or a person whose role may."""
    return hearer.desk or (hearer.person is not None and "order.take" in RIGHTS[hearer.person.role])


async def withdraw(session: AsyncSession, order_id: int) -> None:
    """An order moved on: what a person's quiet hours hold back about its clock is true no more."""
    await session.execute(_WITHDRAW, {"order_id": order_id, "now": clock.now()})


async def say(
    session: AsyncSession,
    hearer: Hearer,
    message: Message,
    kind: str,
    step: int,
    zone: str,
    event_id: int,
    order_id: int | None,
) -> None:
    """Queue a message for a hearer: at once, later, or never, as its wishes say and the kind permits."""
    if hearer.chat_id is None:
        return
    wished = await hearing.when(session, hearer, kind, step, zone)
    if wished.muted:
        return
    if hearer.thread_id is not None:
        message.payload["message_thread_id"] = hearer.thread_id
    if hearer.instead:
        message.payload["text"] += "\n" + _INSTEAD.get(hearer.language, _INSTEAD["id"])
    made = await deliveries.queue(session, hearer.chat_id, message, event_id=event_id, order_id=order_id)
    if made is not None and wished.not_before is not None:
        await session.execute(
            update(Delivery)
            .where(Delivery.id == made)
            .values(not_before=wished.not_before)
            .execution_options(synchronize_session=False)
        )
