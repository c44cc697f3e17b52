"""What is spent goes; what somebody still needs stays."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import requests, upkeep
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery
from shared.outbox import OutboxRow
from tests import factories
from tests.factories import TECHNICIAN_CHAT


async def test_spent_rows_go_and_waiting_ones_stay(session: AsyncSession) -> None:
    here = await factories.town(session)
    await factories.order(session, here)
    await factories.order(session, here)
    await requests.first_time(session, here.helpdesk.id, "old")
    first = await session.scalar(select(func.min(OutboxRow.id)))
    await session.execute(text("UPDATE outbox SET due_at = now() - interval '8 days'"))
    await session.execute(text("UPDATE outbox SET state = 'consumed' WHERE id = :id"), {"id": first})
    await session.execute(text("UPDATE request_key SET at = now() - interval '3 days'"))
    assert await upkeep.tidy(session) == 2
    assert await session.scalar(select(func.count()).select_from(OutboxRow)) == 1
    assert await requests.first_time(session, here.helpdesk.id, "old") is None


async def test_a_week_after_it_was_sent_a_message_keeps_no_words(session: AsyncSession) -> None:
    await factories.town(session)
    message = deliveries.Message(kind="status", payload={"text": "Budi, 0812"}, brief="Budi")
    sent = await deliveries.queue(session, TECHNICIAN_CHAT, message)
    waiting = await deliveries.queue(session, TECHNICIAN_CHAT, message)
    await session.execute(text("UPDATE delivery SET created_at = now() - interval '8 days'"))
    await session.execute(text("UPDATE delivery SET state = 'sent' WHERE id = :id"), {"id": sent})
    await upkeep.tidy(session)
    kept = {row.id: row.payload for row in await session.scalars(select(Delivery))}
    assert kept == {sent: {}, waiting: {"text": "Budi, 0812"}}
