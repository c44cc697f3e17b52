"""One order: its page and panel, and the three things one may do with it: change, take, take back."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_order

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Query as Asking
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts, news, words
from services.web import sessions as cookies
from services.web.deps import LONGEST_NOTE, Form, Session, Visit, Visitor, field, is_htmx, whole
from services.web.language import _
from services.web.listing import columns_of, filters_of, read_query
from services.web.pages.queue import queue_of, queue_page, stream
from services.web.render import render
from services.web.view import Changed, Conflict, Query, Typed, address
from shared import requests
from shared.desk import looking
from shared.errors import Conflict as ConflictError
from shared.errors import Invalid, NotFound
from shared.events import EventRow
from shared.identifiers import compact, plain
from shared.orders import board, operations, queries
from shared.orders.events import OrderChangeUndone
from shared.orders.models import Order
from shared.orders.operations import StaleOrder
from shared.orders.queries import OrderFacts
from shared.settings import settings

router = APIRouter()


async def asked_order(
    no: str, session: Session, visit: Visitor, which: Annotated[str, Asking(alias="id")] = ""
) -> OrderFacts:
    """The order of the address. Raises NotFound, the same for one of another area as for none at all.

    which: the order's id, for one that shares its number with an open or a newer one.
    """
    return await queries.by_address(session, visit.viewer, *_address(no, which))


async def shown_order(
    no: str, session: Session, visit: Visitor, which: Annotated[str, Asking(alias="id")] = ""
) -> OrderFacts:
    """The same, for showing alone."""
    return await queries.shown(session, visit.viewer, *_address(no, which))


def _address(no: str, which: str) -> tuple[str, int | None]:
    if which and not (which.isascii() and which.isdigit() and len(which) < 19):
        raise NotFound
    return compact(no[:40])[:16], int(which) if which else None


Asked = Annotated[OrderFacts, Depends(asked_order)]
Shown = Annotated[OrderFacts, Depends(shown_order)]


def alone(request: Request) -> bool:
    """Whether the order is the page's subject and not the panel beside the list."""
    return request.query_params.get("sendiri") == "1"


