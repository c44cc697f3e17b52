"""Toasts: what a change did, told from its event, also after a redirect. Reads only."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.web import sessions as cookies
from services.web import words_claims
from services.web.deps import Visit
from services.web.language import _, name_of
from services.web.view import Toast
from shared import clock
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders import queries
from shared.orders.events import (
    OrderChanged,
    OrderChangeUndone,
    OrderDeleted,
    OrderDeletionUndone,
    OrderRegistered,
    OrderRestored,
)
from shared.orders.models import Order
from shared.settings import settings
from shared.talk.events import OrderAsked
from shared.trash.models import Trashed

FRESH = timedelta(seconds=60)


async def toast(session: AsyncSession, visit: Visit, event_id: int) -> Toast | None:
    """What this event of the viewer's own did; the undo lives as long as its message waits."""
    event = await session.get(EventRow, event_id)
    if event is None or event.actor_id != visit.viewer.person_id or event.order_id is None:
        return None
    if event.name == OrderDeleted.name:
        return await _deleted(session, visit, event)
    try:
        found = await queries.by_id(session, visit.viewer, event.order_id)
    except NotFound:
        return None
    no, data = found.order.registration_no, await queries.master(session)
    second = f"?id={found.order.id}" if await queries.second_ones(session, [found.order]) else ""
    match event.name:
        case OrderChanged.name:
            change = OrderChanged.read(event.payload)
            left = max(0, round(settings().feedback_hold - (clock.now() - event.at).total_seconds()))
            undoable = left > 0 and found.order.version == event.seq
            label = name_of(data.statuses[change.new])
            changed = _("menjadi {label}.", label=label)
            same = _("diperbarui, tetap {label}.", label=label)
            return Toast(
                text=words_claims.toast(change, label) or (changed if change.new != change.old else same),
                order=no,
                undo=f"/order/{no}/urungkan{second}" if undoable else "",
                change=str(event_id) if undoable else "",
                seconds=left if undoable else 0,
                message=change.tell and undoable and await _reaches_somebody(found),
            )
        case OrderChangeUndone.name:
            undone = OrderChangeUndone.read(event.payload)
            return Toast(
                text=_("kembali ke {label}. Tidak ada pesan terkirim.", label=name_of(data.statuses[undone.new])),
                order=no,
            )
        case OrderAsked.name:
            return Toast(text=_("pertanyaan dikirim ke teknisinya. Jawabannya muncul di linimasa."), order=no)
        case OrderRegistered.name:
            return Toast(text=_("tersimpan dan masuk antrean."), order=no)
        case OrderDeletionUndone.name:
            return Toast(text=_("kembali ke antrean. Tidak ada pesan terkirim."), order=no)
        case OrderRestored.name:
            return Toast(text=_("dipulihkan. Teknisinya diberi tahu."), order=no)
        case _:
            return None


async def _deleted(session: AsyncSession, visit: Visit, event: EventRow) -> Toast | None:
    """A deletion of the viewer's own, while the order is in the trash by it."""
    found = await session.execute(
        select(Order.registration_no, Trashed.event_id)
        .join(Trashed, Trashed.order_id == Order.id)
        .where(Order.id == event.order_id, visit.viewer.within(Order.sto_id))
    )
    row = found.first()
    if row is None or row.event_id != event.id:
        return None
    no = row.registration_no
    left = max(0, round(settings().feedback_hold - (clock.now() - event.at).total_seconds()))
    return Toast(
        text=_("dihapus. Selama 30 hari dapat dipulihkan dari Sampah."),
        order=no,
        undo=f"/order/{no}/hapus/urungkan" if left else "",
        change=str(event.id) if left else "",
        seconds=left,
    )


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
