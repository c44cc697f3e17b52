"""Checks a staged file and compares it with the accounts, a set at a time: what SQL can say for a million rows.

A row whose every field is in its plainest spelling is taken by one statement; all others go through `rows.read`, the
only place that knows every spelling. Nothing of the accounts changes here. Runs inside the caller's transaction.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from shared.arrears import plain, rows
from shared.arrears.plain import COLUMN, SHAPE
from shared.arrears.rows import Places

PATIENCE = 3600.0  # seconds that one statement over a million rows may take
EXAMPLES = 20
AT_ONCE = 4000  # odd rows read in one go


@dataclass(slots=True)
class Found:
    """What the check found. warned and refused: code → rows."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Job:
    """A staged file: `staging.raw_<batch>` has n, c1…, and `tail` for what stood beyond the header's last column.

    first: the number of the row that has n = 1, less one. counts: what the check counted, once it has.
    """

    batch_id: int
    header: Sequence[str]
    mapping: Sequence[str | None]
    first: int
    places: Places
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def raw(self) -> str:
        return f"staging.raw_{self.batch_id}"

    @property
    def rows(self) -> str:
        return f"staging.rows_{self.batch_id}"

    @property
    def missing(self) -> str:
        return f"staging.missing_{self.batch_id}"

    @property
    def cells(self) -> str:
        """All raw cells of a row `r`, from the first to the last column."""
        return ", ".join(f"r.c{index}" for index in range(1, len(self.header) + 1))


_TAKE = Template("""
    CREATE UNLOGGED TABLE $rows WITH (autovacuum_enabled = off) AS
    SELECT x.n, x.internet, $names, a.id AS account_id,
           (CASE WHEN NOT x.ok THEN 'o' WHEN a.id IS NULL THEN 'n' WHEN $differs THEN 'c' ELSE 's' END)::"char" AS kind
    FROM (
        SELECT n, ok, CASE WHEN ok THEN $internet END AS internet, $values FROM (
            SELECT q.*, $taken AS ok FROM (
                SELECT r.*, s.id AS sto_id, $side_by_side
                FROM $raw r LEFT JOIN sto s ON s.code = r.$sto AND s.active $inside OFFSET 0
            ) AS q OFFSET 0
        ) AS seen OFFSET 0
    ) AS x LEFT JOIN account a ON a.internet_no = x.internet
""")
_ODD = Template("""
    DECLARE odd NO SCROLL CURSOR FOR SELECT r.n, r.tail, ARRAY[$cells] AS cells
    FROM $raw r JOIN $rows x ON x.n = r.n AND x.kind = 'o' ORDER BY r.n
""")
_ANY_TWICE = Template("""
    SELECT EXISTS (SELECT FROM $rows WHERE internet IS NOT NULL GROUP BY internet::bigint HAVING count(*) > 1)
""")
_TWICE = Template("""
    CREATE TEMP TABLE twice ON COMMIT DROP AS
    SELECT x.ctid AS place, x.n, x.internet, d.first FROM $rows x
    JOIN (SELECT internet, min(n) AS first FROM $rows WHERE internet IS NOT NULL
          GROUP BY internet HAVING count(*) > 1) d ON d.internet = x.internet AND x.n > d.first
""")
_REFUSE_TWICE = Template("""
    INSERT INTO import_refusal (batch_id, row_no, cells, problems)
    SELECT $batch, t.n + $first, to_jsonb(ARRAY[$cells]), jsonb_build_array(jsonb_build_object(
        'field', 'internet', 'column', $column, 'given', t.internet, 'code', 'internet.same_as',
        'params', jsonb_build_object('row', t.first + $first)))
    FROM twice t JOIN $raw r ON r.n = t.n
    ON CONFLICT (batch_id, row_no) DO UPDATE SET problems = import_refusal.problems || excluded.problems
""")
_JOIN_LATE = Template("""
    UPDATE $rows x SET account_id = a.id,
        kind = (CASE WHEN x.kind = 'r' THEN 'r' WHEN $differs THEN 'c' ELSE 's' END)::"char"
    FROM account a WHERE a.internet_no = x.internet AND x.kind IN ('p', 'r')
""")
_MISSING = Template("""
    CREATE UNLOGGED TABLE $missing WITH (autovacuum_enabled = off) AS
    SELECT a.id AS account_id FROM account a
    WHERE a.state = 'open' AND a.sto_id IN (SELECT DISTINCT sto_id FROM $rows WHERE kind IN ('n', 'c', 's'))
      AND NOT EXISTS (SELECT FROM $rows x WHERE x.account_id = a.id)
""")
_COUNTS = Template("SELECT kind::text, count(*), coalesce(sum(amount), 0) FROM $rows WHERE kind <> 'o' GROUP BY kind")


