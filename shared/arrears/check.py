"""Checks a staged file and compares it with the accounts, a set at a time: what SQL can say for a million rows.

A row whose every field is in its plainest spelling is taken as it lies; all others go through `rows.read`, the only
place that knows every spelling. What is new and plain is never written down twice: `staging.rows_…` is a view of the
raw rows, less those in `staging.kept_…`, and of those. Nothing of the accounts changes here. Runs inside the caller's
transaction.
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
from shared.arrears.wires import PATIENCE, while_connected

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

    first: the number of the row that has n = 1, less one. clean: see `plain.taken`. counts: what the check counted,
    once it has.
    """

    batch_id: int
    header: Sequence[str]
    mapping: Sequence[str | None]
    first: int
    places: Places
    clean: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """The batch's tables, as statements name them."""
        return {name: f"staging.{name}_{self.batch_id}" for name in ("raw", "kept", "rows", "missing")}

    @property
    def cells(self) -> str:
        """All raw cells of a row `r`, from the first to the last column."""
        return ", ".join(f"r.c{index}" for index in range(1, len(self.header) + 1))


# What is kept: rows that need a closer look (o), and those whose account is there and says the same (s) or not (c).
# Only of the last is everything kept: of a million rows that say the same, it would be read again and again.
_KEEP = Template("""
    CREATE UNLOGGED TABLE $kept WITH (autovacuum_enabled = off) AS
    SELECT n, internet, $changed, account_id, kind FROM (
    SELECT q.n, CASE WHEN ok THEN q.$internet END AS internet, $values, $state AS state, a.id AS account_id,
           (CASE WHEN NOT ok THEN 'o' WHEN $differs THEN 'c' ELSE 's' END)::"char" AS kind
    FROM (
        SELECT r.*, s.place, $taken AS ok FROM $raw r LEFT JOIN ($places) s(code, place) ON s.code = r.$sto OFFSET 0
    ) q
    LEFT JOIN $there
    WHERE NOT ok OR a.id IS NOT NULL OFFSET 0
    ) seen
""")
# A look into the index a row, which can be shared out; a hash of a million accounts would not fit.
_THERE = Template(
    "LATERAL (SELECT * FROM account WHERE internet_no = CASE WHEN ok THEN $number END OFFSET 0) a ON true"
)
_NONE_THERE = "account a ON false"
# Of the other rows each is new (n). The fence keeps what is only safe for plain rows away from those that are not.
_VIEW = Template("""
    CREATE VIEW $rows AS
    SELECT n, internet, $names, $state AS state, NULL::bigint AS account_id, 'n'::"char" AS kind FROM (
        SELECT r.n, r.$internet AS internet, $values
        FROM $raw r JOIN ($places) s(code, place) ON s.code = r.$sto
        WHERE NOT EXISTS (SELECT FROM $kept k WHERE k.n = r.n) OFFSET 0
    ) plain
    UNION ALL SELECT * FROM $kept WHERE kind <> 'o'
""")
_ODD = Template("""
    DECLARE odd NO SCROLL CURSOR FOR SELECT r.n, r.tail, ARRAY[$cells] AS cells
    FROM $raw r JOIN $kept k ON k.n = r.n AND k.kind = 'o' ORDER BY r.n
""")
_TWICE = Template("""
    CREATE TEMP TABLE twice ON COMMIT DROP AS
    SELECT x.n, x.internet, d.first FROM $rows x
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
_MARK_TWICE = Template("UPDATE $kept k SET kind = 'r' FROM twice t WHERE k.n = t.n AND k.kind <> 'o'")
_KEEP_TWICE = Template("""
    INSERT INTO $kept (n, internet, kind) SELECT n, internet, 'r' FROM twice t
    WHERE NOT EXISTS (SELECT FROM $kept k WHERE k.n = t.n)
""")
_JOIN_LATE = Template("""
    UPDATE $kept x SET account_id = a.id,
        kind = (CASE WHEN x.kind = 'r' THEN 'r' WHEN $differs THEN 'c' ELSE 's' END)::"char"
    FROM account a WHERE a.internet_no = x.internet AND x.kind IN ('p', 'r')
""")
_MISSING = Template("""
    CREATE UNLOGGED TABLE $missing WITH (autovacuum_enabled = off) AS SELECT a.id AS account_id FROM account a
    WHERE a.state = 'open' AND a.sto_id IN (SELECT DISTINCT sto_id FROM $rows WHERE kind IN ('n', 'c', 's'))
      AND NOT EXISTS (SELECT FROM $kept k WHERE k.account_id = a.id)
""")
_COUNTS = Template("""
    SELECT count(*) FILTER (WHERE kind = 'n') AS n, count(*) FILTER (WHERE kind = 'c') AS c,
        count(*) FILTER (WHERE kind = 's') AS s, count(*) FILTER (WHERE kind = 'r') AS r,
        coalesce(sum(amount) FILTER (WHERE kind <> 'r'), 0) AS amount,
        count(internet) - count(DISTINCT internet::bigint) AS twins
    FROM $rows
""")


async def check(wire: Any, job: Job, tell: Callable[[str, int], Awaitable[None]]) -> Found:
    """Check and compare the staged rows of a batch; leaves `staging.rows_…` and `staging.missing_…`.

    wire: an asyncpg connection inside a transaction. tell: is told the phase and how many per cent are done.
    """
    found = Found()
    await tell("checking", 55)
    await wire.execute("SET LOCAL work_mem = '96MB'; SET LOCAL max_parallel_workers_per_gather = 1")
    # Few rows come out of the costly tests, which Postgres cannot know: it would not share them out.
    await wire.execute("SET LOCAL parallel_tuple_cost = 0; SET LOCAL parallel_setup_cost = 0")
    await wire.execute("SET LOCAL enable_presorted_aggregate = off; SET LOCAL synchronize_seqscans = off")
    known = await wire.fetchval("SELECT EXISTS (SELECT FROM account)")
    number = f"q.{plain.cell(job.mapping, 'internet')}"
    there = _THERE.substitute(number=number) if known else _NONE_THERE
    await wire.execute(_of(_KEEP, job, there=there), timeout=PATIENCE)
    await wire.execute(_of(_VIEW, job), timeout=PATIENCE)
    await tell("checking", 75)
    odd = await _odd(wire, job, found)
    await wire.execute(f"ANALYZE {job.names['kept']} (n, account_id, kind)", timeout=PATIENCE)
    await tell("comparing", 85)
    if odd and known:
        late = _JOIN_LATE.substitute(job.names, differs=plain.differs(job.mapping))
        await wire.execute(late, timeout=PATIENCE)
    if odd:
        await wire.execute(f"UPDATE {job.names['kept']} SET kind = 'n' WHERE kind = 'p'", timeout=PATIENCE)  # noqa: S608
    await wire.execute("SET LOCAL enable_nestloop = off")  # how many rows were kept is only guessed
    counts = await wire.fetchrow(_COUNTS.substitute(job.names), timeout=PATIENCE)
    if counts["twins"]:
        await _twice(wire, job, found)
        counts = await wire.fetchrow(_COUNTS.substitute(job.names), timeout=PATIENCE)
    await wire.execute("SET LOCAL enable_nestloop = on")
    done = await wire.execute(_MISSING.substitute(job.names) + ("" if known else " WITH NO DATA"), timeout=PATIENCE)
    missing = int(done.rpartition(" ")[2]) if known else 0
    accepted = counts["n"] + counts["c"] + counts["s"]
    found.counts |= {"rows": accepted + counts["r"], "accepted": accepted, "new": counts["n"], "changed": counts["c"]}
    found.counts |= {"same": counts["s"], "refused": counts["r"], "missing": missing, "amount": int(counts["amount"])}
    await tell("comparing", 95)
    await _examples(wire, job, found)
    return found


def _of(statement: Template, job: Job, **given: str) -> str:
    """A statement over this file's raw rows."""
    found = plain.values(job.mapping, job.header, "ok" if statement is _KEEP else "true")
    state = plain.state(job.mapping, found if statement is _KEEP else {name: name for name in found})
    places = ", ".join(
        f"({plain.quoted(code)}, {sto_id}::bigint)"
        for code, sto_id in job.places.known.items()
        if job.places.covers(sto_id)
    )
    return statement.substitute(
        job.names,
        internet=plain.cell(job.mapping, "internet"),
        values=", ".join(f"{expression} AS {name}" for name, expression in found.items()),
        taken=plain.taken(job.mapping, clean=job.clean),
        places=f"VALUES {places}" if places else "SELECT ''::text, NULL::bigint WHERE false",
        sto=plain.cell(job.mapping, "sto"),
        names=", ".join(found),
        changed=", ".join(
            name if name in {"sto_id", "amount"} else f"CASE WHEN kind = 'c' THEN {name} END AS {name}"
            for name, _ in SHAPE
        ),
        state=state,
        differs=plain.differs(job.mapping, found | {"state": state}),
        **given,
    )


async def _odd(wire: Any, job: Job, found: Found) -> int:
    """Read what SQL left over, one by one, and stage it as good rows or refuse it with everything that is wrong.

    Returns how many rows that were.
    """
    width = len(job.header)
    names = ["n", "internet", *(name for name, _ in SHAPE), "kind"]
    await wire.execute(_ODD.substitute(job.names, cells=job.cells), timeout=PATIENCE)
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
        async with while_connected(wire):
            await wire.copy_records_to_table(
                f"kept_{job.batch_id}", schema_name="staging", columns=names, records=good, timeout=PATIENCE
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
    await wire.execute(_TWICE.substitute(job.names), timeout=PATIENCE)
    column = plain.quoted(str(job.header[job.mapping.index("internet")]))
    refuse = _REFUSE_TWICE.substitute(job.names, batch=job.batch_id, first=job.first, cells=job.cells, column=column)
    done = await wire.execute(refuse, timeout=PATIENCE)
    found.refused["internet.same_as"] = int(done.rpartition(" ")[2])
    await wire.execute(_MARK_TWICE.substitute(job.names), timeout=PATIENCE)
    await wire.execute(_KEEP_TWICE.substitute(job.names), timeout=PATIENCE)
    await wire.execute("DROP TABLE twice")


_NEW = Template("SELECT n, internet, name, amount FROM (SELECT * FROM $rows WHERE kind = 'n' LIMIT $some) x ORDER BY n")
_CHANGED = Template("""
    SELECT x.n, x.account_id, x.internet, x.name, $pairs FROM
    (SELECT * FROM $kept WHERE kind = 'c' ORDER BY n LIMIT $some) x JOIN account a ON a.id = x.account_id ORDER BY x.n
""")
_GONE = Template("""
    SELECT a.id, a.internet_no, a.name, a.amount FROM $missing m JOIN account a ON a.id = m.account_id
    ORDER BY a.amount DESC LIMIT $some
""")


async def _examples(wire: Any, job: Job, found: Found) -> None:
    """A few rows of each kind, to look at."""
    some = job.names | {"some": str(EXAMPLES)}
    fields = plain.given_fields(job.mapping)
    pairs = ", ".join(f"a.{COLUMN.get(f, f)}::text AS old_{f}, x.{f}::text AS new_{f}" for f in fields)
    found.examples |= {"new": [], "changed": [], "missing": []}
    if found.counts["new"]:
        found.examples["new"] = [
            {"row": r["n"] + job.first, "internet": r["internet"], "name": r["name"], "amount": r["amount"]}
            for r in await wire.fetch(_NEW.substitute(some), timeout=PATIENCE)
        ]
    if found.counts["changed"]:
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
    if found.counts["missing"]:
        found.examples["missing"] = [
            {"account_id": r["id"], "internet": r["internet_no"], "name": r["name"], "amount": r["amount"]}
            for r in await wire.fetch(_GONE.substitute(some), timeout=PATIENCE)
        ]
