"""How people type what came of a visit: `kosong`, `janji 25/11 300rb`, `gangguan`. Pure; knows no account.

A day without a year is the next one to come; an amount and a day may stand in either order.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from shared.arrears.models import Result
from shared.identifiers import figures, letters

_RESULTS = (  # the longer first
    ("SUDAH BAYAR", Result.PAID), ("SUDAH LUNAS", Result.PAID), ("JANJI BAYAR", Result.PROMISE),
    ("RUMAH KOSONG", Result.NOBODY_HOME), ("PINDAH ALAMAT", Result.MOVED), ("MINTA CABUT", Result.WANTS_OUT),
    ("ADA GANGGUAN", Result.FAULT), ("JANJI", Result.PROMISE), ("LUNAS", Result.PAID), ("BAYAR", Result.PAID),
    ("KOSONG", Result.NOBODY_HOME), ("MENOLAK", Result.REFUSED), ("TOLAK", Result.REFUSED), ("PINDAH", Result.MOVED),
    ("CABUT", Result.WANTS_OUT), ("GANGGUAN", Result.FAULT),
)  # fmt: skip
_DAYS = {"HARI INI": 0, "BESOK": 1, "LUSA": 2, "TODAY": 0, "TOMORROW": 1}
_WEEK = {"SENIN": 0, "SELASA": 1, "RABU": 2, "KAMIS": 3, "JUMAT": 4, "SABTU": 5, "MINGGU": 6}
_SHORT = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{1,2})")
_NAMED = re.compile(r"([0-9]{1,2}) ?([A-Z]{3,10})")


@dataclass(frozen=True, slots=True)
class Said:
    """A result as it was typed; due and amount belong to a promise, note is what is left over."""

    result: Result
    due: date | None = None
    amount: int | None = None
    note: str = ""


def result(words: str, today: date) -> Said | None:
    """What came of a visit; None when the words do not begin with a result."""
    said = letters(words).strip(" .:,-")
    for name, meant in _RESULTS:
        if said == name or said.startswith((name + " ", name + ",", name + ":", name + ".")):
            rest = said[len(name) :].strip(" .:,-")
            if meant is not Result.PROMISE:
                return Said(meant, note=words.strip()[len(name) :].strip(" .:,-")[:1000])
            due, amount = promise(rest, today)
            return Said(meant, due, amount)
    return None


def promise(words: str, today: date) -> tuple[date | None, int | None]:
    """The day and the amount of `25/11 300rb`, of `besok`, of `300.000 senin`; None for what is not said."""
    parts = letters(words).replace("TGL", " ").replace("TANGGAL", " ").split()
    for size in (3, 2, 1):
        for at in range(len(parts) - size + 1):
            due = day(" ".join(parts[at : at + size]), today)
            if due is not None:
                rest = " ".join(parts[:at] + parts[at + size :])
                return due, amount(rest)
    return None, amount(" ".join(parts))


def amount(words: str) -> int | None:
    """`300rb`, `Rp 300.000`; None for what is none."""
    found = figures.rupiah(words.strip(" .:,-")).value if words.strip() else None
    return found or None


def day(words: str, today: date) -> date | None:
    """`25/11`, `25 Nov`, `besok`, `senin`, or a whole date; None for what is none."""
    said = letters(words).strip(" .:,-")
    if said in _DAYS:
        return today + timedelta(days=_DAYS[said])
    if said in _WEEK:
        return today + timedelta(days=(_WEEK[said] - today.weekday() - 1) % 7 + 1)
    if found := _SHORT.fullmatch(said):
        return _coming(int(found[1]), int(found[2]), today)
    if found := _NAMED.fullmatch(said):
        return _coming(int(found[1]), figures.MONTHS.get(found[2][:3], 0), today)
    return figures.day(said).value if re.search("[^0-9]", said) else None


def _coming(number: int, month: int, today: date) -> date | None:
    this = figures.on_day(today.year, month, number).value
    if this is not None and this >= today:
        return this
    later = figures.on_day(today.year + 1, month, number).value
    return this if this is not None and (today - this).days < 180 else later
