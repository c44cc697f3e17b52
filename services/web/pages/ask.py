"""A question to the technician of an order: asked here, answered in Telegram, both in the order's timeline."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_order

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.web.deps import LONGEST_NOTE, Form, Session, Visitor, field
from services.web.pages.order import Asked, done, needed, once, refused
from services.web.view import Typed
from shared.errors import Conflict, Invalid
from shared.identifiers import plain
from shared.talk import operations as talk

router = APIRouter()


@router.post("/order/{no}/tanya")
async def ask(request: Request, session: Session, visit: Visitor, form: Form, found: Asked) -> Response:
    """Ask once for each request key."""
    visit.viewer.must("order.change")
    typed = Typed(ask=str(form.get("ask", "")).replace("\x00", "")[:LONGEST_NOTE])
    try:
        words, key = plain(field(form, "ask", LONGEST_NOTE)), needed(form, "request_key")
        async with session.begin_nested():
            event_id = await once(
                session, visit, key, lambda: talk.ask(session, visit.viewer, found.order.id, words, source="web")
            )
    except Invalid as error:
        of_form = {"words": "ask", "to": "ask"}
        wrong = Invalid(**{of_form.get(name, name): code for name, code in error.fields.items()})
        return await refused(request, session, visit, found, typed, wrong)
    except Conflict as error:
        return await refused(request, session, visit, found, typed, error)
    return await done(request, session, visit, found, event_id)
