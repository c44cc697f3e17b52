"""A statement that is built once answers each asker with the asker's own area, and nobody who does not say who asks."""

import pytest
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders import board, queries
from shared.orders.board import Filters
from shared.people.access import Viewer
from tests import factories


async def test_two_areas_ask_the_same_statement_and_each_sees_its_own(session: AsyncSession) -> None:
    here = await factories.town(session)
    ours = await factories.order(session, here)
    theirs = await factories.order(session, here, by=here.outsider, sto="SPJ", odp="ODP-SPJ-001")
    nadia, bagus = [await factories.viewer(session, each) for each in (here.helpdesk, here.outsider)]
    assert nadia.whoever == bagus.whoever
    for viewer, own in ((nadia, ours), (bagus, theirs), (nadia, ours)):
        assert [row.order.id for row in (await board.page(session, viewer, Filters())).rows] == [own.id]
        assert (await board.counts(session, viewer, Filters()))["aktif"] == 1
        assert await board.total(session, viewer, Filters(view="semua")) == 1
    assert [row.order.id for row in (await board.page(session, nadia, Filters(view="saya"))).rows] == []
    nowhere = Viewer(0, "", nadia.role, frozenset())
    assert (await board.page(session, nowhere, Filters())).rows == []


async def test_a_statement_for_whoever_asks_is_not_answered_without_a_name(session: AsyncSession) -> None:
    here = await factories.town(session)
    nadia = await factories.viewer(session, here.helpdesk)
    with pytest.raises(StatementError):
        await session.execute(queries.facts(nadia.whoever))


async def test_what_a_group_asks_is_a_statement_of_its_own(session: AsyncSession) -> None:
    here = await factories.town(session)
    asking = await factories.viewer(session, here.technician, factories.TECHNICIAN_CHAT)
    assert asking.whoever is asking
