"""What the ledger knows to have been sent lately, for a pace whose Redis has lost its memory. It changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from shared.db import single
from shared.deliveries.models import Delivery, State
from shared.pace import Known


def name(delivery_id: int, claimed_at: datetime | None) -> str:
    """What one call for a delivery is named in the pace, whoever tells of it; a repeat of it is another."""
    return f"{delivery_id}@{claimed_at.timestamp() if claimed_at else 0:.6f}"


async def sent_within(seconds: float) -> Sequence[Known]:
    """What left within so many seconds, whoever sent it."""
    ago = func.extract("epoch", func.now() - Delivery.sent_at).label("ago")
    lately = select(Delivery.id, Delivery.claimed_at, Delivery.chat_id, ago).where(
        Delivery.state == State.SENT, Delivery.sent_at > func.now() - timedelta(seconds=seconds)
    )
    async with single() as session:
        found = (await session.execute(lately)).all()
    return [Known(name(row.id, row.claimed_at), row.chat_id, float(row.ago)) for row in found]
