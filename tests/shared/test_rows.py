"""What is read without objects is what objects would say."""

import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.lines import OrderLine
from shared.orders.models import Category, Order
from shared.people.models import Person
from tests import factories


async def test_a_line_says_what_its_order_says(session: AsyncSession) -> None:
    here = await factories.town(session)
    doubt = {"field": "odp", "code": "unknown", "params": {}}
    order = await factories.order(session, here, note='"C:\\nama"')
    await session.execute(update(Order).where(Order.id == order.id).values(warnings=[doubt]))
    viewer = await factories.viewer(session, here.helpdesk)
    [line] = (await board.page(session, viewer, Filters())).rows
    facts = await queries.by_id(session, viewer, order.id)
    await session.refresh(facts.order)
    for name in OrderLine._fields:
        other = "sto_code" if name == "sto_code" else name
        told = getattr(facts.order, other) if hasattr(Order, name) else getattr(facts, name)
        assert getattr(line, name) == told, name
    assert isinstance(line.category, Category)
    shown = await queries.shown(session, viewer, order.registration_no, None)
    assert (shown.order.id, shown.order.warnings, shown.registrant_name) == (order.id, [doubt], facts.registrant_name)


async def test_what_was_changed_and_not_yet_written_is_read_too(session: AsyncSession) -> None:
    here = await factories.town(session)
    here.helpdesk.name = "Nadia Baru"
    wanted = select(Person.name).where(Person.id == bindparam("id"))
    assert (await rows.first(session, wanted, {"id": here.helpdesk.id}))[0] == "Nadia Baru"


async def test_what_goes_wrong_is_said_as_a_session_says_it_and_without_the_values(session: AsyncSession) -> None:
    async with session.begin_nested() as inside:
        with pytest.raises(DBAPIError) as wrong:
            await rows.rows(session, text("SELECT 1 / :nothing"), {"nothing": 0})
        await inside.rollback()
    assert getattr(wrong.value.orig, "sqlstate", "") == "22012"
    assert wrong.value.params is None
