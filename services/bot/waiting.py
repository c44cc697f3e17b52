"""What a person's next words in a chat are for, when they are no registration: kept for an hour, one at a time.

It shares its row with the guided registration: whoever begins something new gives up what was begun before.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import dialogue
from services.bot.asking import Asker
from services.bot.dialogue import LASTS, OTHER
from shared.chats.models import Dialogue
from shared.db import after


@dataclass(frozen=True, slots=True)
class Want:
    """what: of `handlers.written`. order_id, version: the order as it was seen, 0 where there is none."""

    what: str
    order_id: int = 0
    version: int = 0
    more: dict[str, Any] = field(default_factory=dict)


async def want(session: AsyncSession, asker: Asker, wanted: Want) -> None:
    """Remember what the person's next words are for."""
    place = asker.place
    values = {
        "thread_id": place.thread_id,
        "message_id": place.message_id,
        "form": {"order_id": wanted.order_id, "version": wanted.version, "more": wanted.more},
        "asking": f"{OTHER}{wanted.what}",
        "updated_at": after(0),
    }
    await session.execute(
        insert(Dialogue)
        .values(chat_id=place.chat_id, person_id=asker.viewer.person_id, **values)
        .on_conflict_do_update(index_elements=["chat_id", "person_id"], set_=values)
    )


async def wanted(session: AsyncSession, asker: Asker) -> Want | None:
    """What the person's words in this chat (and topic) are for; None for nothing of this kind."""
    row = await session.scalar(
        select(Dialogue).where(
            Dialogue.chat_id == asker.place.chat_id,
            Dialogue.person_id == asker.viewer.person_id,
            Dialogue.updated_at > after(-LASTS),
            Dialogue.asking.startswith(OTHER),
        )
    )
    if row is None or asker.place.thread_id not in {row.thread_id, None}:
        return None
    form = row.form
    return Want(row.asking.removeprefix(OTHER), form["order_id"], form["version"], form["more"])


async def done(session: AsyncSession, asker: Asker) -> None:
    """The words came."""
    await dialogue.end(session, asker.place.chat_id, asker.viewer.person_id)
