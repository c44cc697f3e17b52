"""What one makes of the queue: views of one's own and the columns one likes. It changes no order."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web.deps import Form, Session, Visit, Visitor, field
from services.web.language import N_, _
from services.web.listing import chosen, query_of
from services.web.pages.queue import queue_of, stream
from services.web.render import render
from services.web.view import Query, address
from shared.errors import Invalid, NotFound
from shared.people import account
from shared.views import operations as views

router = APIRouter()

LONGEST_TYPED = 80
WRONG = {
    "missing": N_("Beri nama tampilan ini."),
    "too_long": N_("Nama tampilan paling banyak 40 karakter."),
    "taken": N_("Anda sudah punya tampilan dengan nama ini. Pakai nama lain."),
    "too_many": N_("Paling banyak 12 tampilan. Hapus yang tidak dipakai."),
}


def asked(form: FormData) -> Query:
    """The list that a form was shown with."""
    return query_of(field(form, "query", 2 * views.LONGEST_QUERY))


def number(text: str) -> int:
    """The id of a view in an address. Raises NotFound."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)


async def of_mine(session: AsyncSession, visit: Visit, view_id: int) -> Query:
    """What one's own view shows. Raises NotFound, also for another's."""
    kept = {each.id: each.query for each in await views.own(session, visit.viewer.person_id)}
    if view_id not in kept:
        raise NotFound
    return query_of(kept[view_id])


async def refused(session: AsyncSession, visit: Visit, query: Query, form: FormData, error: Invalid) -> Response:
    """The list again, with why the view was not kept and what was typed."""
    typed = str(form.get("name", "")).replace("\x00", "")[:LONGEST_TYPED]
    why = _(WRONG.get(error.fields.get("name", ""), N_("Tampilan ini tidak dapat disimpan.")))
    view, active = await queue_of(session, visit, query, keeping={"name": why, "typed": typed})
    shell = visit.shell("order", active=active, live=stream(query))
    return HTMLResponse(render("order.html", shell=shell, view=view), 422)


@router.post("/order/tampilan")
async def keep(session: Session, visit: Visitor, form: Form) -> Response:
    """Keep the list as it is under a name."""
    query = asked(form)
    told = address(query).partition("?")[2]
    try:
        async with session.begin_nested():
            name, starts = field(form, "name", LONGEST_TYPED), form.get("mulai") == "ya"
            await views.keep(session, visit.viewer.person_id, name, told, starts=starts)
    except Invalid as error:
        return await refused(session, visit, query, form, error)
    return RedirectResponse(address(query), 303)


@router.post("/order/tampilan/{no}/nama")
async def rename(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Call a view of one's own something else."""
    query = await of_mine(session, visit, number(no))
    try:
        async with session.begin_nested():
            await views.rename(session, visit.viewer.person_id, number(no), field(form, "name", LONGEST_TYPED))
    except Invalid as error:
        return await refused(session, visit, query, form, error)
    return RedirectResponse(address(query), 303)


@router.post("/order/tampilan/{no}/mulai")
async def begin_with(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Let the queue open with this view, or no longer."""
    query = await of_mine(session, visit, number(no))
    await views.begin_with(session, visit.viewer.person_id, number(no), starts=form.get("mulai") == "ya")
    return RedirectResponse(address(query), 303)


@router.post("/order/tampilan/{no}/hapus")
async def drop(no: str, session: Session, visit: Visitor, _form: Form) -> Response:
    """Forget a view; the list stays as it is."""
    try:
        query = await of_mine(session, visit, number(no))
    except NotFound:
        return RedirectResponse(address(Query()), 303)
    await views.drop(session, visit.viewer.person_id, number(no))
    return RedirectResponse(address(query), 303)


@router.post("/order/kolom")
async def show_columns(session: Session, visit: Visitor, form: Form) -> Response:
    """Show these columns in this list, or keep them for all one's lists; none at all means the usual ones."""
    query, names = asked(form), ",".join(chosen([str(name) for name in form.getlist("kolom")[:40]]))
    if form.get("untuk") != "semua":
        return RedirectResponse(address(query, kolom=names), 303)
    await account.prefer(session, visit.viewer.person_id, columns=names)
    return RedirectResponse(address(query, kolom=""), 303)
