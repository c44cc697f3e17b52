"""The days a dashboard tells of: read from its address, put into words, and checked. It counts nothing."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from starlette.requests import Request

from services.web.language import N_, _
from services.web.listing import span_words
from services.web.view import Choice, Query
from shared import clock
from shared.identifiers import figures, one_line

LONGEST = 92  # days: as in the reports
EARLIEST = date(2000, 1, 1)
TODAY = "hari"
KNOWN = {
    TODAY: N_("Hari ini"),
    "kemarin": N_("Kemarin"),
    "7": N_("7 hari"),
    "30": N_("30 hari"),
    "bulan": N_("Bulan ini"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included. name: one of KNOWN, empty for days of one's own choice.

    error: why the days that were asked for cannot be shown; then it is today. typed: what was asked for.
    """

    name: str
    first: date
    last: date
    zone: str
    error: str = ""
    typed: tuple[str, str] = ("", "")

    @property
    def today(self) -> bool:
        """Whether it is the running day."""
        return self.name == TODAY

    def bounds(self) -> tuple[datetime, datetime]:
        """The moment it begins at, and the one it is over at."""
        return clock.day_bounds(self.first, self.zone)[0], clock.day_bounds(self.last, self.zone)[1]

    def words(self) -> str:
        """`hari ini`, `kemarin`, `7 hari`, `1–22 Nov 2026`"""
        return _(KNOWN[self.name]).lower() if self.name else span_words(self.first, self.last)

    def told(self) -> dict[str, str]:
        """The same as an address says it; today says nothing."""
        if self.name:
            return {} if self.today else {"periode": self.name}
        return {"dari": self.first.isoformat(), "sampai": self.last.isoformat()}

    def narrow(self, query: Query) -> Query:
        """The list of these days; one of today begins at midnight by itself."""
        return query if self.today else replace(query, dari=self.first.isoformat(), sampai=self.last.isoformat())


def choices() -> tuple[Choice, ...]:
    """The periods that have a name."""
    return tuple(Choice(name, _(label)) for name, label in KNOWN.items())


def read(request: Request, zone: str) -> Period:
    """What the address asks for; what cannot be answered is today, with a sentence."""
    today = clock.local(clock.now(), zone).date()
    given = request.query_params
    typed = (one_line(given.get("dari", "")[:80])[:40], one_line(given.get("sampai", "")[:80])[:40])
    if any(typed):
        return _days(typed, today, zone)
    firsts = {
        TODAY: today,
        "kemarin": today - timedelta(days=1),
        "7": today - timedelta(days=6),
        "30": today - timedelta(days=29),
        "bulan": today.replace(day=1),
    }
    name = given.get("periode", TODAY)
    name = name if name in firsts else TODAY
    return Period(name, firsts[name], firsts[name] if name == "kemarin" else today, zone)


def _days(typed: tuple[str, str], today: date, zone: str) -> Period:
    first, last = (figures.day(text or other).value for text, other in (typed, typed[::-1]))
    error = ""
    if first is None or last is None:
        error = _("Tulis tanggal yang ada di kalender, misalnya 20/11/2026.")
    else:
        first, last = min(first, last), max(first, last)
        many = (last - first).days + 1
        if first < EARLIEST:
            error = _("Paling awal 1 Jan 2000. Pilih tanggal setelahnya.")
        elif first > today:
            error = _("Hari itu belum tiba. Pilih hari ini atau sebelumnya.")
        elif many > LONGEST:
            error = _("Rentang paling panjang {most} hari; ini {many} hari. Persempit.", most=LONGEST, many=many)
    if error or first is None or last is None:
        return Period(TODAY, today, today, zone, error, typed)
    last = min(last, today)
    return Period(TODAY if first == last == today else "", first, last, zone, "", typed)
