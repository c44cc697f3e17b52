"""Which day it is where an account lies: promises and visits are of the days of its unit. It asks no database.

The day begins in the east: in two hours of the night it is tomorrow already in some zones and not yet in the west.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, false, func, literal, or_, select

from shared import clock
from shared.places.models import SiteOperation, Sto

WEST, EAST = "Asia/Jakarta", "Asia/Jayapura"  # of `clock.ZONE_NAMES`


@dataclass(frozen=True, slots=True)
class Today:
    """The day in the west, and the zones where it is the next one already."""

    day: date
    ahead: tuple[str, ...]

    def due(self, due: Any, sto_id: Any) -> ColumnElement[bool]:
        """A promise (columns of its day and its account's STO) is for today."""
        ahead = self._ahead(sto_id)
        return or_(and_(due == self.day, ~ahead), and_(due == self.day + timedelta(days=1), ahead))

    def late(self, due: Any, sto_id: Any) -> ColumnElement[bool]:
        """A promise was for a day before today."""
        return or_(due < self.day, and_(due == self.day, self._ahead(sto_id)))

    def reached(self, due: Any, sto_id: Any) -> ColumnElement[bool]:
        """A promise is for today or was for a day before."""
        return or_(due <= self.day, and_(due == self.day + timedelta(days=1), self._ahead(sto_id)))

    def _ahead(self, sto_id: Any) -> ColumnElement[bool]:
        if not self.ahead:
            return false()
        stos = select(Sto.id).join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        inside: ColumnElement[bool] = sto_id.in_(stos.where(SiteOperation.zone.in_(self.ahead)))
        return inside


def today() -> Today:
    """Now, as promises count it."""
    now = clock.now()
    day = clock.local(now, WEST).date()
    return Today(day, tuple(zone for zone in clock.ZONE_NAMES if clock.local(now, zone).date() > day))


def day_in(zone: str) -> date:
    """The day it is now in a zone."""
    return clock.local(clock.now(), zone).date()


def midnight(zone: Any) -> ColumnElement[datetime]:
    """The moment at which today began in a zone (a column)."""
    now = literal(clock.now(), DateTime(timezone=True))
    return func.timezone(zone, func.date_trunc("day", func.timezone(zone, now)))


def on(day: date, at: Any, zone: Any) -> ColumnElement[bool]:
    """A moment (a column) is of this day in a zone (a column)."""
    begins, _ = clock.day_bounds(day, EAST)
    _, ends = clock.day_bounds(day, WEST)
    return and_(at >= begins, at < ends, func.date(func.timezone(zone, at)) == day)
