"""How the list of STO and the page of one look: what is drawn, never what is done (places_sto does that)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.web import labels, master_forms, master_page
from services.web.deps import Visit
from services.web.language import _
from services.web.pages.places import dates_note, people_by, sto_inputs, switch
from services.web.view import Choice
from services.web.view_master import Act, Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared.orders import masterdata
from shared.orders.models import Order
from shared.people.models import PersonArea
from shared.places import operations
from shared.places.models import SiteOperation, Sto, StoSite


async def stos_page(session: AsyncSession, visit: Visit, *, form: Drawn | None = None) -> Master:
    """The STO of the reader's area, and the form of a new one."""
    rows = (
        await session.execute(
            select(Sto, SiteOperation)
            .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
            .where(visit.viewer.within(Sto.id))
            .order_by(SiteOperation.code, Sto.code)
        )
    ).all()
    opened = await masterdata.open_orders(session, visit.viewer, Order.sto_id)
    people = await people_by(session, PersonArea.sto_id)
    planned = await _planned(session)
    lines = tuple(
        Line(
            (
                Cell(sto.code, "code", href=f"/sto/{sto.id}"),
                Cell(sto.name, note=dates_note(sto)),
                Cell(site.code, "dim", note=planned.get(sto.id, "")),
                Cell(labels.number(opened.get(sto.id, 0)), "num"),
                Cell(labels.number(people.get(sto.id, 0)), "num"),
                Cell(_("Aktif"), category="done") if sto.active else Cell(_("Nonaktif"), category="cancelled"),
            ),
            off=not sto.active,
        )
        for sto, site in rows
    )
    may = visit.viewer.may("master.change")
    if may and form is None:
        form = master_page.keyed(Drawn("baru", _("Tambah STO"), "/sto", await sto_inputs(session, visit, new=True)))
    heads = (_("Kode"), _("Nama"), _("Site Operation"), f"#{_('Order terbuka')}", f"#{_('Orang')}", _("Keadaan"))
    return Master(
        title="STO",
        lead=_("Sentral tempat order dikerjakan; kodenya dipakai dalam ODP dan kode teknisi.")
        if may
        else master_page.read_only(),
        count=f"{labels.number(len(lines))} STO",
        tables=(Table("daftar", _("Daftar"), heads, lines, _("Belum ada STO. Tambahkan yang pertama.")),),
        forms=(form,) if form else (),
    )


async def _planned(session: AsyncSession) -> dict[int, str]:
    rows = await session.execute(
        select(StoSite.sto_id, SiteOperation.code, StoSite.valid_from)
        .join(SiteOperation, SiteOperation.id == StoSite.site_operation_id)
        .where(StoSite.valid_to.is_(None), StoSite.valid_from > operations.today())
    )
    return {sto: _("pindah ke {code} mulai {since}", code=code, since=since) for sto, code, since in rows}


async def sto_form(session: AsyncSession, visit: Visit, sto: Sto) -> Drawn:
    """The form of an STO as it stands."""
    values = {name: getattr(sto, name) for name in ("code", "name", "valid_from", "valid_to")}
    fields = master_forms.filled(await sto_inputs(session, visit, new=False), values)
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/sto/{sto.id}", fields, cancel="/sto"))


async def move_form(session: AsyncSession, visit: Visit, sto: Sto) -> Drawn:
    """The form that moves an STO to another Site Operation."""
    sites = tuple(
        Choice(str(site.id), f"{site.code} {site.name}")
        for site in await master_page.sites(session, visit.viewer)
        if site.id != sto.site_operation_id
    )
    fields = (
        Input("site", _("Ke Site Operation"), "select", choices=sites),
        Input(
            "since", _("Mulai tanggal"), "date", longest=12, hint=_("Laporan sebelum tanggal ini tetap di unit lama.")
        ),
    )
    return master_page.keyed(
        Drawn("pindah", _("Pindah Site Operation"), f"/sto/{sto.id}/pindah", fields, save=_("Pindahkan"))
    )


async def sto_page(
    session: AsyncSession, visit: Visit, sto: Sto, *, forms: tuple[Drawn, ...] = (), error: str = ""
) -> Master:
    """One STO: where it belonged when, what uses it, and what may be done."""
    orders = (await masterdata.open_orders(session, visit.viewer, Order.sto_id)).get(sto.id, 0)
    people = (await people_by(session, PersonArea.sto_id)).get(sto.id, 0)
    site = await session.get_one(SiteOperation, sto.site_operation_id)
    facts = (
        Fact(_("Site Operation"), f"{site.code} {site.name}", (await _planned(session)).get(sto.id, "")),
        Fact(_("Order terbuka"), labels.number(orders)),
        Fact(_("Orang dengan wilayah ini"), labels.number(people)),
        Fact(_("Keadaan"), _("Aktif") if sto.active else _("Nonaktif"), dates_note(sto)),
    )
    history = await session.execute(
        select(StoSite, SiteOperation.code)
        .join(SiteOperation, SiteOperation.id == StoSite.site_operation_id)
        .where(StoSite.sto_id == sto.id)
        .order_by(StoSite.valid_from.desc().nulls_last())
    )
    lines = tuple(
        Line(
            (
                Cell(code, "code"),
                Cell(str(row.valid_from or _("Sejak awal"))),
                Cell(str(row.valid_to or _("Seterusnya"))),
            )
        )
        for row, code in history
    )
    acts: tuple[Act, ...] = ()
    if visit.viewer.may("master.change"):
        drawn = {"ubah": await sto_form(session, visit, sto), "pindah": await move_form(session, visit, sto)}
        forms = tuple({**drawn, **{form.id: form for form in forms}}.values())
        if sto.id in await _planned(session):
            acts = (Act(_("Batalkan rencana pindah"), f"/sto/{sto.id}/batal-pindah"),)
        used = _(
            "Dipakai {orders} order terbuka dan {people} orang; order yang ada tetap berjalan.",
            orders=orders,
            people=people,
        )
        acts = (*acts, switch(f"/sto/{sto.id}/aktif", sto.active, used))
    return Master(
        title=f"{sto.code} {sto.name}",
        back=Choice("/sto", "STO"),
        facts=facts,
        facts_title=_("Dipakai oleh"),
        tables=(Table("riwayat", _("Riwayat Site Operation"), (_("Unit"), _("Mulai"), _("Sampai")), lines),)
        if lines
        else (),
        forms=forms,
        acts=acts,
        error=error,
    )
