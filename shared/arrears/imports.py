"""What people do with an uploaded file: hand it in, say what its columns are, apply, cancel, undo. None commits.

Each is one statement that decides by the state and version it finds, told by one event; the ingest worker does the
work. Nothing here reads a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.arrears import columns
from shared.arrears import import_queries as queries
from shared.arrears.batches import ALIVE, BatchState, ImportBatch, ImportMapping, Kind
from shared.arrears.events import ImportApproved, ImportReceived, ImportSpent, ImportUndoAsked
from shared.db import after
from shared.errors import Conflict, Invalid
from shared.events import Event, emit
from shared.people.access import Viewer

RIGHTS = {Kind.ARREARS: "import.arrears", Kind.ORDERS: "import.orders"}
PREVIEW_HOURS = 24  # a difference is looked at and applied within a day, or the file is uploaded again
UNDO_HOURS = 24


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in storage, as the door measured it while it came in."""

    kind: Kind
    name: str
    size: int
    sha256: str
    stored: str


class StaleBatch(Conflict):
    """The import moved on meanwhile; `now` is how it stands."""

    def __init__(self, now: ImportBatch) -> None:
        super().__init__()
        self.now = now


async def twin(session: AsyncSession, viewer: Viewer, sha256: str, kind: Kind) -> ImportBatch | None:
    """The batch of the very same bytes that still waits for somebody, if this person may see it."""
    found: ImportBatch | None = await session.scalar(
        select(ImportBatch)
        .where(
            ImportBatch.sha256 == sha256,
            ImportBatch.kind == kind,
            ImportBatch.state.in_(ALIVE),
            queries.visible(viewer),
        )
        .order_by(ImportBatch.id.desc())
        .limit(1)
    )
    return found


async def receive(session: AsyncSession, viewer: Viewer, file: Received, *, source: str) -> ImportBatch:
    """Enter a file and have it read. Raises NotAllowed. The door asked `twin` before."""
    viewer.must(RIGHTS[file.kind])
    before = await session.scalar(
        select(ImportBatch.id)
        .where(
            ImportBatch.sha256 == file.sha256,
            ImportBatch.kind == file.kind,
            ImportBatch.state == BatchState.APPLIED,
            queries.visible(viewer),
        )
        .order_by(ImportBatch.id.desc())
        .limit(1)
    )
    batch = ImportBatch(
        kind=file.kind,
        name=file.name[:200],
        size=file.size,
        sha256=file.sha256,
        stored=file.stored,
        source=source,
        uploaded_by=viewer.person_id,
        stos=None if viewer.stos is None else sorted(viewer.stos),
        same_as=before,
    )
    session.add(batch)
    await session.flush()
    await _tell(session, viewer, ImportReceived(batch_id=batch.id, version=batch.version), source)
    await audit.note(session, viewer.person_id, source, "import.uploaded", f"import:{batch.id}", {"bytes": file.size})
    return batch


async def choose(
    session: AsyncSession,
    viewer: Viewer,
    batch_id: int,
    version: int,
    mapping: Sequence[str | None],
    *,
    sheet: str | None = None,
    source: str = "web",
) -> ImportBatch:
    """Say which field each column is (None: ignored, "extra": kept), or which sheet to read; the file is read anew.

    A mapping is remembered for files with the same header; choosing another sheet drops it. Raises NotFound,
    NotAllowed, StaleBatch, Invalid(field=…).
    """
    batch = await _seen(session, viewer, batch_id)
    other_sheet = sheet is not None and sheet != batch.layout.get("sheet")
    if other_sheet and sheet not in batch.layout.get("sheets", ()):
        raise Invalid(sheet="unknown")
    if not other_sheet:
        _check(mapping, batch)
    waiting = (BatchState.MAPPING, BatchState.READY)
    values: dict[str, Any] = {"mapping": [] if other_sheet else list(mapping), "trouble": None, "progress": 0}
    values |= {"phase": "", "expires_at": None, "sheet": sheet if other_sheet else batch.sheet}
    changed = await _move(session, batch, version, waiting, BatchState.READING, **values)
    if not other_sheet:
        remembered = insert(ImportMapping).values(
            kind=batch.kind,
            fingerprint=columns.fingerprint(batch.header),
            mapping=list(mapping),
            said_by=viewer.person_id,
        )
        await session.execute(
            remembered.on_conflict_do_update(
                index_elements=["kind", "fingerprint"],
                set_={"mapping": list(mapping), "said_by": viewer.person_id, "said_at": func.now()},
            )
        )
    await _tell(session, viewer, ImportReceived(batch_id=batch_id, version=changed.version), source)
    return changed


async def apply(
    session: AsyncSession,
    viewer: Viewer,
    batch_id: int,
    version: int,
    *,
    mark_missing: bool = True,
    source: str = "web",
) -> ImportBatch:
    """Have the difference applied as it was shown at `version`; several are applied one after another.

    mark_missing: accounts of the same STO that the file does not name become "diduga lunas". Raises NotFound,
    NotAllowed, StaleBatch.
    """
    batch = await _seen(session, viewer, batch_id)
    changed = await _move(
        session,
        batch,
        version,
        (BatchState.READY,),
        BatchState.APPLYING,
        mark_missing=mark_missing,
        decided_by=viewer.person_id,
        progress=0,
        phase="waiting",
        trouble=None,
    )
    await _tell(session, viewer, ImportApproved(batch_id=batch_id, version=changed.version), source)
    await audit.note(session, viewer.person_id, source, "import.approved", f"import:{batch_id}", batch.counts)
    return changed


