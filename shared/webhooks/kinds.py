"""Which events other systems may choose, and what each is told of. Names no customer, no address."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from shared.arrears.events import ImportApplied, ImportUndone
from shared.events import Event, EventRow
from shared.notify.events import ClockAlerted, HouseAlerted
from shared.orders import queries
from shared.orders.events import OrderChanged, OrderDeleted, OrderRegistered, OrderRestored
from shared.places.queries import unit_of
from shared.settings import settings
from shared.sla.events import SlaAlerted

KINDS: dict[str, type[Event]] = {
    kind.name: kind
    for kind in (
        *(OrderRegistered, OrderChanged, SlaAlerted, ClockAlerted, OrderDeleted, OrderRestored),
        *(ImportApplied, ImportUndone, HouseAlerted),
    )
}
TEST = "webhook.test"
_TOLD = {"old": "from", "new": "to", "reopened": "reopened", "level": "level", "kind": "kind"}
_TOLD |= {"step": "step", "part": "part", "healed": "healed"}
_COUNTS = ("batch_id", "added", "changed", "missing", "refused", "restored", "kept")


def stamp(at: datetime | None) -> str | None:
    """A moment as the payload says it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None


def envelope(kind: str, at: datetime, data: dict[str, Any]) -> str:
    """The bytes that are signed, as the specification lays them out: type, timestamp, data."""
    told = {"type": kind, "timestamp": stamp(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


async def body_of(session: AsyncSession, row: EventRow) -> tuple[str, int | None]:
    """(the message about an event, the Site Operation it happened in). An order is told as it stands now."""
    data: dict[str, Any] = {"event": row.id, "source": row.source}
    data |= {outer: row.payload[inner] for inner, outer in _TOLD.items() if row.payload.get(inner) not in (None, "")}
    data |= {name: row.payload[name] for name in _COUNTS if name in row.payload}
    site: int | None = None
    if row.order_id is not None:
        facts = await queries.by_id(session, None, row.order_id)
        order = facts.order
        unit = await unit_of(session, order.sto_id)
        site = unit.site_operation_id
        reason = (await queries.master(session)).reasons.get(order.reason_id or 0)
        data["order"] = {
            "number": order.registration_no,
            "type": order.type_code,
            "sto": facts.sto_code,
            "status": order.status_code,
            "category": order.category.value,
            "reason": reason.label_id if reason is not None else None,
            "technician_code": order.technician_code,
            "version": row.seq or order.version,
            "registered_at": stamp(order.registered_at),
            "due_at": stamp(order.due_at),
            "closed_at": stamp(order.closed_at),
            "deleted": order.deleted_at is not None,
            "url": f"{settings().base_url}/order/{quote(order.registration_no)}",
        }
    return envelope(row.name, row.at, data), site
