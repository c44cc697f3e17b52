"""People: their list, adding and editing them, switching them off and on, approving technicians, and one-time links."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import doors, labels, master_forms, master_page, words_master
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _
from services.web.master_forms import Typed
from services.web.view import Choice
from services.web.view_master import Act, Cell, Chip, Fact, Input, Line, Master, Search, Secret, Table
from services.web.view_master import Form as Drawn
from services.web.words import ROLES
from shared import clock, requests
from shared.chats import doors as invitations
from shared.errors import Conflict, Invalid, NotFound
from shared.identifiers import one_line
from shared.people import directory, invites, operations
from shared.people.access import RIGHTS
from shared.people.directory import Entry
from shared.people.models import Role
from shared.people.operations import RANK, Draft
from shared.settings import settings

router = APIRouter()

KEY = "pengguna"
CHIPS = {"semua": N_("Semua"), "menunggu": N_("Menunggu"), "undangan": N_("Undangan"), "nonaktif": N_("Nonaktif")}
TELEGRAM: dict[str, Cell] = {
    "linked": Cell(N_("Tertaut"), category="done"),
    "unseen": Cell(N_("Belum menyapa bot"), category="received"),
    "blocked": Cell(N_("Bot diblokir"), category="obstacle"),
    "none": Cell(N_("Belum ada"), category="cancelled"),
}


async def inputs(session: AsyncSession, visit: Visit, held: frozenset[str] = frozenset()) -> tuple[Input, ...]:
    """The fields of a person."""
    roles = tuple(Choice(role.value, _(ROLES[role])) for role in Role if RANK[role] <= RANK[visit.viewer.role])
    return (
        Input("name", _("Nama lengkap"), longest=120),
        Input("role", _("Peran"), "select", choices=roles),
        Input(
            "username",
            _("Nama pengguna"),
            "plain",
            longest=64,
            required=False,
            hint=_("Untuk masuk lewat web. Huruf kecil."),
        ),
        Input("technician_code", _("Kode teknisi"), "code", longest=16, required=False, hint=_("Contoh F5SDA445.")),
        Input(
            "telegram_id",
            _("Nomor Telegram"),
            "plain",
            longest=20,
            required=False,
            hint=_("Angka yang disebut bot saat orangnya mengirim /start."),
        ),
        Input(
            "area",
            _("Wilayah"),
            "checks",
            choices=await master_page.unit_choices(session, held),
            required=False,
            hint=_("Site Operation mencakup semua STO-nya. Admin melihat semua wilayah."),
        ),
    )


def draft(typed: Typed) -> Draft:
    """The person a form describes, its errors noted in `typed`; without a role it is judged as one that asks least."""
    telegram = typed.maybe_number("telegram_id")
    if "telegram_id" in typed.errors:
        typed.errors["telegram_id"] = "pattern"
    area = typed.many["area"]
    role = Role.COLLECTOR if "role" in typed.errors else Role(typed.values["role"])
    everywhere = role is Role.ADMIN
    return Draft(
        name=typed.values["name"],
        role=role,
        username=typed.values["username"].lower() or None,
        technician_code=typed.values["technician_code"] or None,
        telegram_id=telegram,
        sites=frozenset() if everywhere else master_page.ids(area, "so"),
        stos=frozenset() if everywhere else master_page.ids(area, "sto"),
    )


def telegram_cell(entry: Entry) -> Cell:
    """Whether a person can be reached in Telegram."""
    known = TELEGRAM[entry.telegram]
    return replace(known, text=_(known.text))


def state_cell(entry: Entry, visit: Visit) -> Cell:
    """Whether a person may work here."""
    if entry.person.waiting:
        return Cell(_("Menunggu persetujuan"), category="received")
    if entry.person.left_at is not None:
        left = _("keluar dari grup {at}", at=labels.moment(entry.person.left_at, visit.zone))
        return Cell(_("Nonaktif"), category="cancelled", note=left)
    if not entry.person.active:
        return Cell(_("Nonaktif"), category="cancelled")
    until = _("undangan sampai {invited}", invited=labels.moment(entry.invited, visit.zone)) if entry.invited else ""
    return Cell(_("Aktif"), category="done", note=until)


def approvals(entry: Entry) -> tuple[Act, ...]:
    """What may be done with a technician who waits."""
    if not entry.person.waiting:
        return ()
    path, who = f"/pengguna/{entry.person.id}/persetujuan", entry.person.name
    return (
        Act(_("Setujui"), path, (Choice("setuju", "ya"),), who=who),
        Act(_("Tolak"), path, (Choice("setuju", "tidak"),), danger=True, who=who),
    )


async def list_page(
    session: AsyncSession, visit: Visit, request: Request, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """The list, with the form of a new person for those who may add one."""
    viewer, given = visit.viewer, request.query_params
    view = given.get("tampilan", "semua")
    view = view if view in CHIPS else "semua"
    words = one_line(given.get("q", "")[:200])[:80]
    listed = await directory.page(session, viewer, view=view, words=words, after=given.get("sesudah", "")[:20])
    counts = await directory.counts(session, viewer)
    may_change = viewer.may("people.change")
    shown = [name for name in CHIPS if may_change or name != "undangan"]
    chips = tuple(
        Chip(f"{_(CHIPS[name])} {labels.number(counts[name])}", f"/pengguna?tampilan={name}", name == view)
        for name in shown
    )
    lines = tuple(
        Line(
            (
                Cell(each.person.name, href=f"/pengguna/{each.person.id}"),
                Cell(_(ROLES[each.person.role]), note=each.person.technician_code or ""),
                Cell(", ".join(each.units[:4]) + (" …" if len(each.units) > 4 else "") or _everywhere(each)),
                telegram_cell(each),
                Cell(labels.short(each.seen_at, clock.now(), visit.zone) if each.seen_at else _("Belum pernah"), "dim"),
                state_cell(each, visit),
            ),
            approvals(each) if viewer.may("technician.approve") else (),
            off=not each.person.active and not each.person.waiting,
        )
        for each in listed.entries
    )
    if may_change and form is None:
        form = master_page.keyed(Drawn("baru", _("Tambah pengguna"), "/pengguna", await inputs(session, visit)))
    if form is not None:
        form = replace(form, foot=_("Tautan undangan dibuat setelah disimpan: berlaku 24 jam dan hanya sekali."))
    asked = {"tampilan": view, "q": words, "sesudah": listed.after}
    following = f"/pengguna?{urlencode({k: v for k, v in asked.items() if v})}" if listed.after else ""
    heads = (_("Nama"), _("Peran"), _("Wilayah"), _("Telegram"), _("Terakhir aktif"), _("Keadaan"))
    empty = _("Tidak ada yang cocok.") if words or view != "semua" else _("Belum ada pengguna.")
    return Master(
        title=_("Pengguna"),
        lead=_("Akun web dan identitas Telegram. Menonaktifkan akun memutus sesi dan bot saat itu juga.")
        if may_change
        else _("Teknisi di wilayah Anda. Yang menunggu dapat Anda setujui."),
        count=_(
            "{active} aktif, {waiting} menunggu",
            active=labels.number(counts["aktif"]),
            waiting=labels.number(counts["menunggu"]),
        ),
        chips=chips,
        search=Search("/pengguna", _("Cari nama, kode, atau nomor"), words, (Choice("tampilan", view),)),
        tables=(Table("daftar", _("Daftar"), heads, lines, empty, next=following),),
        forms=(form,) if form else (),
        error=error,
    )


def _everywhere(entry: Entry) -> str:
    return _("Semua") if entry.person.role is Role.ADMIN else _("Tidak ada")


async def detail_page(
    session: AsyncSession,
    visit: Visit,
    person_id: int,
    *,
    form: Drawn | None = None,
    invitation: Drawn | None = None,
    error: str = "",
    secret: Secret | None = None,
) -> Master:
    """One person with what may be done."""
    entry = await directory.entry(session, visit.viewer, person_id)
    person, path = entry.person, f"/pengguna/{person_id}"
    may_change = visit.viewer.may("people.change")
    acts: list[Act] = list(approvals(entry)) if visit.viewer.may("technician.approve") else []
    if may_change:
        form = form or await edit_form(session, visit, person_id)
        invitation = invitation or await doors.form(session, person)
        own = person_id == visit.viewer.person_id
        if not own and person.active and person.username and "order.read" in RIGHTS[person.role]:
            again = person.password_hash is not None
            note = (
                _("Kata sandi lama dan semua sesinya langsung tidak berlaku.")
                if again
                else _("Orangnya membuat kata sandi sendiri. Tautan sebelumnya tidak berlaku lagi.")
            )
            label = _("Buat tautan kata sandi baru") if again else _("Buat tautan undangan")
            acts.append(Act(label, f"{path}/tautan", note=note))
        if (person.active or person.left_at) and not own:
            note = _("Sesi web, token, dan hak di bot berakhir saat itu juga. Riwayatnya tetap ada.")
            acts.append(Act(_("Nonaktifkan"), f"{path}/aktif", (Choice("aktif", "tidak"),), danger=True, note=note))
        if not person.active and not person.waiting:
            acts.append(
                Act(
                    _("Aktifkan"),
                    f"{path}/aktif",
                    (Choice("aktif", "ya"),),
                    note=_("Peran dan wilayahnya seperti semula."),
                )
            )
    facts = (
        Fact(_("Keadaan"), state_cell(entry, visit).text, state_cell(entry, visit).note),
        Fact(_("Peran"), _(ROLES[person.role]), person.technician_code or ""),
        Fact(_("Wilayah"), ", ".join(entry.units) or _everywhere(entry)),
        Fact(_("Telegram"), telegram_cell(entry).text, str(person.telegram_id or "") if may_change else ""),
        *(await doors.facts(session, person_id) if may_change else ()),
        Fact(_("Terakhir aktif"), labels.moment(entry.seen_at, visit.zone) if entry.seen_at else _("Belum pernah")),
        Fact(_("Terdaftar"), labels.moment(person.created_at, visit.zone)),
    )
    return Master(
        title=person.name,
        back=Choice("/pengguna", _("Pengguna")),
        facts=facts,
        facts_title=_("Ringkasan"),
        forms=tuple(each for each in (form, invitation) if each is not None),
        acts=tuple(acts),
        error=error,
        secret=secret,
    )


async def edit_form(session: AsyncSession, visit: Visit, person_id: int) -> Drawn:
    """The form of a person that exists, as it stands."""
    values: dict[str, Any] = await directory.draft_of(session, person_id)
    area = frozenset(f"so:{each}" for each in values["sites"]) | frozenset(f"sto:{each}" for each in values["stos"])
    fields = master_forms.filled(await inputs(session, visit, area), values | {"area": area})
    return master_page.stamped(Drawn("ubah", _("Ubah"), f"/pengguna/{person_id}", fields, cancel="/pengguna"))


@router.get("/pengguna")
async def show_people(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The list of people."""
    visit.viewer.must("technician.approve")
    return master_page.show(visit, KEY, await list_page(session, visit, request), request=request)


