"""The ingest service's web side, mounted at /ingest: files come in, their progress and refused rows go out.

It streams bytes and asks `shared.arrears`; reading and applying is the worker's. Pages about imports are the web's.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from services.ingest import give_back, storage
from services.ingest.gate import Gate, own_origin, wants_page
from services.ingest.receive import take
from services.ingest.visitor import Visitor, visitor
from shared import db
from shared.arrears import columns, import_queries, imports
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.arrears.imports import Received
from shared.db import transaction
from shared.errors import Invalid, NotAllowed, SikproError
from shared.settings import settings

WORKING = (BatchState.READING, BatchState.APPLYING, BatchState.UNDOING)
LOOK = 0.7  # seconds between two looks at how far a file is


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open a pool, unless this app shares a process, and so its pool, with the web's pages."""
    if db.sessions.kw.get("bind") is not None:
        yield
        return
    engine = db.connect(settings().asyncpg_url, pool_size=5)
    yield
    await engine.dispose()


app = FastAPI(title="SIKPRO ingest", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
app.add_middleware(Gate)


@app.exception_handler(RequestValidationError)
async def unshapely(_: Request, error: Exception) -> Response:
    """A query that is not what this address takes."""
    del error
    return JSONResponse({"type": "about:blank", "title": "Unprocessable Content", "status": 422}, 422)


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether this door answers."""
    return {"status": "ok"}


def described(batch: ImportBatch, *, recognised: bool = False) -> dict[str, Any]:
    """A batch as programs read it: no name, no number of any customer."""
    return {
        "id": batch.id,
        "address": f"/ingest/uploads/{batch.id}",
        "kind": str(batch.kind),
        "state": str(batch.state),
        "version": batch.version,
        "name": batch.name,
        "bytes": batch.size,
        "sha256": batch.sha256,
        "phase": batch.phase,
        "progress": batch.progress,
        "counts": batch.counts,
        "problems": batch.problems,
        "trouble": batch.trouble,
        "result": batch.result,
        "same_as": batch.same_as,
        "recognised": recognised,
    }


async def who(request: Request, *, touch: bool = True) -> Visitor:
    """Who asks, in a transaction that is over before anything is streamed."""
    async with transaction() as session:
        return await visitor(session, request, touch=touch)


async def asked_for(request: Request, batch_id: int, *, touch: bool = True) -> tuple[Visitor, ImportBatch]:
    """Who asks, and the batch that is asked for."""
    async with transaction() as session:
        asking = await visitor(session, request, touch=touch)
        return asking, await import_queries.batch(session, asking.viewer, batch_id)


@app.post("/uploads")
async def upload(request: Request, kind: Kind = Kind.ARREARS) -> Response:
    """Take a file in: 202 and its address, or 200 with the one of the same bytes that waits already.

    A form sends `csrf` before `file`; a program sends the file as the body, with a token.
    """
    asking = await who(request)
    asking.viewer.must(imports.RIGHTS[kind])
    taken = await take(request, asking.proves)
    received = Received(kind, taken.name, taken.size, taken.sha256, taken.stored)
    try:
        async with transaction() as session:
            known = await imports.twin(session, asking.viewer, taken.sha256, kind)
            batch = known or await imports.receive(session, asking.viewer, received, source=asking.source)
    except BaseException:
        with suppress(OSError):
            await asyncio.to_thread(storage.drop, taken.stored)
        raise
    if known is not None:
        await asyncio.to_thread(storage.drop, taken.stored)
    if wants_page(request):
        return RedirectResponse(f"/impor/{batch.id}", 303)
    said = described(batch, recognised=known is not None)
    return JSONResponse(said, 200 if known else 202, headers={"location": said["address"]})


@app.get("/uploads/{batch_id}")
async def one(request: Request, batch_id: int) -> dict[str, Any]:
    """How far a file is and what was found in it."""
    return described((await asked_for(request, batch_id))[1])


async def listening(request: Request, batch_id: int) -> None:
    """Refuse a stream before it begins: to strangers, to other sites, of what is not there."""
    if not own_origin(request.headers):
        raise NotAllowed
    await asked_for(request, batch_id, touch=False)


@app.get("/uploads/{batch_id}/events", response_class=EventSourceResponse, dependencies=[Depends(listening)])
async def events(request: Request, batch_id: int) -> AsyncIterator[ServerSentEvent]:
    """The same, told whenever it changes, until the worker has nothing more to do with the file."""
    told: dict[str, Any] = {}
    while True:
        try:
            _, batch = await asked_for(request, batch_id, touch=False)
        except SikproError:  # signed out, or not theirs any more: the stream ends like the session
            yield ServerSentEvent(event="sesi", raw_data="berakhir")
            return
        now = described(batch)
        if now != told:
            told = now
            yield ServerSentEvent(event="progress", data=now)
        if batch.state not in WORKING:
            return
        await asyncio.sleep(LOOK)


@app.post("/uploads/{batch_id}/{act}")
async def decide(
    request: Request, batch_id: int, act: str, version: int, missing: Annotated[bool, Query()] = True
) -> JSONResponse:
    """Apply, cancel or undo a file as it was seen at `version`; for programs, pages have forms of their own."""
    asking = await who(request)
    if not asking.proves(request.headers.get("x-csrf-token", "")):
        raise NotAllowed
    async with transaction() as session:
        given = session, asking.viewer, batch_id, version
        if act == "apply":
            batch = await imports.apply(*given, mark_missing=missing, source=asking.source)
        elif act == "cancel":
            batch = await imports.cancel(*given, source=asking.source)
        elif act == "undo":
            batch = await imports.undo(*given, source=asking.source)
        else:
            raise Invalid(act="unknown")
    return JSONResponse(described(batch), 202)


@app.get("/uploads/{batch_id}/refused")
async def refused(request: Request, batch_id: int) -> StreamingResponse:
    """The rows that were not taken, in the file's own layout, each with why."""
    asking, batch = await asked_for(request, batch_id)
    return await give_back.answer(asking.viewer, batch)


@app.get("/templates/{kind}.csv")
async def template(request: Request, kind: Kind) -> Response:
    """An empty file with the header that is always understood."""
    asking = await who(request)
    asking.viewer.must(imports.RIGHTS[kind])
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerow(columns.TEMPLATES[kind])
    name = f'attachment; filename="templat-{kind}.csv"'
    return Response(
        ("\ufeff" + buffer.getvalue()).encode(), media_type="text/csv", headers={"content-disposition": name}
    )
