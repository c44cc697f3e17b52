"""One row of an arrears list, read: its values as an account has them, or everything that is wrong with it. Pure.

The rules of each field are `shared.identifiers`'; `check` knows the plainest spellings as SQL, and a property test
holds the two together.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.arrears import columns
from shared.arrears.batches import Kind
from shared.identifiers import Doubt, internet_number, one_line, phones, rupiah, sto
from shared.identifiers import day as read_day
from shared.identifiers.figures import EXPONENT, written

PAID_WORDS = ("LUNAS", "PAID", "SUDAH BAYAR", "SUDAH LUNAS", "TERBAYAR")
TEXTS = ("name", "address", "phone", "datel", "product", "segment", "collector", "status")
LONGEST = 500  # characters of a text field
_MONTHS = re.compile(r"([0-9]{1,3})(?:[.,]0+)?(?: *(?:BULAN|BLN|BL|MONTHS?|M))?")
_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MARKUP = re.compile(r"<[a-zA-Z/!][^>]*>?")
RISKY = tuple("=+-@")


@dataclass(slots=True)
class Line:
    """A row as it was read. refused: nothing of it is taken; warned: it is taken, and this is said."""

    values: dict[str, Any] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    warned: list[dict[str, Any]] = field(default_factory=list)
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """STO codes: `known` and active ones with their ids, and which of those lie in the uploader's area."""

    known: Mapping[str, int]
    inside: Collection[int] | None

    def covers(self, sto_id: int) -> bool:
        """Whether the uploader may bring accounts of this STO."""
        return self.inside is None or sto_id in self.inside


def said(name: str, column: str, given: str, code: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A problem as it is kept: which field, its column's header, what stood there, why."""
    kept = dict(params or {}) | {"given": given[:40]} if params else {}
    return {"field": name, "column": column, "given": given[:80], "code": code, "params": kept}


def read(cells: Sequence[str], mapping: Sequence[str | None], header: Sequence[str], places: Places) -> Line:
    """Read a row. Every field is looked at, so that all problems are said at once."""
    line = Line()
    if not any(cell.strip() for cell in cells):
        line.blank = True
        return line
    given = {name: (cell, head) for name, cell, head in zip(mapping, cells, header, strict=False) if name}
    for name in columns.names(Kind.ARREARS):
        cell, head = given.get(name, ("", ""))
        if name in TEXTS:
            _text(line, name, cell, head)
    _internet(line, *given.get("internet", ("", "")))
    if not line.values["name"]:
        line.refused.append(said("name", given.get("name", ("", ""))[1], "", "name.missing"))
    _sto(line, places, *given.get("sto", ("", "")))
    _amount(line, *given.get("amount", ("", "")))
    for name in ("months", "age"):
        _months(line, name, *given.get(name, ("", "")))
    _paid_on(line, *given.get("paid_on", ("", "")))
    _phone(line, *given.get("phone", ("", "")))
    line.values["state"] = state(line.values)
    extra = {
        head: one_line(cell)[:LONGEST]
        for name, cell, head in zip(mapping, cells, header, strict=False)
        if name == columns.EXTRA and cell.strip()
    }
    line.values["extra"] = extra or None
    return line


def state(values: Mapping[str, Any]) -> str:
    """How an account stands by what its row says."""
    paid = values.get("status", "").upper() in PAID_WORDS or values.get("paid_on") or values.get("amount") == 0
    return "paid" if paid else "open"


def _doubt(line: Line, doubt: Doubt, name: str, column: str, given: str, *, refused: bool) -> None:
    code = doubt.code if doubt.field == name else f"{name}.{doubt.code.rpartition('.')[2]}"
    (line.refused if refused else line.warned).append(said(name, column, given, code, doubt.params))


def _text(line: Line, name: str, cell: str, head: str) -> None:
    text = cell[1:] if cell[:1] == "'" and cell[1:2] in RISKY else cell  # as our own exports keep formulas harmless
    value = one_line(text)[:LONGEST]
    line.values[name] = value
    if _HIDDEN.search(text):
        line.warned.append(said(name, head, value, "text.hidden"))
    if name != "phone" and value.startswith(RISKY) and len(value) > 1:
        line.warned.append(said(name, head, value, "text.formula"))
    if _MARKUP.search(value):
        line.warned.append(said(name, head, value, "text.markup"))


def _internet(line: Line, cell: str, head: str) -> None:
    read_number = internet_number(cell)
    line.values["internet"] = read_number.value
    if read_number.refused:
        _doubt(line, read_number.refused, "internet", head, cell, refused=True)


def _sto(line: Line, places: Places, cell: str, head: str) -> None:
    code = sto(cell, places.known)
    line.values["sto_id"] = places.known.get(code.value or "")
    if code.refused:
        _doubt(line, code.refused, "sto", head, cell, refused=True)
    elif not places.covers(line.values["sto_id"]):
        line.refused.append(said("sto", head, cell, "sto.outside_area"))


def _amount(line: Line, cell: str, head: str) -> None:
    amount = rupiah(cell)
    line.values["amount"] = amount.value
    if amount.refused:
        _doubt(line, amount.refused, "amount", head, cell, refused=True)
    for doubt in amount.warnings:
        _doubt(line, doubt, "amount", head, cell, refused=False)


def _months(line: Line, name: str, cell: str, head: str) -> None:
    text = written(cell)
    found = _MONTHS.fullmatch(text)
    line.values[name] = int(found[1]) if found else None
    if text and not found:
        line.warned.append(said(name, head, cell, f"{name}.not_a_number"))


def _paid_on(line: Line, cell: str, head: str) -> None:
    day = read_day(cell) if cell.strip() else None
    value: date | None = day.value if day else None
    line.values["paid_on"] = value
    if day is not None:
        for doubt in (day.refused, *day.warnings):
            if doubt is not None:
                _doubt(line, doubt, "paid_on", head, cell, refused=False)


def _phone(line: Line, cell: str, head: str) -> None:
    if EXPONENT.fullmatch(written(cell)):
        line.warned.append(said("phone", head, cell, "phone.destroyed"))
        return
    for doubt in phones(cell).warnings[:1]:
        _doubt(line, doubt, "phone", head, cell, refused=False)
