"""What a report covers: its days in each unit's own zone, and the STO of the viewer's area. Counts nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.orders import queries
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.places.models import SiteOperation, Sto

LONGEST = 92  # days of one report: a quarter


@dataclass(frozen=True, slots=True)
class Scope:
    """The days `first` to `last`, both counted. sto and type are codes; empty is all."""

    first: date
    last: date
    sto: str = ""
    type: str = ""

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """An STO with its name, as reports name it; those no longer active count for the days they were."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a report that lies in one zone: `since` <= moment < `until`. `seen`: the end, at most now.

    places: its STO. area: the SQL condition that keeps an order inside them.
    """

    zone: str
    since: datetime
    until: datetime
    seen: datetime
    places: tuple[Place, ...]
    area: ColumnElement[bool]

    @property
    def over(self) -> bool:
        """Whether its last day has ended, so that what was open then must be recalled."""
        return self.seen == self.until


async def parts(session: AsyncSession, viewer: Viewer, scope: Scope) -> Sequence[Part]:
    """The report by zone; empty when nothing of it lies in the viewer's area. Raises NotAllowed."""
    viewer.must("report.read")
    rows = (
        await session.execute(
            select(Sto.id, Sto.code, Sto.name, SiteOperation.zone)
            .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
            .where(viewer.within(Sto.id))
            .order_by(Sto.code)
        )
    ).all()
    zones: dict[str, list[Place]] = defaultdict(list)
    for row_id, code, name, zone in rows:
        if scope.sto in {"", code}:
            zones[zone].append(Place(row_id, code, name))
    everything = len(zones) == 1 and not scope.sto and viewer.stos is None
    return [_part(viewer, scope, zone, places, narrow=not everything) for zone, places in zones.items()]


def _part(viewer: Viewer, scope: Scope, zone: str, places: list[Place], *, narrow: bool) -> Part:
    since, _ = clock.day_bounds(scope.first, zone)
    _, until = clock.day_bounds(scope.last, zone)
    area = queries.visible(viewer)
    if narrow:
        area &= Order.sto_id.in_([place.id for place in places])
    if scope.type:
        area &= Order.type_code == scope.type
    return Part(zone, since, until, max(since, min(until, clock.now())), tuple(places), area)
