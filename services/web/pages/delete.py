"""Throwing one order away from its own panel, with a reason, and taking that back while nobody has heard of it."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_order

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts, news, words_trash
from services.web import sessions as cookies
from services.web.deps import LONGEST_NOTE, Form, Session, Visitor, field, is_htmx, whole
from services.web.listing import columns_of, read_query
from services.web.pages import order as pages
from services.web.pages.order import Asked, alone, needed
from services.web.render import render
from services.web.view import Typed, address
from services.web.view_bulk import Deleted
from shared import requests
from shared.errors import Conflict, Invalid, NotFound
from shared.events import EventRow
from shared.identifiers import plain
from shared.orders import queries
from shared.settings import settings
from shared.trash import operations as trash
from shared.trash.operations import NumberTaken

router = APIRouter()


@router.post("/order/{no}/hapus")
async def delete(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Throw the order away; the same request key has one effect and one answer."""
    visit.viewer.must("order.delete")
    query = read_query(request)
    try:
        version, key = whole(form, "version"), needed(form, "request_key")
        why = plain(field(form, "alasan", LONGEST_NOTE))
        async with session.begin_nested():
            known = await requests.first_time(session, visit.viewer.person_id, key)
            if known is None:
                hold = settings().feedback_hold
                made = await trash.delete(session, visit.viewer, found.order.id, version, why, source="web", hold=hold)
                known = {"event_id": made.event_id}
                await requests.answered(session, visit.viewer.person_id, key, known)
    except (Conflict, Invalid) as error:
        typed = form.get("alasan", "")
        kept = typed.replace("\x00", "")[:LONGEST_NOTE] if isinstance(typed, str) else ""
        return await pages.refused(request, session, visit, found, Typed(why=kept), error)
    event_id = int(known.get("event_id", 0))
    if not is_htmx(request):
        answer = RedirectResponse(address(query), 303)
        cookies.carry_news(answer, event_id)
        return answer
    [row] = await facts.rows_of(session, [found], columns_of(query, visit.looks), out=True)
    view = Deleted(row.no, row.key, query, row, await news.toast(session, visit, event_id), alone(request))
    return HTMLResponse(render("_deleted.html", shell=visit.shell("order"), view=view))


@router.post("/order/{no}/hapus/urungkan")
async def undo_delete(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Take one's own deletion back; a second click gets the first one's answer."""
    visit.viewer.must("order.delete")
    change = whole(form, "change")
    event = await session.get(EventRow, change)
    if event is None or event.order_id is None or event.actor_id != visit.viewer.person_id:
        raise NotFound
    try:
        async with session.begin_nested():
            made = (await trash.undo_delete(session, visit.viewer, change, source="web")).event_id
    except NumberTaken as error:
        raise Conflict(words_trash.taken(error)) from error
    except NotFound:  # it is back already, or gone for good
        made = change
    found = await queries.by_id(session, visit.viewer, event.order_id)
    return await pages.done(request, session, visit, found, made)
