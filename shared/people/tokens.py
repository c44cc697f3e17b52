"""Bearer tokens of the JSON API: made, shown once, kept as a hash, revoked. It knows no request."""

import secrets

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import after
from shared.people.models import ApiToken, Person
from shared.people.sessions import hashed

PREFIX = "sikpro_"  # so that a leaked one is recognised as what it is


async def make(session: AsyncSession, person_id: int, name: str) -> str:
    """A new token of a person; this is the only time it can be read."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiToken(person_id=person_id, name=name[:80], token_hash=hashed(token)))
    await session.flush()
    return token


async def owner(session: AsyncSession, token: str) -> Person | None:
    """The active person whose token this is; its use is noted once a minute at most."""
    found = (
        await session.execute(
            select(Person, ApiToken.id)
            .join(ApiToken, ApiToken.person_id == Person.id)
            .where(ApiToken.token_hash == hashed(token), ApiToken.revoked_at.is_(None), Person.active)
        )
    ).first()
    if found is None:
        return None
    await session.execute(
        update(ApiToken)
        .where(ApiToken.id == found[1], or_(ApiToken.used_at.is_(None), ApiToken.used_at < after(-60)))
        .values(used_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    person: Person = found[0]
    return person


async def revoke(session: AsyncSession, token_id: int) -> None:
    """End a token at once."""
    await session.execute(
        update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=func.now())
    )
