"""Applies a checked file to the accounts, and undoes it: a handful of statements, each over the whole set.

All of it runs in the caller's transaction: everything or nothing. What an undo needs is written down beside.
"""

from dataclasses import dataclass
from string import Template
from typing import Any

from shared.arrears import beside, plain, tally
from shared.arrears.check import Job
from shared.arrears.plain import COLUMN, SHAPE
from shared.arrears.wires import PATIENCE

SEARCHED_AT_ONCE = 20_000  # accounts made searchable in the same transaction; more of them get one of their own
KEPT_SHOWN = 500
BULK = 100_000  # new accounts from which on a list may be filled beside the few that are there
FEW = 10  # times fewer

_NEW = Template("""
    INSERT INTO $into (internet_no, $columns, collector_id, first_batch, last_batch)
    SELECT x.internet, $values, c.id, $batch, $batch
    FROM $rows x LEFT JOIN (
        SELECT upper(name) AS called, min(id) AS id FROM person
        WHERE role = 'collector' AND active GROUP BY 1 HAVING count(*) = 1
    ) c ON c.called = upper(x.collector) AND x.collector <> ''
    WHERE x.kind = 'n'
""")
_NEW_TOUCHED = Template("WITH came AS ($new RETURNING id) INSERT INTO touched SELECT id FROM came")
_TOUCH = Template("""
    CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT account_id FROM changed UNION SELECT account_id FROM $missing
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
# where the account's unit is, and it is not. One whose day is still to come stays open.
_PROMISES = Template("""
    UPDATE promise p SET batch_id = $batch, settled_at = now(),
        state = CASE WHEN a.state <> 'open' OR a.amount <= p.owed - p.amount THEN 'kept' ELSE 'broken' END
    FROM account a JOIN sto s ON s.id = a.sto_id JOIN site_operation u ON u.id = s.site_operation_id
    WHERE p.state = 'open' AND a.id = p.account_id
      AND (a.state <> 'open' OR a.amount <= p.owed - p.amount OR p.due < (now() AT TIME ZONE u.zone)::date)
      AND (a.last_batch = $batch OR EXISTS (SELECT FROM $kept x WHERE x.account_id = a.id AND x.kind = 's'))
    RETURNING p.state
""")
_FORGET_PROMISED = Template("""
    UPDATE account a SET promise_due = NULL, promise_amount = NULL
    FROM promise p WHERE p.batch_id = $batch AND a.id = p.account_id
""")
_SEARCH = Template("""
    INSERT INTO $into (account_id, words)
    SELECT id, upper(internet_no || ' ' || name || ' ' || address) FROM account WHERE first_batch = $batch
""")
_UNLESS_THERE = " ON CONFLICT (account_id) DO NOTHING"
_SEARCH_CHANGED = """
    INSERT INTO account_search (account_id, words)
    SELECT a.id, upper(a.internet_no || ' ' || a.name || ' ' || a.address)
    FROM import_change i JOIN account a ON a.id = i.account_id
    WHERE i.batch_id = $1 AND i.kind = 'changed' AND i.after ?| ARRAY['name', 'address']
    ON CONFLICT (account_id) DO UPDATE SET words = excluded.words
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply changed."""

    new: int
    changed: int
    missing: int
    kept_promises: int
    broken_promises: int


async def apply(wire: Any, job: Job, *, mark_missing: bool) -> Applied:
    """Make the accounts what the staged rows say, and their tally. wire: an asyncpg connection inside a transaction."""
    shared = job.names | {"batch": str(job.batch_id), "differs": plain.differs(job.mapping)}
    await wire.execute("SET LOCAL work_mem = '96MB'")
    first = await _beside(wire, job)
    await wire.execute(_CHANGED.substitute(shared), timeout=PATIENCE)
    few = sum(job.counts[kind] for kind in ("new", "changed", "missing")) <= tally.MANY
    were = await _touch(wire, shared) if few else {}
    added = await _add(wire, first, shared, few=few) if job.counts["new"] else 0
    changed = await _change(wire, job, shared) if job.counts["changed"] else 0
    missing = 0
    if mark_missing and job.counts["missing"]:
        await wire.execute(_NOTE_MISSING.substitute(shared), timeout=PATIENCE)
        missing = _count(await wire.execute(_MISSING.substitute(shared), timeout=PATIENCE))
    settled = [record[0] for record in await wire.fetch(_PROMISES.substitute(shared), timeout=PATIENCE)]
    await wire.execute(_FORGET_PROMISED.substitute(shared), timeout=PATIENCE)
    if changed:
        await wire.execute(_SEARCH_CHANGED, job.batch_id, timeout=PATIENCE)
    if 0 < added <= SEARCHED_AT_ONCE:
        await wire.execute(_SEARCH.substitute(shared, into="account_search") + _UNLESS_THERE, timeout=PATIENCE)
    if few:
        await tally.moved(wire, were)
    elif first is None or not await beside.take_place(wire, first, lambda: tally.recount(wire, first.name)):
        if first is not None:
            await beside.pour(wire, first)
        await tally.recount(wire)
    return Applied(added, changed, missing, settled.count("kept"), settled.count("broken"))


async def _touch(wire: Any, shared: dict[str, str]) -> tally.Sums:
    """Keep the accounts that a short list is about to ourselves; what they come to. New ones join `touched` later."""
    await wire.execute(_TOUCH.substitute(shared), timeout=PATIENCE)
    await wire.execute("ANALYZE touched")
    return await tally.before(wire)


async def _beside(wire: Any, job: Job) -> beside.Beside | None:
    """A first list, large beside what is there, is filled beside it: half the time, and nobody's page waits."""
    coming = job.counts["new"]
    if coming < BULK:
        return None
    most = coming // FEW
    there = await wire.fetchval("SELECT count(*) FROM (SELECT FROM account LIMIT $1) few", most + 1)
    # The other partial indexes hold few or none of the new rows.
    rare = (
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'account'::regclass AND indpred IS NOT NULL"
    )
    early = {record[0] for record in await wire.fetch(rare)}
    few = lambda name: name in early and not name.startswith("ix_account_open")  # noqa: E731
    return await beside.make(wire, "account", "id", few) if there <= most else None


async def _add(wire: Any, first: beside.Beside | None, shared: dict[str, str], *, few: bool) -> int:
    """Enter the new accounts. few: they are counted by themselves."""
    names = [name for name, _ in SHAPE]
    new = _NEW.substitute(
        shared,
        into=first.name if first else "account",
        columns=", ".join(COLUMN.get(name, name) for name in names),
        values=", ".join(f"x.{name}" for name in names),
    )
    await wire.execute("SET LOCAL enable_nestloop = off")  # how many rows were kept aside is only guessed
    added = _count(await wire.execute(_NEW_TOUCHED.substitute(new=new) if few else new, timeout=PATIENCE))
    await wire.execute("SET LOCAL enable_nestloop = on")
    if first:
        await beside.index(wire, first)
    return added


async def _change(wire: Any, job: Job, shared: dict[str, str]) -> int:
    """Change the accounts that the file says something else of, and write down what they were."""
    fields = plain.given_fields(job.mapping)
    before, after = (" || ".join(_if_changed(name, side) for name in fields) for side in ("a", "x"))
    sets = ", ".join(f"{COLUMN.get(name, name)} = x.{name}" for name in fields)
    await wire.execute("ANALYZE changed")
    await wire.execute(_NOTE_CHANGED.substitute(shared, before=before, after=after), timeout=PATIENCE)
    return _count(await wire.execute(_CHANGE.substitute(shared, sets=sets), timeout=PATIENCE))


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])


