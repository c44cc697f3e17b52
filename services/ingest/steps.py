"""The worker's steps of an import: read and compare, apply, undo, throw away. Each is one transaction, killed or whole.

What a step cannot do is either the file's fault (said on its page), nobody's (tried again by the relay's hints), or
ours (said, logged, and the import stands as before the step).
"""

import errno
import logging
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest import load, storage
from shared import clock, db
from shared.arrears import apply as accounts
from shared.arrears import columns, imports, order_files
from shared.arrears.batches import BatchState, ImportBatch, ImportMapping, ImportRefusal, ImportTurn, Kind
from shared.arrears.check import Job, check
from shared.arrears.events import ImportApplied, ImportUndone
from shared.arrears.refusal import FileRefused
from shared.arrears.rows import Places
from shared.db import transaction
from shared.events import emit
from shared.places.models import Sto

log = logging.getLogger(__name__)

BETWEEN = 0.5  # seconds between two looks at whether the import was cancelled, each of which writes the progress
KEPT_DAYS = 7  # a finished import's file and refused rows


class Abandoned(Exception):  # noqa: N818 a sentence, not a suffix
    """The import is not in the state this step was for: cancelled, or done by another worker."""


class NeedsMapping(Exception):  # noqa: N818
    """A person must say which column is what."""

    def __init__(self, trouble: dict[str, Any]) -> None:
        super().__init__()
        self.trouble = trouble


async def read(session: AsyncSession, batch_id: int, version: int) -> None:
    """Read, check and compare a file, so that its difference can be looked at."""
    batch = await _at(session, batch_id, BatchState.READING, version)
    if batch is None:
        return
    try:
        async with session.begin_nested():
            values = await _read(session, batch)
            values |= {"state": BatchState.READY, "expires_at": imports.preview_ends(), "progress": 100, "phase": ""}
            await _settle(session, batch, values)
    except Abandoned:
        return
    except NeedsMapping as need:
        kept = {"state": BatchState.MAPPING, "expires_at": imports.preview_ends(), "trouble": need.trouble}
        await _settle(session, batch, kept | {"progress": 100, "phase": ""})
    except FileRefused as refusal:
        await _refuse(session, batch, {"code": refusal.code, "params": refusal.params})
    except FileNotFoundError:
        await _refuse(session, batch, {"code": "file.gone"})
    except Exception as error:
        await _or_raise(batch, error)
        await _refuse(session, batch, {"code": "failed"})


async def apply(session: AsyncSession, batch_id: int, version: int) -> None:
    """Apply a file whole, after those that were approved before it; or show its difference anew if that has changed."""
    batch = await _at(session, batch_id, BatchState.APPLYING, version)
    if batch is None:
        return
    turn = await _turn(session, batch.kind)
    try:
        async with session.begin_nested():
            await _apply(session, batch, turn)
    except Abandoned:
        return
    except FileRefused as refusal:
        await _refuse(session, batch, {"code": refusal.code, "params": refusal.params})
    except FileNotFoundError:
        await _refuse(session, batch, {"code": "file.gone"})
    except Exception as error:
        await _or_raise(batch, error)
        values = {"state": BatchState.READY, "trouble": {"code": "failed"}, "phase": "", "progress": 100}
        await _settle(session, batch, values | {"expires_at": imports.preview_ends()})


async def undo(session: AsyncSession, batch_id: int, version: int) -> None:
    """Undo an applied file, except for what somebody worked on since."""
    batch = await _at(session, batch_id, BatchState.UNDOING, version)
    if batch is None:
        return
    await _turn(session, batch.kind)
    try:
        async with session.begin_nested():
            if batch.kind is Kind.ARREARS:
                undone = await accounts.undo(await wire_of(session), batch.id)
            else:
                undone = await order_files.undo(session, batch)
            await _next_turn(session, batch.kind)
            values: dict[str, Any] = {"state": BatchState.UNDONE, "undone_at": clock.now(), "phase": ""}
            await _settle(session, batch, values | {"result": batch.result | asdict(undone), "progress": 100})
            told = ImportUndone(batch_id=batch.id, restored=undone.restored, kept=undone.kept)
            await emit(session, told, source="import", actor_id=batch.undone_by)
    except Abandoned:
        return
    except Exception as error:
        await _or_raise(batch, error)
        values = {"state": BatchState.APPLIED, "trouble": {"code": "failed"}, "phase": "", "progress": 100}
        await _settle(session, batch, values)


