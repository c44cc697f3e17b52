"""What a person does with its own account: password, how pages look, sessions and API tokens. Never another's."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.db import transaction
from shared.errors import Invalid, NotFound
from shared.people import passwords, sessions, tokens
from shared.people.models import ApiToken, Invite, LoginFailure, Person, WebSession
from shared.people.sessions import TooManyTries, WrongPassword

LANGUAGES = ("id", "en")
THEMES = ("system", "light", "dark")
DENSITIES = ("rapat", "lega")
MOST_TOKENS = 20  # living ones of a person
MARK = 16  # characters of a session's hash by which its person names it


async def change_password(person_id: int, session_hash: str, current: str, new: str, *, ip: str) -> None:
    """Set another password and end every other session of the person, and its unused invitation.

    session_hash: the session that stays. Raises Invalid(password=too_short | too_long | common | same), WrongPassword
    and TooManyTries: the current password is guarded like a login. No transaction is open while anything is hashed.
    """
    async with transaction() as session:
        person = (await session.scalars(select(Person).where(Person.id == person_id, Person.active))).one()
    passwords.check_strength(new, person.username or "")
    key = f"again:{person_id}"
    async with transaction() as session:
        until = await sessions.count_try(session, key, f"ip:{ip[:45]}")
    if until is not None:
        raise TooManyTries(until)
    if not await passwords.matches(person.password_hash, current):
        async with transaction() as session:
            await audit.note(session, person_id, "web", "password.refused", f"person:{person_id}")
        raise WrongPassword
    if new == current:
        raise Invalid(password="same")  # noqa: S106 a code, not a password
    kept = await passwords.hashed(new)
    async with transaction() as session:
        changed = await session.scalar(
            update(Person)
            .where(Person.id == person_id, Person.active, Person.password_hash == person.password_hash)
            .values(password_hash=kept)
            .returning(Person.id)
        )
        if changed is None:  # changed elsewhere meanwhile: then what was typed is not the current one any more
            raise WrongPassword
        await session.execute(delete(LoginFailure).where(LoginFailure.key == key))
        await session.execute(
            update(Invite)
            .where(Invite.person_id == person_id, Invite.used_at.is_(None), Invite.ended_at.is_(None))
            .values(ended_at=func.now())
        )
        ended = await _end(session, WebSession.person_id == person_id, WebSession.token_hash != session_hash)
        await audit.note(
            session, person_id, "web", "password.changed", f"person:{person_id}", {"sessions_ended": ended}
        )


async def prefer(session: AsyncSession, person_id: int, **wanted: str) -> None:
    """Keep how a person wants its pages: language, theme, density, shortcuts ("on" or "off"), columns (a,b,c).

    What is not named stays. A language that is chosen counts at every door: the bot follows Telegram's no longer.

    Raises Invalid(name="unknown").
    """
    known: dict[str, Sequence[str]] = {
        "language": LANGUAGES,
        "theme": THEMES,
        "density": DENSITIES,
        "shortcuts": ("on", "off"),
    }
    columns = re.fullmatch(r"[a-z]{0,16}(,[a-z]{1,16}){0,20}", wanted.get("columns", ""))
    wrong = {name: "unknown" for name, value in wanted.items() if name != "columns" and value not in known[name]}
    wrong |= {} if columns else {"columns": "unknown"}
    if wrong:
        raise Invalid(**wrong)
    await session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(
            preferences=Person.preferences.op("||")(wanted),
            **({"language": wanted["language"]} if "language" in wanted else {}),
        )
        .execution_options(synchronize_session=False)
    )


async def own_sessions(session: AsyncSession, person_id: int) -> Sequence[WebSession]:
    """The person's living sessions, the one seen last first."""
    wanted = select(WebSession).where(WebSession.person_id == person_id, *sessions.alive())
    return (await session.scalars(wanted.order_by(WebSession.seen_at.desc(), WebSession.token_hash))).all()


async def end_session(session: AsyncSession, person_id: int, mark: str) -> str:
    """End one of the person's own sessions, named by the start of its hash; returns its hash. Raises NotFound."""
    mine = [each.token_hash for each in await own_sessions(session, person_id) if each.token_hash[:MARK] == mark]
    if not mine:
        raise NotFound
    await sessions.end(session, mine[0])
    await audit.note(session, person_id, "web", "session.ended", f"person:{person_id}")
    return mine[0]


async def end_others(session: AsyncSession, person_id: int, session_hash: str) -> int:
    """End every session of the person but this one; returns how many."""
    ended = await _end(session, WebSession.person_id == person_id, WebSession.token_hash != session_hash)
    if ended:
        await audit.note(session, person_id, "web", "sessions.ended", f"person:{person_id}", {"rows": ended})
    return ended


async def _end(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    """End sessions; their live streams hear of it at the commit."""
    ended = (await session.scalars(delete(WebSession).where(*which).returning(WebSession.token_hash))).all()
    for token_hash in ended:
        await session.execute(select(func.pg_notify("sikpro_session", token_hash)))
    return len(ended)


async def own_tokens(session: AsyncSession, person_id: int) -> Sequence[ApiToken]:
    """The person's living API tokens, the newest first."""
    wanted = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return (await session.scalars(wanted.order_by(ApiToken.id.desc()))).all()


async def make_token(session: AsyncSession, person_id: int, name: str) -> str:
    """A new API token with a name of the person's choosing; this is the only time it can be read.

    Raises Invalid(token=missing | too_long | taken | too_many).
    """
    name = name.strip()
    if not name or len(name) > 80:
        raise Invalid(token="too_long" if name else "missing")
    await session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    living = [each.name.lower() for each in await own_tokens(session, person_id)]
    if name.lower() in living:
        raise Invalid(token="taken")  # noqa: S106
    if len(living) >= MOST_TOKENS:
        raise Invalid(token="too_many")  # noqa: S106
    made = await tokens.make(session, person_id, name)
    await audit.note(session, person_id, "web", "token.made", f"person:{person_id}", {"name": name})
    return made


async def revoke_token(session: AsyncSession, person_id: int, token_id: int) -> None:
    """End one of the person's own tokens; a second time it is no mistake. Raises NotFound."""
    found: Any = await session.scalar(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.person_id == person_id).with_for_update()
    )
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        await tokens.revoke(session, token_id)
        await audit.note(session, person_id, "web", "token.revoked", f"person:{person_id}", {"name": found.name})
