"""Order types, statuses, the moves between them, and reasons: read by team leader and supervisor, changed by admins."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, name_of, pgettext
from services.web.master_forms import Typed
from services.web.view import Choice
from services.web.view_master import Act, Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared.errors import NotFound
from shared.orders import masterdata
from shared.orders.masterdata import Status
from shared.orders.models import Category, Order, OrderStatus, OrderType, Reason, StatusMove

router = APIRouter()

KEY = "status"
MEANS = {
    Category.RECEIVED: N_("Diterima, belum diambil"),
    Category.WORKING: N_("Sedang dikerjakan"),
    Category.OBSTACLE: N_("Terhambat"),
    Category.DONE: N_("Layanan aktif"),
    Category.CANCELLED: N_("Tidak dilanjutkan"),
}
WHOSE = {"helpdesk": N_("Helpdesk"), "technician": N_("Teknisi"), "customer": N_("Pelanggan"), "system": N_("Sistem")}
CLOCKS = {
    "runs": N_("Berjalan"),
    "stops": N_("Dijeda"),
    "apart": N_("Berjalan, dihitung terpisah"),
    "ends": N_("Berhenti"),
}

ASKED_WORDS = {"sn": N_("SN modem"), "odp": N_("ODP"), "tech": N_("Kode teknisi")}

CODE = Input("code", N_("Kode"), "code", longest=16, hint=N_("Tidak dapat diubah lagi. Contoh AO."))
NAMES = (
    Input("label_id", N_("Nama (Indonesia)"), longest=60),
    Input("label_en", N_("Nama (Inggris)"), longest=60),
)
PLACE = Input("position", N_("Urutan"), "number", longest=3)
STATUS_INPUTS = (
    *NAMES,
    Input("reason_required", N_("Wajib menyebut alasan"), "check", required=False, longest=4),
    PLACE,
)
CATEGORY = Input(
    "category",
    N_("Arti"),
    "select",
    choices=tuple(Choice(each.value, words) for each, words in MEANS.items()),
    hint=N_("Menentukan bentuk, warna, dan hitungan SLA. Tidak dapat diubah lagi."),
)


def back() -> Choice:
    """The way to the overview."""
    return Choice("/status", _("Status dan SLA"))


def standing(active: bool) -> Cell:
    """Whether a row is in use."""
    return Cell(_("Aktif"), category="done") if active else Cell(_("Nonaktif"), category="cancelled")


def status_of(typed: Typed, category: Category) -> Status:
    """The status a form describes; errors are noted in `typed`."""
    return Status(
        label_id=typed.values["label_id"],
        label_en=typed.values["label_en"],
        category=category,
        reason_required=typed.values["reason_required"] == "ya",
        position=typed.number("position"),
    )


async def _all(session: AsyncSession, table: Any) -> list[Any]:
    rows = await session.scalars(select(table).order_by(table.position).execution_options(populate_existing=True))
    return list(rows)


async def overview(session: AsyncSession, visit: Visit) -> Master:
    """The four lists."""
    may = visit.viewer.may("master.change")
    types, statuses, reasons = [await _all(session, table) for table in (OrderType, OrderStatus, Reason)]
    moves = list(await session.scalars(select(StatusMove).execution_options(populate_existing=True)))
    by_type = await masterdata.open_orders(session, visit.viewer, Order.type_code)
    by_status = await masterdata.open_orders(session, visit.viewer, Order.status_code)
    named = {row.code: row for row in statuses}

    def link(path: str) -> str:
        return path if may else ""

    def becomes(old: str) -> str:
        there = [named[move.new] for move in moves if move.old == old and named[move.new].active]
        return ", ".join(name_of(row) for row in sorted(there, key=lambda row: row.position)) or _("Tidak ke mana-mana")

    type_lines = [
        Line(
            (
                Cell(row.code, "code", href=link(f"/status/tipe/{row.code}")),
                Cell(name_of(row)),
                Cell(row.key_pattern, "code"),
                Cell(_("Sampai dibatalkan") if row.keeps_number else _("Selama terbuka"), "dim"),
                Cell(", ".join(_(ASKED_WORDS[name]) for name in row.required) or "\u2013", "dim"),
                Cell(labels.minutes(row.target_minutes), "num"),
                Cell(labels.number(by_type.get(row.code, 0)), "num"),
                standing(row.active),
            ),
            off=not row.active,
        )
        for row in types
    ]
    status_lines = [
        Line(
            (
                Cell(name_of(row), category=row.category.value, href=link(f"/status/status/{row.code}")),
                Cell(_(MEANS[row.category]), "dim"),
                Cell(becomes(row.code), href=link(f"/status/alur/{row.code}")),
                Cell(_("Wajib") if row.reason_required else _("Boleh kosong"), "dim"),
                Cell(labels.number(by_status[row.code]) if row.code in by_status else "\u2013", "num"),
                standing(row.active),
            ),
            off=not row.active,
        )
        for row in statuses
    ]
    reason_lines = [
        Line(
            (
                Cell(name_of(row), href=link(f"/status/alasan/{row.id}")),
                Cell(name_of(named[row.status_code]), category=named[row.status_code].category.value),
                Cell(_(WHOSE.get(row.whose or "", "\u2013"))),
                Cell(_(CLOCKS.get(row.clock, row.clock)), "dim"),
                standing(row.active),
            ),
            off=not row.active,
        )
        for row in sorted(reasons, key=lambda row: (named[row.status_code].position, row.position))
    ]
    type_heads = (
        _("Kode"),
        _("Nama"),
        _("Pola nomor"),
        _("Nomor terpakai"),
        _("Wajib diisi"),
        "#Target",
        f"#{_('Terbuka')}",
        _("Keadaan"),
    )
    status_heads = (_("Status"), _("Arti"), _("Dapat menjadi"), _("Alasan"), f"#{_('Terbuka')}", _("Keadaan"))
    reason_heads = (_("Alasan"), _("Untuk"), _("Waktu milik"), _("Hitungan SLA"), _("Keadaan"))
    return Master(
        title=_("Status dan SLA"),
        lead=_("Bentuk dan warna status tetap; nama, alur, alasan, dan target dapat diubah.")
        if may
        else master_page.read_only(),
        count=_(
            "{types} tipe, {statuses} status, {reasons} alasan",
            types=len(types),
            statuses=len(statuses),
            reasons=len(reasons),
        ),
        tables=(
            Table(
                "tipe",
                pgettext("judul", "Tipe order"),
                type_heads,
                tuple(type_lines),
                add=_add(may, "/status/tipe", _("Tipe")),
            ),
            Table(
                "st",
                _("Status dan alur"),
                status_heads,
                tuple(status_lines),
                add=_add(may, "/status/status", _("Status")),
            ),
            Table(
                "alasan",
                pgettext("judul", "Alasan"),
                reason_heads,
                tuple(reason_lines),
                add=_add(may, "/status/alasan", _("Alasan")),
            ),
        ),
    )


def _add(may: bool, href: str, word: str) -> Choice | None:
    return Choice(href, _("Tambah {lower}", lower=word.lower())) if may else None


def switch(action: str, active: bool, used: str) -> Act:
    """The button that switches one off or on."""
    if active:
        return Act(_("Nonaktifkan"), action, (Choice("aktif", "tidak"),), danger=True, note=used)
    return Act(_("Aktifkan"), action, (Choice("aktif", "ya"),), note=_("Dapat dipilih lagi."))


@router.get("/status")
async def show_overview(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """Types, statuses, moves and reasons."""
    visit.viewer.must("master.read")
    return master_page.show(visit, KEY, await overview(session, visit), request=request)


async def asked_row(session: AsyncSession, visit: Visit, table: Any, key: Any) -> Any:
    """A row to be changed. Raises NotAllowed, NotFound."""
    visit.viewer.must("master.change")
    row = await session.get(table, key, populate_existing=True)
    if row is None:
        raise NotFound
    return row


# --- statuses


def status_form(row: OrderStatus | None) -> Drawn:
    """The form of a status as it stands, or of a new one."""
    if row is None:
        rest = tuple(each for each in STATUS_INPUTS if each.name != "reason_required")
        fields = master_forms.said((CODE, CATEGORY, *rest))
        return master_page.keyed(Drawn("baru", _("Status baru"), "/status/status", fields, cancel="/status"))
    fields = master_forms.filled(
        master_forms.said(STATUS_INPUTS), {each.name: getattr(row, each.name) for each in STATUS_INPUTS}
    )
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/status/status/{row.code}", fields, cancel="/status"))


async def status_page(
    session: AsyncSession, visit: Visit, row: OrderStatus | None, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """One status."""
    form = form or status_form(row)
    if row is None:
        return Master(title=_("Status baru"), back=back(), forms=(form,))
    used = (await masterdata.open_orders(session, visit.viewer, Order.status_code)).get(row.code, 0)
    facts = (
        Fact(_("Kode"), row.code),
        Fact(_("Arti"), _(MEANS[row.category])),
        Fact(_("Order terbuka"), labels.number(used)),
        Fact(_("Keadaan"), _("Aktif") if row.active else _("Nonaktif")),
    )
    note = _(
        "{used} order terbuka berstatus ini; order itu tetap, tetapi status ini tidak dapat dipilih lagi.", used=used
    )
    act = switch(f"/status/status/{row.code}/aktif", row.active, note)
    return Master(
        title=name_of(row), back=back(), facts=facts, facts_title=_("Data"), forms=(form,), acts=(act,), error=error
    )


@router.get("/status/status")
async def show_new_status(session: Session, visit: Visitor) -> HTMLResponse:
    """The form of a new status."""
    visit.viewer.must("master.change")
    return master_page.show(visit, KEY, await status_page(session, visit, None))


@router.get("/status/status/{code}")
async def show_status(code: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One status."""
    row = await asked_row(session, visit, OrderStatus, code)
    return master_page.show(visit, KEY, await status_page(session, visit, row), request=request)


