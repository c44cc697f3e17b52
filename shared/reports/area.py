"""Where a person is at home: the exchanges of its area and the zone its day is counted in. Reads only."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.people.access import Viewer
from shared.places.models import SiteOperation, Sto


@dataclass(frozen=True, slots=True)
class Home:
    """zone: the one most of the area's exchanges lie in. stos: their codes, in order."""

    zone: str
    stos: tuple[str, ...]


async def home_of(session: AsyncSession, viewer: Viewer) -> Home:
    """The home of a viewer; without any area it is Jakarta's zone."""
    rows = await session.execute(
        select(Sto.code, SiteOperation.zone)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .where(Sto.active, viewer.within(Sto.id))
        .order_by(Sto.code)
    )
    found = rows.all()
    zones = Counter(zone for _, zone in found)
    return Home(zones.most_common(1)[0][0] if zones else "Asia/Jakarta", tuple(code for code, _ in found))
