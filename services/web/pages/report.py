"""The daily report: its page, and the tables that page and file share."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import labels, sheets
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _
from services.web.pages import report_files, report_form
from services.web.render import render
from services.web.view import Choice, Query, address
from services.web.view_reports import Asked, Daily, Figure, Line, Table, Top
from shared.reports import recap, tables
from shared.reports.recap import Recap, Sums
from shared.reports.recap_scope import Scope
from shared.reports.tables import Heads, kept, numbers

router = APIRouter()

PATH = "/laporan/harian"
BEST = 8  # technicians in the ranking
COUNTED = (
    (N_("Masuk"), ""),
    (N_("Selesai"), "done"),
    (N_("Kendala"), "obstacle"),
    (N_("Batal"), "cancelled"),
    (N_("Sisa"), ""),
)
KEPT = N_("Dalam SLA")
_CODE = "\x00"  # stands in an address for a code, as no code holds it
_SAID = quote_plus(_CODE)
_NOTHING = Figure("0")


def fields_of(scope: Scope) -> dict[str, str]:
    """The report's address."""
    return {
        "dari": scope.first.isoformat(),
        "sampai": scope.last.isoformat(),
        "so": scope.site,
        "sto": scope.sto,
        "tipe": scope.type,
    }


def table_of(found: Recap, lines: Sequence[recap.Line], links: Mapping[str, str] | None, key: str) -> Table:
    """The lines as the page shows them. links: the queue's fields a figure opens with, for today's report only."""
    # Hundreds of lines open nearly the same lists: their addresses are made once, with a place for the line's code.
    whole = _hrefs(found, links) if links is not None else [""] * (len(found.types) + len(COUNTED))
    ofline = _hrefs(found, {**links, key: _CODE}) if links is not None else whole

    def figures(sums: Sums, code: str = "") -> tuple[Figure, ...]:
        counted, share, said = numbers(found, sums), kept(sums), quote_plus(code)
        hrefs = ofline if code else whole
        rows = [
            Figure(labels.number(n), href.replace(_SAID, said)) if n else _NOTHING
            for n, href in zip(counted, hrefs, strict=True)
        ]
        return (*rows, Figure(labels.percent(share) if share is not None else "–"))

    return Table(
        heads=(
            *((kind, "") for kind in found.types),
            *((_(word), category) for word, category in COUNTED),
            (_(KEPT), ""),
        ),
        lines=tuple(Line(each.code, each.name, figures(each.sums, each.code)) for each in lines),
        total=figures(found.total),
    )


def _hrefs(found: Recap, fields: Mapping[str, str]) -> list[str]:
    """The lists behind a line's figures, as far as the queue can show them: they count the same."""
    came = Query(tampilan="semua", hari="masuk")
    closed = Query(tampilan="semua", hari="tutup")
    return [
        *(address(came, **{**fields, "tipe": kind}) for kind in found.types),
        address(came, **fields),
        address(closed, **{**fields, "status": "done"}),
        address(Query(tampilan="kendala"), **fields),
        address(closed, **{**fields, "status": "cancelled"}),
        "",
    ]


def view_of(visit: Visit, asked: Asked, scope: Scope, found: Recap) -> Daily:
    """The report as its page shows it."""
    today = report_form.today_of(visit)
    now_here = scope.first == scope.last == today and set(found.zones) == {visit.zone}
    links = {"so": scope.site, "sto": scope.sto, "tipe": scope.type} if now_here else None
    best = [line for line in found.technicians if line.code and line.sums.done][:BEST]
    days = (scope.last - scope.first).days + 1
    after = report_form.shifted(scope, days)
    files = (("xlsx", _("Excel")), ("csv", _("CSV per STO")), ("csv-teknisi", _("CSV per teknisi")))
    return Daily(
        asked=asked,
        title=report_form.heading(report_form.period(scope), scope),
        stos=table_of(found, found.stos, links, "sto"),
        technicians=table_of(
            found, found.technicians, links if links is not None and _codes_alone(found) else None, "teknisi"
        ),
        top=tuple(
            Top(line.code, line.name, line.sums.done, round(100 * line.sums.done / best[0].sums.done, 1))
            for line in best
        ),
        before=_address(report_form.shifted(scope, -days)) if scope.first > report_form.EARLIEST else "",
        after=_address(after) if after.last <= today else "",
        files=tuple(
            Choice(report_form.link(f"{PATH}/ekspor", fields_of(scope) | {"berkas": name}), word)
            for name, word in files
        ),
    )


def _address(scope: Scope) -> str:
    return report_form.link(PATH, fields_of(scope))


def _codes_alone(found: Recap) -> bool:
    """Whether every line has a code to link with; the queue cannot ask for orders without one."""
    return all(line.code for line in found.technicians)


@router.get("/laporan")
async def show_reports(visit: Visitor) -> Response:
    """The reports begin with the day's."""
    visit.viewer.must("report.read")
    return RedirectResponse(PATH, 303)


@router.get(PATH)
async def show_daily(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The report of a day or of a range of days."""
    visit.viewer.must("report.read")
    asked, scope = await report_form.read_days(request, session, visit)
    if scope is None:
        view = Daily(asked)
    else:
        view = view_of(visit, asked, scope, await recap.daily(session, visit.viewer, scope))
    page = render("report_daily.html", shell=visit.shell("laporan"), view=view)
    return HTMLResponse(page, 422 if scope is None else 200)


def heads() -> Heads:
    """What the columns of a file are called."""
    received, done, obstacle, cancelled, left = (_(word) for word, _category in COUNTED)
    return Heads(
        _("Nama"),
        (received, done, obstacle, cancelled, left),
        _(KEPT),
        _("Jumlah"),
        _("Tipe"),
        _("Tanggal"),
        _("Semua"),
    )


@router.get(f"{PATH}/ekspor")
async def export_daily(request: Request, session: Session, visit: Visitor) -> Response:
    """The report as a file: both tables in Excel, one of them as CSV."""
    visit.viewer.must("report.read")
    _asked, scope = await report_form.read_days(request, session, visit)
    wanted = request.query_params.get("berkas", "xlsx")
    form = report_files.form_of(wanted, ("xlsx", "csv", "csv-teknisi"))
    if scope is None:
        given = {name: value for name, value in request.query_params.items() if name != "berkas"}
        return RedirectResponse(f"{PATH}?{urlencode(given)}", 303)
    found = await recap.daily(session, visit.viewer, scope)
    title = report_files.title_of(
        visit, _("Laporan harian · {scope}", scope=report_form.period(scope)), report_form.narrowed(scope)
    )
    both = [
        tables.daily_sheet(found, found.stos, _("Per STO"), "STO", heads(), title),
        tables.daily_sheet(found, found.technicians, _("Per teknisi"), _("Teknisi"), heads(), title),
    ]
    name = f"laporan-harian-{scope.first}" + (f"-{scope.last}" if scope.last != scope.first else "")
    if wanted == "csv-teknisi":
        both, name = both[1:], f"{name}-teknisi"
    answer = await sheets.answer(name, form, both)
    details = fields_of(scope) | {"berkas": wanted}
    await report_files.note(session, visit, "report.exported", "report:harian", details)
    return answer
