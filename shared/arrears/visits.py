"""Visits to customers in arrears, written down once however often they are reported. None of these commits.

Whether a customer may be called on at all is `guards`; a door that sends people there asks it with `guarded=True`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears import faults, queries
from shared.arrears.changing import touch
from shared.arrears.guards import Guarded, guard
from shared.arrears.models import Account, Promise, PromiseState, Result, Visit
from shared.errors import Invalid, NotFound
from shared.orders.models import Order
from shared.orders.operations import Origin
from shared.people.access import Viewer
from shared.places.queries import unit_of

NOTE = 1000  # characters
FARTHEST = 92  # days ahead of a promise
LATEST = timedelta(days=3)  # what is reported later than that counts from when it was heard
SAME = timedelta(minutes=10)  # two equal reports of one person so close together are one visit, sent twice


@dataclass(frozen=True, slots=True)
class Call:
    """A visit as somebody reports it. due and amount belong to a promise; photo, thumb are Telegram's ids."""

    result: Result
    note: str = ""
    due: date | None = None
    amount: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    photo: str | None = None
    thumb: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How a visit was reported: when (None: now), and by which key the same report is known again.

    origin: the Telegram message it belongs to; what becomes of a fault is told there.
    """

    at: datetime | None = None
    key: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A visit that stands. repeated: it stood before. order: what a fault raised, or the one that was open."""

    visit: Visit
    promise: Promise | None
    order: Order | None = None
    repeated: bool = False


async def visit(
    session: AsyncSession, viewer: Viewer, account_id: int, call: Call, *, source: str
) -> tuple[Visit, Promise | None]:
    """Write down a visit; a promise replaces the open one, a fault pauses collection.

    Raises NotFound, NotAllowed, Invalid(due=…, amount=…, note=…).
    """
    made = await record(session, viewer, account_id, call, Report(), source=source)
    return made.visit, made.promise


async def record(
    session: AsyncSession,
    viewer: Viewer,
    account_id: int,
    call: Call,
    report: Report,
    *,
    source: str,
    guarded: bool = False,
) -> Recorded:
    """Write down a visit, unless this report did already; days are those of the customer's unit.

    guarded: refuse what the house's rules about contacts forbid. Raises NotFound, NotAllowed, Guarded,
    Invalid(due=…, amount=…, note=…).
    """
    viewer.must("arrears.visit")
    one = await queries.account(session, viewer, account_id)
    await session.execute(select(Account.id).where(Account.id == one.id).with_for_update())  # one report at a time
    at = _moment(report.at)
    known = await _known(session, viewer, one, call, report.key, at)
    if known is not None:
        return known
    one = await queries.account(session, viewer, account_id)
    day = clock.local(at, (await unit_of(session, one.sto_id)).zone).date()
    _check(call, one, day)
    if guarded and (against := await guard(session, one, at, call.result)) is not None:
        raise Guarded(against)
    made = await _write(session, viewer, one, call, report.key, at, source)
    promise = await _promise(session, viewer, one, made, call, day) if call.result is Result.PROMISE else None
    values: dict[str, Any] = {}
    if one.last_visit_at is None or one.last_visit_at <= at:
        values |= {"last_visit_at": at, "last_result": str(call.result)}
    if promise is not None:
        values |= {"promise_due": promise.due, "promise_amount": promise.amount}
    order = None
    if call.result is Result.FAULT:
        order = await faults.raised(session, viewer, one, made, report.origin, source=source)
        values |= {"paused": True, "fault_order_id": order.id}
    await touch(session, one.id, **values)
    return Recorded(made, promise, order)


