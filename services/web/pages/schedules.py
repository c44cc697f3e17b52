"""Reports sent by themselves, to one's own Telegram chat or to groups of one's area: arranged here, not sent."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, pgettext
from services.web.master_forms import Typed
from services.web.pages import report
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Ask, Cell, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from shared import clock
from shared.chats.models import Chat
from shared.orders import queries
from shared.people.models import Person
from shared.places.models import Sto
from shared.reports import groups, schedules
from shared.reports.groups import Target
from shared.reports.models import ReportRun, ReportSchedule
from shared.reports.schedules import Scheduled, Wish

router = APIRouter()

PATH = "/laporan/jadwal"
KEY = "laporan"
ALL, MYSELF = "semua", "saya"
KINDS = {
    "yesterday": N_("Laporan harian kemarin"),
    "today": N_("Rekap akhir hari"),
    "month": N_("Rekap bulanan, bulan sebelumnya"),
    "morning": N_("Daftar pagi: antrean saat itu"),
    "pareto": N_("Pareto kendala, tujuh hari sebelumnya"),
}
WEEKDAYS = (N_("Senin"), N_("Selasa"), N_("Rabu"), N_("Kamis"), N_("Jumat"), N_("Sabtu"), N_("Minggu"))
SHORT = {
    "yesterday": N_("Laporan harian kemarin"),
    "today": N_("Rekap akhir hari"),
    "month": N_("Rekap bulanan"),
    "morning": N_("Daftar pagi"),
    "pareto": N_("Pareto kendala"),
}
WHY = {
    "late": N_("Dilewati: SIKPRO tidak berjalan saat itu"),
    "person_off": N_("Dilewati: akun nonaktif"),
    "no_right": N_("Dilewati: peran Anda saat itu tidak membaca laporan"),
    "no_area": N_("Dilewati: Anda saat itu tidak punya wilayah"),
    "no_telegram": N_("Dilewati: Telegram Anda belum terhubung"),
    "paused": N_("Dilewati: sedang dijeda"),
    "ended": N_("Dilewati: sudah dihapus"),
    "no_group": N_("Dilewati: grupnya tidak terhubung, atau tertahan"),
}
UNLINKED = N_(
    "Telegram Anda belum terhubung, jadi belum ada yang dapat dikirim. Kirim /start ke bot di obrolan pribadi: bot "
    "menyebut nomor Telegram Anda. Minta admin mengisinya di halaman Pengguna."
)
CLOSED = N_("Bot tidak dapat menulis kepada Anda. Buka obrolan pribadi dengan bot di Telegram, lalu kirim /start.")


async def inputs(session: AsyncSession, visit: Visit) -> tuple[Input, ...]:
    """What is sent, to whom, when, and of what."""
    return (await _to_whom(session, visit), *await _what(session, visit))


async def _to_whom(session: AsyncSession, visit: Visit) -> Input:
    known = [each for each in (await groups.targets(session, visit.viewer)).values() if each.open]
    choices = (
        Choice(MYSELF, _("Obrolan pribadi saya")),
        *(Choice(str(each.binding_id), f"{_group_name(each)}, {each.unit}") for each in known),
    )
    hint = _("Grup mendapat angka wilayahnya sendiri.") if known else ""
    return Input("group", _("Kirim ke"), "select", MYSELF, choices=choices, hint=hint)


def _group_name(each: Target) -> str:
    title = each.title or _("Tanpa judul")
    return _("{title}, topik {thread}", title=title, thread=each.thread_id) if each.thread_id is not None else title


async def _what(session: AsyncSession, visit: Visit) -> tuple[Input, ...]:
    rows = await session.execute(
        select(Sto.code, Sto.name).where(visit.viewer.within(Sto.id), Sto.active).order_by(Sto.code)
    )
    types = [row for row in (await queries.master(session)).types.values() if row.active]
    zone = clock.zone_name(visit.zone)
    return (
        Input(
            "kind",
            pgettext("satu", "Laporan"),
            "select",
            "yesterday",
            choices=tuple(Choice(key, _(word)) for key, word in KINDS.items()),
        ),
        Input("at", _("Jam"), "time", "07:00", hint=_("Waktu {zone}, atau zona STO yang dipilih.", zone=zone)),
        Input(
            "day",
            _("Tanggal atau hari"),
            "number",
            "1",
            hint=_("Rekap bulanan: 1 sampai 28. Pareto: 1 Senin sampai 7 Minggu."),
            required=False,
        ),
        Input(
            "sto",
            "STO",
            "select",
            ALL,
            choices=(Choice(ALL, _("Semua STO")), *(Choice(code, f"{code} {name}") for code, name in rows)),
        ),
        Input(
            "type",
            _("Tipe"),
            "select",
            ALL,
            choices=(Choice(ALL, _("Semua tipe")), *(Choice(row.code, row.code) for row in types)),
        ),
    )


def wish_of(typed: Typed) -> Wish:
    """What was typed, as a wish."""
    values = typed.values
    sto, kind = ("" if values[name] == ALL else values[name] for name in ("sto", "type"))
    to = values.get("group", MYSELF)
    group = int(to) if to.isdigit() and len(to) < 18 else None
    return Wish(values["kind"], typed.hour("at"), typed.maybe_number("day") or 1, sto, kind, group)


async def new_form(session: AsyncSession, visit: Visit, request: Request | None = None) -> Drawn:
    """The form for a new schedule; a report page says what it was about."""
    fields = await inputs(session, visit)
    if request is not None:
        given = request.query_params
        asked = {
            "kind": given.get("jenis", "") if given.get("jenis", "") in KINDS else "yesterday",
            "sto": given.get("sto", "")[:8],
            "type": given.get("tipe", "")[:16],
        }
        known = {each.name: {choice.value for choice in each.choices} for each in fields}
        fields = tuple(
            replace(each, value=asked[each.name]) if asked.get(each.name) in known[each.name] else each
            for each in fields
        )
    return master_page.keyed(Drawn("jadwal", _("Jadwal baru"), PATH, fields, save=_("Jadwalkan")))


async def edit_form(session: AsyncSession, visit: Visit, row: ReportSchedule) -> Drawn:
    """The form of one that is there."""
    held = {"kind": row.kind, "at": row.at, "day": row.day, "sto": row.sto or ALL, "type": row.type or ALL}
    fields = master_forms.filled(await _what(session, visit), held)
    title = _("Ubah jadwal")
    if row.binding_id is not None:
        title = _("Ubah jadwal grup {group}", group=_group_name(await groups.target(session, row.binding_id)))
    return Drawn("jadwal", title, f"{PATH}/{row.id}", fields, cancel=PATH)


async def page_of(session: AsyncSession, visit: Visit, form: Drawn) -> Master:
    """The schedules and one form."""
    person = (await session.scalars(select(Person).where(Person.id == visit.viewer.person_id))).one()
    held = await session.scalar(select(Chat.held).where(Chat.id == (person.telegram_id or 0)))
    banner = _(UNLINKED) if person.telegram_id is None else _(CLOSED) if held else ""
    lines = tuple(_line(each) for each in await schedules.own(session, visit.viewer))
    heads = (pgettext("satu", "Laporan"), _("Kapan"), _("Cakupan"), _("Berikutnya"), _("Terakhir"))
    mine = Table("daftar", _("Jadwal Anda"), heads, lines, _("Belum ada laporan yang dijadwalkan."))
    theirs = tuple(_line(each) for each in await schedules.of_groups(session, visit.viewer))
    tables = (mine, Table("grup", _("Jadwal grup"), (heads[0], _("Grup"), *heads[1:]), theirs)) if theirs else (mine,)
    return Master(
        title=_("Kirim terjadwal"),
        lead=_(
            "Bot mengirim laporan ke obrolan pribadi Anda atau ke grup: angkanya sama dengan halaman laporan, dengan "
            "berkas Excel. Jadwal bawaan boleh diubah, dijeda, atau dihapus."
        ),
        back=Choice(report.PATH, _("Laporan")),
        banner=banner,
        tables=tables,
        forms=(form,),
    )


def _line(each: Scheduled) -> Line:
    row = each.row
    path = f"{PATH}/{row.id}"
    at = f"{row.at:%H:%M}{labels.NBSP}{clock.zone_name(row.zone)}"
    when = _("Tiap hari {at}", at=at)
    if row.kind == "month":
        when = _("Tanggal {day}, {at}", day=row.day, at=at)
    elif row.kind == "pareto":
        when = _("Tiap {day}, {at}", day=_(WEEKDAYS[row.day - 1]), at=at)
    name = _(SHORT[row.kind])
    unit = each.group.unit if each.group is not None else ""
    scope = ", ".join(filter(None, (row.sto or unit, row.type))) or _("Seluruh wilayah")
    coming = labels.moment(row.next_at, row.zone) if row.active else _("Dijeda")
    who = f"{name} {at}"
    to = (Cell(_group_name(each.group)),) if each.group is not None else ()
    switch = Act(_("Jeda"), f"{path}/jeda", who=who) if row.active else Act(_("Lanjutkan"), f"{path}/lanjut", who=who)
    return Line(
        (
            Cell(name, href=path, note=_("bawaan") if row.preset else ""),
            *to,
            Cell(when),
            Cell(scope, "dim"),
            Cell(coming, "" if row.active else "tag"),
            _last(each.last, row.zone),
        ),
        (switch, _end(row, each.group)),
        off=not row.active,
    )


def _end(row: ReportSchedule, group: Target | None) -> Act:
    at = f"{_(SHORT[row.kind])} {row.at:%H:%M}{labels.NBSP}{clock.zone_name(row.zone)}"
    who = f"{at}, {_group_name(group)}" if group is not None else at
    warning = _("Laporan ini tidak dikirim lagi. Untuk berhenti sementara, pilih Jeda.")
    ask = Ask(_("Hapus jadwal {name}?", name=who), warning, _("Hapus jadwal"))
    return Act(_("Hapus"), f"{PATH}/{row.id}/hapus", danger=True, who=who, ask=ask)


def _last(run: ReportRun | None, zone: str) -> Cell:
    """What became of it the last time."""
    if run is None:
        return Cell(_("Belum pernah"), "dim")
    at = labels.moment(run.due_at, zone)
    if run.state == "sent":
        return Cell(_("Dikirim"), note=at)
    if run.state == "due":
        return Cell(_("Sedang disiapkan"), note=at)
    return Cell(_(WHY.get(run.why, WHY["late"])), note=at)


@router.get(PATH)
async def show_schedules(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One's schedules, and the form for a new one."""
    visit.viewer.must("report.read")
    form = await new_form(session, visit, request)
    return master_page.show(visit, KEY, await page_of(session, visit, form), request=request)


