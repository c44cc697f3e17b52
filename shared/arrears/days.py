"""What a day in the field came to: of one person, and of everybody in an area. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from sqlalchemy import BigInteger, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.arrears import there
from shared.arrears.models import Account, Promise, Result, Visit
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto


@dataclass(frozen=True, slots=True)
class Day:
    """Visits by result, and what was promised at them, in rupiah."""

    results: Mapping[Result, int] = field(default_factory=dict)
    promised: int = 0

    @property
    def visits(self) -> int:
        return sum(self.results.values())


async def of_person(session: AsyncSession, person_id: int, day: date) -> Day:
    """One person's day, as each account's unit counts it."""
    found = await rows.rows(session, _of_person(day), {"person": person_id})
    return Day({Result(row[0]): int(row[1]) for row in found}, sum(int(row[2]) for row in found))


@lru_cache(maxsize=8)
def _of_person(day: date) -> Select[Result, int, int]:
    return (
        select(Visit.result, func.count(), func.coalesce(func.sum(Promise.amount), 0))
        .join(Account, Account.id == Visit.account_id)
        .join(Sto, Sto.id == Account.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(Promise, Promise.visit_id == Visit.id)
        .where(Visit.person_id == bindparam("person", type_=BigInteger), there.on(day, Visit.at, SiteOperation.zone))
        .group_by(Visit.result)
    )


async def of_area(session: AsyncSession, viewer: Viewer, day: date) -> dict[str, Day]:
    """Everybody's day at accounts of the viewer's area, by name."""
    found = await session.execute(
        select(Person.name, Visit.result, func.count(), func.coalesce(func.sum(Promise.amount), 0))
        .join(Person, Person.id == Visit.person_id)
        .join(Account, Account.id == Visit.account_id)
        .join(Sto, Sto.id == Account.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(Promise, Promise.visit_id == Visit.id)
        .where(there.on(day, Visit.at, SiteOperation.zone), viewer.within(Account.sto_id))
        .group_by(Person.name, Visit.result)
        .order_by(Person.name)
    )
    people: dict[str, dict[Result, int]] = {}
    promised: dict[str, int] = {}
    for name, result, many, amount in found.all():
        people.setdefault(name, {})[Result(result)] = int(many)
        promised[name] = promised.get(name, 0) + int(amount)
    return {name: Day(results, promised[name]) for name, results in people.items()}
