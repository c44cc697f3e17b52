"""Who of the office is at work: what each said last, and how long ago a page of theirs was open. Knows no order.

Nothing is written for a request: a page's use is in its session (once a minute), and a live page is noted by the
process that holds its stream (once a minute for all of them).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, rows
from shared.db import after
from shared.desk.models import Is, Presence
from shared.errors import Invalid
from shared.people.access import RIGHTS, Viewer, Whoever
from shared.people.models import Person, PersonArea, Role, WebSession
from shared.places.models import Sto

AWAY_AFTER = timedelta(minutes=10)  # without any page open nobody is here
LONGEST_BREAK = timedelta(hours=2)  # likewise, for those who said they are at lunch
NOTED_EVERY = 60.0  # seconds

HOLDERS = tuple(role for role in Role if "order.take" in RIGHTS[role])
"""The roles that may hold an order."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the office and whether it is at work. seen_at: its last page, None if never."""

    person_id: int
    name: str
    role: Role
    state: Is
    seen_at: datetime | None


def standing(state: Is | None, seen_at: datetime | None, at: datetime) -> Is:
    """Whether somebody is here at `at`: as it said last (nothing is online), unless its pages are long shut."""
    if state is Is.OFF or seen_at is None:
        return Is.OFF
    said = state or Is.ONLINE
    patience = LONGEST_BREAK if said is Is.BREAK else AWAY_AFTER
    return said if at - seen_at <= patience else Is.OFF


async def say(session: AsyncSession, viewer: Viewer, state: str) -> None:
    """Keep what a person of the office says about itself. Raises NotAllowed, Invalid(presence=…)."""
    viewer.must("presence.say")
    if state not in {each.value for each in Is}:
        raise Invalid(presence="unknown")
    await _keep(session, viewer.person_id, Is(state))


async def arrive(session: AsyncSession, person_id: int) -> None:
    """Somebody has just signed in, so it is here."""
    await _keep(session, person_id, Is.ONLINE)


async def leave(session: AsyncSession, person_id: int) -> None:
    """Somebody has just signed out; without another session it is gone."""
    others = exists(select(WebSession.token_hash).where(WebSession.person_id == person_id))
    await session.execute(
        update(Presence)
        .where(Presence.person_id == person_id, ~others)
        .values(state=Is.OFF, since=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


async def _keep(session: AsyncSession, person_id: int, state: Is) -> None:
    statement = insert(Presence).values(person_id=person_id, state=state)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id"],
            set_={"state": state, "since": func.clock_timestamp(), "seen_at": func.clock_timestamp()},
        )
    )


async def note_open_pages(session: AsyncSession, person_ids: Collection[int]) -> None:
    """These people have a live page open now; one statement for all, and one row's write a minute at most."""
    for person_id in sorted(person_ids):  # always in one order: two processes may note the same people
        statement = insert(Presence).values(person_id=person_id, state=Is.ONLINE)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["person_id"],
                set_={"seen_at": func.clock_timestamp()},
                where=Presence.seen_at < after(-NOTED_EVERY),
            )
        )


def _seen() -> ColumnElement[datetime | None]:
    on_web = select(func.max(WebSession.seen_at)).where(WebSession.person_id == Person.id).correlate(Person)
    return func.greatest(Presence.seen_at, on_web.scalar_subquery())


async def states(session: AsyncSession, person_ids: Collection[int]) -> Mapping[int, Is]:
    """Who of these is at work."""
    rows = await session.execute(
        select(Person.id, Presence.state, _seen())
        .outerjoin(Presence, Presence.person_id == Person.id)
        .where(Person.id.in_(person_ids))
    )
    at = clock.now()
    return {key: standing(state, seen, at) for key, state, seen in rows}


def _people(which: ColumnElement[bool]) -> Any:
    return (
        select(Person.id, Person.name, Person.role, Presence.state, _seen())
        .outerjoin(Presence, Presence.person_id == Person.id)
        .where(Person.active, Person.role.in_(HOLDERS), which)
        .order_by(Person.name, Person.id)
        .limit(500)
    )


def _standing(found: Iterable[Any]) -> list[Colleague]:
    """Those who are here first, then by name."""
    at = clock.now()
    people = [Colleague(key, name, role, standing(state, seen, at), seen) for key, name, role, state, seen in found]
    return sorted(people, key=lambda each: list(Is).index(each.state))


def covering(stos: Collection[int]) -> ColumnElement[bool]:
    """People whose area holds every one of these STO (ids)."""
    covered = (
        select(func.count(Sto.id.distinct()))
        .select_from(PersonArea)
        .join(Sto, or_(Sto.id == PersonArea.sto_id, Sto.site_operation_id == PersonArea.site_operation_id))
        .where(PersonArea.person_id == Person.id, Sto.id.in_(stos))
        .correlate(Person)
        .scalar_subquery()
    )
    return or_(Person.role == Role.ADMIN, covered == len(set(stos)))


async def colleagues(session: AsyncSession, viewer: Viewer, stos: Collection[int]) -> list[Colleague]:
    """Who else may hold orders of all these STO."""
    return _standing(await session.execute(_people(and_(Person.id != viewer.person_id, covering(stos)))))


async def crew(session: AsyncSession, viewer: Viewer) -> list[Colleague]:
    """Who may hold orders somewhere in the viewer's area, admins left out: they are everywhere."""
    return _standing(await rows.rows(session, _crew(viewer.whoever), viewer.asking))


@lru_cache(maxsize=32)
def _crew(viewer: Viewer | Whoever) -> Any:
    inside = (
        select(PersonArea.id)
        .join(Sto, or_(Sto.id == PersonArea.sto_id, Sto.site_operation_id == PersonArea.site_operation_id))
        .where(PersonArea.person_id == Person.id, viewer.within(Sto.id))
    )
    return _people(and_(Person.role != Role.ADMIN, exists(inside)))


async def taker(session: AsyncSession, viewer: Viewer, person_id: int, stos: Collection[int]) -> Person:
    """The colleague that shall hold orders of these STO, kept from being disabled or moved until the commit.

    Raises Invalid(to=…): `self`, or `unknown` also for somebody of another area.
    """
    if person_id == viewer.person_id:
        raise Invalid(to="self")
    person: Person | None = await session.scalar(
        select(Person)
        .where(Person.id == person_id, Person.active, Person.role.in_(HOLDERS), covering(stos))
        .with_for_update(read=True, of=Person)
    )
    if person is None:
        raise Invalid(to="unknown")
    return person
