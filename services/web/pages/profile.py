"""One's own page: password, how pages look, where one is signed in, API tokens. Never somebody else's account."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import sessions as cookies
from services.web.deps import Form, Session, Visit, Visitor, field, find_visit, signed_form
from services.web.language import N_, _
from services.web.render import render
from services.web.view import Toast
from services.web.view_office import OwnSession, Profile, Token
from services.web.words import ROLES
from services.web.words_audit import agent
from shared.db import transaction
from shared.errors import Invalid, NotFound
from shared.identifiers import one_line
from shared.people import account
from shared.people.models import Person
from shared.people.passwords import LONGEST
from shared.people.sessions import TooManyTries, WrongPassword

router = APIRouter()

NEWS = {
    "sandi": N_("Kata sandi diganti. Sesi lain sudah diakhiri."),
    "tampilan": N_("Tampilan disimpan."),
    "sesi": N_("Sesi itu sudah diakhiri."),
    "sesi-lain": N_("Semua sesi lain sudah diakhiri."),
    "token": N_("Token dicabut."),
}
WRONG = {
    ("password", "too_short"): N_("Paling sedikit 12 karakter. Beberapa kata yang tidak berhubungan mudah diingat."),
    ("password", "too_long"): N_("Paling banyak {longest} karakter."),
    ("password", "common"): N_("Terlalu mudah ditebak. Pakai beberapa kata yang tidak berhubungan."),
    ("password", "same"): N_("Sama dengan kata sandi sekarang. Pilih yang lain."),
    ("password", "missing"): N_("Isi kata sandi baru."),
    ("current", "missing"): N_("Isi kata sandi sekarang."),
    ("current", "too_long"): N_("Kata sandi sekarang tidak cocok."),
    ("current", "wrong"): N_("Kata sandi sekarang tidak cocok."),
    ("again", "different"): N_("Tidak sama dengan kata sandi baru. Tulis lagi."),
    ("again", "too_long"): N_("Tidak sama dengan kata sandi baru. Tulis lagi."),
    ("token", "missing"): N_("Beri nama, misalnya tempat token ini dipakai."),
    ("token", "too_long"): N_("Paling banyak 80 karakter."),
    ("token", "taken"): N_("Anda sudah punya token dengan nama ini. Pakai nama lain, atau cabut yang lama."),
    ("token", "too_many"): N_("Paling banyak {most} token. Cabut yang tidak dipakai."),
}


async def view_of(session: AsyncSession, visit: Visit) -> Profile:
    """The page as it stands."""
    viewer = visit.viewer
    person = (await session.scalars(select(Person).where(Person.id == viewer.person_id))).one()
    own = await account.own_sessions(session, viewer.person_id)
    looks = person.preferences
    return Profile(
        name=person.name,
        username=person.username or "",
        role=_(ROLES[person.role]),
        area=visit.area,
        code=person.technician_code or "",
        telegram=str(person.telegram_id or ""),
        language=visit.language,
        theme=looks.get("theme", "system"),
        density=looks.get("density", "rapat"),
        shortcuts=looks.get("shortcuts") != "off",
        sessions=tuple(
            OwnSession(
                each.token_hash[: account.MARK],
                agent(each.agent),
                each.ip,
                each.created_at,
                each.seen_at,
                this=each.token_hash == visit.token_hash,
            )
            for each in own
        ),
        tokens=tuple(
            Token(each.id, each.name, each.created_at, each.used_at)
            for each in await account.own_tokens(session, viewer.person_id)
        ),
    )


async def page(
    session: AsyncSession,
    visit: Visit,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    secret: str = "",
    token_name: str = "",
    wait_until: datetime | None = None,
    toast: str = "",
) -> HTMLResponse:
    """The whole page; errors: field → code."""
    said = {name: wrong(name, code) for name, code in (errors or {}).items()}
    view = replace(
        await view_of(session, visit), errors=said, secret=secret, token_name=token_name, wait_until=wait_until
    )
    shell = visit.shell("profil", toast=Toast(toast) if toast else None)
    return HTMLResponse(render("profile.html", shell=shell, view=view), status)


def wrong(name: str, code: str) -> str:
    """Why a field was not taken."""
    return _(WRONG.get((name, code), N_("Pilih dari daftar.")), longest=LONGEST, most=account.MOST_TOKENS)


def onward(news: str) -> Response:
    """To the page, which then says what was done."""
    return RedirectResponse(f"/profil?kabar={news}", 303)


@router.get("/profil")
async def show_profile(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One's own page."""
    return await page(session, visit, toast=_(NEWS.get(request.query_params.get("kabar", ""), "")))


