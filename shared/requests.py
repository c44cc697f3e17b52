"""One effect for a request however often it comes: a form posted again, a button pressed twice, a lost answer."""

from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders.models import RequestKey


async def first_time(session: AsyncSession, person_id: int, key: str) -> dict[str, Any] | None:
    """Claim `key` for this person: None when it is new, else the answer that was given to it.

    A twin that is still at work is waited for: the primary key makes the second wait for the first one's commit.
    """
    claimed = await session.execute(
        insert(RequestKey)
        .values(person_id=person_id, key=key, answer={})
        .on_conflict_do_nothing()
        .returning(RequestKey.key)
    )
    if claimed.first():
        return None
    answer: dict[str, Any] = (
        await session.scalar(select(RequestKey.answer).where(RequestKey.person_id == person_id, RequestKey.key == key))
        or {}
    )
    return answer


async def answered(session: AsyncSession, person_id: int, key: str, answer: dict[str, Any]) -> None:
    """Keep what `key` was answered, for the next time it comes."""
    await session.execute(
        update(RequestKey).where(RequestKey.person_id == person_id, RequestKey.key == key).values(answer=answer)
    )


async def forget_old(session: AsyncSession) -> None:
    """Drop keys of more than two days: no browser and no Telegram repeats a request that late."""
    await session.execute(delete(RequestKey).where(RequestKey.at < func.now() - text("interval '2 days'")))