async def cancel(
    session: AsyncSession, viewer: Viewer, batch_id: int, version: int, *, source: str = "web"
) -> ImportBatch:
    """Give a file up before it was applied; nothing has changed. Raises NotFound, NotAllowed, StaleBatch."""
    batch = await _seen(session, viewer, batch_id)
    waiting = (BatchState.READING, BatchState.MAPPING, BatchState.READY)
    changed = await _move(
        session, batch, version, waiting, BatchState.CANCELLED, decided_by=viewer.person_id, expires_at=clock.now()
    )
    await audit.note(session, viewer.person_id, source, "import.cancelled", f"import:{batch_id}")
    return changed


async def undo(
    session: AsyncSession, viewer: Viewer, batch_id: int, version: int, *, source: str = "web"
) -> ImportBatch:
    """Have an applied file undone, within a day. Rows somebody worked on since stay; `result` lists them afterwards.

    Raises NotFound, NotAllowed, StaleBatch, Conflict when it is too late.
    """
    batch = await _seen(session, viewer, batch_id)
    if batch.kind is Kind.ORDERS:
        viewer.must("order.delete")
    if not may_undo(batch) and batch.state is BatchState.APPLIED:
        raise Conflict("too_late")
    changed = await _move(
        session, batch, version, (BatchState.APPLIED,), BatchState.UNDOING, undone_by=viewer.person_id, progress=0,
        phase="waiting",
    )  # fmt: skip
    await _tell(session, viewer, ImportUndoAsked(batch_id=batch_id, version=changed.version), source)
    await audit.note(session, viewer.person_id, source, "import.undo_asked", f"import:{batch_id}")
    return changed


_EXPIRED = text("""
    UPDATE import_batch SET state = 'expired', version = version + 1, expires_at = now()
    WHERE state IN ('ready', 'mapping') AND expires_at <= now() RETURNING id
""")
_SPENT = text("""
    UPDATE import_batch SET expires_at = NULL
    WHERE id IN (SELECT id FROM import_batch WHERE expires_at <= now()
                 AND state NOT IN ('ready', 'mapping', 'reading', 'applying', 'undoing') LIMIT 100)
    RETURNING id
""")


async def tidy(session: AsyncSession) -> int:
    """End previews whose day is over, and have the worker throw away the files of finished imports."""
    ended = len((await session.execute(_EXPIRED)).all())
    spent = [] if ended else (await session.scalars(_SPENT)).all()
    for batch_id in spent:
        await emit(session, ImportSpent(batch_id=batch_id), source="system")
    return ended + len(spent)


def may_undo(batch: ImportBatch) -> bool:
    """Whether it is not too late to undo."""
    at = batch.applied_at
    return batch.state is BatchState.APPLIED and at is not None and clock.now() < undo_ends(at)


def undo_ends(applied_at: datetime) -> datetime:
    """Until when what was applied then may be undone."""
    return applied_at + timedelta(hours=UNDO_HOURS)


async def _seen(session: AsyncSession, viewer: Viewer, batch_id: int) -> ImportBatch:
    batch = await queries.batch(session, viewer, batch_id)
    viewer.must(RIGHTS[batch.kind])
    return batch


async def _move(
    session: AsyncSession,
    batch: ImportBatch,
    version: int,
    old: tuple[BatchState, ...],
    new: BatchState,
    **values: Any,
) -> ImportBatch:
    """Change a batch's state as seen at `version`; the statement decides when two people are at it."""
    moved: ImportBatch | None = await session.scalar(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.version == version, ImportBatch.state.in_(old))
        .values(state=new, version=ImportBatch.version + 1, **values)
        .returning(ImportBatch)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        await session.refresh(batch)
        session.expunge(batch)  # so that it can still be read when this transaction is over
        raise StaleBatch(batch)
    return moved


async def _tell(session: AsyncSession, viewer: Viewer, event: Event, source: str) -> None:
    await emit(session, event, source=source, actor_id=viewer.person_id)


def _check(mapping: Sequence[str | None], batch: ImportBatch) -> None:
    """Raise Invalid unless the mapping fits the header, names only known fields, each once, and all required ones."""
    known = {*columns.names(batch.kind), columns.EXTRA, None}
    given = [field for field in mapping if field not in {None, columns.EXTRA}]
    if len(mapping) != len(batch.header) or not set(mapping) <= known:
        raise Invalid(mapping="unknown")
    wrong = dict.fromkeys(columns.lacking(mapping, batch.kind), "missing")
    wrong |= {str(field): "twice" for field in given if given.count(field) > 1}
    if wrong:
        raise Invalid(**wrong)


def preview_ends() -> Any:
    """Until when a preview that is ready now may be applied."""
    return after(PREVIEW_HOURS * 3600)
