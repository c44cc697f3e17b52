"""Trouble of the house itself, told to the admins once and once more when it is over. The rows decide, not a memory.

Looked at by the relay with what the page of health says. The message waits in the queue like any other while Telegram
cannot be written to; the notice on the web and the webhook do not.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, case, cast, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.chats.models import Chat, ChatKind, GroupBinding
from shared.db import after
from shared.deliveries import pauses
from shared.deliveries.troubles import BY_PERSON
from shared.events import emit
from shared.notify.events import HouseAlerted
from shared.notify.models import HouseTrouble
from shared.reports.health import Part

PATIENCE = {
    "intake": 120.0,
    "telegram": 0.0,
    "bot": 240.0,
    "relay": 240.0,
    "deliveries": 240.0,
    "broker": 120.0,
    "dead letters": 0.0,
    "imports": 0.0,
    "webhooks": 0.0,
}
"""Which parts are worth a message, and the seconds that each may be unwell before one."""

GROUP = "group:"
"""Before the number of a bound group that cannot be written to any more: each is a trouble of its own, told at once."""

PUT_OFF = 90.0  # seconds; the relay looks every sixty
REFUSED = "refuses the bot's token"


def unwell(part: Part) -> bool:
    """Whether a part is in trouble that somebody must hear of; a flood's silence is not, it ends by itself."""
    worth = part.name in PATIENCE or part.name.startswith(GROUP)
    return worth and not part.ok and (part.name != "telegram" or REFUSED in part.code)


async def watch(session: AsyncSession, parts: Sequence[Part]) -> int:
    """Note what began and what is over, and tell what is to be told; returns how many were told."""
    bad = {part.name: part for part in (*parts, *await _lost_groups(session)) if unwell(part)}
    told = 0
    looked = or_(HouseTrouble.part.in_([each.name for each in parts]), HouseTrouble.part.startswith(GROUP))
    over = delete(HouseTrouble).where(HouseTrouble.part.not_in(bad), looked)
    ended = await session.execute(over.returning(HouseTrouble.part, HouseTrouble.since, HouseTrouble.told_at))
    for name, began, was_told in ended.all():
        if was_told is not None:
            await emit(session, HouseAlerted(part=name, healed=True, since=began), source="system")
            told += 1
    for name, part in bad.items():
        await session.execute(insert(HouseTrouble).values(part=name).on_conflict_do_nothing())
        long = HouseTrouble.since <= after(-PATIENCE.get(name, 0.0))
        mine = await session.scalar(
            update(HouseTrouble)
            .where(HouseTrouble.part == name, HouseTrouble.told_at.is_(None), long)
            .values(told_at=func.clock_timestamp())
            .returning(HouseTrouble.part)
            .execution_options(synchronize_session=False)
        )
        if mine is not None:
            await emit(session, HouseAlerted(part=name, code=part.code[:200], count=part.count), source="system")
            told += 1
    return told


async def _lost_groups(session: AsyncSession) -> list[Part]:
    """The bound groups that cannot be written to, but for those that a person holds."""
    bound = select(GroupBinding.chat_id).where(GroupBinding.active)
    lost = select(Chat.id).where(Chat.held.is_not(None), Chat.held != BY_PERSON, Chat.kind != ChatKind.PRIVATE)
    return [
        Part(f"{GROUP}{chat}", ok=False, detail="") for chat in await session.scalars(lost.where(Chat.id.in_(bound)))
    ]


async def group_of(session: AsyncSession, part: str) -> str:
    """The title of the group that a trouble is about; nothing where it is about none."""
    if not part.startswith(GROUP):
        return ""
    number = part.removeprefix(GROUP)
    return await session.scalar(select(Chat.title).where(Chat.id == int(number))) or number


_PUT_OFF = text("""
    UPDATE delivery SET not_before = clock_timestamp() + make_interval(secs => :seconds)
    WHERE kind = 'house' AND state = 'waiting'
""")


async def put_off(session: AsyncSession) -> bool:
    """While Telegram is away, keep the alarms that wait until a look after it is back: what is over then never leaves.

    Else they would leave the moment it answers, before anybody has seen that all is well. Returns whether it is away.
    """
    away = await pauses.is_shut(session)
    if away:
        await session.execute(_PUT_OFF, {"seconds": PUT_OFF})
    return away


_CHAT = case((HouseTrouble.part.startswith(GROUP), cast(func.split_part(HouseTrouble.part, ":", 2), BigInteger)))
_TITLE = select(Chat.title).where(Chat.id == _CHAT).scalar_subquery()
_TOLD = (
    select(HouseTrouble.part, func.coalesce(_TITLE, "").label("title"), HouseTrouble.since)
    .where(HouseTrouble.told_at.is_not(None))
    .order_by(HouseTrouble.since, HouseTrouble.part)
)


async def troubles(session: AsyncSession) -> Sequence[tuple[str, str, datetime]]:
    """What was told and is not over, the oldest first, as (part, title of the group it is about, since)."""
    return [(part, title, since) for part, title, since in await rows.rows(session, _TOLD)]
