"""Who hears what: the rules, the ladders' minutes, last week tried by the rules of now."""

from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page, rule_groups
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _
from services.web.master_forms import Typed
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Ask, Cell, Fact, Input, Line, Master, Table
from services.web.view_master import Form as Drawn
from services.web.words import ROLES
from shared.errors import Invalid, NotFound
from shared.notify import kinds, operations, queries
from shared.notify.hearing import Hearer
from shared.notify.kinds import KINDS, LADDERS
from shared.notify.models import NotifyRule
from shared.people.models import Person, Role

router = APIRouter()

PATH = "/pemberitahuan"
PAGE_KEY = "pemberitahuan"
EVERYWHERE, ANY_LANGUAGE = "semua", "sendiri"
MOST_NAMED = 12
SAYS = {
    "sla_near": N_("Hampir lewat SLA"),
    "sla_late": N_("Lewat SLA"),
    "untaken": N_("Lewat SLA, belum diambil"),
    "silent": N_("Diambil, lalu diam"),
    "paused": N_("Dijeda terlalu lama"),
    "unanswered": N_("Pertanyaan belum dijawab"),
    "import": N_("Impor menunggu diterapkan"),
    "house": N_("Gangguan SIKPRO"),
}
NOT_CONNECTED = N_("{name}: Telegram belum terhubung")
HELD = N_("{name}: obrolannya tertahan")
AT_DESK = N_("Grup helpdesk STO-nya")
OWN = {"holder": N_("Pemegang order"), "asker": N_("Penanya"), "uploader": N_("Pengunggah")}
FIXED = (
    (N_("Order masuk"), N_("Grup helpdesk yang terhubung dengan STO-nya (halaman Grup Telegram)")),
    (N_("Perubahan status"), N_("Teknisi yang mendaftarkan, sebagai balasan pesannya")),
)


def called(name: str, step: int) -> str:
    """A kind and its step in words."""
    return _("{kind}, tingkat {step}", kind=_(SAYS[name]), step=step) if KINDS[name].steps > 1 else _(SAYS[name])


def lasting(minutes: int, *, working: bool) -> str:
    """So many minutes in words."""
    time = labels.minutes(minutes)
    return _("{time} kerja", time=time) if working else time


async def inputs(session: AsyncSession) -> tuple[Input, ...]:
    """What makes a rule."""
    people = await session.execute(
        select(Person.id, Person.name).where(Person.active, Person.role != Role.TECHNICIAN).order_by(Person.name)
    )
    units = await master_page.unit_choices(session)
    return (
        Input(
            "what",
            _("Kejadian"),
            "select",
            choices=tuple(Choice(each, called(*kinds.parted(each))) for each in kinds.STEPS),
        ),
        Input(
            "audience",
            _("Yang diberi tahu"),
            "select",
            choices=(
                Choice("own", _("Yang bersangkutan (pemegang, penanya, pengunggah)")),
                *(Choice(role.value, _("{role} di wilayahnya", role=_(ROLES[role]))) for role in kinds.ROLES),
                Choice(kinds.DESK, _(AT_DESK)),
                *(Choice(f"person:{number}", name) for number, name in people),
                *await rule_groups.choices(session),
            ),
            hint=_("Topik grup ada di sini setelah diikat di halaman Grup Telegram."),
        ),
        Input("unit", _("Wilayah"), "select", EVERYWHERE, choices=(Choice(EVERYWHERE, _("Semua wilayah")), *units)),
        Input(
            "language",
            _("Bahasa"),
            "select",
            ANY_LANGUAGE,
            choices=(Choice(ANY_LANGUAGE, _("Bahasa penerima")), Choice("id", "Indonesia"), Choice("en", "English")),
        ),
    )


