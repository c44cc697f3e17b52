"""Reads what an account row holds: internet number, phones, rupiah, dates, as text or as a spreadsheet's own value."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from shared.identifiers.read import Doubt, Read, letters, refuse

Cell = str | int | float | date | datetime | None

MOST_RUPIAH = 10**15  # far over any bill, well inside a bigint
EXPONENT = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,3}")
AMOUNT = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[., ][0-9]{3})+)(?:[.,]([0-9]{1,2}))?")
TIMES = {"": 1, "RB": 1_000, "RIBU": 1_000, "K": 1_000, "JT": 1_000_000, "JUTA": 1_000_000}
MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MEI": 5, "MAY": 5, "JUN": 6, "JUL": 7, "AGU": 8, "AGS": 8,
    "AUG": 8, "SEP": 9, "OKT": 10, "OCT": 10, "NOV": 11, "NOP": 11, "DES": 12, "DEC": 12,
}  # fmt: skip
EXCEL_ZERO = date(1899, 12, 30)
CLOCK = re.compile(
    r"[ T][0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.[0-9]+)?)?(?: ?[AP]M| ?WI[BT]| ?WITA|Z|[+-][0-9]{2}:?[0-9]{2})?$"
)


def written(cell: Cell) -> str:
    """A cell as the text a person would have typed: 152312345678.0 is 152312345678."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell).upper()
    return "" if cell is None else letters(str(cell)).strip("' ")


def internet_number(cell: Cell) -> Read[str]:
    """12 digits, kept as text. `1,52E+11` is refused as destroyed: the digits are gone for good."""
    text = re.sub(r"[ \-]", "", re.sub(r"[.,]0$", "", written(cell)))
    if not text:
        return refuse("internet", "missing")
    if EXPONENT.fullmatch(text):
        return refuse("internet", "destroyed", given=text[:20])
    return Read(text) if re.fullmatch("[0-9]{12}", text) else refuse("internet", "not_12_digits")


def phones(cell: Cell) -> Read[tuple[str, ...]]:
    """Every number as `+62…`, in the order given, each once; a part that is none is a warning. Empty is `()`."""
    numbers: dict[str, None] = {}
    warnings = []
    text = re.sub(r"\b(?:ATAU|OR|DAN)\b|[/,;|&\n]", "/", re.sub(r"[.,]0$", "", written(cell)))
    if EXPONENT.fullmatch(written(cell)):
        return Read((), (Doubt("phone", "phone.destroyed", {"given": written(cell)[:20]}),))
    for part in (p.strip() for p in text.split("/")):
        if not part:
            continue
        whole = phone(part)
        found = [whole] if whole else [phone(p) for p in part.split()]
        if None in found:
            warnings.append(Doubt("phone", "phone.not_a_number", {"given": part[:20]}))
        numbers.update(dict.fromkeys(n for n in found if n))
    return Read(tuple(numbers), tuple(warnings))


def phone(part: str) -> str | None:
    """One number as `+62…`, or None. A foreign number keeps its own code when it was written with a plus."""
    digits = re.sub(r"[^0-9]", "", part)
    if re.search("[A-Z]", re.sub(r"^(?:HP|TELP?|NO|WA|CP)\b", "", part)) or not digits:
        return None
    if part.startswith("+") and not digits.startswith("62"):
        return f"+{digits}" if 8 <= len(digits) <= 15 else None
    local = re.sub(r"^(?:00)?(?:0?62)?0*", "", digits)
    return f"+62{local}" if 7 <= len(local) <= 13 else None


def rupiah(cell: Cell) -> Read[int]:
    """Whole rupiah. A dot or comma before exactly three digits marks thousands; `500rb` and `1,5jt` are understood."""
    text = written(cell)
    if not text:
        return refuse("amount", "missing")
    bare = re.sub(r"^(?:RP|IDR)[. ]*", "", re.sub(r",-$", "", text)).strip()
    negative = text.startswith(("-", "(-", "(")) or bare.startswith("-") or (text.endswith("-") and bare == text)
    found = re.fullmatch(r"([0-9., ]+?) *(RB|RIBU|K|JT|JUTA|)", re.sub(r"^(?:RP|IDR)[. ]*", "", bare.strip("-() ")))
    amount = AMOUNT.fullmatch(found[1]) if found else None
    if not found or not amount:
        return refuse("amount", "not_an_amount", given=text[:20])
    cents = amount[1] or ""
    whole = re.sub("[^0-9]", "", found[1][: len(found[1]) - len(cents)])
    exact = Decimal(f"{whole}.{cents or 0}") * TIMES[found[2]]
    value = int(exact.quantize(Decimal(1), ROUND_HALF_UP)) if len(whole) < 20 else MOST_RUPIAH
    if value >= MOST_RUPIAH:
        return refuse("amount", "not_an_amount", given=text[:20])
    if negative and value:
        return refuse("amount", "negative")
    return Read(value, () if value == exact else (Doubt("amount", "amount.rounded", {"given": text[:20]}),))


def day(cell: Cell) -> Read[date]:
    """A date, day first: `21/11/2026`, `2026-11-21`, `21 Nov 2026`, Excel's 46347. A time of day is dropped."""
    if isinstance(cell, datetime):
        return Read(cell.date())
    if isinstance(cell, date):
        return Read(cell)
    text = CLOCK.sub("", written(cell))
    if not text:
        return refuse("date", "missing")
    found = re.fullmatch(r"([0-9]{4})([/.\-]?)([0-9]{1,2})\2([0-9]{1,2})", text)
    if found and (found[2] or len(text) == 8):
        return on_day(int(found[1]), int(found[3]), int(found[4]))
    if found := re.fullmatch(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.\- ]([0-9]{4}|[0-9]{2})", text):
        first, second, year = int(found[1]), int(found[2]), full_year(found[3])
        if second > 12 >= first:
            other = on_day(year, first, second)
            return Read(other.value, (Doubt("date", "date.month_first"),)) if other.value else other
        return on_day(year, second, first)
    if found := re.fullmatch(r"([0-9]{1,2})[ /.\-]*([A-Z]{3,10})[ /.,\-]*([0-9]{4}|[0-9]{2})", text):
        return on_day(full_year(found[3]), MONTHS.get(found[2][:3], 0), int(found[1]))
    if found := re.fullmatch(r"([0-9]{5})(?:[.,][0-9]+)?", text):
        serial = int(found[1])
        return Read(EXCEL_ZERO + timedelta(days=serial)) if 18000 <= serial <= 80000 else refuse("date", "not_a_date")
    return refuse("date", "not_a_date")


def full_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def on_day(year: int, month: int, number: int) -> Read[date]:
    try:
        return Read(date(year, month, number))
    except ValueError:
        return refuse("date", "not_a_date")
