"""Who belongs to bound groups, and what coming and leaving does to a person's rights. It sends nobody away.

Whoever leaves the last bound group of his area and role loses every right at once; who comes back has them again.
Admins never lose theirs this way: the house must not be shut from outside.
"""

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.chats import operations as chats
from shared.chats.models import Chat, GroupBinding, GroupMember, Purpose
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import NEWS, Message
from shared.people import operations as people
from shared.people.models import Person, PersonArea, Role
from shared.places.models import Sto

MOST_ASKED = 10  # other groups that Telegram is asked about when somebody leaves one
MEMBER = "getChatMember"
PRESENT = frozenset({"creator", "administrator", "member"})
WORKS_IN = {
    Purpose.HELPDESK: frozenset({Role.HELPDESK, Role.TEAM_LEADER, Role.SUPERVISOR, Role.ADMIN}),
    Purpose.TECHNICIANS: frozenset(Role) - {Role.COLLECTOR},
    Purpose.COLLECTORS: frozenset(Role) - {Role.TECHNICIAN},
}
"""Which roles have their work in a group of a purpose."""


async def fitting(session: AsyncSession, person: Person) -> set[int]:
    """The bound groups on whose roster a person is: its role works there, and their areas touch."""
    purposes = [purpose for purpose, roles in WORKS_IN.items() if person.role in roles]
    wanted = select(GroupBinding.chat_id).where(GroupBinding.active, GroupBinding.purpose.in_(purposes)).distinct()
    if person.role is not Role.ADMIN:
        mine = (
            select(Sto.id)
            .join(PersonArea, or_(PersonArea.sto_id == Sto.id, PersonArea.site_operation_id == Sto.site_operation_id))
            .where(
                PersonArea.person_id == person.id,
                or_(GroupBinding.sto_id == Sto.id, GroupBinding.site_operation_id == Sto.site_operation_id),
            )
        )
        wanted = wanted.where(mine.exists())
    return set(await session.scalars(wanted))


async def came(session: AsyncSession, chat_id: int, telegram_id: int) -> Person | None:
    """Somebody is in a group now. Returns the person whose rights that gave back."""
    if not await chats.group_is_known(session, chat_id):
        return None
    await _note(session, chat_id, telegram_id, inside=True)
    person = await session.scalar(
        select(Person)
        .where(Person.telegram_id == telegram_id, Person.left_at.is_not(None), ~Person.active)
        .with_for_update()
    )
    if person is None or chat_id not in await fitting(session, person):
        return None
    await session.execute(update(Person).where(Person.id == person.id).values(active=True, left_at=None))
    await audit.note(
        session, None, "bot", "person.came_back", f"person:{person.id}", await _told(session, chat_id, person)
    )
    found: Person = person
    return found


async def went(session: AsyncSession, chat_id: int, telegram_id: int) -> Person | None:
    """Somebody is out of a group now. Returns the person who lost all rights by that.

    Groups of which we do not know whether the person is in them are asked about; a yes gives the rights back.
    """
    if not await chats.group_is_known(session, chat_id):
        return None
    await _note(session, chat_id, telegram_id, inside=False)
    person = await session.scalar(
        select(Person)
        .where(Person.telegram_id == telegram_id, Person.active, Person.role != Role.ADMIN)
        .with_for_update()
    )
    if person is None:
        return None
    groups = await fitting(session, person)
    if chat_id not in groups:  # it was never this group that gave it rights
        return None
    rows = await session.execute(
        select(GroupMember.chat_id, GroupMember.inside).where(
            GroupMember.telegram_id == telegram_id, GroupMember.chat_id.in_(groups)
        )
    )
    known = {row.chat_id: row.inside for row in rows}
    if any(known.values()):
        return None
    await people.disable(session, person.id)
    await session.execute(update(Person).where(Person.id == person.id).values(left_at=func.clock_timestamp()))
    await audit.note(session, None, "bot", "person.left", f"person:{person.id}", await _told(session, chat_id, person))
    for number in sorted(groups - known.keys())[:MOST_ASKED]:
        asking = Message("membership", {"user_id": telegram_id}, lane=NEWS, method=MEMBER)
        await deliveries.queue(session, number, asking)
    left: Person = person
    return left


def is_inside(status: str, *, is_member: bool) -> bool:
    """Whether somebody with this status is in the group; the restricted are told apart by `is_member`."""
    return status in PRESENT or (status == "restricted" and is_member)


async def _note(session: AsyncSession, chat_id: int, telegram_id: int, *, inside: bool) -> None:
    told = insert(GroupMember).values(chat_id=chat_id, telegram_id=telegram_id, inside=inside)
    await session.execute(
        told.on_conflict_do_update(
            index_elements=["chat_id", "telegram_id"], set_={"inside": inside, "since": func.now()}
        )
    )


async def _told(session: AsyncSession, chat_id: int, person: Person) -> dict[str, str]:
    title = await session.scalar(select(Chat.title).where(Chat.id == chat_id))
    return {"name": person.name, "title": title or str(chat_id)}
