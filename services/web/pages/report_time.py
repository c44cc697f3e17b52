"""The report of time: whose the hours of finished orders were, and which obstacles took them."""

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import labels, sheets
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _
from services.web.pages import report, report_files, report_form
from services.web.render import render
from services.web.view import Choice
from services.web.view_reports import Asked, Share, Times
from shared.reports import recap_time
from shared.reports.recap_scope import Scope
from shared.reports.recap_time import Taken, TimeRecap

router = APIRouter()

PATH = "/laporan/waktu"
SIDES = {"helpdesk": N_("Helpdesk"), "technician": N_("Teknisi"), "customer": N_("Pelanggan"), "system": N_("Sistem")}
NO_REASON = N_("Tanpa alasan")

Row = tuple[str, Taken]


def tables_of(found: TimeRecap) -> dict[str, list[Row]]:
    """The four rankings by name, as page and file hold them."""
    return {
        _("Pihak"): [(_(SIDES[side]), taken) for side, taken in found.sides.items()],
        _("Alasan kendala"): [(label or _(NO_REASON), taken) for label, taken in found.reasons],
        _("Kendala per STO"): list(found.stos),
        _("Kendala per ODP"): list(found.odps),
    }


def hours(seconds: int) -> str:
    """`141 j 5 mnt`: working time has no days of 24 hours."""
    whole, rest = divmod(seconds // 60, 60)
    short = f"{rest}{labels.NBSP}{labels.unit('mnt')}"
    return f"{labels.number(whole)}{labels.NBSP}{labels.unit('j')} {short}" if whole else short


def shares_of(rows: Sequence[Row], *, code: bool = False) -> tuple[Share, ...]:
    """The rows with their part of the whole."""
    whole = sum(taken.seconds for _name, taken in rows)
    most = max((taken.seconds for _name, taken in rows), default=0)
    return tuple(
        Share(
            label,
            labels.number(taken.orders),
            hours(taken.seconds),
            labels.percent(taken.seconds / whole) if whole else "–",
            round(100 * taken.seconds / most, 1) if most else 0.0,
            code,
        )
        for label, taken in rows
    )


def view_of(visit: Visit, asked: Asked, scope: Scope, found: TimeRecap) -> Times:
    """The report as its page shows it."""
    sides, reasons, stos, odps = tables_of(found).values()
    days = (scope.last - scope.first).days + 1
    before, after = report_form.shifted(scope, -days), report_form.shifted(scope, days)
    files = (("xlsx", _("Excel")), ("csv", _("CSV alasan kendala")))
    return Times(
        asked=asked,
        title=report_form.heading(report_form.period(scope), scope),
        sides=shares_of(sides) if any(taken.orders for _name, taken in sides) else (),
        reasons=shares_of(reasons),
        stos=shares_of(stos, code=True),
        odps=shares_of(odps, code=True),
        before=report_form.link(PATH, report.fields_of(before)) if before.first >= report_form.EARLIEST else "",
        after=report_form.link(PATH, report.fields_of(after)) if after.last <= report_form.today_of(visit) else "",
        files=tuple(
            Choice(report_form.link(f"{PATH}/ekspor", report.fields_of(scope) | {"berkas": name}), word)
            for name, word in files
        ),
    )


@router.get(PATH)
async def show_times(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """Whose the time was, in up to a month."""
    visit.viewer.must("report.read")
    asked, scope = await report_form.read_days(request, session, visit, recap_time.LONGEST)
    if scope is None:
        view = Times(asked)
    else:
        view = view_of(visit, asked, scope, await recap_time.lost(session, visit.viewer, scope, visit.language))
    page = render("report_time.html", shell=visit.shell("laporan"), view=view)
    return HTMLResponse(page, 422 if scope is None else 200)


def sheet_of(name: str, rows: Sequence[Row], title: tuple[str, ...]) -> sheets.Sheet:
    """One ranking as a table of a file."""
    whole = sum(taken.seconds for _name, taken in rows)
    columns = (
        sheets.Column(name, width=30),
        sheets.Column(_("Order"), "whole", 10),
        sheets.Column(_("Waktu (mnt)"), "whole", 13),
        sheets.Column(_("Bagian"), "share", 10),
    )
    cells = [(label, each.orders, each.seconds // 60, each.seconds / whole if whole else None) for label, each in rows]
    return sheets.Sheet(name, columns, cells, title)


@router.get(f"{PATH}/ekspor")
async def export_times(request: Request, session: Session, visit: Visitor) -> Response:
    """The report as a file: a sheet a ranking in Excel, the reasons as CSV."""
    visit.viewer.must("report.read")
    _asked, scope = await report_form.read_days(request, session, visit, recap_time.LONGEST)
    wanted = request.query_params.get("berkas", "xlsx")
    form = report_files.form_of(wanted, ("xlsx", "csv"))
    if scope is None:
        given = {name: value for name, value in request.query_params.items() if name != "berkas"}
        return RedirectResponse(f"{PATH}?{urlencode(given)}", 303)
    found = await recap_time.lost(session, visit.viewer, scope, visit.language)
    title = report_files.title_of(
        visit, _("Waktu kerja · {scope}", scope=report_form.period(scope)), report_form.narrowed(scope)
    )
    tables = [sheet_of(name, rows, title) for name, rows in tables_of(found).items()]
    answer = await sheets.answer(f"waktu-{scope.first}-{scope.last}", form, tables if form == "xlsx" else tables[1:])
    details = report.fields_of(scope) | {"berkas": wanted}
    await report_files.note(session, visit, "report.exported", "report:waktu", details)
    return answer