async def throw_away(session: AsyncSession, batch_id: int) -> None:
    """Throw away a file that is no longer needed, its rows and everything of it that holds personal data."""
    stored = await session.scalar(select(ImportBatch.stored).where(ImportBatch.id == batch_id))
    wire = await wire_of(session)
    await load.drop(wire, batch_id)
    await session.execute(delete(ImportRefusal).where(ImportRefusal.batch_id == batch_id))
    await session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(stored=None, samples=[], examples={}, expires_at=None)
    )
    if stored:
        storage.drop(stored)
    used = await session.scalars(select(ImportBatch.stored).where(ImportBatch.stored.is_not(None)))
    storage.sweep({str(name) for name in used.all()})


async def _at(session: AsyncSession, batch_id: int, state: BatchState, version: int) -> ImportBatch | None:
    """The batch, if it is still where this step begins. Detached: its values outlive a rollback."""
    batch: ImportBatch | None = await session.scalar(
        select(ImportBatch).where(
            ImportBatch.id == batch_id, ImportBatch.state == state, ImportBatch.version == version
        )
    )
    if batch is not None:
        session.expunge(batch)
    return batch


async def wire_of(session: AsyncSession) -> Any:
    """The asyncpg connection under the session; a transaction is open on it, so that a COPY belongs to it."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    wire = raw.driver_connection
    assert wire is not None
    assert wire.is_in_transaction()
    # A worker that was killed must not leave its statement running for minutes, with the queue's row in its hand.
    await wire.execute("SET LOCAL client_connection_check_interval = '1s'")
    return wire


async def _turn(session: AsyncSession, kind: Kind) -> int:
    """Wait until no other import of this kind is being applied or undone; which turn it is."""
    await session.execute(text("SET LOCAL lock_timeout = 0"))
    return (
        await session.execute(select(ImportTurn.turn).where(ImportTurn.kind == kind).with_for_update())
    ).scalar_one()


async def _next_turn(session: AsyncSession, kind: Kind) -> None:
    await session.execute(update(ImportTurn).where(ImportTurn.kind == kind).values(turn=ImportTurn.turn + 1))


async def _settle(session: AsyncSession, batch: ImportBatch, values: dict[str, Any]) -> None:
    """Write down how a step ended. Raises Abandoned when the batch went another way meanwhile."""
    settled = await session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.state == batch.state, ImportBatch.version == batch.version)
        .values(version=ImportBatch.version + 1, **values)
        .returning(ImportBatch.id)
    )
    if settled.first() is None:
        raise Abandoned


async def _refuse(session: AsyncSession, batch: ImportBatch, trouble: dict[str, Any]) -> None:
    soon = clock.now() + timedelta(days=1)
    values = {"state": BatchState.REFUSED, "trouble": trouble, "expires_at": soon, "phase": "", "progress": 100}
    await _settle(session, batch, values)


async def _or_raise(batch: ImportBatch, error: Exception) -> None:
    """Raise what will pass by itself, so that the step is done again; log what is ours and return."""
    full = isinstance(error, asyncpg.DiskFullError) or getattr(error, "errno", 0) == errno.ENOSPC
    if isinstance(error, DBAPIError):
        full = full or getattr(error.orig, "sqlstate", "") == "53100"
    if full:
        async with transaction() as other:
            await other.execute(
                update(ImportBatch).where(ImportBatch.id == batch.id).values(trouble={"code": "disk_full"})
            )
        raise OSError(errno.ENOSPC, "the disk is full") from error
    if db.away(error) or isinstance(error, (asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        raise error
    log.error("import %s failed", batch.id, exc_info=error)


async def _mapping(session: AsyncSession, batch: ImportBatch, header: list[str]) -> list[str | None]:
    """What a person said, else what was said of this header before, else what its words say."""
    if batch.mapping and len(batch.mapping) == len(header):
        return list(batch.mapping)
    mark = columns.fingerprint(header)
    known: list[str | None] | None = await session.scalar(
        select(ImportMapping.mapping).where(ImportMapping.kind == batch.kind, ImportMapping.fingerprint == mark)
    )
    # a file of refused rows that was mended has one column more, and is the same header all the same
    return [*known, None][: len(header)] if known else columns.guess(header, batch.kind)


async def _read(session: AsyncSession, batch: ImportBatch) -> dict[str, Any]:
    """Stage, check and compare; what the batch keeps of it. Raises FileRefused, NeedsMapping, Abandoned."""
    wire = await wire_of(session)
    tell = _teller(batch)
    await tell("reading", 0)
    if batch.stored is None:
        raise FileNotFoundError
    base = (await session.execute(select(ImportTurn.turn).where(ImportTurn.kind == batch.kind))).scalar_one()
    with storage.at_hand(batch.stored) as path:
        try:
            job = await _stage(session, batch, load.open_table(path, batch.kind, batch.sheet, later=True), tell)
        except load.Unlike:
            job = await _stage(session, batch, load.open_table(path, batch.kind, batch.sheet), tell)
        if batch.kind is Kind.ARREARS:
            found = await check(wire, job, tell)
        else:
            found = await order_files.check(session, wire, job)
    if not found.counts["rows"]:
        raise FileRefused("file.header_only")
    problems = {"refused": dict(found.refused), "warned": dict(found.warned)}
    return {"counts": found.counts, "examples": found.examples, "problems": problems, "base": base, "trouble": None}


async def _stage(session: AsyncSession, batch: ImportBatch, table: load.Table, tell: load.Tell) -> Job:
    """Bring a file's rows in, and say which column is what. Raises FileRefused, NeedsMapping, Abandoned, Unlike."""
    header = list(table.head.cells)
    mapping = await _mapping(session, batch, header)
    seen = {"header": header, "samples": table.head.samples, "layout": load.layout(table), "mapping": mapping}
    chosen = bool(batch.mapping)
    await _keep(batch, seen)
    if (twice := columns.doubled(header, mapping)) and not chosen:
        raise NeedsMapping({"code": "file.duplicate_header", "params": {"column": twice, "row": table.head.row}})
    if lacking := columns.lacking(mapping, batch.kind):
        raise NeedsMapping({"code": "file.missing_columns", "params": {"columns": lacking}})
    await session.execute(delete(ImportRefusal).where(ImportRefusal.batch_id == batch.id))
    clean = await load.stage(await wire_of(session), batch.id, table, tell)
    return Job(batch.id, header, mapping, table.head.row, await _places(session, batch), clean)


