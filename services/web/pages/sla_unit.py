"""One Site Operation's SLA: its hours and breaks, who is told of its orders, and its targets now and to come."""

import re
from datetime import time

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page, words
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _
from services.web.master_forms import Typed
from services.web.pages.places import asked_site
from services.web.pages.sla import KEY, PATH, whole_sites
from services.web.view import Choice
from services.web.view_master import Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared import clock
from shared.places import hours
from shared.places.models import Holiday, SiteHours, SiteOperation, Sto
from shared.places.operations import today
from shared.sla import operations, queries
from shared.sla.models import Level

router = APIRouter()

_BREAK = re.compile(r"(\d{1,2})[.:](\d{2})\s*(?:-|\u2013|s/d|sampai)\s*(\d{1,2})[.:](\d{2})", re.ASCII)


def breaks_words(site: SiteOperation | SiteHours) -> str:
    """`12:00–13:00, 15:00–15:15`, as the field takes them too."""
    return ", ".join(f"{start}\u2013{end}" for start, end in site.breaks)


def hours_words(site: SiteOperation | SiteHours) -> str:
    """`08:00–17:00`."""
    return f"{site.opens:%H:%M}\u2013{site.closes:%H:%M}"


def breaks_of(typed: Typed) -> tuple[tuple[time, time], ...]:
    """The breaks as people write them; errors are noted in `typed`."""
    found = []
    for part in re.split(r"[,;]", typed.values["breaks"]):
        if not part.strip():
            continue
        read = _BREAK.fullmatch(part.strip())
        try:
            hours = [int(each) for each in read.groups()] if read else [99, 0, 99, 0]
            found.append((time(hours[0], hours[1]), time(hours[2], hours[3])))
        except ValueError:
            typed.errors.setdefault("breaks", "not_breaks")
    return tuple(found)


def hours_form(site: SiteOperation) -> Drawn:
    """The form of a site's working hours as they stand."""
    inputs = (
        Input("opens", _("Jam buka"), "time", longest=8),
        Input("closes", _("Jam tutup"), "time", longest=8),
        Input(
            "breaks",
            _("Istirahat"),
            required=False,
            longest=100,
            hint=_("Contoh 12:00–13:00. Beberapa dipisah koma."),
        ),
    )
    values = {"opens": site.opens, "closes": site.closes, "breaks": breaks_words(site)}
    made = Drawn("jam", _("Jam kerja"), f"{PATH}/unit/{site.id}/jam", master_forms.filled(inputs, values))
    return master_page.stamped(made)


async def people_form(session: AsyncSession, site: SiteOperation) -> Drawn:
    """The form of who is told, as it stands."""
    told = await queries.recipients(session)
    choices = tuple(
        Choice(
            str(person.id),
            f"{person.name}, {_(words.ROLES[person.role]).lower()}"
            + ("" if person.telegram_id else f" ({_('tanpa Telegram, hanya di web')})"),
        )
        for person in await queries.eligible(session, site.id)
    )
    inputs = (
        Input("near", _("Saat 80% waktu terpakai"), "checks", choices=choices, required=False),
        Input("late", _("Saat lewat target"), "checks", choices=choices, required=False),
    )
    values = {level.value: [str(person.id) for person in told.get((site.id, level), ())] for level in Level}
    action = f"{PATH}/unit/{site.id}/orang"
    foot = _("Masing-masing satu pesan per order, di obrolan pribadi. Pesan yang bersamaan digabung.")
    return master_page.stamped(
        Drawn("orang", _("Yang diberi tahu"), action, master_forms.filled(inputs, values), foot=foot)
    )


