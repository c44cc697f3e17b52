"""Audit: who did what, when and from where, narrowed as asked, on screen and as a file. It changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import language, sheets
from services.web import words_audit as words
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _
from services.web.pages import report_files
from services.web.render import render
from services.web.view import Choice
from services.web.view_office import Act, Audit
from shared import clock
from shared.audit import queries
from shared.audit.queries import LONGEST, PAGE, Narrowed
from shared.errors import Invalid
from shared.identifiers import figures, one_line

router = APIRouter()

USUAL = 7  # days that are shown unless asked otherwise
NOBODY = "0"
NOT_A_DAY = N_("Tulis tanggal yang ada di kalender, misalnya 20/11/2026.")
TURNED = N_("Tanggal awal ada setelah tanggal akhir. Tukar keduanya.")
COLUMNS = (
    sheets.Column(N_("Nomor"), "whole", 9),
    sheets.Column(N_("Waktu"), "moment", 17),
    sheets.Column(N_("Siapa"), width=24),
    sheets.Column(N_("Apa"), width=30),
    sheets.Column(N_("Kode"), width=24),
    sheets.Column(N_("Terhadap"), width=30),
    sheets.Column(N_("Lewat"), width=10),
    sheets.Column(N_("Alamat IP"), width=16),
    sheets.Column(N_("Rincian"), width=60),
    sheets.Column(N_("Segel"), width=66),
)


@dataclass(frozen=True)
class Asked:
    """The form as it was typed, and what it asks for unless something is wrong with it."""

    person: str
    kind: str
    since: str
    until: str
    wanted: Narrowed | None
    narrowed: bool
    errors: dict[str, str] = field(default_factory=dict)

    def query(self) -> dict[str, str]:
        """The fields of the address."""
        fields = {"orang": self.person, "apa": self.kind, "dari": self.since, "sampai": self.until}
        return {name: value for name, value in fields.items() if value}


def read(request: Request, visit: Visit) -> Asked:
    """What the address asks; a person or an act that nobody knows simply finds nothing."""
    given = request.query_params
    today = clock.local(clock.now(), visit.zone).date()
    errors: dict[str, str] = {}
    person = one_line(given.get("orang", "")[:40])
    kind = one_line(given.get("apa", "")[:100])[:48]
    typed = {name: one_line(given.get(name, "")[:80])[:40] for name in ("dari", "sampai")}
    last = _day(typed["sampai"], today, "sampai", errors)
    first = _day(typed["dari"], (last or today) - timedelta(days=USUAL - 1), "dari", errors)
    if first and last and not errors:
        if first > last:
            errors["dari"] = _(TURNED)
        elif (last - first).days + 1 > LONGEST:
            errors["sampai"] = _("Rentang paling panjang {longest} hari. Persempit.", longest=LONGEST)
    if person and not (person.isascii() and person.isdigit() and len(person) < 19):
        errors["orang"] = _("Orang ini tidak dikenal. Pilih dari daftar.")
    wanted = None
    if first and last and not errors:
        since, until = clock.day_bounds(first, visit.zone)[0], clock.day_bounds(last, visit.zone)[1]
        wanted = Narrowed(since, until, int(person) if person else None, kind)
    return Asked(
        person,
        kind,
        first.isoformat() if first and not typed["dari"] else typed["dari"],
        last.isoformat() if last and not typed["sampai"] else typed["sampai"],
        wanted,
        bool(person or kind or any(typed.values())),
        errors,
    )


def _day(text: str, otherwise: date, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return otherwise
    found = figures.day(text).value
    if found is None or found.year < 2000 or found.year > 2200:
        errors[name] = _(NOT_A_DAY)
        return None
    return found


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """The place in the list that an address names; None when it names none."""
    at, _line, row = text.partition("_")
    plain = all(part.isascii() and part.isdigit() and len(part) < 18 for part in (at, row))
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at)), int(row)) if plain else None


def _cursor(act: queries.Act) -> str:
    since_epoch = act.row.at - datetime.fromtimestamp(0, UTC)
    return f"{since_epoch // timedelta(microseconds=1)}_{act.row.id}"


@router.get("/audit")
async def show_audit(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The acts, newest first."""
    visit.viewer.must("audit.read")
    asked = read(request, visit)
    acts: list[queries.Act] = []
    if asked.wanted:
        after = read_cursor(request.query_params.get("sesudah", "")[:60])
        acts = await queries.page(session, visit.viewer, asked.wanted, after)
    people = await queries.people(session, visit.viewer)
    kinds = sorted((words.act(code), code) for code in await queries.kinds(session, visit.viewer))
    onward = urlencode(asked.query() | {"sesudah": _cursor(acts[PAGE - 1])}) if len(acts) > PAGE else ""
    view = Audit(
        acts=await _told(session, visit, acts[:PAGE]),
        people=(*(Choice(str(key), name) for key, name in people), Choice(NOBODY, _("Tidak dikenal atau sistem"))),
        kinds=tuple(Choice(code, label) for label, code in kinds),
        person=asked.person,
        kind=asked.kind,
        since=asked.since,
        until=asked.until,
        next=f"/audit?{onward}" if onward else "",
        export=f"/audit/unduh?{urlencode(asked.query())}" if asked.wanted else "",
        narrowed=asked.narrowed,
        errors=asked.errors,
    )
    return HTMLResponse(render("audit.html", shell=visit.shell("audit"), view=view), 422 if asked.errors else 200)


