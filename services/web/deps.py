"""What pages ask for: a transaction, who is here, and a form that may be trusted. Decides nothing about orders."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request

from services.web import language, words_trouble
from services.web import sessions as cookies
from services.web.language import _
from services.web.view import Me, Shell, Toast
from services.web.words import ROLES
from shared import clock
from shared.db import transaction
from shared.errors import Invalid, NotAllowed, SikproError
from shared.notify import house, pulse
from shared.people import sessions
from shared.people.access import RIGHTS, Viewer
from shared.reports.area import viewer_at_home
from shared.settings import settings

LONGEST_FIELD = 200  # characters of an ordinary field
LONGEST_NOTE = 4000


class SignedOut(SikproError):  # noqa: N818 a sentence, not a suffix
    """There is no living session; `back` is the page to return to after signing in."""

    def __init__(self, back: str = "/") -> None:
        super().__init__()
        self.back = back


class Forged(NotAllowed):
    """The form does not carry this session's token."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in person at our door."""

    viewer: Viewer
    token_hash: str
    csrf: str
    zone: str
    area: str
    looks: Mapping[str, str] = field_of(default_factory=dict)
    language: str = "id"
    presence: str = "online"
    silent: datetime | None = None
    troubles: Sequence[tuple[str, str, datetime]] = ()

    def shell(self, page: str, *, active: int | None = None, live: str = "", toast: Toast | None = None) -> Shell:
        """What is round a page for this person."""
        may_create, role, now = self.viewer.may("order.register"), self.viewer.role, clock.now()
        return Shell(
            now=now,
            zone=self.zone,
            me=Me(self.viewer.name, _(ROLES[role]), self.area, may_create, RIGHTS[role], self.presence),
            page=page,
            csrf=cookies.masked(self.csrf),
            active=active,
            demo=settings().demo,
            live=live,
            toast=toast,
            shortcuts=self.looks.get("shortcuts") != "off",
            theme=self.looks.get("theme", ""),
            density=self.looks.get("density", ""),
            silent=self.silent,
            troubles=tuple(words_trouble.since(*each, now, self.zone) for each in self.troubles),
        )


async def open_session() -> AsyncIterator[AsyncSession]:
    """One request, one transaction."""
    async with transaction() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session, scope="function")]
"""Committed before the answer leaves, so that nobody reads "saved" of an unsaved change."""


async def find_visit(request: Request, session: AsyncSession, *, touch: bool = True) -> Visit:
    """Who is here. Raises SignedOut, and NotAllowed for those who have no business on the web."""
    token = cookies.token_of(request)
    known = await sessions.find(session, token) if token else None
    if known is None:
        raise SignedOut(back_to(request))
    if touch:
        await sessions.touch(session, known)
    looks = known.person.preferences
    language.speak(looks.get("language") or cookies.language_of(request) or known.person.language)
    viewer, home = await viewer_at_home(session, known.person)
    area = (
        _("Semua wilayah") if viewer.stos is None else ", ".join(home.stos[:4]) + (" …" if len(home.stos) > 4 else "")
    )
    known_as = (known.token_hash, known.csrf)
    watches = viewer.may("health.read")
    silent = await pulse.silent_since(session) if watches else None
    troubles = await house.troubles(session) if watches and viewer.stos is None else ()
    visit = Visit(viewer, *known_as, home.zone, area, looks, language.current(), known.presence, silent, troubles)
    request.state.visit = visit
    viewer.must("order.read")
    return visit


def back_to(request: Request) -> str:
    """The address to come back to after signing in: only pages, never a form's target."""
    if request.method != "GET":
        return "/"
    path = quote(request.url.path, safe="/")
    return f"{path}?{request.url.query}" if request.url.query else path


async def visit(request: Request, session: Session) -> Visit:
    """A signed-in person of the office; its session counts as used."""
    return await find_visit(request, session)


async def glance(request: Request, session: Session) -> Visit:
    """The same for what a page asks by itself, which must not keep an abandoned session alive."""
    return await find_visit(request, session, touch=False)


Visitor = Annotated[Visit, Depends(visit)]
Onlooker = Annotated[Visit, Depends(glance)]


async def read_form(request: Request) -> FormData:
    """The posted fields; only of the one type that a plain form sends, so that no other page can post in disguise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return FormData()
    return await request.form(max_files=0, max_fields=500)


async def signed_form(request: Request, visit: Visitor) -> FormData:
    """The posted fields, once their token is seen to be this session's. Raises Forged."""
    form = await read_form(request)
    given = request.headers.get(cookies.CSRF_HEADER) or field(form, cookies.CSRF_FIELD)
    if not cookies.fits(given, visit.csrf):
        raise Forged
    return form


Form = Annotated[FormData, Depends(signed_form)]


def field(form: FormData, name: str, longest: int = LONGEST_FIELD) -> str:
    """One field's text, the last if it came twice; without NUL, which Postgres cannot keep. Raises Invalid."""
    value = form.get(name, "")
    text = value.replace("\x00", "") if isinstance(value, str) else ""
    if len(text) > longest:
        raise Invalid(**{name: "too_long"})
    return text


def whole(form: FormData, name: str) -> int:
    """A field that is a whole number. Raises Invalid."""
    text = field(form, name).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(**{name: "not_a_number"})
    return int(text)


def is_htmx(request: Request) -> bool:
    """Whether a part of a page is wanted and not a whole one."""
    return request.headers.get("hx-request", "").lower() == "true"


def local_path(given: str) -> str:
    """`given` when it is an address inside this site, else `/`: never a way out to another host."""
    plain = given.startswith("/") and not given.startswith(("//", "/\\", "/masuk", "/keluar"))
    return given if plain and "\\" not in given and given.isprintable() and len(given) <= 500 else "/"
