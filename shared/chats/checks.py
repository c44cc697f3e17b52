"""What the bot is and may in its groups: asked of Telegram daily, after a change and on demand; kept for their page.

Relay says when, the notifier asks (at the pace of all senders, with no transaction open), this module keeps the answer.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import pace
from shared.chats import operations as chats
from shared.chats.models import Chat, ChatCheck, ChatKind, GroupBinding
from shared.db import transaction
from shared.deliveries import pauses
from shared.errors import NotFound
from shared.people.access import Viewer
from shared.settings import settings
from shared.telegram import Outcome, Telegram

BATCH = 20
PATIENCE = 20.0  # seconds to wait for a slot; else it is tried again in a minute
_DUE = text("""
    INSERT INTO chat_check (chat_id, hinted_at)
    SELECT chat.id, clock_timestamp() FROM chat LEFT JOIN chat_check AS known ON known.chat_id = chat.id
    WHERE chat.kind <> 'private' AND chat.migrated_to IS NULL
      AND (known.chat_id IS NULL OR known.asked_at IS NOT NULL
           OR coalesce(known.checked_at, '-infinity')
              < clock_timestamp() - CASE WHEN known.lacks = '[]' THEN interval '1 day' ELSE interval '1 hour' END)
      AND (known.asked_at IS NOT NULL OR chat.seen_at < clock_timestamp() - interval '2 minutes')
      AND coalesce(known.hinted_at, '-infinity') < clock_timestamp() - interval '1 minute'
    ORDER BY known.asked_at NULLS LAST, chat.id LIMIT :batch
    ON CONFLICT (chat_id) DO UPDATE SET hinted_at = excluded.hinted_at
    RETURNING chat_id
""")


async def ask(session: AsyncSession, viewer: Viewer, chat_id: int) -> None:
    """Have a group looked at now. Raises NotAllowed, NotFound."""
    viewer.must("group.change")
    known = await session.scalar(
        select(Chat.id).where(Chat.id == chat_id, Chat.kind != ChatKind.PRIVATE, Chat.migrated_to.is_(None))
    )
    if known is None:
        raise NotFound
    await changed(session, chat_id)


async def changed(session: AsyncSession, chat_id: int) -> None:
    """The bot came into a group, left it, or got other rights there: what was known of it is old."""
    wanted = insert(ChatCheck).values(chat_id=chat_id, asked_at=func.clock_timestamp())
    again = {"asked_at": wanted.excluded.asked_at, "hinted_at": None}
    await session.execute(wanted.on_conflict_do_update(index_elements=[ChatCheck.chat_id], set_=again))


async def of(session: AsyncSession, chat_ids: Sequence[int]) -> dict[int, ChatCheck]:
    """What is known of these groups."""
    rows = await session.scalars(select(ChatCheck).where(ChatCheck.chat_id.in_(chat_ids)))
    return {row.chat_id: row for row in rows}


async def due(session: AsyncSession) -> list[int]:
    """Groups that somebody should ask about now; none of them is given again within a minute."""
    return list((await session.scalars(_DUE, {"batch": BATCH})).all())


async def look(telegram: Telegram, keeper: pace.Pace, chat_id: int) -> None:
    """Ask Telegram about one group and keep what it says."""
    slot = await keeper.wait(chat_id, lane="bulk", is_group=True, within=PATIENCE)
    if not isinstance(slot, pace.Slot):
        return
    outcome = await telegram.call("getChatMember", {"chat_id": chat_id, "user_id": settings().bot_id})
    await (keeper.cancel(slot) if outcome.kind == "unsent" else keeper.settle(slot))
    async with transaction() as session:
        if outcome.kind == "flood":
            await pauses.flooded(session, chat_id, outcome)
        elif outcome.kind == "moved":
            await chats.migrated(session, chat_id, outcome.moved_to)
        await _keep(session, chat_id, outcome)


async def _keep(session: AsyncSession, chat_id: int, outcome: Outcome) -> None:
    pins = await session.scalar(
        select(exists().where(GroupBinding.chat_id == chat_id, GroupBinding.active, GroupBinding.pins))
    )
    status, lacks, trouble = read(outcome, pins=bool(pins))
    values: dict[str, Any] = {"trouble": trouble[:200]}
    if not trouble:
        values |= {"status": status[:24], "lacks": lacks, "checked_at": func.clock_timestamp(), "asked_at": None}
    await session.execute(update(ChatCheck).where(ChatCheck.chat_id == chat_id).values(**values))


def read(outcome: Outcome, *, pins: bool = False) -> tuple[str, list[str], str]:
    """(what the bot is there, what it needs and lacks, what went wrong with asking) of an answer to getChatMember.

    pins: whether cards are to be pinned in this group.
    """
    if outcome.kind == "gone":
        return "left", ["member"], ""
    if outcome.kind != "done" or not isinstance(outcome.result, dict):
        return "", [], outcome.words or outcome.kind
    status = str(outcome.result.get("status", ""))
    if status in {"left", "kicked"} or (status == "restricted" and not outcome.result.get("is_member", True)):
        return status, ["member"], ""
    lacks = []
    if status == "restricted" and not outcome.result.get("can_send_messages"):
        lacks.append("send")
    if status not in {"administrator", "creator"}:
        lacks.append("admin")
    elif status == "administrator":
        if not outcome.result.get("can_invite_users", True):
            lacks.append("invite")
        if pins and not outcome.result.get("can_pin_messages", True):
            lacks.append("pin")
    return status, lacks, ""
