"""What is said of a file that was applied or undone: how many of what, never of whom. HTML-escaped."""

from collections.abc import Mapping
from html import escape
from typing import Any

_WORDS = {
    "id": {
        "applied": "Impor selesai",
        "undone": "Impor dibatalkan",
        "new": "{n} baru",
        "changed": "{n} berubah",
        "missing": "{n} diduga lunas",
        "refused": "{n} ditolak",
        "kept_promises": "{n} janji ditepati",
        "broken_promises": "{n} janji lewat",
        "restored": "{n} dikembalikan",
        "kept": "{n} dibiarkan karena sudah dikerjakan",
        "nothing": "tidak ada yang berubah",
        "open": "Lihat impor",
    },
    "en": {
        "applied": "Import applied",
        "undone": "Import undone",
        "new": "{n} new",
        "changed": "{n} changed",
        "missing": "{n} presumed paid",
        "refused": "{n} refused",
        "kept_promises": "{n} promises kept",
        "broken_promises": "{n} promises broken",
        "restored": "{n} restored",
        "kept": "{n} left, as somebody worked on them",
        "nothing": "nothing changed",
        "open": "Look at the import",
    },
}
_SAID = {
    "applied": ("new", "changed", "missing", "refused", "kept_promises", "broken_promises"),
    "undone": ("restored", "kept"),
}


def _word(key: str, language: str) -> str:
    return _WORDS["en" if language == "en" else "id"][key]


def _number(value: int, language: str) -> str:
    return f"{value:,}" if language == "en" else f"{value:,}".replace(",", ".")


def _counts(what: str, result: Mapping[str, Any], language: str) -> str:
    counts = [
        _word(name, language).format(n=_number(int(result[name]), language)) for name in _SAID[what] if result.get(name)
    ]
    return ", ".join(counts) or _word("nothing", language)


def summary(what: str, name: str, result: Mapping[str, Any], link: str, language: str) -> str:
    """The file, what it brought, and where to look. what: applied, undone."""
    head = f"<b>{_word(what, language)}</b> · {escape(name)}"
    counts = _counts(what, result, language)
    return f'{head}\n{counts[0].upper()}{counts[1:]}.\n<a href="{escape(link)}">{_word("open", language)}</a>'


def brief(what: str, name: str, result: Mapping[str, Any], language: str) -> str:
    """The same in one line."""
    return f"<b>{_word(what, language)}</b> {escape(name)}: {_counts(what, result, language)}"
