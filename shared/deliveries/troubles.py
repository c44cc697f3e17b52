"""What a person may decide about what got stuck: once more, never, or let the chat go. Within the area, always noted.

Each answers whether it changed anything: the second click of a double click finds it done, and that is no mistake.
"""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.chats import operations as chats
from shared.chats.models import InboxUpdate
from shared.deliveries import operations, queries
from shared.deliveries.models import Delivery, State
from shared.errors import Invalid, NotFound
from shared.orders.models import Order
from shared.outbox import OutboxRow
from shared.people.access import Viewer

LONGEST_REASON = 200  # characters
BY_PERSON = "held by a person"  # beside what Telegram says of chats that cannot be written to


async def send_again(session: AsyncSession, viewer: Viewer, delivery_id: int, *, source: str) -> bool:
    """Let a dead or held delivery leave. Raises NotAllowed, and NotFound also outside the viewer's area."""
    viewer.must("delivery.retry")
    found = (
        await session.execute(
            select(Delivery.chat_id, Delivery.kind, Delivery.state, Delivery.trouble, Order.registration_no)
            .outerjoin(Order, Order.id == Delivery.order_id)
            .where(Delivery.id == delivery_id, queries.visible(viewer))
        )
    ).first()
    if found is None:
        raise NotFound
    if not await operations.send_again(session, delivery_id):
        return False
    chat_id, kind, state, trouble, order_no = found
    details = {"chat": chat_id, "kind": kind, "was": state.value, "why": (trouble or "")[:200], "order": order_no}
    await audit.note(session, viewer.person_id, source, "delivery.sent_again", f"delivery:{delivery_id}", details)
    return True


async def release(session: AsyncSession, viewer: Viewer, chat_id: int, *, source: str) -> bool:
    """Let the messages of a held chat leave. Raises NotAllowed, and NotFound also outside the viewer's area."""
    viewer.must("delivery.retry")
    chat = await queries.chat_seen(session, viewer, chat_id)
    if chat is None:
        raise NotFound
    if chat.held is None:
        return False
    why = chat.held
    await chats.release(session, chat_id)
    await audit.note(session, viewer.person_id, source, "chat.released", f"chat:{chat_id}", {"held": why})
    return True


async def hold(session: AsyncSession, viewer: Viewer, chat_id: int, *, source: str) -> bool:
    """Let nothing more leave for a chat until it is released; what is in flight ends as it will.

    Raises NotAllowed, and NotFound also outside the viewer's area.
    """
    viewer.must("delivery.retry")
    chat = await queries.chat_seen(session, viewer, chat_id)
    if chat is None:
        raise NotFound
    if chat.held is not None:
        return False
    await chats.hold(session, chat_id, BY_PERSON)
    await audit.note(session, viewer.person_id, source, "chat.held", f"chat:{chat_id}")
    return True


async def hear_again(session: AsyncSession, viewer: Viewer, row_id: int, *, source: str) -> bool:
    """Have a service hear an event again that it gave up. Raises NotAllowed, and NotFound also outside the area."""
    viewer.must("delivery.retry")
    found = await queries.event(session, viewer, row_id)
    again = await session.scalar(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.state == "dead")
        .values(state="waiting", failures=0, hints=0, hinted_at=None, due_at=func.clock_timestamp())
        .returning(OutboxRow.id)
        .execution_options(synchronize_session=False)
    )
    if again is None:
        return False
    await session.execute(select(func.pg_notify("sikpro_outbox", "")))
    details = {"event": found.event.name, "consumer": found.row.consumer, "order": found.order_no}
    await audit.note(session, viewer.person_id, source, "event.heard_again", f"outbox:{row_id}", details)
    return True


async def handle_again(session: AsyncSession, viewer: Viewer, row_id: int, *, source: str) -> bool:
    """Have the bot handle an update again that it gave up. Raises NotAllowed, and NotFound also outside the area."""
    viewer.must("delivery.retry")
    found = await queries.incoming(session, viewer, row_id)
    again = await session.scalar(
        update(InboxUpdate)
        .where(InboxUpdate.id == row_id, InboxUpdate.state == "dead")
        .values(state="new", attempts=0, next_at=func.clock_timestamp(), done_at=None)
        .returning(InboxUpdate.id)
        .execution_options(synchronize_session=False)
    )
    if again is None:
        return False
    details = {"chat": found.row.chat_id}
    await audit.note(session, viewer.person_id, source, "update.handled_again", f"inbox:{row_id}", details)
    return True


async def discard(session: AsyncSession, viewer: Viewer, delivery_id: int, reason: str, *, source: str) -> bool:
    """Let a dead or held delivery never leave. Raises NotAllowed, NotFound (also outside the area), Invalid(reason)."""
    viewer.must("delivery.retry")
    found = (
        await session.execute(
            select(Delivery.chat_id, Delivery.kind, Delivery.state, Delivery.trouble, Order.registration_no)
            .outerjoin(Order, Order.id == Delivery.order_id)
            .where(Delivery.id == delivery_id, queries.visible(viewer))
        )
    ).first()
    if found is None:
        raise NotFound
    _reasoned(reason)
    gone = await session.scalar(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_([State.DEAD, State.HELD]))
        .values(state=State.CANCELLED, settle_at=None, trouble=f"discarded: {reason}")
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if gone is None:
        return False
    chat_id, kind, state, trouble, order_no = found
    details = {"chat": chat_id, "kind": kind, "was": state.value, "why": (trouble or "")[:200], "order": order_no}
    subject = f"delivery:{delivery_id}"
    await audit.note(session, viewer.person_id, source, "delivery.discarded", subject, details | {"reason": reason})
    return True


async def discard_event(session: AsyncSession, viewer: Viewer, row_id: int, reason: str, *, source: str) -> bool:
    """Have an event that a service gave up never heard by it. Raises as `discard`."""
    viewer.must("delivery.retry")
    found = await queries.event(session, viewer, row_id)
    _reasoned(reason)
    gone = await session.scalar(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.state == "dead")
        .values(state="cancelled")
        .returning(OutboxRow.id)
        .execution_options(synchronize_session=False)
    )
    if gone is None:
        return False
    details = {"event": found.event.name, "consumer": found.row.consumer, "order": found.order_no, "reason": reason}
    await audit.note(session, viewer.person_id, source, "event.discarded", f"outbox:{row_id}", details)
    return True


async def discard_update(session: AsyncSession, viewer: Viewer, row_id: int, reason: str, *, source: str) -> bool:
    """Have an update that the bot gave up never handled. Raises as `discard`."""
    viewer.must("delivery.retry")
    found = await queries.incoming(session, viewer, row_id)
    _reasoned(reason)
    gone = await session.scalar(
        update(InboxUpdate)
        .where(InboxUpdate.id == row_id, InboxUpdate.state == "dead")
        .values(state="done", done_at=func.clock_timestamp())
        .returning(InboxUpdate.id)
        .execution_options(synchronize_session=False)
    )
    if gone is None:
        return False
    details = {"chat": found.row.chat_id, "reason": reason}
    await audit.note(session, viewer.person_id, source, "update.discarded", f"inbox:{row_id}", details)
    return True


def _reasoned(reason: str) -> None:
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(reason="too_long" if reason else "missing")
