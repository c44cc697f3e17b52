"""Questions about people: who is asking, by whichever door. Reads only."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.people.access import Viewer
from shared.people.models import Person, PersonArea, Role
from shared.places.models import Sto

# Every update and every request asks these two, so they are built once.
_AREA = (
    select(Sto.id)
    .join(PersonArea, or_(PersonArea.site_operation_id == Sto.site_operation_id, PersonArea.sto_id == Sto.id))
    .where(PersonArea.person_id == bindparam("person", type_=BigInteger))
)


class Who(NamedTuple):
    """A person as far as a request asks; its fields are Person's."""

    id: int
    name: str
    role: Role
    technician_code: str | None
    language: str
    preferences: dict[str, Any]


async def viewer_of(session: AsyncSession, person: Person | Who, group: int | None = None) -> Viewer:
    """`person` as the query layer sees it; `group` is the Telegram group it speaks in, if any."""
    stos = None if person.role is Role.ADMIN else await _area_of(session, person.id)
    return Viewer(
        person_id=person.id,
        name=person.name,
        role=person.role,
        stos=stos,
        technician_code=person.technician_code,
        language=person.language,
        groups=frozenset({group}) if group is not None else frozenset(),
    )


async def _area_of(session: AsyncSession, person_id: int) -> frozenset[int]:
    return frozenset(row[0] for row in await rows.rows(session, _AREA, {"person": person_id}))


async def by_technician_code(session: AsyncSession, code: str) -> Person | None:
    """The active technician with this code."""
    person: Person | None = await session.scalar(select(Person).where(Person.technician_code == code, Person.active))
    return person


async def shut_out(session: AsyncSession, telegram_id: int) -> str | None:
    """Why a person of ours with this Telegram number has no rights; None: it has, or is nobody of ours.

    `waits` for approval, `left` its last bound group, `ended` by the office, which may have refused it from the start.
    """
    wanted = select(Person.waiting, Person.left_at).where(Person.telegram_id == telegram_id, ~Person.active)
    row = (await session.execute(wanted)).first()
    if row is None:
        return None
    return "waits" if row.waiting else "left" if row.left_at is not None else "ended"


async def office_people(session: AsyncSession, limit: int = 8) -> Sequence[Person]:
    """Active people who can sign in on the web, in the order they were entered."""
    wanted = select(Person).where(Person.active, Person.username.is_not(None), Person.password_hash.is_not(None))
    return (await session.scalars(wanted.order_by(Person.id).limit(limit))).all()
