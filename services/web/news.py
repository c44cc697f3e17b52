"""Toasts: what a change did, told from its event, also after a redirect. Reads only."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.web import sessions as cookies
from services.web.deps import Visit
from services.web.view import Toast
from shared import clock
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders import queries
from shared.orders.events import OrderChanged, OrderChangeUndone, OrderRegistered
from shared.settings import settings

FRESH = timedelta(seconds=60)


async def toast(session: AsyncSession, visit: Visit, event_id: int) -> Toast | None:
    """What this event of the viewer's own did; the undo lives as long as its message waits."""
    event = await session.get(EventRow, event_id)
    if event is None or event.actor_id != visit.viewer.person_id or event.order_id is None:
        return None
    try:
        found = await queries.by_id(session, visit.viewer, event.order_id)
    except NotFound:
        return None
    no, data = found.order.registration_no, await queries.master(session)
    match event.name:
        case OrderChanged.name:
            change = OrderChanged.read(event.payload)
            left = max(0, round(settings().feedback_hold - (clock.now() - event.at).total_seconds()))
            undoable = left > 0 and found.order.version == event.seq
            label = data.statuses[change.new].label_id
            return Toast(
                text=f"menjadi {label}." if change.new != change.old else f"diperbarui, tetap {label}.",
                order=no,
                undo=f"/order/{no}/urungkan" if undoable else "",
                change=str(event_id) if undoable else "",
                seconds=left if undoable else 0,
                message=change.tell and undoable and await _reaches_somebody(found),
            )
        case OrderChangeUndone.name:
            undone = OrderChangeUndone.read(event.payload)
            return Toast(text=f"kembali ke {data.statuses[undone.new].label_id}. Tidak ada pesan terkirim.", order=no)
        case OrderRegistered.name:
            return Toast(text="tersimpan dan masuk antrean.", order=no)
        case _:
            return None


async def waiting(session: AsyncSession, visit: Visit, request: Request) -> Toast | None:
    """The toast that a redirect carried here, while it is fresh."""
    event_id = cookies.news_of(request)
    if event_id is None:
        return None
    event = await session.get(EventRow, event_id)
    if event is None or clock.now() - event.at > FRESH:
        return None
    return await toast(session, visit, event_id)


async def _reaches_somebody(found: queries.OrderFacts) -> bool:
    return found.order.chat_id is not None or found.order.technician_id is not None
