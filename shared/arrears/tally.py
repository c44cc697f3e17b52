"""What open accounts come to, by STO and months overdue, kept beside them: the dashboard must not count a million rows.

Imports count anew at their end; an act on one account moves one figure. It never decides what an account is.
"""

from functools import lru_cache
from string import Template
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.arrears.models import Account, AccountTally
from shared.arrears.wires import PATIENCE
from shared.people.access import Viewer, Whoever

MOST = 4  # the last step: more than three months; step 0 is "not said"

MANY = 50_000  # accounts touched by one import from which on all are counted anew

_SUMS = Template("""
    SELECT sto_id, least(greatest(coalesce(months, 0), 0), 4)::smallint AS step, count(*), sum(amount)::bigint
    FROM $table WHERE state = 'open' GROUP BY 1, 2
""")
_GIVEN = "SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[])"
_ANEW = f"""
    WITH counted AS ({_GIVEN} AS c (sto_id, step, accounts, amount)), gone AS (
        UPDATE account_tally t SET accounts = 0, amount = 0 WHERE NOT EXISTS (
            SELECT FROM counted c WHERE c.sto_id = t.sto_id AND c.step = t.step)
    )
    INSERT INTO account_tally (sto_id, step, accounts, amount) SELECT sto_id, step, accounts, amount FROM counted
    ON CONFLICT (sto_id, step) DO UPDATE SET accounts = excluded.accounts, amount = excluded.amount
"""  # noqa: S608 fixed words
_MORE = f"""
    INSERT INTO account_tally AS t (sto_id, step, accounts, amount) {_GIVEN}
    ON CONFLICT (sto_id, step) DO UPDATE SET accounts = t.accounts + excluded.accounts,
        amount = t.amount + excluded.amount
"""
_LOCKED = "(SELECT a.* FROM account a JOIN touched t ON t.account_id = a.id ORDER BY a.id FOR UPDATE OF a) a"
_TOUCHED = "account a JOIN touched t ON t.account_id = a.id"

Sums = dict[tuple[int, int], tuple[int, int]]  # (STO, step) → (accounts, rupiah)


def step_of(months: int | None) -> int:
    """Which step of the aging an account stands on: 0 not said, 1 to 3, 4 for more."""
    return min(max(months or 0, 0), MOST)


async def recount(wire: Any, table: str = "account") -> None:
    """Count all open accounts anew, as the last thing a transaction that changed many of them does.

    wire: an asyncpg connection in a transaction. table: what holds them; see `beside`. Who marks one paid meanwhile
    waits for this to be committed, and takes it off what was counted here.
    """
    await wire.execute("LOCK TABLE account_tally IN SHARE ROW EXCLUSIVE MODE")
    await _write(wire, _ANEW, await _summed(wire, table))  # counted by itself: what writes is never shared out


async def before(wire: Any) -> Sums:
    """What the accounts named in the temporary table `touched` come to; nobody else changes them from now on."""
    return await _one_by_one(wire, _LOCKED)


async def moved(wire: Any, were: Sums) -> None:
    """Enter what became of the accounts in `touched`, which came to `were` before."""
    now = await _one_by_one(wire, _TOUCHED)
    change = {}
    for place in sorted({*were, *now}):
        (accounts, amount), (had, owed) = now.get(place, (0, 0)), were.get(place, (0, 0))
        change[place] = accounts - had, amount - owed
    await _write(wire, _MORE, change)


async def _one_by_one(wire: Any, touched: str) -> Sums:
    """A look into the index an account: few are touched, and of a list that has just come in Postgres knows little."""
    await wire.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    found = await _summed(wire, touched)
    await wire.execute("SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on")
    return found


async def _summed(wire: Any, table: str) -> Sums:
    found = await wire.fetch(_SUMS.substitute(table=table), timeout=PATIENCE)
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


async def _write(wire: Any, statement: str, sums: Sums) -> None:
    rows = [(*place, *figures) for place, figures in sums.items()]
    await wire.execute(statement, *([row[column] for row in rows] for column in range(4)))


async def closed(session: AsyncSession, one: Account) -> None:
    """An account is open no longer."""
    await session.execute(
        update(AccountTally)
        .where(AccountTally.sto_id == one.sto_id, AccountTally.step == step_of(one.months))
        .values(accounts=AccountTally.accounts - 1, amount=AccountTally.amount - one.amount)
    )


async def sums(session: AsyncSession, viewer: Viewer, stos: tuple[int, ...] = ()) -> dict[int, tuple[int, int]]:
    """Step → (accounts, rupiah) of the viewer's area, or of some STO of it."""
    wanted = _summing(viewer.whoever)
    if stos:
        found = (await session.execute(wanted.where(AccountTally.sto_id.in_(stos)), viewer.asking)).all()
    else:
        found = await rows.rows(session, wanted, viewer.asking)
    return {int(row[0]): (int(row[1]), int(row[2])) for row in found}


@lru_cache(maxsize=16)
def _summing(viewer: Viewer | Whoever) -> Select[int, int, int]:
    return (
        select(
            AccountTally.step,
            func.coalesce(func.sum(AccountTally.accounts), 0),
            func.coalesce(func.sum(AccountTally.amount), 0),
        )
        .where(viewer.within(AccountTally.sto_id))
        .group_by(AccountTally.step)
    )
