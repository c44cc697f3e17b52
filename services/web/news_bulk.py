"""The toast of an act on many orders, also after a redirect. Reads only."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.web import words_bulk as words
from services.web.deps import Visit
from services.web.language import _
from services.web.view import Query, Toast, address
from services.web.view_bulk import BulkGroup, BulkLine
from shared import clock
from shared.errors import NotFound
from shared.orders import bulk, queries
from shared.orders.bulk import Batch
from shared.people.models import Person
from shared.settings import settings


async def carried(session: AsyncSession, visit: Visit, key: str, query: Query) -> Toast | None:
    """What a redirect brought here by a batch's key, while it may still be undone; nothing for anybody else's."""
    if not key:
        return None
    try:
        batch = await bulk.recall(session, visit.viewer, key[:48])
    except NotFound:
        return None
    left = seconds_left(batch)
    return await toast(session, visit, key[:48], batch, query) if left and not batch.undone else None


def seconds_left(batch: Batch) -> int:
    """Seconds in which it may still be taken back."""
    return max(0, round(settings().feedback_hold - (clock.now() - batch.at).total_seconds())) if batch.done else 0


async def toast(session: AsyncSession, visit: Visit, key: str, batch: Batch, query: Query) -> Toast:
    """What was done, with its undo while that is possible; or that it was undone."""
    if batch.undone:
        n = len(batch.done) - len(batch.kept)
        return Toast(_("{n} order kembali seperti semula. Tidak ada pesan terkirim.", n=n))
    left = seconds_left(batch)
    said = words.summary(await outcome(session, batch), await skipped(session, visit, batch))
    return Toast(
        said,
        undo=address(query, "/order/massal/urungkan") if left else "",
        change=key if left else "",
        seconds=left,
        message=bool(left) and batch.tell,
    )


async def outcome(session: AsyncSession, batch: Batch) -> str:
    """What was done, as in "24 order menjadi Selesai"."""
    holder = await session.get(Person, int(batch.what)) if batch.kind == "assign" and batch.what else None
    data = await queries.master(session)
    return words.outcome(batch.kind, batch.what, len(batch.done), data, holder.name if holder else "")


async def skipped(session: AsyncSession, visit: Visit, batch: Batch) -> tuple[BulkGroup, ...]:
    """Those that were left as they were, or could not be taken back, by their reason."""
    data = await queries.master(session)
    left = batch.kept if batch.undone else batch.skipped
    return words.grouped(BulkLine(each.no, why=words.why(each, data, visit.zone)) for each in left)
