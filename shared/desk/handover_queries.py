"""Handovers as their people and the team leader read them, always within the viewer's area. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import clock
from shared.desk.handover import MOST
from shared.desk.models import Handover, HandoverOrder, Line
from shared.errors import NotFound
from shared.orders import queries
from shared.orders.claims import OPEN_NOW
from shared.orders.models import Order
from shared.orders.queries import OrderFacts
from shared.people.access import Viewer
from shared.people.models import Person

PAGE = 30
_giver, _taker = aliased(Person, name="giver"), aliased(Person, name="taker")


@dataclass(frozen=True, slots=True)
class OneLine:
    """One order of a handover: how it was answered, and the order as it stands now."""

    line: HandoverOrder
    order: OrderFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """A handover with its people; counts: how many orders stand how, what waited too long counted as expired."""

    handover: Handover
    giver: str
    taker: str
    counts: Mapping[Line, int]

    @property
    def open(self) -> bool:
        """Whether something of it still waits for an answer."""
        return bool(self.counts.get(Line.WAITING) or self.counts.get(Line.GIVEN))


async def own_orders(session: AsyncSession, viewer: Viewer) -> Sequence[OrderFacts]:
    """What a person holds and may hand over, most urgent first; rests on ix_orders_holder_open."""
    wanted = (
        queries.facts(viewer)
        .where(Order.holder_id == viewer.person_id, OPEN_NOW)
        .order_by(Order.sort_at, Order.id)
        .limit(MOST)
    )
    return await queries.all_facts(session, wanted)


async def count_own(session: AsyncSession, viewer: Viewer) -> int:
    """How many there are of them."""
    wanted = select(func.count()).select_from(Order)
    held = (Order.holder_id == viewer.person_id, OPEN_NOW)
    return int(await session.scalar(wanted.where(queries.visible(viewer), *held)) or 0)


async def offered(session: AsyncSession, viewer: Viewer, order_ids: Sequence[int]) -> Mapping[int, str]:
    """Order id → to whom it is offered already, for those that wait for an answer."""
    rows = await session.execute(
        select(HandoverOrder.order_id, _taker.name)
        .join(Handover, Handover.id == HandoverOrder.handover_id)
        .join(_taker, _taker.id == Handover.taker_id)
        .where(
            HandoverOrder.order_id.in_(order_ids),
            HandoverOrder.state == Line.WAITING,
            Handover.giver_id == viewer.person_id,
            Handover.expires_at > clock.now(),
        )
    )
    return dict(rows.all())


async def waiting_for(session: AsyncSession, viewer: Viewer) -> Sequence[Facts]:
    """What waits for this person's answer, newest first."""
    waits = exists(
        select(HandoverOrder.order_id).where(
            HandoverOrder.handover_id == Handover.id, HandoverOrder.state.in_([Line.WAITING, Line.GIVEN])
        )
    )
    mine = and_(Handover.taker_id == viewer.person_id, Handover.expires_at > clock.now(), waits)
    return await _facts(session, mine, PAGE)


async def history(session: AsyncSession, viewer: Viewer, before: int | None = None) -> Sequence[Facts]:
    """One's own handovers, given or taken; whoever may `handover.read` sees those of its area, newest first."""
    mine: ColumnElement[bool] = or_(Handover.giver_id == viewer.person_id, Handover.taker_id == viewer.person_id)
    if viewer.may("handover.read"):
        mine = or_(mine, _inside(viewer))
    if before is not None:
        mine = and_(mine, Handover.id < before)
    return await _facts(session, mine, PAGE + 1)


async def one(session: AsyncSession, viewer: Viewer, handover_id: int) -> Facts:
    """One handover of this person's own, or of the area of whoever may `handover.read`. Raises NotFound."""
    mine: ColumnElement[bool] = or_(Handover.giver_id == viewer.person_id, Handover.taker_id == viewer.person_id)
    if viewer.may("handover.read"):
        mine = or_(mine, _inside(viewer))
    found = await _facts(session, and_(Handover.id == handover_id, mine), 1)
    if not found:
        raise NotFound
    return found[0]


async def lines(session: AsyncSession, viewer: Viewer, handover_ids: Sequence[int]) -> Mapping[int, list[OneLine]]:
    """The orders of these handovers that lie in the viewer's area, most urgent first."""
    found: dict[int, list[OneLine]] = {each: [] for each in handover_ids}
    if not handover_ids:
        return found
    wanted = (
        queries.facts(viewer)
        .add_columns(HandoverOrder)
        .join(HandoverOrder, HandoverOrder.order_id == Order.id)
        .where(HandoverOrder.handover_id.in_(handover_ids))
        .order_by(Order.sort_at, Order.id)
    )
    for *facts, line in (await session.execute(wanted)).all():
        found[line.handover_id].append(OneLine(line, OrderFacts(*facts)))
    return found


async def given_now(session: AsyncSession, viewer: Viewer, order_id: int) -> Facts | None:
    """The handover by which this order was given to the viewer, while it may still be declined."""
    wanted = and_(
        Handover.taker_id == viewer.person_id,
        Handover.expires_at > clock.now(),
        exists(
            select(HandoverOrder.order_id).where(
                HandoverOrder.handover_id == Handover.id,
                HandoverOrder.order_id == order_id,
                HandoverOrder.state.in_([Line.GIVEN, Line.WAITING]),
            )
        ),
    )
    found = await _facts(session, wanted, 1)
    return found[0] if found else None


def _inside(viewer: Viewer) -> ColumnElement[bool]:
    return exists(
        select(HandoverOrder.order_id)
        .join(Order, Order.id == HandoverOrder.order_id)
        .where(HandoverOrder.handover_id == Handover.id, viewer.within(Order.sto_id))
    )


async def _facts(session: AsyncSession, which: ColumnElement[bool], limit: int) -> list[Facts]:
    rows = await session.execute(
        select(Handover, _giver.name, _taker.name)
        .join(_giver, _giver.id == Handover.giver_id)
        .join(_taker, _taker.id == Handover.taker_id)
        .where(which)
        .order_by(Handover.id.desc())
        .limit(limit)
    )
    found = [(handover, giver, taker) for handover, giver, taker in rows]
    counts: dict[int, dict[Line, int]] = {handover.id: {} for handover, _, _ in found}
    if counts:
        for handover_id, state, n in await session.execute(
            select(HandoverOrder.handover_id, HandoverOrder.state, func.count())
            .where(HandoverOrder.handover_id.in_(counts))
            .group_by(HandoverOrder.handover_id, HandoverOrder.state)
        ):
            counts[handover_id][state] = n
    at = clock.now()
    return [Facts(each, giver, taker, _stand(each, counts[each.id], at)) for each, giver, taker in found]


def _stand(handover: Handover, counts: dict[Line, int], at: datetime) -> Mapping[Line, int]:
    if handover.expires_at > at:
        return counts
    late, kept = counts.get(Line.WAITING, 0), counts.get(Line.GIVEN, 0)
    rest: dict[Line, int] = {state: n for state, n in counts.items() if state not in {Line.WAITING, Line.GIVEN}}
    if late:
        rest[Line.EXPIRED] = rest.get(Line.EXPIRED, 0) + late
    if kept:
        rest[Line.ACCEPTED] = rest.get(Line.ACCEPTED, 0) + kept
    return rest