async def check(wire: Any, job: Job, tell: Callable[[str, int], Awaitable[None]]) -> Found:
    """Check and compare the staged rows of a batch; leaves `staging.rows_…` and `staging.missing_…`.

    wire: an asyncpg connection inside a transaction. tell: is told the phase and how many per cent are done.
    """
    found = Found()
    await tell("checking", 55)
    await wire.execute("SET LOCAL work_mem = '96MB'; SET LOCAL max_parallel_workers_per_gather = 1")
    if await wire.fetchval("SELECT EXISTS (SELECT FROM account)"):
        await wire.execute("SET LOCAL enable_hashjoin = off")  # a look into the index a row; a hash would not fit
    await wire.execute(_take(job), timeout=PATIENCE)
    await wire.execute("SET LOCAL enable_hashjoin = on")
    await tell("checking", 75)
    odd = await _odd(wire, job, found)
    await tell("comparing", 85)
    if await wire.fetchval(_ANY_TWICE.substitute(rows=job.rows), timeout=PATIENCE):
        await _twice(wire, job, found)
    if odd:
        late = _JOIN_LATE.substitute(rows=job.rows, differs=plain.differs(job.mapping))
        await wire.execute(late, timeout=PATIENCE)
        await wire.execute(f"UPDATE {job.rows} SET kind = 'n' WHERE kind = 'p'", timeout=PATIENCE)  # noqa: S608 a number
    await wire.execute(_MISSING.substitute(rows=job.rows, missing=job.missing), timeout=PATIENCE)
    await _count(wire, job, found)
    await tell("comparing", 95)
    await _examples(wire, job, found)
    return found


def _take(job: Job) -> str:
    """The one statement that reads all plain rows."""
    found = plain.values(job.mapping, job.header)
    names = [name for name, _ in SHAPE if name != "state"]
    state = plain.state(job.mapping)
    within = job.places.inside
    return _TAKE.substitute(
        rows=job.rows,
        raw=job.raw,
        names=", ".join([*(f"x.{name}" for name in names), f"{state} AS state"]),
        internet=plain.cell(job.mapping, "internet"),
        values=", ".join(f"{found[name]} AS {name}" for name in names),
        taken=plain.taken(job.mapping),
        side_by_side=plain.side_by_side(job.mapping),
        sto=plain.cell(job.mapping, "sto"),
        inside="" if within is None else f"AND s.id IN ({', '.join(map(str, within)) or '0'})",
        differs=plain.differs(job.mapping, {"state": state}),
    )


async def _odd(wire: Any, job: Job, found: Found) -> int:
    """Read what SQL left over, one by one, and stage it as good rows or refuse it with everything that is wrong.

    Returns how many rows that were.
    """
    width = len(job.header)
    names = ["n", "internet", *(name for name, _ in SHAPE), "kind"]
    await wire.execute(_ODD.substitute(raw=job.raw, rows=job.rows, cells=job.cells), timeout=PATIENCE)
    found.examples["warned"] = []
    blank = seen = 0
    while odd := await wire.fetch(f"FETCH {AT_ONCE} FROM odd", timeout=PATIENCE):
        good: list[tuple[Any, ...]] = []
        bad: list[tuple[Any, ...]] = []
        seen += len(odd)
        for record in odd:
            cells = record["cells"]
            line = rows.read(cells, job.mapping, job.header, job.places)
            if line.blank and not record["tail"]:
                blank += 1
                continue
            if record["tail"]:
                beyond = json.loads(record["tail"])
                params = {"cells": width + len(beyond), "expected": width}
                line.refused.insert(0, rows.said("row", "", beyond[0], "row.ragged", params))
                cells += beyond
            _note(found, line, record["n"] + job.first)
            extra = line.values.get("extra")
            values = line.values | {"extra": json.dumps(extra) if extra else None}
            kind = b"r" if line.refused else b"p"
            if line.refused:
                bad.append((job.batch_id, record["n"] + job.first, json.dumps(cells), json.dumps(line.refused)))
                values = {"internet": line.values.get("internet")}
            good.append((record["n"], values.get("internet"), *(values.get(name) for name, _ in SHAPE), kind))
        await wire.copy_records_to_table(
            job.rows.partition(".")[2], schema_name="staging", columns=names, records=good, timeout=PATIENCE
        )
        await wire.copy_records_to_table(
            "import_refusal", columns=["batch_id", "row_no", "cells", "problems"], records=bad, timeout=PATIENCE
        )
    await wire.execute("CLOSE odd")
    found.counts["blank"] = blank
    return seen


