"""One-time links by which a person sets its password: invited anew, or reset. Knows no page; a token is never kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.db import after, transaction
from shared.errors import Conflict, NotAllowed, NotFound
from shared.people import passwords
from shared.people.access import RIGHTS, Viewer
from shared.people.models import Invite, LoginFailure, Person, WebSession
from shared.people.operations import RANK, OwnAccount, end_web
from shared.people.sessions import hashed

LASTS = 24 * 3600  # seconds


class DeadLink(Conflict):
    """This link was used, replaced, or is older than a day; or it never was one. Nobody is told which."""


class OnlyTelegram(Conflict):
    """This person's role has no web pages, or the person is disabled."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose link it is and until when it works."""

    person_id: int
    name: str
    username: str
    expires_at: datetime


async def make(session: AsyncSession, viewer: Viewer, person_id: int, *, source: str) -> str:
    """A token for a person's link; this is the only time it can be read, and it ends the one before.

    Who had a password loses it and its sessions at once: whoever knew it is out. Raises NotFound, NotAllowed,
    OwnAccount, OnlyTelegram.
    """
    viewer.must("people.change")
    if person_id == viewer.person_id:
        raise OwnAccount
    person = await session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None:
        raise NotFound
    if RANK[person.role] > RANK[viewer.role]:
        raise NotAllowed
    if not person.active or not person.username or "order.read" not in RIGHTS[person.role]:
        raise OnlyTelegram
    had_one = person.password_hash is not None
    await end_web(session, person_id)
    await session.execute(update(Person).where(Person.id == person_id).values(password_hash=None))
    await session.execute(select(func.pg_notify("sikpro_person", str(person_id))))
    token = secrets.token_urlsafe(32)
    session.add(
        Invite(person_id=person_id, token_hash=hashed(token), made_by=viewer.person_id, expires_at=after(LASTS))
    )
    await session.flush()
    what = "person.password_reset" if had_one else "person.invited"
    await audit.note(session, viewer.person_id, source, what, f"person:{person_id}", {"name": person.name})
    return token


async def look(session: AsyncSession, token: str) -> Invited:
    """Whose living link this is. Raises DeadLink."""
    row = (
        await session.execute(
            select(Person.id, Person.name, Person.username, Invite.expires_at)
            .join(Invite, Invite.person_id == Person.id)
            .where(
                Invite.token_hash == hashed(token[:128]),
                Invite.used_at.is_(None),
                Invite.ended_at.is_(None),
                Invite.expires_at > func.clock_timestamp(),
                Person.active,
            )
        )
    ).first()
    if row is None:
        raise DeadLink
    return Invited(row[0], row[1], row[2] or "", row[3])


async def accept(token: str, password: str) -> Invited:
    """Set the password of a link's person, once. Raises DeadLink and Invalid(password=…).

    No transaction is open while the password is hashed; of many who come with the same link one statement lets one
    pass.
    """
    async with transaction() as session:
        invited = await look(session, token)
    passwords.check_strength(password, invited.username)
    kept = await passwords.hashed(password)
    async with transaction() as session:
        person_id = await session.scalar(
            update(Invite)
            .where(
                Invite.token_hash == hashed(token[:128]),
                Invite.used_at.is_(None),
                Invite.ended_at.is_(None),
                Invite.expires_at > func.clock_timestamp(),
            )
            .values(used_at=func.clock_timestamp())
            .returning(Invite.person_id)
        )
        if person_id is None:
            raise DeadLink
        set_for = await session.scalar(
            update(Person).where(Person.id == person_id, Person.active).values(password_hash=kept).returning(Person.id)
        )
        if set_for is None:
            raise DeadLink
        await session.execute(delete(WebSession).where(WebSession.person_id == person_id))
        await session.execute(delete(LoginFailure).where(LoginFailure.key == f"user:{invited.username}"))
        await audit.note(session, person_id, "web", "person.password_set", f"person:{person_id}", {})
    return invited
