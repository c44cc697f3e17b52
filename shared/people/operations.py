"""What changes about people: entered, edited, approved, disabled. Nobody gives a role above its own."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.events import emit
from shared.identifiers.codes import USUAL, technician_code
from shared.people import directory
from shared.people.access import RIGHTS, Viewer
from shared.people.events import TechnicianApplied, TechnicianSettled
from shared.people.models import ApiToken, Invite, Person, PersonArea, Role, WebSession
from shared.places.models import SiteOperation, Sto

RANK = {role: rank for rank, role in enumerate(Role)}
"""How high a role stands; nobody gives, edits or resets one above its own."""

_UNIQUE = {
    "uq_person_username": "username",
    "uq_person_technician_code": "technician_code",
    "uq_person_telegram_id": "telegram_id",
}
LARGEST_TELEGRAM = 2**52


class OwnAccount(Conflict):
    """One cannot do this to one's own account."""


class LastAdmin(Conflict):
    """The house would be left without an admin."""


class NotWaiting(Conflict):
    """This person does not wait for approval any more."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A person as a form gives it. sites, stos: ids of the units of its area; an admin needs none."""

    name: str
    role: Role
    username: str | None = None
    technician_code: str | None = None
    telegram_id: int | None = None
    sites: frozenset[int] = frozenset()
    stos: frozenset[int] = frozenset()


async def enter(
    session: AsyncSession,
    name: str,
    role: Role,
    *,
    username: str | None = None,
    password_hash: str | None = None,
    technician_code: str | None = None,
    telegram_id: int | None = None,
    language: str = "id",
    sites: tuple[int, ...] = (),
    stos: tuple[int, ...] = (),
    waiting: bool = False,
) -> Person:
    """Enter a person with an area of Site Operations and single STO (ids). Checks nothing: for the house itself."""
    person = Person(
        name=name,
        role=role,
        username=username.lower() if username else None,
        password_hash=password_hash,
        technician_code=technician_code,
        telegram_id=telegram_id,
        language=language,
        active=not waiting,
        waiting=waiting,
    )
    session.add(person)
    await session.flush()
    session.add_all(PersonArea(person_id=person.id, site_operation_id=site) for site in sites)
    session.add_all(PersonArea(person_id=person.id, sto_id=sto) for sto in stos)
    await session.flush()
    return person


async def add(session: AsyncSession, viewer: Viewer, draft: Draft, *, source: str) -> Person:
    """Enter a person as the office wants it. Raises NotAllowed and Invalid(field=code)."""
    viewer.must("people.change")
    await _check(session, viewer, draft)
    try:
        async with session.begin_nested():
            person = await enter(
                session,
                draft.name,
                draft.role,
                username=draft.username,
                technician_code=draft.technician_code,
                telegram_id=draft.telegram_id,
                sites=tuple(draft.sites),
                stos=tuple(draft.stos),
            )
    except IntegrityError as error:
        raise _taken(error) from None
    await audit.note(session, viewer.person_id, source, "person.added", _subject(person.id), _told(draft))
    return person


async def change(session: AsyncSession, viewer: Viewer, person_id: int, draft: Draft, *, source: str) -> None:
    """Give a person another name, role, area, code or Telegram identity.

    A person that loses the web loses its sessions, and open live streams are drawn anew in any case. Raises NotFound,
    NotAllowed, LastAdmin and Invalid(field=code).
    """
    viewer.must("people.change")
    admins = await _admins(session)
    person = await _locked(session, viewer, person_id)
    before = await directory.draft_of(session, person_id)
    if person_id == viewer.person_id and draft.role is not person.role:
        raise Invalid(role="own")
    if draft.role is not Role.ADMIN and admins == {person_id}:
        raise LastAdmin
    await _check(session, viewer, draft, held=before)
    try:
        async with session.begin_nested():
            await session.execute(
                update(Person)
                .where(Person.id == person_id)
                .values(
                    name=draft.name,
                    role=draft.role,
                    username=draft.username,
                    technician_code=draft.technician_code,
                    telegram_id=draft.telegram_id,
                )
            )
    except IntegrityError as error:
        raise _taken(error) from None
    await session.execute(delete(PersonArea).where(PersonArea.person_id == person_id))
    session.add_all(PersonArea(person_id=person_id, site_operation_id=site) for site in sorted(draft.sites))
    session.add_all(PersonArea(person_id=person_id, sto_id=sto) for sto in sorted(draft.stos))
    await session.flush()
    if "order.read" not in RIGHTS[draft.role]:
        await end_web(session, person_id)
    await session.execute(select(func.pg_notify("sikpro_person", str(person_id))))
    told = {"before": _told(Draft(**before)), "after": _told(draft)}
    await audit.note(session, viewer.person_id, source, "person.changed", _subject(person_id), told)


