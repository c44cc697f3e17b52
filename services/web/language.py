"""In which language a page speaks: Indonesian as the source says it, English from the catalogue. It knows no request.

The language of the request that runs now lies in a context variable, which each task of asyncio has for itself; it is
set in three places only: the gate (before we know who comes), deps.find_visit and the API's caller (once we know), and
live.py (each stream's own). Everything else calls `_`. Dates, money and decimals stay Indonesian (10:42 WIB, 95,6%).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}
"""By their own names, so that everybody finds their own."""
CATALOGUE = Path(__file__).parent / "locale" / "en" / "LC_MESSAGES" / "web.po"

_spoken: ContextVar[str] = ContextVar("language", default="id")


class Named(Protocol):
    """A row of master data, which has its name in both languages."""

    @property
    def label_id(self) -> str: ...

    @property
    def label_en(self) -> str: ...


def current() -> str:
    """`id` or `en`."""
    return _spoken.get()


def speak(language: str) -> None:
    """From here on in this task; what we do not speak is Indonesian."""
    _spoken.set(language if language in LANGUAGES else "id")


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """The same for a while only."""
    token = _spoken.set(language if language in LANGUAGES else "id")
    try:
        yield
    finally:
        _spoken.reset(token)


def accepted(header: str) -> str:
    """The first language of an Accept-Language header that we speak, or nothing."""
    named: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        tag, _semicolon, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=")
        language = {"in": "id"}.get(tag.strip().lower()[:2], tag.strip().lower()[:2])  # "in" is how old clients say id
        try:
            named.append((-float(weight or 1), language))
        except ValueError:
            continue
    return next((language for weight, language in sorted(named, key=lambda each: each[0]) if language in LANGUAGES), "")


def read_catalogue() -> Catalog:
    """The English catalogue as it lies in the source."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def forms(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """The translation of a message: one form, or one and many; empty ones where there is none."""
    return (said,) if isinstance(said, str) else tuple(said or ("",))


@cache
def english() -> Mapping[str, tuple[str, ...]]:
    """Each Indonesian text with its English: one form, or one and many. Read once a process, when it starts."""
    said: dict[str, tuple[str, ...]] = {}
    for message in read_catalogue():
        if message.id and not message.fuzzy:
            one = message.id if isinstance(message.id, str) else message.id[0]
            said[f"{message.context}\0{one}" if message.context else one] = forms(message.string)
    return said


def gettext(text: str) -> str:
    """`text` in the language of now; a text without English stays as it is."""
    if _spoken.get() == "id":
        return text
    return next(iter(english().get(text, ())), "") or text


def pgettext(context: str, text: str) -> str:
    """`text` where the same Indonesian has another English: "Masuk" of an order is not "Masuk" at the door."""
    key = f"{context}\0{text}"
    said = gettext(key)
    return text if said == key else said


def ngettext(one: str, many: str, n: int, **fields: Any) -> str:
    """As `_`, by a number: `{n}` and every field are filled in. Indonesian has one form, so both texts are the same."""
    return plural(one, many, n).format(n=n, **fields)


def plural(one: str, many: str, n: int) -> str:
    """The form for `n`, not filled in; what templates call."""
    if _spoken.get() == "id":
        return one if n == 1 else many
    said = english().get(one, ())
    return (said[0] if n == 1 else said[-1]) if all(said) and said else (one if n == 1 else many)


def _(text: str, **fields: Any) -> str:
    """The text in the language of now; `{name}` is filled in when fields are given, as in "{n} baris" with n=12."""
    said = gettext(text)
    return said.format(**fields) if fields else said


def N_(text: str) -> str:  # noqa: N802 the word by which tools find texts
    """Mark a text of a table for the catalogue; it is translated where it is used, by `_(table[key])`."""
    return text


def name_of(row: Named) -> str:
    """What a row of master data is called by who reads now."""
    return row.label_en if _spoken.get() == "en" else row.label_id
