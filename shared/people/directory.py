"""The list of people as the office reads it: who, where, linked to Telegram or not, seen when. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import Chat
from shared.errors import NotFound
from shared.events import EventRow
from shared.people.access import Viewer
from shared.people.models import Invite, Person, PersonArea, Role, WebSession
from shared.places.models import SiteOperation, Sto

PAGE = 50
VIEWS = ("semua", "menunggu", "undangan", "nonaktif")


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the list.

    units: codes of its area. telegram: none, linked, unseen (never wrote to the bot) or blocked. invited: until when
    its unused invitation lasts.
    """

    person: Person
    units: tuple[str, ...]
    telegram: str
    seen_at: datetime | None
    invited: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list; `after` is the cursor of the next, empty at the end."""

    entries: tuple[Entry, ...]
    after: str


def within(viewer: Viewer) -> ColumnElement[bool]:
    """Whom a viewer may know of here: an admin everybody, a team leader the technicians of its area."""
    if viewer.may("people.change"):
        return true()
    viewer.must("technician.approve")
    inside = (
        select(PersonArea.id)
        .join(Sto, or_(Sto.id == PersonArea.sto_id, Sto.site_operation_id == PersonArea.site_operation_id))
        .where(PersonArea.person_id == Person.id, viewer.within(Sto.id))
    )
    return and_(Person.role == Role.TECHNICIAN, exists(inside))


def _pending() -> ColumnElement[bool]:
    return exists(
        select(Invite.id).where(
            Invite.person_id == Person.id,
            Invite.used_at.is_(None),
            Invite.ended_at.is_(None),
            Invite.expires_at > func.now(),
        )
    )


def _view(name: str) -> ColumnElement[bool]:
    match name:
        case "menunggu":
            return Person.waiting.is_(True)
        case "undangan":
            return and_(_pending(), Person.active)
        case "nonaktif":
            return and_(~Person.active, ~Person.waiting)
        case _:
            return true()


async def page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    view: str = "semua",
    role: Role | None = None,
    words: str = "",
    after: str = "",
) -> Listed:
    """People by name. words: part of a name, a user name, a code, or a whole Telegram id."""
    wanted = select(Person).where(within(viewer), _view(view)).order_by(Person.name, Person.id).limit(PAGE + 1)
    if role is not None:
        wanted = wanted.where(Person.role == role)
    if words:
        part = f"%{words.replace(chr(92), chr(92) * 2).replace('%', chr(92) + '%').replace('_', chr(92) + '_')}%"
        hit: list[ColumnElement[bool]] = [
            Person.name.ilike(part),
            Person.username.ilike(part),
            Person.technician_code.ilike(part),
        ]
        if words.isascii() and words.isdigit() and len(words) < 17:
            hit.append(Person.telegram_id == int(words))
        wanted = wanted.where(or_(*hit))
    if after.isascii() and after.isdigit() and len(after) < 19:
        last = await session.get(Person, int(after))
        if last is not None:
            wanted = wanted.where(tuple_(Person.name, Person.id) > tuple_(last.name, last.id))
    people = (await session.scalars(wanted)).all()
    entries = await _entries(session, people[:PAGE])
    return Listed(entries, str(people[PAGE - 1].id) if len(people) > PAGE else "")


async def counts(session: AsyncSession, viewer: Viewer) -> Mapping[str, int]:
    """How many people each view holds, and how many are active."""
    columns = [func.count().filter(_view(name)).label(name) for name in VIEWS]
    wanted = select(*columns, func.count().filter(Person.active).label("aktif")).where(within(viewer))
    return dict((await session.execute(wanted)).mappings().one())


async def one(session: AsyncSession, viewer: Viewer, person_id: int) -> Person:
    """A person the viewer may know of here. Raises NotFound."""
    person: Person | None = await session.scalar(select(Person).where(Person.id == person_id, within(viewer)))
    if person is None:
        raise NotFound
    return person


async def entry(session: AsyncSession, viewer: Viewer, person_id: int) -> Entry:
    """The same with what the list says of it. Raises NotFound."""
    [found] = await _entries(session, [await one(session, viewer, person_id)])
    return found


async def draft_of(session: AsyncSession, person_id: int) -> dict[str, Any]:
    """A person's fields as `operations.Draft` takes them."""
    person = await session.get_one(Person, person_id)
    areas = (await session.scalars(select(PersonArea).where(PersonArea.person_id == person_id))).all()
    return {
        "name": person.name,
        "role": person.role,
        "username": person.username,
        "technician_code": person.technician_code,
        "telegram_id": person.telegram_id,
        "sites": frozenset(each.site_operation_id for each in areas if each.site_operation_id),
        "stos": frozenset(each.sto_id for each in areas if each.sto_id),
    }


async def _entries(session: AsyncSession, people: Sequence[Person]) -> tuple[Entry, ...]:
    ids = [person.id for person in people]
    units: dict[int, list[str]] = {}
    rows = await session.execute(
        select(PersonArea.person_id, func.coalesce(SiteOperation.code, Sto.code))
        .outerjoin(SiteOperation, SiteOperation.id == PersonArea.site_operation_id)
        .outerjoin(Sto, Sto.id == PersonArea.sto_id)
        .where(PersonArea.person_id.in_(ids))
        .order_by(PersonArea.sto_id.is_not(None), SiteOperation.code, Sto.code)
    )
    for person_id, code in rows:
        units.setdefault(person_id, []).append(code)
    newest = (
        select(EventRow.at)
        .where(EventRow.actor_id == Person.id)
        .order_by(EventRow.at.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    on_web = select(func.max(WebSession.seen_at)).where(WebSession.person_id == Person.id).correlate(Person)
    known = await session.execute(
        select(Person.id, Chat.id, Chat.held, func.greatest(newest, on_web.scalar_subquery()), Invite.expires_at)
        .outerjoin(Chat, Chat.id == Person.telegram_id)
        .outerjoin(
            Invite,
            and_(
                Invite.person_id == Person.id,
                Invite.used_at.is_(None),
                Invite.ended_at.is_(None),
                Invite.expires_at > func.now(),
            ),
        )
        .where(Person.id.in_(ids))
    )
    about = {row[0]: row[1:] for row in known}
    return tuple(
        Entry(
            person=person,
            units=tuple(units.get(person.id, ())),
            telegram=_telegram(person, chat, held),
            seen_at=seen,
            invited=invited,
        )
        for person in people
        for chat, held, seen, invited in [about[person.id]]
    )


def _telegram(person: Person, chat: int | None, held: str | None) -> str:
    if person.telegram_id is None:
        return "none"
    if chat is None or (held and "initiate conversation" in held):
        return "unseen"
    return "blocked" if held else "linked"
