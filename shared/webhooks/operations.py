"""What changes about endpoints: added, changed, paused, a new secret, a test, a message once more. Sends nothing."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import any_, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.db import after
from shared.errors import Invalid, NotFound
from shared.events import EventRow
from shared.people.access import Viewer
from shared.places.models import SiteOperation
from shared.settings import settings
from shared.webhooks import addresses, kinds
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint

MOST = 20  # endpoints that live
BOTH_SIGN = 24 * 3600.0  # seconds in which the old secret signs too
RIGHT = "webhook.change"


@dataclass(frozen=True, slots=True)
class Wish:
    """An endpoint as a person wants it; site None: everywhere."""

    name: str
    url: str
    events: Sequence[str]
    site: int | None


def new_secret() -> str:
    """A secret as the specification wants it: 24 to 64 random bytes in base64 behind `whsec_`."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_name() -> str:
    """What a message is called in the header webhook-id, the same at every try."""
    return "msg_" + secrets.token_urlsafe(20)


async def add(session: AsyncSession, viewer: Viewer, wish: Wish, *, source: str) -> tuple[int, str]:
    """A new endpoint: (its id, its secret, which nobody can read again). Raises NotAllowed and Invalid."""
    viewer.must(RIGHT)
    await _checked(session, wish)
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('webhook_endpoint'))"))  # two at once count both
    living = await session.scalar(select(func.count()).where(WebhookEndpoint.ended_at.is_(None)))
    if int(living or 0) >= MOST:
        raise Invalid(name="too_many")
    secret = new_secret()
    row = WebhookEndpoint(
        name=wish.name,
        url=wish.url,
        events=sorted(wish.events),
        site_operation_id=wish.site,
        secret=secret,
        made_by=viewer.person_id,
    )
    session.add(row)
    await session.flush()
    await audit.note(session, viewer.person_id, source, "webhook.added", f"webhook:{row.id}", _told(wish))
    return row.id, secret


async def change(session: AsyncSession, viewer: Viewer, endpoint_id: int, wish: Wish, *, source: str) -> None:
    """Another name, address, choice or area. What waits goes to the new address. Raises as `add`, and NotFound."""
    row = await find(session, viewer, endpoint_id)
    await _checked(session, wish)
    before = _told(Wish(row.name, row.url, row.events, row.site_operation_id))
    values = {"name": wish.name, "url": wish.url, "events": sorted(wish.events), "site_operation_id": wish.site}
    await session.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(**values))
    details = {"before": before, "after": _told(wish)}
    await audit.note(session, viewer.person_id, source, "webhook.changed", f"webhook:{endpoint_id}", details)


async def switch(session: AsyncSession, viewer: Viewer, endpoint_id: int, *, on: bool, source: str) -> bool:
    """Pause an endpoint (what waits stays, nothing new is written for it) or let it go on; False if it was so."""
    await find(session, viewer, endpoint_id)
    changed = await session.scalar(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.active.is_(not on))
        .values(active=on, off="" if on else "paused", failing_since=None)
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return False
    what = "webhook.resumed" if on else "webhook.paused"
    await audit.note(session, viewer.person_id, source, what, f"webhook:{endpoint_id}")
    return True


async def rotate(session: AsyncSession, viewer: Viewer, endpoint_id: int, *, source: str) -> str:
    """A new secret, shown this once; for a day the old one signs too, so that the other side need not hurry.

    A second change within that day keeps the older one, which the other side surely knows: the answer that showed the
    newer one may be lost.
    """
    await find(session, viewer, endpoint_id)
    secret = new_secret()
    known = case(
        (
            WebhookEndpoint.old_until > func.clock_timestamp(),
            func.coalesce(WebhookEndpoint.old_secret, WebhookEndpoint.secret),
        ),
        else_=WebhookEndpoint.secret,
    )
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(secret=secret, old_secret=known, old_until=after(BOTH_SIGN))
        .execution_options(synchronize_session=False)
    )
    await audit.note(session, viewer.person_id, source, "webhook.rotated", f"webhook:{endpoint_id}")
    return secret