async def _keep(batch: ImportBatch, seen: dict[str, Any]) -> None:
    """Show what the header is while the rows are still being read."""
    async with transaction() as other:
        await other.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(**seen))


async def _places(session: AsyncSession, batch: ImportBatch) -> Places:
    known = await session.execute(select(Sto.code, Sto.id).where(Sto.active))
    return Places({row[0]: row[1] for row in known.all()}, None if batch.stos is None else frozenset(batch.stos))


def _teller(batch: ImportBatch) -> load.Tell:
    """Writes the progress in a transaction of its own, and notices when the import was cancelled."""
    last, of = 0.0, ""

    async def tell(phase: str, percent: int) -> None:
        nonlocal last, of
        now = time.monotonic()
        if phase == of and now < last + BETWEEN:
            return
        last, of = now, phase
        async with transaction() as other:
            written = await other.execute(
                update(ImportBatch)
                .where(
                    ImportBatch.id == batch.id, ImportBatch.state == batch.state, ImportBatch.version == batch.version
                )
                .values(phase=phase, progress=percent)
                .returning(ImportBatch.id)
            )
            if written.first() is None:
                raise Abandoned

    return tell


async def _apply(session: AsyncSession, batch: ImportBatch, turn: int) -> None:
    wire = await wire_of(session)
    tell = _teller(batch)
    await tell("applying", 10)
    whole = turn == batch.base and await _staged(wire, batch)
    if not whole:  # another file came between, or Postgres crashed and its unlogged tables are empty
        values = await _read(session, batch)
        shown = ("rows", "new", "changed", "missing", "refused")
        if any(values["counts"].get(name) != batch.counts.get(name) for name in shown):
            ready = {"state": BatchState.READY, "trouble": {"code": "batch.moved"}, "progress": 100, "phase": ""}
            await _settle(session, batch, values | ready | {"expires_at": imports.preview_ends()})
            return  # what was read anew stays staged, for whoever looks at it now
        await tell("applying", 50)
    job = Job(batch.id, batch.header, batch.mapping, 0, await _places(session, batch), counts=batch.counts)
    if batch.kind is Kind.ARREARS:
        applied: accounts.Applied | order_files.Registered = await accounts.apply(
            wire, job, mark_missing=batch.mark_missing
        )
    else:
        applied = await order_files.apply(session, wire, batch)
    await _next_turn(session, batch.kind)
    await load.drop(wire, batch.id)
    result = asdict(applied) | {"refused": batch.counts.get("refused", 0) + getattr(applied, "refused", 0)}
    now = clock.now()
    values = {"state": BatchState.APPLIED, "applied_at": now, "expires_at": now + timedelta(days=KEPT_DAYS)}
    await _settle(session, batch, values | {"result": result, "progress": 100, "phase": "", "trouble": None})
    told = ImportApplied(
        batch_id=batch.id, kind=batch.kind, added=applied.new, changed=applied.changed, missing=applied.missing,
        refused=result["refused"],
    )  # fmt: skip
    await emit(session, told, source="import", actor_id=batch.decided_by)


async def _staged(wire: Any, batch: ImportBatch) -> bool:
    """Whether the rows of the reading are still there."""
    table = f"staging.{'raw' if batch.kind is Kind.ARREARS else 'rows'}_{batch.id}"
    if await wire.fetchval("SELECT to_regclass($1) IS NULL", table):
        return False
    return bool(await wire.fetchval(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608 a number
