"""What a reading of one field gives back, and how raw text is cleaned before it; it knows no field."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as option
from typing import Generic, TypeVar

T = TypeVar("T")

# Cf hides (zero width, right-to-left, BOM), Cc controls (NUL), Cs, Co and Cn cannot be stored or mean nothing.
HIDDEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})
SPACES = {ord(c): " " for c in "\t\v\f\x1c\x1d\x1e\x1f"} | {ord(c): "\n" for c in "\r\x85\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a value is doubted or refused: a field, a stable word for doors to translate, and its numbers."""

    field: str
    code: str
    params: Mapping[str, str | int] = option(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One field, read. Refused means there is no value and `refused` says why; `offer` is a likelier spelling."""

    value: T | None = None
    warnings: tuple[Doubt, ...] = ()
    offer: str | None = None
    refused: Doubt | None = None


def refuse(name: str, why: str, offer: str | None = None, **params: str | int) -> Read[T]:
    """A reading without a value; `why` becomes the code `name.why`."""
    return Read(refused=Doubt(name, f"{name}.{why}", params), offer=offer)


def plain(text: str) -> str:
    """Text as people meant it: NFKC, nothing invisible, tabs as spaces. Case and newlines stay. Idempotent."""
    text = text.replace("\r\n", "\n").translate(SPACES)
    if text.isascii() and (text.isprintable() or text.replace("\n", "").isprintable()):
        return text
    for _ in range(4):  # dropping a mark may let its neighbours compose: until nothing changes
        shown = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in HIDDEN)
        normal = unicodedata.normalize("NFKC", shown).translate(SPACES)
        if normal == text:
            break
        text = normal
    return text


def one_line(text: str) -> str:
    """`plain`, on one line, with single spaces."""
    return " ".join(plain(text).split())


def letters(text: str) -> str:
    """`one_line` in capitals, each character's place kept: a character whose capital is longer stays as it is."""
    line = one_line(text)
    return capitals(line)


def capitals(text: str) -> str:
    if text.isascii():
        return text.upper()
    return "".join(up if len(up := c.upper()) == 1 else c for c in text)


def compact(text: str) -> str:
    """Capitals A-Z and digits only: spaces, dashes, dots, emoji and every other sign are dropped. Idempotent."""
    return "".join(c for c in letters(text) if c.isascii() and c.isalnum())
