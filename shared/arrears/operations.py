"""What people do with an account: assign it, visit it, take a promise, mark it paid, look at its phone. None commits.

Every act adds one to the account's version, so that the undo of an import leaves it alone afterwards.
"""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.arrears import queries, tally
from shared.arrears.changing import StaleAccount, touch
from shared.arrears.models import Account, AccountState, Assignment, Promise, PromiseState
from shared.arrears.queries import Filters
from shared.arrears.visits import Call, visit
from shared.errors import Invalid
from shared.people.access import Viewer
from shared.people.models import Person, Role

__all__ = ["Call", "StaleAccount", "assign", "chosen", "deal", "mark_paid", "resume", "reveal", "shares", "visit"]

MOST_AT_ONCE = 5000  # accounts one assignment may move


async def resume(session: AsyncSession, viewer: Viewer, account_id: int) -> Account:
    """Collect again from an account that a fault had paused. Raises NotFound, NotAllowed."""
    viewer.must("arrears.assign")
    one = await queries.account(session, viewer, account_id)
    return await touch(session, one.id, paused=False, fault_order_id=None)


async def mark_paid(session: AsyncSession, viewer: Viewer, account_id: int, version: int, *, source: str) -> Account:
    """Say that an account is paid, as seen at `version`; its promise is kept. Raises NotFound, StaleAccount."""
    viewer.must("arrears.mark_paid")
    one = await queries.account(session, viewer, account_id)
    was = one.state
    closed = {"state": AccountState.PAID, "promise_due": None, "promise_amount": None, "fault_order_id": None}
    paid = await touch(session, one.id, version, paused=False, **closed)
    if was is AccountState.OPEN:
        await tally.closed(session, paid)
    await session.execute(
        update(Promise)
        .where(Promise.account_id == one.id, Promise.state == PromiseState.OPEN)
        .values(state=PromiseState.KEPT, settled_at=clock.now())
    )
    await audit.note(session, viewer.person_id, source, "account.marked_paid", f"account:{one.id}")
    return paid


async def reveal(session: AsyncSession, viewer: Viewer, account_id: int, *, source: str) -> tuple[str, ...]:
    """The account's phone numbers in full; that this person looked is written down. Raises NotFound, NotAllowed."""
    viewer.must("arrears.reveal")
    one = await queries.account(session, viewer, account_id)
    await audit.note(session, viewer.person_id, source, "account.phone_revealed", f"account:{one.id}")
    return queries.numbers_of(one)


