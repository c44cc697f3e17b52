"""The trash: what was deleted in thirty days, bringing it back, and removing it for good once that is confirmed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts
from services.web import sessions as cookies
from services.web import words_trash as words
from services.web.deps import Form, Session, Visit, Visitor, field
from services.web.language import _, ngettext
from services.web.pages.audit import read_cursor
from services.web.render import render
from services.web.view import Toast
from services.web.view_bulk import Purge, Scrap, Trash
from shared.errors import Invalid, NotFound
from shared.identifiers import one_line
from shared.orders import queries as orders
from shared.trash import operations, purge, queries
from shared.trash.operations import NumberTaken
from shared.trash.queries import KEPT_DAYS, PAGE, Gone

router = APIRouter()


@router.get("/sampah")
async def show_trash(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """What was deleted, newest first."""
    visit.viewer.must("order.delete")
    gone = request.query_params.get("kabar", "")
    n = int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 4 else 0
    said = ngettext("{n} order dimusnahkan.", "{n} order dimusnahkan.", n) if n else ""
    return HTMLResponse(await _page(request, session, visit, toast=Toast(said) if said else None))


@router.post("/sampah/{no}/pulihkan")
async def restore(no: str, request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Bring an order back, unless its number was registered again meanwhile."""
    visit.viewer.must("order.delete")
    assert form is not None, "signed"
    try:
        async with session.begin_nested():
            back = await operations.restore(session, visit.viewer, _number(no), source="web")
    except NumberTaken as error:
        there = error.existing.order.registration_no if error.existing else ""
        return HTMLResponse(await _page(request, session, visit, error=words.taken(error), order=there), 409)
    answer = RedirectResponse(f"/order/{back.order.registration_no}", 303)
    cookies.carry_news(answer, back.event_id)
    return answer


@router.post("/sampah/musnahkan")
async def remove(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Ask once more, and on the right answer remove the chosen orders for good."""
    visit.viewer.must("order.purge")
    ids = [_number(each) for each in form.getlist("pilih") if isinstance(each, str)]
    sure, typed = field(form, "sure") == "ya", field(form, "typed").strip()
    error, status = "", 200
    if not ids or len(ids) > queries.MOST:
        error = _(words.PURGE["none" if not ids else "too_many"])
        return HTMLResponse(await _page(request, session, visit, error=error), 422)
    if sure:
        try:
            async with session.begin_nested():
                gone = await purge.purge(session, visit.viewer, ids, typed, source="web")
            return RedirectResponse(f"/sampah?kabar={len(gone)}", 303)
        except purge.StillSending:
            error, status = _(words.PURGE["sending"]), 409
        except Invalid as wrong:
            code = next(iter(wrong.fields.values()))
            error, status = _(words.PURGE["typed" if "typed" in wrong.fields else code]), 422
    found = await queries.chosen(session, visit.viewer, ids)
    if not found:
        raise NotFound
    rows = tuple([await _scrap(session, each) for each in found])
    view = Purge(rows, purge.word_for([each.order for each in found]), typed if sure else "", error)
    return HTMLResponse(render("trash_purge.html", shell=visit.shell("sampah"), view=view), status)


async def _page(
    request: Request,
    session: AsyncSession,
    visit: Visit,
    *,
    error: str = "",
    order: str = "",
    toast: Toast | None = None,
) -> str:
    given = request.query_params
    asked = one_line(given.get("q", "")[:200])[:80]
    found = await queries.page(session, visit.viewer, asked, read_cursor(given.get("sesudah", "")[:60]))
    more = {"q": asked, "sesudah": _cursor(found[PAGE - 1])} if len(found) > PAGE else {}
    view = Trash(
        rows=tuple([await _scrap(session, each) for each in found[:PAGE]]),
        total=await queries.total(session, visit.viewer),
        words=asked,
        next=f"/sampah?{urlencode({name: value for name, value in more.items() if value})}" if more else "",
        may_purge=visit.viewer.may("order.purge"),
        error=error,
        order=order,
    )
    return render("trash.html", shell=visit.shell("sampah", toast=toast), view=view)


async def _scrap(session: AsyncSession, each: Gone) -> Scrap:
    data = await orders.master(session)
    order, kept = each.order, each.trashed
    return Scrap(
        id=order.id,
        no=order.registration_no,
        type=order.type_code,
        status=facts.status_of(order.status_code, data),
        sto=each.sto_code,
        technician=each.technician or order.technician_code or "",
        who=each.by or _("Sistem"),
        at=kept.deleted_at,
        reason=kept.reason,
        until=kept.deleted_at + timedelta(days=KEPT_DAYS),
    )


def _cursor(each: Gone) -> str:
    since = each.trashed.deleted_at - datetime.fromtimestamp(0, UTC)
    return f"{since // timedelta(microseconds=1)}_{each.order.id}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
