"""Questions about imports, within the asker's area: a batch, the history, rows that were refused. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, cast, false, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.arrears import columns
from shared.arrears.batches import ImportBatch, ImportMapping, ImportRefusal, Kind
from shared.errors import NotFound
from shared.people.access import Viewer
from shared.people.models import Person

PAGE = 20
MAY = {Kind.ARREARS: "import.arrears", Kind.ORDERS: "import.orders"}


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in the history and whose it was."""

    batch: ImportBatch
    uploader: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused row: its number as a spreadsheet counts, its cells, and all its problems."""

    row_no: int
    cells: Sequence[str]
    problems: Sequence[dict[str, Any]]


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Batches whose whole area lies in the viewer's, of the kinds it may import."""
    kinds = [kind for kind, act in MAY.items() if viewer.may(act)]
    if not kinds:
        return false()
    inside: ColumnElement[bool] = ImportBatch.kind.in_(kinds)
    if viewer.stos is None:
        return inside
    mine = cast(literal(sorted(viewer.stos), ARRAY(BigInteger)), ARRAY(BigInteger))
    return and_(inside, ImportBatch.stos.is_not(None), ImportBatch.stos.contained_by(mine))


async def batch(session: AsyncSession, viewer: Viewer, batch_id: int) -> ImportBatch:
    """One batch as it stands. Raises NotFound."""
    found: ImportBatch | None = await session.scalar(
        select(ImportBatch).where(ImportBatch.id == batch_id, visible(viewer)).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def batches(
    session: AsyncSession,
    viewer: Viewer,
    *,
    kind: Kind | None = None,
    before: tuple[Any, int] | None = None,
    size: int = PAGE,
) -> list[BatchLine]:
    """The newest batches first; `before` is (uploaded_at, id) of the last one seen. Up to size + 1."""
    wanted = (
        select(ImportBatch, Person.name)
        .join(Person, Person.id == ImportBatch.uploaded_by)
        .where(visible(viewer))
        .order_by(ImportBatch.uploaded_at.desc(), ImportBatch.id.desc())
        .limit(size + 1)
    )
    if kind is not None:
        wanted = wanted.where(ImportBatch.kind == kind)
    if before is not None:
        wanted = wanted.where(tuple_(ImportBatch.uploaded_at, ImportBatch.id) < tuple_(*before))
    return [BatchLine(*row) for row in (await session.execute(wanted)).all()]


async def names(session: AsyncSession, ids: Sequence[int | None]) -> dict[int, str]:
    """Names of those who uploaded, applied or undid."""
    wanted = [each for each in ids if each is not None]
    found = await session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in found.all()}


async def remembered(session: AsyncSession, batch: ImportBatch) -> tuple[str, datetime] | None:
    """(who, when) said of a file with this header what its columns are, if that is how this one is read."""
    mark = columns.fingerprint(batch.header)
    said = (
        await session.execute(
            select(ImportMapping.mapping, Person.name, ImportMapping.said_at)
            .join(Person, Person.id == ImportMapping.said_by)
            .where(ImportMapping.kind == batch.kind, ImportMapping.fingerprint == mark)
        )
    ).first()
    if said is None or not batch.header or list(said[0]) != list(batch.mapping)[: len(said[0])]:
        return None
    return said[1], said[2]


async def refusals(
    session: AsyncSession,
    viewer: Viewer,
    batch_id: int,
    *,
    code: str | None = None,
    after: int = 0,
    size: int = 50,
) -> list[Refusal]:
    """Refused rows after row `after`, in the file's order; `code` narrows to one kind of problem. Up to size + 1."""
    await batch(session, viewer, batch_id)
    wanted = select(ImportRefusal.row_no, ImportRefusal.cells, ImportRefusal.problems).where(
        ImportRefusal.batch_id == batch_id, ImportRefusal.row_no > after
    )
    if code is not None:
        wanted = wanted.where(ImportRefusal.problems.contains([{"code": code}]))
    wanted = wanted.order_by(ImportRefusal.row_no).limit(size + 1)
    return [Refusal(*row) for row in (await session.execute(wanted)).all()]
