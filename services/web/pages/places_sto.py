"""What is done with STO and holidays: added, edited, moved, switched; admins only, others read within their area."""

from datetime import date

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _, ngettext
from services.web.pages.places import sto_inputs, sto_of
from services.web.pages.places_sto_page import move_form, sto_form, sto_page, stos_page
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Cell, Chip, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared.errors import NotFound
from shared.places import operations
from shared.places.models import Holiday, SiteOperation, Sto
from shared.words import DAYS, MONTHS

router = APIRouter()


async def asked_sto(session: AsyncSession, visit: Visit, sto_id: str) -> Sto:
    """The STO of the address. Raises NotFound, also outside the reader's area."""
    visit.viewer.must("master.read")
    found: Sto | None = await session.scalar(
        select(Sto)
        .where(Sto.id == whole(sto_id), visit.viewer.within(Sto.id))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


@router.get("/sto")
async def show_stos(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The STO."""
    visit.viewer.must("master.read")
    return master_page.show(visit, "sto", await stos_page(session, visit), request=request)


@router.post("/sto")
async def add_sto(session: Session, visit: Visitor, form: Form) -> Response:
    """Add an STO."""
    visit.viewer.must("master.change")
    made = master_page.keyed(Drawn("baru", _("Tambah STO"), "/sto", await sto_inputs(session, visit, new=True)))
    typed = master_forms.read(form, made.inputs)
    given = sto_of(typed)

    async def work() -> None:
        await operations.save_sto(session, visit.viewer, given, source="web")

    again, status = await master_page.saved(session, visit, form, "sto", made, typed, work)
    if again is None:
        return master_page.done("/sto", "ditambah")
    return master_page.show(visit, "sto", await stos_page(session, visit, form=again), status=status)


@router.get("/sto/{sto_id}")
async def show_sto(sto_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One STO."""
    sto = await asked_sto(session, visit, sto_id)
    return master_page.show(visit, "sto", await sto_page(session, visit, sto), request=request)


@router.post("/sto/{sto_id}")
async def change_sto(sto_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit an STO."""
    visit.viewer.must("master.change")
    sto = await asked_sto(session, visit, sto_id)
    made = await sto_form(session, visit, sto)
    typed = master_forms.read(form, made.inputs)
    given = sto_of(typed)

    async def work() -> None:
        await operations.save_sto(session, visit.viewer, given, source="web", sto_id=sto.id)

    again, status = await master_page.saved(session, visit, form, "sto", made, typed, work)
    if again is None:
        return master_page.done(f"/sto/{sto.id}", "disimpan")
    return master_page.show(visit, "sto", await sto_page(session, visit, sto, forms=(again,)), status=status)


@router.post("/sto/{sto_id}/pindah")
async def move_sto(sto_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Move an STO to another Site Operation from a day on."""
    visit.viewer.must("master.change")
    sto = await asked_sto(session, visit, sto_id)
    made = await move_form(session, visit, sto)
    typed = master_forms.read(form, made.inputs)
    site, since = typed.maybe_number("site") or 0, typed.day("since") or date.min

    async def work() -> None:
        await operations.move(session, visit.viewer, sto.id, site, since, source="web")

    again, status = await master_page.saved(session, visit, form, "sto", made, typed, work)
    if again is None:
        return master_page.done(f"/sto/{sto.id}", "dipindah")
    return master_page.show(visit, "sto", await sto_page(session, visit, sto, forms=(again,)), status=status)


@router.post("/sto/{sto_id}/batal-pindah")
async def unplan_move(sto_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Take back a move whose day has not come; without one there is nothing to say."""
    assert form is not None
    visit.viewer.must("master.change")
    sto = await asked_sto(session, visit, sto_id)
    try:
        async with session.begin_nested():
            await operations.unplan(session, visit.viewer, sto.id, source="web")
    except NotFound:
        return master_page.done(f"/sto/{sto.id}", "")
    return master_page.done(f"/sto/{sto.id}", "batal-pindah")


@router.post("/sto/{sto_id}/aktif")
async def switch_sto(sto_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch an STO on or off."""
    visit.viewer.must("master.change")
    sto, active = await asked_sto(session, visit, sto_id), form.get("aktif") == "ya"
    work = operations.switch_sto(session, visit.viewer, sto.id, active=active, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done(f"/sto/{sto.id}", "aktif" if active else "nonaktif")
    return master_page.show(visit, "sto", await sto_page(session, visit, sto, error=error), status=409)


# --- holidays


async def holiday_inputs(session: AsyncSession, visit: Visit) -> tuple[Input, ...]:
    """The fields of a holiday."""
    sites = await master_page.sites(session, visit.viewer)
    choices = (
        Choice("semua", _("Semua Site Operation")),
        *(Choice(str(each.id), f"{each.code} {each.name}") for each in sites),
    )
    return (
        Input("day", _("Tanggal"), "date", longest=12),
        Input("name", _("Nama libur"), hint=_("Contoh Hari Natal.")),
        Input("site", _("Berlaku di"), "select", value="semua", choices=choices),
    )


async def holidays_page(
    session: AsyncSession, visit: Visit, request: Request, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """The holidays of a year, one line a day and unit."""
    today = operations.today()
    given = request.query_params.get("tahun", "")
    year = int(given) if given.isascii() and given.isdigit() and 2020 <= int(given[:5]) <= 2100 else today.year
    known = {site.id: site for site in await master_page.sites(session, visit.viewer, active=False)}
    rows = await session.execute(
        select(Holiday, SiteOperation.code)
        .join(SiteOperation, SiteOperation.id == Holiday.site_operation_id)
        .where(Holiday.day.between(date(year, 1, 1), date(year, 12, 31)), Holiday.site_operation_id.in_(known))
        .order_by(Holiday.day, SiteOperation.code)
        .limit(1000)
    )
    may = visit.viewer.may("master.change")
    lines = tuple(
        Line(
            (Cell(day_words(holiday.day)), Cell(holiday.name), Cell(code, "code")),
            (Act(_("Hapus"), f"/libur/{holiday.id}/hapus", danger=True, who=f"{holiday.name} {code}"),)
            if may and holiday.day > today
            else (),
        )
        for holiday, code in rows
    )
    if may and form is None:
        form = master_page.keyed(Drawn("baru", _("Tambah hari libur"), "/libur", await holiday_inputs(session, visit)))
    years = (today.year - 1, today.year, today.year + 1)
    return Master(
        title=_("Hari libur"),
        lead=_("Hitungan SLA berhenti sepanjang hari libur unit.") if may else master_page.read_only(),
        count=ngettext("{n} baris di {year}", "{n} baris di {year}", len(lines), year=year),
        chips=tuple(Chip(str(each), f"/libur?tahun={each}", each == year) for each in years),
        tables=(
            Table(
                "daftar",
                _("Daftar"),
                (_("Tanggal"), _("Nama"), _("Unit")),
                lines,
                _("Belum ada hari libur di tahun ini."),
            ),
        ),
        forms=(form,) if form else (),
        error=error,
    )


def day_words(day: date) -> str:
    """`Jumat, 20 Nov 2026`."""
    return f"{DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


@router.get("/libur")
async def show_holidays(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The holidays."""
    visit.viewer.must("master.read")
    return master_page.show(visit, "libur", await holidays_page(session, visit, request), request=request)


@router.post("/libur")
async def add_holiday(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Add a holiday to one unit or to all."""
    visit.viewer.must("master.change")
    made = master_page.keyed(Drawn("baru", _("Tambah hari libur"), "/libur", await holiday_inputs(session, visit)))
    typed = master_forms.read(form, made.inputs)
    day, name = typed.day("day") or date.min, typed.values["name"]
    site = None if typed.values["site"] == "semua" else typed.number("site")

    async def work() -> None:
        await operations.add_holiday(session, visit.viewer, day, name, site, source="web")

    again, status = await master_page.saved(session, visit, form, "holiday", made, typed, work)
    if again is None:
        return master_page.done("/libur", "ditambah")
    view = await holidays_page(session, visit, request, form=again)
    return master_page.show(visit, "libur", view, status=status)


@router.post("/libur/{holiday_id}/hapus")
async def drop_holiday(holiday_id: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Take a coming holiday off the list."""
    assert form is not None
    visit.viewer.must("master.change")
    work = operations.drop_holiday(session, visit.viewer, whole(holiday_id), source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done("/libur", "dihapus")
    return master_page.show(visit, "libur", await holidays_page(session, visit, request, error=error), status=409)