@router.post(PATH)
async def make_schedule(session: Session, visit: Visitor, form: Form) -> Response:
    """A new schedule; posting the form twice makes one."""
    visit.viewer.must("report.read")
    made = await new_form(session, visit)
    typed = master_forms.read(form, made.inputs)
    wish = wish_of(typed)

    async def work() -> None:
        await schedules.make(session, visit.viewer, wish, source="web")

    return await _saved(session, visit, form, made, typed, work, "dijadwalkan")


@router.get(PATH + "/{no}")
async def show_schedule(no: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One schedule's form beside the list."""
    visit.viewer.must("report.read")
    row = await schedules.find(session, visit.viewer, whole(no))
    view = await page_of(session, visit, await edit_form(session, visit, row))
    return master_page.show(visit, KEY, view, request=request)


@router.post(PATH + "/{no}")
async def change_schedule(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Another time, or another report."""
    visit.viewer.must("report.read")
    row = await schedules.find(session, visit.viewer, whole(no))
    made = await edit_form(session, visit, row)
    typed = master_forms.read(form, made.inputs)
    wish = wish_of(typed)

    async def work() -> None:
        await schedules.change(session, visit.viewer, row.id, wish, source="web")

    return await _saved(session, visit, form, made, typed, work, "disimpan")


async def _saved(
    session: AsyncSession,
    visit: Visit,
    form: Any,
    made: Drawn,
    typed: Typed,
    work: Callable[[], Awaitable[None]],
    news: str,
) -> Response:
    again, status = await master_page.saved(session, visit, form, "schedule", made, typed, work)
    if again is None:
        return master_page.done(PATH, news)
    return master_page.show(visit, KEY, await page_of(session, visit, again), status=status)


@router.post(PATH + "/{no}/jeda")
async def pause_schedule(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Send it no more until it goes on."""
    visit.viewer.must("report.read")
    await schedules.switch(session, visit.viewer, whole(no), on=False, source="web")
    return master_page.done(PATH, "dijeda")


@router.post(PATH + "/{no}/lanjut")
async def resume_schedule(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Send it again, from its next time on."""
    visit.viewer.must("report.read")
    await schedules.switch(session, visit.viewer, whole(no), on=True, source="web")
    return master_page.done(PATH, "dilanjutkan")


@router.post(PATH + "/{no}/hapus")
async def end_schedule(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Send it never again."""
    visit.viewer.must("report.read")
    if form.get("tanya"):
        row = await schedules.find(session, visit.viewer, whole(no))
        group = await groups.target(session, row.binding_id) if row.binding_id is not None else None
        return master_page.asked(visit, KEY, _end(row, group), Choice(PATH, _("Kirim terjadwal")))
    await schedules.end(session, visit.viewer, whole(no), source="web")
    return master_page.done(PATH, "jadwal-dihapus")
