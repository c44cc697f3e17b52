"""Fills a table that is nearly empty beside itself, without its indexes, and lets what was filled take its place.

Who reads goes on reading the old one; nobody waits for more than the renaming at the end. All of it is in the caller's
transaction: nothing is left when that fails. It never drops a row, nor a table that anything else hangs on.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from shared.arrears.wires import PATIENCE

TRIES = 20
LOCK_WAIT = "250ms"  # for so long others queue up behind a lock that somebody's long reading keeps from us
BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.DependentObjectsStillExistError)

# A table that somebody gave rights, triggers, policies or followers is left where it is: they would be lost.
_FIT = """
    SELECT pg_has_role(c.relowner, 'usage') AND c.relkind = 'r' AND c.relacl IS NULL AND c.reloptions IS NULL
        AND NOT c.relrowsecurity AND NOT c.relispartition AND c.relreplident = 'd'
        AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
        AND NOT EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f')
    FROM pg_class c WHERE c.oid = $1::regclass
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made
    FROM pg_index i WHERE i.indrelid = $1::regclass
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
"""
_KEYS = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS made FROM pg_constraint
    WHERE conrelid = $1::regclass AND contype IN ('p', 'u') ORDER BY contype
"""
_POINTING = """
    SELECT conrelid::regclass::text AS owner, conname AS name, pg_get_constraintdef(oid) AS made
    FROM pg_constraint WHERE confrelid = $1::regclass AND contype = 'f'
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """A table that is being filled. key: its primary key's one column; counted: whether a sequence numbers its rows."""

    table: str
    key: str
    counted: bool

    @property
    def name(self) -> str:
        """What it is called until it takes the other's place."""
        return f"{self.table}_beside"


async def make(wire: Any, table: str, key: str, early: Callable[[str], bool] = lambda _: False) -> Beside | None:
    """An empty twin of `table` without indexes; None where the table cannot be replaced, and must be filled itself.

    wire: an asyncpg connection in a transaction. early: which indexes, by name, few or none of the rows go into: they
    are made at once, as entering nothing costs less than looking for it later.
    """
    if not await wire.fetchval(_FIT, table):
        return None
    sequence = await wire.fetchval("SELECT pg_get_serial_sequence($1, $2)", table, key)
    made = Beside(table, key, sequence is not None)
    await wire.execute(
        f"CREATE TABLE {made.name} (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING CONSTRAINTS)"
    )
    if sequence:
        await _number_on(wire, made.table, made.name, key)
    await _index(wire, made, early)
    return made


async def index(wire: Any, made: Beside) -> None:
    """Build the indexes that were not made early, and the keys."""
    await wire.execute("SET LOCAL maintenance_work_mem = '128MB'")
    for each in await wire.fetch(_KEYS, made.table):
        await wire.execute(
            f"ALTER TABLE {made.name} ADD CONSTRAINT {each['name']}_beside {each['made']}", timeout=PATIENCE
        )
    there = {each["name"] for each in await wire.fetch(_INDEXES, made.name)}
    await _index(wire, made, lambda name: f"{name}_beside" not in there)


async def take_place(wire: Any, made: Beside, last: Callable[[], Awaitable[None]]) -> bool:
    """Bring over what the old table holds, do `last`, and be it from now on. False: it could not be, nothing changed.

    From here to the end of the transaction others cannot write; they cannot read from the renaming on.
    last: is done while the twin holds every row and readers do not wait yet.
    """
    for _ in range(TRIES):
        try:
            async with wire.transaction():
                await wire.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                await wire.execute(f"LOCK TABLE {made.table} IN SHARE ROW EXCLUSIVE MODE")
                await _bring_over(wire, made)
                await last()
                await _rename(wire, made)
        except BUSY:
            await asyncio.sleep(0.5)
        except REFUSED:
            return False
        else:
            return True
    return False


async def pour(wire: Any, made: Beside) -> None:
    """Enter what was filled into the table itself, with all its indexes in place: slow, and nobody waits for it."""
    await wire.execute(f"INSERT INTO {made.table} SELECT * FROM {made.name}", timeout=PATIENCE)  # noqa: S608 our names
    if made.counted:
        await _number_on(wire, made.name, made.table, made.key)
    await wire.execute(f"DROP TABLE {made.name}")


async def _index(wire: Any, made: Beside, which: Callable[[str], bool]) -> None:
    for each in await wire.fetch(_INDEXES, made.table):
        if which(each["name"]):
            again = re.sub(
                r"INDEX \S+ ON (?:ONLY )?\S+ ", f"INDEX {each['name']}_beside ON {made.name} ", each["made"], count=1
            )
            await wire.execute(again, timeout=PATIENCE)


async def _number_on(wire: Any, old: str, new: str, key: str) -> None:
    """Let the rows of `new` be numbered from where those of `old` ended."""
    of_old, of_new = [await wire.fetchval("SELECT pg_get_serial_sequence($1, $2)", each, key) for each in (old, new)]
    await wire.execute(f"SELECT setval('{of_new}', last_value, is_called) FROM {of_old}")  # noqa: S608 our names


async def _bring_over(wire: Any, made: Beside) -> None:
    """Copy the few rows of the old table; where both have one, the old table's is the newer."""
    if not await wire.fetchval(f"SELECT EXISTS (SELECT FROM {made.table})"):  # noqa: S608 our names
        return
    both = f"DELETE FROM {made.name} b USING {made.table} a WHERE a.{made.key} = b.{made.key}"  # noqa: S608
    await wire.execute(both, timeout=PATIENCE)
    await wire.execute(f"INSERT INTO {made.name} SELECT * FROM {made.table}", timeout=PATIENCE)  # noqa: S608


async def _rename(wire: Any, made: Beside) -> None:
    pointing = await wire.fetch(_POINTING, made.table)
    tables = ", ".join(dict.fromkeys([made.table, *(each["owner"] for each in pointing)]))
    keys = [each["name"] for each in await wire.fetch(_KEYS, made.table)]
    indexes = [each["name"] for each in await wire.fetch(_INDEXES, made.table)]
    sequence = made.counted and await wire.fetchval("SELECT pg_get_serial_sequence($1, $2)", made.table, made.key)
    await wire.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
    for each in pointing:
        await wire.execute(f"ALTER TABLE {each['owner']} DROP CONSTRAINT {each['name']}")
    await wire.execute(f"DROP TABLE {made.table}")
    await wire.execute(f"ALTER TABLE {made.name} RENAME TO {made.table}")
    for name in keys:
        await wire.execute(f"ALTER TABLE {made.table} RENAME CONSTRAINT {name}_beside TO {name}")
    for name in indexes:
        await wire.execute(f"ALTER INDEX {name}_beside RENAME TO {name}")
    if sequence:
        mine = await wire.fetchval("SELECT pg_get_serial_sequence($1, $2)", made.table, made.key)
        await wire.execute(f"ALTER SEQUENCE {mine} RENAME TO {str(sequence).rpartition('.')[2]}")
    for each in pointing:
        await wire.execute(f"ALTER TABLE {each['owner']} ADD CONSTRAINT {each['name']} {each['made']}")
