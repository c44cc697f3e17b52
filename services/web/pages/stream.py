"""The address of live changes. Who asks is looked up first, in a transaction that is over before the stream begins."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from services.web import live
from services.web.deps import Visit, find_visit
from services.web.listing import read_query
from services.web.security import own_origin
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
