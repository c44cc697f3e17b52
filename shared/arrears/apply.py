"""Applies a checked file to the accounts, and undoes it: a handful of statements, each over the whole set.

All of it runs in the caller's transaction: everything or nothing. What an undo needs is written down beside.
"""

from dataclasses import dataclass
from string import Template
from typing import Any

import asyncpg

from shared.arrears import plain
from shared.arrears.check import PATIENCE, Job
from shared.arrears.plain import COLUMN, SHAPE

SEARCHED_AT_ONCE = 20_000  # accounts made searchable in the same transaction; more of them get one of their own
KEPT_SHOWN = 500
BULK = 100_000  # new accounts from which on indexes are built afterwards

_NEW = Template("""
    INSERT INTO account (internet_no, $columns, collector_id, first_batch, last_batch)
    SELECT x.internet, $values, c.id, $batch, $batch
    FROM $rows x LEFT JOIN (
        SELECT upper(name) AS called, min(id) AS id FROM person
        WHERE role = 'collector' AND active GROUP BY 1 HAVING count(*) = 1
    ) c ON c.called = upper(x.collector) AND x.collector <> ''
    WHERE x.kind = 'n'
""")
_CHANGED = Template("CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT * FROM $kept WHERE kind = 'c'")
_NOTE_CHANGED = Template("""
    INSERT INTO import_change (batch_id, account_id, kind, version, before, after)
    SELECT $batch, a.id, 'changed', a.version + 1,
           jsonb_build_object('last_batch', a.last_batch) || $before, $after
    FROM changed x JOIN account a ON a.id = x.account_id WHERE $differs
""")
_CHANGE = Template("""
    UPDATE account a SET $sets, version = a.version + 1, last_batch = $batch, changed_at = now()
    FROM changed x WHERE a.id = x.account_id AND $differs
""")
_NOTE_MISSING = Template("""
    INSERT INTO import_change (batch_id, account_id, kind, version, before, after)
    SELECT $batch, a.id, 'missing', a.version + 1,
           jsonb_build_object('last_batch', a.last_batch, 'state', a.state),
           jsonb_build_object('state', 'presumed_paid')
    FROM $missing m JOIN account a ON a.id = m.account_id WHERE a.state = 'open'
""")
_MISSING = Template("""
    UPDATE account a SET state = 'presumed_paid', version = a.version + 1, last_batch = $batch, changed_at = now()
    FROM import_change i WHERE i.batch_id = $batch AND i.kind = 'missing' AND a.id = i.account_id
""")
# A promise is kept when the account is off the list, or owes less by what was promised; broken when its day has passed
# and it is not. One whose day is still to come stays open.
_PROMISES = Template("""
    UPDATE promise p SET batch_id = $batch, settled_at = now(),
        state = CASE WHEN a.state <> 'open' OR a.amount <= p.owed - p.amount THEN 'kept' ELSE 'broken' END
    FROM account a
    WHERE p.state = 'open' AND a.id = p.account_id
      AND (a.state <> 'open' OR a.amount <= p.owed - p.amount OR p.due < (now() AT TIME ZONE 'Asia/Jakarta')::date)
      AND (a.last_batch = $batch OR EXISTS (SELECT FROM $kept x WHERE x.account_id = a.id AND x.kind = 's'))
    RETURNING p.state
""")
_FORGET_PROMISED = Template("""
    UPDATE account a SET promise_due = NULL, promise_amount = NULL
    FROM promise p WHERE p.batch_id = $batch AND a.id = p.account_id
""")
_SEARCH = """
    INSERT INTO account_search (account_id, words)
    SELECT id, upper(internet_no || ' ' || name || ' ' || address) FROM account WHERE first_batch = $1
    ON CONFLICT (account_id) DO NOTHING
"""
_SEARCH_CHANGED = """
    INSERT INTO account_search (account_id, words)
    SELECT a.id, upper(a.internet_no || ' ' || a.name || ' ' || a.address)
    FROM import_change i JOIN account a ON a.id = i.account_id
    WHERE i.batch_id = $1 AND i.kind = 'changed' AND i.after ?| ARRAY['name', 'address']
    ON CONFLICT (account_id) DO UPDATE SET words = excluded.words
"""


