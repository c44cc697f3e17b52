"""A table filled beside itself is the same table afterwards, and who reads does not wait for it; one in use stays."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest.steps import wire_of
from shared.arrears import beside
from tests import factories

SHAPE = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = 'account'::regclass AND a.attnum > 0 ORDER BY a.attnum
"""
INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'account'::regclass ORDER BY 1"
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'account'::regclass OR confrelid = 'account'::regclass ORDER BY 1, 2
"""
NUMBERED = "SELECT pg_get_serial_sequence('account', 'id')"
FILL = """
    INSERT INTO {} (internet_no, name, sto_id, amount)
    SELECT 152320000000 + n, 'Budi', 1, n FROM generate_series({}, {}) n
"""


async def described(wire: Any) -> list[Any]:
    return [[tuple(row) for row in await wire.fetch(asked)] for asked in (SHAPE, INDEXES, CONSTRAINTS, NUMBERED)]


def few(name: str) -> bool:
    return name == "ix_account_paused"


async def test_the_twin_is_the_same_table_with_all_rows_and_nobody_waited(
    session: AsyncSession, shared_database: str
) -> None:
    here = await factories.town(session)
    wire = await wire_of(session)
    before = await described(wire)
    await wire.execute(FILL.format("account", 1, 2))
    made = await beside.make(wire, "account", "id", few)
    assert made is not None
    await wire.execute(FILL.format(made.name, 3, 50))
    await beside.index(wire, made)
    reader = await asyncpg.connect(shared_database, server_settings={"lock_timeout": "100"})
    assert await reader.fetchval("SELECT count(*) FROM account") == 0
    await reader.close()
    seen = []

    async def last() -> None:
        seen.append(await wire.fetchval(f"SELECT count(*) FROM {made.name}"))

    assert await beside.take_place(wire, made, last)
    assert seen == [50]
    assert await described(wire) == before
    await wire.execute(FILL.format("account", 51, 51))
    rows = await wire.fetchrow("SELECT count(*), count(DISTINCT id), max(id) - min(id) FROM account")
    assert tuple(rows) == (51, 51, 50)
    promise = "INSERT INTO promise (account_id, made_by, due, amount, owed) VALUES ($1, $2, '2026-11-30', 1, 1)"
    await wire.execute(promise, await wire.fetchval("SELECT min(id) FROM account"), here.collector.id)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await wire.execute(promise, 0, here.collector.id)


async def test_a_table_that_something_hangs_on_is_filled_itself(session: AsyncSession) -> None:
    wire = await wire_of(session)
    await wire.execute("CREATE VIEW seen AS SELECT name FROM account")
    made = await beside.make(wire, "account", "id")
    assert made is not None
    await wire.execute(FILL.format(made.name, 1, 5))
    await beside.index(wire, made)

    async def last() -> None:
        """Nothing is counted here."""

    assert not await beside.take_place(wire, made, last)
    await beside.pour(wire, made)
    await wire.execute(FILL.format("account", 6, 6))
    assert await wire.fetchval("SELECT count(DISTINCT id) FROM account") == 6
    assert await wire.fetchval("SELECT to_regclass('account_beside')") is None
    await wire.execute("GRANT SELECT ON account TO public")
    assert await beside.make(wire, "account", "id") is None
