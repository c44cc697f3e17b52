"""Orders thrown away: who may, what it frees, what comes back, and what is gone for good."""

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.listeners_trash import ears
from shared import clock, migrate, upkeep
from shared.audit.models import AuditRow
from shared.db import Table, transaction
from shared.deliveries.models import Delivery, State
from shared.errors import Invalid, NotAllowed, NotFound
from shared.events import EventRow
from shared.orders import board, operations, queries
from shared.orders.models import Order
from shared.orders.operations import AlreadyRegistered, Origin, StaleOrder, TooLate
from shared.outbox import OutboxRow
from shared.people.access import Viewer
from shared.photos import files as pictures
from shared.photos.models import OrderPhoto
from shared.trash import operations as trash
from shared.trash import purge
from shared.trash import queries as bin_
from shared.trash.models import Trashed
from shared.trash.operations import NumberTaken
from tests import factories
from tests.conftest import set_environment
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT, Town

ORIGIN = Origin(TECHNICIAN_CHAT, 4711)


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    return await factories.town(session)


@pytest.fixture
async def leader(session: AsyncSession, here: Town) -> Viewer:
    return await factories.viewer(session, here.leader)


@pytest.fixture
async def admin(session: AsyncSession, here: Town) -> Viewer:
    return await factories.viewer(session, here.admin)


async def thrown(session: AsyncSession, viewer: Viewer, order: Order, why: str = "salah ketik", **given: Any) -> int:
    changed = await trash.delete(session, viewer, order.id, order.version, why, source="web", **given)
    return changed.event_id


async def acts(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(AuditRow.what).order_by(AuditRow.id)))


async def told(session: AsyncSession, order: Order) -> list[Delivery]:
    """Have the notifier hear everything of an order, and return what it made of it."""
    await session.commit()
    await ears.hear(f"order:{order.id}")
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.order_id == order.id)
        .order_by(Delivery.id)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def test_a_deleted_order_is_found_nowhere_and_its_number_is_free(
    session: AsyncSession, here: Town, leader: Viewer, admin: Viewer
) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    number = order.registration_no
    await thrown(session, leader, order)
    for viewer in (leader, admin, await factories.viewer(session, here.technician, TECHNICIAN_CHAT)):
        with pytest.raises(NotFound):
            await queries.by_id(session, viewer, order.id)
        with pytest.raises(NotFound):
            await queries.by_number(session, viewer, number)
    with pytest.raises(NotFound):
        await queries.by_number(session, None, number)  # by this the bot refuses a duplicate early
    for words in ("", number):
        given = board.Filters(view="semua", words=words)
        assert (await board.page(session, leader, given)).rows == []
        assert await board.total(session, leader, given) == 0
    assert (await board.counts(session, leader, board.Filters()))["order"] == 0
    again = await factories.order(session, here, registration_no=number, origin=ORIGIN)
    assert again.id != order.id


