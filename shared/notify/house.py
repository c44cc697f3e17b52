"""Trouble of the house itself, told to the admins once and once more when it is over. The rows decide, not a memory.

Looked at by the relay with what the page of health says. The message waits in the queue like any other while Telegram
cannot be written to; the notice on the web and the webhook do not.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import after
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

REFUSED = "refuses the bot's token"


def unwell(part: Part) -> bool:
    """Whether a part is in trouble that somebody must hear of; a flood's silence is not, it ends by itself."""
    return part.name in PATIENCE and not part.ok and (part.name != "telegram" or REFUSED in part.code)


async def watch(session: AsyncSession, parts: Sequence[Part]) -> int:
    """Note what began and what is over, and tell what is to be told; returns how many were told."""
    bad = {part.name: part for part in parts if unwell(part)}
    told = 0
    over = delete(HouseTrouble).where(
        HouseTrouble.part.not_in(bad), HouseTrouble.part.in_([each.name for each in parts])
    )
    for name, was_told in (await session.execute(over.returning(HouseTrouble.part, HouseTrouble.told_at))).all():
        if was_told is not None:
            await emit(session, HouseAlerted(part=name, healed=True), source="system")
            told += 1
    for name, part in bad.items():
        await session.execute(insert(HouseTrouble).values(part=name).on_conflict_do_nothing())
        mine = await session.scalar(
            update(HouseTrouble)
            .where(
                HouseTrouble.part == name, HouseTrouble.told_at.is_(None), HouseTrouble.since <= after(-PATIENCE[name])
            )
            .values(told_at=func.clock_timestamp())
            .returning(HouseTrouble.part)
            .execution_options(synchronize_session=False)
        )
        if mine is not None:
            await emit(session, HouseAlerted(part=name, code=part.code[:200], count=part.count), source="system")
            told += 1
    return told


async def troubles(session: AsyncSession) -> Sequence[HouseTrouble]:
    """What is in trouble now, the oldest first."""
    return (await session.scalars(select(HouseTrouble).order_by(HouseTrouble.since))).all()
