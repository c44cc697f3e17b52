"""What changes about people: entered, given an area, a password, a Telegram identity; disabled."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.people.models import ApiToken, Person, PersonArea, Role, WebSession


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
) -> Person:
    """Enter a person with an area of Site Operations and single STO (ids)."""
    person = Person(
        name=name,
        role=role,
        username=username.lower() if username else None,
        password_hash=password_hash,
        technician_code=technician_code,
        telegram_id=telegram_id,
        language=language,
        active=True,
    )
    session.add(person)
    await session.flush()
    session.add_all(PersonArea(person_id=person.id, site_operation_id=site) for site in sites)
    session.add_all(PersonArea(person_id=person.id, sto_id=sto) for sto in stos)
    await session.flush()
    return person


async def disable(session: AsyncSession, person_id: int) -> None:
    """End a person's rights everywhere at once: web sessions, API tokens, live streams (told by NOTIFY) and the bot."""
    await session.execute(update(Person).where(Person.id == person_id).values(active=False))
    await session.execute(delete(WebSession).where(WebSession.person_id == person_id))
    await session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    await session.execute(select(func.pg_notify("sikpro_person", str(person_id))))


async def remember_language(session: AsyncSession, person_id: int, language: str) -> None:
    """Keep the language a person's Telegram speaks, for messages that reach it later."""
    await session.execute(
        update(Person).where(Person.id == person_id, Person.language != language).values(language=language)
    )


async def link_telegram(session: AsyncSession, person_id: int, telegram_id: int) -> None:
    """Tie a person to a numeric Telegram identity, taking it from whoever had it."""
    await session.execute(update(Person).where(Person.telegram_id == telegram_id).values(telegram_id=None))
    await session.execute(update(Person).where(Person.id == person_id).values(telegram_id=telegram_id))
