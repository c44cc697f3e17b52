"""The relay's pulse: a row that it writes at every round. The web reads it, for a dead relay can tell nobody.

When it is back after a long silence the admins hear how long it was; a short one is nobody's concern.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import emit
from shared.notify.events import HouseAlerted
from shared.notify.models import HousePulse

PART = "relay"
SILENT = 60.0  # seconds without a beat, of which there is one every five: somebody should look
LONG = 600.0  # seconds of silence that the admins are told of afterwards
BACK = "pulse"  # the part that such a message is about

_BEAT = text("""
    WITH before AS (SELECT at FROM house_pulse WHERE part = :part FOR UPDATE),
    beaten AS (
        INSERT INTO house_pulse (part, at) VALUES (:part, :now) ON CONFLICT (part) DO UPDATE SET at = excluded.at)
    SELECT at FROM before
""")
_LAST = select(HousePulse.at).where(HousePulse.part == PART)
_EXPECTED = text("INSERT INTO house_pulse (part, at) VALUES (:part, :now) ON CONFLICT DO NOTHING")


async def beat(session: AsyncSession) -> bool:
    """Write that the relay lives; True when it was silent for long and the admins are told."""
    now = clock.now()
    last = await session.scalar(_BEAT, {"part": PART, "now": now})
    if last is None or (now - last).total_seconds() < LONG:
        return False
    silent = int((now - last).total_seconds())
    await emit(session, HouseAlerted(part=BACK, healed=True, count=silent, since=last), source="system")
    return True


async def silent_since(session: AsyncSession) -> datetime | None:
    """Since when the relay has been silent; None while it lives.

    Where it never ran it is expected from the first question on: its silence is counted from there.
    """
    now = clock.now()
    last: datetime | None = await session.scalar(_LAST)
    if last is None:
        await session.execute(_EXPECTED, {"part": PART, "now": now})
    return last if last is not None and now - last > timedelta(seconds=SILENT) else None
