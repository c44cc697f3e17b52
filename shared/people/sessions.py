"""Signing in on the web: throttled tries, and sessions that the server keeps. It knows no cookie and no page."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, case, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, rows
from shared.db import after, transaction
from shared.desk import presence
from shared.desk.models import Is, Presence
from shared.errors import NotAllowed, SikproError
from shared.people import passwords
from shared.people.access import RIGHTS
from shared.people.models import LoginFailure, Person, WebSession
from shared.people.queries import Who
from shared.settings import settings

FREE_TRIES = 5  # of one name; from then on each waits twice as long
LONGEST_WAIT = 60  # seconds: never a lock that strangers could keep shut
FORGET_AFTER = 15 * 60  # seconds without a try
TRIES_PER_ADDRESS = 30  # in a minute


class WrongPassword(SikproError):  # noqa: N818 a sentence, not a suffix
    """This name and this password do not belong together."""


class TooManyTries(SikproError):  # noqa: N818
    """Too many failed tries; `until` is when the next one counts."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class OnlyInTelegram(NotAllowed):
    """This role works in Telegram and has no web pages."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just opened. `token` goes to the browser once and is not kept."""

    token: str
    person_id: int
    name: str
    language: str = ""  # as chosen in the profile; empty when it never was


@dataclass(frozen=True, slots=True)
class Known:
    """A living session, whose it is, and what that person said about being here.

    unseen: it was not used in the last minute, as far as is written down.
    """

    person: Who
    token_hash: str
    csrf: str
    presence: Is = Is.ONLINE
    unseen: bool = True


def hashed(token: str) -> str:
    """A token as it is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


async def sign_in(username: str, password: str, *, ip: str, agent: str = "", old_token: str = "") -> SignedIn:
    """Open a session, or raise WrongPassword, TooManyTries or OnlyInTelegram.

    Each try counts before the password is looked at, so that many at once are throttled too; a right one is taken off
    again. No transaction is open while the password is hashed. The session of `old_token` ends.
    """
    name = username.strip().lower()[:64]
    keys = (f"user:{name}", f"ip:{ip[:45]}")
    async with transaction() as session:
        until = await count_try(session, *keys)
        person = await session.scalar(select(Person).where(Person.username == name, Person.active))
    if until is not None:
        raise TooManyTries(until)
    if not await passwords.matches(person.password_hash if person else None, password):
        await _note_failure(name, person)
        raise WrongPassword
    assert person is not None
    assert person.password_hash is not None
    better = await passwords.rehashed(person.password_hash, password)
    token = secrets.token_urlsafe(32)
    async with transaction() as session:
        await session.execute(delete(LoginFailure).where(LoginFailure.key == keys[0]))
        await session.execute(
            update(LoginFailure).where(LoginFailure.key == keys[1]).values(failures=LoginFailure.failures - 1)
        )
        if "order.read" not in RIGHTS[person.role]:
            raise OnlyInTelegram
        if better:
            await session.execute(update(Person).where(Person.id == person.id).values(password_hash=better))
        if old_token:
            await end(session, hashed(old_token))
        session.add(
            WebSession(
                token_hash=hashed(token),
                person_id=person.id,
                csrf=secrets.token_urlsafe(32),
                agent=agent[:200],
                ip=ip[:45],
            )
        )
        await presence.arrive(session, person.id)
        await audit.note(session, person.id, "web", "login.done", f"person:{person.id}", {"agent": agent[:200]})
    return SignedIn(token, person.id, person.name, person.preferences.get("language", ""))


async def _note_failure(name: str, person: Person | None) -> None:
    """Write down a failed try. What was typed as a name may be a password, so a stranger's is kept as a mark only."""
    mark = {"name": name[:2] + "…", "mark": hashed(name)[:12]} if person is None else {}
    async with transaction() as session:
        subject = f"person:{person.id}" if person else ""
        await audit.note(session, None, "web", "login.failed", subject, mark)


async def find(session: AsyncSession, token: str) -> Known | None:
    """The living session of a token: not idle too long, not too old, of an active person."""
    wanted = _living(settings().session_idle, settings().session_absolute)
    found = await rows.first(session, wanted, {"token": hashed(token)})
    if found is None:
        return None
    token_hash, csrf, said, unseen, *who = found
    return Known(Who._make(who), token_hash, csrf, said or Is.ONLINE, unseen)