def line_of(typed: Typed) -> operations.Line:
    """What was typed, as a rule."""
    name, _dot, step = typed.values["what"].rpartition(".")
    sort, _colon, unit = typed.values["unit"].partition(":")
    language = typed.values["language"]
    audience, _hash, thread = typed.values["audience"].partition("#")
    return operations.Line(
        name,
        int(step) if step.isdigit() else 0,
        audience,
        int(unit) if sort == "so" and unit.isdigit() else None,
        int(unit) if sort == "sto" and unit.isdigit() else None,
        None if language == ANY_LANGUAGE else language,
        int(thread) if thread.isascii() and thread.isdigit() and len(thread) < 18 else None,
    )


async def new_form(session: AsyncSession, key: str) -> Drawn:
    """The form of a new line."""
    fields = await inputs(session)
    return Drawn("aturan", _("Aturan baru"), PATH, fields, key, save=_("Tambahkan"), tries=_("Lihat dulu"))


async def page_of(session: AsyncSession, visit: Visit, form: Drawn | None = None) -> Master:
    """Every kind with whom it reaches, every line, and the form for a new one."""
    form = form or await new_form(session, master_forms.new_key())
    found = await queries.rules(session, visit.viewer)
    said, minutes = await queries.last_week(session), await queries.minutes(session)
    lines = [Line((Cell(_(name)), Cell(_("Langsung")), Cell(_(who)), Cell(), Cell())) for name, who in FIXED]
    for each in kinds.STEPS:
        name, step = kinds.parted(each)
        rules = [rule for rule in found if (rule.row.kind, rule.row.step) == (name, step)]
        lines.append(await _step_line(session, name, step, rules, said, minutes.get(name, {}).get(step)))
    heads = (_("Kejadian"), _("Setelah"), _("Aturan"), "#" + _("Minggu lalu"), _("Akan sampai ke"))
    rules_heads = (_("Kejadian"), _("Yang diberi tahu"), _("Wilayah"), _("Bahasa"))
    return Master(
        title=_("Siapa diberi tahu"),
        lead=_(
            "Satu pesan tiap tingkat, lalu diam sampai ada kejadian baru. Tingkat yang tidak sampai ke siapa pun "
            "naik ke tingkat berikutnya, terakhir ke admin."
        ),
        tables=(
            Table("tingkat", _("Kejadian minggu lalu menurut aturan sekarang"), heads, tuple(lines)),
            Table("aturan-daftar", _("Aturan"), rules_heads, tuple(_rule_line(each) for each in found)),
        ),
        forms=(form,),
    )


async def _step_line(
    session: AsyncSession,
    name: str,
    step: int,
    rules: list[queries.Ruled],
    said: queries.Said,
    minutes: int | None,
) -> Line:
    trial = await queries.trial(session, name, step, said)
    who = heard(trial)
    ladder = name in LADDERS
    after = _("Langsung") if not ladder else _("Mati")
    if minutes is not None:
        after = lasting(minutes, working=KINDS[name].working)
    by_rule = "; ".join(audience(each) for each in rules)
    if name in {"sla_near", "sla_late"}:
        by_rule = "; ".join(filter(None, (_("Yang dipilih di halaman Target SLA"), by_rule)))
    return Line(
        (
            Cell(called(name, step), href=f"{PATH}/{name}" if ladder else "", note=_wish_note(name, step)),
            Cell(after),
            Cell(by_rule or _("Belum ada, naik ke tingkat berikutnya"), "" if by_rule else "dim"),
            Cell(labels.number(trial.events), "num"),
            Cell(who or "–", "" if who else "dim"),
        )
    )


def heard(trial: queries.Trial) -> str:
    """Whom last week would have reached, in words; empty when there was nothing to hear."""
    who = [_times(each, times, trial.muted.get(each, 0)) for each, times in trial.told.items()][:8]
    climbed = [_("naik ke {name} ({n} kali)", name=each, n=times) for each, times in trial.climbed.items()][:8]
    who += climbed
    if trial.deaf:
        who.append(_("tidak ada yang diberi tahu ({n} kali)", n=trial.deaf))
    if trial.untried:
        who.append(_("wilayah lain ({n} kali)", n=trial.untried))
    who += (_(NOT_CONNECTED, name=each) for each in sorted(trial.away))
    who += (_(HELD, name=each) for each in sorted(trial.held))
    return "; ".join(who)


