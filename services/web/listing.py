"""What the queue's address says: filters, days, order and columns, read from it and put into words. No database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request

from services.web.language import N_, _
from services.web.view_list import COLUMNS, Head, Query, address
from shared import clock
from shared.identifiers import compact, figures, one_line
from shared.orders import board
from shared.orders.board import Filters
from shared.words import MONTHS

EARLIEST = date(2000, 1, 1)
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)

DAY_WORDS = {
    "masuk": N_("Masuk"),
    "tutup": N_("Tutup"),
    "ini": N_("Masuk atau tutup"),
    "kerja": N_("Aktif atau tutup"),
    "kendala": N_("Terkendala"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a list may show. sort: what a click on its head sorts by; look: its class in the table."""

    label: str
    sort: str = ""
    look: str = ""


KNOWN: Mapping[str, Column] = {
    "sla": Column(N_("SLA"), "sla"),
    "tipe": Column(N_("Tipe")),
    "status": Column(N_("Status")),
    "sto": Column(N_("STO"), "sto", "w2"),
    "lokasi": Column(N_("Lokasi"), "sto", "w2"),
    "teknisi": Column(N_("Teknisi"), "teknisi", "w2"),
    "nama": Column(N_("Nama teknisi"), "", "w"),
    "sn": Column(N_("SN modem"), "", "w"),
    "pemegang": Column(N_("Pemegang"), "", "w"),
    "masuk": Column(N_("Masuk"), "masuk", "num"),
    "berubah": Column(N_("Status sejak"), "berubah", "num w"),
    "catatan": Column(N_("Catatan"), "", "w"),
}
"""By their names in the address, in the order in which they stand; the registration number always does."""


def read_query(request: Request) -> Query:
    """What the address says. A view or a day that does not exist is the ordinary one; codes are cleaned as typed."""
    return _read(request.query_params)


def query_of(told: str) -> Query:
    """The same of an address that was kept: what stands after its question mark."""
    return _read(QueryParams(told))


def _read(given: QueryParams) -> Query:
    view, day, sort = given.get("tampilan", "aktif"), given.get("hari", ""), given.get("urut", "")
    first, last = _day(given.get("dari", "")), _day(given.get("sampai", ""))
    if first and last and first > last:
        first, last = last, first
    return Query(
        tampilan=view if view in board.VIEWS else "aktif",  # type: ignore[arg-type]
        sto=compact(given.get("sto", "")[:40])[:16],
        tipe=compact(given.get("tipe", "")[:40])[:16],
        status=one_line(given.get("status", "")[:40])[:16],
        teknisi=compact(given.get("teknisi", "")[:60])[:16],
        hari=day if day in board.DAYS else "",
        alasan=_number(given.get("alasan", "")),
        q=one_line(given.get("q", "")[:200])[:80],
        so=one_line(given.get("so", "")[:40]).upper()[:16],
        pemegang=_number(given.get("pemegang", "")),
        dari=first.isoformat() if first else "",
        sampai=last.isoformat() if last else "",
        telat="ya" if given.get("telat") == "ya" else "",
        urut=sort if sort.removeprefix("-") in board.SORTS else "",
        kolom=",".join(chosen(",".join(given.getlist("kolom"))[:200].split(","))),
    )


def chosen(names: list[str]) -> tuple[str, ...]:
    """The columns among `names`, in the order in which they stand."""
    return tuple(name for name in KNOWN if name in names)


def columns_of(query: Query, looks: Mapping[str, object]) -> tuple[str, ...]:
    """The columns of a list: as its address says, else as its reader prefers, else the usual ones."""
    return chosen_of(query, looks) or COLUMNS


def chosen_of(query: Query, looks: Mapping[str, object]) -> tuple[str, ...]:
    """The same, empty where nobody chose."""
    return chosen(query.kolom.split(",")) or chosen(str(looks.get("columns", "")).split(","))


def _number(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 10 else ""


def _day(text: str) -> date | None:
    found = figures.day(text[:40]).value if text.strip() else None
    return found if found is not None and found >= EARLIEST else None


def filters_of(query: Query, zone: str) -> Filters:
    """The same for the query layer; a day begins in the viewer's zone."""
    since, until = bounds(query, zone)
    return Filters(
        view=query.tampilan,
        sto=query.sto,
        type=query.tipe,
        status=query.status,
        technician=query.teknisi,
        day=query.hari or ("masuk" if query.dari or query.sampai else ""),
        words=query.q,
        reason=int(query.alasan) if query.alasan else None,
        since=since,
        until=until,
        site=query.so,
        holder=int(query.pemegang) if query.pemegang else None,
        late=query.telat == "ya",
        sort=query.urut,
    )


def bounds(query: Query, zone: str) -> tuple[datetime, datetime | None]:
    """From when until when the days of a list last; without any it is today, and what comes."""
    if not query.dari and not query.sampai:
        return clock.day_bounds(clock.local(clock.now(), zone).date(), zone)[0], None
    since = clock.day_bounds(date.fromisoformat(query.dari), zone)[0] if query.dari else BEFORE_ALL
    until = clock.day_bounds(date.fromisoformat(query.sampai), zone)[1] if query.sampai else None
    return since, until


def days_words(query: Query) -> str:
    """`Masuk 1–22 Nov 2026`, `Tutup hari ini`; empty when the list is not narrowed to days."""
    if not (query.hari or query.dari or query.sampai):
        return ""
    what = _(DAY_WORDS[query.hari or "masuk"])
    if not query.dari and not query.sampai:
        return _("Hari ini") if query.hari == "ini" else _("{what} hari ini", what=what)
    first = date.fromisoformat(query.dari) if query.dari else None
    last = date.fromisoformat(query.sampai) if query.sampai else None
    if first is None or last is None:
        told = _("sejak {day}", day=day_words(first)) if first else _("sampai {day}", day=day_words(last or EARLIEST))
        return f"{what} {told}"
    return f"{what} {span_words(first, last)}"


def day_words(day: date) -> str:
    """`20 Nov 2026`"""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def span_words(first: date, last: date) -> str:
    """`20 Nov 2026`, `1–22 Nov 2026`, `30 Okt – 2 Nov 2026`"""
    if first == last:
        return day_words(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_words(last)}"
    begin = day_words(first) if first.year != last.year else f"{first.day} {MONTHS[first.month - 1]}"
    return f"{begin} – {day_words(last)}"


def heads(query: Query, columns: tuple[str, ...], sorted_by: str) -> tuple[Head, ...]:
    """The heads of a list's columns, the registration number after the first; sorted_by: as Query.urut."""
    falling, by = sorted_by.startswith("-"), sorted_by.removeprefix("-")
    made = []
    for name in (*columns[:1], "sc", *columns[1:]):
        column = KNOWN[name] if name != "sc" else Column(N_("No. registrasi"), "sc")
        here = bool(column.sort) and column.sort == by
        onward = f"-{column.sort}" if here and not falling else column.sort
        made.append(
            Head(
                _(column.label),
                href=address(query, urut=onward) if column.sort else "",
                sorted=("descending" if falling else "ascending") if here else "",
                look=column.look,
            )
        )
    return tuple(made)
