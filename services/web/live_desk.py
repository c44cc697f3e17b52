"""Live words about people: a notice for whoever lost or was given an order, and who else has an order open.

It draws for the streams of `live`, which knows when; it holds no stream of its own.
"""

import json
from collections.abc import Collection, Iterable
from typing import Protocol

from fastapi.sse import ServerSentEvent

from services.web import claims, language
from services.web import words_claims as words
from services.web.deps import Visit
from shared.db import transaction
from shared.desk import looking, notices, presence
from shared.desk.notices import Told
from shared.errors import NotFound
from shared.orders import queries

CHANNELS = ("sikpro_notice", "sikpro_open")


class Reader(Protocol):
    """An open stream, as far as it concerns us."""

    @property
    def visit(self) -> Visit: ...

    def put(self, item: ServerSentEvent | None) -> None: ...


async def heard(channel: str, payload: str, streams: Iterable[Reader]) -> None:
    """What Postgres said on one of our channels: `notice:person`, or an order's id."""
    if channel == "sikpro_notice":
        notice_id, _, person_id = payload.partition(":")
        await _tell_notice(int(notice_id), int(person_id), streams)
    else:
        await _tell_readers(int(payload), streams)


async def greet(me: Reader) -> None:
    """Tell a stream that has just begun what its person has not been shown yet."""
    async with transaction() as session:
        missed = await notices.unseen(session, me.visit.viewer.person_id)
        if missed:
            await notices.mark_seen(session, [told.notice.id for told in missed])
    for told in missed:
        me.put(_drawn(told, me))


async def note_present(streams: Iterable[Reader]) -> None:
    """These people have a page open; said once a minute at most."""
    people = {each.visit.viewer.person_id for each in streams}
    if people:
        async with transaction() as session:
            await presence.note_open_pages(session, people)


async def _tell_notice(notice_id: int, person_id: int, streams: Iterable[Reader]) -> None:
    concerned = [each for each in streams if each.visit.viewer.person_id == person_id]
    if not concerned:
        return
    async with transaction() as session:
        told = await notices.one(session, notice_id)
        if told is None:
            return
        await notices.mark_seen(session, [notice_id])
    for each in concerned:
        each.put(_drawn(told, each))


def _drawn(told: Told, each: Reader) -> ServerSentEvent:
    with language.spoken(each.visit.language):
        said = {"id": told.notice.id, "text": words.notice(told), "note": words.note(told), "href": words.where(told)}
    return ServerSentEvent(event="kabar", raw_data=json.dumps(said))


async def _tell_readers(order_id: int, streams: Iterable[Reader]) -> None:
    here = list(streams)
    if not here:
        return
    async with transaction() as session:
        readers = await looking.readers(session, order_id)
        concerned = _concerned(here, {key for key, _ in readers})
        if not concerned:
            return
        try:
            found = await queries.by_id(session, None, order_id)
        except NotFound:
            return
    no = found.order.registration_no
    for each in concerned:
        viewer = each.visit.viewer
        if viewer.covers(found.order.sto_id):
            with language.spoken(each.visit.language):
                now = claims.readers(readers, viewer.person_id, no)
            said = {"no": no, "text": now.text, "mark": now.mark}
            each.put(ServerSentEvent(event="pembaca", raw_data=json.dumps(said)))


def _concerned(streams: Iterable[Reader], people: Collection[int]) -> list[Reader]:
    return [each for each in streams if each.visit.viewer.person_id in people]
