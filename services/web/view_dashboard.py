"""View models of the dashboard. A card that is None could not be loaded and says so alone. Rules: see view.py."""

from dataclasses import dataclass
from typing import Literal

from services.web.view import Choice, Fact, Query, Sla, Status
from services.web.view_arrears import ArrearsCard
from services.web.view_claims import Crew
from services.web.view_reports import DayCount


@dataclass(frozen=True)
class Kpi:
    """A linked figure. value and unit are shown as they are: "42", "mnt"; `late` colours it crimson."""

    label: str
    value: str
    note: str
    href: str
    unit: str = ""
    late: bool = False


@dataclass(frozen=True)
class MatrixRow:
    type: str
    label: str
    counts: tuple[int, ...]  # as long as Matrix.statuses

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Matrix:
    """Order type × progress. `query` is what a figure's link starts from; type and status are added to it."""

    statuses: tuple[Status, ...]
    rows: tuple[MatrixRow, ...]
    query: Query

    @property
    def most(self) -> int:
        """Of all rows."""
        return max((row.total for row in self.rows), default=0)

    @property
    def totals(self) -> tuple[int, ...]:
        """Of each status."""
        return tuple(sum(row.counts[place] for row in self.rows) for place in range(len(self.statuses)))


@dataclass(frozen=True)
class Todo:
    no: str
    type: str
    sla: Sla
    why: str  # "OGP, teknisi sudah membalas"
    who: str  # holder, or the STO when nobody holds it


@dataclass(frozen=True)
class Hour:
    """Orders in one hour; None = that hour has not begun. usual: mean received on this weekday, None = unknown."""

    hour: int
    received: int | None
    done: int | None
    usual: float | None = None


@dataclass(frozen=True)
class Hours:
    """running: the day is not over, so the chart shows where we are."""

    hours: tuple[Hour, ...]
    usual_label: str = ""  # "Masuk, rata-rata Jumat"
    running: bool = True


@dataclass(frozen=True)
class Day:
    """What came in and was finished in a day, each with the list behind it."""

    label: str  # "Sabtu, 21 Nov 2026"
    received: int
    done: int
    received_href: str
    done_href: str


@dataclass(frozen=True)
class Days:
    """A period of several days. chart: as report_chart.per_day takes it."""

    days: tuple[Day, ...]
    chart: tuple[DayCount, ...]


@dataclass(frozen=True)
class Count:
    label: str
    n: int
    href: str = ""


@dataclass(frozen=True)
class Health:
    """Bot and delivery: one word with a glyph, and facts."""

    state: Literal["ok", "slow", "down"]
    label: str  # "Tersambung", "Lambat", "Terputus"
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Dashboard:
    """periods: what `periode` may be; period: the one shown, empty for days of one's own choice.

    words: the period in words; told: the address's query that asks for it again; first, last: as the form has them,
    latest: the last day that may be asked for; wrong: why the days that were asked for cannot be shown.
    by_day: the period has several days, so `days` stands in the place of `hours`.
    """

    period: str
    periods: tuple[Choice, ...]
    kpis: tuple[Kpi, ...] | None
    matrix: Matrix | None
    todo: tuple[Todo, ...] | None
    todo_total: int
    hours: Hours | None
    obstacles: tuple[Count, ...] | None
    health: Health | None
    crew: Crew | None = None
    shows_crew: bool = False  # only team leaders see who is at work
    words: str = ""
    told: str = ""
    first: str = ""
    last: str = ""
    latest: str = ""
    wrong: str = ""
    by_day: bool = False
    days: Days | None = None
    today: bool = True
    arrears: ArrearsCard | None = None
    shows_arrears: bool = False
