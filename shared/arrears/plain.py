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

# The texts of a row stand side by side in `line`, with | round each. What sends a row to the closer look: a sign that
# is not printable ASCII, a <, two spaces, a space at an end, and a cell that begins like a formula.
_ODD = "'[^ -;=-~]|  | [|]|[|][ =@+''-]'"
_AMOUNT = "'^(Rp[.]? ?)?([0-9]{1,14}|[0-9]{1,3}([.,][0-9]{3}){1,4})([.,]00?)?(,-)?$'"
_CENTS = "'([.,]00?)?(,-)?$'"
_PHONE = "'^[0-9+()./;,-]*( [0-9+()./;,-]+)*$'"
_ISO = "'^20[0-9]{2}-[01][0-9]-[0-3][0-9]$'"


def quoted(text: str) -> str:
    """`text` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def cell(mapping: Sequence[str | None], name: str) -> str | None:
    """The raw column of a field."""
    return f"c{mapping.index(name) + 1}" if name in mapping else None


def side_by_side(mapping: Sequence[str | None]) -> str:
    """The texts of a row in one, and whether its amount is all digits: needed more than once."""
    shown = [found for name in rows.TEXTS if name != "phone" and (found := cell(mapping, name))]
    shown += [f"c{index}" for index, name in enumerate(mapping, 1) if name == columns.EXTRA]
    return f"concat_ws('|', '', {', '.join(shown)}, '') AS line, {cell(mapping, 'amount')} ~ '^[0-9]+$' AS digits"


def taken(mapping: Sequence[str | None]) -> str:
    """The condition under which a row is plain enough; the cheapest tests come first."""
    internet, amount = cell(mapping, "internet"), cell(mapping, "amount")
    conditions = [
        "sto_id IS NOT NULL",
        "tail = ''",
        f"length({internet}) = 12",
        f"{internet} ~ '^[0-9]+$'",
        f"{cell(mapping, 'name')} <> ''",
        f"CASE WHEN digits THEN length({amount}) <= 14 ELSE {amount} ~ {_AMOUNT} END",
    ]
    conditions += [f"{found} ~ '^[0-9]{{0,3}}$'" for name in ("months", "age") if (found := cell(mapping, name))]
    if found := cell(mapping, "phone"):
        conditions.append(f"{found} ~ {_PHONE}")
    if found := cell(mapping, "paid_on"):
        conditions.append(f"({found} = '' OR ({found} ~ {_ISO} AND pg_input_is_valid({found}, 'date')))")
    conditions += [f"octet_length(line) <= {rows.LONGEST}", f"line !~ {_ODD}"]
    return " AND ".join(conditions)


def values(mapping: Sequence[str | None], header: Sequence[str]) -> dict[str, str]:
    """Each field of a row as an SQL expression over its raw cells; what could fail is only tried where `ok`."""
    amount, paid_on = cell(mapping, "amount"), cell(mapping, "paid_on")
    digits = f"translate(regexp_replace({amount}, {_CENTS}, ''), 'Rp., ', '')"
    found = {name: cell(mapping, name) or "''" for name in rows.TEXTS}
    found["amount"] = f"CASE WHEN ok THEN (CASE WHEN digits THEN {amount} ELSE {digits} END)::bigint END"
    for name in ("months", "age"):
        months = cell(mapping, name)
        found[name] = f"CASE WHEN ok THEN nullif({months}, '')::smallint END" if months else "NULL::smallint"
    found["paid_on"] = f"CASE WHEN ok THEN nullif({paid_on}, '')::date END" if paid_on else "NULL::date"
    found["sto_id"] = "sto_id"
    kept = [
        f"{quoted(head)}, nullif(c{index}, '')"
        for index, (name, head) in enumerate(zip(mapping, header, strict=True), 1)
        if name == columns.EXTRA
    ]
    extra = f"nullif(jsonb_strip_nulls(jsonb_build_object({', '.join(kept)})), '{{}}')" if kept else ""
    found["extra"] = f"CASE WHEN ok THEN {extra} END" if extra else "NULL::jsonb"
    return found


def state(mapping: Sequence[str | None]) -> str:
    """How a row says that its account stands, over its values as `x`; the same as `rows.state`."""
    paid = ["x.amount = 0"]
    paid += ["x.paid_on IS NOT NULL"] if "paid_on" in mapping else []
    paid += [f"upper(x.status) IN ({', '.join(map(quoted, PAID_WORDS))})"] if "status" in mapping else []
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
