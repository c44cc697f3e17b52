"""The web service: its pages, its files, its API, and the one place that turns what went wrong into words.

It needs nothing but the environment. It talks to Postgres, and to Redis only to tell whether it is well.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from services.web import language, live, words
from services.web.api import orders as api_orders
from services.web.api import photos as api_photos
from services.web.api import problems
from services.web.deps import SignedOut, is_htmx
from services.web.pages import (
    account,
    arrears,
    arrears_assign,
    arrears_field,
    ask,
    audit,
    bulk,
    claims,
    condition,
    contacts,
    dashboard,
    delete,
    deliveries,
    groups,
    handover,
    house,
    import_acts,
    imports,
    invite,
    login,
    new_order,
    notices,
    order,
    photo,
    places,
    places_sto,
    presence,
    profile,
    queue,
    report,
    report_month,
    report_orders,
    report_time,
    schedules,
    sla,
    sla_unit,
    statuses,
    statuses_moves,
    statuses_types,
    stream,
    trash,
    users,
    views,
    webhook_message,
    webhooks,
    wishes,
)
from services.web.render import STATIC, render
from services.web.security import Gate
from services.web.view import Shell
from services.web.view_forms import Problem
from shared import clock, db
from shared import log as logs
from shared.errors import Conflict, Invalid, NotAllowed, NotFound, SikproError
from shared.settings import settings

log = logging.getLogger(__name__)

STATUS_CODES: dict[type[SikproError], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 422}
RETRY_AFTER = "5"  # seconds a browser should wait when the database is away


def status_of(error: Exception) -> int:
    """The status code that an exception means; 500 for one nobody foresaw."""
    if isinstance(error, SikproError):
        return next((code for kind, code in STATUS_CODES.items() if isinstance(error, kind)), 400)
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    if database_away(error):
        return 503
    return 500


def database_away(error: Exception) -> bool:
    """Whether Postgres cannot be asked now: unreachable, restarting, full, or slower than we wait."""
    if isinstance(error, (PoolTimeout, OperationalError, InterfaceError, ConnectionError, TimeoutError)):
        return True
    state = str(getattr(getattr(error, "orig", error), "sqlstate", "") or "")
    if state[:2] in {"08", "53", "57"} or state == "55P03":  # connection, resources, operator; lock not had in time
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


async def say(request: Request, status: int, error: Exception | None = None) -> Response:
    """What went wrong as this client understands it: a page, a fragment's status, or problem JSON. Never a trace."""
    if error is not None and status == 500:
        status = status_of(error)
    if error is not None and status >= 500 and not database_away(error):
        log.error("request %s: %r", getattr(request.state, "ref", ""), error)
    if request.url.path.startswith("/api/"):
        answer: Response = problems.problem(status, error)
    else:
        answer = _page(request, status, error)
    if status == 503:
        answer.headers["retry-after"] = RETRY_AFTER
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update({name: value for name, value in error.headers.items() if name.lower() == "allow"})
    return answer


def _page(request: Request, status: int, error: Exception | None) -> Response:
    if isinstance(error, SignedOut):
        if is_htmx(request) or "text/event-stream" in request.headers.get("accept", ""):
            return _error_page(request, 401)
        return RedirectResponse(f"/masuk?ke={quote(error.back, safe='/')}" if error.back != "/" else "/masuk", 303)
    text = words.sentence(error) if isinstance(error, SikproError) and status in {409, 422} else ""
    return _error_page(request, status, text)


def _error_page(request: Request, status: int, text: str = "") -> HTMLResponse:
    visit = getattr(request.state, "visit", None)
    shell = visit.shell("") if visit is not None else Shell(now=clock.now(), zone=login.ZONE)
    view = Problem(status=status, text=text, ref=getattr(request.state, "ref", ""))
    return HTMLResponse(render("error.html", shell=shell, view=view), status)


async def say_why(request: Request, error: Exception) -> Response:
    """For every exception a page lets through; its transaction is rolled back by now."""
    return await say(request, status_of(error), error)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the pool and the LISTEN connection, and close every stream at the end."""
    logs.start()
    language.english()  # read now, not by the first who asks
    engine = db.connect(settings().asyncpg_url, pool_size=10)
    gc.collect()
    gc.freeze()  # what was imported stays for ever: to look through it all again cost a page 150 ms every now and then
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(live.run())
        try:
            yield
        finally:
            live.close()
            listening.cancel()
    await engine.dispose()


async def vendor(scope: Scope, receive: Receive, send: Send) -> None:
    """Files from pinned packages, which the launcher fetched; without them pages work, only less lively."""
    folder = settings().assets.absolute()
    if not folder.is_dir():
        raise HTTPException(404)
    await StaticFiles(directory=folder)(scope, receive, send)


def build() -> FastAPI:
    """The service with all its routes."""
    made = FastAPI(
        title="SIKPRO",
        version="1",
        summary="Orders of SIKPRO.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    made.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=3)  # event streams pass as they are
    made.add_middleware(Gate, say=say)
    failures: tuple[Any, ...] = (SikproError, HTTPException, RequestValidationError, DBAPIError, PoolTimeout, OSError)
    for kind in failures:
        made.add_exception_handler(kind, say_why)
    reports = (report, report_month, report_time, report_orders, schedules)
    for pages in (
        house,
        login,
        dashboard,
        queue,
        views,
        stream,
        new_order,
        *reports,
        bulk,
        delete,
        trash,
        order,
        photo,
        deliveries,
        audit,
        condition,
        profile,
    ):
        made.include_router(pages.router, include_in_schema=False)
    master = (users, invite, places, places_sto, statuses, statuses_types, statuses_moves, sla, sla_unit)
    for pages in (*master, groups, webhook_message, webhooks, notices, wishes, contacts):
        made.include_router(pages.router, include_in_schema=False)
    for pages in (arrears, arrears_assign, arrears_field, account):  # the last one's address takes any word
        made.include_router(pages.router, include_in_schema=False)
    for pages in (ask, claims, handover, presence, imports, import_acts):
        made.include_router(pages.router, include_in_schema=False)
    made.include_router(api_orders.router)
    made.include_router(api_photos.router)
    made.mount("/static/vendor", vendor)
    made.mount("/static", StaticFiles(directory=STATIC))
    return made


app = build()
