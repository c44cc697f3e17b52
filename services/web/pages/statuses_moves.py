"""The moves that leave a status, and reasons: who may take which way, whose time a reason is. Admins only."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _, name_of
from services.web.master_forms import Typed
from services.web.pages.statuses import CLOCKS, KEY, PLACE, WHOSE, back, switch
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Fact, Input, Master
from services.web.view_master import Form as Drawn
from services.web.words import ROLES
from shared.errors import NotFound
from shared.orders import masterdata
from shared.orders.masterdata import MOVERS, Why
from shared.orders.models import OrderStatus, Reason, StatusMove

router = APIRouter()

NOTE = "catatan"  # the box beside the roles: a note is required


def boxes() -> tuple[Choice, ...]:
    """The roles that may, and whether a note is required."""
    return (*(Choice(role.value, _(ROLES[role])) for role in MOVERS), Choice(NOTE, _("Wajib menulis catatan")))


async def statuses(session: AsyncSession) -> list[OrderStatus]:
    """All statuses in their order."""
    rows = await session.scalars(
        select(OrderStatus).order_by(OrderStatus.position).execution_options(populate_existing=True)
    )
    return list(rows)


async def moves_form(session: AsyncSession, old: str) -> tuple[OrderStatus, Drawn]:
    """The ways out of a status: for each other status the roles that may take it. Raises NotFound."""
    known = await statuses(session)
    here = next((row for row in known if row.code == old), None)
    if here is None:
        raise NotFound
    rows = await session.scalars(
        select(StatusMove).where(StatusMove.old == old).execution_options(populate_existing=True)
    )
    moves = {row.new: row for row in rows}
    fields = []
    for row in known:
        if row.code == old:
            continue
        move = moves.get(row.code)
        chosen = frozenset([*move.roles, *([NOTE] if move.note_required else [])]) if move else frozenset()
        label = _("Menjadi {label}", label=name_of(row)) + ("" if row.active else _(" (nonaktif)"))
        fields.append(Input(f"ke_{row.code}", label, "checks", choices=boxes(), chosen=chosen, required=False))
    form = Drawn("alur", _("Siapa boleh"), f"/status/alur/{old}", tuple(fields), cancel="/status")
    return here, master_page.stamped(form)


def moves_page(here: OrderStatus, form: Drawn) -> Master:
    """The page of one status' ways out."""
    return Master(
        title=_("Alur dari {label}", label=name_of(here)),
        lead=_(
            "Tanpa peran yang dicentang, perpindahan itu tidak ada. Berlaku di semua layar paling lambat satu menit."
        ),
        back=back(),
        forms=(form,),
    )