@router.post("/profil/sandi")
async def change_password(request: Request) -> Response:
    """Set another password; no transaction is open while it is hashed."""
    async with transaction() as session:
        visit = await find_visit(request, session)
    form = await signed_form(request, visit)
    errors: dict[str, str] = {}
    typed: dict[str, str] = {}
    for name in ("current", "password", "again"):
        try:
            typed[name] = field(form, name, LONGEST)
        except Invalid as error:
            errors |= error.fields
    errors |= {name: "missing" for name in ("current", "password") if name not in errors and not typed[name]}
    if not errors and typed["password"] != typed["again"]:
        errors["again"] = "different"
    status, wait_until = 422, None
    if not errors:
        ip = request.client.host if request.client else ""
        try:
            await account.change_password(
                visit.viewer.person_id, visit.token_hash, typed["current"], typed["password"], ip=ip
            )
            return onward("sandi")
        except Invalid as error:
            errors = error.fields
        except WrongPassword:
            errors = {"current": "wrong"}
        except TooManyTries as error:
            status, wait_until = 429, error.until
    async with transaction() as session:
        return await page(session, visit, status=status, errors=errors, wait_until=wait_until)


@router.post("/profil/tampilan")
async def prefer(session: Session, visit: Visitor, form: Form) -> Response:
    """Keep language, theme, density and shortcuts; a field that is not there stays as it was."""
    wanted = {name: field(form, name) for name in ("theme", "density", "shortcuts", "language") if name in form}
    try:
        await account.prefer(session, visit.viewer.person_id, **wanted)
    except Invalid as error:
        return await page(session, visit, status=422, errors=error.fields)
    answer = onward("tampilan")
    if "language" in wanted:
        cookies.keep_language(answer, wanted["language"])  # the login page then speaks it too
    return answer


@router.post("/profil/sesi/lain/akhiri")
async def end_others(session: Session, visit: Visitor, _: Form) -> Response:
    """End every session but this one."""
    await account.end_others(session, visit.viewer.person_id, visit.token_hash)
    return onward("sesi-lain")


@router.post("/profil/sesi/{no}/akhiri")
async def end_session(no: str, session: Session, visit: Visitor, _: Form) -> Response:
    """End one session; when it is this very one, that is signing out."""
    ended = await account.end_session(session, visit.viewer.person_id, no)
    if ended != visit.token_hash:
        return onward("sesi")
    answer = RedirectResponse("/masuk", 303)
    cookies.take_token(answer)
    return answer


@router.post("/profil/token")
async def make_token(session: Session, visit: Visitor, form: Form) -> Response:
    """A new token, shown on the page that answers and never again."""
    typed = one_line(str(form.get("token", ""))[:200].replace("\x00", ""))
    try:
        async with session.begin_nested():
            secret = await account.make_token(session, visit.viewer.person_id, typed)
    except Invalid as error:
        return await page(session, visit, status=422, errors=error.fields, token_name=typed)
    return await page(session, visit, secret=secret, token_name=typed)


@router.post("/profil/token/{no}/cabut")
async def revoke_token(no: str, session: Session, visit: Visitor, _: Form) -> Response:
    """End a token at once."""
    if not (no.isascii() and no.isdigit() and len(no) < 19):
        raise NotFound
    await account.revoke_token(session, visit.viewer.person_id, int(no))
    return onward("token")