async def end(session: AsyncSession, viewer: Viewer, endpoint_id: int, *, source: str) -> None:
    """Never send there again; what waits is cancelled, its log stays. Raises NotAllowed, NotFound."""
    row = await find(session, viewer, endpoint_id)
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(active=False, off="ended", ended_at=func.clock_timestamp(), secret="", old_secret=None)
    )
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "waiting")
        .values(state="cancelled")
        .execution_options(synchronize_session=False)
    )
    details = {"name": row.name, "url": row.url}
    await audit.note(session, viewer.person_id, source, "webhook.ended", f"webhook:{endpoint_id}", details)


async def test(session: AsyncSession, viewer: Viewer, endpoint_id: int, *, source: str) -> None:
    """Send a message that tells of nothing, to see whether it is taken and its signature understood."""
    row = await find(session, viewer, endpoint_id)
    body = kinds.envelope(kinds.TEST, clock.now(), {"endpoint": row.name})
    name = new_name()
    session.add(WebhookDelivery(endpoint_id=endpoint_id, name=name, kind=kinds.TEST, body=body))
    await audit.note(session, viewer.person_id, source, "webhook.tested", f"webhook:{endpoint_id}")


async def send_again(session: AsyncSession, viewer: Viewer, delivery_id: int, *, source: str) -> int:
    """One message once more, under the same name, given up or taken; nothing while it is on its way. Its endpoint."""
    viewer.must(RIGHT)
    found = await session.get(WebhookDelivery, delivery_id)
    if found is None:
        raise NotFound
    await find(session, viewer, found.endpoint_id)
    again = await session.scalar(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.state.in_(["sent", "dead", "cancelled"]))
        .values(state="waiting", attempts=0, not_before=func.clock_timestamp())
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    if again is None:
        return found.endpoint_id
    details = {"kind": found.kind, "was": found.state}
    await audit.note(session, viewer.person_id, source, "webhook.sent_again", f"webhook:{found.endpoint_id}", details)
    return found.endpoint_id


async def tell(session: AsyncSession, row: EventRow) -> list[int]:
    """Write a message for every endpoint that chose this event and whose area it happened in; their ids.

    Written in the transaction that marks the event heard; the key (event, endpoint) lets a repeat do nothing.
    """
    body, site = await kinds.body_of(session, row)
    wanted = select(WebhookEndpoint.id, WebhookEndpoint.site_operation_id).where(
        WebhookEndpoint.active, any_(WebhookEndpoint.events) == row.name
    )
    ids = [number for number, area in await session.execute(wanted) if area is None or area == site]
    for endpoint_id in ids:
        made = insert(WebhookDelivery).values(
            endpoint_id=endpoint_id, event_id=row.id, order_id=row.order_id, name=new_name(), kind=row.name, body=body
        )
        await session.execute(made.on_conflict_do_nothing(index_elements=["event_id", "endpoint_id"]))
    return ids


async def find(session: AsyncSession, viewer: Viewer, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint that was not removed. Raises NotAllowed, NotFound."""
    viewer.must(RIGHT)
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.ended_at.is_(None))
    row: WebhookEndpoint | None = await session.scalar(wanted)
    if row is None:
        raise NotFound
    return row


def _told(wish: Wish) -> dict[str, object]:
    told = {"name": wish.name, "url": wish.url, "events": sorted(wish.events), "site": wish.site}
    return {key: value for key, value in told.items() if value}


async def _checked(session: AsyncSession, wish: Wish) -> None:
    wrong: dict[str, str] = {}
    if not wish.name:
        wrong["name"] = "missing"
    if found := addresses.wrong(wish.url, settings().hooks_inside):
        wrong["url"] = found
    if not wish.events:
        wrong["events"] = "missing"
    elif set(wish.events) - set(kinds.KINDS):
        wrong["events"] = "unknown"
    if wish.site is not None and await session.get(SiteOperation, wish.site) is None:
        wrong["site"] = "unknown"
    if wrong:
        raise Invalid(**wrong)
