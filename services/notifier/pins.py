"""Cards that stay pinned in their group while their order is open, where the group wants that. It sends nothing itself.

A pin leaves after all news: it has the lane of digests, so that it never takes a place from what people wait for.
"""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import GroupBinding
from shared.deliveries import operations as deliveries
from shared.deliveries.calls import PIN, PINS, UNPIN
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import DIGEST, Message
from shared.orders.models import Category
from shared.orders.queries import OrderFacts

OPEN = frozenset({Category.RECEIVED, Category.WORKING, Category.OBSTACLE})


def wanted(facts: OrderFacts, chat_id: int, thread_id: int | None, served: Sequence[GroupBinding]) -> bool:
    """Whether a card of this order in this chat and topic is to be pinned now."""
    pins = any(each.pins and (each.chat_id, each.thread_id) == (chat_id, thread_id) for each in served)
    return pins and facts.order.category in OPEN and facts.order.deleted_at is None


async def pin(session: AsyncSession, card_id: int, chat_id: int, event_id: int, order_id: int) -> None:
    """Pin a card as soon as it is in its chat; nobody's phone rings for it."""
    made = Message(f"pin:{card_id}", {"disable_notification": True}, DIGEST, PIN, edits=card_id)
    await deliveries.queue(session, chat_id, made, event_id=event_id, order_id=order_id)


async def keep(session: AsyncSession, card: Delivery, said: Sequence[Delivery], event_id: int, *, pinned: bool) -> None:
    """Bring a card's pin in line. said: what the order's story knows of pins, the oldest first."""
    mine = [each for each in said if each.edits == card.id and each.state not in {State.CANCELLED, State.DEAD}]
    last = mine[-1] if mine else None
    is_pinned = last is not None and last.method == PIN
    if pinned == is_pinned or card.order_id is None:
        return
    if pinned:
        await pin(session, card.id, card.chat_id, event_id, card.order_id)
        return
    assert last is not None
    never = update(Delivery).where(Delivery.id == last.id, Delivery.state == State.WAITING, Delivery.attempts == 0)
    if await session.scalar(never.values(state=State.CANCELLED).returning(Delivery.id)) is None:
        made = Message(f"unpin:{card.id}", {}, DIGEST, UNPIN, edits=card.id)
        await deliveries.queue(session, card.chat_id, made, event_id=event_id, order_id=card.order_id)


def among(deliveries_of_order: Sequence[Delivery]) -> list[Delivery]:
    """The pins among an order's deliveries."""
    return [each for each in deliveries_of_order if each.method in PINS]
