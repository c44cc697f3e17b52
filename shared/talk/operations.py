"""Asking a technician about an order, and answering. No order changes by it; its timeline keeps both.

An answer settles every question of the order that is still open: the statement decides, so of two answers one counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.desk import notices
from shared.errors import Invalid
from shared.events import emit
from shared.orders import queries
from shared.orders.models import OPEN
from shared.orders.states import IllegalMove
from shared.people.access import Viewer
from shared.people.models import Person
from shared.talk.events import OrderAnswered, OrderAsked
from shared.talk.models import OrderQuestion

LONGEST = 1000  # characters of a question or an answer


@dataclass(frozen=True, slots=True)
class Spot:
    """The message in Telegram by which something was asked."""

    chat_id: int
    message_id: int
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked, and the event that tells of it."""

    question_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question and who asked it."""

    row: OrderQuestion
    who: str


async def ask(
    session: AsyncSession, viewer: Viewer, order_id: int, words: str, *, source: str, spot: Spot | None = None
) -> Asked:
    """Ask the technician of an open order.

    Raises NotAllowed, NotFound, IllegalMove (a closed order), Invalid(words=required | too_long, to=nobody: no
    technician in Telegram).
    """
    viewer.must("order.change")
    said = _said(words)
    order = (await queries.by_id(session, viewer, order_id)).order
    if order.category not in OPEN:
        raise IllegalMove
    if order.chat_id is None and order.technician_id is None:
        raise Invalid(to="nobody")
    question = OrderQuestion(
        order_id=order_id,
        asked_by=viewer.person_id,
        words=said,
        at=clock.now(),
        chat_id=spot.chat_id if spot else None,
        message_id=spot.message_id if spot else None,
        thread_id=spot.thread_id if spot else None,
    )
    session.add(question)
    await session.flush()
    asked = OrderAsked(order_id=order_id, question_id=question.id, words=said)
    event_id = await emit(session, asked, source=source, actor_id=viewer.person_id, order_id=order_id)
    return Asked(question.id, event_id)


async def answer(session: AsyncSession, viewer: Viewer, order_id: int, words: str, *, source: str) -> bool:
    """Answer what is asked about an order that the viewer may know of; False when nothing is asked (any more).

    Raises NotFound and Invalid(words=required | too_long).
    """
    said = _said(words)
    await queries.by_id(session, viewer, order_id)
    settled = await session.execute(
        update(OrderQuestion)
        .where(OrderQuestion.order_id == order_id, OrderQuestion.answered_at.is_(None))
        .values(answered_by=viewer.person_id, answered_at=clock.now(), answer=said)
        .returning(OrderQuestion.id, OrderQuestion.asked_by)
        .execution_options(synchronize_session=False)
    )
    asked = sorted(settled.all())
    for question_id, _ in asked:
        told = OrderAnswered(order_id=order_id, question_id=question_id, words=said)
        await emit(session, told, source=source, actor_id=viewer.person_id, order_id=order_id)
    for asker in {asker for _, asker in asked}:
        await notices.tell(session, asker, "answered", actor_id=viewer.person_id, order_id=order_id, note=said)
    return bool(asked)


async def open_of(session: AsyncSession, order_ids: Collection[int]) -> Mapping[int, Question]:
    """Order → the newest question that waits for an answer."""
    rows = await session.execute(
        select(OrderQuestion, Person.name)
        .join(Person, Person.id == OrderQuestion.asked_by)
        .where(OrderQuestion.order_id.in_(order_ids), OrderQuestion.answered_at.is_(None))
        .order_by(OrderQuestion.id)
    )
    return {row.order_id: Question(row, name) for row, name in rows}


async def one(session: AsyncSession, question_id: int) -> OrderQuestion | None:
    """A question by its id."""
    return await session.get(OrderQuestion, question_id)


def _said(words: str) -> str:
    said = words.strip()
    if not said:
        raise Invalid(words="required")
    if len(said) > LONGEST:
        raise Invalid(words="too_long")
    return said
