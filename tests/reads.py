"""How many rows Postgres read one by one, for tests that say a page of a long table comes from an index."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_READ = text("SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = ANY(:tables)")


async def one_by_one(session: AsyncSession, *tables: str) -> dict[str, int]:
    """Rows read by sequential scans of these tables so far; compare two of them within one transaction.

    The view counts what its connection has not yet handed to the statistics, at most once a second: what a test
    before this one read over the same pooled connection is in it too, so the figure alone says nothing.
    """
    found = await session.execute(_READ, {"tables": list(tables)})
    return {row[0]: row[1] for row in found.all()}