def _note(found: Found, line: rows.Line, row_no: int) -> None:
    found.refused.update({problem["code"] for problem in line.refused})
    if line.refused:
        return
    found.warned.update({problem["code"] for problem in line.warned})
    room = EXAMPLES - len(found.examples["warned"])
    found.examples["warned"] += [{"row": row_no} | problem for problem in line.warned[: max(room, 0)]]


async def _twice(wire: Any, job: Job, found: Found) -> None:
    """Refuse every row whose number stood in an earlier row, and say in which."""
    await wire.execute(_TWICE.substitute(rows=job.rows), timeout=PATIENCE)
    column = plain.quoted(str(job.header[job.mapping.index("internet")]))
    refuse = _REFUSE_TWICE.substitute(batch=job.batch_id, first=job.first, cells=job.cells, column=column, raw=job.raw)
    done = await wire.execute(refuse, timeout=PATIENCE)
    count = int(done.rpartition(" ")[2])
    if count:
        found.refused["internet.same_as"] = count
        mark = f"UPDATE {job.rows} x SET kind = 'r' FROM twice t WHERE x.ctid = t.place"  # noqa: S608 a number
        await wire.execute(mark, timeout=PATIENCE)
    await wire.execute("DROP TABLE twice")


async def _count(wire: Any, job: Job, found: Found) -> None:
    kinds = {record[0]: record for record in await wire.fetch(_COUNTS.substitute(rows=job.rows), timeout=PATIENCE)}
    of = {kind: int(kinds[kind][1]) if kind in kinds else 0 for kind in "ncsr"}
    missing = await wire.fetchval(f"SELECT count(*) FROM {job.missing}", timeout=PATIENCE)  # noqa: S608 a number
    accepted = of["n"] + of["c"] + of["s"]
    found.counts |= {"rows": accepted + of["r"], "accepted": accepted, "new": of["n"], "changed": of["c"]}
    found.counts |= {"same": of["s"], "refused": of["r"], "missing": int(missing)}
    found.counts["amount"] = sum(int(kinds[kind][2]) for kind in "ncs" if kind in kinds)


_NEW = Template("SELECT n, internet, name, amount FROM $rows WHERE kind = 'n' ORDER BY n LIMIT $some")
_CHANGED = Template("""
    SELECT x.n, x.account_id, x.internet, x.name, $pairs FROM
    (SELECT * FROM $rows WHERE kind = 'c' ORDER BY n LIMIT $some) x JOIN account a ON a.id = x.account_id ORDER BY x.n
""")
_GONE = Template("""
    SELECT a.id, a.internet_no, a.name, a.amount FROM $missing m JOIN account a ON a.id = m.account_id
    ORDER BY a.amount DESC LIMIT $some
""")


async def _examples(wire: Any, job: Job, found: Found) -> None:
    """A few rows of each kind, to look at."""
    some = {"rows": job.rows, "missing": job.missing, "some": EXAMPLES}
    found.examples["new"] = [
        {"row": r["n"] + job.first, "internet": r["internet"], "name": r["name"], "amount": r["amount"]}
        for r in await wire.fetch(_NEW.substitute(some), timeout=PATIENCE)
    ]
    fields = plain.given_fields(job.mapping)
    pairs = ", ".join(f"a.{COLUMN.get(f, f)}::text AS old_{f}, x.{f}::text AS new_{f}" for f in fields)
    found.examples["changed"] = [
        {
            "row": r["n"] + job.first,
            "account_id": r["account_id"],
            "internet": r["internet"],
            "name": r["name"],
            "fields": {f: [r[f"old_{f}"], r[f"new_{f}"]] for f in fields if r[f"old_{f}"] != r[f"new_{f}"]},
        }
        for r in await wire.fetch(_CHANGED.substitute(some | {"pairs": pairs}), timeout=PATIENCE)
    ]
    found.examples["missing"] = [
        {"account_id": r["id"], "internet": r["internet_no"], "name": r["name"], "amount": r["amount"]}
        for r in await wire.fetch(_GONE.substitute(some), timeout=PATIENCE)
    ]
