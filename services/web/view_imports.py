"""View models of the import pages. Rules: see view.py.

Routes (all need a session and import.arrears or import.orders; every POST carries `csrf`)
    GET  /impor ?jenis= sesudah= masalah= kabar=   imports.html      Imports
    POST /ingest/uploads ?kind=                    the ingest service: 303 to /impor/<id>, or to /impor?masalah=
    GET  /impor/<id> ?kolom=ubah kode= baris=      import_one.html   OneImport; 404 outside the area
    POST /impor/<id>/kolom      version k0.. kN    → 303, or import_one.html: 409 422
    POST /impor/<id>/lembar     version lembar     → 303, or import_one.html: 409 422
    POST /impor/<id>/terapkan   version hilang?    → 303, or import_one.html: 409
    POST /impor/<id>/batal      version            → 303, or import_one.html: 409
    GET  /impor/<id>/urungkan                      import_undo.html  Undoing
    POST /impor/<id>/urungkan   version            → 303, or import_one.html: 409
"""

from dataclasses import dataclass, field
from datetime import datetime

from services.web.view import Choice, Status


@dataclass(frozen=True)
class Trouble:
    """What is wrong and how to mend it."""

    why: str
    mend: str = ""


@dataclass(frozen=True)
class BatchRow:
    """An import in the history. figures: what it did or would do, in words. waits: a person must decide."""

    id: int
    name: str
    kind: str
    state: Status
    who: str
    at: datetime
    figures: str = ""
    waits: bool = False
    may_undo: bool = False


@dataclass(frozen=True)
class Imports:
    """Upload and history. kind: of the form, "arrears" or "orders"; kinds: what the person may bring."""

    kind: str
    kinds: tuple[Choice, ...]
    header: str  # of the template, for those who want to see it
    most: int  # bytes
    most_words: str
    rows: tuple[BatchRow, ...]
    next: str = ""
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Step:
    """One of the four. state: "ok", "now" or ""."""

    label: str
    state: str = ""


@dataclass(frozen=True)
class Figure:
    """A count of the preview or the result."""

    n: int
    label: str
    hot: bool = False


@dataclass(frozen=True)
class Column:
    """A column of the file: what stands in it and what it becomes ("" ignored, "extra" kept, else a field)."""

    name: str
    samples: tuple[str, ...]
    field: str
    label: str
    wrong: str = ""


@dataclass(frozen=True)
class Change:
    """One field of a changed account."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Example:
    """A row to look at. number: an internet or registration number; href: of the account, if there is one."""

    number: str
    name: str
    row: int = 0
    amount: int | None = None
    href: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something wrong, or strange, in a cell. row 0: the same row as the one above. given: the cell, "" empty."""

    row: int
    column: str
    given: str
    why: str
    mend: str = ""


@dataclass(frozen=True)
class Tag:
    """A kind of problem and how many rows have it."""

    code: str
    label: str
    rows: int


@dataclass(frozen=True)
class Refused:
    """Rows that are not taken. next: the row after which the next page begins; 0 = this is the last."""

    total: int
    tags: tuple[Tag, ...] = ()
    code: str = ""
    rows: tuple[Problem, ...] = ()
    shown: int = 0
    next: int = 0
    gone: bool = False  # thrown away after a week


@dataclass(frozen=True)
class Diff:
    """What would change, or did."""

    tally: tuple[Figure, ...]
    amount: int | None
    changed: tuple[Example, ...]
    new: tuple[Example, ...]
    missing: tuple[Example, ...]
    warned: tuple[Problem, ...]
    warnings: tuple[Tag, ...]
    nothing: bool = False


@dataclass(frozen=True)
class Twin:
    """An applied import of the very same bytes."""

    id: int
    who: str
    at: datetime | None


@dataclass(frozen=True)
class OneImport:
    """One import, whichever step it is at.

    at_step: "map", "work", "look", "done" or "end". phase, phases: what the worker does now, and words for each it may
    do. error: why an act was not done (its page had changed). errors: field → why the columns were not taken.
    """

    id: int
    version: int
    name: str
    kind: str
    arrears: bool
    state: Status
    at_step: str
    about: str  # size, rows, format
    who: str
    at: datetime
    steps: tuple[Step, ...]
    phase: str = ""
    phases: dict[str, str] = field(default_factory=dict)
    progress: int = 0
    expires: datetime | None = None
    trouble: Trouble | None = None
    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    twin: Twin | None = None
    columns: tuple[Column, ...] = ()
    fields: tuple[Choice, ...] = ()
    required: str = ""
    may_map: bool = False
    remembered: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    diff: Diff | None = None
    refused: Refused | None = None
    missing: int = 0
    may_cancel: bool = False
    may_undo: bool = False
    undo_until: datetime | None = None
    decided: str = ""
    decided_at: datetime | None = None
    result: tuple[Figure, ...] = ()
    restored: int = 0
    kept: int = 0
    left: tuple[Choice, ...] = ()  # value: address


@dataclass(frozen=True)
class Undoing:
    """What an undo would do. known: it could be counted quickly; more: kept is a lower bound."""

    id: int
    version: int
    name: str
    arrears: bool
    until: datetime | None
    known: bool
    restored: int = 0
    kept: int = 0
    more: bool = False
    left: tuple[Choice, ...] = ()
