"""Working time and the SLA clock, against a minute-by-minute count and against days people can check by hand."""

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.orders.sla import Calendar, due, is_open, state, worked_seconds

WIB = ZoneInfo("Asia/Jakarta")
DAILY = Calendar(WIB)
OFFICE = Calendar(
    WIB,
    weekdays=frozenset(range(5)),
    holidays=frozenset({date(2026, 11, 20)}),
    breaks=((time(12), time(13)),),
)
HOUR = 3600


def wib(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=WIB)


@st.composite
def calendars(draw) -> Calendar:
    minutes = st.integers(0, 1439).map(lambda m: time(m // 60, m % 60))
    try:
        return Calendar(
            ZoneInfo(draw(st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "UTC"]))),
            draw(minutes),
            draw(minutes),
            draw(st.frozensets(st.integers(0, 6), min_size=1)),
            draw(st.frozensets(st.dates(date(2026, 11, 1), date(2026, 12, 31)), max_size=40)),
            tuple(draw(st.lists(st.tuples(minutes, minutes), max_size=2))),
        )
    except ValueError:
        return DAILY


MOMENTS = st.datetimes(datetime(2026, 10, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone beside


@given(calendars(), MOMENTS, st.integers(0, 10_000_000))
def test_the_time_until_due_is_the_time_that_was_given(calendar, start, seconds) -> None:
    at = due(calendar, start, seconds)
    assert at >= start
    assert worked_seconds(calendar, start, at) == seconds


@given(calendars(), MOMENTS, st.integers(1, 10_000_000))
def test_due_is_the_first_such_moment(calendar, start, seconds) -> None:
    at = due(calendar, start, seconds)
    assert worked_seconds(calendar, start, at - timedelta(microseconds=1)) == seconds - 1


@settings(max_examples=30)
@given(calendars(), MOMENTS.map(lambda at: at.replace(second=0, microsecond=0)), st.integers(0, 3 * 1440))
def test_a_count_minute_by_minute_agrees(calendar, start, minutes) -> None:
    counted = sum(is_open(calendar, start + timedelta(minutes=n)) for n in range(minutes))
    assert worked_seconds(calendar, start, start + timedelta(minutes=minutes)) == counted * 60


@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_two_stretches_make_the_whole(calendar, a, b, c) -> None:
    a, b, c = (at.replace(microsecond=0) for at in sorted((a, b, c)))
    whole = worked_seconds(calendar, a, c)
    assert worked_seconds(calendar, a, b) + worked_seconds(calendar, b, c) == whole


def test_days_checked_by_hand() -> None:
    assert worked_seconds(DAILY, wib(21, 16, 30), wib(22, 8, 15)) == 45 * 60
    assert worked_seconds(OFFICE, wib(19, 11), wib(23, 9)) == 6 * HOUR  # Thursday 5, Friday off, weekend, Monday 1
    assert due(OFFICE, wib(19, 16, 30), HOUR) == wib(23, 8, 30)
    assert due(DAILY, wib(21, 20), HOUR) == wib(22, 9)
    assert due(DAILY, wib(21, 16), HOUR) == wib(21, 17)
    assert due(DAILY, wib(21, 9), 0) == wib(21, 9)
    assert worked_seconds(DAILY, wib(22, 9), wib(21, 9)) == 0


def test_a_day_is_a_day_in_the_units_zone() -> None:
    off = Calendar(WIB, holidays=frozenset({date(2026, 11, 21)}))
    assert not is_open(off, datetime(2026, 11, 21, 1, 30, tzinfo=UTC))  # 08.30 WIB on the holiday
    assert worked_seconds(off, datetime(2026, 11, 20, 18, tzinfo=UTC), datetime(2026, 11, 21, 18, tzinfo=UTC)) == 0


def test_a_night_shift_and_a_whole_day() -> None:
    night = Calendar(WIB, time(22), time(6))
    assert worked_seconds(night, wib(21, 21), wib(22, 7)) == 8 * HOUR
    assert worked_seconds(Calendar(WIB, time(0), time(0)), wib(1, 0), wib(3, 0)) == 48 * HOUR


@pytest.mark.parametrize(
    "given",
    [{"weekdays": frozenset()}, {"weekdays": frozenset({7})}, {"breaks": ((time(8), time(17)),)}],
)
def test_a_calendar_without_work_is_refused(given) -> None:
    with pytest.raises(ValueError, match="working minute"):
        Calendar(WIB, **given)


def test_a_break_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Calendar(WIB, breaks=((time(13), time(12)),))


def test_a_running_clock() -> None:
    timeline = [(wib(21, 9), "runs")]
    early = state(DAILY, HOUR, timeline, wib(21, 9, 30))
    assert (early.used, early.remaining, early.due_at, early.near_at) == (1800, 1800, wib(21, 10), wib(21, 9, 48))
    assert (early.level, early.on_time, early.breached_at) == ("ok", True, None)
    assert state(DAILY, HOUR, timeline, wib(21, 9, 47, 59)).level == "ok"
    assert state(DAILY, HOUR, timeline, wib(21, 9, 48)).level == "near"
    late = state(DAILY, HOUR, timeline, wib(21, 10))
    assert (late.level, late.due_at, late.breached_at) == ("late", wib(21, 10), wib(21, 10))
    assert state(DAILY, HOUR, timeline, wib(21, 10, 30)).remaining == -1800


def test_a_paused_clock_waits_and_goes_on() -> None:
    timeline = [(wib(21, 9), "runs"), (wib(21, 9, 30), "stopped"), (wib(22, 9), "runs")]
    paused = state(DAILY, HOUR, timeline, wib(21, 15))
    assert (paused.level, paused.used, paused.due_at, paused.near_at) == ("paused", 1800, None, None)
    again = state(DAILY, HOUR, timeline, wib(22, 9, 10))
    assert (again.level, again.used, again.due_at) == ("ok", 2400, wib(22, 9, 30))


def test_a_clock_that_ended_keeps_its_verdict() -> None:
    timeline = [(wib(21, 9), "runs"), (wib(21, 10), "ended")]
    assert state(DAILY, HOUR, timeline, wib(25, 10)).on_time
    closed = state(DAILY, HOUR - 1, timeline, wib(25, 10))
    assert (closed.level, closed.on_time, closed.due_at, closed.breached_at) == (
        "closed",
        False,
        None,
        wib(21, 9, 59, 59),
    )


def test_late_stays_late_while_paused_and_a_reopened_clock_runs_on() -> None:
    timeline = [(wib(21, 9), "runs"), (wib(21, 11), "stopped")]
    assert state(DAILY, HOUR, timeline, wib(21, 12)).level == "late"
    reopened = [(wib(21, 9), "runs"), (wib(21, 9, 30), "ended"), (wib(21, 14), "runs")]
    assert state(DAILY, HOUR, reopened, wib(21, 14, 10)).used == 2400


def test_outside_hours_the_clock_rests_and_a_skewed_now_is_no_error() -> None:
    timeline = [(wib(21, 16, 30), "runs")]
    assert state(DAILY, HOUR, timeline, wib(22, 7)).due_at == wib(22, 8, 30)
    assert state(DAILY, HOUR, timeline, wib(21, 16)).used == 0
    assert state(DAILY, HOUR, [], wib(21, 16)).level == "paused"


@given(calendars(), st.lists(st.tuples(MOMENTS, st.sampled_from(["runs", "stopped", "ended"])), max_size=8), MOMENTS)
def test_the_order_of_the_rows_and_later_rows_do_not_matter(calendar, timeline, now) -> None:
    once = {at: (at, move) for at, move in timeline}
    rows = sorted(once.values())
    seen = state(calendar, HOUR, rows, now)
    assert state(calendar, HOUR, rows[::-1], now) == seen
    if rows and rows[0][0] <= now:
        assert state(calendar, HOUR, [row for row in rows if row[0] <= now], now) == seen
    assert seen.used + seen.remaining == HOUR


def test_years_cost_no_more_than_hours() -> None:
    holidays = frozenset(date(2000, 1, 1) + timedelta(days=17 * n) for n in range(900))
    calendar = Calendar(WIB, weekdays=frozenset(range(5)), holidays=holidays)
    start = datetime(2001, 1, 1, tzinfo=UTC)
    due(calendar, start, 1)
    began = stopwatch.perf_counter()
    for _ in range(100):
        due(calendar, start, 150_000_000)
        worked_seconds(calendar, start, start + timedelta(days=9000))
    assert stopwatch.perf_counter() - began < 0.1
    with pytest.raises(OverflowError):
        due(calendar, start, 10**12)
