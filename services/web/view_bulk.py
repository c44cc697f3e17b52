"""View models of acts on many orders and of the trash. Rules: see view.py.

Routes (all need a session; every POST carries `csrf`; ?<Query> leads back to the same list)
    POST /order/massal ?<Query>            pilih.. tindakan [status reason note to kirim] lihat?   bulk.html  Bulk
                                           without `lihat` the form to fill in; with it the preview, or 422
    POST /order/massal/terapkan ?<Query>   request_key o=<id>.<version>.. tindakan status reason note to kirim count?
                                           → 303 to the list (Shell.toast), or to the result when some were skipped
    GET  /order/massal/hasil/<key> ?<Query>             bulk_done.html BulkDone
    POST /order/massal/urungkan ?<Query>   change=<key> → 303 to the result; htmx: _bulk_undone.html, BulkUndone
    POST /order/<no>/hapus ?<Query>        version request_key alasan
                                           → 303 to the list (Shell.toast), or order.html: 409 422; htmx: _deleted.html
    POST /order/<no>/hapus/urungkan        change → 303 to the order; htmx: _changed.html; also 409
    GET  /sampah ?q= sesudah= kabar=       trash.html Trash
    POST /sampah/<id>/pulihkan             → 303 to the order, or trash.html: 409
    POST /sampah/musnahkan                 pilih.. [typed, sure=ya] → 303 /sampah; trash_purge.html Purge: 200 409 422
"""

from dataclasses import dataclass, field
from datetime import datetime

from services.web.view import Choice, Move, Query, ReasonGroup, Row, Status, Toast


@dataclass(frozen=True)
class BulkLine:
    """An order of the preview or the result; why: in words, empty when it is done."""

    no: str
    type: str = ""
    status: Status | None = None
    holder: str = ""
    why: str = ""


@dataclass(frozen=True)
class BulkGroup:
    """Skipped orders with the same reason."""

    why: str
    lines: tuple[BulkLine, ...]


@dataclass(frozen=True)
class Preview:
    """What would happen. summary: "24 order menjadi Selesai, 3 dilewati (sudah Batal)". count: to be typed; 0 = not."""

    summary: str
    ready: tuple[BulkLine, ...]
    skipped: tuple[BulkGroup, ...]
    carried: tuple[tuple[str, str], ...]  # hidden fields, as they were previewed
    word: str  # of the button
    danger: bool = False
    count: int = 0
    message: str = ""  # who is told, and when


@dataclass(frozen=True)
class Bulk:
    """The form of an act on many orders, and its preview once it is filled in."""

    kind: str  # status, assign, take, delete
    title: str
    query: Query
    picked: tuple[str, ...]  # ids, to be carried along
    lines: tuple[BulkLine, ...]
    missing: int = 0
    kinds: tuple[Choice, ...] = ()  # what else could be done with them
    moves: tuple[Move, ...] = ()
    reasons: tuple[ReasonGroup, ...] = ()
    people: tuple[Choice, ...] = ()
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    preview: Preview | None = None


@dataclass(frozen=True)
class BulkDone:
    """What became of it. state: "done", "undone"."""

    title: str
    query: Query
    at: datetime
    done: tuple[BulkLine, ...]
    skipped: tuple[BulkGroup, ...]
    undone: bool = False
    error: str = ""


@dataclass(frozen=True)
class BulkUndone:
    """The answer to an undo, for htmx: the rows as they are again, and a toast."""

    rows: tuple[Row, ...]
    toast: Toast
    query: Query


@dataclass(frozen=True)
class Deleted:
    """The answer to a deletion, for htmx: what stands in the panel's place, the row, a toast."""

    no: str
    key: str
    query: Query
    row: Row
    toast: Toast | None = None
    alone: bool = False


@dataclass(frozen=True)
class Scrap:
    """An order in the trash. until: when it goes for good."""

    id: int
    no: str
    type: str
    status: Status
    sto: str
    technician: str
    who: str
    at: datetime
    reason: str
    until: datetime


@dataclass(frozen=True)
class Trash:
    rows: tuple[Scrap, ...]
    total: int
    words: str = ""
    next: str = ""
    may_purge: bool = False
    error: str = ""
    order: str = ""  # the number that `error` is about; links to the order that has it now


@dataclass(frozen=True)
class Purge:
    """The question before orders are removed for good. word: what must be typed."""

    rows: tuple[Scrap, ...]
    word: str
    typed: str = ""
    error: str = ""
