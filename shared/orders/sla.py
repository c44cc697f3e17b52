"""Working time and the clock of an order, recomputed from its timeline. Pure: `now` is given, nothing is stored."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Move = Literal["runs", "stopped", "ended"]
Level = Literal["ok", "near", "late", "paused", "closed"]

SECOND = 1_000_000  # sums are whole microseconds, so that due and worked_seconds are exact inverses
DAY = 86_400 * SECOND
NEAR = 80  # percent of the target


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a unit works, on its own wall clock (no summer time). `closes` before `opens` is a night shift.

    weekdays: 0 is Monday. breaks: (from, to) pairs inside the day, 00:00 as `to` is midnight.
    Raises ValueError when no time is left to work or a break ends before it begins.
    """

    zone: tzinfo
    opens: time = time(8)
    closes: time = time(17)
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    breaks: tuple[tuple[time, time], ...] = ()
    parts: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)  # as `shifts` says
    free: tuple[int, ...] = field(init=False, repr=False, compare=False)  # as `free_days` says

    def __post_init__(self) -> None:
        # Known from the start: a list asks them for each of its rows, and to look them up costs more than the answer.
        object.__setattr__(self, "parts", _shifts(self))
        object.__setattr__(self, "free", _free_days(self))
        if not self.weekdays or not self.weekdays <= set(range(7)) or not shifts(self):
            raise ValueError("a calendar needs at least one weekday and one working minute")
        if any(since_midnight(start) >= (since_midnight(end) or DAY) for start, end in self.breaks):
            raise ValueError("a break ends before it begins")


@dataclass(frozen=True, slots=True)
class State:
    """A clock at one moment. Seconds are working seconds; `remaining` is negative once late.

    due_at and near_at are None while the clock is paused or closed; breached_at is set whenever the target was passed.
    """

    used: int
    target: int
    remaining: int
    due_at: datetime | None
    near_at: datetime | None
    breached_at: datetime | None
    level: Level
    on_time: bool


def shifts(calendar: Calendar) -> tuple[tuple[int, int], ...]:
    """The working parts of a day as (from, to) microseconds after midnight, in order, without the breaks."""
    return calendar.parts


def _shifts(calendar: Calendar) -> tuple[tuple[int, int], ...]:
    opens, closes = since_midnight(calendar.opens), since_midnight(calendar.closes)
    parts = [(opens, closes or DAY)] if opens < (closes or DAY) else [(0, closes), (opens, DAY)]
    for start, end in ((since_midnight(a), since_midnight(b) or DAY) for a, b in calendar.breaks):
        cut = [((a, min(b, start)), (max(a, end), b)) for a, b in parts]
        parts = [part for pair in cut for part in pair]
    return tuple((a, b) for a, b in parts if a < b)


def since_midnight(at: time | datetime) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * SECOND + at.microsecond


def free_days(calendar: Calendar) -> tuple[int, ...]:
    """The ordinals of the holidays that would have been working days."""
    return calendar.free


def _free_days(calendar: Calendar) -> tuple[int, ...]:
    return tuple(sorted(day.toordinal() for day in calendar.holidays if day.weekday() in calendar.weekdays))


def days_before(calendar: Calendar, ordinal: int) -> int:
    """Working days before this day, counted from Monday 1 January of year 1."""
    weeks, rest = divmod(ordinal - 1, 7)
    days = weeks * len(calendar.weekdays) + sum(day < rest for day in calendar.weekdays)
    return days - bisect_left(free_days(calendar), ordinal)


def is_working_day(calendar: Calendar, day: date) -> bool:
    return day.weekday() in calendar.weekdays and day not in calendar.holidays


def is_open(calendar: Calendar, at: datetime) -> bool:
    local = at.astimezone(calendar.zone)
    moment = since_midnight(local)
    return is_working_day(calendar, local.date()) and any(a <= moment < b for a, b in shifts(calendar))