async def disable(session: AsyncSession, person_id: int) -> None:
    """End a person's rights everywhere at once: web sessions, API tokens, live streams (told by NOTIFY) and the bot."""
    await session.execute(update(Person).where(Person.id == person_id).values(active=False, left_at=None))
    await end_web(session, person_id)
    await session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    await session.execute(select(func.pg_notify("sikpro_person", str(person_id))))


async def end_web(session: AsyncSession, person_id: int) -> None:
    """End a person's web sessions and the invitation it has not used."""
    await session.execute(delete(WebSession).where(WebSession.person_id == person_id))
    await session.execute(
        update(Invite)
        .where(Invite.person_id == person_id, Invite.used_at.is_(None), Invite.ended_at.is_(None))
        .values(ended_at=func.now())
    )


async def dismiss(session: AsyncSession, viewer: Viewer, person_id: int, *, source: str) -> None:
    """Disable a person, by a person. Raises NotFound, NotAllowed, OwnAccount, LastAdmin."""
    viewer.must("people.change")
    if person_id == viewer.person_id:
        raise OwnAccount
    admins = await _admins(session)
    person = await _locked(session, viewer, person_id)
    if admins == {person_id}:
        raise LastAdmin
    await disable(session, person_id)
    await audit.note(session, viewer.person_id, source, "person.disabled", _subject(person_id), {"name": person.name})


async def readmit(session: AsyncSession, viewer: Viewer, person_id: int, *, source: str) -> None:
    """Let a disabled person work again, with the role and area it had. Sessions and tokens stay ended."""
    viewer.must("people.change")
    person = await _locked(session, viewer, person_id)
    await session.execute(update(Person).where(Person.id == person_id).values(active=True, waiting=False, left_at=None))
    await audit.note(session, viewer.person_id, source, "person.enabled", _subject(person_id), {"name": person.name})


async def settle(session: AsyncSession, viewer: Viewer, person_id: int, *, approve: bool, source: str) -> None:
    """Approve a technician of the viewer's area who waits, or turn it away. Raises NotFound, NotWaiting."""
    viewer.must("technician.approve")
    person = await directory.one(session, viewer, person_id)
    settled = await session.scalar(
        update(Person)
        .where(Person.id == person_id, Person.waiting)
        .values(waiting=False, active=approve)
        .returning(Person.id)
    )
    if settled is None:
        raise NotWaiting
    what = "technician.approved" if approve else "technician.refused"
    await audit.note(session, viewer.person_id, source, what, _subject(person_id), {"name": person.name})
    told = TechnicianSettled(person_id=person_id, approved=approve)
    await emit(session, told, source=source, actor_id=viewer.person_id)