# Those that every new row is entered into; an account's others stay, as few or none of the new ones are in them.
_INDEXES = """
    SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = $1::regclass AND NOT indisunique
      AND (indpred IS NULL OR indexrelid::regclass::text LIKE 'ix_account_open%')
    UNION ALL
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'u'
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply changed."""

    new: int
    changed: int
    missing: int
    kept_promises: int
    broken_promises: int


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])


async def apply(wire: Any, job: Job, *, mark_missing: bool) -> Applied:
    """Make the accounts what the staged rows say. wire: an asyncpg connection inside a transaction."""
    fields = plain.given_fields(job.mapping)
    shared = job.names | {"batch": str(job.batch_id), "differs": plain.differs(job.mapping)}
    names = [name for name, _ in SHAPE]
    new = _NEW.substitute(
        shared,
        columns=", ".join(COLUMN.get(name, name) for name in names),
        values=", ".join(f"x.{name}" for name in names),
    )
    before, after = (" || ".join(_if_changed(name, side) for name in fields) for side in ("a", "x"))
    sets = ", ".join(f"{COLUMN.get(name, name)} = x.{name}" for name in fields)
    await wire.execute("SET LOCAL work_mem = '96MB'")
    added = await _add(wire, job, new) if job.counts["new"] else 0
    await wire.execute("SET LOCAL enable_nestloop = on")
    changed = 0
    if job.counts["changed"]:
        await wire.execute(_CHANGED.substitute(shared), timeout=PATIENCE)
        await wire.execute("ANALYZE changed")
        await wire.execute(_NOTE_CHANGED.substitute(shared, before=before, after=after), timeout=PATIENCE)
        changed = _count(await wire.execute(_CHANGE.substitute(shared, sets=sets), timeout=PATIENCE))
        await wire.execute("DROP TABLE changed")
    missing = 0
    if mark_missing and job.counts["missing"]:
        await wire.execute(_NOTE_MISSING.substitute(shared), timeout=PATIENCE)
        missing = _count(await wire.execute(_MISSING.substitute(shared), timeout=PATIENCE))
    settled = [record[0] for record in await wire.fetch(_PROMISES.substitute(shared), timeout=PATIENCE)]
    await wire.execute(_FORGET_PROMISED.substitute(shared), timeout=PATIENCE)
    if changed:
        await wire.execute(_SEARCH_CHANGED, job.batch_id, timeout=PATIENCE)
    if 0 < added <= SEARCHED_AT_ONCE:
        await wire.execute(_SEARCH, job.batch_id, timeout=PATIENCE)
    return Applied(added, changed, missing, settled.count("kept"), settled.count("broken"))


