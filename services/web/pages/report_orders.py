"""The queue as a file: exactly the orders that the list on screen holds, all its pages."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.web import sheets
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _
from services.web.pages import queue, report_files
from services.web.view import Query
from shared import clock
from shared.errors import Invalid
from shared.reports import recap_orders

router = APIRouter()

COLUMNS = (
    sheets.Column(N_("No. registrasi"), width=16),
    sheets.Column(N_("Tipe"), width=9),
    sheets.Column(N_("Status"), width=12),
    sheets.Column(N_("Alasan"), width=24),
    sheets.Column(N_("SN modem"), width=17),
    sheets.Column("STO", width=7),
    sheets.Column("ODP", width=19),
    sheets.Column(N_("Kode teknisi"), width=13),
    sheets.Column(N_("Teknisi"), width=22),
    sheets.Column(N_("Pemegang"), width=22),
    sheets.Column(N_("Masuk"), "moment", 17),
    sheets.Column(N_("Selesai atau batal"), "moment", 18),
    sheets.Column(N_("Target (mnt)"), "whole", 13),
    sheets.Column(N_("Terpakai (mnt)"), "whole", 14),
    sheets.Column(N_("Umpan balik"), width=40),
    sheets.Column(N_("Catatan"), width=40),
)
"""As recap_orders.COLUMNS, one for one."""

DAYS = {"ini": N_("masuk atau tutup hari ini"), "masuk": N_("masuk hari ini"), "tutup": N_("tutup hari ini")}


def narrowed(query: Query) -> str:
    """The filters of the list in words."""
    views = {view: _(label) for view, label in queue.TABS} | {"semua": _("Termasuk yang tutup")}
    words = [
        _("tampilan {view}", view=views[query.tampilan]) if not query.q else _("pencarian “{words}”", words=query.q)
    ]
    words += [f"{name} {value}" for name, value in (("STO", query.sto), (_("tipe"), query.tipe)) if value]
    words += [
        f"{name} {value}" for name, value in ((_("status"), query.status), (_("teknisi"), query.teknisi)) if value
    ]
    words += [_("alasan nomor {number}", number=query.alasan)] if query.alasan else []
    words += [_(DAYS.get(query.hari, N_("aktif atau tutup hari ini")))] if query.hari else []
    return ", ".join(words)


def _name(visit: Visit) -> str:
    return f"order-{clock.local(clock.now(), visit.zone):%Y-%m-%d-%H%M}"


@router.get("/order/ekspor")
async def export_queue(request: Request, session: Session, visit: Visitor) -> Response:
    """The list of this address as a file."""
    visit.viewer.must("order.export")
    query = queue.read_query(request)
    form = report_files.form_of(request.query_params.get("berkas", "xlsx"), ("xlsx", "csv"))
    given = queue.filters_of(query, visit.zone)
    rows = sheets.pulled(recap_orders.listed(session, visit.viewer, given, visit.language), asyncio.get_running_loop())
    title = report_files.title_of(visit, _("Antrean order"), narrowed(query))
    try:
        answer = await sheets.answer(
            _name(visit), form, [sheets.Sheet(_("Order"), report_files.heads(COLUMNS), rows, title)]
        )
    except sheets.TooManyRows as error:
        raise Invalid(rows="too_many") from error
    await report_files.note(
        session, visit, "order.exported", "order:list", {"saringan": narrowed(query), "berkas": form}
    )
    return answer
