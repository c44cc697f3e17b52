"""The queue as a file: exactly the orders that the list on screen holds, all its pages."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.web import sheets
from services.web.deps import Session, Visit, Visitor
from services.web.pages import queue, report_files
from services.web.view import Query
from shared import clock
from shared.errors import Invalid
from shared.reports import recap_orders

router = APIRouter()

COLUMNS = (
    sheets.Column("No. registrasi", width=16),
    sheets.Column("Tipe", width=9),
    sheets.Column("Status", width=12),
    sheets.Column("Alasan", width=24),
    sheets.Column("SN modem", width=17),
    sheets.Column("STO", width=7),
    sheets.Column("ODP", width=19),
    sheets.Column("Kode teknisi", width=13),
    sheets.Column("Teknisi", width=22),
    sheets.Column("Pemegang", width=22),
    sheets.Column("Masuk", "moment", 17),
    sheets.Column("Selesai atau batal", "moment", 18),
    sheets.Column("Target (mnt)", "whole", 13),
    sheets.Column("Terpakai (mnt)", "whole", 14),
    sheets.Column("Umpan balik", width=40),
    sheets.Column("Catatan", width=40),
)
"""As recap_orders.COLUMNS, one for one."""

DAYS = {"ini": "masuk atau tutup hari ini", "masuk": "masuk hari ini", "tutup": "tutup hari ini"}


def narrowed(query: Query) -> str:
    """The filters of the list in words."""
    views = dict(queue.TABS) | {"semua": "Termasuk yang tutup"}
    words = [f"tampilan {views[query.tampilan]}" if not query.q else f"pencarian “{query.q}”"]
    words += [f"{name} {value}" for name, value in (("STO", query.sto), ("tipe", query.tipe)) if value]
    words += [f"{name} {value}" for name, value in (("status", query.status), ("teknisi", query.teknisi)) if value]
    words += [f"alasan nomor {query.alasan}"] if query.alasan else []
    words += [DAYS.get(query.hari, "aktif atau tutup hari ini")] if query.hari else []
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
    rows = sheets.pulled(recap_orders.listed(session, visit.viewer, given), asyncio.get_running_loop())
    title = report_files.title_of(visit, "Antrean order", narrowed(query))
    try:
        answer = await sheets.answer(_name(visit), form, [sheets.Sheet("Order", COLUMNS, rows, title)])
    except sheets.TooManyRows as error:
        raise Invalid(rows="too_many") from error
    await report_files.note(
        session, visit, "order.exported", "order:list", {"saringan": narrowed(query), "berkas": form}
    )
    return answer
