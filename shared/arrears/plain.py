"""What SQL takes of a staged row without a closer look, and how it reads it: each field in its plainest spelling.

Everything here is a part of a statement, measured to cost little on a million rows. `rows.read` knows all spellings;
a test holds the two together. Only numbers, fixed names and quoted headers become SQL.
"""

from collections.abc import Mapping, Sequence

from shared.arrears import columns, rows
from shared.arrears.rows import PAID_WORDS

COLUMN = {"internet": "internet_no", "age": "customer_age", "collector": "collector_name", "status": "payment_status"}
"""Where an account keeps a field, if it is called otherwise."""
SHAPE = (
    ("name", "text"), ("address", "text"), ("phone", "text"), ("sto_id", "bigint"), ("datel", "text"),
    ("product", "text"), ("amount", "bigint"), ("months", "smallint"), ("age", "smallint"), ("segment", "text"),
    ("collector", "text"), ("status", "text"), ("paid_on", "date"), ("extra", "jsonb"), ("state", "text"),
)  # fmt: skip
"""What a staged row holds beside n (its number after the header), its internet number, kind and account."""

# What sends a row to the closer look. Its texts stand side by side in one line, with | round each: a sign that is not
# printable ASCII, a <, two spaces, a space at an end, and a cell that begins like a formula.
_ODD = "'[^ -;=-~]|  | [|]|[|][ =@+''-]'"
# A file that has none of these anywhere (see `services.ingest.look`) is spared the line: beginnings are left to test.
_RISKY = "'^[ =@+''-]'"
_AMOUNT = "'^(Rp[.]? ?)?([0-9]{1,14}|[0-9]{1,3}([.,][0-9]{3}){1,4})([.,]00?)?(,-)?$'"
_CENTS = "'([.,]00?)?(,-)?$'"
_PHONE = "'^([0-9+()./;,-]+( [0-9+()./;,-]+)*)?$'"
_ISO = "'^20[0-9]{2}-[01][0-9]-[0-3][0-9]$'"
_BYTES = 'COLLATE "C"'  # compared byte by byte, whatever language the database speaks


