"""Deliveries: what is on its way to Telegram or stuck, why, and the few things one may do about it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import words_office as words
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import N_, _, ngettext
from services.web.render import render
from services.web.view import Toast
from services.web.view_office import ChatLine, Deliveries, Letter
from services.web.view_office import State as Tab
from shared import clock
from shared.chats.models import Chat, ChatKind
from shared.deliveries import queries, troubles
from shared.deliveries.models import State
from shared.deliveries.queries import PAGE, DeadEvent, DeadUpdate, Stuck, Trouble
from shared.errors import Invalid, NotFound
from shared.identifiers import one_line
from shared.webhooks import queries as webhooks

router = APIRouter()

STUCK: dict[str, Trouble] = {"gagal": "dead", "ditahan": "held", "belum-pasti": "unknown", "menunggu": "waiting"}
STATES = ("", *STUCK, "kejadian", "masuk")
CHATS = {ChatKind.PRIVATE: N_("Pribadi"), ChatKind.GROUP: N_("Grup"), ChatKind.SUPERGROUP: N_("Grup")}
NEWS = {
    "kirim": N_("Pesan masuk antrean kirim lagi."),
    "lepas": N_("Obrolan dilepaskan. Pesannya berangkat berurutan."),
    "tahan": N_("Obrolan ditahan. Pesannya menunggu sampai dilepaskan."),
    "ulang": N_("Dicoba lagi sekarang."),
    "buang": N_("Dibuang dan tidak akan dikirim lagi. Alasannya tercatat di jejak audit."),
}
LARGEST = 2**62


@router.get("/kiriman")
async def show_deliveries(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The chats with something unfinished, or one kind of what is stuck."""
    visit.viewer.must("delivery.read")
    view = await _view(session, visit, request)
    said = NEWS.get(request.query_params.get("kabar", ""))
    shell = visit.shell("kiriman", live="/kiriman/langsung", toast=Toast(_(said)) if said else None)
    return HTMLResponse(render("deliveries.html", shell=shell, view=view))


async def _view(session: AsyncSession, visit: Visit, request: Request) -> Deliveries:
    given = request.query_params
    state = given.get("keadaan", "")
    state = state if state in STATES else ""
    chat_id = number(given.get("obrolan", "")) if state in STUCK else None
    chat = await queries.chat_seen(session, visit.viewer, chat_id) if chat_id is not None else None
    if chat_id is not None and chat is None:
        raise NotFound
    found = await queries.counts(session, visit.viewer)
    seconds, why = await queries.pause(session)
    chats, letters, after = await _lines(session, visit, state, chat, given.get("sesudah", "")[:60])
    query = {"keadaan": state, "obrolan": str(chat.id) if chat else ""}
    return Deliveries(
        state=state,
        states=(
            Tab("", _("Per obrolan"), found.chats, hot=found.chats > 0),
            Tab("gagal", _("Gagal"), found.dead, hot=found.dead > 0),
            Tab("ditahan", _("Ditahan"), found.held),
            Tab("belum-pasti", _("Belum pasti"), found.unknown),
            Tab("menunggu", _("Menunggu"), found.waiting),
            Tab("kejadian", _("Kejadian gagal"), found.events, hot=found.events > 0),
            Tab("masuk", _("Pesan masuk gagal"), found.updates, hot=found.updates > 0),
        ),
        chats=chats,
        letters=letters,
        chat=title(chat) if chat else "",
        query=urlencode({name: value for name, value in query.items() if value}),
        next=after,
        may_retry=visit.viewer.may("delivery.retry"),
        pause=clock.now() + timedelta(seconds=seconds) if seconds else None,
        pause_why=words.why(why) if seconds else "",
        webhooks=await _webhooks(session, visit),
    )


async def _webhooks(session: AsyncSession, visit: Visit) -> str:
    """What is not well with other systems; they have a page of their own."""
    if not visit.viewer.may("webhook.change"):
        return ""
    found = await webhooks.ill(session, visit.viewer)
    dead = ngettext("{n} pesan webhook gagal.", "{n} pesan webhook gagal.", found.dead)
    failing = ngettext("{n} sistem tidak menerima webhook.", "{n} sistem tidak menerima webhook.", found.failing)
    return " ".join([dead] * bool(found.dead) + [failing] * bool(found.failing))