@router.post("/pengguna")
async def add_person(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Enter a person, and go on to its page; the same form again goes there too."""
    visit.viewer.must("people.change")
    made = master_page.keyed(Drawn("baru", _("Tambah pengguna"), "/pengguna", await inputs(session, visit)))
    typed = master_forms.read(form, made.inputs)
    person = draft(typed)
    if typed.errors:
        await master_page.look(session, typed, lambda: operations.add(session, visit.viewer, person, source="web"))
    else:
        try:
            async with session.begin_nested():
                return master_page.done(f"/pengguna/{await _add(session, visit, form, person)}", "ditambah")
        except Invalid as error:
            typed.errors |= error.fields
    view = await list_page(session, visit, request, form=master_forms.again(made, "person", typed))
    return master_page.show(visit, KEY, view, status=422)


async def _add(session: AsyncSession, visit: Visit, form: FormData, person: Draft) -> int:
    key, me = master_forms.key_of(form), visit.viewer.person_id
    known = await requests.first_time(session, me, key)
    if known is not None:
        return int(known.get("person", 0))
    made = await operations.add(session, visit.viewer, person, source="web")
    await requests.answered(session, me, key, {"person": made.id})
    return made.id


@router.get("/pengguna/{person_id}")
async def show_person(person_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One person."""
    visit.viewer.must("technician.approve")
    return master_page.show(visit, KEY, await detail_page(session, visit, whole(person_id)), request=request)


@router.post("/pengguna/{person_id}")
async def change_person(person_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Edit a person."""
    visit.viewer.must("people.change")
    number = whole(person_id)
    await directory.one(session, visit.viewer, number)
    made = await edit_form(session, visit, number)
    typed = master_forms.read(form, made.inputs)
    person = draft(typed)

    async def work() -> None:
        await operations.change(session, visit.viewer, number, person, source="web")

    again, status = await master_page.saved(session, visit, form, "person", made, typed, work)
    if again is None:
        return master_page.done(f"/pengguna/{number}", "disimpan")
    return master_page.show(visit, KEY, await detail_page(session, visit, number, form=again), status=status)


@router.post("/pengguna/{person_id}/aktif")
async def switch_person(person_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Switch a person off at once everywhere, or on again."""
    number, active = whole(person_id), form.get("aktif") == "ya"
    act = operations.readmit if active else operations.dismiss
    error = await master_page.acted(session, act(session, visit.viewer, number, source="web"))
    if not error:
        return master_page.done(f"/pengguna/{number}", "aktif" if active else "nonaktif")
    return master_page.show(visit, KEY, await detail_page(session, visit, number, error=error), status=409)


@router.post("/pengguna/{person_id}/persetujuan")
async def settle_technician(person_id: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Approve a technician who waits, or turn it away."""
    visit.viewer.must("technician.approve")
    approve = form.get("setuju") == "ya"
    work = operations.settle(session, visit.viewer, whole(person_id), approve=approve, source="web")
    error = await master_page.acted(session, work)
    if not error:
        return master_page.done("/pengguna", "disetujui" if approve else "ditolak")
    return master_page.show(visit, KEY, await list_page(session, visit, request, error=error), status=409)


@router.post("/pengguna/{person_id}/tautan")
async def make_link(person_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """A one-time link by which a person sets its password; this answer is the only place where it can be read."""
    assert form is not None
    number = whole(person_id)
    try:
        async with session.begin_nested():
            token = await invites.make(session, visit.viewer, number, source="web")
    except Conflict as error:
        view = await detail_page(session, visit, number, error=words_master.refused(error))
        return master_page.show(visit, KEY, view, status=409)
    secret = Secret(
        _("Tautan sekali pakai"),
        f"{settings().base_url}/undangan/{token}",
        _("Salin dan berikan kepada orangnya sendiri. Hanya terlihat sekali ini, berlaku 24 jam, dan sekali pakai."),
    )
    return master_page.show(visit, KEY, await detail_page(session, visit, number, secret=secret))


@router.post("/pengguna/{person_id}/grup")
async def invite_to_group(person_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Have Telegram make a link into a group for one person; it appears here as soon as Telegram answered."""
    visit.viewer.must("group.change")
    number = whole(person_id)
    made = await doors.form(session, await directory.one(session, visit.viewer, number))
    if made is None:
        error = _("Tidak ada grup terhubung untuk peran dan wilayah orang ini, atau akunnya nonaktif.")
        return master_page.show(visit, KEY, await detail_page(session, visit, number, error=error), status=409)
    typed = master_forms.read(form, made.inputs)

    async def work() -> None:
        chat_id, name = int(typed.values["group"]), typed.values["telegram_name"]
        await invitations.invite(session, visit.viewer, number, chat_id, name, source="web")

    again, status = await master_page.saved(session, visit, form, "person", made, typed, work)
    if again is None:
        return master_page.done(f"/pengguna/{number}", "tautan-grup")
    return master_page.show(visit, KEY, await detail_page(session, visit, number, invitation=again), status=status)


def whole(text: str) -> int:
    """An id of an address. Raises NotFound, as for any that is not there."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)
