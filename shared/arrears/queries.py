"""Questions about accounts in arrears, always within the asker's area: lists, sums by age, one account. Reads only."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import rows
from shared.arrears import tally, there
from shared.arrears.batches import BatchState, ImportBatch, ImportChange, Kind
from shared.arrears.models import Account, AccountSearch, AccountState, Assignment, Promise, Visit
from shared.audit.models import AuditRow
from shared.errors import NotFound
from shared.identifiers import letters, phones
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person, Role
from shared.places.models import SiteOperation, Sto

PAGE = 50
AGES = ((None, 0), (1, 1), (2, 2), (3, 3), (4, None))  # months overdue: not said, one, two, three, more
COUNTED = 10_000  # how far accounts are counted that no tally knows
NOTED = {
    "account.phone_revealed": "revealed",
    "account.marked_paid": "paid",
    "account.read": "read",
    "account.sent": "sent",
    "account.resumed": "resumed",
}  # acts of the audit log → of the story
Promised = Literal["", "none", "open", "due", "late"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list; an empty one narrows nothing.

    months: the least and the most months overdue, None is no limit. collector: a person's id, 0 for those of nobody.
    promised: "none", "open", "due" (today), "late" (before today). found: part of a number, a name or an address.
    result: what came of the last visit, "none" for those nobody visited.
    """

    state: AccountState = AccountState.OPEN
    stos: tuple[int, ...] = ()
    months: tuple[int | None, int | None] = (None, None)
    collector: int | None = None
    promised: Promised = ""
    paused: bool | None = None
    found: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of the list. zone: of its unit, whose days its promise counts."""

    account: Account
    sto: str
    zone: str
    collector: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many accounts, and how much they owe in rupiah. more: there are more than were counted."""

    accounts: int
    amount: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """One step of the aging strip: from `least` to `most` months; None is no limit, (None, 0) is "not said"."""

    least: int | None
    most: int | None
    sum: Sum


@dataclass(frozen=True, slots=True)
class Story:
    """One thing that happened to an account, for its history.

    what: "added", "changed", "missing" (by an import), "visit", "promise", "assigned", and from the audit log what
    NOTED names. details depend on it: an import has {"batch_id", "before", "after"}, a promise its due day, amount and
    state, an assignment {"to"}, a visit its result, note, order, whether there is a photo, and its place.
    """

    at: datetime
    what: str
    who: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account with what a page about it shows. `installed_by`: the finished orders that name its number."""

    account: Account
    sto: str
    sto_name: str
    collector: str | None
    promise: Promise | None
    story: Sequence[Story]
    installed_by: Sequence[Order]


def narrowed(viewer: Viewer, given: Filters) -> ColumnElement[bool]:
    """The filters and the viewer's area as one condition."""
    wanted: list[ColumnElement[bool]] = [viewer.within(Account.sto_id), Account.state == given.state]
    if given.stos:
        wanted.append(Account.sto_id.in_(given.stos))
    least, most = given.months
    if (least, most) == (None, 0):
        wanted.append(or_(Account.months.is_(None), Account.months < 1))
    else:
        wanted += [Account.months >= least] if least is not None else []
        wanted += [Account.months <= most] if most is not None else []
    if given.collector is not None:
        wanted.append(Account.collector_id == given.collector if given.collector else Account.collector_id.is_(None))
    if given.paused is not None:
        wanted.append(and_(Account.paused) if given.paused else ~Account.paused)  # as its index says it
    if given.result:
        wanted.append(Account.last_result.is_(None) if given.result == "none" else Account.last_result == given.result)
    today = there.today()
    choices: dict[str, list[ColumnElement[bool]]] = {
        "": [],
        "none": [Account.promise_due.is_(None)],
        "open": [Account.promise_due.is_not(None)],
        "due": [today.due(Account.promise_due, Account.sto_id)],
        "late": [today.late(Account.promise_due, Account.sto_id)],
    }
    wanted += choices[given.promised]
    if words := letters(given.found)[:60]:
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted.append(Account.id.in_(select(AccountSearch.account_id).where(AccountSearch.words.like(like))))
    return and_(*wanted)


def _lines(viewer: Viewer, given: Filters) -> Select[Account, str, str, str]:
    return (
        select(Account, Sto.code, SiteOperation.zone, Person.name)
        .join(Sto, Sto.id == Account.sto_id)
        .join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        .outerjoin(Person, Person.id == Account.collector_id)
        .where(narrowed(viewer, given))
    )


async def page(
    session: AsyncSession,
    viewer: Viewer,
    given: Filters,
    *,
    after: tuple[int, int] | None = None,
    size: int = PAGE,
) -> list[AccountLine]:
    """Accounts by what they owe, the most first; `after` is (amount, id) of the last one seen. Up to size + 1."""
    viewer.must("arrears.read")
    wanted = _lines(viewer, given).order_by(Account.amount.desc(), Account.id.desc()).limit(size + 1)
    if after is not None:
        wanted = wanted.where(tuple_(Account.amount, Account.id) < tuple_(*after))
    return [AccountLine(*row) for row in (await session.execute(wanted)).all()]


