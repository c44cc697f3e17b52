"""What the notifier makes of an applied file: one summary to whoever applied it, however many rows it had."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import texts_imports as texts
from services.notifier.listeners import ears
from shared.arrears.batches import ImportBatch
from shared.arrears.events import ImportApplied, ImportUndone
from shared.arrears.imports import RIGHTS
from shared.chats.models import Chat, ChatKind
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import Message
from shared.events import EventRow
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.settings import settings

__all__ = ["ears", "sum_up_import", "tell_undone"]


@ears.hears(ImportApplied)
async def sum_up_import(session: AsyncSession, row: EventRow, event: ImportApplied) -> None:
    """What the file brought, to the one who applied it."""
    batch = await session.get_one(ImportBatch, event.batch_id)
    await _tell(session, row, batch, "applied")


@ears.hears(ImportUndone)
async def tell_undone(session: AsyncSession, row: EventRow, event: ImportUndone) -> None:
    """What undoing it restored and left, to the one who undid it."""
    batch = await session.get_one(ImportBatch, event.batch_id)
    await _tell(session, row, batch, "undone")


async def _tell(session: AsyncSession, row: EventRow, batch: ImportBatch, what: str) -> None:
    person = await session.get(Person, row.actor_id) if row.actor_id else None
    if person is None or not person.active or person.telegram_id is None:
        return
    if not (await viewer_of(session, person)).may(RIGHTS[batch.kind]):
        return
    chat = insert(Chat).values(id=person.telegram_id, kind=ChatKind.PRIVATE, title=person.name)
    await session.execute(chat.on_conflict_do_nothing())
    link = f"{settings().base_url}/impor/{batch.id}"
    message = Message(
        kind="import",
        payload={
            "text": texts.summary(what, batch.name, batch.result, link, person.language),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        },
        brief=texts.brief(what, batch.name, batch.result, person.language),
    )
    await deliveries.queue(session, person.telegram_id, message, event_id=row.id)
