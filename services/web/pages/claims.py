"""Who holds an order: let go, hand over, assign; and who has it open right now. Taking stands with the order's page."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_order

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import claims as shown
from services.web.deps import LONGEST_NOTE, Form, Onlooker, Session, Visit, Visitor, field, whole
from services.web.pages.order import Asked, done, needed, once, refused
from services.web.render import render
from services.web.view import Typed
from shared.desk import looking
from shared.errors import Conflict, Invalid
from shared.identifiers import plain
from shared.orders import claims
from shared.orders.operations import Changed
from shared.orders.queries import OrderFacts
from shared.settings import settings

router = APIRouter()

Act = Callable[[int, str], Awaitable[Changed]]


async def claim(
    request: Request, session: AsyncSession, visit: Visit, form: FormData, found: OrderFacts, act: Act
) -> Response:
    """Do `act` with the version the page showed and the words typed; once for each request key."""
    typed = Typed(to=str(form.get("to", ""))[:20], words=str(form.get("words", "")).replace("\x00", ""))
    try:
        words = plain(field(form, "words", LONGEST_NOTE))
        version, key = whole(form, "version"), needed(form, "request_key")
        async with session.begin_nested():
            event_id = await once(session, visit, key, lambda: act(version, words))
    except (Conflict, Invalid) as error:
        return await refused(request, session, visit, found, typed, error)
    return await done(request, session, visit, found, event_id)


@router.post("/order/{no}/lepas")
async def release(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Let go of the order."""
    visit.viewer.must("order.release")
    hold = settings().feedback_hold

    def act(version: int, words: str) -> Awaitable[Changed]:
        return claims.release(session, visit.viewer, found.order.id, version, source="web", words=words, hold=hold)

    return await claim(request, session, visit, form, found, act)


@router.post("/order/{no}/serahkan")
async def hand_over(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Hand one's own order to a colleague, who may decline."""
    visit.viewer.must("order.hand_over")
    return await claim(
        request, session, visit, form, found, _to_somebody(claims.hand_over, session, visit, form, found)
    )


@router.post("/order/{no}/tugaskan")
async def assign(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Give the order to somebody of its area, whoever holds it."""
    visit.viewer.must("order.assign")
    return await claim(request, session, visit, form, found, _to_somebody(claims.assign, session, visit, form, found))


def _to_somebody(
    operation: Callable[..., Awaitable[Changed]], session: AsyncSession, visit: Visit, form: FormData, found: OrderFacts
) -> Act:
    async def act(version: int, words: str) -> Changed:
        return await operation(
            session,
            visit.viewer,
            found.order.id,
            version,
            whole(form, "to"),
            source="web",
            words=words,
            hold=settings().feedback_hold,
        )

    return act


@router.get("/order/{no}/pembaca")
async def show_readers(request: Request, session: Session, visit: Onlooker, found: Asked) -> Response:
    """The open page's heartbeat: who else has the order open, or 204 when the page knows it already."""
    order = found.order
    await looking.opened(session, order.id, visit.viewer.person_id)
    view = await shown.readers_of(session, visit, order.id, order.registration_no)
    if request.query_params.get("kini") == view.mark:
        return Response(status_code=204)
    return HTMLResponse(render("_readers.html", shell=visit.shell("order"), view=view))


@router.post("/order/{no}/tutup")
async def close(session: Session, visit: Onlooker, _: Form, found: Asked) -> Response:
    """The page was closed or shows another order now."""
    await looking.left(session, found.order.id, visit.viewer.person_id)
    return Response(status_code=204)