async def all_of(
    session: AsyncSession, viewer: Viewer, given: Filters, size: int = 2000
) -> AsyncIterator[Sequence[AccountLine]]:
    """Every account that is wanted, in batches, for exports; memory stays flat."""
    viewer.must("arrears.export")
    after: tuple[int, int] | None = None
    while found := (await page(session, viewer, given, after=after, size=size))[:size]:
        yield found
        after = found[-1].account.amount, found[-1].account.id
        session.expunge_all()


async def route(session: AsyncSession, viewer: Viewer, given: Filters, limit: int = 200) -> list[AccountLine]:
    """Accounts to visit, in the order of work: promises that are due, then months overdue times amount."""
    viewer.must("arrears.read")
    due = case((there.today().reached(Account.promise_due, Account.sto_id), 0), else_=1)
    weight = func.coalesce(Account.months, 1) * Account.amount
    wanted = _lines(viewer, given).order_by(due, weight.desc(), Account.id).limit(limit)
    return [AccountLine(*row) for row in (await session.execute(wanted)).all()]


async def total(session: AsyncSession, viewer: Viewer, given: Filters) -> Sum:
    """How many accounts the filters leave, and what they owe: of open ones as they are tallied, else counted so far."""
    viewer.must("arrears.read")
    steps = _steps(given.months)
    if given == Filters(stos=given.stos, months=given.months) and steps is not None:
        known = await tally.sums(session, viewer, given.stos)
        found = [known.get(step, (0, 0)) for step in steps]
        return Sum(sum(accounts for accounts, _ in found), sum(amount for _, amount in found))
    some = select(Account.amount).where(narrowed(viewer, given)).limit(COUNTED + 1).subquery()
    row = (await session.execute(select(func.count(), func.coalesce(func.sum(some.c.amount), 0)))).one()
    return Sum(min(int(row[0]), COUNTED), int(row[1]), more=int(row[0]) > COUNTED)


def _steps(months: tuple[int | None, int | None]) -> range | None:
    """The steps of the tally that these months are; None when they are none of its own."""
    least, most = months
    if months == (None, 0):
        return range(1)
    first = 0 if least is None else least
    last = tally.MOST if most is None else most
    whole = 1 <= first <= tally.MOST if least is not None else most is None
    return range(first, last + 1) if whole and (most is None or last < tally.MOST) else None


async def aging(session: AsyncSession, viewer: Viewer) -> list[Age]:
    """Open accounts of the whole area by months overdue, as they are tallied."""
    viewer.must("arrears.read")
    known = await tally.sums(session, viewer)
    return [Age(*months, Sum(*known.get(step, (0, 0)))) for step, months in enumerate(AGES)]


_NEWEST = select(func.max(ImportBatch.applied_at)).where(
    ImportBatch.kind == Kind.ARREARS, ImportBatch.state == BatchState.APPLIED
)


async def as_of(session: AsyncSession, viewer: Viewer) -> datetime | None:
    """When the newest list that counts was applied; None while there is none."""
    viewer.must("arrears.read")
    at: datetime | None = (await rows.first(session, _NEWEST))[0]
    return at


