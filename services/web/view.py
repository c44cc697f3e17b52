"""What templates receive: plain frozen facts, already allowed and already loaded; never a database row or a request.

Every page and every fragment is rendered with exactly two names:
    shell: Shell      who looks, at what moment, in which zone
    view: ...         a class of this module, view_forms or view_dashboard; the head of each template names which
so `render("order.html", shell=shell, view=Queue(...))`. Times are aware UTC datetimes; templates show them in
`shell.zone`. Categories, not status codes, choose shape and colour. What people typed is plain text; templates escape.

Routes (all but /masuk need a session; every POST carries `csrf`; * = a fragment that only htmx asks for)
    GET  /masuk ?ke=              login.html       Login
    POST /masuk                   ke username password → 303 to `ke`; or login.html: 422 wrong, 429 locked
    POST /keluar                  → 303 /masuk
    GET  / ?periode=              dashboard.html   Dashboard
    GET  /dasbor/isi ?periode= *  _dashboard.html  Dashboard, asked every 60 s
    GET  /order ?<Query>          order.html       Queue, detail=None; also takes `sesudah` (without JavaScript)
    GET  /order/baris ?<Query> *  _rows.html       Queue; `sesudah` = the next page; without it = a soft refresh
    GET  /order/langsung ?<Query> event stream, see below
    GET  /order/baru              order_new.html   NewOrder
    POST /order/baru              request_key type number serial sto odp technician yakin.. lanjut? pakai_serial?
                                  → 303 to the order, or to /order/baru when lanjut=ya; or order_new.html: 409 422.
                                  pakai_serial=<value>: draw the form again with that serial, 200, nothing is saved
    GET  /order/ekspor ?<Query> berkas=xlsx|csv    the list as a file
    POST /order/baru/periksa   *  _field.html      Field: the same fields and periksa=<field name>; always 200
    GET  /order/<no> ?<Query>     order.html       Queue with detail=Detail(alone=True); rows as for GET /order
    GET  /order/<no>/panel     *  _detail.html     Detail
    GET  /order/<no>/ringkas   *  _summary.html    Summary, for the demo page
    POST /order/<no>/status       version request_key status reason note kirim=ya|tidak
    POST /order/<no>/ambil        version request_key
    POST /order/<no>/urungkan     change
The last three carry ?<Query> and, from the order's own page, &sendiri=1 (then Detail.alone). They answer a browser with
303 to /order/<no>?<Query> (Shell.toast on that page), or order.html: 409 422; and htmx (HX-Request: true) with
_changed.html, Changed: 200 done, 409 conflict, 422 wrong input. Other failures: any status, any body; the page keeps
what was typed and says so. A session that ended: 401 to htmx, 303 to /masuk?ke= to a browser.

Events of /order/langsung (the `event:` field; data in as many `data:` lines as it has lines)
    row       _row_live.html, Live: a changed order; a client without that row on screen drops it
    baru      text, an order's number: it matches <Query> now; the client counts it unless it is on screen
    hitung    JSON {"order": active orders, "<view>": count of each tab} as {"order": 42, "aktif": 42, "lewat": 3, ..}
    kabar     JSON {id, text, note, href}: a notice; pembaca: JSON {no, text, mark}: who else has it open
    sesi      any text: the session has ended; the server closes the stream after it
A comment line at least every 20 s keeps it open. A client that was cut off fetches /order/baris by itself.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.web.view_ask import Ask
from services.web.view_claims import Claims, Readers
from services.web.view_list import COLUMNS, Head, OwnView, Query, View, address

__all__ = ["COLUMNS", "Head", "OwnView", "Query", "View", "address"]  # from view_list, and all that is below

Category = Literal["received", "working", "obstacle", "done", "cancelled"]
"""What a status means to the product; its code and label are the unit's own business."""

# --- every page


@dataclass(frozen=True)
class Me:
    """The person who looks. `role` and `area` are words to show: "Helpdesk", "SDA, TUN"."""

    name: str
    role: str
    area: str
    may_create: bool = False
    may: frozenset[str] = frozenset()  # acts, as in people/access.py: which entries the navigation shows
    presence: str = "online"  # what this person said of itself: online, break or off


@dataclass(frozen=True)
class Toast:
    """A short message at the foot. `undo`: POST path that takes the change back for `seconds`; `change`: its id."""

    text: str
    order: str = ""
    undo: str = ""
    change: str = ""
    seconds: int = 0
    message: bool = False  # a message to the technician waits, so the text ends "Pesan terkirim dalam N dtk."


