"""What a collector asks on the road: today's list, an account by its number or a name, the last stop. Reads only.

Today's list is: open accounts of one's own that nobody visited today and no fault pauses. First the promises that are
due, then what weighs most (months overdue times amount); when today's last stop is known, of accounts that weigh about
the same the nearest comes first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import BigInteger, Date, Integer, Select, bindparam, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.arrears import queries, there
from shared.arrears.models import Account, AccountState, Visit
from shared.arrears.queries import AccountLine, Filters
from shared.arrears.there import Today
from shared.errors import Invalid, NotFound
from shared.identifiers import figures, letters
from shared.people.access import Viewer, Whoever
from shared.people.models import Role
from shared.places.models import SiteOperation, Sto

PAGE = 5
CANDIDATES = 200  # of the heaviest accounts, among which the nearest are looked for
FAR, ELSEWHERE = 5_000, 50_000  # metres to an account nobody was located at: in the same STO, in another
MOST_METRES = 9_999_999
SHORTEST = 3  # letters of a search
_WEIGHT = func.coalesce(cast(Account.months, Integer), 1) * Account.amount
_COLUMNS = [column.name for column in Account.__table__.columns]


class Part(StrEnum):
    """A part of today's list: promises that are due, by weight, or by weight and nearness."""

    DUE = "d"
    WEIGHT = "w"
    NEAR = "n"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last account seen: in which part, by which value it stood there, and its id."""

    part: Part
    value: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A line of today's list. zone: of its unit. metres: from the last stop, as far as the account's place is known."""

    account: Account
    sto: str
    zone: str
    cursor: Cursor
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A place on earth, in degrees, and the STO of the account that was visited there."""

    latitude: float
    longitude: float
    sto_id: int


async def today(session: AsyncSession, viewer: Viewer, after: Cursor | None = None, size: int = PAGE) -> list[Stop]:
    """Up to size + 1 stops of today's list, after one that was seen. The office gets the promises due in its area.

    The accounts belong to no session: they are for showing alone.
    """
    viewer.must("arrears.read")
    stops: list[Stop] = []
    if after is None or after.part is Part.DUE:
        stops = await _stops(session, viewer, Part.DUE, after, size + 1)
        after = None
    if len(stops) > size or viewer.role is not Role.COLLECTOR:
        return stops
    wanted = size + 1 - len(stops)
    near = await last_stop(session, viewer) if after is None or after.part is Part.NEAR else None
    if near is not None:
        return stops + await _near(session, viewer, near, after, wanted)
    heavier = after if after is not None and after.part is Part.WEIGHT else None
    return stops + (await _stops(session, viewer, Part.WEIGHT, heavier, size + 1))[:wanted]


async def _stops(session: AsyncSession, viewer: Viewer, part: Part, after: Cursor | None, size: int) -> list[Stop]:
    """The first `size` stops of a part, or those after one of it. A due one of before the first day is of no list."""
    if part is Part.DUE and after is not None and not 0 < after.value <= date.max.toordinal():
        after = None
    asked: dict[str, object] = {**viewer.asking}
    if after is not None:
        seen = date.fromordinal(after.value) if part is Part.DUE else after.value
        asked |= {"seen": seen, "seen_id": after.account_id}
    wanted = _list(_whoever(viewer), there.today(), part, size, beyond=after is not None)
    found = []
    for row in await rows.rows(session, wanted, asked):
        one = rows.made(Account, dict(zip(_COLUMNS, row, strict=False)))
        *_, sto, zone = row
        due = one.promise_due.toordinal() if part is Part.DUE and one.promise_due else 0
        found.append(Stop(one, sto, zone, Cursor(part, due or weight(one), one.id)))
    return found


def _whoever(viewer: Viewer) -> Whoever:
    """Also in a group: which accounts somebody may see does not depend on where it is asked."""
    return Whoever(viewer.role, viewer.stos is None)


@lru_cache(maxsize=64)
def _list(asking: Whoever, today: Today, part: Part, size: int, *, beyond: bool) -> Select[Account, str, str]:
    """A part of the list, built once a day: until `today` is another one midnight is the same everywhere."""
    wanted = (
        select(Account, Sto.code, SiteOperation.zone)
        .join(Sto, Sto.id == Account.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .where(
            asking.within(Account.sto_id),
            Account.state == AccountState.OPEN,
            ~Account.paused,
            or_(Account.last_visit_at.is_(None), Account.last_visit_at < there.midnight(SiteOperation.zone)),
        )
        .limit(size)
    )
    if asking.role is Role.COLLECTOR:
        wanted = wanted.where(Account.collector_id == asking.person_id, Account.collector_id.is_not(None))
    seen_id = bindparam("seen_id", type_=BigInteger)
    if part is Part.DUE:
        wanted = wanted.where(today.reached(Account.promise_due, Account.sto_id))
        wanted = wanted.order_by(Account.promise_due, Account.id)
        beyond_it = tuple_(Account.promise_due, Account.id) > tuple_(bindparam("seen", type_=Date), seen_id)
    else:
        wanted = wanted.where(Account.promise_due.is_(None)).order_by(_WEIGHT.desc(), Account.id.desc())
        beyond_it = tuple_(_WEIGHT, Account.id) < tuple_(bindparam("seen", type_=BigInteger), seen_id)
    return wanted.where(beyond_it) if beyond else wanted


async def _near(session: AsyncSession, viewer: Viewer, stop: Point, after: Cursor | None, size: int) -> list[Stop]:
    heaviest = await _stops(session, viewer, Part.WEIGHT, None, CANDIDATES)
    places = await _places(session, [each.account.id for each in heaviest])
    found = []
    for each in heaviest:
        one, known = each.account, places.get(each.account.id)
        metres = distance(stop, known) if known else FAR if one.sto_id == stop.sto_id else ELSEWHERE
        rank = (64 - weight(one).bit_length()) * (MOST_METRES + 1) + min(metres, MOST_METRES)
        found.append(replace(each, cursor=Cursor(Part.NEAR, rank, one.id), metres=metres if known else None))
    found.sort(key=lambda each: (each.cursor.value, each.cursor.account_id))
    if after is not None:
        found = [
            each for each in found if (each.cursor.value, each.cursor.account_id) > (after.value, after.account_id)
        ]
    return found[:size]


def weight(one: Account) -> int:
    """Months overdue times amount, by which accounts are worked; months that the list does not say count as one."""
    return (one.months if one.months is not None else 1) * one.amount


async def _places(session: AsyncSession, accounts: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Where accounts were visited last, of those that anybody sent a place of."""
    found = await session.execute(
        select(Visit.account_id, Visit.latitude, Visit.longitude)
        .ext(distinct_on(Visit.account_id))
        .where(Visit.account_id.in_(accounts), Visit.latitude.is_not(None))
        .order_by(Visit.account_id, Visit.at.desc())
    )
    return {row[0]: (float(row[1] or 0), float(row[2] or 0)) for row in found}


