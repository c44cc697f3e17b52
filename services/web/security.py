"""What every answer carries and every request must pass, whatever the page: headers, origin, size, and no traceback.

Pure ASGI, outermost of all, because event streams pass through it and because even a crash must leave with its headers.
"""

import logging
import secrets
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web import language
from services.web.proxies import client_of
from services.web.sessions import language_of
from shared import audit
from shared.settings import settings

log = logging.getLogger(__name__)

LARGEST_BODY = 1_048_576  # bytes; a form of ours is a few kilobytes
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS = CHANGING | {"GET", "HEAD", "OPTIONS"}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"


class SaysWhy(Protocol):
    """Turns what went wrong into an answer; `status` when there is no exception."""

    async def __call__(self, request: Request, status: int, error: Exception | None = None) -> Response: ...


class TooLarge(Exception):  # noqa: N818 a sentence, not a suffix
    """The body is larger than anything we take."""


class Gate:
    """The outermost layer of the web service. An ASGI layer is a class by its protocol; it holds no state."""

    def __init__(self, app: ASGIApp, say: SaysWhy) -> None:
        self.app, self.say = app, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["ref"] = secrets.token_hex(4)
        scope["client"] = client_of(scope)
        started = False

        async def send_dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                dress(scope, MutableHeaders(scope=message), message["status"])
            await send(message)

        request = Request(scope, receive)
        api = scope["path"].startswith("/api/")
        language.speak(language.accepted(request.headers.get("accept-language", "")) if api else language_of(request))
        refused = _refusal(request)
        if refused:
            await (await self.say(request, refused))(scope, receive, send_dressed)
            return
        try:
            with audit.came_from(request.client.host if request.client else ""):
                await self.app(scope, _measured(receive), send_dressed)
        except Exception as error:
            if started:
                raise  # half an answer is out already; the server closes the connection
            status = 413 if isinstance(error, TooLarge) else 500
            if status == 500:
                log.exception("request %s failed", scope["state"]["ref"])
            await (await self.say(request, status, error))(scope, receive, send_dressed)


def dress(scope: Scope, headers: MutableHeaders, status: int) -> None:
    """Put on the headers of the house; a page that chose its own caching keeps it."""
    for name, value in HEADERS.items():
        headers[name] = value
    if settings().secure:
        headers["strict-transport-security"] = HSTS
    if "cache-control" in headers and not scope["path"].startswith("/static/"):
        return
    fingerprinted = scope["query_string"].startswith(b"v=")
    if scope["path"].startswith("/static/") and status in {200, 304}:
        headers["cache-control"] = "public, max-age=31536000, immutable" if fingerprinted else "public, max-age=604800"
    else:
        headers["cache-control"] = "no-store"


def own_origin(headers: Headers) -> bool:
    """Whether a request comes from our own pages, as far as its browser says; others prove it by their token."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    base = urlsplit(settings().base_url)
    given = urlsplit(origin)
    return given.netloc != "" and given.netloc in {base.netloc, headers.get("host", "")}


def _refusal(request: Request) -> int:
    """The status with which a request is refused before anybody looks at it, or 0."""
    if request.method not in METHODS:
        return 405
    if request.method in CHANGING:
        if not own_origin(request.headers):
            return 403
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return 413
    return 0


def _measured(receive: Receive) -> Receive:
    """`receive`, until more has come than we take; a body without a stated length is measured too."""
    taken = 0

    async def measured() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise TooLarge
        return message

    return measured
