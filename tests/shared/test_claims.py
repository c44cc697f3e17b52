"""Who holds an order: what the operations decide by themselves, whatever door asks."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.desk import handover, notices
from shared.desk.models import Handover, HandoverOrder, Line, Notice
from shared.errors import Invalid, NotAllowed, NotFound
from shared.events import EventRow
from shared.orders import claims, operations, queries
from shared.orders.claims import NotHolder
from shared.orders.operations import StaleOrder
from shared.orders.states import IllegalMove
from shared.people.models import Person
from tests import factories
from tests.factories import Town


async def taken(session: AsyncSession, here: Town, by: Person) -> int:
    order = await factories.order(session, here)
    await operations.take(session, await factories.viewer(session, by), order.id, source="web")
    return order.id


async def test_handing_over_stops_no_clock_and_keeps_what_was_said(session: AsyncSession) -> None:
    here = await factories.town(session)
    nadia = await factories.viewer(session, here.helpdesk)
    order_id = await taken(session, here, here.helpdesk)
    await operations.change_status(session, nadia, order_id, 2, "OGP", source="web", note="sebentar ya")
    before = (await queries.by_id(session, nadia, order_id)).order
    kept = (before.status_at, before.target_seconds, before.feedback)
    changed = await claims.hand_over(session, nadia, order_id, 3, here.second_helpdesk.id, source="web", words="tolong")
    now = changed.order
    assert (now.holder_id, now.version, now.category) == (here.second_helpdesk.id, 4, "working")
    assert (now.status_at, now.target_seconds, now.feedback) == kept
    assert now.running_since is not None
    event = await session.get_one(EventRow, changed.event_id)
    assert (event.seq, event.payload["act"], event.payload["words"], event.payload["note"]) == (
        4,
        "handed",
        "tolong",
        "",
    )
    assert await claims.held_since(session, now) == event.at


async def test_a_closed_order_has_nobody_to_be_given_to(session: AsyncSession) -> None:
    here = await factories.town(session)
    nadia, dewi = [await factories.viewer(session, each) for each in (here.helpdesk, here.leader)]
    order_id = await taken(session, here, here.helpdesk)
    await operations.change_status(session, nadia, order_id, 2, "SELESAI", source="web")
    with pytest.raises(IllegalMove):
        await claims.release(session, nadia, order_id, 3, source="web")
    with pytest.raises(IllegalMove):
        await claims.hand_over(session, nadia, order_id, 3, here.second_helpdesk.id, source="web")
    with pytest.raises(IllegalMove):
        await claims.assign(session, dewi, order_id, 3, here.second_helpdesk.id, source="web")
    with pytest.raises(Invalid):
        await handover.give(session, nadia, here.second_helpdesk.id, {order_id: ""})


async def test_rights_area_and_version_are_asked_for_before_anything_is_done(session: AsyncSession) -> None:
    here = await factories.town(session)
    order_id = await taken(session, here, here.helpdesk)
    rudi, hendra, bagus = [
        await factories.viewer(session, each) for each in (here.second_helpdesk, here.supervisor, here.outsider)
    ]
    nadia = await factories.viewer(session, here.helpdesk)
    for viewer, error in ((rudi, NotHolder), (hendra, NotAllowed), (bagus, NotFound)):
        with pytest.raises(error):
            await claims.release(session, viewer, order_id, 2, source="web")
        with pytest.raises(error):
            await claims.hand_over(session, viewer, order_id, 2, here.leader.id, source="web")
    with pytest.raises(StaleOrder):
        await claims.release(session, nadia, order_id, 1, source="web")
    with pytest.raises(NotAllowed):
        await claims.assign(session, rudi, order_id, 2, here.leader.id, source="web")
    with pytest.raises(NotAllowed):
        await handover.give(session, hendra, here.leader.id, {order_id: ""})
    assert await session.scalar(select(func.count()).select_from(Notice)) == 0


async def test_an_undone_take_over_gives_back_and_says_so(session: AsyncSession) -> None:
    here = await factories.town(session)
    order_id = await taken(session, here, here.second_helpdesk)
    nadia = await factories.viewer(session, here.helpdesk)
    changed = await operations.take(session, nadia, order_id, source="web", over=True, hold=10)
    await operations.undo(session, nadia, changed.event_id, source="web")
    rudi = await factories.viewer(session, here.second_helpdesk)
    assert [each.notice.kind for each in await notices.lately(session, rudi)] == ["returned", "taken_over"]


async def test_what_is_declined_waits_for_anybody_when_its_giver_may_not_hold_it_any_more(
    session: AsyncSession,
) -> None:
    here = await factories.town(session)
    order_id = await taken(session, here, here.helpdesk)
    nadia, rudi = [await factories.viewer(session, each) for each in (here.helpdesk, here.second_helpdesk)]
    await claims.hand_over(session, nadia, order_id, 2, here.second_helpdesk.id, source="web")
    here.helpdesk.active = False
    await session.flush()
    given = (await session.scalars(select(Handover))).one()
    await handover.decline(session, rudi, given.id, words="tidak bisa", source="web")
    now = (await queries.by_id(session, rudi, order_id)).order
    assert (now.holder_id, now.category) == (None, "received")
    assert (await session.scalars(select(HandoverOrder.state))).all() == [Line.DECLINED]