async def assign(
    session: AsyncSession, viewer: Viewer, accounts: Sequence[int], collector_id: int | None, *, source: str
) -> int:
    """Give these accounts to one collector, or to nobody; returns how many changed hands. Others' area is left out."""
    viewer.must("arrears.assign")
    if len(accounts) > MOST_AT_ONCE:
        raise Invalid(accounts="too_many")
    if collector_id is not None:
        await _collector(session, collector_id)
    moved = await session.scalars(
        update(Account)
        .where(
            Account.id.in_(accounts),
            viewer.within(Account.sto_id),
            Account.collector_id.is_distinct_from(collector_id),
        )
        .values(collector_id=collector_id, version=Account.version + 1)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    count = await _handed(session, viewer, [(account_id, collector_id) for account_id in moved.all()])
    details = {"accounts": count, "collector": collector_id}
    await audit.note(session, viewer.person_id, source, "account.assigned", "", details)
    return count


_DEALT = """
    WITH crew AS (
        SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS place
        FROM unnest(CAST(:crew AS bigint[])) AS given(person_id)
    ), wanted AS (
        SELECT id, amount, collector_id, row_number() OVER (ORDER BY amount DESC, id) - 1 AS place
        FROM account WHERE id = ANY(CAST(:accounts AS bigint[]))
    ), dealt AS (
        -- there and back again (1 2 3 3 2 1), so that nobody always gets the larger one of a round
        SELECT wanted.id, wanted.amount, wanted.collector_id, crew.person_id
        FROM wanted JOIN crew ON crew.place = CASE
            WHEN (wanted.place / :many) % 2 = 0 THEN wanted.place % :many ELSE :many - 1 - wanted.place % :many END
    )
"""
_CHANGED_HANDS = """
    UPDATE account SET collector_id = dealt.person_id, version = version + 1
    FROM dealt WHERE account.id = dealt.id AND account.collector_id IS DISTINCT FROM dealt.person_id
    RETURNING account.id, account.collector_id
"""
_BALANCED = text(_DEALT + _CHANGED_HANDS)
_SHARES = text(_DEALT + "SELECT person_id, count(*), sum(amount) FROM dealt GROUP BY person_id")  # noqa: S608 fixed words


async def chosen(session: AsyncSession, viewer: Viewer, given: Filters | Sequence[int]) -> list[int]:
    """The accounts that the filters leave, or those of these ids that lie in the area. Raises Invalid(accounts=…)."""
    viewer.must("arrears.assign")
    if isinstance(given, Filters):
        condition = queries.narrowed(viewer, given)
    else:
        condition = Account.id.in_(given[: MOST_AT_ONCE + 1]) & viewer.within(Account.sto_id)
    found = list((await session.scalars(select(Account.id).where(condition).limit(MOST_AT_ONCE + 1))).all())
    if len(found) > MOST_AT_ONCE:
        raise Invalid(accounts="too_many")
    return found


async def shares(session: AsyncSession, accounts: Sequence[int], crew: Sequence[int]) -> dict[int, queries.Sum]:
    """What each would get if these accounts were dealt to them now; changes nothing. Raises Invalid(crew=…)."""
    people = await _crew(session, crew)
    dealt = await session.execute(_SHARES, {"crew": people, "accounts": list(accounts), "many": len(people)})
    return {int(row[0]): queries.Sum(int(row[1]), int(row[2])) for row in dealt.all()}


async def deal(
    session: AsyncSession, viewer: Viewer, given: Filters | Sequence[int], crew: Sequence[int], *, source: str
) -> dict[int, int]:
    """Deal accounts to several collectors, in equal numbers and nearly equal amounts.

    By area: pass `Filters(stos=…)`. Returns how many each of them has of these. Raises Invalid(crew=…, accounts=…).
    """
    viewer.must("arrears.assign")
    people = await _crew(session, crew)
    accounts = await chosen(session, viewer, given)
    moved = await session.execute(_BALANCED, {"crew": people, "accounts": accounts, "many": len(people)})
    await _handed(session, viewer, [(row[0], row[1]) for row in moved.all()])
    counted = await session.execute(
        select(Account.collector_id, func.count()).where(Account.id.in_(accounts)).group_by(Account.collector_id)
    )
    dealt = {int(row[0]): int(row[1]) for row in counted.all() if row[0] is not None}
    await audit.note(
        session, viewer.person_id, source, "account.dealt", "", {"accounts": len(accounts), "crew": people}
    )
    return dealt


async def _handed(session: AsyncSession, viewer: Viewer, moved: Sequence[tuple[int, int | None]]) -> int:
    """Write into the accounts' stories who works them from now on; returns how many there are."""
    if moved:
        given = {"by_id": viewer.person_id, "at": clock.now()}
        rows = [{"account_id": account_id, "collector_id": to, **given} for account_id, to in moved]
        await session.execute(insert(Assignment), rows)
    return len(moved)


async def _crew(session: AsyncSession, crew: Sequence[int]) -> list[int]:
    if not crew:
        raise Invalid(crew="missing")
    people = sorted(set(crew))
    known = select(func.count()).where(Person.id.in_(people), Person.role == Role.COLLECTOR, Person.active)
    if await session.scalar(known) != len(people):
        raise Invalid(crew="unknown")
    return people


async def _collector(session: AsyncSession, person_id: int) -> None:
    found = await session.scalar(
        select(Person.id).where(Person.id == person_id, Person.role == Role.COLLECTOR, Person.active)
    )
    if found is None:
        raise Invalid(collector="unknown")
