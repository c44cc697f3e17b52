"""Telegram groups: what each serves, why one is held, and binding them from here or by a code. Admins only."""

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page, words_groups, words_master
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, ngettext
from services.web.master_forms import Typed
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Cell, Fact, Input, Line, Master, Search, Secret, Table
from services.web.view_master import Form as Drawn
from shared.chats import binding, checks
from shared.chats.binding import Bound, Group, Unit
from shared.chats.models import ChatCheck, ChatKind, Purpose
from shared.deliveries import troubles
from shared.errors import Invalid, NotFound
from shared.identifiers import one_line

router = APIRouter()

KEY = "grup"
PURPOSES = {
    Purpose.HELPDESK: N_("Helpdesk"),
    Purpose.TECHNICIANS: N_("Teknisi"),
    Purpose.COLLECTORS: N_("Petugas tagih"),
}
KINDS = {ChatKind.GROUP: N_("Grup"), ChatKind.SUPERGROUP: N_("Supergrup"), ChatKind.PRIVATE: N_("Pribadi")}
HELD = {
    "the bot was removed from the group": N_(
        "Bot dikeluarkan dari grup. Masukkan lagi; pesannya lalu berangkat sendiri."
    ),
    "the bot was blocked by the user": N_("Bot diblokir."),
    troubles.BY_PERSON: N_("Ditahan dari web. Lepaskan bila boleh dikirim lagi."),
}


def held_words(words: str | None) -> str:
    """Why nothing is sent to a chat; Telegram's own words where we have none."""
    if not words:
        return ""
    return _(HELD.get(words, "")) or _("Telegram menolak: {words}", words=words)


def purpose_words(bound: Bound) -> str:
    """`Helpdesk SO-SDA`, with its topic."""
    topic = _(", topik {thread}", thread=bound.thread_id) if bound.thread_id is not None else ""
    return f"{_(PURPOSES[bound.purpose])} {bound.unit_code}{topic}"


async def inputs(session: AsyncSession, *, topic: bool) -> tuple[Input, ...]:
    """What a group is for and where."""
    fields = (
        Input(
            "purpose",
            _("Untuk"),
            "select",
            choices=tuple(Choice(each.value, _(word)) for each, word in PURPOSES.items()),
        ),
        Input("unit", _("Wilayah"), "select", choices=await master_page.unit_choices(session)),
    )
    if not topic:
        return fields
    thread = Input(
        "thread",
        _("Nomor topik"),
        "plain",
        required=False,
        longest=12,
        hint=_("Hanya untuk grup dengan topik; kosong: seluruh grup."),
    )
    return (*fields, thread)


def unit_of(typed: Typed) -> Unit:
    """The unit a form names."""
    kind, _, number = typed.values["unit"].partition(":")
    if not number.isdigit():
        return Unit()
    return Unit(site=int(number)) if kind == "so" else Unit(sto=int(number))


async def code_form(session: AsyncSession) -> Drawn:
    """The form that makes a binding code."""
    return Drawn(
        "kode",
        _("Hubungkan grup baru"),
        "/grup/kode",
        await inputs(session, topic=False),
        save=_("Buat kode"),
        foot=_("Masukkan bot ke grup, lalu kirim /ikat dan kodenya di sana. Di dalam topik: hanya topik itu."),
    )


async def list_page(
    session: AsyncSession, visit: Visit, request: Request, *, form: Drawn | None = None, secret: Secret | None = None
) -> Master:
    """The groups the bot knows."""
    words = one_line(request.query_params.get("q", "")[:200])[:80]
    after = request.query_params.get("sesudah", "")[:20]
    found, following = await binding.groups(session, visit.viewer, words=words, after=after)
    known = await checks.of(session, [each.chat.id for each in found])
    lines = tuple(
        Line(
            (
                Cell(each.chat.title or _("Tanpa judul"), href=f"/grup/{each.chat.id}"),
                Cell(_(KINDS[each.chat.kind]), "dim"),
                Cell("; ".join(purpose_words(bound) for bound in each.bindings) or _("Belum dihubungkan")),
                Cell(labels.number(each.waiting), "num", href=_waiting(each) if each.waiting else ""),
                _standing(each, known.get(each.chat.id)),
            )
        )
        for each in found
    )
    heads = (_("Grup"), _("Jenis"), _("Melayani"), f"#{_('Menunggu')}", _("Keadaan"))
    empty = _("Tidak ada yang cocok.") if words else _("Bot belum dimasukkan ke grup mana pun.")
    asked = {"q": words, "sesudah": following}
    onward = f"/grup?{urlencode({k: v for k, v in asked.items() if v})}" if following else ""
    return Master(
        title=_("Grup Telegram"),
        lead=_("Grup tempat bot bekerja: untuk apa, di wilayah mana, dan pesan yang belum terkirim."),
        count=ngettext("{n} grup", "{n} grup", len(found)) if not after and not following else "",
        search=Search("/grup", _("Cari judul grup"), words),
        tables=(Table("daftar", _("Daftar"), heads, lines, empty, next=onward),),
        forms=(form or await code_form(session),),
        secret=secret,
    )


