"""Targets of the SLA by unit and type: who has which, and what a new one would have said of the last month."""

from collections.abc import Awaitable, Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _, name_of
from services.web.master_forms import Typed
from services.web.view import Choice
from services.web.view_master import Act, Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared import clock
from shared.errors import Invalid, NotFound
from shared.orders import queries as orders
from shared.orders.models import OrderType
from shared.places.models import SiteOperation, Sto
from shared.sla import operations, queries
from shared.sla.models import Level
from shared.sla.queries import Unit

router = APIRouter()

KEY, PATH = "sla", "/sla"
NONE = "\u2013"


def unit_of(text: str) -> Unit:
    """`so:3` or `sto:5`. Raises Invalid(unit=…) for anything else, as for a unit that is not there."""
    kind, _colon, number = text.partition(":")
    if kind not in {"so", "sto"} or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Invalid(unit="unknown")
    return Unit(site=int(number)) if kind == "so" else Unit(sto=int(number))


async def stos_of(session: AsyncSession, visit: Visit) -> list[Sto]:
    """The active STO of the reader's area, by code."""
    return list(await session.scalars(select(Sto).where(Sto.active, visit.viewer.within(Sto.id)).order_by(Sto.code)))


async def whole_sites(session: AsyncSession, visit: Visit) -> list[SiteOperation]:
    """The Site Operations that lie in the reader's area with all their STO."""
    stos = (await session.execute(select(Sto.id, Sto.site_operation_id))).all()
    beyond = {site for sto, site in stos if not visit.viewer.covers(sto)}
    return [site for site in await master_page.sites(session, visit.viewer) if site.id not in beyond]


async def target_inputs(session: AsyncSession, visit: Visit) -> tuple[Input, ...]:
    """The fields of a target."""
    data = await orders.master(session)
    sites = [Choice(f"so:{site.id}", f"{site.code} {site.name}") for site in await whole_sites(session, visit)]
    stos = [Choice(f"sto:{sto.id}", f"STO {sto.code} {sto.name}") for sto in await stos_of(session, visit)]
    types = tuple(Choice(row.code, f"{row.code} {name_of(row)}") for row in data.types.values() if row.active)
    return (
        Input(
            "unit",
            _("Unit"),
            "select",
            choices=(*sites, *stos),
            hint=_("Target STO mengalahkan target Site Operation."),
        ),
        Input("type", _("Tipe order"), "select", choices=types),
        Input(
            "minutes",
            _("Target (menit kerja)"),
            "number",
            required=False,
            longest=7,
            hint=_("Kosongkan untuk mengikuti unit di atasnya."),
        ),
        Input(
            "since",
            _("Berlaku mulai"),
            "date",
            required=False,
            longest=12,
            hint=_("Kosong berarti sekarang. Order yang sudah masuk tetap dengan targetnya."),
        ),
    )


def target_form(inputs: tuple[Input, ...]) -> Drawn:
    """The form of a target; it is shown what it would do before anything is saved."""
    return Drawn("target", _("Ubah target"), f"{PATH}/dampak", inputs, save=_("Lihat dampaknya"))


async def overview(session: AsyncSession, visit: Visit, *, form: Drawn | None = None) -> Master:
    """Every unit's target of every type, and who is told."""
    may = visit.viewer.may("sla.change")
    data = await orders.master(session)
    types = [row for row in data.types.values() if row.active]
    own, told = await queries.targets(session), await queries.recipients(session)
    sites, stos = await master_page.sites(session, visit.viewer), await stos_of(session, visit)
    lines = [_line(_("Semua unit"), "", [Cell(labels.minutes(kind.target_minutes)) for kind in types])]
    for site in sites:
        here = Unit(site=site.id)
        lines.append(_line(site.code, f"{PATH}/unit/{site.id}", _cells(types, own, (here,))))
        lines += [
            _line(f"STO {sto.code}", "", _cells(types, own, (Unit(sto=sto.id), here)))
            for sto in stos
            if sto.site_operation_id == site.id and any(own.get((kind.code, Unit(sto=sto.id))) for kind in types)
        ]
    names = {
        key: ", ".join(person.name for person in people) or NONE
        for key, people in {
            (site.id, level): told.get((site.id, level), ()) for site in sites for level in Level
        }.items()
    }
    alerts = tuple(
        Line(
            (
                Cell(site.code, "code", href=f"{PATH}/unit/{site.id}"),
                Cell(names[site.id, Level.NEAR]),
                Cell(names[site.id, Level.LATE]),
            )
        )
        for site in sites
    )
    if may and form is None:
        form = target_form(await target_inputs(session, visit))
    heads = (_("Unit"), *(kind.code for kind in types))
    return Master(
        title=_("Target SLA"),
        lead=_("Berapa lama satu order boleh berjalan, dalam jam kerja unitnya.")
        if may
        else _("Anda dapat melihat data ini. Perubahan dilakukan supervisor atau admin."),
        tables=(
            Table(
                "target-unit",
                _("Target per unit dan tipe"),
                heads,
                tuple(lines),
                foot=_("Angka pudar mengikuti unit di atasnya."),
            ),
            Table(
                "peringatan",
                _("Yang diberi tahu"),
                (_("Unit"), _("Saat 80% waktu terpakai"), _("Saat lewat target")),
                alerts,
                _("Belum ada Site Operation."),
            ),
        ),
        forms=(form,) if form else (),
    )


