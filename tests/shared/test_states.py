"""Every pair of statuses, for every role that could try, against the table of moves."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Invalid, NotAllowed, SikproError
from shared.orders import queries, sla_fields
from shared.orders.models import Order
from shared.orders.sla import Calendar
from shared.orders.states import IllegalMove, check_move, reachable
from shared.people.models import Role

CODES = ["BARU", "OGP", "KENDALA", "SELESAI", "BATAL"]
DESK = {
    ("BARU", "OGP"),
    ("BARU", "KENDALA"),
    ("BARU", "SELESAI"),
    ("BARU", "BATAL"),
    ("OGP", "BARU"),
    ("OGP", "KENDALA"),
    ("OGP", "SELESAI"),
    ("OGP", "BATAL"),
    ("KENDALA", "OGP"),
    ("KENDALA", "SELESAI"),
    ("KENDALA", "BATAL"),
    ("BARU", "BARU"),
    ("OGP", "OGP"),
    ("KENDALA", "KENDALA"),  # staying, to say something new
}
LEAD = DESK | {("SELESAI", "OGP"), ("BATAL", "BARU")}
ALLOWED = {
    Role.HELPDESK: DESK,
    Role.TEAM_LEADER: LEAD,
    Role.ADMIN: LEAD,
    Role.SUPERVISOR: {("BARU", "BARU"), ("OGP", "OGP"), ("KENDALA", "KENDALA")},
}
WORKING = Calendar(zone=ZoneInfo("Asia/Jakarta"))
NINE = datetime(2026, 11, 20, 2, tzinfo=UTC)  # 09.00 WIB, a Friday


@pytest.mark.parametrize("role", list(ALLOWED))
@pytest.mark.parametrize("old", CODES)
@pytest.mark.parametrize("new", CODES)
async def test_a_move_is_allowed_just_where_the_table_says(
    session: AsyncSession, role: Role, old: str, new: str
) -> None:
    data = await queries.master(session)
    reasons = data.reasons_for(new)
    reason = reasons[0].id if reasons else None
    try:
        check_move(data, role, old, new, reason, "kata")
    except (IllegalMove, NotAllowed) as refused:
        assert (old, new) not in ALLOWED[role], refused
    else:
        assert (old, new) in ALLOWED[role]
    assert (reachable(data, role, old)[new] == "") == ((old, new) in ALLOWED[role])


@pytest.mark.parametrize(("new", "reason", "note"), [("KENDALA", None, "x"), ("BATAL", None, "x"), ("RUSAK", None, "")])
async def test_what_is_missing_is_named(session: AsyncSession, new: str, reason: int | None, note: str) -> None:
    data = await queries.master(session)
    with pytest.raises(Invalid) as wrong:
        check_move(data, Role.HELPDESK, "OGP", new, reason, note)
    assert wrong.value.fields in ({"reason": "required"}, {"status": "unknown"})


def an_order(**given: object) -> Order:
    usual = {"target_seconds": 3600, "used_seconds": 0, "closed_at": None, "running_since": NINE}
    return Order(**usual | {"due_at": NINE + timedelta(hours=1)} | given)


@pytest.mark.parametrize(
    ("minutes", "level", "left"), [(10, "ok", 50), (49, "near", 11), (61, "late", -1), (24 * 60, "late", -480)]
)
def test_a_running_clock_counts_working_minutes(minutes: int, level: str, left: int) -> None:
    timer = sla_fields.timer(an_order(), WORKING, NINE + timedelta(minutes=minutes))
    assert (timer.level, timer.left // 60) == (level, left)


def test_a_paused_clock_keeps_what_was_used_and_goes_on_from_there() -> None:
    order = an_order()
    paused = sla_fields.moved(order, WORKING, "stops", NINE + timedelta(minutes=20))
    assert (paused["used_seconds"], paused["running_since"], paused["sort_at"]) == (1200, None, sla_fields.PAUSED_SORT)
    order = an_order(**paused)
    assert sla_fields.timer(order, WORKING, NINE + timedelta(hours=5)).level == "paused"
    going = sla_fields.moved(order, WORKING, "runs", NINE + timedelta(hours=2))
    assert going["due_at"] == NINE + timedelta(hours=2, minutes=40)


def test_an_order_that_was_late_before_its_pause_is_late_after_it() -> None:
    order = an_order(**sla_fields.moved(an_order(), WORKING, "stops", NINE + timedelta(minutes=90)))
    going = sla_fields.moved(order, WORKING, "runs", NINE + timedelta(hours=3))
    assert going["due_at"] < NINE + timedelta(hours=3)
    assert sla_fields.timer(an_order(**going), WORKING, NINE + timedelta(hours=3)).level == "late"


def test_every_refusal_is_an_error_of_the_house() -> None:
    assert issubclass(IllegalMove, SikproError)
