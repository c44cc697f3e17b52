"""The page of a one-time link: whoever holds it sets a password, once. It needs no session."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import labels, words_master
from services.web import sessions as cookies
from services.web.deps import read_form
from services.web.language import N_, _
from services.web.pages.login import ZONE
from services.web.render import render
from services.web.view import Shell
from services.web.view_master import Invitation
from shared import clock
from shared.db import transaction
from shared.errors import Invalid
from shared.people import invites
from shared.people.invites import DeadLink, Invited

router = APIRouter()
OLD_FORM = N_("Formulir ini sudah usang. Coba sekali lagi.")


def page(request: Request, view: Invitation, status: int = 200) -> HTMLResponse:
    """The form, with a token of its own."""
    cookie, token = cookies.login_token(request)
    answer = HTMLResponse(render("invite.html", shell=Shell(now=clock.now(), zone=ZONE, csrf=token), view=view), status)
    cookies.set_login_cookie(answer, cookie)
    return answer


def invitation(invited: Invited, **errors: str) -> Invitation:
    """What the page shows of a living link."""
    return Invitation(invited.name, invited.username, labels.moment(invited.expires_at, ZONE), errors)


@router.get("/undangan/{token}")
async def show_invitation(token: str, request: Request) -> Response:
    """Whose link it is; a dead one says only that it is dead."""
    try:
        async with transaction() as session:
            return page(request, invitation(await invites.look(session, token)))
    except DeadLink:
        return page(request, Invitation(dead=True), 410)


@router.post("/undangan/{token}")
async def accept_invitation(token: str, request: Request) -> Response:
    """Set the password; whoever was signed in here is signed out."""
    form = await read_form(request)
    password, repeated = str(form.get("password", ""))[:1024], str(form.get("again", ""))[:1024]
    try:
        async with transaction() as session:
            invited = await invites.look(session, token)
        if not cookies.login_token_fits(request, str(form.get(cookies.CSRF_FIELD, ""))[:200]):
            return page(request, invitation(invited, form=_(OLD_FORM)), 403)
        if password and password != repeated:
            return page(request, invitation(invited, again=words_master.wrong("", "again", "differs")), 422)
        await invites.accept(token, password)
    except DeadLink:
        return page(request, Invitation(dead=True), 410)
    except Invalid as error:
        words = {name: words_master.wrong("", name, code) for name, code in error.fields.items()}
        return page(request, invitation(invited, **words), 422)
    answer = RedirectResponse("/masuk", 303)
    cookies.take_token(answer)
    return answer