async def test_a_deletion_needs_the_right_the_area_a_reason_and_the_version_seen(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    order = await factories.order(session, here)
    there = await factories.order(session, here, by=here.outsider, sto="SPJ", odp=None, technician_code=None)
    for person in (here.technician, here.collector, here.helpdesk, here.supervisor):
        with pytest.raises(NotAllowed):
            await thrown(session, await factories.viewer(session, person), order)
    with pytest.raises(NotFound):
        await thrown(session, leader, there)
    for why, code in (("", "required"), ("  \n ", "required"), ("x" * 501, "too_long")):
        with pytest.raises(Invalid) as wrong:
            await thrown(session, leader, order, why)
        assert wrong.value.fields == {"why": code}
    with pytest.raises(StaleOrder):
        await trash.delete(session, leader, order.id, order.version + 1, "salah ketik", source="web")
    assert await session.scalar(select(func.count()).select_from(Trashed)) == 0
    assert await acts(session) == []


async def test_an_undo_brings_it_back_and_nobody_hears_of_it(
    session: AsyncSession, here: Town, leader: Viewer, admin: Viewer
) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    event = await thrown(session, leader, order, hold=10)
    with pytest.raises(NotAllowed):
        await trash.undo_delete(session, admin, event, source="web")
    back = await trash.undo_delete(session, leader, event, source="web")
    assert (back.order.deleted_at, back.told, back.order.version) == (None, False, 3)
    assert await acts(session) == ["order.deleted", "order.restored"]
    kinds = [delivery.kind for delivery in await told(session, order)]
    assert kinds == ["card"]
    with pytest.raises(NotFound):
        await trash.undo_delete(session, leader, event, source="web")


async def test_after_the_hold_there_is_no_undo_but_a_way_back_that_is_told(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    card = (await told(session, order))[0]
    await session.execute(update(Delivery).where(Delivery.id == card.id).values(state=State.SENT, message_id=90))
    event = await thrown(session, leader, order, "nomor <b>keliru</b>")
    with pytest.raises(TooLate):
        await trash.undo_delete(session, leader, event, source="web")
    _, reply, edit = await told(session, order)
    assert (reply.kind, reply.chat_id, reply.payload["reply_parameters"]["message_id"]) == (
        "status",
        TECHNICIAN_CHAT,
        4711,
    )
    assert "Dihapus" in reply.payload["text"]
    assert "nomor &lt;b&gt;keliru&lt;/b&gt;" in reply.payload["text"]
    assert (edit.chat_id, edit.edits) == (HELPDESK_CHAT, card.id)
    assert edit.payload["reply_markup"] == {"inline_keyboard": []}
    assert "Dihapus" in edit.payload["text"]
    back = await trash.restore(session, leader, order.id, source="web")
    assert back.told
    assert [each.kind for each in (await told(session, order))[3:]] == ["status", f"card_edit:{card.id}"]


async def test_a_card_that_had_not_left_never_does_and_comes_anew_with_the_order(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    [card] = await told(session, order)
    await thrown(session, leader, order)
    assert [(each.kind, each.state) for each in await told(session, order)] == [
        ("card", State.CANCELLED),
        ("status", State.WAITING),
    ]
    await trash.restore(session, leader, order.id, source="web")
    after = [(each.kind, each.state) for each in await told(session, order)]
    assert after[2:] == [("status", State.WAITING), ("card", State.WAITING)]
    assert card.id


async def test_an_order_deleted_before_anybody_heard_of_it_makes_no_card(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    order = await factories.order(session, here)
    await thrown(session, leader, order)
    assert [each.kind for each in await told(session, order) if each.kind == "card"] == []


async def test_a_restore_is_refused_when_the_number_was_registered_again(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    order = await factories.order(session, here)
    await thrown(session, leader, order)
    again = await factories.order(session, here, registration_no=order.registration_no)
    with pytest.raises(NumberTaken) as refused:
        await trash.restore(session, leader, order.id, source="web")
    assert refused.value.existing is not None
    assert refused.value.existing.order.id == again.id


async def test_restoring_needs_the_right_and_the_area(session: AsyncSession, here: Town, admin: Viewer) -> None:
    order = await factories.order(session, here, by=here.outsider, sto="SPJ", odp=None, technician_code=None)
    await thrown(session, admin, order)
    with pytest.raises(NotFound):
        await trash.restore(session, await factories.viewer(session, here.leader), order.id, source="web")
    with pytest.raises(NotAllowed):
        await trash.restore(session, await factories.viewer(session, here.outsider), order.id, source="web")
    assert await bin_.page(session, await factories.viewer(session, here.leader)) == []
    assert [each.order.id for each in await bin_.page(session, admin)] == [order.id]


async def test_the_trash_is_paged_and_searched(session: AsyncSession, here: Town, leader: Viewer) -> None:
    orders = [await factories.order(session, here) for _ in range(5)]
    for order in orders:
        await thrown(session, leader, order, "kembar di sistem lain" if order is orders[0] else "salah ketik")
    first = await bin_.page(session, leader, size=2)
    assert [each.order.id for each in first[:2]] == [orders[4].id, orders[3].id]
    place = (first[1].trashed.deleted_at, first[1].order.id)
    assert [each.order.id for each in await bin_.page(session, leader, after=place)][0:1] == [orders[2].id]
    assert [each.order.id for each in await bin_.page(session, leader, "kembar SISTEM")] == [orders[0].id]
    assert [each.order.id for each in await bin_.page(session, leader, orders[1].registration_no)] == [orders[1].id]
    assert await bin_.page(session, leader, "%_'; DROP TABLE trash") == []


async def test_a_purge_takes_everything_of_the_order_but_what_was_sent(
    session: AsyncSession, here: Town, leader: Viewer, admin: Viewer
) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    kept = await factories.order(session, here)
    [card] = await told(session, order)
    await session.execute(update(Delivery).where(Delivery.id == card.id).values(state=State.SENT, message_id=90))
    await thrown(session, leader, order)
    with pytest.raises(NotAllowed):
        await purge.purge(session, leader, [order.id], order.registration_no, source="web")
    for typed in ("", "1", "SC1", order.registration_no[:-1]):
        with pytest.raises(Invalid) as wrong:
            await purge.purge(session, admin, [order.id], typed, source="web")
        assert wrong.value.fields == {"typed": "not_the_same"}
    with pytest.raises(Invalid):
        await purge.purge(session, admin, [order.id, kept.id], "2", source="web")  # one of them is not in the trash
    number, order_id = order.registration_no, order.id
    assert await purge.purge(session, admin, [order_id], f" {number.lower()} ", source="web") == [number]
    assert await session.scalar(select(func.count()).where(Order.id == order_id)) == 0
    assert await session.scalar(select(func.count()).where(EventRow.order_id == order_id)) == 0
    assert await session.scalar(select(func.count()).select_from(Trashed)) == 0
    left = (await session.scalars(select(Delivery).execution_options(populate_existing=True))).all()
    assert [(each.state, each.message_id, each.payload, each.order_id) for each in left if each.id == card.id] == [
        (State.SENT, 90, {}, None)
    ]
    row = (await session.scalars(select(AuditRow).where(AuditRow.what == "order.purged"))).one()
    assert (row.subject, row.details["why"], row.actor_id) == (f"order:{number}", "salah ketik", here.admin.id)
    assert await session.scalar(select(func.count()).where(Order.id == kept.id)) == 1


async def test_a_purge_takes_the_pictures_along_once_it_is_certain(
    session: AsyncSession, here: Town, admin: Viewer, tmp_path: Path
) -> None:
    set_environment(SIKPRO_DATA=str(tmp_path))
    order = await factories.order(session, here)
    session.add(
        OrderPhoto(
            order_id=order.id, chat_id=1, message_id=1, sender_id=here.technician.id, file_id="large", thumb_id="small"
        )
    )
    await session.flush()
    for name in ("large", "small", "of another order"):
        pictures.place(name).parent.mkdir(parents=True, exist_ok=True)
        pictures.place(name).write_bytes(b"x")
    await thrown(session, admin, order)
    await session.commit()
    order_id, number = order.id, order.registration_no
    await purge.purge(session, admin, [order_id], number, source="web")
    await session.rollback()
    assert pictures.place("large").exists()
    await purge.purge(session, admin, [order_id], number, source="web")
    await session.commit()
    left = [name for name in ("large", "small", "of another order") if pictures.place(name).exists()]
    assert left == ["of another order"]


async def test_a_message_on_its_way_holds_the_purge_back(session: AsyncSession, here: Town, admin: Viewer) -> None:
    order = await factories.order(session, here, origin=ORIGIN)
    [card] = await told(session, order)
    await session.execute(update(Delivery).where(Delivery.id == card.id).values(state=State.UNKNOWN))
    await thrown(session, admin, order)
    with pytest.raises(purge.StillSending):
        await purge.purge(session, admin, [order.id], order.registration_no, source="web")


async def test_upkeep_purges_what_has_lain_for_thirty_days_and_nothing_younger(
    session: AsyncSession, here: Town, leader: Viewer
) -> None:
    orders = [await factories.order(session, here, origin=Origin(TECHNICIAN_CHAT, n)) for n in (1, 2, 3)]
    for order in orders[:2]:
        await thrown(session, leader, order)
    old = text("UPDATE trash SET deleted_at = now() - interval '30 days 1 hour' WHERE order_id = :id")
    young = text("UPDATE trash SET deleted_at = now() - interval '29 days 23 hours' WHERE order_id = :id")
    await session.execute(old, {"id": orders[0].id})
    await session.execute(young, {"id": orders[1].id})
    number = orders[0].registration_no
    await upkeep.tidy(session)
    left = set(await session.scalars(select(Order.id)))
    assert left == {orders[1].id, orders[2].id}
    row = (await session.scalars(select(AuditRow).where(AuditRow.what == "order.purged"))).one()
    assert (row.subject, row.source, row.actor_id) == (f"order:{number}", "system", None)
    assert await upkeep.tidy(session) == 0


def test_every_table_that_points_to_an_order_is_known_to_the_purge() -> None:
    """A new table must go along with its order, or the purge of that order would fail."""
    for module in migrate.MODELS:
        importlib.import_module(module)
    keys = [key for table in Table.metadata.tables.values() for key in table.foreign_keys]
    pointing = {
        key.parent.table.name for key in keys if key.column.table.name in {"orders", "event"} and not key.ondelete
    }
    assert pointing == purge.BY_HAND


async def test_two_leaders_delete_and_change_the_same_order_and_one_of_them_wins(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        orders = [await factories.order(session, here) for _ in range(8)]

    async def delete(order: Order) -> str:
        async with transaction() as session:
            viewer = await factories.viewer(session, here.leader)
            await trash.delete(session, viewer, order.id, order.version, "salah ketik", source="web")
            return "deleted"

    async def change(order: Order) -> str:
        async with transaction() as session:
            viewer = await factories.viewer(session, here.helpdesk)
            await operations.change_status(session, viewer, order.id, order.version, "OGP", source="web")
            return "changed"

    for order in orders:
        results = await asyncio.gather(delete(order), change(order), delete(order), return_exceptions=True)
        won = [each for each in results if isinstance(each, str)]
        assert len(won) == 1, results
        assert all(isinstance(each, (str, StaleOrder, NotFound)) for each in results), results
        async with transaction() as session:
            now = await session.get(Order, order.id)
            assert now is not None
            assert (now.deleted_at is not None, now.version) == (won == ["deleted"], 2)


async def test_a_restore_and_a_new_registration_race_and_one_living_order_is_left(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        orders = [await factories.order(session, here) for _ in range(8)]
        leader = await factories.viewer(session, here.leader)
        for order in orders:
            await trash.delete(session, leader, order.id, 1, "salah ketik", source="web")

    async def restore(order: Order) -> None:
        async with transaction() as session:
            await trash.restore(session, leader, order.id, source="web")

    async def register(order: Order) -> None:
        async with transaction() as session:
            await factories.order(session, here, registration_no=order.registration_no)

    for order in orders:
        results = await asyncio.gather(restore(order), register(order), return_exceptions=True)
        assert [each for each in results if each is None] == [None], results
        assert all(each is None or isinstance(each, (NumberTaken, AlreadyRegistered)) for each in results), results
        async with transaction() as session:
            same = select(func.count()).where(
                Order.registration_no == order.registration_no, Order.deleted_at.is_(None)
            )
            assert await session.scalar(same) == 1
    async with transaction() as session:
        waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == "waiting")
        assert await session.scalar(waiting) or clock.now()