@dataclass(frozen=True)
class Shell:
    """What is round every page. `me=None` draws no navigation (login, errors before login)."""

    now: datetime
    zone: str  # "Asia/Jakarta"
    me: Me | None = None
    page: str = ""  # "dasbor", "order", "order-baru": which entry of the navigation is current
    csrf: str = ""
    active: int | None = None  # active orders in this person's area; None shows no count
    demo: bool = False  # shows the Demo group with the Telegram simulator
    live: str = ""  # address of the event stream, with its query; empty = no live status and no stream
    toast: Toast | None = None
    shortcuts: bool = True
    theme: str = ""  # as the person chose: system, light or dark; empty = what this browser remembers
    density: str = ""  # lega, or the usual
    silent: datetime | None = None  # since when nothing is passed on; only for those who may look after it
    troubles: tuple[str, ...] = ()  # what else is wrong and since when, in words; for whoever looks after all of it


@dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str


@dataclass(frozen=True)
class Fact:
    """One line of a data list. `copy` is what the copy button puts on the clipboard; empty = no button."""

    label: str
    value: str
    code: bool = False  # a code: monospace
    note: str = ""  # shown after the value in normal type, for example a person's name after the code
    copy: str = ""


@dataclass(frozen=True)
class Status:
    code: str
    label: str
    category: Category


@dataclass(frozen=True)
class Sla:
    """How an order stands against its target.

    due: the instant of the breach if the clock ran on without a break (now + working time left), so that the browser
        may tick by itself; None when paused or closed. stops: when the working day, and with it the ticking, ends.
    spent: working minutes, for closed orders. target: minutes.
    """

    state: Literal["running", "paused", "closed"]
    target: int
    due: datetime | None = None
    stops: datetime | None = None
    spent: int = 0


# --- the queue


@dataclass(frozen=True)
class Tab:
    """A saved view with its count; `hot` colours the count (only "Lewat SLA", and only when it is not 0)."""

    view: View
    label: str
    count: int
    hot: bool = False


@dataclass(frozen=True)
class Filter:
    """A filter chip. `name` is the field of Query; without `choices` people type the value (technician codes)."""

    name: Literal["sto", "so", "tipe", "status", "teknisi", "pemegang", "alasan"]
    label: str
    value: str = ""
    value_label: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Row:
    """One order in the queue. `out`: it no longer matches the view, drawn grey until the next refresh.

    id: set when another order of the same number stands at the number's own address, so this one needs its id.
    """

    no: str
    type: str
    status: Status
    sla: Sla
    odp: str
    sto: str
    technician: str
    serial: str
    holder: str  # empty = nobody has taken it
    at: datetime
    version: int
    reason: str = ""
    warnings: int = 0
    out: bool = False
    fresh: bool = False  # changed just now by somebody else: accent dot
    id: str = ""
    name: str = ""  # of the technician
    moved: datetime | None = None  # since when it has its status
    note: str = ""
    columns: tuple[str, ...] = COLUMNS
    tick: str = ""  # what its box posts
    gone: bool = False  # deleted meanwhile

    @property
    def key(self) -> str:
        """What tells the row from every other on the page."""
        return f"{self.no}~{self.id}" if self.id else self.no


@dataclass(frozen=True)
class Move:
    """A status the order may, or may not, go to. `why_not` is empty when it may: "Hanya untuk team leader."

    `needs_reason`: the reason select is required; its options are the ReasonGroup of the same status code.
    """

    status: Status
    why_not: str = ""
    needs_reason: bool = False
    needs_note: bool = False
    current: bool = False  # the order is there now; choosing it again sends a note without changing the status


@dataclass(frozen=True)
class ReasonGroup:
    status: str  # Status.code
    label: str
    reasons: tuple[Choice, ...]


@dataclass(frozen=True)
class Moment:
    """One entry of the timeline, newest first. Reads as "<who> <text>": "Nadia Putri", "mengambil, menjadi OGP".

    icon: a category (its glyph) or one of "send", "msg", "clock", "user", "alert", "undo", "upload".
    source: "Telegram", "dasbor", "impor", "sistem" and what more is known: "Telegram · 1 foto".
    """

    at: datetime
    icon: str
    text: str
    who: str = ""
    quote: str = ""
    source: str = ""
    late: bool = False