def _line(name: str, href: str, cells: list[Cell]) -> Line:
    return Line((Cell(name, "code" if href else "", href=href), *cells))


def _cells(types: list[OrderType], own: Mapping[tuple[str, Unit], int | None], units: tuple[Unit, ...]) -> list[Cell]:
    """A cell a type: the unit's own target, or faintly the one that holds for it."""
    cells = []
    for kind in types:
        mine, *wider = [own.get((kind.code, unit)) for unit in units]
        held = next((minutes for minutes in wider if minutes), kind.target_minutes)
        cells.append(Cell(labels.minutes(mine)) if mine else Cell(labels.minutes(held), "dim"))
    return cells


def _read(form: Form, inputs: tuple[Input, ...]) -> tuple[Typed, int | None]:
    typed = master_forms.read(form, inputs)
    return typed, typed.maybe_number("minutes")


def _what(typed: Typed) -> tuple[str, Unit]:
    return typed.values["type"], unit_of(typed.values["unit"])


async def _asked(work: Awaitable[object]) -> None:
    """Do what a form asks; a unit beyond the area is a wrong choice of its field."""
    try:
        await work
    except NotFound as error:
        raise Invalid(unit="unknown") from error


@router.get(PATH)
async def show_targets(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The targets; the form as the address fills it in."""
    visit.viewer.must("master.read")
    form = None
    if visit.viewer.may("sla.change"):
        given = {name: request.query_params.get(name, "")[:40] for name in ("unit", "type", "minutes", "since")}
        form = target_form(master_forms.filled(await target_inputs(session, visit), given))
    return master_page.show(visit, KEY, await overview(session, visit, form=form), request=request)


@router.post(f"{PATH}/dampak")
async def preview_target(session: Session, visit: Visitor, form: Form) -> HTMLResponse:
    """What a target would have said of the last month; nothing is saved."""
    visit.viewer.must("sla.change")
    made = target_form(await target_inputs(session, visit))
    typed, minutes = _read(form, made.inputs)
    day = typed.day("since")

    async def work() -> None:
        await _asked(operations.check_target(session, visit.viewer, *_what(typed), minutes, day))

    again, status = await master_page.saved(session, visit, form, KEY, made, typed, work)
    if again is not None:
        return master_page.show(visit, KEY, await overview(session, visit, form=again), status=status)
    return master_page.show(visit, KEY, await effect(session, visit, typed, minutes))


async def effect(session: AsyncSession, visit: Visit, typed: Typed, minutes: int | None) -> Master:
    """The page that shows a target's effect, with the button that saves it."""
    code, unit = _what(typed)
    data = await orders.master(session)
    kind, site = data.types[code], await operations.site_of(session, visit.viewer, unit)
    own = await queries.targets(session)
    wider = (own.get((code, Unit(site=site.id))) if unit.sto is not None else None) or kind.target_minutes
    new = minutes or wider
    seen = await queries.preview(session, code, unit, new)
    name = next(
        each.label for each in (await target_inputs(session, visit))[0].choices if each.value == typed.values["unit"]
    )
    since = typed.day("since")
    today = clock.local(clock.now(), site.zone).date()
    facts = (
        Fact(_("Unit"), name),
        Fact(_("Tipe order"), f"{code} {name_of(kind)}"),
        Fact(_("Target sekarang"), labels.minutes(own.get((code, unit)) or wider)),
        Fact(_("Target baru"), labels.minutes(new), "" if minutes else _("mengikuti unit di atasnya")),
        Fact(_("Berlaku mulai"), _("sekarang") if since in {None, today} else str(since)),
        Fact(_("Selesai 30 hari terakhir"), _("{n} order", n=labels.number(seen.orders))),
        Fact(_("Tepat waktu, dengan target waktu itu"), _share(seen.before, seen.orders)),
        Fact(_("Tepat waktu, dengan target baru"), _share(seen.after, seen.orders)),
    )
    given = {field: typed.values[field] for field in ("unit", "type", "minutes", "since")}
    note = _("Hanya order yang masuk sesudahnya memakai target ini. Order lama dan laporannya tidak berubah.")
    fields = (*(Choice(field, value) for field, value in given.items()), Choice("request_key", master_forms.new_key()))
    return Master(
        title=_("Dampak target baru"),
        back=Choice(f"{PATH}?{urlencode(given)}", _("Target SLA")),
        facts=facts,
        facts_title=_("Dihitung dari order yang sudah selesai"),
        acts=(Act(_("Simpan target"), f"{PATH}/target", fields, note=note),),
        acts_title=_("Simpan"),
    )


def _share(kept: int, orders_: int) -> str:
    return f"{labels.number(kept)} ({labels.percent(kept / orders_)})" if orders_ else NONE


@router.post(f"{PATH}/target")
async def save_target(session: Session, visit: Visitor, form: Form) -> Response:
    """Save a target."""
    visit.viewer.must("sla.change")
    made = master_page.keyed(target_form(await target_inputs(session, visit)))
    typed, minutes = _read(form, made.inputs)
    day = typed.day("since")

    async def work() -> None:
        await _asked(operations.set_target(session, visit.viewer, *_what(typed), minutes, day, source="web"))

    again, status = await master_page.saved(session, visit, form, KEY, made, typed, work)
    if again is None:
        return master_page.done(PATH, "disimpan")
    return master_page.show(visit, KEY, await overview(session, visit, form=again), status=status)
