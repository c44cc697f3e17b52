"""When a customer in arrears may be called on: not when paid or paused, not at night, not too often in a week.

A guard says why and from when on it is possible again; it never hides what the customer brings by itself.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears import contacts
from shared.arrears.contacts import Contacts
from shared.arrears.models import Account, AccountState, Result, Visit
from shared.errors import Conflict
from shared.places.queries import unit_of

WEEK = timedelta(days=7)
WRITE_UP = timedelta(minutes=30)  # after closing, to write down the last visit
BROUGHT = frozenset({Result.PAID, Result.FAULT})  # what a customer says by itself, at any hour
MET = (Result.PROMISE, Result.REFUSED, Result.WANTS_OUT, Result.PAID, Result.FAULT)


@dataclass(frozen=True, slots=True)
class Guard:
    """Why a customer may not be called on. why: "closed", "paused", "hours", "weekly".

    again: from when on it may be (hours, weekly). times: how often it was met in seven days (weekly). opens, closes:
    the hours in which it may be (hours).
    """

    why: str
    zone: str
    again: datetime | None = None
    times: int = 0
    opens: time = time()
    closes: time = time()


class Guarded(Conflict):
    """The customer may not be called on now; `guard` says why."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self.guard = guard


async def guard(session: AsyncSession, one: Account, at: datetime, result: Result | None = None) -> Guard | None:
    """What stands against calling on a customer at `at`, or against writing down this result of it; None: nothing."""
    zone = (await unit_of(session, one.sto_id)).zone
    if one.state is not AccountState.OPEN:
        return Guard("closed", zone)
    if one.paused and result not in BROUGHT:
        return Guard("paused", zone)
    if result in BROUGHT:
        return None
    house = await contacts.of_now(session)
    written = result is not None
    return hours(house, at, zone, written=written) or await _weekly(session, one, at, zone, result, house.weekly)


def takes(against: Guard | None) -> frozenset[Result]:
    """The results that may be written down all the same."""
    if against is None:
        return frozenset(Result)
    return (
        frozenset() if against.why == "closed" else BROUGHT | ({Result.PROMISE} if against.why == "weekly" else set())
    )


def hours(house: Contacts, at: datetime, zone: str, *, written: bool = False) -> Guard | None:
    """The guard of contact hours. written: it is about a visit that was made, so there is time to write it down."""
    there = clock.local(at, zone)
    opens = datetime.combine(there.date(), house.opens, ZoneInfo(zone))
    closes = datetime.combine(there.date(), house.closes, ZoneInfo(zone))
    if there < opens:
        return Guard("hours", zone, opens, opens=house.opens, closes=house.closes)
    if there >= closes + (WRITE_UP if written else timedelta()):
        return Guard("hours", zone, opens + timedelta(days=1), opens=house.opens, closes=house.closes)
    return None


async def _weekly(
    session: AsyncSession, one: Account, at: datetime, zone: str, result: Result | None, most: int
) -> Guard | None:
    """A promise that is due may be asked after, and one that is given is taken, however often they met."""
    due = one.promise_due is not None and one.promise_due <= clock.local(at, zone).date()
    if due or result is Result.PROMISE:
        return None
    met = (
        await session.scalars(
            select(Visit.at)
            .where(Visit.account_id == one.id, Visit.at > at - WEEK, Visit.at <= at, Visit.result.in_(MET))
            .order_by(Visit.at.desc())
            .limit(most)
        )
    ).all()
    return Guard("weekly", zone, met[-1] + WEEK, len(met)) if most and len(met) >= most else None