async def last_stop(session: AsyncSession, viewer: Viewer) -> Point | None:
    """Where today's last visit with a place was."""
    row = await rows.first(session, _last_stop(there.today()), {"person": viewer.person_id})
    return Point(float(row[0] or 0), float(row[1] or 0), row[2]) if row else None


@lru_cache(maxsize=4)
def _last_stop(_: Today) -> Select[float | None, float | None, int]:
    return (
        select(Visit.latitude, Visit.longitude, Account.sto_id)
        .join(Account, Account.id == Visit.account_id)
        .join(Sto, Sto.id == Account.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .where(
            Visit.person_id == bindparam("person", type_=BigInteger),
            Visit.at >= there.midnight(SiteOperation.zone),
            Visit.latitude.is_not(None),
        )
        .order_by(Visit.at.desc())
        .limit(1)
    )


def distance(a: Point | tuple[float, float], b: tuple[float, float]) -> int:
    """Metres between two places as the crow flies."""
    first = (a.latitude, a.longitude) if isinstance(a, Point) else a
    north, east = math.radians(b[0] - first[0]), math.radians(b[1] - first[1])
    middle = math.radians((first[0] + b[0]) / 2)
    return round(6_371_000 * math.hypot(north, east * math.cos(middle)))


async def find(session: AsyncSession, viewer: Viewer, words: str, size: int = PAGE) -> list[AccountLine]:
    """Accounts by number, name or address, the most owed first; up to size + 1. A whole number finds paid ones too.

    Raises NotFound for a whole number that is not in the area, Invalid(found="short") for less than three letters.
    """
    viewer.must("arrears.read")
    number = figures.internet_number(words).value
    if number is not None:
        row = (
            await session.execute(
                select(Account, Sto.code, SiteOperation.zone)
                .join(Sto, Sto.id == Account.sto_id)
                .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
                .where(Account.internet_no == number, viewer.within(Account.sto_id))
            )
        ).first()
        if row is None:
            raise NotFound
        return [AccountLine(*row)]
    if len(letters(words)) < SHORTEST:
        raise Invalid(found="short")
    return await queries.page(session, viewer, Filters(found=words[:60]), size=size)