@cache
def _living(*limits: int) -> Any:
    """The statement of `find`, built once for the limits of the settings: every request asks it."""
    return (
        select(WebSession.token_hash, WebSession.csrf, Presence.state, WebSession.seen_at < after(-60))
        .add_columns(*[getattr(Person, name) for name in Who._fields])
        .select_from(Person)
        .join(WebSession, WebSession.person_id == Person.id)
        .outerjoin(Presence, Presence.person_id == Person.id)
        .where(WebSession.token_hash == bindparam("token", type_=String), Person.active, *alive(*limits))
    )


async def touch(session: AsyncSession, known: Known) -> None:
    """Note that the person is here; written once a minute at most."""
    if not known.unseen:
        return
    await session.execute(
        update(WebSession)
        .where(WebSession.token_hash == known.token_hash, WebSession.seen_at < after(-60))
        .values(seen_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


async def living(session: AsyncSession, hashes: list[str]) -> set[str]:
    """Which of these sessions (by their hashes) still live."""
    rows = await session.scalars(
        select(WebSession.token_hash)
        .join(Person, Person.id == WebSession.person_id)
        .where(WebSession.token_hash.in_(hashes), Person.active, *alive())
    )
    return set(rows)


async def end(session: AsyncSession, token_hash: str) -> None:
    """End a session; its live streams hear of it at the commit."""
    await session.execute(delete(WebSession).where(WebSession.token_hash == token_hash))
    await session.execute(select(func.pg_notify("sikpro_session", token_hash)))


async def forget_old(session: AsyncSession) -> None:
    """Drop sessions that ended by themselves and tries of long ago."""
    await session.execute(delete(WebSession).where(~(alive()[0] & alive()[1])))
    await session.execute(delete(LoginFailure).where(LoginFailure.first_at < after(-86400)))


def alive(idle: int | None = None, absolute: int | None = None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What holds for a session that lives; the limits are seconds, else those of the settings."""
    return (
        WebSession.seen_at > after(-(settings().session_idle if idle is None else idle)),
        WebSession.created_at > after(-(settings().session_absolute if absolute is None else absolute)),
    )


async def count_try(session: AsyncSession, name_key: str, address_key: str) -> datetime | None:
    """Count one try of a name from an address; the moment until which it must wait, or None when it may go on."""
    address = await session.scalar(_counted_address(address_key))
    if address is None:
        blocked: datetime | None = await session.scalar(
            select(LoginFailure.first_at + func.make_interval(0, 0, 0, 0, 0, 0, 60)).where(
                LoginFailure.key == address_key
            )
        )
        return blocked
    counted = await session.scalar(_counted_name(name_key))
    if counted is None:
        waits: datetime | None = await session.scalar(
            select(LoginFailure.wait_until).where(LoginFailure.key == name_key)
        )
        return waits
    return None


def _counted_address(key: str) -> Any:
    fresh = LoginFailure.first_at < after(-60)
    statement = insert(LoginFailure).values(key=key, failures=1, first_at=func.clock_timestamp())
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((fresh, 1), else_=LoginFailure.failures + 1),
            "first_at": case((fresh, func.clock_timestamp()), else_=LoginFailure.first_at),
        },
        where=fresh | (LoginFailure.failures < TRIES_PER_ADDRESS),
    ).returning(LoginFailure.failures)


def _counted_name(key: str) -> Any:
    """first_at is the last try that counted; after FREE_TRIES each one doubles the wait from one second on."""
    long_ago = LoginFailure.first_at < after(-FORGET_AFTER)
    failures = case((long_ago, 1), else_=LoginFailure.failures + 1)
    wait = func.least(func.power(2, func.least(failures - FREE_TRIES, 10)), LONGEST_WAIT)
    statement = insert(LoginFailure).values(key=key, failures=1, first_at=func.clock_timestamp())
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": failures,
            "first_at": func.clock_timestamp(),
            "wait_until": case(
                (failures < FREE_TRIES, literal(None)),
                else_=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, wait),
            ),
        },
        where=LoginFailure.wait_until.is_(None) | (LoginFailure.wait_until <= func.clock_timestamp()),
    ).returning(LoginFailure.failures)
