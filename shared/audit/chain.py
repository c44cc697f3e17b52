"""Whether the audit log is whole: every row's seal is computed again, here and not by what the database holds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

BATCH = 5000

# The same words as in the trigger's function (migration 0005); written out again, so that who changes the function in
# the database to hide something is found out all the same.
_SEALED = text("""
    SELECT id, hash, encode(sha256(convert_to(
        coalesce(lag(hash) OVER (ORDER BY id), :before) || '|' || jsonb_build_array(
            id, (extract(epoch FROM at) * 1000000)::bigint, actor_id, source, ip, what, subject, details
        )::text, 'UTF8')), 'hex') AS sealed
    FROM audit WHERE id > :after ORDER BY id LIMIT :batch
""")


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not as it was written, or a place where one is missing."""

    id: int
    why: str  # "changed" or "missing"


@dataclass(frozen=True, slots=True)
class Whole:
    """How far the log was read: its last number and seal, to compare with what was noted elsewhere earlier."""

    rows: int
    last: str


async def faults(session: AsyncSession) -> AsyncIterator[Fault | Whole]:
    """Every fault from the oldest on, and at the end how much was read. Memory stays flat."""
    after, before, read = 0, "", 0
    while True:
        found = (await session.execute(_SEALED, {"after": after, "before": before, "batch": BATCH})).all()
        for row_id, seal, sealed in found:
            read += 1
            for missing in range(after + 1, row_id):
                yield Fault(missing, "missing")
            if seal != sealed:
                yield Fault(row_id, "changed")
            after, before = row_id, seal
        if len(found) < BATCH:
            yield Whole(read, before)
            return
