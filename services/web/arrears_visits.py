"""What an account's page shows of visits and bills: photos, places with the way between them, bills by month. Reads."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.web import words_arrears as words
from services.web.language import _
from services.web.view_arrears import Monthly, Proof
from shared.arrears import columns, field
from shared.arrears.models import Account, Result, Visit
from shared.identifiers import figures
from shared.people.models import Person
from shared.words import MONTHS

SHOWN = 8
MAP = "https://www.openstreetmap.org/?mlat={0:.6f}&mlon={1:.6f}#map=18/{0:.6f}/{1:.6f}"


async def proofs_of(session: AsyncSession, one: Account) -> tuple[Proof, ...]:
    """The newest visits with a photo or a place; far: metres from the place of the visit before."""
    rows = await session.execute(
        select(Visit, Person.name)
        .join(Person, Person.id == Visit.person_id)
        .where(Visit.account_id == one.id, or_(Visit.photo.is_not(None), Visit.latitude.is_not(None)))
        .order_by(Visit.at.desc())
        .limit(SHOWN + 1)
    )
    found = rows.all()
    return tuple(
        _proof(one, visit, who, [each for each, _name in found[at + 1 :]])
        for at, (visit, who) in enumerate(found[:SHOWN])
    )


def _proof(one: Account, visit: Visit, who: str, earlier: list[Visit]) -> Proof:
    place = _place(visit)
    before = next((_place(each) for each in earlier if _place(each)), None)
    photo = f"/tunggakan/{one.id}/foto/{visit.id}"
    return Proof(
        at=visit.at,
        who=who,
        result=_(words.RESULTS[Result(visit.result)]),
        photo=photo if visit.photo else "",
        thumb=f"{photo}?kecil=ya" if visit.photo else "",
        map=MAP.format(*place) if place else "",
        far=words.far(field.distance(before, place)) if place and before else "",
    )


def _place(visit: Visit) -> tuple[float, float] | None:
    if visit.latitude is None or visit.longitude is None:
        return None
    return visit.latitude, visit.longitude


def months_of(extra: Mapping[str, Any] | None) -> tuple[tuple[Monthly, ...], dict[str, Any]]:
    """Bills by month out of what the list had besides (`TAG_202609`, `Tagihan Sep 2026`), and what is left of it.

    Only when at least two columns name a month and hold rupiah: one alone may mean anything.
    """
    bills: dict[date, Monthly] = {}
    rest: dict[str, Any] = {}
    for name, value in (extra or {}).items():
        month = columns.month(str(name))
        amount = figures.rupiah(str(value)).value if value not in (None, "") else None
        if month is None or amount is None or month in bills:
            rest[str(name)] = value
        else:
            bills[month] = Monthly(f"{MONTHS[month.month - 1]} {month.year}", amount)
    if len(bills) < 2:
        return (), dict(extra or {})
    return tuple(bills[month] for month in sorted(bills, reverse=True)), rest


async def photo_of(session: AsyncSession, account_id: int, visit_id: int, *, small: bool) -> str | None:
    """Telegram's id of a visit's photo, or of its thumbnail; None where there is none."""
    made: Visit | None = await session.scalar(
        select(Visit).where(Visit.id == visit_id, Visit.account_id == account_id, Visit.photo.is_not(None))
    )
    if made is None:
        return None
    return made.thumb or made.photo if small else made.photo
