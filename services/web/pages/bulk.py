"""Acts on many orders: the form, the preview of what would happen, doing it, the result, and one undo for all."""

import secrets
from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts, news_bulk
from services.web import words_bulk as words
from services.web.deps import LONGEST_NOTE, Form, Session, Visit, Visitor, field, is_htmx, whole
from services.web.language import _, name_of, ngettext
from services.web.listing import columns_of, read_query
from services.web.render import render
from services.web.view import Choice, Move, Query, ReasonGroup, address
from services.web.view_bulk import Bulk, BulkDone, BulkLine, BulkUndone, Preview
from shared.desk import presence
from shared.errors import Conflict, Invalid
from shared.identifiers import plain
from shared.orders import bulk, queries, states
from shared.orders.bulk import MOST, RIGHT, TYPE_COUNT_OVER, Act, Skipped
from shared.orders.queries import OrderFacts
from shared.settings import settings

router = APIRouter()

KINDS = {"status": "status", "tugas": "assign", "ambil": "take", "hapus": "delete"}
WORDS = {kind: word for word, kind in KINDS.items()}
ASKED = {"status": ("status", "reason", "note"), "assign": ("to", "note"), "take": (), "delete": ("note",)}
"""The fields of each act's form."""


@router.post("/order/massal")
async def ask(request: Request, session: Session, visit: Visitor, form: Form) -> HTMLResponse:
    """The form of an act on the ticked orders; with `lihat`, or when nothing needs to be asked, what it would do."""
    kind = _kind(form, visit)
    ids = _ids(form, "pilih")
    found = await bulk.chosen(session, visit.viewer, ids)
    missing = len(set(ids)) - len(found)
    if not (field(form, "lihat") or not ASKED[kind]):
        return await _page(request, session, visit, form, found, missing=missing)
    try:
        act = read_act(form, kind)
        seen = await bulk.preview(session, visit.viewer, act, ids)
    except Invalid as error:
        return await _page(request, session, visit, form, found, missing=missing, error=error)
    preview = await _preview(session, visit, form, act, seen)
    return await _page(request, session, visit, form, found, missing=missing, preview=preview)


