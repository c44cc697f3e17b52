"""Signing in and out. Says the same of a wrong name and a wrong password, and when the next try counts."""

from dataclasses import replace
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import sessions as cookies
from services.web.deps import Forged, Session, field, local_path, read_form
from services.web.language import LANGUAGES, _
from services.web.render import render
from services.web.view import Shell
from services.web.view_forms import DemoLogin, Login
from services.web.words import ROLES
from shared import audit, clock
from shared.db import transaction
from shared.desk import presence
from shared.errors import Invalid
from shared.people import sessions
from shared.people.queries import office_people
from shared.people.sessions import OnlyInTelegram, TooManyTries, WrongPassword
from shared.settings import settings

router = APIRouter()

ZONE = "Asia/Jakarta"  # before we know who it is


async def login_page(request: Request, view: Login, status: int = 200) -> HTMLResponse:
    """The form, with a token of its own; in a demo it names who may be played."""
    if settings().demo:
        view = replace(view, demo_logins=await demo_logins())
    cookie, token = cookies.login_token(request)
    shell = Shell(now=clock.now(), zone=ZONE, csrf=token, demo=settings().demo)
    answer = HTMLResponse(render("login.html", shell=shell, view=view), status)
    cookies.set_login_cookie(answer, cookie)
    return answer


async def demo_logins() -> tuple[DemoLogin, ...]:
    """The seeded people of the office; their password stands in the terminal, never here."""
    async with transaction() as session:
        people = await office_people(session)
    return tuple(DemoLogin(each.username or "", each.name, _(ROLES[each.role])) for each in people)


@router.get("/masuk")
async def show_login(request: Request) -> Response:
    """The form; whoever is in already goes on."""
    back = local_path(request.query_params.get("ke", "/"))
    token = cookies.token_of(request)
    if token:
        async with transaction() as session:
            if await sessions.find(session, token):
                return RedirectResponse(back, 303)
    return await login_page(request, Login(ke=back))


@router.post("/masuk")
async def sign_in(request: Request) -> Response:
    """Open a session under a new token and go on to `ke`."""
    form = await read_form(request)
    if not cookies.login_token_fits(request, field(form, cookies.CSRF_FIELD)):
        if request.cookies:  # a form that lay open for long, or a foreign one: either way a fresh one
            return await login_page(request, Login(error=_("Formulir ini sudah usang. Coba sekali lagi.")), 403)
        raise Forged
    back = local_path(field(form, "ke", 500) or "/")
    try:
        name = field(form, "username").strip()
        password = field(form, "password", 256)
    except Invalid:
        return await login_page(request, Login(ke=back, error=_("Nama pengguna atau kata sandi terlalu panjang.")), 422)
    if not name or not password:
        return await login_page(
            request, Login(ke=back, username=name, error=_("Isi nama pengguna dan kata sandi.")), 422
        )
    ip = request.client.host if request.client else ""
    try:
        signed = await sessions.sign_in(
            name,
            password,
            ip=ip,
            agent=request.headers.get("user-agent", "").replace("\x00", ""),
            old_token=cookies.token_of(request),
        )
    except TooManyTries as error:
        view = Login(ke=back, username=name, locked_until=error.until)
        answer = await login_page(request, view, 429)
        answer.headers["retry-after"] = str(max(1, round((error.until - clock.now()).total_seconds())))
        return answer
    except WrongPassword:
        view = Login(ke=back, username=name, error=_("Nama pengguna atau kata sandi tidak cocok."))
        return await login_page(request, view, 422)
    except OnlyInTelegram:
        view = Login(ke=back, username=name, error=_("Akun ini dipakai lewat Telegram, bukan lewat web."))
        return await login_page(request, view, 403)
    onward = RedirectResponse(back, 303)
    cookies.give_token(onward, signed.token)
    if signed.language:
        cookies.keep_language(onward, signed.language)
    return onward


@router.post("/masuk/bahasa")
async def choose_language(request: Request) -> Response:
    """Remember the language in this browser; a person's own choice counts more once they are in."""
    form = await read_form(request)
    chosen = field(form, "bahasa")
    if not cookies.login_token_fits(request, field(form, cookies.CSRF_FIELD)) or chosen not in LANGUAGES:
        return RedirectResponse("/masuk", 303)
    back = local_path(field(form, "ke", 500) or "/")
    answer = RedirectResponse("/masuk" if back == "/" else f"/masuk?ke={quote(back, safe='/')}", 303)
    cookies.keep_language(answer, chosen)
    return answer


@router.post("/keluar")
async def sign_out(request: Request, session: Session) -> Response:
    """End the session, its streams and what the browser kept. Without one it is no mistake."""
    token = cookies.token_of(request)
    known = await sessions.find(session, token) if token else None
    if known is not None:
        form = await read_form(request)
        given = request.headers.get(cookies.CSRF_HEADER) or field(form, cookies.CSRF_FIELD)
        if not cookies.fits(given, known.csrf):
            raise Forged
        await sessions.end(session, known.token_hash)
        await presence.leave(session, known.person.id)
        await audit.note(session, known.person.id, "web", "login.ended", f"person:{known.person.id}")
    answer = RedirectResponse("/masuk", 303)
    cookies.take_token(answer)
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer
