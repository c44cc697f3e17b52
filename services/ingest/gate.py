"""What every answer of this door carries and how it says what went wrong. Pure ASGI; it reads no body.

The headers are those of the pages: the browser sees one site, whichever service answers.
"""

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import audit, db
from shared.arrears import say
from shared.arrears.refusal import FileRefused
from shared.errors import Conflict, Invalid, NotAllowed, NotFound, SikproError
from shared.settings import settings

log = logging.getLogger(__name__)

KIND = "application/problem+json"
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}


class NoToken(SikproError):  # noqa: N818 a sentence, not a suffix
    """Sign in, or send a valid token: Authorization: Bearer sikpro_…"""


class TooLarge(SikproError):  # noqa: N818
    """The file is larger than this server takes."""


class Full(SikproError):  # noqa: N818
    """The server's disk is full; try again later."""


STATUS: dict[type[Exception], int] = {
    NoToken: 401, NotAllowed: 403, NotFound: 404, Conflict: 409, TooLarge: 413, Invalid: 422, FileRefused: 422,
    Full: 507,
}  # fmt: skip
CODES = {401: "signed_out", 403: "not_allowed", 413: "file.too_large", 503: "away", 507: "disk_full"}
"""What a browser without JavaScript is told in the address of the page it is sent back to."""


class Gate:
    """The outermost layer. An ASGI layer is a class by its protocol; it holds no state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if settings().secure:
                    headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
                headers.setdefault("cache-control", "no-store")
            await send(message)

        request = Request(scope, receive)
        if request.method not in {"GET", "HEAD"} and not own_origin(request.headers):
            await answer(request, NotAllowed())(scope, receive, send_dressed)
            return
        try:
            with audit.came_from(request.client.host if request.client else ""):
                await self.app(scope, receive, send_dressed)
        except Exception as error:
            if started:
                raise
            await answer(request, error)(scope, receive, send_dressed)


def own_origin(headers: Headers) -> bool:
    """Whether a request comes from our own pages, as far as its browser says; programs send neither header."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    given = urlsplit(origin or "")
    return origin is None or (
        given.netloc != "" and given.netloc in {urlsplit(settings().base_url).netloc, headers.get("host", "")}
    )


def status_of(error: Exception) -> int:
    """The status code that an exception means; 500 for one nobody foresaw."""
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return status
    refused = isinstance(error, (DBAPIError, PoolTimeout, asyncpg.PostgresError, OSError, TimeoutError))
    return 503 if refused and (db.away(error) or isinstance(error, PoolTimeout)) else 500


def answer(request: Request, error: Exception) -> Response:
    """What went wrong, for programs as problem JSON and for a plain form as the page it came from. Never a trace."""
    status = status_of(error)
    if status == 500:
        log.error("request failed", exc_info=error)
    if wants_page(request):
        code = error.code if isinstance(error, FileRefused) else CODES.get(status, "failed")
        if isinstance(error, Invalid) and "file" in error.fields:
            code = f"file.{error.fields['file']}"
        return RedirectResponse("/masuk?ke=/impor" if status == 401 else f"/impor?masalah={code}", 303)
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if isinstance(error, FileRefused):
        body["detail"] = say.trouble({"code": error.code, "params": error.params}, "en")[0]
        body["code"] = error.code
    elif isinstance(error, SikproError):
        body["detail"] = str(error)
    if isinstance(error, Invalid):
        body["errors"] = [{"field": name, "code": code} for name, code in error.fields.items()]
    said = JSONResponse(body, status, media_type=KIND)
    if status == 401:
        said.headers["www-authenticate"] = 'Bearer realm="sikpro"'
    if status in {503, 507}:
        said.headers["retry-after"] = "5" if status == 503 else "60"
    return said


def wants_page(request: Request) -> bool:
    """Whether a plain form was sent, whose answer people will see."""
    return request.method == "POST" and "text/html" in request.headers.get("accept", "")