@router.post("/order/massal/terapkan")
async def apply(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Do what the preview showed, to the orders as it showed them; the same request key has one effect."""
    kind = _kind(form, visit)
    versions = _versions(form)
    key = field(form, "request_key", 48).strip()
    if not key:
        raise Invalid(request_key="missing")
    act = read_act(form, kind)
    if kind == "delete" and len(versions) > TYPE_COUNT_OVER and field(form, "count").strip() != str(len(versions)):
        found = await bulk.chosen(session, visit.viewer, list(versions))
        seen = await bulk.preview(session, visit.viewer, act, list(versions))
        preview = await _preview(session, visit, form, act, seen)
        return await _page(request, session, visit, form, found, preview=preview, error=Invalid(count="not_the_same"))
    hold = settings().feedback_hold
    batch = await bulk.apply(session, visit.viewer, key, act, versions, source="web", hold=hold)
    query = read_query(request)
    if batch.skipped or not batch.done:
        return RedirectResponse(address(query, f"/order/massal/hasil/{key}"), 303)
    return RedirectResponse(address(query, massal=key), 303)


@router.get("/order/massal/hasil/{key}")
async def show_result(key: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """What became of a batch of one's own."""
    visit.viewer.must("order.take")
    return HTMLResponse(await _result(session, visit, key, read_query(request)))


@router.post("/order/massal/urungkan")
async def undo(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Take a whole batch back while nobody has heard of it."""
    visit.viewer.must("order.take")
    key = field(form, "change", 48).strip()
    query = read_query(request)
    try:
        async with session.begin_nested():
            batch = await bulk.undo(session, visit.viewer, key, source="web")
    except Conflict:  # its messages have left
        said = _("Pesannya sudah dikirim, jadi tidak bisa diurungkan lagi. Ubah statusnya untuk mengirim koreksi.")
        return HTMLResponse(await _result(session, visit, key, query, error=said), 409)
    if not is_htmx(request) or batch.kept:
        there = address(query, f"/order/massal/hasil/{key}")
        return Response(status_code=204, headers={"hx-redirect": there}) if is_htmx(request) else _to(there)
    orders = await bulk.chosen(session, visit.viewer, [each.order_id for each in batch.done])
    rows = await facts.rows_of(session, orders, columns_of(query, visit.looks))
    view = BulkUndone(rows, await news_bulk.toast(session, visit, key, batch, query), query)
    return HTMLResponse(render("_bulk_undone.html", shell=visit.shell("order"), view=view))


def _to(address_: str) -> Response:
    return RedirectResponse(address_, 303)


async def _result(session: AsyncSession, visit: Visit, key: str, query: Query, *, error: str = "") -> str:
    batch = await bulk.recall(session, visit.viewer, key[:48])
    kept = {each.no for each in batch.kept}
    done = tuple(BulkLine(each.no) for each in batch.done if each.no not in kept)
    toast = await news_bulk.toast(session, visit, key[:48], batch, query)
    title = toast.text if batch.undone else f"{await news_bulk.outcome(session, batch)}."
    skipped = await news_bulk.skipped(session, visit, batch)
    view = BulkDone(title, query, batch.at, done, skipped, batch.undone, error)
    return render("bulk_done.html", shell=visit.shell("order", toast=toast if toast.undo else None), view=view)


def _kind(form: FormData, visit: Visit) -> bulk.Kind:
    """The act, once this person may do it. Raises Invalid, NotAllowed."""
    kind = KINDS.get(field(form, "tindakan"))
    if kind is None:
        visit.viewer.must("order.take")
        raise Invalid(act="unknown")
    visit.viewer.must(RIGHT[kind])
    return kind  # type: ignore[return-value]


def _ids(form: FormData, name: str) -> list[int]:
    """Ids of orders; what is none of ours is none that exists. Raises Invalid for more than a batch holds."""
    given = form.getlist(name)
    if len(given) > MOST:
        raise Invalid(picked="too_many")
    return [_number(each) for each in given if isinstance(each, str)]


def _versions(form: FormData) -> dict[int, int]:
    """Order → version as the preview showed it."""
    given = form.getlist("o")
    if len(given) > MOST:
        raise Invalid(picked="too_many")
    pairs = [each.partition(".") for each in given if isinstance(each, str)]
    return {_number(order_id): _number(version) for order_id, _dot, version in pairs}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def read_act(form: FormData, kind: bulk.Kind) -> Act:
    """What the form asks for. Raises Invalid(reason=…, to=…, note=…)."""
    return Act(
        kind,
        status=field(form, "status").strip() if kind == "status" else "",
        reason_id=whole(form, "reason") if kind == "status" and field(form, "reason").strip() else None,
        note=plain(field(form, "note", LONGEST_NOTE)).strip() if "note" in ASKED[kind] else "",
        to_id=whole(form, "to") if kind == "assign" and field(form, "to").strip() else None,
        tell=field(form, "kirim") != "tidak",
    )


async def _preview(session: AsyncSession, visit: Visit, form: FormData, act: Act, seen: bulk.Preview) -> Preview:
    data = await queries.master(session)
    ready = tuple([await _line(session, each.facts) for each in seen.ready])
    left = [
        BulkLine(
            each.facts.order.registration_no,
            why=words.why(
                Skipped("", each.why, each.facts.order.status_code, each.facts.holder_name or ""), data, visit.zone
            ),
        )
        for each in seen.lines
        if each.why
    ]
    holder = next((each.label for each in await _people(session, visit, seen) if each.value == str(act.to_id)), "")
    what = act.status if act.kind == "status" else ""
    done = words.outcome(act.kind, what, len(ready), data, holder)
    groups = words.grouped(left)
    versions = tuple(("o", f"{each.facts.order.id}.{each.facts.order.version}") for each in seen.ready)
    hold = round(settings().feedback_hold)
    return Preview(
        summary=words.summary(done, groups, seen.missing),
        ready=ready,
        skipped=groups,
        carried=(
            *versions,
            ("tindakan", WORDS[act.kind]),
            ("request_key", field(form, "request_key", 48).strip() or secrets.token_urlsafe(18)),
            ("kirim", "ya" if act.tell else "tidak"),
            *((name, _typed(form, name)) for name in ASKED[act.kind]),
        ),
        word=ngettext("Terapkan pada {n} order", "Terapkan pada {n} order", len(ready))
        if act.kind != "delete"
        else ngettext("Hapus {n} order", "Hapus {n} order", len(ready)),
        danger=act.kind == "delete",
        count=len(ready) if act.kind == "delete" and len(ready) > TYPE_COUNT_OVER else 0,
        message=_("Pesan ke teknisi terkirim {n} detik setelah diterapkan, jadi masih bisa diurungkan.", n=hold)
        if act.tell
        else _("Tidak ada pesan ke teknisi."),
    )


async def _page(
    request: Request,
    session: AsyncSession,
    visit: Visit,
    form: FormData,
    found: Sequence[OrderFacts],
    *,
    missing: int = 0,
    preview: Preview | None = None,
    error: Invalid | None = None,
) -> HTMLResponse:
    kind = KINDS[field(form, "tindakan")]
    errors = {name: words.wrong(name, code) for name, code in error.fields.items()} if error else {}
    if "why" in errors:  # why something is deleted is written where notes are
        errors["note"] = errors.pop("why")
    data = await queries.master(session)
    moves = _moves(data, visit, found) if kind == "status" else ()
    view = Bulk(
        kind=kind,
        title=_(words.TITLES[kind]),
        query=read_query(request),
        picked=tuple(str(each.order.id) for each in found),
        lines=tuple([await _line(session, each) for each in found]),
        missing=missing,
        kinds=tuple(
            Choice(WORDS[each], _(words.TITLES[each])) for each in KINDS.values() if visit.viewer.may(RIGHT[each])
        ),
        moves=moves,
        reasons=_reasons(data, moves),
        people=await _people(session, visit, found) if kind == "assign" else (),
        typed={name: _typed(form, name) for name in ("status", "reason", "note", "to", "kirim", "count")},
        errors=errors,
        preview=preview,
    )
    html = render("bulk.html", shell=visit.shell("order"), view=view)
    return HTMLResponse(html, 422 if errors else 200)


def _typed(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\x00", "")[: LONGEST_NOTE + 1] if isinstance(value, str) else ""


async def _line(session: AsyncSession, each: OrderFacts) -> BulkLine:
    data = await queries.master(session)
    order = each.order
    status = facts.status_of(order.status_code, data)
    return BulkLine(order.registration_no, order.type_code, status, each.holder_name or "")


def _moves(data: states.MasterData, visit: Visit, found: Sequence[OrderFacts]) -> tuple[Move, ...]:
    """Every status, and why none of the orders may go there if that is so."""
    reach = [states.reachable(data, visit.viewer.role, code) for code in {each.order.status_code for each in found}]
    return tuple(
        Move(
            facts.status_of(code, data),
            why_not="" if any(not each.get(code, "no") for each in reach) else _("Tidak satu pun bisa ke status ini."),
            needs_reason=status.reason_required,
        )
        for code, status in data.statuses.items()
        if status.active
    )


def _reasons(data: states.MasterData, moves: Sequence[Move]) -> tuple[ReasonGroup, ...]:
    groups = [
        ReasonGroup(
            move.status.code,
            move.status.label,
            tuple(Choice(str(row.id), name_of(row)) for row in data.reasons_for(move.status.code)),
        )
        for move in moves
        if not move.why_not
    ]
    return tuple(group for group in groups if group.reasons)


async def _people(
    session: AsyncSession, visit: Visit, found: Sequence[OrderFacts] | bulk.Preview
) -> tuple[Choice, ...]:
    """Who may hold every one of these orders, those at work first."""
    if not visit.viewer.may("order.assign"):
        return ()
    orders = [each.facts.order for each in found.lines] if isinstance(found, bulk.Preview) else [e.order for e in found]
    stos = {order.sto_id for order in orders}
    near = await presence.colleagues(session, visit.viewer, stos) if stos else []
    return tuple(Choice(str(each.person_id), each.name) for each in near)