def _waiting(group: Group) -> str:
    """Where its unsent messages are listed."""
    return f"/kiriman?keadaan={'ditahan' if group.chat.held else 'menunggu'}&obrolan={group.chat.id}"


def _topic(bound: Bound) -> Cell:
    if bound.lost:
        note = _("Sudah dihapus di Telegram. Pesannya ditahan sampai topik lain diikat untuk hal yang sama.")
        return Cell(str(bound.thread_id), category="obstacle", note=note)
    return Cell(str(bound.thread_id) if bound.thread_id is not None else _("Seluruh grup"), "dim")


def _standing(group: Group, check: ChatCheck | None) -> Cell:
    if group.chat.held:
        return Cell(_("Tertahan"), category="obstacle", note=held_words(group.chat.held))
    if lacks := words_groups.short(check):
        return Cell(_("Kurang hak"), category="obstacle", note=lacks)
    if any(each.lost for each in group.bindings):
        return Cell(_("Topik hilang"), category="obstacle", note=_("Topiknya sudah dihapus. Ikat ulang."))
    if not group.bindings:
        return Cell(_("Belum dihubungkan"), category="received")
    return Cell(_("Terhubung"), category="done")


async def group_page(
    session: AsyncSession, visit: Visit, chat_id: int, *, form: Drawn | None = None, error: str = ""
) -> Master:
    """One group: what it serves, and what may be done."""
    group = await binding.group(session, visit.viewer, chat_id)
    chat, path = group.chat, f"/grup/{chat_id}"
    lines = tuple(_bound_line(bound, path) for bound in group.bindings)
    check = (await checks.of(session, [chat_id])).get(chat_id)
    note = _("Bot menanyakan haknya kepada Telegram. Dilakukan sendiri tiap hari.")
    acts: tuple[Act, ...] = (Act(_("Periksa sekarang"), f"{path}/periksa", note=note),)
    if not chat.held:
        acts = (*acts, Act(_("Tahan"), f"{path}/tahan", note=_("Tidak ada pesan yang berangkat sampai dilepaskan.")))
    elif chat.held == troubles.BY_PERSON:
        note = _("Pesan yang ditahan berangkat berurutan.")
        acts = (Act(_("Lepaskan"), f"{path}/coba", note=note), *acts)
    else:
        note = _("{held} Perbaiki dulu di Telegram, lalu coba lagi.", held=held_words(chat.held))
        acts = (Act(_("Kirim lagi yang tertahan"), f"{path}/coba", note=note), *acts)
    facts = (
        Fact(_("Jenis"), _(KINDS[chat.kind])),
        Fact(_("Nomor grup"), str(chat.id)),
        Fact(_("Keadaan"), _standing(group, check).text, held_words(chat.held)),
        *words_groups.facts(check, visit.zone),
        Fact(
            _("Pesan tertahan") if chat.held else _("Pesan menunggu"),
            labels.number(group.waiting),
            href=_waiting(group) if group.waiting else "",
        ),
        Fact(_("Dikenal sejak"), labels.moment(chat.seen_at, visit.zone)),
    )
    heads = (_("Untuk"), _("Wilayah"), _("Topik"), _("Kartu order"))
    return Master(
        title=chat.title or _("Tanpa judul"),
        back=Choice("/grup", _("Grup Telegram")),
        facts=facts,
        tables=(Table("ikatan", _("Melayani"), heads, lines, _("Belum dihubungkan ke wilayah mana pun.")),),
        forms=(form or await bind_form(session, chat_id),),
        acts=acts,
        error=error,
    )


def _bound_line(bound: Bound, path: str) -> Line:
    """One thing that a group serves, and what may be done about it."""
    which, who = (Choice("binding", str(bound.id)),), purpose_words(bound)
    cards = Cell("–", "dim")
    pin: tuple[Act, ...] = ()
    if bound.purpose is Purpose.HELPDESK:
        cards = Cell(_("Disematkan selama order terbuka") if bound.pins else _("Tidak disematkan"), "dim")
        label = _("Jangan sematkan") if bound.pins else _("Sematkan kartu")
        pin = (Act(label, f"{path}/{'lepas-sematan' if bound.pins else 'sematkan'}", which, who=who),)
    cells = (Cell(_(PURPOSES[bound.purpose])), Cell(f"{bound.unit_code} {bound.unit_name}"), _topic(bound), cards)
    return Line(cells, (*pin, Act(_("Lepas"), f"{path}/lepas", which, danger=True, who=who)))


async def bind_form(session: AsyncSession, chat_id: int) -> Drawn:
    """The form that binds a group from here."""
    fields = await inputs(session, topic=True)
    return Drawn("ikat", _("Hubungkan"), f"/grup/{chat_id}/ikat", fields, save=_("Hubungkan"))


