"""The SLA columns of an order as its clock starts, stops and ends. Pure arithmetic over `sla`; no database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.orders import sla
from shared.orders.lines import OrderLine
from shared.orders.models import Order

PAUSED_SORT = datetime(2999, 1, 1, tzinfo=UTC)  # a paused order stands behind every running one


@dataclass(frozen=True, slots=True)
class Timer:
    """An order's clock at a moment, in seconds of working time. `left` is negative once it is late."""

    level: str  # ok, near, late, paused, closed
    used: int
    left: int
    target: int


def started(calendar: sla.Calendar, at: datetime, target: int) -> dict[str, Any]:
    """The columns of an order that was registered at `at` with a target of so many seconds."""
    return {"used_seconds": 0, "running_since": at, **falls_due(calendar, at, target, 0)}


def falls_due(calendar: sla.Calendar, since: datetime, target: int, used: int) -> dict[str, Any]:
    """When a clock that runs since `since`, with `used` seconds before, is to be warned of and falls due.

    alert_at may lie behind what was told already; `sla.alerts` tells nobody twice.
    """
    left = target - used
    due = sla.due(calendar, since, left) if left > 0 else since + timedelta(seconds=left)
    near = min(due, sla.due(calendar, since, near_seconds(target) - used))
    return {"near_at": near, "alert_at": near, "due_at": due, "sort_at": due}


def near_seconds(target: int) -> int:
    """The working seconds after which an order is near its target."""
    return -(-target * sla.NEAR // 100)


def moved(order: Order, calendar: sla.Calendar, clock_now: str, at: datetime) -> dict[str, Any]:
    """The columns after a change at `at` that leaves the clock `runs`, `stops` or `ended`."""
    if clock_now == "runs" and order.running_since is not None:
        return {}
    used = order.used_seconds
    if order.running_since is not None:
        used += sla.worked_seconds(calendar, order.running_since, at)
    if clock_now == "runs":
        return {"used_seconds": used, "running_since": at, **falls_due(calendar, at, order.target_seconds, used)}
    return {
        "used_seconds": used,
        "running_since": None,
        "near_at": None,
        "alert_at": None,
        "due_at": None,
        "sort_at": at if clock_now == "ended" else PAUSED_SORT,
    }


def timer(order: Order | OrderLine, calendar: sla.Calendar, at: datetime) -> Timer:
    """Where an order's clock stands at `at`."""
    used = order.used_seconds
    if order.running_since is not None:
        used += sla.worked_seconds(calendar, order.running_since, at)
    left = order.target_seconds - used
    if order.closed_at is not None:
        level = "closed"
    elif order.running_since is None:
        level = "paused"
    elif left < 0:
        level = "late"
    else:
        level = "near" if used >= near_seconds(order.target_seconds) else "ok"
    return Timer(level, used, left, order.target_seconds)
