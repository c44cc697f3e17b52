"""Master data below the pages: patterns that cannot hang, history that adds up, clocks recounted, memories that end."""

import asyncio
from datetime import date, time, timedelta

import pytest
from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, db
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.errors import Invalid, NotAllowed, NotFound
from shared.orders import masterdata, queries
from shared.orders.masterdata import LastOne, Status, Type, Why, check_pattern
from shared.orders.models import Category, Order, OrderStatus, OrderType, Reason
from shared.people.access import Viewer
from shared.people.queries import viewer_of
from shared.places import history, operations
from shared.places.models import Sto, StoSite
from shared.places.operations import Exchange, Site, SiteInUse
from shared.settings import settings
from tests import factories
from tests.factories import Town


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    return await factories.town(session)


@pytest.fixture
async def admin(session: AsyncSession, here: Town) -> Viewer:
    return await viewer_of(session, here.admin)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"^SC\d{6,12}$", "SC32232558"),
        (r"SC\d{8}", "SC32232558"),
        (r"^(SC|WO)\d{6,10}$", "WO123456"),
        (r"^(?:A|B)[0-9A-F]{4}$", "B00FF"),
        (r"^M[A-Z]?\d{3}$", "MX123"),
    ],
)
def test_a_pattern_of_counted_parts_is_taken(pattern: str, example: str) -> None:
    assert check_pattern(pattern, example) == {}


@pytest.mark.parametrize(
    "pattern",
    ["(A+)+", r"\d*", "A+", "(AB){2,9}", "(A?){9}", ".*", "A{1,99}" * 8, "(", "[", "A|", "", r"\w", "(?=A)", "a", "^$"],
)
def test_a_pattern_that_may_hang_or_means_everything_is_refused(pattern: str) -> None:
    assert check_pattern(pattern, "A")


async def test_only_who_may_change_master_data_does(session: AsyncSession, here: Town) -> None:
    kind = Type("Uji", "Test", r"^SC\d{8}$", "SC12345678", True, 30, 9)
    for person in (here.helpdesk, here.leader, here.supervisor, here.technician, here.collector):
        viewer = await viewer_of(session, person)
        with pytest.raises(NotAllowed):
            await masterdata.save_type(session, viewer, "UJI", kind, source="web", new=True)
        with pytest.raises(NotAllowed):
            await operations.switch_sto(session, viewer, here.sda.id, active=False, source="web")
        with pytest.raises(NotAllowed):
            await operations.move(session, viewer, here.sda.id, here.other_site.id, operations.today(), source="web")


