"""The house's clock: UTC now, and a unit's zone. Nothing else may ask the machine for the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


_stopped: ContextVar[datetime | None] = ContextVar("stopped", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _stopped.get() or datetime.now(UTC)  # noqa: TID251 the one place that may


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Within the block it is `moment`: for writing down what happened earlier, and for tests."""
    token = _stopped.set(moment)
    try:
        yield
    finally:
        _stopped.reset(token)


def local(at: datetime, zone: str) -> datetime:
    """`at` as people in `zone` read it."""
    return at.astimezone(ZoneInfo(zone))


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The moments at which `day` begins and ends in `zone`; a day is a day in the unit's zone."""
    start = datetime.combine(day, time(), ZoneInfo(zone))
    return start, datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def zone_name(zone: str) -> str:
    """WIB, WITA or WIT; elsewhere the zone's own name."""
    return ZONE_NAMES.get(zone, zone)
