"""Questions about people: who is asking, by whichever door. Reads only."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.people.access import Viewer
from shared.people.models import Person, PersonArea, Role
from shared.places.queries import stos_of_units


async def viewer_of(session: AsyncSession, person: Person, group: int | None = None) -> Viewer:
    """`person` as the query layer sees it; `group` is the Telegram group it speaks in, if any."""
    if person.role is Role.ADMIN:
        stos = None
    else:
        areas = (await session.scalars(select(PersonArea).where(PersonArea.person_id == person.id))).all()
        stos = await stos_of_units(
            session,
            [area.site_operation_id for area in areas if area.site_operation_id],
            [area.sto_id for area in areas if area.sto_id],
        )
    return Viewer(
        person_id=person.id,
        name=person.name,
        role=person.role,
        stos=stos,
        technician_code=person.technician_code,
        language=person.language,
        groups=frozenset({group}) if group is not None else frozenset(),
    )


async def by_telegram(session: AsyncSession, telegram_id: int) -> Person | None:
    """The active person with this numeric Telegram identity."""
    person: Person | None = await session.scalar(select(Person).where(Person.telegram_id == telegram_id, Person.active))
    return person


async def by_username(session: AsyncSession, username: str) -> Person | None:
    """The active person who signs in with this name."""
    person: Person | None = await session.scalar(
        select(Person).where(Person.username == username.strip().lower(), Person.active)
    )
    return person


async def by_technician_code(session: AsyncSession, code: str) -> Person | None:
    """The active technician with this code."""
    person: Person | None = await session.scalar(select(Person).where(Person.technician_code == code, Person.active))
    return person


async def office_people(session: AsyncSession, limit: int = 8) -> Sequence[Person]:
    """Active people who can sign in on the web, in the order they were entered."""
    wanted = select(Person).where(Person.active, Person.username.is_not(None), Person.password_hash.is_not(None))
    return (await session.scalars(wanted.order_by(Person.id).limit(limit))).all()