def asked(text: str) -> int:
    """The id of a group in an address: negative. Raises NotFound."""
    return -whole(text.removeprefix("-"))


@router.get("/grup")
async def show_groups(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The groups."""
    return master_page.show(visit, KEY, await list_page(session, visit, request), request=request)


@router.post("/grup/kode")
async def make_code(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """A binding code; this answer is the only place where it can be read. Posting twice ends the first."""
    visit.viewer.must("group.change")
    made = await code_form(session)
    typed = master_forms.read(form, made.inputs)
    if not typed.errors:
        try:
            async with session.begin_nested():
                purpose, unit = Purpose(typed.values["purpose"]), unit_of(typed)
                code = await binding.make_code(session, visit.viewer, purpose, unit, source="web")
            note = _("Kirim pesan ini di grupnya. Hanya terlihat sekali ini, berlaku 15 menit, dan sekali pakai.")
            view = await list_page(session, visit, request, secret=Secret(_("Kode penghubung"), f"/ikat {code}", note))
            return master_page.show(visit, KEY, view)
        except Invalid as error:
            typed.errors |= error.fields
    view = await list_page(session, visit, request, form=master_forms.again(made, "group", typed))
    return master_page.show(visit, KEY, view, status=422)


@router.get("/grup/{chat_id}")
async def show_group(chat_id: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One group."""
    visit.viewer.must("group.change")
    return master_page.show(visit, KEY, await group_page(session, visit, asked(chat_id)), request=request)


@router.post("/grup/{chat_id}/ikat")
async def bind_group(chat_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Let a group serve a unit; doing it again changes nothing."""
    visit.viewer.must("group.change")
    number = asked(chat_id)
    await binding.group(session, visit.viewer, number)
    made = await bind_form(session, number)
    typed = master_forms.read(form, made.inputs)
    thread = typed.maybe_number("thread")

    async def work() -> None:
        purpose = Purpose(typed.values["purpose"])
        await binding.bind(session, visit.viewer, number, purpose, unit_of(typed), thread_id=thread, source="web")

    again, status = await master_page.saved(session, visit, form, "group", made, typed, work)
    if again is None:
        return master_page.done(f"/grup/{number}", "terikat")
    return master_page.show(visit, KEY, await group_page(session, visit, number, form=again), status=status)


@router.post("/grup/{chat_id}/lepas")
async def unbind_group(chat_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Let a group serve a unit no longer; the second time there is nothing left to end."""
    visit.viewer.must("group.change")
    number, which = asked(chat_id), whole(str(form.get("binding", "")))
    await binding.group(session, visit.viewer, number)
    try:
        async with session.begin_nested():
            await binding.unbind(session, visit.viewer, number, which, source="web")
    except NotFound:
        return master_page.done(f"/grup/{number}", "")
    return master_page.done(f"/grup/{number}", "dilepas")


@router.post("/grup/{chat_id}/sematkan")
async def pin_cards(chat_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Pin the cards of open orders there from now on."""
    return await _pins(chat_id, session, visit, form, on=True)


@router.post("/grup/{chat_id}/lepas-sematan")
async def unpin_cards(chat_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Pin no more cards there; those that are pinned are let go as their orders move on."""
    return await _pins(chat_id, session, visit, form, on=False)


async def _pins(chat_id: str, session: AsyncSession, visit: Visit, form: FormData, *, on: bool) -> Response:
    visit.viewer.must("group.change")
    number, which = asked(chat_id), whole(str(form.get("binding", "")))
    await binding.group(session, visit.viewer, number)
    try:
        async with session.begin_nested():
            await binding.pin(session, visit.viewer, number, which, on=on, source="web")
    except NotFound:  # let go meanwhile, or no place of cards
        return master_page.done(f"/grup/{number}", "")
    return master_page.done(f"/grup/{number}", "disematkan" if on else "tak-disematkan")


@router.post("/grup/{chat_id}/coba")
async def release_group(chat_id: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Try a held group again."""
    assert form is not None
    number = asked(chat_id)
    error = await master_page.acted(session, binding.release(session, visit.viewer, number, source="web"))
    if not error:
        return master_page.done(f"/grup/{number}", "dicoba")
    view = replace(await group_page(session, visit, number), error=error or words_master.STALE)
    return master_page.show(visit, KEY, view, status=409)


@router.post("/grup/{chat_id}/tahan")
async def hold_group(chat_id: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Let nothing leave for a group until it is released."""
    visit.viewer.must("group.change")
    number = asked(chat_id)
    await binding.group(session, visit.viewer, number)
    await troubles.hold(session, visit.viewer, number, source="web")
    return master_page.done(f"/grup/{number}", "ditahan")


@router.post("/grup/{chat_id}/periksa")
async def check_group(chat_id: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Have the bot ask what it may there."""
    visit.viewer.must("group.change")
    number = asked(chat_id)
    await checks.ask(session, visit.viewer, number)
    return master_page.done(f"/grup/{number}", "diperiksa")