def quoted(text: str) -> str:
    """`text` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def cell(mapping: Sequence[str | None], name: str) -> str | None:
    """The raw column of a field."""
    return f"c{mapping.index(name) + 1}" if name in mapping else None


def _texts(mapping: Sequence[str | None]) -> list[str]:
    """The raw columns that are kept as text; phones have a test of their own."""
    shown = [found for name in rows.TEXTS if name != "phone" and (found := cell(mapping, name))]
    return shown + [f"c{index}" for index, name in enumerate(mapping, 1) if name == columns.EXTRA]


def _whole(column: str, kind: str) -> str:
    """Whether a cell is a number as Postgres would write it itself: no regular expression, so a third of its cost."""
    return f"CASE WHEN pg_input_is_valid({column}, '{kind}') THEN {column}::{kind}::text = {column} ELSE false END"


def taken(mapping: Sequence[str | None], *, clean: bool) -> str:
    """The condition under which a row, with the `place` of its STO, is plain enough; the cheapest tests come first.

    clean: the file as a whole has no odd sign, no two spaces and no space at a cell's end.
    """
    internet, amount = cell(mapping, "internet"), cell(mapping, "amount")
    short = f"{amount} >= '0' {_BYTES} AND octet_length({amount}) <= 14"
    texts = _texts(mapping)
    conditions = [
        "place IS NOT NULL",
        "tail = ''",
        f"octet_length({internet}) = 12",
        f"{cell(mapping, 'name')} <> ''",
        # twelve signs that begin with 1 to 9 and make at least 10^11 are twelve digits
        f"{internet} >= '1' {_BYTES}",
        f"CASE WHEN pg_input_is_valid({internet}, 'bigint') THEN {internet}::bigint >= 100000000000 ELSE false END",
        f"CASE WHEN {_whole(str(amount), 'bigint')} THEN {short} ELSE {amount} ~ {_AMOUNT} END",
    ]
    conditions += [
        f"({found} = '' OR (octet_length({found}) <= 3 AND {found} >= '0' {_BYTES} AND {_whole(found, 'smallint')}))"
        for name in ("months", "age")
        if (found := cell(mapping, name))
    ]
    if found := cell(mapping, "phone"):
        zero = f"CASE WHEN pg_input_is_valid({found}, 'bigint') THEN '0' || {found}::bigint = {found} ELSE false END"
        conditions.append(f"CASE WHEN {zero} THEN true ELSE {found} ~ {_PHONE} END")
    if found := cell(mapping, "paid_on"):
        conditions.append(f"({found} = '' OR ({found} ~ {_ISO} AND pg_input_is_valid({found}, 'date')))")
    conditions.append(f"{' + '.join(f'octet_length({text})' for text in texts)} <= {rows.LONGEST}")
    if clean:
        conditions += [f"({text} >= 'A' {_BYTES} OR {text} = '' OR {text} !~ {_RISKY})" for text in texts]
    else:
        conditions.append(f"concat_ws('|', '', {', '.join(texts)}, '') !~ {_ODD}")
    return f"({' AND '.join(conditions)}) IS TRUE"


def values(mapping: Sequence[str | None], header: Sequence[str], ok: str = "ok") -> dict[str, str]:
    """Each field of a plain row as an SQL expression over its raw cells; what could fail is only tried where `ok`."""
    amount, paid_on = cell(mapping, "amount"), cell(mapping, "paid_on")
    digits = f"translate(regexp_replace({amount}, {_CENTS}, ''), 'Rp., ', '')"
    found = {name: cell(mapping, name) or "''" for name in rows.TEXTS}
    plainest = f"CASE WHEN pg_input_is_valid({amount}, 'bigint') THEN {amount} ELSE {digits} END"
    found["amount"] = f"CASE WHEN {ok} THEN ({plainest})::bigint END"
    for name in ("months", "age"):
        months = cell(mapping, name)
        found[name] = f"CASE WHEN {ok} THEN nullif({months}, '')::smallint END" if months else "NULL::smallint"
    found["paid_on"] = f"CASE WHEN {ok} THEN nullif({paid_on}, '')::date END" if paid_on else "NULL::date"
    found["sto_id"] = "place"
    kept = [
        f"{quoted(head)}, nullif(c{index}, '')"
        for index, (name, head) in enumerate(zip(mapping, header, strict=True), 1)
        if name == columns.EXTRA
    ]
    extra = f"nullif(jsonb_strip_nulls(jsonb_build_object({', '.join(kept)})), '{{}}')" if kept else ""
    found["extra"] = f"CASE WHEN {ok} THEN {extra} END" if extra else "NULL::jsonb"
    return {name: found[name] for name, _ in SHAPE if name != "state"}


def state(mapping: Sequence[str | None], found: Mapping[str, str]) -> str:
    """How a row of these values says that its account stands; the same as `rows.state`."""
    paid = [f"{found['amount']} = 0"]
    paid += [f"{found['paid_on']} IS NOT NULL"] if "paid_on" in mapping else []
    paid += (
        [f"upper({found['status']} {_BYTES}) IN ({', '.join(map(quoted, PAID_WORDS))})"] if "status" in mapping else []
    )
    return f"CASE WHEN {' OR '.join(paid)} THEN 'paid' ELSE 'open' END"


def given_fields(mapping: Sequence[str | None]) -> list[str]:
    """The fields that this file speaks of; what it does not name stays as it is."""
    named = {"sto_id" if name == "sto" else name for name in mapping if name and name != "internet"}
    return [name for name, _ in SHAPE if name in named or name == "state"]


def differs(mapping: Sequence[str | None], instead: Mapping[str, str] | None = None) -> str:
    """Whether row `x` says anything else than account `a`. instead: expressions for fields that are no columns yet."""
    never_null = {name for name, kind in SHAPE if kind in {"text", "bigint"}}
    tests = [
        f"a.{COLUMN.get(name, name)} {'<>' if name in never_null else 'IS DISTINCT FROM'} "
        + (instead or {}).get(name, f"x.{name}")
        for name in given_fields(mapping)
    ]
    return "(" + " OR ".join(tests) + ")"
