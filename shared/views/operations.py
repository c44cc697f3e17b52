"""A person's own views of the queue: keep, rename, begin with, drop. Nobody sees another's; no filter is read here."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.errors import Invalid, NotFound
from shared.identifiers import one_line
from shared.people.models import Person
from shared.views.models import SavedView

MOST = 12  # views of a person: they stand side by side above the list
LONGEST_NAME = 40
LONGEST_QUERY = 600
_MINE = SavedView.person_id == bindparam("person", type_=BigInteger)


class View(NamedTuple):
    """A kept view; its fields are SavedView's."""

    id: int
    name: str
    query: str
    starts: bool


_OWN = select(*[getattr(SavedView, name) for name in View._fields]).where(_MINE).order_by(SavedView.id)


async def own(session: AsyncSession, person_id: int) -> Sequence[View]:
    """The person's views, the oldest first; the queue opens with the one that starts."""
    return [View._make(row) for row in await rows.rows(session, _OWN, {"person": person_id})]


async def keep(session: AsyncSession, person_id: int, name: str, query: str, *, starts: bool = False) -> int:
    """Keep a view under a name; one of that name is replaced. Raises Invalid(name=missing | too_long | too_many)."""
    name = _named(name)
    if not query or len(query) > LONGEST_QUERY:
        raise Invalid(query="too_long" if query else "missing")
    await session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    mine = await own(session, person_id)
    if len(mine) >= MOST and name not in {each.name for each in mine}:
        raise Invalid(name="too_many")
    if starts:
        await _nothing_starts(session, person_id)
    kept: int = (
        await session.execute(
            insert(SavedView)
            .values(person_id=person_id, name=name, query=query, starts=starts)
            .on_conflict_do_update(index_elements=["person_id", "name"], set_={"query": query, "starts": starts})
            .returning(SavedView.id)
        )
    ).scalar_one()
    return kept


async def rename(session: AsyncSession, person_id: int, view_id: int, name: str) -> None:
    """Call a view something else. Raises NotFound and Invalid(name=missing | too_long | taken)."""
    name = _named(name)
    try:
        async with session.begin_nested():
            await _change(session, person_id, view_id, name=name)
    except IntegrityError as error:
        raise Invalid(name="taken") from error


async def begin_with(session: AsyncSession, person_id: int, view_id: int, *, starts: bool) -> None:
    """Let the queue open with this view, or no longer. Raises NotFound."""
    if starts:
        await session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
        await _nothing_starts(session, person_id)
    await _change(session, person_id, view_id, starts=starts)


async def drop(session: AsyncSession, person_id: int, view_id: int) -> None:
    """Forget a view; the second time there is nothing left to forget."""
    await session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.person_id == person_id))


def _named(name: str) -> str:
    name = one_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(name="too_long" if name else "missing")
    return name


async def _change(session: AsyncSession, person_id: int, view_id: int, **values: object) -> None:
    changed = await session.scalar(
        update(SavedView)
        .where(SavedView.id == view_id, SavedView.person_id == person_id)
        .values(**values)
        .returning(SavedView.id)
    )
    if changed is None:
        raise NotFound


async def _nothing_starts(session: AsyncSession, person_id: int) -> None:
    await session.execute(
        update(SavedView).where(SavedView.person_id == person_id, SavedView.starts).values(starts=False)
    )
