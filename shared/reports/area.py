"""Where a person is at home: the exchanges of its area and the zone its day is counted in. Reads only."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.people.access import Viewer
from shared.people.models import Person, PersonArea, Role
from shared.people.queries import Who
from shared.places.models import SiteOperation, Sto

ELSEWHERE = "Asia/Jakarta"
# Every page asks one of these, so they are built once.
_AREA = (
    select(Sto.id, Sto.code, SiteOperation.zone, Sto.active)
    .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
    .join(PersonArea, or_(PersonArea.site_operation_id == Sto.site_operation_id, PersonArea.sto_id == Sto.id))
    .where(PersonArea.person_id == bindparam("person", type_=BigInteger))
    .order_by(Sto.code)
)
_COMMONEST_ZONE = (
    select(SiteOperation.zone)
    .join(Sto, Sto.site_operation_id == SiteOperation.id)
    .where(Sto.active)
    .group_by(SiteOperation.zone)
    .order_by(func.count().desc(), func.min(Sto.code))
    .limit(1)
)


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
    return Home(zones.most_common(1)[0][0] if zones else ELSEWHERE, tuple(code for code, _ in found))


async def viewer_at_home(session: AsyncSession, person: Person | Who) -> tuple[Viewer, Home]:
    """What `viewer_of` and `home_of` say, in one look; without the exchanges' codes for who sees all of them."""
    if person.role is Role.ADMIN:
        zone = await rows.first(session, _COMMONEST_ZONE)
        stos, home = None, Home(zone[0] if zone else ELSEWHERE, ())
    else:
        area = {row[0]: row for row in await rows.rows(session, _AREA, {"person": person.id})}
        here = [(code, zone) for _, code, zone, active in area.values() if active]
        zones = Counter(zone for _, zone in here)
        stos = frozenset(area)
        home = Home(zones.most_common(1)[0][0] if zones else ELSEWHERE, tuple(code for code, _ in here))
    return Viewer(person.id, person.name, person.role, stos, person.technician_code, person.language), home