def _if_changed(name: str, side: str) -> str:
    column = COLUMN.get(name, name)
    value = f"a.{column}" if side == "a" else f"x.{name}"
    differ = f"a.{column} IS DISTINCT FROM x.{name}"
    return f"CASE WHEN {differ} THEN jsonb_build_object('{column}', {value}) ELSE '{{}}' END"


async def make_searchable(wire: Any, batch_id: int) -> None:
    """Enter what a large file brought into the search; asked again it changes nothing."""
    await wire.execute("ANALYZE account", timeout=PATIENCE)  # or pages are planned for the few that were there before
    nothing_yet = not await wire.fetchval("SELECT EXISTS (SELECT FROM account_search)")
    made = await beside.make(wire, "account_search", "account_id") if nothing_yet else None
    into = made.name if made else "account_search"
    fill = _SEARCH.substitute(into=into, batch=batch_id)
    await wire.execute(fill if made else fill + _UNLESS_THERE, timeout=PATIENCE)
    if made:
        await beside.index(wire, made)
        if not await beside.take_place(wire, made, _nothing_more):
            await beside.pour(wire, made)


async def _nothing_more() -> None:
    """The search counts nothing."""


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
    """Put back every account that nobody touched since the batch; new ones of those are gone again. Counts anew."""
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
    await tally.recount(wire)
    return Undone(restored, len(kept), kept[:KEPT_SHOWN])


def _back(column: str) -> str:
    """A column's old value out of what was written down, in the column's own type."""
    if column == "extra":
        return "nullif(i.before -> 'extra', 'null')"
    return f"(i.before ->> '{column}'){'::' + _TYPES[column] if column in _TYPES else ''}"
