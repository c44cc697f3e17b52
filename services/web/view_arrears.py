"""View models of the arrears pages: list, account, assigning, route and the dashboard's card. Rules: see view.py."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from urllib.parse import urlencode

from services.web.view import Category, Choice, Fact, Moment, Status


@dataclass(frozen=True)
class AccountQuery:
    """What the list's address says; the field names are the query parameters. Empty = not filtered.

    status: "" open, "diduga" presumed paid, "lunas" paid. sto: codes with commas between. bulan: "1", "2", "3", "4+",
    "3+" or "0" for not said. petugas: a collector's id, "0" nobody. janji: "ada", "hari-ini", "lewat", "tanpa".
    hasil: what came of the last visit, "belum" for none. jeda=ya: collection is paused. q: part of a number, a name or
    an address.
    """

    status: str = ""
    sto: str = ""
    bulan: str = ""
    petugas: str = ""
    janji: str = ""
    hasil: str = ""
    jeda: str = ""
    q: str = ""

    def said(self, **changes: str) -> dict[str, str]:
        """What the address says, some fields changed or added, empty ones left out."""
        told = {each.name: str(getattr(self, each.name)) for each in fields(self)} | changes
        return {name: value for name, value in told.items() if value}

    def at(self, path: str = "/tunggakan", **changes: str) -> str:
        """`path` with this query, some fields changed."""
        told = urlencode(self.said(**changes))
        return f"{path}?{told}" if told else path


@dataclass(frozen=True)
class AgeStep:
    """One step of the aging strip. width: its share of the whole amount in percent; hot: the oldest step."""

    label: str
    amount: int
    accounts: int
    href: str
    current: bool = False
    width: float | None = None
    hot: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter of the list with what it may be."""

    name: str
    label: str
    value: str = ""
    value_label: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Promised:
    """A promise to pay: "24 Nov", "Hari ini", "15 Nov lewat"."""

    label: str
    category: Category


@dataclass(frozen=True)
class AccountRow:
    """One account in the list. last: "19 Nov, janji bayar"; href opens it within the same list."""

    id: int
    href: str
    name: str
    internet: str
    sto: str
    months: int | None
    amount: int
    last: str
    promise: Promised | None
    collector: str
    paused: bool = False
    current: bool = False


@dataclass(frozen=True)
class Order:
    """A finished order that names the account's number."""

    no: str
    href: str
    type: str
    status: Status
    at: datetime


@dataclass(frozen=True)
class Proof:
    """A visit with a photo or a place. photo, thumb, map: addresses or empty; far: "120 m" from the one before."""

    at: datetime
    who: str
    result: str
    photo: str = ""
    thumb: str = ""
    map: str = ""
    far: str = ""


@dataclass(frozen=True)
class Monthly:
    """The bill of one month: "Sep 2026"."""

    label: str
    amount: int


@dataclass(frozen=True)
class AccountTyped:
    """What was typed in the account's forms, kept over errors."""

    hasil: str = ""
    tanggal: str = ""
    nominal: str = ""
    catatan: str = ""


@dataclass(frozen=True)
class AccountDetail:
    """One account, whole, with what this person may do to it.

    phones: masked, or in full when `revealed`. errors: field name, or "" for the whole → words. state: none while it
    is open. changed: somebody changed it while this page was open.
    """

    id: int
    version: int
    request_key: str
    name: str
    internet: str
    amount: int
    months: int | None
    promise: Promised | None
    state: Status | None
    facts: tuple[Fact, ...]
    extra: tuple[Fact, ...]
    address: str
    phones: tuple[str, ...]
    collector: str
    collector_id: str
    timeline: tuple[Moment, ...]
    orders: tuple[Order, ...]
    results: tuple[Choice, ...]
    collectors: tuple[Choice, ...]
    query: AccountQuery
    first_day: date
    last_day: date
    proofs: tuple[Proof, ...] = ()
    bills: tuple[Monthly, ...] = ()
    guard: str = ""  # why it may not be called on now
    fault: Order | None = None  # what looks into the fault that pauses collection
    revealed: bool = False
    paused: bool = False
    may_send: bool = False
    may_visit: bool = False
    may_pay: bool = False
    may_assign: bool = False
    may_reveal: bool = False
    typed: AccountTyped = field(default_factory=AccountTyped)
    errors: dict[str, str] = field(default_factory=dict)

    def at(self, act: str = "") -> str:
        """Address of the account, or of one of its acts, within the same list."""
        return self.query.at(f"/tunggakan/{self.id}{'/' + act if act else ''}")


@dataclass(frozen=True)
class Ledger:
    """The list, with or without an account open. total, owed: "861", "Rp 1.038.254.000"; owed is empty if not known.

    as_of: when the newest list was applied, None = there never was one. missing: an unknown account was asked for.
    """

    query: AccountQuery
    aging: tuple[AgeStep, ...]
    chips: tuple[Chip, ...]
    rows: tuple[AccountRow, ...]
    total: str
    owed: str
    as_of: datetime | None
    next: str = ""
    detail: AccountDetail | None = None
    missing: bool = False
    narrowed: bool = False
    later: bool = False  # not the first page
    problem: str = ""


@dataclass(frozen=True)
class Load:
    """A collector in the assignment: what is carried now, and what would be after it. key: the person's id."""

    key: str
    name: str
    accounts: int
    amount: int
    gets: int = 0
    gets_amount: int = 0
    chosen: bool = False


@dataclass(frozen=True)
class Assigning:
    """Who shall work these accounts. picked: ids that were ticked, empty = all that the filters leave.

    mode: "satu" (one collector, `to`; "0" is nobody) or "rata" (dealt evenly). preview: this is what would happen.
    """

    query: AccountQuery
    picked: tuple[str, ...]
    subject: str
    accounts: int
    amount: int
    loads: tuple[Load, ...]
    stos: tuple[str, ...]
    mode: str = "satu"
    to: str = ""
    preview: bool = False
    words: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """A call on the printed route."""

    name: str
    internet: str
    address: str
    phone: str
    sto: str
    months: int | None
    amount: int
    promise: str
    last: str
    paused: bool


@dataclass(frozen=True)
class Route:
    """The printed route. stops None: neither a collector nor an STO was chosen yet. more: the list was cut."""

    query: AccountQuery
    words: str
    stops: tuple[Stop, ...] | None
    amount: int
    more: bool
    collectors: tuple[Choice, ...]
    stos: tuple[Choice, ...]


@dataclass(frozen=True)
class Linked:
    """A figure with the list behind it."""

    label: str
    value: str
    href: str
    category: Category = "working"


@dataclass(frozen=True)
class ArrearsCard:
    """The dashboard's card. aging: as on the list, the whole first; promises: due today and late."""

    aging: tuple[AgeStep, ...]
    promises: tuple[Linked, ...]
    as_of: datetime | None
