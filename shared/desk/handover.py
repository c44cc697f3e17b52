"""Handing a shift's orders to the next person, and the answers to it. Only an acceptance changes who holds an order.

Every answer is decided by the rows' own states: of two answers at once one finds nothing left to answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.desk import notices, presence
from shared.desk.events import HandoverAnswered, HandoverGiven
from shared.desk.models import Handover, HandoverOrder, Line
from shared.errors import Conflict, Invalid, NotFound
from shared.events import emit
from shared.orders import queries
from shared.orders.claims import ANSWER_WITHIN, LONGEST_WORDS, held_by
from shared.orders.models import OPEN, Order
from shared.orders.operations import apply
from shared.people.access import Viewer
from shared.people.models import Person

MOST = 100  # orders of one handover
LONGEST_PROMISE = 200

SKIPPED_CLOSED, SKIPPED_MOVED = "closed", "moved"


class NothingToAnswer(Conflict):
    """These orders wait for no answer any more: answered, withdrawn or expired."""


@dataclass(frozen=True, slots=True)
class Given:
    """A handover that was made. left: ids of the orders that stayed out, closed, moved or waiting elsewhere."""

    handover_id: int
    sent: int
    left: frozenset[int]


@dataclass(frozen=True, slots=True)
class Answered:
    """How many orders an answer settled, and how many of them had gone elsewhere meanwhile."""

    done: int
    skipped: int


async def give(
    session: AsyncSession,
    viewer: Viewer,
    to_id: int,
    promises: Mapping[int, str],
    *,
    note: str = "",
    source: str = "web",
) -> Given:
    """Offer one's own open orders to a colleague of their area. promises: order id → what was promised to whom.

    Nothing changes hands yet. Raises NotAllowed, Invalid(orders=…, to=…, note=…, promise=…), and Conflict when all of
    them wait for another answer already.
    """
    viewer.must("handover.give")
    wrong: dict[str, str] = {}
    if not promises:
        wrong["orders"] = "none"
    elif len(promises) > MOST:
        wrong["orders"] = "too_many"
    if len(note) > LONGEST_WORDS:
        wrong["note"] = "too_long"
    if any(len(words) > LONGEST_PROMISE for words in promises.values()):
        wrong["promise"] = "too_long"
    if wrong:
        raise Invalid(**wrong)
    rows = await session.execute(
        select(Order.id, Order.sto_id)
        .where(
            Order.id.in_(promises),
            Order.holder_id == viewer.person_id,
            Order.category.in_(OPEN),
            Order.deleted_at.is_(None),
            viewer.within(Order.sto_id),
        )
        .order_by(Order.id)
    )
    own = dict(rows.all())
    if not own:
        raise Invalid(orders="none_left")
    await presence.taker(session, viewer, to_id, set(own.values()))
    await expire(session, own)
    at = clock.now()
    handover = Handover(
        kind="shift",
        giver_id=viewer.person_id,
        taker_id=to_id,
        note=note.strip(),
        at=at,
        expires_at=at + ANSWER_WITHIN,
    )
    session.add(handover)
    await session.flush()
    sent = await session.scalars(
        insert(HandoverOrder)
        .values(
            [
                {
                    "handover_id": handover.id,
                    "order_id": order_id,
                    "promise": promises[order_id].strip(),
                    "state": Line.WAITING,
                    "words": "",
                }
                for order_id in own
            ]
        )
        .on_conflict_do_nothing()
        .returning(HandoverOrder.order_id)
    )
    offered = frozenset(sent)
    if not offered:
        raise Invalid(orders="waiting")
    await notices.tell(
        session,
        to_id,
        "handover",
        actor_id=viewer.person_id,
        handover_id=handover.id,
        note=note.strip(),
        n=len(offered),
    )
    await emit(session, HandoverGiven(handover_id=handover.id), source=source, actor_id=viewer.person_id)
    return Given(handover.id, len(offered), frozenset(promises) - offered)


async def accept(
    session: AsyncSession, viewer: Viewer, handover_id: int, order_ids: Collection[int] | None = None, *, source: str
) -> Answered:
    """Take over what was handed to one, all or these orders of it.

    An order that was closed or went to somebody else meanwhile is skipped, and said so in its line. Raises NotFound,
    NotAllowed and NothingToAnswer.
    """
    viewer.must("handover.answer")
    handover = await _to_me(session, viewer, handover_id)
    accepted = await _answer(session, handover_id, order_ids, Line.ACCEPTED, taker_id=viewer.person_id)
    if handover.kind == "order":  # it changed hands as it was given
        return Answered(len(accepted), 0)
    data, giver = await queries.master(session), await session.get_one(Person, handover.giver_id)
    skipped: dict[int, str] = {}
    for order in await _locked(session, list(accepted)):
        if order.category not in OPEN or order.deleted_at is not None:
            skipped[order.id] = SKIPPED_CLOSED
        elif order.holder_id != handover.giver_id or not viewer.covers(order.sto_id):
            skipped[order.id] = SKIPPED_MOVED
        else:
            before = await queries.by_id(session, viewer, order.id)
            values = held_by(order, data, viewer.person_id)
            clock_now = data.clock_of(values["status_code"], values["reason_id"])
            await apply(
                session,
                viewer,
                before,
                values,
                clock_now=clock_now,
                source=source,
                tell=False,
                hold=0,
                act="accepted",
                words=accepted[order.id],
                whom=giver.name,
            )
    for order_id, why in skipped.items():
        await session.execute(
            update(HandoverOrder)
            .where(HandoverOrder.handover_id == handover_id, HandoverOrder.order_id == order_id)
            .values(state=Line.SKIPPED, words=why)
            .execution_options(synchronize_session=False)
        )
    done = len(accepted) - len(skipped)
    await _tell_giver(session, viewer, handover, "accepted", n=done)
    await _answered(session, viewer, handover_id, source)
    return Answered(done, len(skipped))


async def decline(
    session: AsyncSession,
    viewer: Viewer,
    handover_id: int,
    order_ids: Collection[int] | None = None,
    *,
    words: str,
    source: str,
) -> Answered:
    """Refuse what was handed to one, with words. A single order that was given at once goes back to its giver.

    Raises NotFound, NotAllowed, Invalid(words=…) and NothingToAnswer.
    """
    viewer.must("handover.answer")
    if not words.strip():
        raise Invalid(words="required")
    if len(words) > LONGEST_WORDS:
        raise Invalid(words="too_long")
    handover = await _to_me(session, viewer, handover_id)
    said = words.strip()
    declined = await _answer(session, handover_id, order_ids, Line.DECLINED, taker_id=viewer.person_id, words=said)
    if handover.kind == "shift":
        await _tell_giver(session, viewer, handover, "declined", n=len(declined), note=said)
        await _answered(session, viewer, handover_id, source)
        return Answered(len(declined), 0)
    skipped = 0
    for order in await _locked(session, list(declined)):
        if order.category not in OPEN or order.deleted_at is not None or order.holder_id != viewer.person_id:
            skipped += 1
            continue
        data, before = await queries.master(session), await queries.by_id(session, viewer, order.id)
        try:
            back_to: Person | None = await presence.taker(session, viewer, handover.giver_id, [order.sto_id])
        except Invalid:  # who gave it may not hold it any more, so it waits for whoever takes it
            back_to = None
        values = held_by(order, data, back_to.id if back_to else None)
        await apply(
            session,
            viewer,
            before,
            values,
            clock_now=data.clock_of(values["status_code"], values["reason_id"]),
            source=source,
            tell=False,
            hold=0,
            act="declined",
            words=said,
            whom=back_to.name if back_to else "",
        )
    return Answered(len(declined) - skipped, skipped)


async def withdraw(session: AsyncSession, viewer: Viewer, handover_id: int) -> Answered:
    """Take back what nobody has answered yet of one's own handover. Raises NotFound, NotAllowed, NothingToAnswer."""
    viewer.must("handover.give")
    handover = await session.scalar(
        select(Handover).where(
            Handover.id == handover_id, Handover.giver_id == viewer.person_id, Handover.kind == "shift"
        )
    )
    if handover is None:
        raise NotFound
    withdrawn = await _answer(session, handover_id, None, Line.WITHDRAWN)
    await notices.tell(
        session,
        handover.taker_id,
        "withdrawn",
        actor_id=viewer.person_id,
        handover_id=handover_id,
        n=len(withdrawn),
    )
    await _answered(session, viewer, handover_id, "web")
    return Answered(len(withdrawn), 0)


