"""A batch against the clock: whoever is told was not taken back, and whoever was taken back is not told."""

import asyncio
import random

import pytest
from sqlalchemy import func, select, text

from services.notifier.listeners import ears
from shared.db import transaction
from shared.deliveries.models import Delivery
from shared.errors import Invalid, NotAllowed, NotFound
from shared.orders import bulk
from shared.orders.bulk import Act
from shared.orders.models import Order
from shared.orders.operations import Origin, TooLate
from tests import factories
from tests.factories import TECHNICIAN_CHAT


async def test_an_undo_races_the_notifier_and_catches_all_messages_or_none(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        helpdesk = await factories.viewer(session, here.helpdesk)
    for turn in range(5):
        async with transaction() as session:
            orders = [
                await factories.order(session, here, origin=Origin(TECHNICIAN_CHAT, 100 * turn + n)) for n in range(4)
            ]
        ids = [order.id for order in orders]
        async with transaction() as session:
            versions = dict.fromkeys(ids, 1)
            await bulk.apply(session, helpdesk, f"turn {turn}", Act("status", "OGP"), versions, source="web", hold=0.3)

        async def hear(order_id: int) -> None:
            for _ in range(60):
                await ears.hear(f"order:{order_id}")
                await asyncio.sleep(0.01)

        async def undo(key: str, after: float) -> int:
            await asyncio.sleep(after)
            async with transaction() as session:
                batch = await bulk.undo(session, helpdesk, key, source="web")
                return len(batch.done) - len(batch.kept)

        after = 0.26 + random.random() * 0.06
        *_, undone = await asyncio.gather(
            *(hear(order_id) for order_id in ids), undo(f"turn {turn}", after), return_exceptions=True
        )
        assert isinstance(undone, (int, TooLate)), undone
        async with transaction() as session:
            back = set(await session.scalars(select(Order.id).where(Order.id.in_(ids), Order.status_code == "BARU")))
            wanted = select(Delivery.order_id).where(Delivery.order_id.in_(ids), Delivery.kind == "status")
            told = list(await session.scalars(wanted))
        assert len(told) == len(set(told))
        assert set(told) | back == set(ids)
        assert not set(told) & back
        assert len(back) in {0, 4}


async def test_a_batch_of_nothing_of_too_much_or_without_the_right_is_refused(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        helpdesk = await factories.viewer(session, here.helpdesk)
        supervisor = await factories.viewer(session, here.supervisor)
        order = await factories.order(session, here)
    for versions, code in (({}, "none"), (dict.fromkeys(range(1, 102), 1), "too_many")):
        with pytest.raises(Invalid) as wrong:
            async with transaction() as session:
                await bulk.apply(session, helpdesk, "k", Act("take"), versions, source="web")
        assert wrong.value.fields == {"picked": code}
    for viewer, act in (
        (supervisor, Act("take")),
        (supervisor, Act("status", "OGP")),
        (helpdesk, Act("assign", to_id=1)),
        (helpdesk, Act("delete", note="x")),
    ):
        with pytest.raises(NotAllowed):
            async with transaction() as session:
                await bulk.apply(session, viewer, "k", act, {order.id: 1}, source="web")
    with pytest.raises(NotFound):
        async with transaction() as session:
            await bulk.undo(session, helpdesk, "k", source="web")
    async with transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM request_key")) == 0
        assert await session.scalar(select(func.count()).where(Order.version > 1)) == 0
