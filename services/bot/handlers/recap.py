"""`/rekap`: today, a month or a date, as the report page counts it and for the person's own area. It counts nothing."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from aiogram import Router
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Answer
from services.bot.asking import Asker, Spoken, command
from services.bot.texts import say
from shared import clock, words
from shared.identifiers import figures
from shared.reports import recap, recap_month
from shared.reports import say as reports
from shared.reports.area import home_of
from shared.reports.recap_month import month_of
from shared.reports.recap_scope import Scope, known_places
from shared.settings import settings

router = Router(name="recap")

EARLIEST = date(2000, 1, 1)
TODAY = frozenset({"hari", "ini", "hariini", "today"})
YESTERDAY = frozenset({"kemarin", "yesterday"})
MONTH = frozenset({"bulan", "month"})
LAST = frozenset({"lalu", "kemarin", "last"})
_MONTH = re.compile(r"(?:(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4}))")


@dataclass(frozen=True, slots=True)
class Period:
    """The days asked for, and whether as a month."""

    scope: Scope
    month: bool


@router.message(command("rekap"))
async def tell(_: Message, asker: Asker, said: Spoken, session: AsyncSession) -> Answer:
    """The table with a link to its page. Raises NotAllowed for a role that may not read reports."""
    viewer, language = asker.viewer, asker.language
    viewer.must("report.read")
    home = await home_of(session, viewer)
    now = clock.now()
    today = clock.local(now, home.zone).date()
    typed = said.rest.split()
    places = {sto.code for sto, _ in await known_places(session, viewer)}
    sto = typed.pop().upper() if typed and typed[-1].upper() in places else ""
    period = read_period(typed, today, sto)
    if period is None and typed and re.fullmatch(r"[A-Za-z]{3}", typed[-1]):
        return Answer(say("recap_sto", language, sto=typed[-1].upper()))
    if period is None:
        return Answer(say("recap_how", language))
    if not EARLIEST <= period.scope.first <= today:
        return Answer(say("recap_future" if period.scope.first > today else "recap_how", language))
    scope = period.scope
    kind = reports.word("monthly" if period.month else "daily", language)
    title = f"{kind} {reports.period(scope, month=period.month)}"
    lines = [reports.area(home.stos if viewer.stos is not None else (), scope, language) + "."]
    if scope.first <= today <= scope.last:
        lines.append(reports.word("so_far", language).format(at=words.time(now, home.zone)))
    if period.month:
        table = reports.monthly(await recap_month.per_day(session, viewer, scope), language)
        path, query = "/laporan/bulanan", {"bulan": f"{scope.first:%Y-%m}"}
    else:
        table = reports.daily(await recap.daily(session, viewer, scope), language)
        path, query = "/laporan/harian", {"dari": scope.first.isoformat(), "sampai": scope.last.isoformat()}
    query |= {"sto": sto} if sto else {}
    link = f"{settings().base_url}{path}?{urlencode(query)}"
    return Answer(reports.message(title, lines, table, link, language), kind="recap")


def read_period(typed: list[str], today: date, sto: str = "") -> Period | None:
    """What days the words after the command mean; nothing is today. None when they mean none."""
    said = [word.lower() for word in typed]
    if not said or set(said) <= TODAY:
        return Period(Scope(today, today, sto), month=False)
    if said[0] in YESTERDAY and len(said) == 1:
        day = today - timedelta(days=1)
        return Period(Scope(day, day, sto), month=False)
    if said[0] in MONTH:
        rest = set(said[1:])
        if rest and rest <= LAST:
            return Period(month_of(today.replace(day=1) - timedelta(days=1), sto), month=True)
        if not rest - {"ini"}:
            return Period(month_of(today, sto), month=True)
        said = said[1:]
    found = _MONTH.fullmatch(said[0]) if len(said) == 1 else None
    if found is not None:
        year, month = int(found[1] or found[4]), int(found[2] or found[3])
        known = 1 <= month <= 12 and year >= EARLIEST.year
        return Period(month_of(date(year, month, 1), sto), month=True) if known else None
    named = figures.day(" ".join(typed)).value
    return Period(Scope(named, named, sto), month=False) if named is not None else None