async def expire(session: AsyncSession, order_ids: Collection[int]) -> None:
    """Settle those of these orders that waited for an answer too long."""
    late = exists(
        select(Handover.id).where(Handover.id == HandoverOrder.handover_id, Handover.expires_at <= clock.now())
    )
    await session.execute(
        update(HandoverOrder)
        .where(HandoverOrder.order_id.in_(order_ids), HandoverOrder.state == Line.WAITING, late)
        .values(state=Line.EXPIRED, answered_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def _to_me(session: AsyncSession, viewer: Viewer, handover_id: int) -> Handover:
    handover: Handover | None = await session.scalar(
        select(Handover).where(Handover.id == handover_id, Handover.taker_id == viewer.person_id)
    )
    if handover is None:
        raise NotFound
    return handover


async def _answer(
    session: AsyncSession,
    handover_id: int,
    order_ids: Collection[int] | None,
    state: Line,
    *,
    taker_id: int | None = None,
    words: str = "",
) -> dict[int, str]:
    """Settle what still waits; {order id: promise} of it. The state in the WHERE decides between two answers."""
    which = [HandoverOrder.handover_id == handover_id, HandoverOrder.state.in_([Line.WAITING, Line.GIVEN])]
    living = [Handover.id == handover_id, Handover.expires_at > clock.now()]
    if taker_id is not None:
        living.append(Handover.taker_id == taker_id)
    if order_ids is not None:
        which.append(HandoverOrder.order_id.in_(order_ids))
    rows = await session.execute(
        update(HandoverOrder)
        .where(and_(*which), exists(select(Handover.id).where(and_(*living))))
        .values(state=state, answered_at=clock.now(), words=words)
        .returning(HandoverOrder.order_id, HandoverOrder.promise)
        .execution_options(synchronize_session=False)
    )
    answered = dict(rows.all())
    if not answered:
        raise NothingToAnswer
    return answered


async def _locked(session: AsyncSession, order_ids: Sequence[int]) -> Sequence[Order]:
    """The orders as they stand, nobody else's to change until the commit; always locked in one order."""
    wanted = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    return (await session.scalars(wanted.execution_options(populate_existing=True))).all()


async def _answered(session: AsyncSession, viewer: Viewer, handover_id: int, source: str) -> None:
    await emit(session, HandoverAnswered(handover_id=handover_id), source=source, actor_id=viewer.person_id)


async def _tell_giver(
    session: AsyncSession, viewer: Viewer, handover: Handover, kind: str, *, n: int, note: str = ""
) -> None:
    await notices.tell(
        session, handover.giver_id, kind, actor_id=viewer.person_id, handover_id=handover.id, note=note, n=n
    )


EXPIRE = """UPDATE handover_order SET state = 'expired', answered_at = now() WHERE (handover_id, order_id) IN (
    SELECT line.handover_id, line.order_id FROM handover_order line JOIN handover ON handover.id = line.handover_id
    WHERE line.state = 'waiting' AND handover.expires_at <= now() LIMIT :batch)"""
"""For the house's upkeep: what nobody answered in time is written down as such."""