@router.get("/status/alur/{old}")
async def show_moves(old: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The ways out of a status."""
    visit.viewer.must("master.change")
    return master_page.show(visit, KEY, moves_page(*await moves_form(session, old)), request=request)


@router.post("/status/alur/{old}")
async def change_moves(old: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Arrange them."""
    visit.viewer.must("master.change")
    here, made = await moves_form(session, old)
    typed = master_forms.read(form, made.inputs)
    wanted = {
        name.removeprefix("ke_"): (frozenset(boxes - {NOTE}), NOTE in boxes) for name, boxes in typed.many.items()
    }

    async def work() -> None:
        await masterdata.save_moves(session, visit.viewer, old, wanted, source="web")

    again, status = await master_page.saved(session, visit, form, "moves", made, typed, work)
    if again is None:
        return master_page.done(f"/status/alur/{old}", "disimpan")
    return master_page.show(visit, KEY, moves_page(here, again), status=status)


# --- reasons


async def reason_inputs(session: AsyncSession) -> tuple[Input, ...]:
    """The fields of a reason."""
    choices = tuple(Choice(row.code, name_of(row)) for row in await statuses(session))
    return (
        Input("status_code", _("Untuk status"), "select", choices=choices),
        Input("label_id", _("Alasan (Indonesia)"), longest=80),
        Input("label_en", _("Alasan (Inggris)"), longest=80),
        Input(
            "whose",
            _("Waktu milik"),
            "select",
            choices=tuple(Choice(key, _(word)) for key, word in WHOSE.items()),
            required=False,
            hint=_("Kosong untuk alasan yang menutup order."),
        ),
        Input(
            "clock",
            _("Hitungan SLA"),
            "select",
            value="runs",
            choices=tuple(Choice(key, _(word)) for key, word in CLOCKS.items() if key != "ends"),
            required=False,
            hint=_("Alasan yang menutup order selalu menghentikannya."),
        ),
        *master_forms.said((PLACE,)),
    )


async def reason_form(session: AsyncSession, row: Reason | None) -> Drawn:
    """The form of a reason as it stands, or of a new one."""
    fields = await reason_inputs(session)
    if row is None:
        return master_page.keyed(Drawn("baru", _("Alasan baru"), "/status/alasan", fields, cancel="/status"))
    values: dict[str, Any] = {each.name: getattr(row, each.name) for each in fields}
    values["clock"] = "" if row.clock == "ends" else row.clock
    fields = master_forms.filled(fields, values)
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/status/alasan/{row.id}", fields, cancel="/status"))


def reason_of(typed: Typed) -> Why:
    """The reason a form describes; errors are noted in `typed`."""
    return Why(
        status_code=typed.values["status_code"],
        label_id=typed.values["label_id"],
        label_en=typed.values["label_en"],
        whose=typed.values["whose"] or None,
        clock=typed.values["clock"] or "ends",
        position=typed.number("position"),
    )


async def reason_page(
    session: AsyncSession, row: Reason | None, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """One reason."""
    form = form or await reason_form(session, row)
    if row is None:
        return Master(title=_("Alasan baru"), back=back(), forms=(form,))
    used = await masterdata.times_given(session, row.id)
    said = _("lebih dari {n}", n=labels.number(used)) if used >= 10_000 else labels.number(used)
    facts = (Fact(_("Dipakai"), _("{n} kali", n=said)), Fact(_("Keadaan"), _("Aktif") if row.active else _("Nonaktif")))
    act = switch(f"/status/alasan/{row.id}/aktif", row.active, _("Tidak dapat dipilih lagi; riwayat order tetap."))
    return Master(
        title=name_of(row), back=back(), facts=facts, facts_title=_("Data"), forms=(form,), acts=(act,), error=error
    )


async def asked_reason(session: AsyncSession, visit: Visit, reason_id: str) -> Reason:
    """The reason of the address. Raises NotFound."""
    visit.viewer.must("master.change")
    row: Reason | None = await session.get(Reason, whole(reason_id), populate_existing=True)
    if row is None:
        raise NotFound
    return row


@router.get("/status/alasan")
async def show_new_reason(session: Session, visit: Visitor) -> HTMLResponse:
    """The form of a new reason."""
    visit.viewer.must("master.change")
    return master_page.show(visit, KEY, await reason_page(session, None))


@router.get("/status/alasan/{reason_id}")
async def show_reason(reason_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One reason."""
    row = await asked_reason(session, visit, reason_id)
    return master_page.show(visit, KEY, await reason_page(session, row), request=request)


@router.post("/status/alasan")
async def add_reason(session: Session, visit: Visitor, form: Form) -> Response:
    """Add a reason."""
    visit.viewer.must("master.change")
    made = await reason_form(session, None)
    typed = master_forms.read(form, made.inputs)
    why = reason_of(typed)

    async def work() -> None:
        await masterdata.save_reason(session, visit.viewer, why, source="web")

    again, status = await master_page.saved(session, visit, form, "reason", made, typed, work)
    if again is None:
        return master_page.done("/status", "ditambah")
    return master_page.show(visit, KEY, await reason_page(session, None, form=again), status=status)


@router.post("/status/alasan/{reason_id}")
async def change_reason(reason_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit a reason."""
    row = await asked_reason(session, visit, reason_id)
    made = await reason_form(session, row)
    typed = master_forms.read(form, made.inputs)
    why = reason_of(typed)

    async def work() -> None:
        await masterdata.save_reason(session, visit.viewer, why, source="web", reason_id=row.id)

    again, status = await master_page.saved(session, visit, form, "reason", made, typed, work)
    if again is None:
        return master_page.done(f"/status/alasan/{row.id}", "disimpan")
    return master_page.show(visit, KEY, await reason_page(session, row, form=again), status=status)


@router.post("/status/alasan/{reason_id}/aktif")
async def switch_reason(reason_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch a reason on or off."""
    row, active = await asked_reason(session, visit, reason_id), form.get("aktif") == "ya"
    work = masterdata.switch_reason(session, visit.viewer, row.id, active=active, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done(f"/status/alasan/{row.id}", "aktif" if active else "nonaktif")
    return master_page.show(visit, KEY, await reason_page(session, row, error=error), status=409)
