"""Site Operations and STO: lists within the reader's area, and for admins adding, editing and switching them."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, ngettext
from services.web.master_forms import Typed
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared import clock
from shared.errors import NotFound
from shared.orders import masterdata
from shared.orders.models import Order
from shared.people.models import PersonArea
from shared.places import operations
from shared.places.models import SiteOperation, Sto, Witel
from shared.places.operations import Exchange, Site

router = APIRouter()

ZONES = tuple(Choice(zone, f"{name} ({zone.partition('/')[2]})") for zone, name in clock.ZONE_NAMES.items())
SITE_INPUTS = (
    Input("code", N_("Kode"), "code", longest=16, hint=N_("Contoh SO-SDA.")),
    Input("name", N_("Nama")),
    Input("witel", N_("Witel"), "code", longest=16, hint=N_("Kode witel, contoh SDO. Yang belum ada akan dibuat.")),
    Input("zone", N_("Zona waktu"), "select", value="Asia/Jakarta", choices=ZONES, longest=40),
    Input("opens", N_("Jam buka"), "time", value="08:00", longest=8),
    Input(
        "closes", N_("Jam tutup"), "time", value="17:00", longest=8, hint=N_("Hitungan SLA berhenti di luar jam ini.")
    ),
    Input("valid_from", N_("Berlaku mulai"), "date", required=False, longest=12),
    Input("valid_to", N_("Berlaku sampai"), "date", required=False, longest=12),
)


async def sto_inputs(session: AsyncSession, visit: Visit, *, new: bool) -> tuple[Input, ...]:
    """The fields of an STO; its Site Operation is chosen once, and changes by moving it."""
    sites = tuple(
        Choice(str(site.id), f"{site.code} {site.name}") for site in await master_page.sites(session, visit.viewer)
    )
    fields = (
        Input("code", _("Kode"), "code", longest=3, hint=_("Tiga huruf, contoh SDA.")),
        Input("name", _("Nama")),
        Input("site", _("Site Operation"), "select", choices=sites),
        Input("valid_from", _("Berlaku mulai"), "date", required=False, longest=12),
        Input("valid_to", _("Berlaku sampai"), "date", required=False, longest=12),
    )
    return fields if new else tuple(each for each in fields if each.name != "site")


def site_of(typed: Typed) -> Site:
    """The Site Operation a form describes; errors are noted in `typed`."""
    return Site(
        code=typed.values["code"],
        name=typed.values["name"],
        witel=typed.values["witel"],
        zone=typed.values["zone"],
        opens=typed.hour("opens"),
        closes=typed.hour("closes"),
        valid_from=typed.day("valid_from"),
        valid_to=typed.day("valid_to"),
    )


def sto_of(typed: Typed) -> Exchange:
    """The STO a form describes; errors are noted in `typed`."""
    return Exchange(
        code=typed.values["code"],
        name=typed.values["name"],
        site=typed.maybe_number("site") or 0 if "site" in typed.values else 0,
        valid_from=typed.day("valid_from"),
        valid_to=typed.day("valid_to"),
    )


def dates_note(row: SiteOperation | Sto) -> str:
    """`sejak 2026-01-01`, `sampai …`; empty where no dates are kept."""
    parts = [
        _("sejak {day}", day=row.valid_from) if row.valid_from else "",
        _("sampai {day}", day=row.valid_to) if row.valid_to else "",
    ]
    return " ".join(part for part in parts if part)


async def people_by(session: AsyncSession, column: Any) -> dict[int, int]:
    rows = await session.execute(select(column, func.count()).where(column.is_not(None)).group_by(column))
    return {row[0]: row[1] for row in rows}


async def sites_page(session: AsyncSession, visit: Visit, *, form: Drawn | None = None) -> Master:
    """The Site Operations, and the form of a new one."""
    found = await master_page.sites(session, visit.viewer, active=False)
    stos = (await session.scalars(select(Sto).where(visit.viewer.within(Sto.id)).order_by(Sto.code))).all()
    people = await people_by(session, PersonArea.site_operation_id)
    witels = {row.id: row.code for row in await session.scalars(select(Witel))}
    lines = tuple(
        Line(
            (
                Cell(site.code, "code", href=f"/site/{site.id}"),
                Cell(site.name, note=dates_note(site)),
                Cell(witels.get(site.witel_id, ""), "dim"),
                Cell(
                    ", ".join(sto.code for sto in stos if sto.site_operation_id == site.id and sto.active)
                    or _("Belum ada")
                ),
                Cell(f"{site.opens:%H:%M}\u2013{site.closes:%H:%M} {clock.zone_name(site.zone)}"),
                Cell(labels.number(people.get(site.id, 0)), "num"),
                Cell(_("Aktif"), category="done") if site.active else Cell(_("Nonaktif"), category="cancelled"),
            ),
            off=not site.active,
        )
        for site in found
    )
    may = visit.viewer.may("master.change")
    if may and form is None:
        form = master_page.keyed(Drawn("baru", _("Tambah Site Operation"), "/site", master_forms.said(SITE_INPUTS)))
    heads = (_("Kode"), _("Nama"), _("Witel"), "STO", _("Jam kerja"), f"#{_('Orang')}", _("Keadaan"))
    return Master(
        title=_("Site Operation"),
        lead=_("Kantor operasi yang menaungi STO dan timnya.") if may else master_page.read_only(),
        count=ngettext("{n} site", "{n} site", len(found)),
        tables=(Table("daftar", _("Daftar"), heads, lines, _("Belum ada Site Operation. Tambahkan yang pertama.")),),
        forms=(form,) if form else (),
    )


async def site_page(
    session: AsyncSession, visit: Visit, site: SiteOperation, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """One Site Operation: what uses it, and what may be done."""
    stos = (
        await session.scalars(select(Sto).where(Sto.site_operation_id == site.id, visit.viewer.within(Sto.id)))
    ).all()
    opened = await masterdata.open_orders(session, visit.viewer, Order.sto_id)
    orders = sum(opened.get(sto.id, 0) for sto in stos)
    people = (await people_by(session, PersonArea.site_operation_id)).get(site.id, 0)
    facts = (
        Fact("STO", ", ".join(sorted(sto.code for sto in stos if sto.active)) or _("Belum ada")),
        Fact(_("Order terbuka"), labels.number(orders)),
        Fact(_("Orang dengan wilayah ini"), labels.number(people)),
        Fact(_("Jam kerja"), f"{site.opens:%H:%M}\u2013{site.closes:%H:%M} {clock.zone_name(site.zone)}"),
        Fact(_("Keadaan"), _("Aktif") if site.active else _("Nonaktif"), dates_note(site)),
    )
    acts: tuple[Act, ...] = ()
    if visit.viewer.may("master.change"):
        form = form or await site_form(session, site)
        acts = (
            switch(
                f"/site/{site.id}/aktif",
                site.active,
                _(
                    "Dipakai {n} STO, {people} orang, {orders} order terbuka.",
                    n=len(stos),
                    people=people,
                    orders=orders,
                ),
            ),
        )
    return Master(
        title=f"{site.code} {site.name}",
        back=Choice("/site", _("Site Operation")),
        facts=facts,
        facts_title=_("Dipakai oleh"),
        forms=(form,) if form else (),
        acts=acts,
        error=error,
    )


def switch(action: str, active: bool, used: str) -> Act:
    if active:
        return Act(
            _("Nonaktifkan"),
            action,
            (Choice("aktif", "tidak"),),
            danger=True,
            note=_("{used} Riwayatnya tetap ada.", used=used),
        )
    return Act(_("Aktifkan"), action, (Choice("aktif", "ya"),), note=_("Dapat dipilih lagi untuk data baru."))


async def site_form(session: AsyncSession, site: SiteOperation) -> Drawn:
    """The form of a Site Operation as it stands."""
    witel = await session.scalar(select(Witel.code).where(Witel.id == site.witel_id))
    names = ("code", "name", "zone", "opens", "closes", "valid_from", "valid_to")
    values = {name: getattr(site, name) for name in names} | {"witel": witel}
    fields = master_forms.filled(master_forms.said(SITE_INPUTS), values)
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/site/{site.id}", fields, cancel="/site"))


async def asked_site(session: AsyncSession, visit: Visit, site_id: str) -> SiteOperation:
    """The Site Operation of the address. Raises NotFound, also outside the reader's area."""
    visit.viewer.must("master.read")
    number = whole(site_id)
    found = [site for site in await master_page.sites(session, visit.viewer, active=False) if site.id == number]
    if not found:
        raise NotFound
    return found[0]


