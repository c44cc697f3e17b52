"""A registration that is being filled in: kept between messages, and which question comes next. Says nothing itself."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import Dialogue
from shared.db import after
from shared.identifiers import Doubt
from shared.orders.forms import OrderForm, values_of
from shared.people.access import Viewer

LASTS = 3600  # seconds without an answer
OTHER = "@"  # how `asking` begins where a person's next words are no registration (`waiting`)


@dataclass(frozen=True, slots=True)
class Filling:
    """What was told so far. settled: fields that were skipped, or kept as typed, and are not asked about again.

    message_id: the person's `/reg`; the order will belong to it.
    """

    form: OrderForm
    message_id: int
    settled: frozenset[str] = frozenset()
    asking: str = ""


def next_field(filling: Filling, viewer: Viewer, needed: Collection[str]) -> str | None:
    """The field to ask for, None when all is told; the technician's own code needs no asking.

    needed: fields that may not stay empty, also when they were skipped before the type was known.
    """
    form = filling.form
    told = values_of(with_own_code(form, viewer))
    for name in ("type", "sc", "sn", "sto", "odp", "tech"):
        if name in needed and told[name] is None:
            return name
        if name in filling.settled:
            continue
        if name == "sn" and form.serial and "sn" in form.offers:
            return name
        if name in form.missing and not (name == "tech" and viewer.technician_code):
            return name
    return None


def with_own_code(form: OrderForm, viewer: Viewer) -> OrderForm:
    """A technician who names nobody means itself."""
    if form.technician_code is not None or viewer.technician_code is None:
        return form
    missing = tuple(name for name in form.missing if name != "tech")
    return replace(form, technician_code=viewer.technician_code, missing=missing)


def warnings_of(filling: Filling, viewer: Viewer, needed: Collection[str]) -> list[dict[str, Any]]:
    """The doubts an order is accepted with, as they are stored; what was skipped is one of them."""
    form = with_own_code(filling.form, viewer)
    doubts = [*form.warnings, *(Doubt(name, f"{name}.missing") for name in form.missing if name not in needed)]
    return [_kept(d) for d in doubts]


async def of(session: AsyncSession, chat_id: int, person_id: int) -> tuple[Filling, int | None] | None:
    """What a person is filling in in a chat, and in which topic; None when it is over."""
    row = await session.scalar(
        select(Dialogue).where(
            Dialogue.chat_id == chat_id,
            Dialogue.person_id == person_id,
            Dialogue.updated_at > after(-LASTS),
            ~Dialogue.asking.startswith(OTHER),
        )
    )
    return (_read(row), row.thread_id) if row else None


async def of_somebody(session: AsyncSession, chat_id: int, message_id: int) -> bool:
    """Whether anybody is filling in the registration that this message began."""
    found = select(Dialogue.person_id).where(
        Dialogue.chat_id == chat_id, Dialogue.message_id == message_id, ~Dialogue.asking.startswith(OTHER)
    )
    return await session.scalar(found.limit(1)) is not None


async def keep(session: AsyncSession, chat_id: int, person_id: int, thread_id: int | None, filling: Filling) -> None:
    """Remember a filling; it replaces what the person was filling in there before."""
    form = filling.form
    told = {
        "values": {name: getattr(form, name) for name in _VALUES},
        "note": form.note,
        "warnings": [_kept(d) for d in form.warnings],
        "offers": dict(form.offers),
        "missing": list(form.missing),
        "settled": sorted(filling.settled),
    }
    values = {
        "thread_id": thread_id,
        "message_id": filling.message_id,
        "form": told,
        "asking": filling.asking,
        "updated_at": after(0),
    }
    await session.execute(
        insert(Dialogue)
        .values(chat_id=chat_id, person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["chat_id", "person_id"], set_=values)
    )


async def end(session: AsyncSession, chat_id: int, person_id: int) -> bool:
    """Forget what a person was filling in; whether there was anything."""
    ended = await session.execute(
        delete(Dialogue)
        .where(Dialogue.chat_id == chat_id, Dialogue.person_id == person_id)
        .returning(Dialogue.message_id)
    )
    return ended.first() is not None


async def forget_old(session: AsyncSession) -> None:
    """Drop what nobody goes on with."""
    await session.execute(delete(Dialogue).where(Dialogue.updated_at < after(-LASTS)))


_VALUES = ("type", "registration_no", "serial", "sto", "odp", "technician_code")


def _kept(doubt: Doubt) -> dict[str, Any]:
    return {"field": doubt.field, "code": doubt.code, "params": dict(doubt.params)}


def _read(row: Dialogue) -> Filling:
    told: dict[str, Any] = row.form
    settled: Collection[str] = told["settled"]
    form = OrderForm(
        **told["values"],
        note=told["note"],
        warnings=tuple(Doubt(**d) for d in told["warnings"]),
        offers=told["offers"],
        missing=tuple(told["missing"]),
    )
    return Filling(form, row.message_id, frozenset(settled), row.asking)
