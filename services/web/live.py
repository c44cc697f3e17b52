"""Live changes: one LISTEN connection a process, fanned out to the streams of those who may see the order.

A stream holds no database connection. Whoever reads too slowly is let go, and catches up when it comes back.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from fastapi.sse import ServerSentEvent
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from services.web import facts, language, live_desk, live_watch
from services.web.deps import Visit
from services.web.listing import columns_of, filters_of
from services.web.live_watch import Watch
from services.web.render import render
from services.web.view import Live, Query
from shared import requests
from shared.db import listen, transaction
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders import board, queries
from shared.people import sessions
from shared.places import queries as places
from shared.settings import settings

log = logging.getLogger(__name__)

CHANNELS = ("sikpro_order", "sikpro_person", "sikpro_session", "sikpro_master", *live_desk.CHANNELS)
ROOM = 200  # messages a stream may be behind
REPLAYED = 200  # events a returning stream is told again; beyond that it must look for itself
OVERLAP = 50  # events told again to be sure: numbers are given before the commit, so a lower one may come later
CHECK = 20.0  # seconds between looks at which sessions still live
TIDY_EVERY = 180  # of those looks
COUNT_PAUSE = 1.0  # seconds between counts, so that a burst of changes is counted once

Item = ServerSentEvent | None


@dataclass(eq=False)
class Subscriber:
    """One open stream. None in the queue ends it."""

    visit: Visit
    query: Query
    queue: asyncio.Queue[Item] = field(default_factory=lambda: asyncio.Queue(ROOM))
    stale_counts: bool = False
    watch: Watch = field(default_factory=Watch)

    def put(self, item: Item) -> None:
        """Hand over a message, or end the stream when it is too far behind."""
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.end()

    def end(self, say: ServerSentEvent | None = None) -> None:
        """Drop what waits, say one last thing and end."""
        while not self.queue.empty():
            self.queue.get_nowait()
        if say is not None:
            self.queue.put_nowait(say)
        self.queue.put_nowait(None)


ENDED = ServerSentEvent(event="sesi", raw_data="berakhir")
subscribers: set[Subscriber] = set()
_told: deque[int] = deque(maxlen=4 * OVERLAP)
_newest = 0


async def run() -> None:
    """Hear Postgres for ever, and keep streams of dead sessions and old counts away."""
    global _newest  # noqa: PLW0603
    _newest = 0
    _told.clear()
    async with asyncio.TaskGroup() as group:
        for work in (_hear, _check_sessions, _count, _watch):
            group.create_task(_go_on(work))


async def _go_on(work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again should it ever break: a fault in live rows must not take the pages down with it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("live changes broke; they go on in a second")
        await asyncio.sleep(1)


def close() -> None:
    """End every stream; the process is stopping."""
    for each in list(subscribers):
        each.end()


async def stream(
    visit: Visit, query: Query, last_seen: int | None, *, page: str = ""
) -> AsyncIterator[ServerSentEvent]:
    """The events of one browser until it leaves or its session ends. page: what it watches in the place of orders."""
    me = Subscriber(visit, query, watch=Watch(page))
    subscribers.add(me)
    try:
        yield ServerSentEvent(comment="langsung", retry=2000)
        await live_desk.greet(me)
        await live_watch.begin(me)
        if last_seen is not None:
            await _replay(me, last_seen)
        while (item := await me.queue.get()) is not None:
            yield item
    finally:
        subscribers.discard(me)


async def _watch() -> None:
    await live_watch.go(lambda: list(subscribers))


async def _hear() -> None:
    async for heard in listen(settings().plain_database_url, CHANNELS, CHECK):
        try:
            if heard is None:
                await _catch_up()
            elif heard[0] == "sikpro_order":
                event_id, _, order_id = heard[1].partition(":")
                await _tell(int(event_id), int(order_id))
            elif heard[0] == "sikpro_master":  # another process changed what we remember
                queries.forget()
                places.forget()
            elif heard[0] in live_desk.CHANNELS:
                await live_desk.heard(*heard, subscribers)
            else:
                _end_streams(*heard)
        except (SQLAlchemyError, OSError, TimeoutError, ValueError) as error:
            log.warning("live changes: %s", error)


def _end_streams(channel: str, payload: str) -> None:
    for each in list(subscribers):
        if payload == (str(each.visit.viewer.person_id) if channel == "sikpro_person" else each.visit.token_hash):
            each.end(ENDED)


async def _catch_up() -> None:
    """Tell what happened while nobody listened; the first time only note where we are."""
    global _newest  # noqa: PLW0603 one place in the stream of events a process
    async with transaction() as session:
        if not _newest:
            _newest = int(await session.scalar(select(EventRow.id).order_by(EventRow.id.desc()).limit(1)) or 0)
            return
        missed = await session.execute(
            select(EventRow.id, EventRow.order_id)
            .where(EventRow.id > _newest - OVERLAP, EventRow.order_id.is_not(None))
            .order_by(EventRow.id)
            .limit(1000)
        )
        rows = [(event_id, order_id) for event_id, order_id in missed if event_id not in _told]
    for event_id, order_id in rows:
        if order_id is not None:
            await _tell(event_id, order_id)


async def _tell(event_id: int, order_id: int) -> None:
    """Draw a changed order once for each kind of reader and hand it to those within whose area it lies."""
    global _newest  # noqa: PLW0603
    if event_id in _told:
        return
    if subscribers:
        async with transaction() as session:
            try:
                found = await queries.by_id(session, None, order_id)
            except NotFound:
                return
            drawn: dict[object, list[ServerSentEvent]] = {}
            for each in list(subscribers):
                viewer = each.visit.viewer
                if each.watch.page or not viewer.covers(found.order.sto_id):
                    continue
                mine = viewer.person_id if each.query.tampilan == "saya" else None
                columns = columns_of(each.query, each.visit.looks)
                key = (each.query, each.visit.zone, each.visit.language, mine, columns)
                if key not in drawn:
                    drawn[key] = await _draw(session, each, found, event_id)
                for item in drawn[key]:
                    each.put(item)
                each.stale_counts = True
    _told.append(event_id)
    _newest = max(_newest, event_id)


async def _draw(
    session: AsyncSession, each: Subscriber, found: queries.OrderFacts, event_id: int
) -> list[ServerSentEvent]:
    viewer = each.visit.viewer
    matches = await board.matching(session, viewer, filters_of(each.query, each.visit.zone), found.order.id)
    with language.spoken(each.visit.language):  # one task draws for every stream
        columns = columns_of(each.query, each.visit.looks)
        [row] = await facts.rows_of(session, [found], columns, out=not matches, fresh=True)
        html = render("_row_live.html", shell=each.visit.shell("order"), view=Live(row))
    items = [ServerSentEvent(event="row", raw_data=html, id=str(event_id))]
    if matches:
        items.append(ServerSentEvent(event="baru", raw_data=row.key, id=str(event_id)))
    return items


async def _replay(me: Subscriber, last_seen: int) -> None:
    """Tell a returning browser what it missed; rows carry versions, so hearing one twice does no harm."""
    async with transaction() as session:
        rows = await session.execute(
            select(EventRow.order_id, EventRow.id)
            .where(EventRow.id > max(0, last_seen - OVERLAP), EventRow.order_id.is_not(None))
            .order_by(EventRow.id)
            .limit(REPLAYED + OVERLAP + 1)
        )
        missed = dict(rows.all())
        if len(missed) > REPLAYED:
            me.put(ServerSentEvent(event="refresh", raw_data="muat ulang"))
            me.stale_counts = True
            return
        for order_id, event_id in sorted(missed.items(), key=lambda pair: pair[1]):
            try:
                found = await queries.by_id(session, me.visit.viewer, order_id or 0)
            except NotFound:
                continue
            for item in await _draw(session, me, found, event_id):
                if me.queue.qsize() < ROOM - 10:
                    me.put(item)
    me.stale_counts = True


async def _count() -> None:
    """Send fresh counts to the streams whose area changed, each kind of reader counted once."""
    while True:
        await asyncio.sleep(COUNT_PAUSE)
        waiting = [each for each in subscribers if each.stale_counts]
        if not waiting:
            continue
        known: dict[object, str] = {}
        try:
            async with transaction() as session:
                for each in waiting:
                    key = (each.visit.viewer.person_id, each.query, each.visit.zone)
                    if key not in known:
                        given = filters_of(each.query, each.visit.zone)
                        known[key] = json.dumps(dict(await board.counts(session, each.visit.viewer, given)))
                    each.stale_counts = False
                    each.put(ServerSentEvent(event="hitung", raw_data=known[key]))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("live counts: %s", error)


async def _check_sessions() -> None:
    """End the streams whose session ran out by itself; once an hour forget what is long over."""
    rounds = 0
    while True:
        await asyncio.sleep(CHECK)
        rounds += 1
        if rounds % TIDY_EVERY == 0:
            async with transaction() as session:
                await sessions.forget_old(session)
                await requests.forget_old(session)
        hashes = list({each.visit.token_hash for each in subscribers})
        if not hashes:
            continue
        try:
            await live_desk.note_present(subscribers)
            async with transaction() as session:
                alive = await sessions.living(session, hashes)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("live sessions: %s", error)
            continue
        for each in list(subscribers):
            if each.visit.token_hash not in alive:
                each.end(ENDED)
