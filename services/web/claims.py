"""Who holds an order and who has it open, as templates show it. Reads what it needs, changes nothing."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from services.web import words_claims as words
from services.web.deps import Visit
from services.web.view_claims import Claims, Colleague, Offer, Readers
from shared.desk import handover_queries, looking, presence
from shared.orders import claims
from shared.orders.models import OPEN
from shared.orders.queries import OrderFacts
from shared.reports import crew


async def colleagues(session: AsyncSession, visit: Visit, stos: Collection[int]) -> tuple[Colleague, ...]:
    """To whom orders of all these STO may be given, those at work first."""
    found = await presence.colleagues(session, visit.viewer, stos)
    held = await crew.held_by(session, [each.person_id for each in found])
    return tuple(
        Colleague(str(each.person_id), words.colleague(each.name, each.state, held.get(each.person_id, 0)))
        for each in found
    )


async def claims_of(session: AsyncSession, visit: Visit, facts: OrderFacts) -> Claims | None:
    """What this person may do about who holds an order; None for a closed one, and for those who only read."""
    order, viewer = facts.order, visit.viewer
    if order.category not in OPEN or not viewer.may("order.hand_over"):
        return None
    mine = order.holder_id == viewer.person_id
    may_assign = viewer.may("order.assign") and not mine
    offer = await handover_queries.given_now(session, viewer, order.id)
    held = await presence.states(session, [order.holder_id]) if order.holder_id else {}
    return Claims(
        holder=facts.holder_name or "",
        state=str(held.get(order.holder_id or 0, "")),
        since=await claims.held_since(session, order),
        mine=mine,
        may_release=order.holder_id is not None and (mine or viewer.may("order.assign")),
        may_hand_over=mine,
        may_assign=may_assign,
        people=await colleagues(session, visit, [order.sto_id]) if mine or may_assign else (),
        offer=_offer(offer) if offer else None,
    )


def _offer(given: handover_queries.Facts) -> Offer:
    one = given.handover
    return Offer(one.id, f"/serah-terima/{one.id}", given.giver, one.at, one.note, waiting=one.kind == "shift")


async def readers_of(session: AsyncSession, visit: Visit, order_id: int, no: str) -> Readers:
    """Who else has an order open right now."""
    return readers(await looking.readers(session, order_id), visit.viewer.person_id, no)


def readers(found: Collection[tuple[int, str]], me: int, no: str) -> Readers:
    """The same, already read, as one of them sees it."""
    others = [(key, name) for key, name in found if key != me]
    return Readers(words.also([name for _, name in others]), ".".join(str(key) for key, _ in others) or "-", no)