async def _told(session: AsyncSession, visit: Visit, acts: Sequence[queries.Act]) -> tuple[Act, ...]:
    """Acts in words."""
    subjects = (each.row.subject.partition(":") for each in acts)
    ids = {int(key) for kind, _, key in subjects if kind == "person" and key.isdigit() and len(key) < 19}
    names = await queries.names(session, visit.viewer, sorted(ids)) if ids else {}
    return tuple(
        Act(
            id=each.row.id,
            at=each.row.at,
            who=each.name or (_("Tidak dikenal") if each.row.source == "web" else _("Sistem")),
            what=words.act(each.row.what),
            code=each.row.what,
            subject=words.subject(each.row.subject, names),
            source=words.source(each.row.source),
            ip=each.row.ip,
            details=words.details(each.row.details),
        )
        for each in acts
    )


@router.get("/audit/unduh")
async def export_audit(request: Request, session: Session, visit: Visitor) -> Response:
    """The same acts as a CSV file, every page of them; the download is itself written down."""
    visit.viewer.must("audit.read")
    asked = read(request, visit)
    if asked.wanted is None:
        raise Invalid(period="wrong")
    rows = sheets.pulled(_rows(session, visit, asked.wanted), asyncio.get_running_loop())
    name = f"audit-{clock.local(clock.now(), visit.zone):%Y-%m-%d-%H%M}"
    answer = await sheets.answer(name, "csv", [sheets.Sheet(_("Audit"), report_files.heads(COLUMNS), rows)])
    await report_files.note(session, visit, "audit.exported", "audit:list", asked.query())
    return answer


async def _rows(session: AsyncSession, visit: Visit, wanted: Narrowed) -> AsyncIterator[list[tuple[object, ...]]]:
    async for batch in queries.all_of(session, visit.viewer, wanted):
        with language.spoken(visit.language):  # it is drawn from another task, which has not heard
            told = await _told(session, visit, batch)
        yield [
            (
                each.id,
                clock.local(each.at, visit.zone).replace(tzinfo=None),
                each.who,
                each.what,
                each.code,
                each.subject,
                each.source,
                each.ip,
                "; ".join(f"{label}: {value}" for label, value in each.details),
                kept.row.hash,
            )
            for each, kept in zip(told, batch, strict=True)
        ]
