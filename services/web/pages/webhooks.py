"""Webhooks: other systems that are told of events. An admin adds, tests and pauses them, reads their log."""

from dataclasses import replace
from textwrap import shorten

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import labels, master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _
from services.web.master_forms import Typed
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Ask, Cell, Fact, Input, Line, Master, Secret, Table
from services.web.view_master import Form as Drawn
from shared import clock, requests
from shared.webhooks import kinds, operations, queries
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint
from shared.webhooks.operations import Wish

router = APIRouter()

PATH = "/webhook"
KEY = "webhook"
RIGHT = operations.RIGHT
EVERYWHERE = "semua"
EVENTS = {
    "order.registered": N_("Order masuk"),
    "order.changed": N_("Order berubah"),
    "order.sla_alert": N_("Order hampir lewat atau lewat SLA"),
    "clock.alerted": N_("Eskalasi"),
    "order.deleted": N_("Order dihapus"),
    "order.restored": N_("Order dipulihkan"),
    "import.applied": N_("Impor diterapkan"),
    "import.undone": N_("Impor diurungkan"),
    "house.alerted": N_("Gangguan SIKPRO"),
    kinds.TEST: N_("Percobaan"),
}
STATES = {
    "waiting": N_("Menunggu"),
    "sending": N_("Sedang dikirim"),
    "sent": N_("Diterima"),
    "dead": N_("Gagal"),
    "cancelled": N_("Dibatalkan"),
}
OFF = {"paused": N_("Dijeda"), "gone": N_("Berhenti: alamatnya menjawab 410, sudah tidak ada")}


async def inputs(session: AsyncSession, visit: Visit) -> tuple[Input, ...]:
    """What makes an endpoint."""
    sites = [Choice(str(row.id), f"{row.code} {row.name}") for row in await master_page.sites(session, visit.viewer)]
    return (
        Input("name", _("Nama"), hint=_("Sistem mana ini, misalnya Pusat data.")),
        Input("url", _("Alamat"), "plain", longest=500, hint=_("Dimulai https://. Pengalihan tidak diikuti.")),
        Input(
            "events",
            _("Kejadian"),
            "checks",
            choices=tuple(Choice(key, _(EVENTS[key])) for key in kinds.KINDS),
            chosen=frozenset({"order.registered", "order.changed"}),
        ),
        Input(
            "site",
            _("Wilayah"),
            "select",
            EVERYWHERE,
            choices=(Choice(EVERYWHERE, _("Semua wilayah")), *sites),
            hint=_("Impor hanya diberitahukan ke alamat untuk semua wilayah."),
        ),
    )


def wish_of(typed: Typed) -> Wish:
    """What was typed, as a wish."""
    site = typed.values["site"]
    place = int(site) if site.isdigit() else None
    return Wish(typed.values["name"], typed.values["url"], sorted(typed.many["events"]), place)


async def list_page(session: AsyncSession, visit: Visit, form: Drawn | None = None) -> Master:
    """The endpoints and the form for a new one."""
    form = form or master_page.keyed(Drawn("webhook", _("Alamat baru"), PATH, await inputs(session, visit)))
    lines = tuple(_line(each, visit) for each in await queries.endpoints(session, visit.viewer))
    heads = (_("Nama"), _("Alamat"), _("Keadaan"), _("Terakhir diterima"), "#" + _("Menunggu"), "#" + _("Gagal"))
    return Master(
        title="Webhook",
        lead=_(
            "SIKPRO memberi tahu sistem lain lewat HTTP, bertanda tangan Standard Webhooks. "
            "Data pelanggan tidak pernah ikut."
        ),
        tables=(Table("daftar", _("Sistem penerima"), heads, lines, _("Belum ada sistem lain yang diberi tahu.")),),
        forms=(form,),
    )


def _line(seen: queries.Seen, visit: Visit) -> Line:
    row = seen.row
    return Line(
        (
            Cell(row.name, href=f"{PATH}/{row.id}"),
            Cell(row.url, "code"),
            Cell(condition(row, visit), "" if row.active and row.failing_since is None else "tag"),
            Cell(labels.moment(row.taken_at, visit.zone) if row.taken_at else _("Belum pernah"), "dim"),
            Cell(str(seen.waiting), "num"),
            Cell(str(seen.dead), "num"),
        ),
        off=not row.active,
    )


def condition(row: WebhookEndpoint, visit: Visit) -> str:
    """How an endpoint fares, in words."""
    if not row.active:
        return _(OFF.get(row.off, OFF["paused"]))
    if row.failing_since is not None:
        return _("Tidak menerima sejak {time}", time=labels.moment(row.failing_since, visit.zone))
    return _("Aktif")