def _times(each: str, times: int, muted: int) -> str:
    """Who, how often, and how much of that is muted."""
    name = _("yang bersangkutan") if each == queries.OWN else each
    if muted:
        return _("{name} ({n} kali, {muted} dibisukan)", name=name, n=times, muted=muted)
    return _("{name} ({n} kali)", name=name, n=times)


def _reach(each: Hearer) -> str:
    """A hearer by name, and why nothing arrives there."""
    if each.chat_id is None:
        return _(NOT_CONNECTED, name=each.name)
    return _(HELD, name=each.name) if each.held else each.name


def _tried(line: operations.Line, seen: operations.Preview, form: Drawn) -> Master:
    """What a line that is not saved yet would change, and the line itself."""
    reaches = [_reach(each) for each in seen.reaches[:MOST_NAMED]]
    if len(seen.reaches) > MOST_NAMED:
        reaches.append(_("dan {n} lagi", n=len(seen.reaches) - MOST_NAMED))
    none = _("Tidak ada kejadian minggu lalu.")
    nobody = _("Yang bersangkutan") if line.audience == "own" else _("Belum ada orangnya")
    return Master(
        title=_("Siapa diberi tahu"),
        back=Choice(PATH, _("Siapa diberi tahu")),
        banner=_("Belum disimpan, dan belum ada yang diberi tahu. Tekan Tambahkan bila sudah sesuai."),
        facts_title=_("Aturan baru, dicoba pada kejadian minggu lalu"),
        facts=(
            Fact(_("Kejadian"), called(line.kind, line.step)),
            Fact(_("Minggu lalu"), _("{n} kali", n=labels.number(seen.now.events))),
            Fact(_("Aturan ini sampai ke"), "; ".join(reaches) or nobody),
            Fact(_("Sekarang"), heard(seen.now) or none),
            Fact(_("Dengan aturan ini"), heard(seen.then) or none),
        ),
        forms=(replace(form, cancel=PATH),),
    )


def _wish_note(name: str, step: int) -> str:
    return "" if kinds.escalation(name, step) else _("boleh dibisukan")


def audience(each: queries.Ruled) -> str:
    """Whom a line names."""
    row = each.row
    if row.audience == "person":
        return each.person
    if row.audience == "chat":
        where = _("Grup {title}", title=each.chat or row.chat_id)
        return _("{title}, topik {thread}", title=where, thread=row.thread_id) if row.thread_id else where
    if row.audience == kinds.DESK:
        return _(AT_DESK)
    if row.audience in OWN:
        return _(OWN[row.audience])
    return _(ROLES[Role(row.audience)])


def _rule_line(each: queries.Ruled) -> Line:
    row: NotifyRule = each.row
    name = called(row.kind, row.step)
    return Line(
        (
            Cell(name),
            Cell(audience(each)),
            Cell(each.unit or _("Semua wilayah"), "dim"),
            Cell({"id": "Indonesia", "en": "English"}.get(row.language or "", _("Bahasa penerima")), "dim"),
        ),
        (_end(each),),
    )


def _end(each: queries.Ruled) -> Act:
    who = f"{called(each.row.kind, each.row.step)}, {audience(each)}"
    warning = _("Yang diberi tahu lewat aturan ini tidak diberi tahu lagi, kecuali aturan lain menyebutnya.")
    ask = Ask(_("Hapus aturan {name}?", name=who), warning, _("Hapus aturan"))
    return Act(_("Hapus"), f"{PATH}/aturan/{each.row.id}/hapus", danger=True, who=who, ask=ask)


