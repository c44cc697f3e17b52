"""What changes about places: Site Operations, STO and holidays; added, edited, switched off, moved. Nothing is deleted
that was ever used.
"""

from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.errors import Conflict, Invalid, NotFound
from shared.orders.masterdata import changed
from shared.orders.masterdata_clock import recount
from shared.people.access import Viewer
from shared.places import history, hours
from shared.places.models import Holiday, SiteOperation, Sto, StoSite, Witel

HOUSE_ZONE = "Asia/Jakarta"  # in which a planned move becomes today's


class SiteInUse(Conflict):
    """Active STO belong to this Site Operation; `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class SiteIsOff(Conflict):
    """The Site Operation of this STO is switched off."""


class PastHoliday(Conflict):
    """A holiday that has begun counts in clocks already and stays."""


@dataclass(frozen=True, slots=True)
class Site:
    """A Site Operation as a form gives it. witel: a code; one that is not known yet is made."""

    code: str
    name: str
    witel: str
    zone: str = HOUSE_ZONE
    opens: time = time(8)
    closes: time = time(17)
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """An STO as a form gives it; `site` is the id of its Site Operation and counts only when it is added."""

    code: str
    name: str
    site: int
    valid_from: date | None = None
    valid_to: date | None = None


def today() -> date:
    """The day on which planned moves are looked at."""
    return clock.local(clock.now(), HOUSE_ZONE).date()


async def save_site(
    session: AsyncSession, viewer: Viewer, site: Site, *, source: str, site_id: int | None = None
) -> int:
    """Add a Site Operation, or edit the one of `site_id`; returns its id. Raises NotFound and Invalid(field=code)."""
    viewer.must("master.change")
    wrong = _dates(site.valid_from, site.valid_to)
    if not site.name:
        wrong["name"] = "missing"
    if not (2 <= len(site.code) <= 16 and site.code.replace("-", "").isalnum() and site.code.isascii()):
        wrong["code"] = "pattern"
    if not (2 <= len(site.witel) <= 16 and site.witel.isascii() and site.witel.isalnum()):
        wrong["witel"] = "pattern"
    if site.zone not in clock.ZONE_NAMES:
        wrong["zone"] = "unknown"
    if site.opens == site.closes:
        wrong["closes"] = "same"
    if wrong:
        raise Invalid(**wrong)
    values = asdict(site) | {"witel_id": await _witel(session, site.witel)}
    del values["witel"]
    before = await _known(session, SiteOperation, site_id)
    if site_id is not None and before is not None and any(before[name] != values[name] for name in ("opens", "closes")):
        await hours.keep(session, site_id)
    found = await _save(session, SiteOperation, values, site_id)
    await changed(session)
    if before is not None and any(before[name] != values[name] for name in ("zone", "opens", "closes")):
        await recount(session, found)
    details = {"before": _plain(before), "after": _plain(values)}
    await audit.note(session, viewer.person_id, source, _what("site", site_id), f"site:{found}", details)
    return found


async def switch_site(session: AsyncSession, viewer: Viewer, site_id: int, *, active: bool, source: str) -> None:
    """Switch a Site Operation on or off. Raises NotFound, SiteInUse while active STO belong to it."""
    viewer.must("master.change")
    await _known(session, SiteOperation, site_id)
    if not active:
        inside = await session.scalar(
            select(func.count()).select_from(Sto).where(Sto.site_operation_id == site_id, Sto.active)
        )
        if inside:
            raise SiteInUse(inside)
    await session.execute(update(SiteOperation).where(SiteOperation.id == site_id).values(active=active))
    await changed(session)
    await audit.note(session, viewer.person_id, source, _switched("site", active), f"site:{site_id}", {})


async def save_sto(
    session: AsyncSession, viewer: Viewer, sto: Exchange, *, source: str, sto_id: int | None = None
) -> int:
    """Add an STO, or edit the one of `sto_id` (never its Site Operation: see `move`); returns its id."""
    viewer.must("master.change")
    wrong = _dates(sto.valid_from, sto.valid_to)
    if not sto.name:
        wrong["name"] = "missing"
    if not (len(sto.code) == 3 and sto.code.isascii() and sto.code.isalpha() and sto.code.isupper()):
        wrong["code"] = "pattern"
    if sto_id is None and not await _active_site(session, sto.site):
        wrong["site"] = "unknown"
    if wrong:
        raise Invalid(**wrong)
    values = asdict(sto)
    site = values.pop("site")
    before = await _known(session, Sto, sto_id)
    found = await _save(session, Sto, values | ({} if sto_id else {"site_operation_id": site}), sto_id)
    await changed(session)
    details = {"before": _plain(before), "after": _plain(values)}
    await audit.note(session, viewer.person_id, source, _what("sto", sto_id), f"sto:{found}", details)
    return found


async def switch_sto(session: AsyncSession, viewer: Viewer, sto_id: int, *, active: bool, source: str) -> None:
    """Switch an STO on or off: no new orders, the old ones go on. Raises NotFound, SiteIsOff."""
    viewer.must("master.change")
    sto = await _known(session, Sto, sto_id)
    if active and sto is not None and not await _active_site(session, sto["site_operation_id"]):
        raise SiteIsOff
    await session.execute(update(Sto).where(Sto.id == sto_id).values(active=active))
    await changed(session)
    await audit.note(session, viewer.person_id, source, _switched("sto", active), f"sto:{sto_id}", {})


async def move(session: AsyncSession, viewer: Viewer, sto_id: int, site_id: int, since: date, *, source: str) -> None:
    """From `since` on an STO belongs to another Site Operation; a later day is a plan that `history.apply_due` does.

    Raises NotFound and Invalid(site=… | since=…).
    """
    viewer.must("master.change")
    sto = await _known(session, Sto, sto_id)
    assert sto is not None
    last = await session.scalar(select(StoSite).where(StoSite.sto_id == sto_id, StoSite.valid_to.is_(None)))
    belongs = last.site_operation_id if last else sto["site_operation_id"]
    wrong: dict[str, str] = {}
    if not await _active_site(session, site_id):
        wrong["site"] = "unknown"
    elif site_id == belongs:
        wrong["site"] = "same"
    begun = last.valid_from if last else sto["valid_from"]
    if begun is not None and since <= begun:
        wrong["since"] = "before_last"
    if not date(2000, 1, 1) <= since <= today() + timedelta(days=3660):
        wrong["since"] = "far"
    if wrong:
        raise Invalid(**wrong)
    eve = since - timedelta(days=1)
    if last is None:
        session.add(StoSite(sto_id=sto_id, site_operation_id=belongs, valid_from=sto["valid_from"], valid_to=eve))
    else:
        last.valid_to = eve
    await session.flush()
    session.add(StoSite(sto_id=sto_id, site_operation_id=site_id, valid_from=since))
    await session.flush()
    await changed(session)
    await do_planned_moves(session, today())
    details = {"from": belongs, "to": site_id, "since": since.isoformat()}
    await audit.note(session, viewer.person_id, source, "sto.moved", f"sto:{sto_id}", details)


async def do_planned_moves(session: AsyncSession, day: date) -> list[int]:
    """The STO (ids) that belong to another Site Operation since `day` came: moved, their open orders due anew."""
    rows = await session.execute(
        select(Sto.id, StoSite.site_operation_id)
        .join(StoSite, StoSite.sto_id == Sto.id)
        .where(StoSite.site_operation_id != Sto.site_operation_id, *history.holds_on(day))
        .order_by(Sto.id)
        .with_for_update(of=Sto.__table__)
    )
    moved = rows.all()
    for sto_id, site in moved:
        await session.execute(update(Sto).where(Sto.id == sto_id).values(site_operation_id=site))
    if moved:
        await changed(session)
    for site in sorted({row[1] for row in moved}):
        await recount(session, site)
    return [row[0] for row in moved]


async def unplan(session: AsyncSession, viewer: Viewer, sto_id: int, *, source: str) -> None:
    """Take back a move that has not come yet. Raises NotFound when there is none."""
    viewer.must("master.change")
    await _known(session, Sto, sto_id)
    taken = await session.execute(
        delete(StoSite)
        .where(StoSite.sto_id == sto_id, StoSite.valid_to.is_(None), StoSite.valid_from > today())
        .returning(StoSite.valid_from, StoSite.site_operation_id)
    )
    plan = taken.first()
    if plan is None or plan[0] is None:
        raise NotFound
    eve = plan[0] - timedelta(days=1)
    await session.execute(
        update(StoSite).where(StoSite.sto_id == sto_id, StoSite.valid_to == eve).values(valid_to=None)
    )
    await changed(session)
    details = {"to": plan[1], "since": str(plan[0])}
    await audit.note(session, viewer.person_id, source, "sto.move_taken_back", f"sto:{sto_id}", details)


async def add_holiday(
    session: AsyncSession, viewer: Viewer, day: date, name: str, site_id: int | None, *, source: str
) -> int:
    """A day on which the clock of a Site Operation stands, or of every active one; returns of how many it is new."""
    viewer.must("master.change")
    wrong = {} if name else {"name": "missing"}
    if not date(2020, 1, 1) <= day <= today() + timedelta(days=1100):
        wrong["day"] = "far"
    sites = list(await session.scalars(select(SiteOperation.id).where(SiteOperation.active)))
    if site_id is not None and site_id not in sites:
        wrong["site"] = "unknown"
    if wrong:
        raise Invalid(**wrong)
    wanted = sites if site_id is None else [site_id]
    known = set(await session.scalars(select(Holiday.site_operation_id).where(Holiday.day == day)))
    new = [each for each in wanted if each not in known]
    if not new:
        raise Invalid(day="taken")
    session.add_all(Holiday(site_operation_id=each, day=day, name=name) for each in new)
    await session.flush()
    await changed(session)
    for each in new:
        await recount(session, each)
    details = {"day": day.isoformat(), "name": name, "sites": new}
    await audit.note(session, viewer.person_id, source, "holiday.added", f"holiday:{day.isoformat()}", details)
    return len(new)


async def drop_holiday(session: AsyncSession, viewer: Viewer, holiday_id: int, *, source: str) -> None:
    """Take a coming holiday off the list. Raises NotFound, PastHoliday."""
    viewer.must("master.change")
    holiday = await session.get(Holiday, holiday_id, with_for_update=True)
    if holiday is None:
        raise NotFound
    if holiday.day <= today():
        raise PastHoliday
    day, site = holiday.day, holiday.site_operation_id
    await session.delete(holiday)
    await session.flush()
    await changed(session)
    await recount(session, site)
    details = {"name": holiday.name, "site": site}
    await audit.note(session, viewer.person_id, source, "holiday.removed", f"holiday:{day.isoformat()}", details)


async def _active_site(session: AsyncSession, site_id: int) -> bool:
    return bool(await session.scalar(select(SiteOperation.active).where(SiteOperation.id == site_id)))


async def _witel(session: AsyncSession, code: str) -> int:
    found = await session.scalar(select(Witel.id).where(Witel.code == code))
    if found is None:
        witel = Witel(code=code, name=code)
        session.add(witel)
        await session.flush()
        return witel.id
    return int(found)


async def _known(
    session: AsyncSession, table: type[SiteOperation] | type[Sto], row_id: int | None
) -> dict[str, Any] | None:
    """The row as it stands, locked until the commit; None for a new one. Raises NotFound."""
    if row_id is None:
        return None
    rows = await session.execute(select(table.__table__).where(table.__table__.c.id == row_id).with_for_update())
    found = rows.mappings().first()
    if found is None:
        raise NotFound
    return dict(found)


async def _save(
    session: AsyncSession, table: type[SiteOperation] | type[Sto], values: dict[str, Any], row_id: int | None
) -> int:
    try:
        async with session.begin_nested():
            if row_id is None:
                row = table(**values)
                session.add(row)
                await session.flush()
                return row.id
            await session.execute(update(table).where(table.id == row_id).values(**values))
            return row_id
    except IntegrityError as error:
        raise Invalid(code="taken") from error


def _dates(since: date | None, until: date | None) -> dict[str, str]:
    return {"valid_to": "before_from"} if since and until and until < since else {}


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: each.isoformat() if isinstance(each, (date, time)) else each for name, each in values.items()}


def _what(kind: str, row_id: int | None) -> str:
    return f"{kind}.added" if row_id is None else f"{kind}.changed"


def _switched(kind: str, active: bool) -> str:
    return f"{kind}.{'activated' if active else 'deactivated'}"
