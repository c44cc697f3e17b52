"""What the ingest worker does when it hears of a file; the steps themselves are in `steps`."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest import steps
from shared.arrears import apply
from shared.arrears.events import ImportApplied, ImportApproved, ImportReceived, ImportSpent, ImportUndoAsked
from shared.events import EventRow
from shared.worker import Ears

ears = Ears("ingest")


@ears.hears(ImportReceived)
async def received(session: AsyncSession, _: EventRow, told: ImportReceived) -> None:
    """Read it."""
    await steps.read(session, told.batch_id, told.version)


@ears.hears(ImportApproved)
async def approved(session: AsyncSession, _: EventRow, told: ImportApproved) -> None:
    """Apply it."""
    await steps.apply(session, told.batch_id, told.version)


@ears.hears(ImportApplied)
async def applied(session: AsyncSession, _: EventRow, told: ImportApplied) -> None:
    """Make what a large file brought searchable; a small one's is already."""
    if told.kind == "arrears" and told.added > apply.SEARCHED_AT_ONCE:
        await apply.make_searchable(await steps.wire_of(session), told.batch_id)


@ears.hears(ImportUndoAsked)
async def undo_asked(session: AsyncSession, _: EventRow, told: ImportUndoAsked) -> None:
    """Undo it."""
    await steps.undo(session, told.batch_id, told.version)


@ears.hears(ImportSpent)
async def spent(session: AsyncSession, _: EventRow, told: ImportSpent) -> None:
    """Throw it away."""
    await steps.throw_away(session, told.batch_id)