async def _lines(
    session: AsyncSession, visit: Visit, state: str, chat: Chat | None, cursor: str
) -> tuple[tuple[ChatLine, ...], tuple[Letter, ...], str]:
    """(chats, letters, cursor of the next page) of one tab."""
    after = number(cursor) or 0
    if state == "":
        first, _, last = cursor.partition("_")
        place = (number(first) or 0, number(last) or 0) if last else None
        seen = await queries.by_chat(session, visit.viewer, place)
        chats = tuple(chat_line(each) for each in seen[:PAGE])
        return chats, (), f"{seen[PAGE - 1].first}_{seen[PAGE - 1].chat.id}" if len(seen) > PAGE else ""
    if state == "kejadian":
        events = await queries.dead_events(session, visit.viewer, after)
        return (), tuple(event_letter(each) for each in events[:PAGE]), _next(events, [each.row.id for each in events])
    if state == "masuk":
        updates = await queries.dead_updates(session, visit.viewer, after)
        ids = [each.row.id for each in updates]
        return (), tuple(update_letter(each) for each in updates[:PAGE]), _next(updates, ids)
    kind = STUCK[state]
    stuck = await queries.stuck(session, visit.viewer, kind, chat_id=chat.id if chat else None, after=after)
    return (), tuple(letter(each) for each in stuck[:PAGE]), _next(stuck, [each.delivery.id for each in stuck])


def _next(found: Sequence[object], ids: Sequence[int]) -> str:
    return str(ids[PAGE - 1]) if len(found) > PAGE else ""


def number(text: str) -> int | None:
    """A whole number as our addresses carry it, also a negative one; None for anything else."""
    plain = text.removeprefix("-")
    value = int(text) if plain.isascii() and plain.isdigit() and len(plain) < 20 else None
    return value if value is not None and abs(value) <= LARGEST else None


def title(chat: Chat) -> str:
    """What people call a chat."""
    return chat.title or _("Obrolan {id}", id=chat.id)


def chat_line(seen: queries.ChatTraffic) -> ChatLine:
    """A chat in words."""
    chat = seen.chat
    return ChatLine(
        id=chat.id,
        title=title(chat),
        kind=_(CHATS[chat.kind]),
        waiting=seen.waiting,
        held=seen.held,
        unknown=seen.unknown,
        dead=seen.dead,
        oldest=seen.oldest,
        why=words.why(chat.held) if chat.held is not None else "",
        raw=chat.held or "",
        silent_until=_later(chat.not_before),
    )


def _later(at: datetime | None) -> datetime | None:
    return at if at is not None and at > clock.now() else None


def letter(each: Stuck) -> Letter:
    """A delivery in words."""
    row, chat = each.delivery, each.chat
    stopped = row.state is State.WAITING and chat.held is not None
    trouble = chat.held if stopped else row.trouble
    again = row.state in {State.DEAD, State.HELD}
    waits = row.state is State.WAITING and not stopped
    wished = (
        waits and not trouble and not row.attempts and row.not_before > clock.now()
    )  # nothing else delays a first try
    return Letter(
        id=f"p{row.id}",
        title=words.kind(row.kind),
        at=row.created_at,
        why=_("Jam tenang penerimanya, atau ia minta dikumpulkan tiap jam.")
        if wished
        else (_("Obrolannya ditahan. ") if stopped else "") + words.why(trouble, row.state),
        raw=trouble or "",
        chat=title(chat),
        chat_id=chat.id,
        order=each.order_no or "",
        text=words.words_of(row),
        tries=row.attempts,
        until=_later(max(filter(None, (row.not_before, chat.not_before)))) if waits else None,
        again=f"/kiriman/pesan/{row.id}/kirim" if again else "",
        discard=f"/kiriman/pesan/{row.id}/buang" if again else "",
        word=_("Kirim lagi"),
        repeated=row.repeated,
        overtaken=each.overtaken,
    )


def event_letter(each: DeadEvent) -> Letter:
    """An event that nobody could hear, in words."""
    hearer = _(words.CONSUMERS.get(each.row.consumer, each.row.consumer))
    return Letter(
        id=f"k{each.row.id}",
        title=words.event(each.event.name),
        at=each.event.at,
        why=_("Tidak dapat diolah oleh {hearer}. Laporkan kodenya, lalu coba lagi sesudah diperbaiki.", hearer=hearer),
        raw=each.row.trouble or "",
        order=each.order_no or "",
        tries=each.row.failures,
        again=f"/kiriman/kejadian/{each.row.id}/ulang",
        discard=f"/kiriman/kejadian/{each.row.id}/buang",
        word=_("Coba lagi"),
    )