@router.post("/status/status")
async def add_status(session: Session, visit: Visitor, form: Form) -> Response:
    """Add a status; its moves are arranged after."""
    visit.viewer.must("master.change")
    made = status_form(None)
    typed = master_forms.read(form, made.inputs)
    typed.values["reason_required"] = ""
    category = Category(typed.values["category"]) if "category" not in typed.errors else Category.WORKING
    given = status_of(typed, category)

    async def work() -> None:
        await masterdata.save_status(session, visit.viewer, typed.values["code"], given, source="web", new=True)

    again, status = await master_page.saved(session, visit, form, "status", made, typed, work)
    if again is None:
        return master_page.done("/status", "ditambah")
    return master_page.show(visit, KEY, await status_page(session, visit, None, form=again), status=status)


@router.post("/status/status/{code}")
async def change_status(code: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit a status."""
    row = await asked_row(session, visit, OrderStatus, code)
    made = status_form(row)
    typed = master_forms.read(form, made.inputs)
    given = status_of(typed, row.category)

    async def work() -> None:
        await masterdata.save_status(session, visit.viewer, code, given, source="web")

    again, status = await master_page.saved(session, visit, form, "status", made, typed, work)
    if again is None:
        return master_page.done(f"/status/status/{code}", "disimpan")
    return master_page.show(visit, KEY, await status_page(session, visit, row, form=again), status=status)


@router.post("/status/status/{code}/aktif")
async def switch_status(code: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch a status on or off."""
    row, active = await asked_row(session, visit, OrderStatus, code), form.get("aktif") == "ya"
    work = masterdata.switch_status(session, visit.viewer, code, active=active, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done(f"/status/status/{code}", "aktif" if active else "nonaktif")
    return master_page.show(visit, KEY, await status_page(session, visit, row, error=error), status=409)
