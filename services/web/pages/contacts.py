"""What the house allows about calling on customers in arrears: hours, how often, how long a card stays. Admins only."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _
from services.web.view import Choice
from services.web.view_master import Cell, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared.arrears import contacts
from shared.arrears.contacts import Contacts

router = APIRouter()

PATH, KEY = "/aturan-kontak", "kontak"


async def _form(session: AsyncSession) -> Drawn:
    held = await contacts.of_now(session)
    fields = (
        Input("opens", _("Boleh dihubungi mulai"), "time", hint=_("Waktu unit pelanggan itu.")),
        Input("closes", _("Sampai"), "time", hint=_("Kunjungan terakhir masih dapat dicatat 30 menit sesudahnya.")),
        Input(
            "weekly",
            _("Paling banyak dalam 7 hari"),
            "number",
            longest=3,
            hint=_("Berapa kali pelanggan ditemui. 0: tidak dibatasi."),
        ),
        Input(
            "card",
            _("Kartu pelanggan terhapus setelah"),
            "number",
            longest=5,
            hint=_("Menit, 1 sampai 2.880. Berlaku untuk kartu dengan data lengkap di chat Telegram."),
        ),
    )
    values = {"opens": held.opens, "closes": held.closes, "weekly": held.weekly, "card": round(held.card_minutes)}
    return master_page.stamped(Drawn("kontak", _("Ubah aturan"), PATH, master_forms.filled(fields, values)))


async def _page(session: AsyncSession, visit: Visit, form: Drawn) -> Master:
    lines = [
        Line((Cell(labels.moment(each.at, visit.zone)), *_said(each.contacts), Cell(each.who, "dim")))
        for each in await contacts.history(session, visit.viewer)
    ]
    lines.append(Line((Cell(_("Saat dipasang")), *_said(contacts.at_install()), Cell("SIKPRO", "dim"))))
    heads = (_("Berlaku sejak"), _("Jam kontak"), _("Dalam 7 hari"), _("Kartu terhapus"), _("Oleh"))
    return Master(
        title=_("Aturan kontak"),
        lead=_(
            "Kapan dan berapa kali pelanggan menunggak boleh dihubungi. Berlaku sejak disimpan, untuk bot dan web. "
            "Sudah bayar dan ada gangguan selalu dapat dicatat."
        ),
        back=Choice("/tunggakan", _("Tunggakan")),
        tables=(Table("aturan", _("Yang berlaku"), heads, tuple(lines)),),
        forms=(form,),
    )


def _said(each: Contacts) -> tuple[Cell, ...]:
    often = _("{n} kali", n=each.weekly) if each.weekly else _("Tidak dibatasi")
    hours = f"{each.opens:%H:%M}–{each.closes:%H:%M}"
    return Cell(hours), Cell(often), Cell(labels.minutes(round(each.card_minutes)))


@router.get(PATH)
async def show_contacts(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """What holds, what held before, and the form."""
    visit.viewer.must(contacts.RIGHT)
    return master_page.show(visit, KEY, await _page(session, visit, await _form(session)), request=request)


@router.post(PATH)
async def change_contacts(session: Session, visit: Visitor, form: Form) -> Response:
    """From now on other hours, another number of times, other minutes."""
    visit.viewer.must(contacts.RIGHT)
    made = await _form(session)
    typed = master_forms.read(form, made.inputs)
    wanted = Contacts(typed.hour("opens"), typed.hour("closes"), typed.number("weekly"), typed.number("card"))

    async def work() -> None:
        await contacts.change(session, visit.viewer, wanted, source="web")

    again, status = await master_page.saved(session, visit, form, "contact", made, typed, work)
    if again is None:
        return master_page.done(PATH, "disimpan")
    return master_page.show(visit, KEY, await _page(session, visit, again), status=status)
