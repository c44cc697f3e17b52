"""Who is at this door: a browser with its session, or a program with a token. It decides nothing about files."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.ingest.gate import NoToken
from shared.people import sessions, tokens
from shared.people.access import Viewer
from shared.people.csrf import fits
from shared.people.queries import viewer_of
from shared.settings import settings


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who may be here. csrf: what a form of its session must carry; empty for a token, which proves itself."""

    viewer: Viewer
    csrf: str
    source: str  # web, api

    def proves(self, given: str) -> bool:
        """Whether a change was asked for by this person's own page or program."""
        return not self.csrf or fits(given, self.csrf)


async def visitor(session: AsyncSession, request: Request, *, touch: bool = True) -> Visitor:
    """Who asks. Raises NoToken, and NotAllowed for those who have no business on the web."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        person = await tokens.owner(session, token.strip()) if 0 < len(token) <= 128 else None
        if person is None:
            raise NoToken
        found = Visitor(await viewer_of(session, person), "", "api")
    else:
        cookie = request.cookies.get("__Host-sikpro" if settings().secure else "sikpro", "")
        known = await sessions.find(session, cookie) if 0 < len(cookie) <= 128 else None
        if known is None:
            raise NoToken
        if touch:
            await sessions.touch(session, known)
        found = Visitor(await viewer_of(session, known.person), known.csrf, "web")
    found.viewer.must("order.read")
    return found
