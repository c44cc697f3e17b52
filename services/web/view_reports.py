"""View models of the reports and of what they are asked for. Rules: see view.py.

Routes (need `report.read`; `dari` and `sampai` are days, `bulan` a month, `so`, `sto` and `tipe` codes)
    GET /laporan                   → 303 /laporan/harian
    GET /laporan/harian ?dari= sampai= so= sto= tipe=     report_daily.html    Daily
    GET /laporan/bulanan ?bulan= so= sto= tipe=           report_month.html    Monthly
    GET /laporan/waktu ?dari= sampai= so= sto= tipe=      report_time.html     Times
    GET …/ekspor below each ?the same & berkas=       the file; wrongly asked: 303 to the page
A question that cannot be answered draws the page again with what was typed and why: 422, no figures.
"""

from dataclasses import dataclass, field

from services.web.view import Choice


@dataclass(frozen=True)
class Asked:
    """The form as it was typed. errors: field name → words. days: whether `first` and `last` are real days."""

    first: str = ""
    last: str = ""
    month: str = ""
    site: str = ""
    sto: str = ""
    type: str = ""
    sites: tuple[Choice, ...] = ()  # empty: there is but one, and nothing to choose
    stos: tuple[Choice, ...] = ()
    types: tuple[Choice, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    latest: str = ""  # today, as browsers want it


@dataclass(frozen=True)
class Figure:
    """A number of a table; `href` opens the list behind it, where there is one."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Line:
    """One STO or technician. figures: as long as Table.heads."""

    code: str
    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Table:
    """heads: a label each; a label that is a Category draws its glyph before its word."""

    heads: tuple[tuple[str, str], ...]  # (label, category or "")
    lines: tuple[Line, ...]
    total: tuple[Figure, ...]


@dataclass(frozen=True)
class Top:
    """A technician of the ranking; share is of the best one, 0–100."""

    code: str
    name: str
    done: int
    share: float


@dataclass(frozen=True)
class Daily:
    """The daily report; `stos` is None when it could not be asked (see `asked.errors`)."""

    asked: Asked
    title: str = ""
    stos: Table | None = None
    technicians: Table | None = None
    top: tuple[Top, ...] = ()
    before: str = ""  # addresses of the period before and after, and of the files
    after: str = ""
    files: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Heat:
    """A cell of the heat table: level 0–5, or -1 for a day that has not begun."""

    text: str
    level: int


@dataclass(frozen=True)
class HeatRow:
    label: str
    cells: tuple[Heat, ...]
    total: str


@dataclass(frozen=True)
class HeatDay:
    number: int
    name: str  # "Minggu, 22 Nov 2026"
    rest: bool


@dataclass(frozen=True)
class DayCount:
    """What came in and was finished in a day; None where it has not begun. `href` opens that day's report."""

    number: int
    name: str
    received: int | None
    done: int | None
    kept: str
    href: str = ""


@dataclass(frozen=True)
class Monthly:
    asked: Asked
    title: str = ""
    days: tuple[HeatDay, ...] = ()
    rows: tuple[HeatRow, ...] | None = None
    counts: tuple[DayCount, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()  # (value, word): ("1.450", "selesai")
    before: str = ""
    after: str = ""
    files: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Share:
    """A line of a ranking: what took how much. width: of the longest, 0–100."""

    label: str
    orders: str
    time: str
    percent: str
    width: float
    code: bool = False


@dataclass(frozen=True)
class Times:
    """Whose the time was, and what stopped orders; `sides` is None when it could not be asked."""

    asked: Asked
    title: str = ""
    sides: tuple[Share, ...] | None = None
    reasons: tuple[Share, ...] = ()
    stos: tuple[Share, ...] = ()
    odps: tuple[Share, ...] = ()
    before: str = ""
    after: str = ""
    files: tuple[Choice, ...] = ()
