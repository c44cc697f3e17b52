"""The queue as a file: exactly the orders that the list on screen holds, all its pages."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.web import listing, sheets
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

MOVED = sheets.Column(N_("Status sejak"), "moment", 17)
HOLDS: dict[str, tuple[str, ...]] = {
    "sla": ("target", "used"),
    "tipe": ("type",),
    "status": ("status", "reason"),
    "sto": ("sto",),
    "lokasi": ("sto", "odp"),
    "teknisi": ("technician_code",),
    "nama": ("technician",),
    "sn": ("serial",),
    "pemegang": ("holder",),
    "masuk": ("received",),
    "berubah": ("moved",),
    "catatan": ("note",),
}
"""Column of the list → what the file says of it."""


def columns_of(query: Query, visit: Visit) -> dict[str, sheets.Column]:
    """The columns of the file: those that the list's reader chose, else all, the registration number first."""
    every = dict(zip(recap_orders.COLUMNS, COLUMNS, strict=True)) | {"moved": MOVED}
    chosen = listing.chosen_of(query, visit.looks)
    names = ["number", *(name for column in chosen for name in HOLDS[column])] if chosen else recap_orders.COLUMNS
    return {name: every[name] for name in names}


def narrowed(query: Query) -> str:
    """The filters of the list in words."""
    views = {view: _(label) for view, label in queue.TABS} | {"semua": _("Termasuk yang tutup")}
    words = [
        _("tampilan {view}", view=views[query.tampilan]) if not query.q else _("pencarian “{words}”", words=query.q)
    ]
    named = (("SO", query.so), ("STO", query.sto), (_("tipe"), query.tipe), (_("status"), query.status))
    words += [f"{name} {value}" for name, value in (*named, (_("teknisi"), query.teknisi)) if value]
    words += [_("pemegang nomor {number}", number=query.pemegang)] if query.pemegang else []
    words += [_("alasan nomor {number}", number=query.alasan)] if query.alasan else []
    words += [_("lewat SLA")] if query.telat else []
    words += [listing.days_words(query).lower()] if listing.days_words(query) else []
    words += [_("urut {name}", name=query.urut)] if query.urut else []
    return ", ".join(words)


def _name(visit: Visit) -> str:
    return f"order-{clock.local(clock.now(), visit.zone):%Y-%m-%d-%H%M}"


@router.get("/order/ekspor")
async def export_queue(request: Request, session: Session, visit: Visitor) -> Response:
    """The list of this address as a file."""
    visit.viewer.must("order.export")
    query = listing.read_query(request)
    form = report_files.form_of(request.query_params.get("berkas", "xlsx"), ("xlsx", "csv"))
    given = listing.filters_of(query, visit.zone)
    columns = columns_of(query, visit)
    listed = recap_orders.listed(session, visit.viewer, given, visit.language, list(columns))
    rows = sheets.pulled(listed, asyncio.get_running_loop())
    title = report_files.title_of(visit, _("Antrean order"), narrowed(query))
    try:
        answer = await sheets.answer(
            _name(visit), form, [sheets.Sheet(_("Order"), report_files.heads(tuple(columns.values())), rows, title)]
        )
    except sheets.TooManyRows as error:
        raise Invalid(rows="too_many") from error
    await report_files.note(
        session, visit, "order.exported", "order:list", {"saringan": narrowed(query), "berkas": form}
    )
    return answer