async def _add(wire: Any, job: Job, new: str) -> int:
    """Enter the new accounts. A first list, large beside what is there, goes in before its indexes are built.

    Nobody reads accounts meanwhile: with few or none there is little to read, and the whole takes half the time.
    """
    coming = job.counts["new"]
    await wire.execute("SET LOCAL enable_nestloop = off")  # how many rows were kept aside is only guessed
    there = await wire.fetchval("SELECT count(*) FROM (SELECT FROM account LIMIT $1) few", coming // 4 + 1)
    done = await _unindexed(wire, "account", new) if coming >= BULK and there <= coming // 4 else None
    return _count(done or await wire.execute(new, timeout=PATIENCE))


async def _unindexed(wire: Any, table: str, fill: str, *given: Any) -> str | None:
    """Fill a table without its indexes and build them afterwards; None if others are at it or we may not."""
    try:
        async with wire.transaction():
            await wire.execute("SET LOCAL lock_timeout = '2s'")
            await wire.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            made = [tuple(record) for record in await wire.fetch(_INDEXES, table)]
            for drop, _ in made:
                await wire.execute(drop)
            done = str(await wire.execute(fill, *given, timeout=PATIENCE))
            await wire.execute("SET LOCAL maintenance_work_mem = '128MB'")
            for _, again in made:
                await wire.execute(again, timeout=PATIENCE)
            return done
    except (asyncpg.LockNotAvailableError, asyncpg.InsufficientPrivilegeError):
        return None


def _if_changed(name: str, side: str) -> str:
    column = COLUMN.get(name, name)
    value = f"a.{column}" if side == "a" else f"x.{name}"
    differ = f"a.{column} IS DISTINCT FROM x.{name}"
    return f"CASE WHEN {differ} THEN jsonb_build_object('{column}', {value}) ELSE '{{}}' END"


async def make_searchable(wire: Any, batch_id: int) -> None:
    """Enter what a large file brought into the search; asked again it changes nothing."""
    nothing_yet = not await wire.fetchval("SELECT EXISTS (SELECT FROM account_search)")
    if not nothing_yet or await _unindexed(wire, "account_search", _SEARCH, batch_id) is None:
        await wire.execute(_SEARCH, batch_id, timeout=PATIENCE)


_TYPES = {"sto_id": "bigint", "amount": "bigint", "months": "smallint", "customer_age": "smallint", "paid_on": "date"}
_UNDO_CHANGED = Template("""
    UPDATE account a SET $sets, last_batch = (i.before ->> 'last_batch')::bigint, version = a.version + 1,
        changed_at = now()
    FROM import_change i WHERE i.batch_id = $batch AND a.id = i.account_id AND a.version = i.version
""")
_UNDO_PROMISES = Template("""
    WITH opened AS (
        UPDATE promise p SET state = 'open', settled_at = NULL, batch_id = NULL
        FROM account a WHERE p.batch_id = $batch AND a.id = p.account_id
          AND NOT EXISTS (SELECT FROM promise o WHERE o.account_id = p.account_id AND o.state = 'open')
        RETURNING p.account_id, p.due, p.amount
    )
    UPDATE account a SET promise_due = o.due, promise_amount = o.amount FROM opened o WHERE a.id = o.account_id
""")
_SEARCH_AGAIN = """
    UPDATE account_search s SET words = upper(a.internet_no || ' ' || a.name || ' ' || a.address)
    FROM import_change i JOIN account a ON a.id = i.account_id
    WHERE i.batch_id = $1 AND i.kind = 'changed' AND s.account_id = a.id
      AND s.words <> upper(a.internet_no || ' ' || a.name || ' ' || a.address)
"""
_KEPT = Template("""
    SELECT id FROM account WHERE first_batch = $batch AND version > 1
    UNION ALL SELECT a.id FROM import_change i JOIN account a ON a.id = i.account_id
    WHERE i.batch_id = $batch AND a.version <> i.version
""")


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo restored, and the accounts it left because somebody worked on them since."""

    restored: int
    kept: int
    kept_accounts: list[int]


async def undo(wire: Any, batch_id: int) -> Undone:
    """Put back every account that nobody touched since the batch; new ones of those are gone again."""
    batch = {"batch": batch_id}
    kept = [record[0] for record in await wire.fetch(_KEPT.substitute(batch), timeout=PATIENCE)]
    columns = [COLUMN.get(name, name) for name, _ in SHAPE]
    sets = ", ".join(f"{c} = CASE WHEN i.before ? '{c}' THEN {_back(c)} ELSE a.{c} END" for c in columns)
    search = (
        f"DELETE FROM account_search s USING account a"  # noqa: S608 a number
        f" WHERE a.id = s.account_id AND a.first_batch = {int(batch_id)} AND a.version = 1"
    )
    await wire.execute(search, timeout=PATIENCE)
    gone = f"DELETE FROM account WHERE first_batch = {int(batch_id)} AND version = 1"  # noqa: S608 a number
    restored = _count(await wire.execute(gone, timeout=PATIENCE))
    restored += _count(await wire.execute(_UNDO_CHANGED.substitute(batch, sets=sets), timeout=PATIENCE))
    await wire.execute(_SEARCH_AGAIN, batch_id, timeout=PATIENCE)
    await wire.execute(_UNDO_PROMISES.substitute(batch), timeout=PATIENCE)
    return Undone(restored, len(kept), kept[:KEPT_SHOWN])


def _back(column: str) -> str:
    """A column's old value out of what was written down, in the column's own type."""
    if column == "extra":
        return "nullif(i.before -> 'extra', 'null')"
    return f"(i.before ->> '{column}'){'::' + _TYPES[column] if column in _TYPES else ''}"