async def apply(session: AsyncSession, name: str, code: str, telegram_id: int, language: str) -> Person | None:
    """A technician enters itself from Telegram and waits for approval; None when the code or the account is taken.

    The STO in its code is the area it asks for. Raises Invalid(technician_code=… | name=…).
    """
    read = technician_code(code, USUAL)
    if read.value is None:
        raise Invalid(technician_code="pattern")
    sto = await session.scalar(select(Sto.id).where(Sto.code == read.value[2:5], Sto.active))
    if sto is None:
        raise Invalid(technician_code="unknown_sto")
    if not 2 <= len(name) <= 120:
        raise Invalid(name="missing")
    try:
        async with session.begin_nested():
            person = await enter(
                session,
                name,
                Role.TECHNICIAN,
                technician_code=read.value,
                telegram_id=telegram_id,
                language=language,
                stos=(sto,),
                waiting=True,
            )
    except IntegrityError:
        return None
    await audit.note(session, None, "bot", "technician.applied", _subject(person.id), {"name": name, "code": code})
    await emit(session, TechnicianApplied(person_id=person.id), source="bot")
    return person


async def remember_language(session: AsyncSession, person_id: int, language: str) -> None:
    """Keep the language a person's Telegram speaks, for messages that reach it later."""
    await session.execute(
        update(Person).where(Person.id == person_id, Person.language != language).values(language=language)
    )


async def _locked(session: AsyncSession, viewer: Viewer, person_id: int) -> Person:
    person = await session.scalar(
        select(Person).where(Person.id == person_id).with_for_update().execution_options(populate_existing=True)
    )
    if person is None:
        raise NotFound
    if RANK[person.role] > RANK[viewer.role]:
        raise NotAllowed
    found: Person = person
    return found


async def _admins(session: AsyncSession) -> set[int]:
    """The active admins, locked before anybody else is: two who disable each other meet here, one after the other."""
    found = select(Person.id).where(Person.role == Role.ADMIN, Person.active).order_by(Person.id).with_for_update()
    return set(await session.scalars(found))


async def _check(session: AsyncSession, viewer: Viewer, draft: Draft, held: dict[str, Any] | None = None) -> None:
    """The rules of a person. `held`: what it had before; units switched off since may stay."""
    wrong: dict[str, str] = {}
    if not draft.name:
        wrong["name"] = "missing"
    if RANK[draft.role] > RANK[viewer.role]:
        wrong["role"] = "above"
    if "order.read" in RIGHTS[draft.role] and not draft.username:
        wrong["username"] = "missing"
    if draft.username and not _is_username(draft.username):
        wrong["username"] = "pattern"
    if draft.role is Role.TECHNICIAN and not draft.technician_code:
        wrong["technician_code"] = "missing"
    if draft.technician_code and technician_code(draft.technician_code, USUAL).value != draft.technician_code:
        wrong["technician_code"] = "pattern"
    if draft.telegram_id is not None and not 0 < draft.telegram_id < LARGEST_TELEGRAM:
        wrong["telegram_id"] = "pattern"
    if draft.role is not Role.ADMIN and not (draft.sites or draft.stos):
        wrong["area"] = "missing"
    sites = set(
        await session.scalars(select(SiteOperation.id).where(SiteOperation.id.in_(draft.sites), SiteOperation.active))
    )
    stos = set(await session.scalars(select(Sto.id).where(Sto.id.in_(draft.stos), Sto.active)))
    known = held or {"sites": frozenset(), "stos": frozenset()}
    if draft.sites - sites - known["sites"] or draft.stos - stos - known["stos"]:
        wrong["area"] = "unknown"
    if wrong:
        raise Invalid(**wrong)


def _is_username(text: str) -> bool:
    plain = text.isascii() and text == text.lower() and 3 <= len(text) <= 64 and text[0].isalnum()
    return plain and all(each.isalnum() or each in "._-" for each in text)


def _taken(error: IntegrityError) -> Invalid:
    cause: Any = getattr(error.orig, "__cause__", None)
    name = _UNIQUE.get(str(getattr(cause, "constraint_name", "")))
    if name is None:
        raise error
    return Invalid(**{name: "taken"})


def _subject(person_id: int) -> str:
    return f"person:{person_id}"


def _told(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "role": draft.role.value,
        "username": draft.username,
        "technician_code": draft.technician_code,
        "telegram_id": draft.telegram_id,
        "sites": sorted(draft.sites),
        "stos": sorted(draft.stos),
    }