@router.get(PATH)
async def show_rules(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The rules."""
    visit.viewer.must(operations.RIGHT)
    return master_page.show(visit, PAGE_KEY, await page_of(session, visit), request=request)


@router.post(PATH)
async def add_rule(session: Session, visit: Visitor, form: Form) -> Response:
    """A new line; or, before that, what it would change."""
    visit.viewer.must(operations.RIGHT)
    made = await new_form(session, master_forms.key_of(form))
    typed = master_forms.read(form, made.inputs)
    line = line_of(typed)
    if form.get("coba") and not typed.errors:
        try:
            seen = await operations.preview(session, visit.viewer, line)
            return master_page.show(visit, PAGE_KEY, _tried(line, seen, master_forms.again(made, "rule", typed)))
        except Invalid as error:
            typed.errors |= error.fields
            session.expunge_all()  # read while the line stood
            view = await page_of(session, visit, master_forms.again(made, "rule", typed))
            return master_page.show(visit, PAGE_KEY, view, status=422)

    async def work() -> None:
        await operations.add_rule(session, visit.viewer, line, source="web")

    again, status = await master_page.saved(session, visit, form, "rule", made, typed, work)
    if again is None:
        return master_page.done(PATH, "ditambah")
    return master_page.show(visit, PAGE_KEY, await page_of(session, visit, again), status=status)


@router.post(PATH + "/aturan/{no}/hapus")
async def remove_rule(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Take a line out."""
    visit.viewer.must(operations.RIGHT)
    asked = [each for each in await queries.rules(session, visit.viewer) if each.row.id == whole(no)]
    if form.get("tanya") and asked:
        return master_page.asked(visit, PAGE_KEY, _end(asked[0]), Choice(PATH, _("Siapa diberi tahu")))
    await operations.remove_rule(session, visit.viewer, whole(no), source="web")
    return master_page.done(PATH, "dihapus")


def _ladder(name: str) -> str:
    if name not in LADDERS:
        raise NotFound
    return name


async def _ladder_form(session: AsyncSession, name: str) -> Drawn:
    held = (await queries.minutes(session)).get(name, {})
    counts = " " + _("Dihitung sejak lewat SLA diberitahukan.") if name == "untaken" else ""
    unit = _("menit kerja") if KINDS[name].working else _("menit")
    fields = tuple(
        Input(
            f"step{step}",
            _("Tingkat {step}, sesudah berapa {unit}", step=step, unit=unit),
            "number",
            str(held[step]) if step in held else "",
            required=False,
            hint=_("Kosong: tingkat ini dan sesudahnya mati.") + counts if step == 1 else "",
        )
        for step in range(1, KINDS[name].steps + 1)
    )
    return master_page.stamped(Drawn("tangga", _(SAYS[name]), f"{PATH}/{name}", fields, cancel=PATH))


@router.get(PATH + "/{no}")
async def show_ladder(no: str, session: Session, visit: Visitor) -> HTMLResponse:
    """One ladder's minutes."""
    visit.viewer.must(operations.RIGHT)
    name = _ladder(no)
    view = await page_of(session, visit, await _ladder_form(session, name))
    return master_page.show(visit, PAGE_KEY, view)


@router.post(PATH + "/{no}")
async def change_ladder(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Other minutes."""
    visit.viewer.must(operations.RIGHT)
    name = _ladder(no)
    made = await _ladder_form(session, name)
    typed = master_forms.read(form, made.inputs)
    minutes = [typed.maybe_number(each.name) for each in made.inputs]

    async def work() -> None:
        try:
            await operations.set_minutes(session, visit.viewer, name, minutes, source="web")
        except Invalid as error:
            raise Invalid(step1=error.fields.get("minutes", "unknown")) from error

    again, status = await master_page.saved(session, visit, form, "ladder", made, typed, work)
    if again is None:
        return master_page.done(PATH, "disimpan")
    return master_page.show(visit, PAGE_KEY, await page_of(session, visit, again), status=status)
