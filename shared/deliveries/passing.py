"""Messages that go away: a card with somebody's data leaves the chat after a while, and its text leaves the ledger."""

from datetime import timedelta

from sqlalchemy import BigInteger, bindparam, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery
from shared.deliveries.operations import DIGEST, Message

PASSING = "passing"  # the kind of such a delivery
BATCH = 100
_GONE = text("""
    UPDATE delivery SET kind = 'passed', payload = '{}' WHERE id IN (
        SELECT id FROM delivery WHERE kind = 'passing' AND state = 'sent' AND sent_at < :before
        ORDER BY sent_at LIMIT :batch FOR UPDATE SKIP LOCKED
    ) RETURNING chat_id, message_id
""").columns(chat_id=BigInteger, message_id=BigInteger)


async def stays(session: AsyncSession, chat_id: int, message_id: int) -> None:
    """A passing message was rewritten into one without anybody's data: it may stay."""
    await session.execute(
        update(Delivery)
        .where(
            Delivery.chat_id == bindparam("chat", chat_id, type_=BigInteger),
            Delivery.message_id == message_id,
            Delivery.kind == PASSING,
        )
        .values(kind="passed", payload={})
        .execution_options(synchronize_session=False)
    )


async def take_away(session: AsyncSession, minutes: float) -> int:
    """Queue the deletion of messages that are so many minutes old; how many there were. Each is taken once."""
    before = clock.now() - timedelta(minutes=minutes)
    gone = (await session.execute(_GONE, {"before": before, "batch": BATCH})).all()
    for chat_id, message_id in gone:
        if message_id is not None:
            leaving = Message("take_away", {"message_id": message_id}, lane=DIGEST, method="deleteMessage")
            await deliveries.queue(session, chat_id, leaving)
    return len(gone)