async def test_every_change_writes_one_note_with_before_and_after(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    kind = Type("Uji", "Test", r"^SC\d{8}$", "SC12345678", True, 30, 9)
    await masterdata.save_type(session, admin, "UJI", kind, source="web", new=True)
    await masterdata.save_type(session, admin, "UJI", Type(**(vars_of(kind) | {"target_minutes": 45})), source="web")
    await masterdata.switch_type(session, admin, "UJI", active=False, source="web")
    rows = (await session.scalars(select(AuditRow).where(AuditRow.subject == "type:UJI").order_by(AuditRow.id))).all()
    assert [row.what for row in rows] == ["type.added", "type.changed", "type.deactivated"]
    assert rows[1].details["before"]["target_minutes"] == 30
    assert rows[1].details["after"]["target_minutes"] == 45
    assert rows[1].actor_id == here.admin.id


def vars_of(kind: Type) -> dict[str, object]:
    return {name: getattr(kind, name) for name in kind.__slots__}


async def test_an_order_keeps_the_target_it_was_made_with(session: AsyncSession, here: Town, admin: Viewer) -> None:
    order = await factories.order(session, here)
    kind = Type("Pasang baru", "New", r"^SC\d{6,12}$", "SC32232558", True, 240, 1)
    await masterdata.save_type(session, admin, "AO", kind, source="web")
    later = await factories.order(session, here)
    assert (order.target_seconds, later.target_seconds) == (3600, 14400)


async def test_a_number_of_another_type_is_refused(session: AsyncSession, here: Town, admin: Viewer) -> None:
    kind = Type("Pasang baru", "New", r"^WO\d{6}$", "WO123456", True, 60, 1)
    await masterdata.save_type(session, admin, "AO", kind, source="web")
    with pytest.raises(Invalid) as refused:
        await factories.order(session, here, type_code="AO")
    assert refused.value.fields == {"number": "of_another_type"}
    assert (await factories.order(session, here, type_code="AO", registration_no="WO123456")).type_code == "AO"
    assert (await factories.order(session, here, type_code="MO")).type_code == "MO"
    patterns = (await queries.master(session)).patterns()
    assert patterns.types == ("AO", "MO", "PDA", "CONFIG")


async def test_a_new_status_may_take_the_place_of_one_switched_off(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    with pytest.raises(LastOne):
        await masterdata.switch_status(session, admin, "BARU", active=False, source="web")
    status = Status("Masuk", "Inbox", Category.RECEIVED, False, 9)
    await masterdata.save_status(session, admin, "MASUK", status, source="web", new=True)
    await masterdata.save_moves(session, admin, "MASUK", {"OGP": (frozenset({"helpdesk"}), True)}, source="web")
    await masterdata.switch_status(session, admin, "BARU", active=False, source="web")
    assert (await factories.order(session, here)).status_code == "MASUK"
    with pytest.raises(LastOne):
        await masterdata.switch_status(session, admin, "MASUK", active=False, source="web")
    for moves in ({}, {"OGP": (frozenset({"technician"}), False)}, {"MASUK": (frozenset({"admin"}), False)}):
        with pytest.raises(Invalid):
            await masterdata.save_moves(session, admin, "MASUK", moves, source="web")
    with pytest.raises(NotFound):
        await masterdata.save_moves(session, admin, "TIADA", {}, source="web")


async def test_the_last_reason_of_a_status_that_needs_one_stays(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    reasons = list(await session.scalars(select(Reason.id).where(Reason.status_code == "BATAL").order_by(Reason.id)))
    for each in reasons[:-1]:
        await masterdata.switch_reason(session, admin, each, active=False, source="web")
    with pytest.raises(LastOne):
        await masterdata.switch_reason(session, admin, reasons[-1], active=False, source="web")
    why = Why("BATAL", "Alasan lain", "Other", "customer", "stops", 9)
    made = await session.get_one(Reason, await masterdata.save_reason(session, admin, why, source="web"))
    assert (made.whose, made.clock) == (None, "ends")


async def test_a_site_operation_counts_on_the_day_an_sto_belonged_to_it(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    turn = operations.today() - timedelta(days=10)
    await operations.move(session, admin, here.tun.id, here.other_site.id, turn, source="web")

    async def site_on(day: date, sto: Sto = here.tun) -> int | None:
        wanted = select(StoSite.site_operation_id).where(StoSite.sto_id == sto.id, *history.holds_on(literal(day)))
        return await session.scalar(wanted)

    assert await site_on(turn - timedelta(days=1)) == here.site.id
    assert await site_on(date(2001, 1, 1)) == here.site.id
    assert await site_on(turn) == here.other_site.id
    assert await site_on(operations.today() + timedelta(days=99)) == here.other_site.id
    assert await site_on(date(2001, 1, 1), here.sda) is None  # always where it is now
    await operations.move(session, admin, here.tun.id, here.site.id, operations.today(), source="web")
    assert await site_on(turn) == here.other_site.id
    assert await site_on(operations.today()) == here.site.id
    with pytest.raises(Invalid):
        await operations.move(session, admin, here.tun.id, here.other_site.id, turn, source="web")


async def test_a_planned_move_happens_on_its_day(session: AsyncSession, here: Town, admin: Viewer) -> None:
    day = operations.today() + timedelta(days=3)
    await operations.move(session, admin, here.tun.id, here.other_site.id, day, source="web")
    assert await operations.do_planned_moves(session, day - timedelta(days=1)) == []
    with clock.stopped_at(clock.now().replace(hour=3, minute=0)):  # 10.00 WIB
        order = await factories.order(session, here, sto="TUN")
        site = Site("SO-SPJ", "Sepanjang", "SDO", zone="Asia/Jayapura", opens=time(8), closes=time(9))
        await operations.save_site(session, admin, site, source="web", site_id=here.other_site.id)
        due = order.due_at
        assert await operations.do_planned_moves(session, day) == [here.tun.id]
        await session.refresh(order)
        assert due
        assert order.due_at
        assert order.due_at > due
    assert await operations.do_planned_moves(session, day) == []
    assert (await session.get_one(Sto, here.tun.id, populate_existing=True)).site_operation_id == here.other_site.id
    with pytest.raises(NotFound):
        await operations.unplan(session, admin, here.sda.id, source="web")
    assert len((await session.scalars(select(StoSite))).all()) == 2


async def test_open_orders_fall_due_anew_when_hours_or_holidays_change(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    noon = clock.now().replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=2)  # 12.00 WIB
    with clock.stopped_at(noon):
        order = await factories.order(session, here)
        assert order.due_at == noon + timedelta(hours=1)
        site = Site("SO-SDA", "Sidoarjo Kota", "SDO", opens=time(8), closes=time(12, 30))
        await operations.save_site(session, admin, site, source="web", site_id=here.site.id)
        await session.refresh(order)
        assert order.due_at == noon.replace(hour=1, minute=30) + timedelta(days=1)
        tomorrow = clock.local(noon, "Asia/Jakarta").date() + timedelta(days=1)
        await operations.add_holiday(session, admin, tomorrow, "Libur", None, source="web")
        await session.refresh(order)
        assert order.due_at == noon.replace(hour=1, minute=30) + timedelta(days=2)
        assert order.sort_at == order.due_at


async def test_a_unit_in_use_is_not_switched_off_and_codes_stay_unique(
    session: AsyncSession, here: Town, admin: Viewer
) -> None:
    with pytest.raises(SiteInUse) as used:
        await operations.switch_site(session, admin, here.site.id, active=False, source="web")
    assert used.value.count == 2
    with pytest.raises(Invalid) as taken:
        await operations.save_sto(session, admin, Exchange("SDA", "Kembar", here.site.id), source="web")
    assert taken.value.fields == {"code": "taken"}
    with pytest.raises(Invalid) as wrong:
        await operations.save_sto(
            session, admin, Exchange("sd1", "", 999999, date(2026, 5, 2), date(2026, 5, 1)), source="web"
        )
    assert wrong.value.fields == {
        "name": "missing",
        "code": "pattern",
        "site": "unknown",
        "valid_to": "before_from",
    }
    with pytest.raises(NotFound):
        await operations.save_sto(session, admin, Exchange("ABC", "Baru", 1), source="web", sto_id=999999)


async def test_every_process_is_told_that_master_data_changed(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
    heard = db.listen(settings().plain_database_url, ["sikpro_master"], patience=10)
    assert await anext(heard) is None
    async with transaction() as session:
        admin = await viewer_of(session, here.admin)
        await masterdata.switch_type(session, admin, "PDA", active=False, source="web")
    assert await asyncio.wait_for(anext(heard), 5) == ("sikpro_master", "")
    async with transaction() as session:
        assert not (await queries.master(session)).types["PDA"].active
    await heard.aclose()


async def test_what_is_switched_off_is_never_deleted(session: AsyncSession, here: Town, admin: Viewer) -> None:
    order = await factories.order(session, here, type_code="PDA")
    await masterdata.switch_type(session, admin, "PDA", active=False, source="web")
    await operations.switch_sto(session, admin, here.sda.id, active=False, source="web")
    assert await session.get(OrderType, "PDA") is not None
    assert await session.get(OrderStatus, "OGP") is not None
    facts = await queries.by_id(session, admin, order.id)
    assert (facts.order.type_code, facts.sto_code) == ("PDA", "SDA")
    with pytest.raises(Invalid):
        await factories.order(session, here, type_code="PDA")
    assert await session.scalar(select(Order.id).where(Order.id == order.id)) == order.id
