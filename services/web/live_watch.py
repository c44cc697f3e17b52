"""Live figures of the two pages that watch over the house: deliveries and health. Figures change where they stand.

Nothing is put in, taken out or moved while somebody reads; when the list would be another one, its button says so.
It draws for the streams of `live`, looks only while somebody watches, and holds no stream of its own.
"""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi.sse import ServerSentEvent

from services.web import labels, language
from services.web.deps import Visit
from services.web.language import _
from services.web.words_condition import standing
from shared import clock
from shared.db import transaction
from shared.deliveries import queries
from shared.reports import health

EVERY = 3.0  # seconds

Figures = dict[str, int | str]


@dataclass
class Watch:
    """What a stream watches, what it was told last, and what there was when it began."""

    page: str = ""
    shown: Figures = field(default_factory=dict)
    began: Any = None


class Watcher(Protocol):
    """An open stream, as far as it concerns us."""

    @property
    def visit(self) -> Visit: ...

    @property
    def watch(self) -> Watch: ...

    def put(self, item: ServerSentEvent | None) -> None: ...


async def go(streams: Callable[[], Collection[Watcher]]) -> None:
    """Look for ever, and only while somebody watches."""
    while True:
        await asyncio.sleep(EVERY)
        watching = [each for each in streams() if each.watch.page]
        known: dict[tuple[int, str], tuple[Figures, Any]] = {}
        for each in watching:
            if each.watch.began is None:
                continue  # it is being told at this moment
            key = each.visit.viewer.person_id, each.watch.page
            if key not in known:
                with language.spoken(each.visit.language):
                    known[key] = await look(each.visit, each.watch.page)
            tell(each, *known[key])


def tell(each: Watcher, figures: Figures, listed: Any) -> None:
    """Hand a stream what changed since it was told last."""
    watch = each.watch
    if watch.began is None:
        watch.began = listed
    with language.spoken(each.visit.language):
        again = _("Muat ulang: sudah berubah") if watch.began != listed else _("Muat ulang")
    new: Figures = figures | {"muat": again}
    news = {name: value for name, value in new.items() if watch.shown.get(name) != value}
    if news:
        watch.shown = new
        each.put(ServerSentEvent(event="hitung", raw_data=json.dumps(news)))


async def begin(me: Watcher) -> None:
    """Tell a stream that has just begun how things stand; what differs later is what changed."""
    if me.watch.page:
        tell(me, *await look(me.visit, me.watch.page))


async def look(visit: Visit, page: str) -> tuple[Figures, Any]:
    """(the figures of a page, what would make its list another one)."""
    return await (_deliveries(visit) if page == "kiriman" else _condition(visit))


async def _deliveries(visit: Visit) -> tuple[Figures, Any]:
    async with transaction() as session:
        found = await queries.counts(session, visit.viewer)
        chats = await queries.by_chat(session, visit.viewer)
    figures: Figures = {
        "kiriman-": found.chats,
        "kiriman-gagal": found.dead,
        "kiriman-ditahan": found.held,
        "kiriman-belum-pasti": found.unknown,
        "kiriman-menunggu": found.waiting,
        "kiriman-kejadian": found.events,
        "kiriman-masuk": found.updates,
    }
    for each in chats:
        counts = (
            ("menunggu", each.waiting),
            ("ditahan", each.held),
            ("belum-pasti", each.unknown),
            ("gagal", each.dead),
        )
        figures |= {f"o{each.chat.id}-{name}": n for name, n in counts}
    return figures, ({each.chat.id for each in chats}, found.dead, found.held, found.events, found.updates)


async def _condition(visit: Visit) -> tuple[Figures, Any]:
    parts = await health.look()
    figures: Figures = {f"bagian-{part.name}": standing(part).detail for part in parts}
    figures["pukul"] = labels.time(clock.now(), visit.zone)
    return figures, {(part.name, part.ok) for part in parts}
