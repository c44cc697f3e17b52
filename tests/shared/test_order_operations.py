"""What may be done with an order, by whom, and what two people at once get."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import transaction
from shared.errors import Invalid, NotAllowed, NotFound
from shared.events import EventRow
from shared.orders import operations, queries
from shared.orders.models import Category, Order
from shared.orders.operations import AlreadyRegistered, AlreadyTaken, NewOrder, Origin, StaleOrder, TooLate
from shared.orders.states import IllegalMove
from shared.outbox import OutboxRow
from shared.people.queries import viewer_of
from tests import factories
from tests.factories import TECHNICIAN_CHAT


async def outbox_states(session: AsyncSession, order: Order) -> list[str]:
    rows = await session.scalars(
        select(OutboxRow.state)
        .join(EventRow, EventRow.id == OutboxRow.event_id)
        .where(EventRow.order_id == order.id)
        .order_by(OutboxRow.id)
    )
    return list(rows)


async def reason_id(session: AsyncSession, label: str) -> int:
    data = await queries.master(session)
    return next(reason.id for reason in data.reasons.values() if reason.label_id == label)


async def test_a_registered_order_starts_new_with_a_running_clock_and_one_event(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    assert (order.status_code, order.category, order.version) == ("BARU", Category.RECEIVED, 1)
    assert order.technician_id == here.technician.id
    assert order.due_at is not None
    assert order.due_at > order.registered_at
    [entry] = await queries.timeline(session, order.id)
    assert (entry.event.name, entry.event.seq, entry.actor_name) == ("order.registered", 1, "Rizal Fauzi")
    assert await outbox_states(session, order) == ["waiting"]


async def test_the_same_number_is_refused_and_the_refusal_knows_the_first_order(session: AsyncSession) -> None:
    here = await factories.town(session)
    first = await factories.order(session, here, registration_no="SC32232558")
    with pytest.raises(AlreadyRegistered) as refused:
        await factories.order(session, here, registration_no="SC32232558")
    assert refused.value.existing.order.id == first.id
    assert refused.value.existing.registrant_name == "Rizal Fauzi"


async def test_the_same_message_registers_once_however_often_it_comes(session: AsyncSession) -> None:
    here = await factories.town(session)
    origin = Origin(TECHNICIAN_CHAT, 77)
    first = await factories.order(session, here, registration_no="SC32232558", origin=origin)
    again = await factories.order(session, here, registration_no="SC32232558", origin=origin)
    assert again.id == first.id


@pytest.mark.parametrize(
    ("first", "ended", "second", "allowed"),
    [
        ("AO", None, "AO", False),
        ("AO", "SELESAI", "AO", False),
        ("AO", "BATAL", "AO", True),
        ("AO", None, "CONFIG", False),
        ("AO", "SELESAI", "CONFIG", True),
        ("CONFIG", None, "AO", False),
        ("CONFIG", "SELESAI", "AO", False),
        ("CONFIG", "SELESAI", "CONFIG", True),
        ("MO", "SELESAI", "PDA", False),
    ],
)
async def test_the_duplicate_rule_is_the_types(
    session: AsyncSession, first: str, ended: str | None, second: str, allowed: bool
) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here, registration_no="SC32232558", type_code=first)
    if ended:
        reason = await reason_id(session, "Dibatalkan pelanggan") if ended == "BATAL" else None
        desk = await viewer_of(session, here.helpdesk)
        await operations.change_status(session, desk, order.id, 1, ended, source="web", reason_id=reason)
    if allowed:
        assert (await factories.order(session, here, registration_no="SC32232558", type_code=second)).id != order.id
    else:
        with pytest.raises(AlreadyRegistered):
            await factories.order(session, here, registration_no="SC32232558", type_code=second)


async def test_fifty_groups_that_send_the_same_number_at_once_make_one_order(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)

    async def send(message_id: int) -> str:
        try:
            async with transaction() as session:
                await factories.order(
                    session, here, registration_no="SC32232558", origin=Origin(TECHNICIAN_CHAT - message_id, message_id)
                )
        except AlreadyRegistered:
            return "refused"
        return "registered"

    answers = await asyncio.gather(*(send(number) for number in range(1, 51)))
    assert sorted(answers) == ["refused"] * 49 + ["registered"]


async def test_helpdesk_sets_a_status_and_the_timeline_tells_it(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    reason = await reason_id(session, "ODP penuh")
    changed = await operations.change_status(
        session, desk, order.id, 1, "KENDALA", source="web", reason_id=reason, note="pindah ke 007", hold=10
    )
    assert (changed.order.status_code, changed.order.version) == ("KENDALA", 2)
    entry = (await queries.timeline(session, order.id))[0]
    assert (entry.event.seq, entry.actor_name, entry.event.payload["note"]) == (2, "Nadia Putri", "pindah ke 007")


async def test_an_obstacle_needs_a_reason_of_its_own(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    with pytest.raises(Invalid) as missing:
        await operations.change_status(session, desk, order.id, 1, "KENDALA", source="web")
    assert missing.value.fields == {"reason": "required"}
    foreign = await reason_id(session, "Dibatalkan pelanggan")
    with pytest.raises(Invalid):
        await operations.change_status(session, desk, order.id, 1, "KENDALA", source="web", reason_id=foreign)


async def test_a_reason_of_the_customers_stops_the_clock_and_going_on_starts_it(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    away = await reason_id(session, "Pelanggan tidak di lokasi")
    paused = await operations.change_status(session, desk, order.id, 1, "KENDALA", source="web", reason_id=away)
    assert paused.order.due_at is None
    assert paused.order.running_since is None
    going = await operations.change_status(session, desk, order.id, 2, "OGP", source="web")
    assert going.order.due_at is not None


async def test_a_change_on_a_stale_page_is_refused_with_what_happened_meanwhile(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    rudi = await viewer_of(session, here.second_helpdesk)
    await operations.change_status(session, rudi, order.id, 1, "OGP", source="web")
    nadia = await viewer_of(session, here.helpdesk)
    with pytest.raises(StaleOrder) as stale:
        await operations.change_status(session, nadia, order.id, 1, "SELESAI", source="web")
    assert stale.value.now.order.status_code == "OGP"
    assert [entry.actor_name for entry in stale.value.since] == ["Rudi Hartono"]


async def test_fifty_changes_of_one_order_at_once_make_one_change(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        order = await factories.order(session, here)
        desk = await viewer_of(session, here.helpdesk)

    async def change(number: int) -> str:
        try:
            async with transaction() as session:
                await operations.change_status(session, desk, order.id, 1, "OGP", source="web", note=str(number))
        except StaleOrder:
            return "stale"
        return "changed"

    answers = await asyncio.gather(*(change(number) for number in range(50)))
    assert answers.count("changed") == 1
    async with transaction() as session:
        seqs = list(await session.scalars(select(EventRow.seq).where(EventRow.order_id == order.id).order_by("seq")))
    assert seqs == [1, 2]


async def test_taking_an_order_makes_it_mine_and_a_second_taker_learns_who_has_it(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    nadia, rudi = await viewer_of(session, here.helpdesk), await viewer_of(session, here.second_helpdesk)
    taken = await operations.take(session, nadia, order.id, source="bot")
    assert (taken.order.status_code, taken.order.holder_id) == ("OGP", nadia.person_id)
    with pytest.raises(AlreadyTaken) as other:
        await operations.take(session, rudi, order.id, source="bot")
    assert other.value.now.holder_name == "Nadia Putri"
    again = await operations.take(session, nadia, order.id, source="bot")
    assert again.order.version == taken.order.version


async def test_taking_over_is_said_by_name(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    await operations.take(session, await viewer_of(session, here.helpdesk), order.id, source="web")
    rudi = await viewer_of(session, here.second_helpdesk)
    over = await operations.take(session, rudi, order.id, source="web", over=True)
    assert over.order.holder_id == rudi.person_id


async def test_a_change_can_be_taken_back_while_nobody_has_heard_of_it(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    changed = await operations.change_status(session, desk, order.id, 1, "SELESAI", source="web", note="ok", hold=10)
    back = await operations.undo(session, desk, changed.event_id, source="web")
    assert (back.status_code, back.version, back.feedback, back.closed_at) == ("BARU", 3, "", None)
    assert await outbox_states(session, order) == ["waiting", "cancelled"]
    assert (await queries.timeline(session, order.id))[0].event.name == "order.change_undone"


async def test_what_was_heard_cannot_be_taken_back(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    changed = await operations.change_status(session, desk, order.id, 1, "SELESAI", source="web", hold=0)
    with pytest.raises(TooLate):
        await operations.undo(session, desk, changed.event_id, source="web")


async def test_nobody_takes_back_what_another_did(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk = await viewer_of(session, here.helpdesk)
    changed = await operations.change_status(session, desk, order.id, 1, "SELESAI", source="web", hold=10)
    with pytest.raises(NotAllowed):
        await operations.undo(session, await viewer_of(session, here.second_helpdesk), changed.event_id, source="web")


async def test_a_finished_order_is_reopened_by_a_team_leader_only_and_with_a_word(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    desk, leader = await viewer_of(session, here.helpdesk), await viewer_of(session, here.leader)
    await operations.change_status(session, desk, order.id, 1, "SELESAI", source="web")
    with pytest.raises(NotAllowed):
        await operations.change_status(session, desk, order.id, 2, "OGP", source="web", note="salah")
    with pytest.raises(Invalid):
        await operations.change_status(session, leader, order.id, 2, "OGP", source="web")
    reopened = await operations.change_status(session, leader, order.id, 2, "OGP", source="web", note="belum selesai")
    assert reopened.order.closed_at is None
    assert reopened.order.due_at is not None


async def test_a_cancelled_order_does_not_come_back_beside_its_successor(session: AsyncSession) -> None:
    here = await factories.town(session)
    old = await factories.order(session, here, registration_no="SC32232558")
    desk, leader = await viewer_of(session, here.helpdesk), await viewer_of(session, here.leader)
    reason = await reason_id(session, "Dibatalkan pelanggan")
    await operations.change_status(session, desk, old.id, 1, "BATAL", source="web", reason_id=reason)
    await factories.order(session, here, registration_no="SC32232558")
    with pytest.raises(IllegalMove):
        await operations.change_status(session, leader, old.id, 2, "BARU", source="web", note="kembali")


async def test_another_areas_order_looks_like_none(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    stranger = await viewer_of(session, here.outsider)
    for attempt in (
        queries.by_id(session, stranger, order.id),
        queries.by_number(session, stranger, order.registration_no),
        operations.change_status(session, stranger, order.id, 1, "OGP", source="web"),
        operations.take(session, stranger, order.id, source="web"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_roles_that_may_not_are_refused(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await factories.order(session, here)
    for person in (here.supervisor, here.technician, here.collector):
        viewer = await viewer_of(session, person)
        with pytest.raises(NotAllowed):
            await operations.take(session, viewer, order.id, source="web")
    with pytest.raises(NotAllowed):
        await factories.order(session, here, by=here.collector)
    with pytest.raises(NotAllowed):
        await factories.order(session, here, by=here.outsider, sto="SDA")


async def test_an_unknown_sto_or_type_is_named(session: AsyncSession) -> None:
    here = await factories.town(session)
    asking = await viewer_of(session, here.technician)
    with pytest.raises(Invalid) as wrong:
        await operations.register(session, asking, NewOrder("SC1234567", "XX", "QQQ"), source="web")
    assert wrong.value.fields == {"type": "unknown", "sto": "unknown"}


async def test_the_place_in_the_queue_counts_the_units_untaken_orders(session: AsyncSession) -> None:
    here = await factories.town(session)
    first = await factories.order(session, here)
    await factories.order(session, here, sto="TUN")
    third = await factories.order(session, here)
    assert await queries.place_in_queue(session, third) == 3
    await operations.take(session, await viewer_of(session, here.helpdesk), first.id, source="web")
    assert await queries.place_in_queue(session, third) == 2


async def test_no_event_without_its_change(session: AsyncSession) -> None:
    here = await factories.town(session)
    before = await session.scalar(select(func.count()).select_from(EventRow))
    async with session.begin_nested() as point:
        await factories.order(session, here)
        await point.rollback()
    assert await session.scalar(select(func.count()).select_from(EventRow)) == before