@dataclass(frozen=True)
class Typed:
    """What the person had typed in the panel's forms, kept over errors and conflicts. to, words: of its holder's.

    why: it is deleted. ask: what the technician is asked.
    """

    status: str = ""
    reason: str = ""
    note: str = ""
    to: str = ""
    words: str = ""
    why: str = ""
    ask: str = ""


@dataclass(frozen=True)
class Conflict:
    """Somebody changed the order first. The form below carries the new version; the typed text is kept."""

    who: str
    at: datetime
    status: Status


@dataclass(frozen=True)
class Photo:
    """A photo of an order: the address of the picture and of its thumbnail."""

    href: str
    thumb: str
    who: str
    at: datetime
    caption: str = ""


@dataclass(frozen=True)
class Other:
    """Another order of the same number, and its address."""

    href: str
    status: Status
    at: datetime  # registered
    type: str


@dataclass(frozen=True)
class Bill:
    """The account in arrears of an order's customer, as the order's page links it."""

    href: str
    title: str
    internet: str
    amount: int
    months: int | None
    state: Status | None


@dataclass(frozen=True)
class Detail:
    """One order, whole. `alone`: it is the page's subject (h1), not the side panel.

    notify: where the feedback goes, "Telegram, F5SDA445"; empty = nobody can be told, and `notify_not` says why.
    errors: field name ("status", "reason", "note", or "" for the whole form) → words.
    moves empty = the person may only read; `read_only` then says why.
    """

    no: str
    type: str
    status: Status
    sla: Sla
    version: int
    request_key: str  # a fresh random key a rendering: the same key twice has one effect
    facts: tuple[Fact, ...]
    moves: tuple[Move, ...] = ()
    reasons: tuple[ReasonGroup, ...] = ()
    timeline: tuple[Moment, ...] = ()
    warnings: tuple[str, ...] = ()
    may_take: bool = False
    held: bool = False  # somebody else holds it: then one takes it over, and not just takes it
    holder: str = ""
    notify: str = ""
    notify_not: str = ""
    hold: int = 10  # seconds a message waits before it leaves
    read_only: str = ""
    typed: Typed = field(default_factory=Typed)
    errors: dict[str, str] = field(default_factory=dict)
    conflict: Conflict | None = None
    claims: Claims | None = None  # None: nothing may be done about who holds it
    also: Readers = field(default_factory=Readers)  # who else has it open now
    ask: Ask = field(default_factory=Ask)
    alone: bool = False
    query: Query = field(default_factory=Query)  # to go back to the same list
    id: str = ""  # as Row.id
    photos: tuple[Photo, ...] = ()
    others: tuple[Other, ...] = ()
    bill: Bill | None = None

    @property
    def key(self) -> str:
        """As Row.key."""
        return f"{self.no}~{self.id}" if self.id else self.no


@dataclass(frozen=True)
class Queue:
    """The queue page. `problem` replaces the list's message when it could not be loaded (its code stands in `ref`)."""

    query: Query
    tabs: tuple[Tab, ...]
    filters: tuple[Filter, ...]
    rows: tuple[Row, ...]
    next: str = ""  # cursor of the next page, empty = this is the last
    detail: Detail | None = None
    missing: str = ""  # an order number that was asked for and does not exist (404)
    problem: str = ""
    ref: str = ""
    heads: tuple[Head, ...] = ()
    columns: tuple[str, ...] = COLUMNS
    all_columns: tuple[Choice, ...] = ()
    own: tuple[OwnView, ...] = ()
    keeping: dict[str, str] = field(default_factory=dict)  # why a view was not kept: field → words, and what was typed
    days: str = ""  # the days in words
    near: bool = False  # nothing holds the words of the search; these come close


@dataclass(frozen=True)
class Changed:
    """The answer to a POST on one order, for htmx: the panel again, its row and a toast. No row over 409 and 422."""

    detail: Detail
    row: Row | None = None
    toast: Toast | None = None


@dataclass(frozen=True)
class Live:
    """What the event "row" draws: a row, `fresh`, and `out` when it does not match the stream's <Query>."""

    row: Row


@dataclass(frozen=True)
class Summary:
    """The small card of one order beside the demo's chat."""

    no: str
    type: str
    status: Status
    sla: Sla
    holder: str
    timeline: tuple[Moment, ...] = ()
