"""Saying whether one is here, at lunch or gone: a plain form in the top bar. Nothing else depends on it."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from services.web.deps import Form, Session, Visitor, field, local_path
from shared.desk import presence

router = APIRouter()


@router.post("/kehadiran")
async def say(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Keep it, and go back to where one was."""
    await presence.say(session, visit.viewer, field(form, "keadaan"))
    return RedirectResponse(came_from(request), 303)


def came_from(request: Request) -> str:
    """The page the form stood on; where that was the answer to another form, the nearest page that can be opened."""
    parts = urlsplit(request.headers.get("referer", "")[:500])
    path = local_path(parts.path or "/")
    while path != "/" and not _opens(request, path):
        path = path.rpartition("/")[0] or "/"
    return f"{path}?{parts.query}" if parts.query and path == parts.path else path


def _opens(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)
