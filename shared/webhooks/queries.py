"""Questions about endpoints and their messages. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.people.access import Viewer
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint

PAGE = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """An endpoint with what waits for it and what was given up."""

    row: WebhookEndpoint
    waiting: int
    dead: int


async def endpoints(session: AsyncSession, viewer: Viewer) -> list[Seen]:
    """The endpoints that were not removed, by name. Raises NotAllowed."""
    viewer.must("webhook.change")
    rows = await session.scalars(
        select(WebhookEndpoint).where(WebhookEndpoint.ended_at.is_(None)).order_by(WebhookEndpoint.name)
    )
    waiting = await _counts(session, ("waiting", "sending"))
    dead = await _counts(session, ("dead",))
    return [Seen(row, waiting.get(row.id, 0), dead.get(row.id, 0)) for row in rows]


async def _counts(session: AsyncSession, states: Sequence[str]) -> dict[int, int]:
    rows = await session.execute(
        select(WebhookDelivery.endpoint_id, func.count())
        .where(WebhookDelivery.state.in_(states))
        .group_by(WebhookDelivery.endpoint_id)
    )
    return {int(endpoint): int(count) for endpoint, count in rows}


async def log(session: AsyncSession, viewer: Viewer, endpoint_id: int, before: int = 0) -> Sequence[WebhookDelivery]:
    """The newest messages of an endpoint, PAGE and one more; before: only older ones than this id."""
    viewer.must("webhook.change")
    wanted = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before:
        wanted = wanted.where(WebhookDelivery.id < before)
    return (await session.scalars(wanted.order_by(WebhookDelivery.id.desc()).limit(PAGE + 1))).all()
