"""A collector's buttons, and what the bot waits for from a collector between two messages. Says nothing itself.

Every button names the person it was made for: in a group others see it too. None holds a customer's data.
"""

from datetime import date
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import OrderId
from shared.arrears.field import Cursor, Part
from shared.arrears.models import Errand, Result
from shared.db import after

LASTS = 3600  # seconds without an answer
Number = Annotated[int, Field(ge=0, lt=2**62)]


class Open(CallbackData, prefix="akun"):
    """Show an account's card as a new message. The notifier makes these too."""

    account: OrderId
    owner: OrderId
    ref: str


class Back(CallbackData, prefix="kmb"):
    """Show the card again in the place of a question."""

    account: OrderId
    owner: OrderId
    ref: str


class Whole(CallbackData, prefix="utuh"):
    """Send the card with all its data to the private chat."""

    account: OrderId
    owner: OrderId
    ref: str


class More(CallbackData, prefix="tgs"):
    """The list after an account; part "" is the list from its start, as a new message."""

    owner: OrderId
    part: str
    value: Number
    account: Number
    ref: str


class Outcome(CallbackData, prefix="hsl"):
    """What came of a visit; a promise is asked about first."""

    account: OrderId
    owner: OrderId
    result: Result
    ref: str


class Due(CallbackData, prefix="jtg"):
    """The day of a promise as its ordinal; 0: it will be typed."""

    account: OrderId
    owner: OrderId
    day: Number
    ref: str


class Much(CallbackData, prefix="jnl"):
    """The amount of a promise for a day; 0: it will be typed."""

    account: OrderId
    owner: OrderId
    day: Number
    amount: Number
    ref: str


def cursor(pressed: More) -> Cursor | None:
    """Where the list goes on; None: from its start."""
    if pressed.part not in {each.value for each in Part}:
        return None
    return Cursor(Part(pressed.part), pressed.value, pressed.account)


def day_of(ordinal: int) -> date | None:
    """The day of a button; None for what is none."""
    return date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None


async def wait(
    session: AsyncSession,
    chat_id: int,
    person_id: int,
    account_id: int,
    message_id: int,
    asking: str,
    *,
    due: date | None = None,
    visit_id: int | None = None,
) -> None:
    """Expect something of a person in a chat; it replaces what was expected before."""
    values = {
        "account_id": account_id,
        "message_id": message_id,
        "asking": asking,
        "due": due,
        "visit_id": visit_id,
        "updated_at": after(0),
    }
    await session.execute(
        insert(Errand)
        .values(chat_id=chat_id, person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["chat_id", "person_id"], set_=values)
    )


async def of(session: AsyncSession, chat_id: int, person_id: int) -> Errand | None:
    """What is expected of a person in a chat; None when it is over."""
    found: Errand | None = await session.scalar(
        select(Errand).where(
            Errand.chat_id == chat_id, Errand.person_id == person_id, Errand.updated_at > after(-LASTS)
        )
    )
    return found


async def end(session: AsyncSession, chat_id: int, person_id: int) -> bool:
    """Expect nothing more; whether anything was."""
    ended = await session.execute(
        delete(Errand).where(Errand.chat_id == chat_id, Errand.person_id == person_id).returning(Errand.message_id)
    )
    return ended.first() is not None


async def forget_old(session: AsyncSession) -> None:
    """Drop what nobody goes on with."""
    await session.execute(delete(Errand).where(Errand.updated_at < after(-LASTS)))