@router.get("/site")
async def show_sites(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The Site Operations."""
    visit.viewer.must("master.read")
    return master_page.show(visit, "site", await sites_page(session, visit), request=request)


@router.post("/site")
async def add_site(session: Session, visit: Visitor, form: Form) -> Response:
    """Add a Site Operation."""
    visit.viewer.must("master.change")
    made = master_page.keyed(Drawn("baru", _("Tambah Site Operation"), "/site", master_forms.said(SITE_INPUTS)))
    typed = master_forms.read(form, made.inputs)
    site = site_of(typed)

    async def work() -> None:
        await operations.save_site(session, visit.viewer, site, source="web")

    again, status = await master_page.saved(session, visit, form, "site", made, typed, work)
    if again is None:
        return master_page.done("/site", "ditambah")
    return master_page.show(visit, "site", await sites_page(session, visit, form=again), status=status)


@router.get("/site/{site_id}")
async def show_site(site_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One Site Operation."""
    site = await asked_site(session, visit, site_id)
    return master_page.show(visit, "site", await site_page(session, visit, site), request=request)


@router.post("/site/{site_id}")
async def change_site(site_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit a Site Operation."""
    visit.viewer.must("master.change")
    site = await asked_site(session, visit, site_id)
    made = await site_form(session, site)
    typed = master_forms.read(form, made.inputs)
    given = site_of(typed)

    async def work() -> None:
        await operations.save_site(session, visit.viewer, given, source="web", site_id=site.id)

    again, status = await master_page.saved(session, visit, form, "site", made, typed, work)
    if again is None:
        return master_page.done(f"/site/{site.id}", "disimpan")
    return master_page.show(visit, "site", await site_page(session, visit, site, form=again), status=status)


@router.post("/site/{site_id}/aktif")
async def switch_site(site_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch a Site Operation on or off."""
    visit.viewer.must("master.change")
    site, active = await asked_site(session, visit, site_id), form.get("aktif") == "ya"
    work = operations.switch_site(session, visit.viewer, site.id, active=active, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done(f"/site/{site.id}", "aktif" if active else "nonaktif")
    return master_page.show(visit, "site", await site_page(session, visit, site, error=error), status=409)


# --- STO
