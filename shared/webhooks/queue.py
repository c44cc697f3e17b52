"""Which message to which endpoint is to leave now, and how each try ended. Makes no call; `services/notifier` does.

The same message may arrive twice when its sender dies after the other side took it: it has the same name then, by
which the specification asks the other side to know it. Messages about one order leave one after the other.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import cast, func, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.db import after
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint

BATCH = 10  # messages on their way at once, of all senders
EACH = 4  # of them to one endpoint: one that hangs for 15 s would keep all senders, which are Telegram's too
LEASE = 60.0  # seconds; a call ends long before
HOUR = 3600.0
PAUSES = (5.0, 300.0, 1800.0, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds after each try that was not taken, as the specification proposes; after ten tries it is dead."""
LONGEST_PAUSE = 27 * HOUR
GONE = 410  # the endpoint says itself that it is no more
WORDS = 300  # characters kept of an answer

_CLAIM = text("""
    UPDATE webhook_delivery AS mine SET state = 'sending', attempts = attempts + 1,
           lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM webhook_endpoint AS there
    WHERE there.id = mine.endpoint_id AND mine.id IN (
        SELECT next.id FROM webhook_endpoint AS open_one CROSS JOIN LATERAL (
            SELECT one.id FROM webhook_delivery AS one
            WHERE one.endpoint_id = open_one.id AND one.state = 'waiting' AND one.not_before <= clock_timestamp()
              AND NOT EXISTS (SELECT FROM webhook_delivery AS older
                              WHERE older.endpoint_id = one.endpoint_id AND older.order_id = one.order_id
                                AND older.id < one.id AND older.state IN ('waiting', 'sending'))
            ORDER BY one.id FOR UPDATE OF one SKIP LOCKED
            LIMIT greatest(0, :each - (SELECT count(*) FROM webhook_delivery AS busy
                                       WHERE busy.endpoint_id = open_one.id AND busy.state = 'sending'))
        ) AS next
        WHERE open_one.active ORDER BY next.id
        LIMIT greatest(0, :batch - (SELECT count(*) FROM webhook_delivery WHERE state = 'sending')))
    RETURNING mine.id, mine.endpoint_id, mine.name, mine.body, mine.attempts, mine.lease_until, there.url, there.secret,
              CASE WHEN there.old_until > clock_timestamp() THEN there.old_secret END AS old_secret
""")
_LOST = text("""
    UPDATE webhook_delivery SET state = 'waiting', lease_until = NULL
    WHERE state = 'sending' AND lease_until < clock_timestamp()
""")
_DUE = text("""
    SELECT EXISTS (SELECT FROM webhook_delivery AS one JOIN webhook_endpoint ON webhook_endpoint.id = one.endpoint_id
                   WHERE one.state = 'waiting' AND one.not_before <= clock_timestamp() AND webhook_endpoint.active)
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process sends now, with everything it needs."""

    id: int
    endpoint_id: int
    name: str
    body: str
    attempts: int
    lease_until: datetime
    url: str
    secret: str
    old_secret: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended. status 0: there was no answer; words say why. retry_after: seconds that were asked for."""

    status: int
    words: str
    ms: int
    retry_after: float = 0

    @property
    def taken(self) -> bool:
        """Whether the other side took it: 2xx and nothing else; a redirect is not followed."""
        return 200 <= self.status < 300


async def claim(session: AsyncSession) -> list[Claimed]:
    """Take what is due, oldest first, BATCH at most and EACH to one endpoint; two senders never take the same."""
    rows = await session.execute(_CLAIM, {"lease": LEASE, "batch": BATCH, "each": EACH})
    return sorted((Claimed(*row) for row in rows), key=lambda each: each.id)


async def due(session: AsyncSession) -> bool:
    """Whether something should leave now; what a dead sender had taken waits again."""
    await session.execute(_LOST)
    return bool(await session.scalar(_DUE))


async def ended(session: AsyncSession, claimed: Claimed, answer: Answer) -> None:
    """Write down how a try ended; a claim that was taken away meanwhile only gets its line in the log."""
    line: dict[str, Any] = {"at": clock.now().isoformat(timespec="seconds"), "status": answer.status, "ms": answer.ms}
    if answer.words:
        line["words"] = answer.words[:WORDS]
    given_up = not answer.taken and (claimed.attempts > len(PAUSES) or answer.status == GONE)
    values: dict[str, Any] = {"lease_until": None}
    if answer.taken:
        values |= {"state": "sent", "sent_at": func.clock_timestamp()}
    elif given_up:
        values |= {"state": "dead"}
    else:
        values |= {"state": "waiting", "not_before": after(pause(claimed.attempts, answer.retry_after))}
    this = update(WebhookDelivery).where(WebhookDelivery.id == claimed.id).execution_options(synchronize_session=False)
    await session.execute(this.values(tries=WebhookDelivery.tries.op("||")(cast([line], JSONB))))
    mine = this.where(WebhookDelivery.state == "sending", WebhookDelivery.lease_until == claimed.lease_until)
    await session.execute(mine.values(**values))
    there = update(WebhookEndpoint).where(WebhookEndpoint.id == claimed.endpoint_id)
    there = there.execution_options(synchronize_session=False)
    if answer.taken:
        await session.execute(there.values(failing_since=None, taken_at=func.clock_timestamp()))
        return
    await session.execute(
        there.values(failing_since=func.coalesce(WebhookEndpoint.failing_since, func.clock_timestamp()))
    )
    if answer.status == GONE:
        await session.execute(there.where(WebhookEndpoint.active).values(active=False, off="gone"))


def pause(attempts: int, asked: float = 0) -> float:
    """Seconds until the next try after so many; a tenth by chance, so that a healed endpoint is not overrun."""
    wanted = PAUSES[min(attempts, len(PAUSES)) - 1]
    return min(max(wanted * (1 + secrets.randbelow(100) / 1000), asked), LONGEST_PAUSE)
