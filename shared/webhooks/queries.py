"""Questions about endpoints and their messages. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import NotFound
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


@dataclass(frozen=True, slots=True)
class Ill:
    """What is not well with endpoints that live: messages that were given up, endpoints that take nothing."""

    dead: int
    failing: int


async def ill(session: AsyncSession, viewer: Viewer) -> Ill:
    """So many of each, everywhere. Raises NotAllowed."""
    seen = await endpoints(session, viewer)
    return Ill(sum(each.dead for each in seen), sum(each.row.failing_since is not None for each in seen))


async def message(session: AsyncSession, viewer: Viewer, delivery_id: int) -> WebhookDelivery:
    """One message, also to an endpoint that was removed. Raises NotAllowed, NotFound."""
    viewer.must("webhook.change")
    found = await session.get(WebhookDelivery, delivery_id)
    if found is None:
        raise NotFound
    return found


async def log(session: AsyncSession, viewer: Viewer, endpoint_id: int, before: int = 0) -> Sequence[WebhookDelivery]:
    """The newest messages of an endpoint, PAGE and one more; before: only older ones than this id."""
    viewer.must("webhook.change")
    wanted = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before:
        wanted = wanted.where(WebhookDelivery.id < before)
    return (await session.scalars(wanted.order_by(WebhookDelivery.id.desc()).limit(PAGE + 1))).all()