async def account(session: AsyncSession, viewer: Viewer, account_id: int) -> Account:
    """One account as it stands. Raises NotFound."""
    viewer.must("arrears.read")
    found: Account | None = await session.scalar(
        select(Account)
        .where(Account.id == account_id, viewer.within(Account.sto_id))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def facts(session: AsyncSession, viewer: Viewer, account_id: int) -> AccountFacts:
    """One account with its history and links. Raises NotFound."""
    one = await account(session, viewer, account_id)
    sto = (await session.execute(select(Sto.code, Sto.name).where(Sto.id == one.sto_id))).one()
    collector = await session.scalar(select(Person.name).where(Person.id == one.collector_id))
    promise: Promise | None = await session.scalar(
        select(Promise).where(Promise.account_id == one.id, Promise.state == "open")
    )
    return AccountFacts(
        account=one,
        sto=sto[0],
        sto_name=sto[1],
        collector=collector,
        promise=promise,
        story=await story(session, one),
        installed_by=await installed_by(session, viewer, one),
    )


async def story(session: AsyncSession, one: Account, limit: int = 100) -> list[Story]:
    """What happened to an account, the newest first."""
    told: list[Story] = []
    uploader = aliased(Person)
    changes = await session.execute(
        select(ImportChange, ImportBatch.applied_at, uploader.name)
        .join(ImportBatch, ImportBatch.id == ImportChange.batch_id)
        .outerjoin(uploader, uploader.id == ImportBatch.decided_by)
        .where(ImportChange.account_id == one.id, ImportBatch.state == BatchState.APPLIED)
        .order_by(ImportBatch.applied_at.desc())
        .limit(limit)
    )
    for change, at, who in changes.all():
        details = {"batch_id": change.batch_id, "before": change.before, "after": change.after}
        told.append(Story(at or one.changed_at, change.kind, who, details))
    visits = await session.execute(
        select(Visit, Person.name)
        .join(Person, Person.id == Visit.person_id)
        .where(Visit.account_id == one.id)
        .order_by(Visit.at.desc())
        .limit(limit)
    )
    for visit, who in visits.all():
        told.append(Story(visit.at, "visit", who, _visited(visit)))
    promises = await session.execute(
        select(Promise, Person.name)
        .join(Person, Person.id == Promise.made_by)
        .where(Promise.account_id == one.id)
        .order_by(Promise.made_at.desc())
        .limit(limit)
    )
    for promise, who in promises.all():
        details = {"due": promise.due, "amount": promise.amount, "state": str(promise.state)}
        told.append(Story(promise.made_at, "promise", who, details))
    collector, giver = aliased(Person), aliased(Person)
    given = await session.execute(
        select(Assignment.at, collector.name, giver.name)
        .outerjoin(collector, collector.id == Assignment.collector_id)
        .join(giver, giver.id == Assignment.by_id)
        .where(Assignment.account_id == one.id)
        .order_by(Assignment.at.desc())
        .limit(limit)
    )
    told += [Story(at, "assigned", by, {"to": to}) for at, to, by in given.all()]
    seen = await session.execute(
        select(AuditRow.at, AuditRow.what, Person.name)
        .outerjoin(Person, Person.id == AuditRow.actor_id)
        .where(AuditRow.subject == f"account:{one.id}", text("subject LIKE 'account:%'"))
        .order_by(AuditRow.at.desc())
        .limit(limit)
    )
    told += [Story(at, NOTED[what], who, {}) for at, what, who in seen.all() if what in NOTED]
    told.append(Story(one.added_at, "added", None, {"batch_id": one.first_batch}))
    return sorted(told, key=lambda each: each.at, reverse=True)[:limit]


def _visited(visit: Visit) -> dict[str, Any]:
    """What a visit's entry in the story shows."""
    placed = visit.latitude is not None and visit.longitude is not None
    return {
        "visit_id": visit.id,
        "result": str(visit.result),
        "note": visit.note,
        "source": visit.source,
        "photo": visit.photo is not None,
        "place": (visit.latitude, visit.longitude) if placed else None,
        "order_id": visit.order_id,
    }


async def installed_by(session: AsyncSession, viewer: Viewer, one: Account) -> list[Order]:
    """Finished orders of the viewer's area whose note names this internet number: from install to first bill."""
    if not viewer.may("order.read"):
        return []
    found = await session.scalars(
        select(Order)
        .where(
            Order.search.like(f"%{one.internet_no}%"),
            Order.category == "done",
            Order.deleted_at.is_(None),
            viewer.within(Order.sto_id),
        )
        .order_by(Order.registered_at.desc())
        .limit(5)
    )
    return list(found.all())


async def billed_for(session: AsyncSession, viewer: Viewer, order: Order) -> Account | None:
    """The account in arrears whose number an order's note names: the same link the other way."""
    if not viewer.may("arrears.read"):
        return None
    numbers = [word for word in "".join(c if c.isdigit() else " " for c in order.note).split() if len(word) == 12]
    if not numbers:
        return None
    found: Account | None = await session.scalar(
        select(Account).where(Account.internet_no.in_(numbers[:5]), viewer.within(Account.sto_id)).limit(1)
    )
    return found


async def collectors(session: AsyncSession, viewer: Viewer) -> list[tuple[int, str]]:
    """(id, name) of active collectors, by name."""
    viewer.must("arrears.read")
    found = await session.execute(
        select(Person.id, Person.name).where(Person.role == Role.COLLECTOR, Person.active).order_by(Person.name)
    )
    return [(row[0], row[1]) for row in found.all()]


async def loads(session: AsyncSession, viewer: Viewer) -> dict[int, Sum]:
    """What each collector carries of the viewer's area: open accounts and what they owe."""
    viewer.must("arrears.read")
    counted = await session.execute(
        select(Account.collector_id, func.count(), func.sum(Account.amount))
        .where(Account.collector_id.is_not(None), Account.state == AccountState.OPEN, viewer.within(Account.sto_id))
        .group_by(Account.collector_id)
    )
    return {int(row[0] or 0): Sum(int(row[1]), int(row[2])) for row in counted.all()}


def numbers_of(one: Account) -> tuple[str, ...]:
    """The phone numbers of an account as `+62…`; pages mask them until somebody asks (`operations.reveal`)."""
    return phones(one.phone).value or ()
