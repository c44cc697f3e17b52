"""What a report is asked for: reads the address as people type it, and says in a sentence what cannot be answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.web import labels
from services.web.deps import Visit
from services.web.language import N_, _, name_of
from services.web.view import Choice
from services.web.view_reports import Asked
from shared import clock
from shared.identifiers import compact, figures, one_line
from shared.orders import queries
from shared.places.models import SiteOperation
from shared.reports.recap_month import month_of
from shared.reports.recap_scope import LONGEST, Scope, known_places
from shared.words import DAYS, MONTHS

EARLIEST = date(2000, 1, 1)
LONGEST_TYPED = 40  # characters that are given back to the form
MONTH_NAMES = (
    N_("Januari"),
    N_("Februari"),
    N_("Maret"),
    N_("April"),
    N_("Mei"),
    N_("Juni"),
    N_("Juli"),
    N_("Agustus"),
    N_("September"),
    N_("Oktober"),
    N_("November"),
    N_("Desember"),
)

NOT_A_DAY = N_("Tulis tanggal yang ada di kalender, misalnya 20/11/2026.")
NOT_A_MONTH = N_("Tulis bulan seperti 2026-11.")
TOO_EARLY = N_("Laporan paling awal 1 Jan 2000. Pilih tanggal setelahnya.")
NOT_YET = N_("Hari itu belum tiba. Pilih hari ini atau sebelumnya.")
TURNED = N_("Tanggal awal ada setelah tanggal akhir. Tukar keduanya.")
NO_SITE = N_("Site Operation ini tidak ada di wilayah Anda. Pilih dari daftar.")
NO_STO = N_("STO ini tidak ada di wilayah Anda. Pilih dari daftar.")
NO_TYPE = N_("Tipe order ini tidak ada. Pilih dari daftar.")


def today_of(visit: Visit) -> date:
    """Today where the viewer is at home."""
    return clock.local(clock.now(), visit.zone).date()


def typed(request: Request, name: str) -> str:
    """One field of the address as it was typed, shortened."""
    return one_line(request.query_params.get(name, "")[: 2 * LONGEST_TYPED])[:LONGEST_TYPED]


async def read_days(
    request: Request, session: AsyncSession, visit: Visit, longest: int = LONGEST
) -> tuple[Asked, Scope | None]:
    """The form of a report of days, and its scope unless something is wrong; without any day it is today."""
    today, errors = today_of(visit), dict[str, str]()
    first_typed, last_typed = typed(request, "dari"), typed(request, "sampai")
    first = _day(first_typed or last_typed, today, "dari" if first_typed else "sampai", errors)
    last = _day(last_typed or first_typed, today, "sampai" if last_typed else "dari", errors)
    if first and last and not errors:
        days = (last - first).days + 1
        if days < 1:
            errors["dari"] = _(TURNED)
        elif days > longest:
            errors["sampai"] = _(
                "Rentang paling panjang {longest} hari; ini {n} hari. Persempit.",
                longest=longest,
                n=labels.number(days),
            )
    narrowing = await _narrowing(request, session, visit, errors)
    asked = Asked(
        first=first.isoformat() if first and "dari" not in errors else first_typed or today.isoformat(),
        last=last.isoformat() if last and "sampai" not in errors else last_typed or first_typed or today.isoformat(),
        **vars(narrowing),
        errors=errors,
        latest=today.isoformat(),
    )
    return asked, narrowing.scope(first, last) if first and last and not errors else None


async def read_month(request: Request, session: AsyncSession, visit: Visit) -> tuple[Asked, Scope | None]:
    """The form of the monthly report, and its scope unless something is wrong; without a month it is this one."""
    today, errors = today_of(visit), dict[str, str]()
    text = typed(request, "bulan")
    found = re.fullmatch(r"(\d{4})[-/. ](\d{1,2})|(\d{1,2})[-/. ](\d{4})", text, re.ASCII)
    first: date | None = today.replace(day=1)
    if text:
        first = None
        year, month = (int(found[1] or found[4]), int(found[2] or found[3])) if found else (0, 0)
        if not (1 <= month <= 12 and year):
            errors["bulan"] = _(NOT_A_MONTH)
        elif year < EARLIEST.year:
            errors["bulan"] = _(TOO_EARLY)
        elif (year, month) > (today.year, today.month):
            errors["bulan"] = _("Bulan itu belum tiba. Pilih bulan ini atau sebelumnya.")
        else:
            first = date(year, month, 1)
    narrowing = await _narrowing(request, session, visit, errors)
    asked = Asked(
        month=f"{first:%Y-%m}" if first else text,
        **vars(narrowing),
        errors=errors,
        latest=f"{today:%Y-%m}",
    )
    return asked, narrowing.scope(month_of(first).first, month_of(first).last) if first and not errors else None


def _day(text: str, today: date, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return today
    day = figures.day(text).value
    if day is None:
        errors[name] = _(NOT_A_DAY)
    elif day < EARLIEST:
        errors[name] = _(TOO_EARLY)
    elif day > today:
        errors[name] = _(NOT_YET)
    return day


@dataclass
class Narrowing:
    """What a report is narrowed to, by code, and what there is to choose from; as in `Asked`."""

    site: str
    sto: str
    type: str
    sites: tuple[Choice, ...]
    stos: tuple[Choice, ...]
    types: tuple[Choice, ...]

    def scope(self, first: date, last: date) -> Scope:
        return Scope(first, last, self.sto, self.type, self.site)


async def _narrowing(request: Request, session: AsyncSession, visit: Visit, errors: dict[str, str]) -> Narrowing:
    """The unit, STO and type asked for, and those there are; what is closed or moved away may still be asked for."""
    site, sto, kind = typed(request, "so").upper(), compact(typed(request, "sto")), compact(typed(request, "tipe"))
    known = await known_places(session, visit.viewer)
    ever = {code for _row, codes in known for code in codes}
    named = await session.execute(
        select(SiteOperation.code, SiteOperation.name).where(SiteOperation.code.in_(ever)).order_by(SiteOperation.code)
    )
    sites = tuple(Choice(code, f"{code} {name}") for code, name in named)
    if site and site not in ever:
        errors["so"] = _(NO_SITE)
    if sto and sto not in {row.code for row, _codes in known}:
        errors["sto"] = _(NO_STO)
    data = await queries.master(session)
    if kind and kind not in data.types:
        errors["tipe"] = _(NO_TYPE)
    stos = tuple(Choice(row.code, f"{row.code} {row.name}") for row, _codes in known if row.active or row.code == sto)
    types = (row for row in data.types.values() if row.active or row.code == kind)
    named_types = tuple(Choice(row.code, f"{row.code} {name_of(row)}") for row in types)
    return Narrowing(site, sto, kind, sites if len(sites) > 1 or site else (), stos, named_types)


def period(scope: Scope) -> str:
    """`Kamis, 19 Nov 2026`, or `1 Nov 2026 – 19 Nov 2026`."""
    if scope.first == scope.last:
        return f"{DAYS[scope.first.weekday()]}, {day_words(scope.first)}"
    return f"{day_words(scope.first)} – {day_words(scope.last)}"


def day_words(day: date) -> str:
    """`19 Nov 2026`"""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_words(day: date) -> str:
    """`November 2026`"""
    return f"{_(MONTH_NAMES[day.month - 1])} {day.year}"


def narrowed(scope: Scope) -> str:
    """What the report leaves out, for a title: `SO-SDA, STO SDA, tipe AO`."""
    return ", ".join(
        [
            *([scope.site] if scope.site else []),
            *([f"STO {scope.sto}"] if scope.sto else []),
            *([_("tipe {code}", code=scope.type)] if scope.type else []),
        ]
    )


def heading(period_words: str, scope: Scope) -> str:
    """When, and what is left out: `November 2026, STO SDA`."""
    return ", ".join(filter(None, (period_words, narrowed(scope))))


def link(path: str, fields: Mapping[str, str]) -> str:
    """An address with its fields; empty ones are left out."""
    return f"{path}?{urlencode({name: value for name, value in fields.items() if value})}"


def shifted(scope: Scope, days: int) -> Scope:
    """The same report so many days later."""
    move = timedelta(days=days)
    return replace(scope, first=scope.first + move, last=scope.last + move)