def update_letter(each: DeadUpdate) -> Letter:
    """Something said to the bot that it could not handle, in words."""
    who, what = words.said(each.row.body)
    return Letter(
        id=f"m{each.row.id}",
        title=_("Pesan untuk bot"),
        at=each.row.received_at,
        why=_("Bot tidak dapat mengolahnya. Laporkan kodenya, lalu coba lagi sesudah diperbaiki."),
        raw=each.row.error or "",
        chat=title(each.chat) if each.chat else "",
        who=who,
        text=what,
        tries=each.row.attempts,
        again=f"/kiriman/masuk/{each.row.id}/ulang",
        discard=f"/kiriman/masuk/{each.row.id}/buang",
        word=_("Coba lagi"),
    )


def _back(request: Request, news: str) -> Response:
    """To the tab that the form stood on."""
    given = request.query_params
    state, chat = given.get("keadaan", ""), number(given.get("obrolan", ""))
    kept = {"keadaan": state if state in STATES else "", "obrolan": str(chat) if chat else "", "kabar": news}
    return RedirectResponse(f"/kiriman?{urlencode({name: value for name, value in kept.items() if value})}", 303)


def _asked(text: str) -> int:
    found = number(text)
    if found is None:
        raise NotFound
    return found


@router.post("/kiriman/pesan/{no}/kirim")
async def send_again(no: str, request: Request, session: Session, visit: Visitor, _: Form) -> Response:
    """Send a dead or held message once more."""
    visit.viewer.must("delivery.retry")
    await troubles.send_again(session, visit.viewer, _asked(no), source="web")
    return _back(request, "kirim")


@router.post("/kiriman/obrolan/{no}/lepaskan")
async def release(no: str, request: Request, session: Session, visit: Visitor, _: Form) -> Response:
    """Let a held chat's messages leave."""
    visit.viewer.must("delivery.retry")
    await troubles.release(session, visit.viewer, _asked(no), source="web")
    return _back(request, "lepas")


@router.post("/kiriman/obrolan/{no}/tahan")
async def hold(no: str, request: Request, session: Session, visit: Visitor, _: Form) -> Response:
    """Let nothing leave for a chat until it is released."""
    visit.viewer.must("delivery.retry")
    await troubles.hold(session, visit.viewer, _asked(no), source="web")
    return _back(request, "tahan")


@router.post("/kiriman/kejadian/{no}/ulang")
async def hear_again(no: str, request: Request, session: Session, visit: Visitor, _: Form) -> Response:
    """Have an event heard again."""
    visit.viewer.must("delivery.retry")
    await troubles.hear_again(session, visit.viewer, _asked(no), source="web")
    return _back(request, "ulang")


@router.post("/kiriman/masuk/{no}/ulang")
async def handle_again(no: str, request: Request, session: Session, visit: Visitor, _: Form) -> Response:
    """Have an update handled again."""
    visit.viewer.must("delivery.retry")
    await troubles.handle_again(session, visit.viewer, _asked(no), source="web")
    return _back(request, "ulang")


@router.post("/kiriman/pesan/{no}/buang")
async def discard(no: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Let a dead or held message never leave."""
    return await _discarded(troubles.discard, f"p{no}", no, request, session, visit, form)


@router.post("/kiriman/kejadian/{no}/buang")
async def discard_event(no: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Have an event never heard."""
    return await _discarded(troubles.discard_event, f"k{no}", no, request, session, visit, form)


@router.post("/kiriman/masuk/{no}/buang")
async def discard_update(no: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Have an update never handled."""
    return await _discarded(troubles.discard_update, f"m{no}", no, request, session, visit, form)


async def _discarded(
    work: Callable[..., Awaitable[bool]],
    letter_id: str,
    no: str,
    request: Request,
    session: AsyncSession,
    visit: Visit,
    form: FormData,
) -> Response:
    visit.viewer.must("delivery.retry")
    reason = one_line(str(form.get("reason", ""))[: 4 * troubles.LONGEST_REASON])
    try:
        async with session.begin_nested():
            done = await work(session, visit.viewer, _asked(no), reason, source="web")
    except Invalid as error:
        words_of = {"missing": _("Tulis alasannya."), "too_long": _("Paling banyak 200 karakter.")}
        view = replace(
            await _view(session, visit, request), wrong=letter_id, typed=reason, error=words_of[error.fields["reason"]]
        )
        return HTMLResponse(render("deliveries.html", shell=visit.shell("kiriman"), view=view), 422)
    return _back(request, "buang" if done else "")
