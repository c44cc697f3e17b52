"""The monthly report: a heat table of what was finished, and what came in beside it, day by day."""

from collections.abc import Mapping
from datetime import date, timedelta
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
from services.web.view_reports import Asked, DayCount, Heat, HeatDay, HeatRow, Monthly
from shared.reports import recap_month
from shared.reports.recap_month import Day, Month
from shared.reports.recap_scope import Scope
from shared.reports.tables import kept_of, month_rows, month_sheets
from shared.words import DAYS

router = APIRouter()

PATH = "/laporan/bulanan"
LEVELS = 5
ALL = N_("Semua")


def fields_of(scope: Scope) -> dict[str, str]:
    """The report's address."""
    return {"bulan": f"{scope.first:%Y-%m}", "so": scope.site, "sto": scope.sto, "tipe": scope.type}


def _heat(cells: list[int | None]) -> tuple[Heat, ...]:
    """Shades of a row: the stronger, the nearer to its highest day."""
    most = max((n for n in cells if n), default=1)
    return tuple(
        Heat("", -1) if n is None else Heat(labels.number(n), min(LEVELS, -(-n * LEVELS // most))) for n in cells
    )


def _day_name(day: date) -> str:
    return f"{DAYS[day.weekday()]}, {report_form.day_words(day)}"


def view_of(visit: Visit, asked: Asked, scope: Scope, found: Month) -> Monthly:
    """The report as its page shows it."""
    today = report_form.today_of(visit)
    rows = month_rows(found, _(ALL))
    done, on_time = rows[-1][2], sum(day.on_time for day in found.days)
    facts = [
        (labels.number(sum(day.received.total() for day in found.days)), _("masuk")),
        (labels.number(done), _("selesai")),
    ]
    if done:
        facts.append((labels.percent(on_time / done), _("dalam SLA")))
    if found.median is not None:
        facts.append((labels.minutes(found.median), _("median pengerjaan")))
    before, after = scope.first - timedelta(days=1), scope.last + timedelta(days=1)
    same = {"so": scope.site, "sto": scope.sto, "tipe": scope.type}
    files = (("xlsx", _("Excel")), ("csv", _("CSV per hari")))
    return Monthly(
        asked=asked,
        title=report_form.heading(report_form.month_words(scope.first), scope),
        days=tuple(HeatDay(day.day.day, _day_name(day.day), rest=day.day.weekday() == 6) for day in found.days),
        rows=tuple(HeatRow(name, _heat(cells), labels.number(total)) for name, cells, total in rows),
        counts=tuple(_count(day, same) for day in found.days),
        facts=tuple(facts),
        before=report_form.link(PATH, same | {"bulan": f"{before:%Y-%m}"}) if before >= report_form.EARLIEST else "",
        after=report_form.link(PATH, same | {"bulan": f"{after:%Y-%m}"}) if after <= today else "",
        files=tuple(
            Choice(report_form.link(f"{PATH}/ekspor", fields_of(scope) | {"berkas": name}), word)
            for name, word in files
        ),
    )


def _count(day: Day, same: Mapping[str, str]) -> DayCount:
    name = _day_name(day.day)
    if not day.begun:
        return DayCount(day.day.day, name, None, None, "")
    share = kept_of(day)
    return DayCount(
        day.day.day,
        name,
        day.received.total(),
        day.done.total(),
        labels.percent(share) if share is not None else "–",
        report_form.link(report.PATH, {"dari": day.day.isoformat(), "sampai": day.day.isoformat(), **same}),
    )


@router.get(PATH)
async def show_month(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The report of a month."""
    visit.viewer.must("report.read")
    asked, scope = await report_form.read_month(request, session, visit)
    if scope is None:
        view = Monthly(asked)
    else:
        view = view_of(visit, asked, scope, await recap_month.per_day(session, visit.viewer, scope))
    page = render("report_month.html", shell=visit.shell("laporan"), view=view)
    return HTMLResponse(page, 422 if scope is None else 200)


@router.get(f"{PATH}/ekspor")
async def export_month(request: Request, session: Session, visit: Visitor) -> Response:
    """The report as a file: heat table and days in Excel, the days as CSV."""
    visit.viewer.must("report.read")
    _asked, scope = await report_form.read_month(request, session, visit)
    wanted = request.query_params.get("berkas", "xlsx")
    form = report_files.form_of(wanted, ("xlsx", "csv"))
    if scope is None:
        given = {name: value for name, value in request.query_params.items() if name != "berkas"}
        return RedirectResponse(f"{PATH}?{urlencode(given)}", 303)
    found = await recap_month.per_day(session, visit.viewer, scope)
    subject = _("Rekap bulanan · {first}", first=report_form.month_words(scope.first))
    title = report_files.title_of(visit, subject, report_form.narrowed(scope))
    both = month_sheets(found, (_("Rekap selesai"), _("Per hari")), report.heads(), title)
    answer = await sheets.answer(f"rekap-bulanan-{scope.first:%Y-%m}", form, both if form == "xlsx" else both[1:])
    details = fields_of(scope) | {"berkas": wanted}
    await report_files.note(session, visit, "report.exported", "report:bulanan", details)
    return answer
