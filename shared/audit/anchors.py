"""The head of the audit log, noted every hour where the log itself is not: a removal of the newest rows is noticed.

Each row of the log is sealed with the one before, so only the end can be cut off unseen. The anchor is a row that the
database refuses to change, a line of the relay's log, and a line of a file in the data folder: the last two are outside
the database, for the day somebody with all its rights removes both.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.chain import Fault
from shared.audit.models import Anchor, AuditRow
from shared.settings import settings

log = logging.getLogger(__name__)

_ANCHOR = text("""
    INSERT INTO audit_anchor (hour, audit_id, hash)
    SELECT date_trunc('hour', clock_timestamp()), id, hash
    FROM (SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1) AS head
    WHERE NOT EXISTS (SELECT 1 FROM audit_anchor WHERE audit_id >= head.id)
    ON CONFLICT (hour) DO NOTHING RETURNING audit_id, hash
""")


@dataclass(frozen=True, slots=True)
class Noted:
    """A head of the log as it was noted once."""

    id: int
    seal: str


def file() -> Path | None:
    """Where anchors are noted outside the database; nowhere unless this house was told its data folder."""
    return settings().data / "audit-anchors.txt" if "data" in settings().model_fields_set else None


async def anchor(session: AsyncSession) -> Noted | None:
    """Note the head of the log for this hour; None when that was done, or when nothing was added since."""
    row = (await session.execute(_ANCHOR)).first()
    return Noted(row[0], row[1]) if row else None


def tell(noted: Noted) -> None:
    """Say an anchor outside the database, once it is committed; a folder that cannot be written stops nothing."""
    log.info("audit anchor %s:%s", noted.id, noted.seal)
    where = file()
    if where is None:
        return
    try:
        with where.open("a", encoding="ascii") as lines:
            lines.write(f"{noted.id}:{noted.seal}\n")
    except OSError as error:
        log.warning("the audit anchor stands in this log only: %s", error)


def read(words: str) -> Noted:
    """An anchor as a line of the log or the file says it. Raises ValueError."""
    number, colon, seal = words.strip().rpartition(" ")[2].partition(":")
    if not (colon and number.isascii() and number.isdigit() and len(seal) == 64):
        raise ValueError(words)
    return Noted(int(number), seal)


def in_file() -> list[Noted]:
    """What the file holds; a line that is none is passed over, since nobody but us writes it."""
    where = file()
    try:
        lines = where.read_text(encoding="ascii", errors="replace").splitlines() if where is not None else []
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(read(line))
        except ValueError:
            log.warning("a line of %s is no anchor", where)
    return found


async def kept(session: AsyncSession) -> list[Noted]:
    """What the database holds."""
    rows = await session.execute(select(Anchor.audit_id, Anchor.hash).order_by(Anchor.audit_id))
    return [Noted(*row) for row in rows]


async def broken(session: AsyncSession, noted: Sequence[Noted]) -> list[Fault]:
    """Where the log is not what was noted: rows that are gone, or that were written anew with a seal that fits."""
    ids = sorted({each.id for each in noted})
    found: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        rows = await session.execute(
            select(AuditRow.id, AuditRow.hash).where(AuditRow.id.in_(ids[start : start + 5000]))
        )
        found |= {row[0]: row[1] for row in rows}
    faults = []
    for each in sorted(set(noted), key=lambda one: one.id):
        if each.id not in found:
            faults.append(Fault(each.id, "removed, though it was anchored"))
        elif found[each.id] != each.seal:
            faults.append(Fault(each.id, "not the one that was anchored"))
    return faults