async def unit_page(
    session: AsyncSession, visit: Visit, site: SiteOperation, *, forms: tuple[Drawn, ...] = ()
) -> Master:
    """The page of one Site Operation."""
    may = visit.viewer.may("sla.change") and site.id in {each.id for each in await whole_sites(session, visit)}
    stos = {row.id: row.code for row in await session.scalars(select(Sto).where(Sto.site_operation_id == site.id))}
    holidays = await session.scalar(
        select(func.count()).select_from(Holiday).where(Holiday.site_operation_id == site.id, Holiday.day >= today())
    )
    facts = (
        Fact(_("Zona waktu"), clock.zone_name(site.zone)),
        Fact(_("Jam kerja"), hours_words(site)),
        Fact(_("Istirahat"), breaks_words(site) or _("Tidak ada")),
        Fact(_("Hari libur mendatang"), labels.number(holidays or 0)),
    )
    lines = tuple(
        Line(
            (
                Cell(row.type_code, "code"),
                Cell(f"STO {stos[row.sto_id]}" if row.sto_id in stos else site.code),
                Cell(labels.minutes(row.minutes) if row.minutes else _("Ikut unit di atasnya")),
                Cell(
                    labels.moment(row.since, site.zone),
                    note=_("belum berlaku") if row.since > clock.now() else "",
                ),
                Cell(who or "", "dim"),
            )
        )
        for row, who in await queries.history(session, visit.viewer, site.id)
    )
    if may:
        drawn = {"jam": hours_form(site), "orang": await people_form(session, site)}
        forms = tuple({**drawn, **{form.id: form for form in forms}}.values())
    heads = (_("Tipe order"), _("Unit"), _("Target"), _("Berlaku mulai"), _("Oleh"))
    return Master(
        title=f"SLA {site.code} {site.name}",
        back=Choice(PATH, _("Target SLA")),
        lead="" if may else _("Anda dapat melihat data ini. Perubahan dilakukan supervisor atau admin."),
        facts=facts,
        facts_title=_("Hitungan SLA"),
        tables=(
            Table("riwayat", _("Riwayat dan rencana target"), heads, lines, _("Unit ini memakai target umum.")),
            *await _hours_before(session, site),
        ),
        forms=forms,
    )


async def _hours_before(session: AsyncSession, site: SiteOperation) -> tuple[Table, ...]:
    """The hours that reports of earlier days count with; nothing where they never changed."""
    lines = tuple(
        Line(
            (
                Cell(hours_words(each)),
                Cell(breaks_words(each) or _("Tidak ada")),
                Cell(labels.moment(each.until, site.zone)),
            )
        )
        for each in reversed(await hours.before(session, site.id))
    )
    heads = (_("Jam kerja"), _("Istirahat"), _("Berlaku sampai"))
    return (Table("riwayat-jam", _("Jam kerja sebelumnya"), heads, lines, ""),) if lines else ()


@router.get(f"{PATH}/unit/{{site_id}}")
async def show_unit(site_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One Site Operation's SLA."""
    site = await asked_site(session, visit, site_id)
    return master_page.show(visit, KEY, await unit_page(session, visit, site), request=request)


@router.post(f"{PATH}/unit/{{site_id}}/jam")
async def save_hours(site_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Change a site's working hours and breaks."""
    visit.viewer.must("sla.change")
    site = await asked_site(session, visit, site_id)
    made = hours_form(site)
    typed = master_forms.read(form, made.inputs)
    opens, closes, breaks = typed.hour("opens"), typed.hour("closes"), breaks_of(typed)

    async def work() -> None:
        await operations.set_hours(session, visit.viewer, site.id, opens, closes, breaks, source="web")

    again, status = await master_page.saved(session, visit, form, KEY, made, typed, work)
    if again is None:
        return master_page.done(f"{PATH}/unit/{site.id}", "disimpan")
    return master_page.show(visit, KEY, await unit_page(session, visit, site, forms=(again,)), status=status)


@router.post(f"{PATH}/unit/{{site_id}}/orang")
async def save_people(site_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Choose who is told."""
    visit.viewer.must("sla.change")
    site = await asked_site(session, visit, site_id)
    made = await people_form(session, site)
    typed = master_forms.read(form, made.inputs)
    near, late = ({int(each) for each in typed.many[name]} for name in ("near", "late"))

    async def work() -> None:
        await operations.set_recipients(session, visit.viewer, site.id, near, late, source="web")

    again, status = await master_page.saved(session, visit, form, KEY, made, typed, work)
    if again is None:
        return master_page.done(f"{PATH}/unit/{site.id}", "disimpan")
    return master_page.show(visit, KEY, await unit_page(session, visit, site, forms=(again,)), status=status)