@router.get("/order/{no}")
async def show_order(no: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The queue with the order as its subject; with HX-Request the panel alone."""
    query = read_query(request)
    try:
        found = await shown_order(no, session, visit, request.query_params.get("id", ""))
    except NotFound:
        if is_htmx(request):
            raise
        return HTMLResponse(await queue_page(session, visit, query, missing=compact(no[:40])[:16] or _("Order")), 404)
    if is_htmx(request):
        return HTMLResponse(await panel(session, visit, found, query, alone=alone(request)))
    await looking.opened(session, found.order.id, visit.viewer.person_id)
    detail = await facts.detail_of(session, visit, found, query, alone=True)
    view, active = await queue_of(session, visit, query, detail=detail)
    toast = await news.waiting(session, visit, request)
    shell = visit.shell("order", active=active, live=stream(query), toast=toast)
    answer = HTMLResponse(render("order.html", shell=shell, view=view))
    if cookies.news_of(request) is not None:
        cookies.forget_news(answer)
    return answer


@router.get("/order/{no}/panel")
async def show_panel(request: Request, session: Session, visit: Visitor, found: Shown) -> HTMLResponse:
    """The order's panel."""
    return HTMLResponse(await panel(session, visit, found, read_query(request), alone=alone(request)))


@router.get("/order/{no}/ringkas")
async def show_summary(session: Session, visit: Visitor, found: Shown) -> HTMLResponse:
    """The small card beside the demo's chat."""
    return HTMLResponse(
        render("_summary.html", shell=visit.shell("order"), view=await facts.summary_of(session, found))
    )


@router.post("/order/{no}/status")
async def change_status(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Set status, reason and feedback; the same request key has one effect and one answer."""
    visit.viewer.must("order.change")
    typed = Typed(_typed(form, "status"), _typed(form, "reason"), _typed(form, "note"))
    try:
        reason = whole(form, "reason") if field(form, "reason").strip() else None
        wanted = needed(form, "status")
        note = plain(field(form, "note", LONGEST_NOTE))
        version, key = whole(form, "version"), needed(form, "request_key")
        async with session.begin_nested():
            event_id = await once(
                session,
                visit,
                key,
                lambda: operations.change_status(
                    session,
                    visit.viewer,
                    found.order.id,
                    version,
                    wanted,
                    source="web",
                    reason_id=reason,
                    note=note,
                    tell=field(form, "kirim") != "tidak",
                    hold=settings().feedback_hold,
                ),
            )
    except (ConflictError, Invalid) as error:
        return await refused(request, session, visit, found, typed, error)
    return await done(request, session, visit, found, event_id)


@router.post("/order/{no}/ambil")
async def take(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Take the order, also from somebody else; the page has shown who holds it."""
    visit.viewer.must("order.take")
    try:
        version, key = whole(form, "version"), needed(form, "request_key")
        async with session.begin_nested():
            event_id = await once(session, visit, key, lambda: _take(session, visit, found, version))
    except (ConflictError, Invalid) as error:
        return await refused(request, session, visit, found, Typed(), error)
    return await done(request, session, visit, found, event_id)


async def _take(session: AsyncSession, visit: Visit, found: OrderFacts, version: int) -> operations.Changed:
    """Take over only from whom the page showed: on a stale page the holder may be another."""
    order = found.order
    if order.holder_id not in {None, visit.viewer.person_id} and order.version != version:
        raise StaleOrder(found, list(await queries.since_version(session, order.id, version)))
    return await operations.take(
        session, visit.viewer, order.id, source="web", over=True, hold=settings().feedback_hold
    )


@router.post("/order/{no}/urungkan")
async def undo(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Take back one's own last change while nobody has heard of it; a second click gets the first one's answer."""
    try:
        change = whole(form, "change")
        event = await session.get(EventRow, change)
        if event is None or event.order_id != found.order.id:
            raise NotFound
        try:
            async with session.begin_nested():
                await operations.undo(session, visit.viewer, change, source="web")
        except ConflictError:
            if not await _undone_already(session, visit, found.order.id, change):
                raise
    except (ConflictError, Invalid) as error:
        return await refused(request, session, visit, found, Typed(), error)
    undone = await _undone_already(session, visit, found.order.id, change)
    return await done(request, session, visit, found, undone or change)


async def _undone_already(session: AsyncSession, visit: Visit, order_id: int, change: int) -> int | None:
    event_id: int | None = await session.scalar(
        select(EventRow.id).where(
            EventRow.order_id == order_id,
            EventRow.id > change,
            EventRow.name == OrderChangeUndone.name,
            EventRow.actor_id == visit.viewer.person_id,
            EventRow.payload["undone_event_id"].as_integer() == change,
        )
    )
    return event_id


def needed(form: FormData, name: str) -> str:
    """A short field that a form of ours always carries. Raises Invalid."""
    text = field(form, name, 64).strip()
    if not text:
        raise Invalid(**{name: "missing"})
    return text


async def once(session: AsyncSession, visit: Visit, key: str, act: Any) -> int:
    """Do `act` unless this key was answered already; the event that was made, now or then."""
    known = await requests.first_time(session, visit.viewer.person_id, key)
    if known is not None:
        return int(known.get("event_id", 0))
    changed: operations.Changed = await act()
    await requests.answered(session, visit.viewer.person_id, key, {"event_id": changed.event_id})
    return changed.event_id


async def as_it_stands(session: AsyncSession, visit: Visit, order_id: int) -> OrderFacts:
    """The order as the database has it now, also when this session had read it before. Raises NotFound."""
    wanted = queries.facts(visit.viewer).where(Order.id == order_id)
    found = await queries.all_facts(session, wanted.execution_options(populate_existing=True))
    if not found:
        raise NotFound
    return found[0]


async def panel(session: AsyncSession, visit: Visit, found: OrderFacts, query: Query, *, alone: bool) -> str:
    """The order's panel as a fragment; who asks for it has the order open from now on."""
    await looking.opened(session, found.order.id, visit.viewer.person_id)
    detail = await facts.detail_of(session, visit, found, query, alone=alone)
    return render("_detail.html", shell=visit.shell("order"), view=detail)


async def done(request: Request, session: AsyncSession, visit: Visit, before: OrderFacts, event_id: int) -> Response:
    """The answer to a change that was made: the panel, its row and a toast; without JavaScript a redirect to them."""
    query = read_query(request)
    no = before.order.registration_no
    if not is_htmx(request):
        more = {"sendiri": "1"} if alone(request) else {}
        more |= {"id": str(before.order.id)} if await queries.second_ones(session, [before.order]) else {}
        answer = RedirectResponse(address(query, f"/order/{no}", **more), 303)
        cookies.carry_news(answer, event_id)
        return answer
    now = await as_it_stands(session, visit, before.order.id)
    out = not await board.matching(session, visit.viewer, filters_of(query, visit.zone), now.order.id)
    view = Changed(
        detail=await facts.detail_of(session, visit, now, query, alone=alone(request)),
        row=(await facts.rows_of(session, [now], columns_of(query, visit.looks), out=out))[0],
        toast=await news.toast(session, visit, event_id),
    )
    return HTMLResponse(render("_changed.html", shell=visit.shell("order"), view=view))


async def refused(
    request: Request,
    session: AsyncSession,
    visit: Visit,
    before: OrderFacts,
    typed: Typed,
    error: ConflictError | Invalid,
) -> Response:
    """The form again with what was typed and why it was not taken; nothing was changed."""
    query = read_query(request)
    now = await as_it_stands(session, visit, before.order.id)
    data = await queries.master(session)
    conflict, errors = None, {}
    if isinstance(error, StaleOrder) and error.since:
        last = error.since[-1]
        conflict = Conflict(last.actor_name or _("Sistem"), last.event.at, facts.status_of(now.order.status_code, data))
    elif isinstance(error, Invalid):
        known = {"status", "reason", "note", "to", "words", "ask"}
        for name, code in error.fields.items():
            errors[name if name in known else ""] = words.wrong(name, code)
    else:
        errors[""] = words.sentence(error) or _("Order ini sudah berubah. Periksa lagi, lalu simpan.")
    detail = await facts.detail_of(
        session, visit, now, query, alone=alone(request), typed=typed, errors=errors, conflict=conflict
    )
    status = 422 if isinstance(error, Invalid) else 409
    if is_htmx(request):
        view = Changed(detail=detail)
        return HTMLResponse(render("_changed.html", shell=visit.shell("order"), view=view), status)
    return HTMLResponse(await queue_page(session, visit, query, detail=detail), status)


def _typed(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\x00", "") if isinstance(value, str) else ""