def worked_before(calendar: Calendar, at: datetime) -> int:
    """Working microseconds from the beginning of the calendar to `at`; the difference of two is the time between."""
    local = at.astimezone(calendar.zone)
    parts = shifts(calendar)
    whole = days_before(calendar, local.toordinal()) * sum(b - a for a, b in parts)
    if not is_working_day(calendar, local.date()):
        return whole
    moment = since_midnight(local)
    return whole + sum(min(max(moment - a, 0), b - a) for a, b in parts)


def worked_seconds(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Whole working seconds between two aware moments; 0 when `end` is not after `start`."""
    return max(0, worked_before(calendar, end) - worked_before(calendar, start)) // SECOND


def due(calendar: Calendar, start: datetime, seconds: int) -> datetime:
    """The first moment (UTC) by which `seconds` of work have passed since `start`; `start` itself for none.

    Raises OverflowError past the year 9999.
    """
    return after(calendar, start, seconds * SECOND)


def after(calendar: Calendar, start: datetime, microseconds: int) -> datetime:
    if microseconds <= 0:
        return start.astimezone(UTC)
    parts = shifts(calendar)
    days, left = divmod(worked_before(calendar, start) + microseconds - 1, sum(b - a for a, b in parts))
    ordinal = nth_working_day(calendar, days, start.astimezone(calendar.zone).toordinal())
    for begin, end in parts:
        if left < end - begin:
            midnight = datetime.fromordinal(ordinal).replace(tzinfo=calendar.zone)
            return (midnight + timedelta(microseconds=begin + left + 1)).astimezone(UTC)
        left -= end - begin
    raise AssertionError("the rest of a division is smaller than a day")


def nth_working_day(calendar: Calendar, days: int, low: int) -> int:
    """The ordinal of the working day that has `days` working days before it, not before `low`."""
    high = low + 1
    while days_before(calendar, high) <= days:
        high += high - low
        if high > date.max.toordinal():
            raise OverflowError("due past the year 9999")
    while low + 1 < high:  # days_before(low) <= days < days_before(high)
        middle = (low + high) // 2
        low, high = (low, middle) if days_before(calendar, middle) > days else (middle, high)
    return low


def runs(timeline: Iterable[tuple[datetime, Move]], until: datetime) -> tuple[list[tuple[datetime, datetime]], Move]:
    """The stretches in which the clock ran up to `until`, and how it stands then. Moves after `until` do not count."""
    moves = sorted((move for move in timeline if move[0] <= until), key=lambda move: move[0])
    ends = [at for at, _ in moves[1:]] + [until]
    stretches = [(at, end) for (at, move), end in zip(moves, ends, strict=False) if move == "runs"]
    return stretches, moves[-1][1] if moves else "stopped"


def reached(calendar: Calendar, stretches: Sequence[tuple[datetime, datetime]], seconds: int) -> datetime | None:
    """When the running time came to `seconds`; None when it has not yet."""
    left = seconds * SECOND
    for start, end in stretches:
        part = worked_before(calendar, end) - worked_before(calendar, start)
        if part >= left:
            return after(calendar, start, left)
        left -= part
    return None


def state(calendar: Calendar, target: int, timeline: Sequence[tuple[datetime, Move]], now: datetime) -> State:
    """The clock of one order at `now`. target: working seconds. timeline: (when, move) in any order.

    A `now` before the first move (two machines' clocks) counts as that move's moment.
    """
    now = max([now, *([min(at for at, _ in timeline)] if timeline else [])])
    stretches, stands = runs(timeline, now)
    worked = sum(worked_before(calendar, end) - worked_before(calendar, start) for start, end in stretches)
    used = worked // SECOND
    breached = reached(calendar, stretches, target)
    due_at = near_at = None
    if stands == "runs":
        due_at = breached or after(calendar, now, target * SECOND - worked)
        near = -(-target * NEAR // 100)
        near_at = reached(calendar, stretches, near) or after(calendar, now, near * SECOND - worked)
    level: Level = "ok"
    if stands == "ended":
        level = "closed"
    elif breached:
        level = "late"
    elif stands == "stopped":
        level = "paused"
    elif near_at and near_at <= now:
        level = "near"
    return State(used, target, target - used, due_at, near_at, breached, level, used <= target)
