"""Order types: the patterns of their numbers, how long a number stays taken, what must be named, and the target."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, name_of
from services.web.master_forms import Typed
from services.web.pages.statuses import ASKED_WORDS, CODE, KEY, NAMES, PLACE, asked_row, back, switch
from services.web.view import Choice
from services.web.view_master import Fact, Input, Master
from services.web.view_master import Form as Drawn
from shared.orders import masterdata
from shared.orders.masterdata import Type
from shared.orders.models import Order, OrderType

router = APIRouter()

TYPE_INPUTS = (
    *NAMES,
    Input(
        "key_pattern",
        N_("Pola nomor registrasi"),
        "plain",
        value="^SC\\d{6,12}$",
        hint=N_("\\d satu angka, {6,12} banyaknya, (A|B) salah satu."),
    ),
    Input(
        "example",
        N_("Contoh nomor"),
        "code",
        value="SC32232558",
        longest=16,
        hint=N_("Dicoba pada pola sebelum disimpan."),
    ),
    Input("keeps_number", N_("Nomor tetap terpakai setelah order selesai"), "check", required=False, longest=4),
    Input(
        "target_minutes",
        N_("Target SLA (menit)"),
        "number",
        value="60",
        longest=7,
        hint=N_("Berlaku untuk order baru di unit tanpa target sendiri."),
    ),
    Input(
        "required",
        N_("Wajib diisi selain nomor, tipe, dan STO"),
        "checks",
        choices=tuple(Choice(name, word) for name, word in ASKED_WORDS.items()),
        required=False,
        hint=N_("Ditanyakan bot dan ditolak formulir bila kosong."),
    ),
    PLACE,
)


def type_of(typed: Typed) -> Type:
    """The order type a form describes; errors are noted in `typed`."""
    return Type(
        label_id=typed.values["label_id"],
        label_en=typed.values["label_en"],
        key_pattern=typed.values["key_pattern"],
        example=typed.values["example"],
        keeps_number=typed.values["keeps_number"] == "ya",
        target_minutes=typed.number("target_minutes"),
        position=typed.number("position"),
        required=tuple(sorted(typed.many["required"])),
    )


def type_form(row: OrderType | None) -> Drawn:
    """The form of a type as it stands, or of a new one."""
    if row is None:
        return master_page.keyed(
            Drawn("baru", _("Tipe baru"), "/status/tipe", master_forms.said((CODE, *TYPE_INPUTS)), cancel="/status")
        )
    values = {each.name: getattr(row, each.name, "") for each in TYPE_INPUTS} | {"example": "SC32232558"}
    fields = master_forms.filled(master_forms.said(TYPE_INPUTS), values)
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/status/tipe/{row.code}", fields, cancel="/status"))


async def type_page(
    session: AsyncSession, visit: Visit, row: OrderType | None, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """One order type."""
    form = form or type_form(row)
    if row is None:
        return Master(title=_("Tipe order baru"), back=back(), forms=(form,))
    used = (await masterdata.open_orders(session, visit.viewer, Order.type_code)).get(row.code, 0)
    facts = (
        Fact(_("Order terbuka"), labels.number(used)),
        Fact(_("Keadaan"), _("Aktif") if row.active else _("Nonaktif")),
    )
    note = _(
        "Dipakai {used} order terbuka; order yang ada tetap berjalan. Tipe ini tidak dapat dipilih lagi.", used=used
    )
    act = switch(f"/status/tipe/{row.code}/aktif", row.active, note)
    title = f"{row.code} {name_of(row)}"
    return Master(
        title=title, back=back(), facts=facts, facts_title=_("Dipakai oleh"), forms=(form,), acts=(act,), error=error
    )


@router.get("/status/tipe")
async def show_new_type(session: Session, visit: Visitor) -> HTMLResponse:
    """The form of a new type."""
    visit.viewer.must("master.change")
    return master_page.show(visit, KEY, await type_page(session, visit, None))


@router.get("/status/tipe/{code}")
async def show_type(code: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One type."""
    row = await asked_row(session, visit, OrderType, code)
    return master_page.show(visit, KEY, await type_page(session, visit, row), request=request)


@router.post("/status/tipe")
async def add_type(session: Session, visit: Visitor, form: Form) -> Response:
    """Add a type."""
    visit.viewer.must("master.change")
    made = type_form(None)
    typed = master_forms.read(form, made.inputs)
    kind = type_of(typed)

    async def work() -> None:
        await masterdata.save_type(session, visit.viewer, typed.values["code"], kind, source="web", new=True)

    again, status = await master_page.saved(session, visit, form, "type", made, typed, work)
    if again is None:
        return master_page.done("/status", "ditambah")
    return master_page.show(visit, KEY, await type_page(session, visit, None, form=again), status=status)


@router.post("/status/tipe/{code}")
async def change_type(code: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit a type."""
    row = await asked_row(session, visit, OrderType, code)
    made = type_form(row)
    typed = master_forms.read(form, made.inputs)
    kind = type_of(typed)

    async def work() -> None:
        await masterdata.save_type(session, visit.viewer, code, kind, source="web")

    again, status = await master_page.saved(session, visit, form, "type", made, typed, work)
    if again is None:
        return master_page.done(f"/status/tipe/{code}", "disimpan")
    return master_page.show(visit, KEY, await type_page(session, visit, row, form=again), status=status)


@router.post("/status/tipe/{code}/aktif")
async def switch_type(code: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch a type on or off."""
    row, active = await asked_row(session, visit, OrderType, code), form.get("aktif") == "ya"
    work = masterdata.switch_type(session, visit.viewer, code, active=active, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done(f"/status/tipe/{code}", "aktif" if active else "nonaktif")
    return master_page.show(visit, KEY, await type_page(session, visit, row, error=error), status=409)
