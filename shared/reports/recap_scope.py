"""What a report covers: its days in each unit's own zone, and the STO of the viewer's area. Counts nothing.

An STO counts, on each day, for the Site Operation it belonged to on that day (`places.history`): in its zone, and for
those whose area that unit is. So a report of last year adds up as it did, after a reorganisation too.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.orders import queries
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import PersonArea
from shared.places.models import SiteOperation, Sto, StoSite

LONGEST = 92  # days of one report: a quarter
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """The days `first` to `last`, both counted. sto, type and site are codes; empty is all."""

    first: date
    last: date
    sto: str = ""
    type: str = ""
    site: str = ""

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """An STO with its name, as reports name it; those no longer active count for the days they were.

    site: its Site Operation then. moved: whether that is another than today's.
    """

    id: int
    code: str
    name: str
    site: int
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a report that lies in one zone: `since` <= moment < `until`, from day `first` on. `seen`: the end, at
    most now.

    places: its STO. area: the SQL condition that keeps an order inside them. last: whether it reaches the report's last
    day; an STO that moved away before is counted by its new unit from then on.
    """

    zone: str
    first: date
    since: datetime
    until: datetime
    seen: datetime
    places: tuple[Place, ...]
    area: ColumnElement[bool]
    last: bool

    @property
    def over(self) -> bool:
        """Whether its last day has ended, so that what was open then must be recalled."""
        return self.seen == self.until


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days in which an STO belonged to one Site Operation.

    begins: the zone whose midnight begins them. That of the unit before, where the STO came from another zone, or an
    hour would be counted twice or not at all.
    """

    place: Place
    site: str
    zone: str
    first: date
    last: date
    begins: str


async def parts(session: AsyncSession, viewer: Viewer, scope: Scope, *, by_site: bool = False) -> Sequence[Part]:
    """The report by zone and, where an STO moved meanwhile, by days; empty when nothing lies in the viewer's area.

    by_site: keep apart what one zone has but several Site Operations, because their hours differ. Raises NotAllowed.
    """
    viewer.must("report.read")
    found: dict[tuple[str, date, date, str], list[Place]] = defaultdict(list)
    for stretch in _joined(await _stretches(session, viewer, scope), by_site=by_site):
        found[stretch.zone, stretch.first, stretch.last, stretch.begins].append(stretch.place)
    everything = len(found) == 1 and not scope.sto and not scope.site and viewer.stos is None
    return [_part(viewer, scope, days, places, narrow=not everything) for days, places in found.items()]


async def known_places(session: AsyncSession, viewer: Viewer) -> Sequence[tuple[Sto, frozenset[str]]]:
    """The STO that a viewer's reports may name, by code, and the codes of the Site Operations they count for."""
    ever = Scope(date(1900, 1, 1), date(2999, 12, 31))
    sites: dict[int, set[str]] = defaultdict(set)
    for stretch in await _stretches(session, viewer, ever):
        sites[stretch.place.id].add(stretch.site)
    rows = await session.scalars(select(Sto).where(Sto.id.in_(sites)).order_by(Sto.code))
    return [(row, frozenset(sites[row.id])) for row in rows]


async def _stretches(session: AsyncSession, viewer: Viewer, scope: Scope) -> list[_Stretch]:
    """Where each STO of the report belonged in its days, as far as that was in the viewer's area; by code and day."""
    units = {row.id: row for row in await session.scalars(select(SiteOperation))}
    stos = (await session.scalars(select(Sto).order_by(Sto.code))).all()
    kept = await session.scalars(
        select(StoSite)
        .where(
            or_(StoSite.valid_from.is_(None), StoSite.valid_from <= scope.last),
            or_(StoSite.valid_to.is_(None), StoSite.valid_to >= scope.first - ONE_DAY),
        )
        .order_by(StoSite.valid_from.nulls_first())
    )
    histories: dict[int, list[StoSite]] = defaultdict(list)
    for row in kept:
        histories[row.sto_id].append(row)
    mine = await _areas(session, viewer)
    found = []
    for sto in stos:
        if scope.sto not in {"", sto.code}:
            continue
        before = None
        for site_id, first, last in _days_of(sto, histories[sto.id], scope):
            unit, begins = units[site_id], units[before or site_id].zone
            before = site_id
            if first > last:  # the unit of the eve, asked for its zone only
                continue
            if scope.site in {"", unit.code} and (mine is None or sto.id in mine[0] or site_id in mine[1]):
                place = Place(sto.id, sto.code, sto.name, site_id, moved=site_id != sto.site_operation_id)
                found.append(_Stretch(place, unit.code, unit.zone, first, last, begins))
    return found


def _days_of(sto: Sto, history: Sequence[StoSite], scope: Scope) -> list[tuple[int, date, date]]:
    """(Site Operation, first day, last day) one after the other; days before any history are today's unit's.

    A unit that ended on the eve comes first, with no day of its own.
    """
    if not history:
        return [(sto.site_operation_id, scope.first, scope.last)]
    days = [
        (row.site_operation_id, max(scope.first, row.valid_from or date.min), min(scope.last, row.valid_to or date.max))
        for row in history
    ]
    if days[0][1] > scope.first:
        days.insert(0, (sto.site_operation_id, scope.first, days[0][1] - ONE_DAY))
    return days


async def _areas(session: AsyncSession, viewer: Viewer) -> tuple[frozenset[int], frozenset[int]] | None:
    """(STO, Site Operations) of a person's area as it was given; None is everywhere."""
    if viewer.stos is None:
        return None
    rows = (await session.scalars(select(PersonArea).where(PersonArea.person_id == viewer.person_id))).all()
    sites = frozenset(row.site_operation_id for row in rows if row.site_operation_id is not None)
    return frozenset(row.sto_id for row in rows if row.sto_id is not None), sites


def _joined(stretches: Sequence[_Stretch], *, by_site: bool) -> list[_Stretch]:
    """The stretches of an STO that follow each other in one zone as one, unless its unit matters."""
    found: list[_Stretch] = []
    for each in stretches:
        before = found[-1] if found else None
        if (
            before is not None
            and (before.place.id, before.zone) == (each.place.id, each.zone)
            and before.last + ONE_DAY == each.first
            and not (by_site and before.site != each.site)
        ):
            found[-1] = replace(each, first=before.first, begins=before.begins)
        else:
            found.append(each)
    return found


def _part(
    viewer: Viewer, scope: Scope, days: tuple[str, date, date, str], places: list[Place], *, narrow: bool
) -> Part:
    zone, first, last, begins = days
    since, _ = clock.day_bounds(first, begins)
    _, until = clock.day_bounds(last, zone)
    area = queries.visible(viewer)
    if narrow:  # who may read reports may read orders; where an STO belonged then was asked above
        area = Order.deleted_at.is_(None) & Order.sto_id.in_([place.id for place in places])
    if scope.type:
        area &= Order.type_code == scope.type
    seen = max(since, min(until, clock.now()))
    return Part(zone, first, since, until, seen, tuple(places), area, last == scope.last)