async def one_page(
    session: AsyncSession, visit: Visit, row: WebhookEndpoint, *, before: int = 0, form: Drawn | None = None
) -> Master:
    """One endpoint: how it fares, what was sent, what can be done."""
    path = f"{PATH}/{row.id}"
    held = {"name": row.name, "url": row.url, "events": row.events, "site": row.site_operation_id or EVERYWHERE}
    fields = master_forms.filled(await inputs(session, visit), held)
    form = form or master_page.stamped(Drawn("webhook", _("Ubah alamat"), path, fields))
    found = await queries.log(session, visit.viewer, row.id, before)
    shown = found[: queries.PAGE]
    heads = (_("Kejadian"), _("Dibuat"), _("Keadaan"), "#" + _("Dicoba"), _("Jawaban terakhir"))
    switch = (
        Act(_("Jeda"), f"{path}/jeda", note=_("Yang menunggu tetap menunggu; kejadian baru tidak diberitahukan."))
        if row.active
        else Act(_("Lanjutkan"), f"{path}/lanjut", note=_("Yang menunggu langsung dikirim."))
    )
    signing = _("Rahasia lama ikut menandatangani 24 jam lagi.")
    if row.old_secret and row.old_until is not None and row.old_until > clock.now():
        signing = _("Rahasia yang dibuat terakhir langsung mati; rahasia lama ikut menandatangani 24 jam lagi.")
    key = (Choice("request_key", master_forms.new_key()),)
    facts = [Fact(_("Keadaan"), condition(row, visit)), Fact(_("Alamat"), row.url)]
    if row.old_until is not None and row.old_secret:
        until = labels.moment(row.old_until, visit.zone)
        facts.append(Fact(_("Rahasia lama"), _("ikut menandatangani sampai {time}", time=until)))
    return Master(
        title=row.name,
        back=Choice(PATH, "Webhook"),
        facts=tuple(facts),
        facts_title=_("Alamat ini"),
        tables=(
            Table(
                "catatan",
                _("Catatan kiriman"),
                heads,
                tuple(_log_line(each, visit) for each in shown),
                _("Belum ada yang dikirim ke sini."),
                foot=_("Disimpan 30 hari."),
                next=f"{path}?sebelum={shown[-1].id}" if len(found) > queries.PAGE else "",
            ),
        ),
        forms=(form,),
        acts=(
            Act(_("Kirim percobaan"), f"{path}/coba", note=_("Satu pesan tanpa isi, untuk mencoba tanda tangan.")),
            switch,
            Act(_("Ganti rahasia"), f"{path}/rahasia", key, note=signing),
            _end(row),
        ),
    )  # fmt: skip


def _log_line(row: WebhookDelivery, visit: Visit) -> Line:
    last = row.tries[-1] if row.tries else {}
    said = ""
    if last:
        said = f"{last['status']}" if last["status"] else _("tanpa jawaban")
        said += f", {last['ms']}{labels.NBSP}ms"
    again = Act(_("Kirim lagi"), f"{PATH}/kiriman/{row.id}/kirim", who=row.name)
    return Line(
        (
            Cell(_(EVENTS.get(row.kind, row.kind)), href=f"{PATH}/kiriman/{row.id}", note=row.name),
            Cell(labels.moment(row.made_at, visit.zone)),
            Cell(state_words(row, visit), "tag" if row.state == "dead" else ""),
            Cell(str(len(row.tries)), "num"),
            Cell(said, "dim", note=shorten(str(last.get("words", "")), 60, placeholder=" …")),
        ),
        (again,) if row.state in {"sent", "dead", "cancelled"} else (),
    )


def state_words(row: WebhookDelivery, visit: Visit) -> str:
    """How a message fares."""
    if row.state == "waiting" and row.attempts:
        return _("Dicoba lagi {time}", time=labels.moment(row.not_before, visit.zone))
    return _(STATES[row.state])


def _end(row: WebhookEndpoint) -> Act:
    warning = _("Tidak ada yang dikirim ke sana lagi, yang menunggu dibatalkan, dan rahasianya dihapus.")
    ask = Ask(_("Hapus alamat {name}?", name=row.name), warning, _("Hapus alamat"))
    note = _("Yang menunggu dibatalkan.")
    return Act(_("Hapus alamat"), f"{PATH}/{row.id}/hapus", danger=True, note=note, ask=ask)


