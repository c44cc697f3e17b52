"""The address of live changes. Who asks is looked up first, in a transaction that is over before the stream begins."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from services.web import live
from services.web.deps import Visit, find_visit
from services.web.listing import read_query
from services.web.security import own_origin
from services.web.view import Query
from shared.db import transaction
from shared.errors import NotAllowed

router = APIRouter()


async def listener(request: Request) -> Visit:
    """Whoever wants to listen, from one of our own pages; a stream alone keeps no session alive."""
    if not own_origin(request.headers):
        raise NotAllowed
    async with transaction() as session:
        return await find_visit(request, session, touch=False)


@router.get("/order/langsung", response_class=EventSourceResponse)
async def follow(
    request: Request,
    visit: Annotated[Visit, Depends(listener)],
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Changed rows, new orders and counts of the list that the address describes."""
    known = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19
    async for item in live.stream(visit, read_query(request), int(last_event_id) if known else None):
        yield item


def watcher_of(act: str) -> Callable[[Request], Awaitable[Visit]]:
    """Whoever wants to listen and may; refused before the stream begins."""

    async def watcher(request: Request) -> Visit:
        visit = await listener(request)
        visit.viewer.must(act)
        return visit

    return watcher


@router.get("/kiriman/langsung", response_class=EventSourceResponse)
async def follow_deliveries(
    visit: Annotated[Visit, Depends(watcher_of("delivery.read"))],
) -> AsyncIterator[ServerSentEvent]:
    """The figures of the page of deliveries, as they change."""
    async for item in live.stream(visit, Query(), None, page="kiriman"):
        yield item


@router.get("/kesehatan/langsung", response_class=EventSourceResponse)
async def follow_condition(
    visit: Annotated[Visit, Depends(watcher_of("health.read"))],
) -> AsyncIterator[ServerSentEvent]:
    """How the house fares, as it changes."""
    async for item in live.stream(visit, Query(), None, page="kesehatan"):
        yield item