async def prove(
    session: AsyncSession,
    viewer: Viewer,
    visit_id: int,
    *,
    photo: tuple[str, str] | None = None,
    place: tuple[float, float] | None = None,
) -> Visit:
    """Add a photo (file, thumbnail) or a place (latitude, longitude) to one's own visit. Raises NotFound."""
    viewer.must("arrears.visit")
    values: dict[str, Any] = {}
    if photo is not None:
        values |= {"photo": photo[0], "thumb": photo[1]}
    if place is not None:
        values |= {"latitude": place[0], "longitude": place[1]}
    made: Visit | None = await session.scalar(
        update(Visit)
        .where(Visit.id == visit_id, Visit.person_id == viewer.person_id)
        .values(**values)
        .returning(Visit)
        .execution_options(populate_existing=True)
    )
    if made is None:
        raise NotFound
    return made


def _moment(told: datetime | None) -> datetime:
    """When the visit was: as told, unless that is to come, or too long ago to be believed."""
    now = clock.now()
    return told if told is not None and now - LATEST <= told <= now else now


async def _known(
    session: AsyncSession, viewer: Viewer, one: Account, call: Call, key: str | None, at: datetime
) -> Recorded | None:
    """The visit that this very report made, or an equal one shortly before; the account is locked meanwhile."""
    if key is None:
        return None
    found: Visit | None = await session.scalar(select(Visit).where(Visit.request_key == key))
    if found is None:
        twin = select(Visit).where(
            Visit.account_id == one.id,
            Visit.person_id == viewer.person_id,
            Visit.result == call.result,
            Visit.at.between(at - SAME, at + SAME),
        )
        found = await session.scalar(twin.order_by(Visit.at.desc()).limit(1))
    if found is None or found.account_id != one.id:
        return None
    promise: Promise | None = await session.scalar(select(Promise).where(Promise.visit_id == found.id))
    if (
        promise is not None
        and found.request_key != key
        and (promise.due, promise.amount)
        != (
            call.due,
            call.amount or promise.amount,
        )
    ):
        return None  # another promise, not the same one again
    order = await session.get(Order, found.order_id) if found.order_id is not None else None
    return Recorded(found, promise, order, repeated=True)


def _check(call: Call, one: Account, today: date) -> None:
    wrong: dict[str, str] = {}
    if len(call.note) > NOTE:
        wrong["note"] = "too_long"
    if call.result is Result.PROMISE:
        if call.due is None:
            wrong["due"] = "missing"
        elif call.due < today:
            wrong["due"] = "past"
        elif (call.due - today).days > FARTHEST:
            wrong["due"] = "too_far"
        if call.amount is not None and not 0 < call.amount <= max(one.amount, 1) * 10:
            wrong["amount"] = "not_an_amount"
    if wrong:
        raise Invalid(**wrong)


async def _write(
    session: AsyncSession, viewer: Viewer, one: Account, call: Call, key: str | None, at: datetime, source: str
) -> Visit:
    values = {
        "account_id": one.id,
        "person_id": viewer.person_id,
        "at": at,
        "heard_at": clock.now(),
        "result": call.result,
        "note": call.note,
        "latitude": call.latitude,
        "longitude": call.longitude,
        "photo": call.photo,
        "thumb": call.thumb,
        "source": source,
        "request_key": key,
    }
    made: Visit = (await session.scalars(insert(Visit).values(values).returning(Visit))).one()
    return made


async def _promise(
    session: AsyncSession, viewer: Viewer, one: Account, made: Visit, call: Call, today: date
) -> Promise:
    await session.execute(
        update(Promise)
        .where(Promise.account_id == one.id, Promise.state == PromiseState.OPEN)
        .values(state=PromiseState.REPLACED, settled_at=clock.now())
    )
    promise: Promise = (
        await session.scalars(
            insert(Promise)
            .values(
                account_id=one.id,
                visit_id=made.id,
                made_by=viewer.person_id,
                made_at=made.at,
                due=call.due,
                amount=call.amount or max(one.amount, 1),
                owed=one.amount,
                told=_told(call.due, today),
            )
            .returning(Promise)
        )
    ).one()
    return promise


def _told(due: date | None, today: date) -> int:
    """A promise for today or tomorrow is fresh in everybody's mind: the reminders that it would bring now are done."""
    return 0 if due is None or (due - today).days > 1 else 2 if due <= today else 1