@router.get(PATH)
async def show_endpoints(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """All endpoints."""
    visit.viewer.must(RIGHT)
    return master_page.show(visit, KEY, await list_page(session, visit), request=request)


@router.post(PATH)
async def add_endpoint(session: Session, visit: Visitor, form: Form) -> Response:
    """A new endpoint; its secret is shown this once."""
    visit.viewer.must(RIGHT)
    made = Drawn("webhook", _("Alamat baru"), PATH, await inputs(session, visit), key=master_forms.key_of(form))
    typed = master_forms.read(form, made.inputs)
    told: list[tuple[int, str]] = []

    async def work() -> None:
        told.append(await operations.add(session, visit.viewer, wish_of(typed), source="web"))

    again, status = await master_page.saved(session, visit, form, "webhook", made, typed, work)
    if again is not None:
        return master_page.show(visit, KEY, await list_page(session, visit, again), status=status)
    if not told:  # the same form a second time: its secret was shown by the first answer
        return master_page.done(PATH, "ditambah")
    row = await operations.find(session, visit.viewer, told[-1][0])
    return await _secret(session, visit, row, told[-1][1])


async def _secret(session: AsyncSession, visit: Visit, row: WebhookEndpoint, secret: str) -> HTMLResponse:
    shown = Secret(
        _("Rahasia untuk memeriksa tanda tangan"),
        secret,
        _("Hanya ditampilkan sekali ini. Salin ke sistem penerima; kalau hilang, ganti rahasianya."),
    )
    view = replace(await one_page(session, visit, row), secret=shown)
    answer = master_page.show(visit, KEY, view)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get(PATH + "/{no}")
async def show_endpoint(no: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One endpoint and its log."""
    visit.viewer.must(RIGHT)
    row = await operations.find(session, visit.viewer, whole(no))
    asked = request.query_params.get("sebelum", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0
    return master_page.show(visit, KEY, await one_page(session, visit, row, before=before), request=request)


@router.post(PATH + "/{no}")
async def change_endpoint(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Another name, address, choice or area."""
    visit.viewer.must(RIGHT)
    row = await operations.find(session, visit.viewer, whole(no))
    page = await one_page(session, visit, row)
    made = page.forms[0]
    typed = master_forms.read(form, made.inputs)

    async def work() -> None:
        await operations.change(session, visit.viewer, whole(no), wish_of(typed), source="web")

    again, status = await master_page.saved(session, visit, form, "webhook", made, typed, work)
    if again is None:
        return master_page.done(f"{PATH}/{whole(no)}", "disimpan")
    return master_page.show(visit, KEY, replace(page, forms=(again,)), status=status)


@router.post(PATH + "/{no}/coba")
async def try_endpoint(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Send a message that tells of nothing."""
    visit.viewer.must(RIGHT)
    await operations.test(session, visit.viewer, whole(no), source="web")
    return master_page.done(f"{PATH}/{whole(no)}", "uji-webhook")


@router.post(PATH + "/{no}/jeda")
async def pause_endpoint(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Send nothing there until it goes on."""
    visit.viewer.must(RIGHT)
    await operations.switch(session, visit.viewer, whole(no), on=False, source="web")
    return master_page.done(f"{PATH}/{whole(no)}", "nonaktif")


@router.post(PATH + "/{no}/lanjut")
async def resume_endpoint(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Send again, first what waits."""
    visit.viewer.must(RIGHT)
    await operations.switch(session, visit.viewer, whole(no), on=True, source="web")
    return master_page.done(f"{PATH}/{whole(no)}", "aktif")


@router.post(PATH + "/{no}/rahasia")
async def rotate_secret(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """A new secret, shown this once; the answer loaded again makes no other."""
    visit.viewer.must(RIGHT)
    if await requests.first_time(session, visit.viewer.person_id, master_forms.key_of(form)) is not None:
        return master_page.done(f"{PATH}/{whole(no)}", "rahasia")
    secret = await operations.rotate(session, visit.viewer, whole(no), source="web")
    session.expire_all()
    return await _secret(session, visit, await operations.find(session, visit.viewer, whole(no)), secret)


@router.post(PATH + "/{no}/hapus")
async def end_endpoint(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Never send there again."""
    visit.viewer.must(RIGHT)
    if form.get("tanya"):
        row = await operations.find(session, visit.viewer, whole(no))
        return master_page.asked(visit, KEY, _end(row), Choice(f"{PATH}/{row.id}", row.name))
    await operations.end(session, visit.viewer, whole(no), source="web")
    return master_page.done(PATH, "dihapus")


@router.post(PATH + "/kiriman/{no}/kirim")
async def send_again(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """One message once more."""
    visit.viewer.must(RIGHT)
    endpoint = await operations.send_again(session, visit.viewer, whole(no), source="web")
    return master_page.done(f"{PATH}/{endpoint}", "webhook-lagi")
