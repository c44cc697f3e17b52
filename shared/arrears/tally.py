"""What open accounts come to, by STO and months overdue, kept beside them: the dashboard must not count a million rows.

Imports count anew at their end; an act on one account moves one figure. It never decides what an account is.
"""

from functools import lru_cache

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.arrears.models import Account, AccountTally
from shared.people.access import Viewer, Whoever

MOST = 4  # the last step: more than three months; step 0 is "not said"

_ALONE = text("LOCK TABLE account_tally IN SHARE ROW EXCLUSIVE MODE")
_COUNT = text("""
    SELECT sto_id, least(greatest(coalesce(months, 0), 0), 4) AS step, count(*)::bigint, sum(amount)::bigint
    FROM account WHERE state = 'open' GROUP BY 1, 2
""")
_WRITE = text("""
    WITH counted AS (
        SELECT * FROM unnest(:stos ::bigint[], :steps ::smallint[], :accounts ::bigint[], :amounts ::bigint[])
            AS c (sto_id, step, accounts, amount)
    ), gone AS (
        UPDATE account_tally t SET accounts = 0, amount = 0 WHERE NOT EXISTS (
            SELECT FROM counted c WHERE c.sto_id = t.sto_id AND c.step = t.step)
    )
    INSERT INTO account_tally (sto_id, step, accounts, amount) SELECT sto_id, step, accounts, amount FROM counted
    ON CONFLICT (sto_id, step) DO UPDATE SET accounts = excluded.accounts, amount = excluded.amount
""")


def step_of(months: int | None) -> int:
    """Which step of the aging an account stands on: 0 not said, 1 to 3, 4 for more."""
    return min(max(months or 0, 0), MOST)


async def recount(session: AsyncSession) -> None:
    """Count all open accounts anew, as the last thing a transaction that changed many of them does.

    Who marks one paid meanwhile waits for this to be committed, and takes it off what was counted here.
    """
    await session.execute(_ALONE)
    found = (await session.execute(_COUNT)).all()  # a statement of its own: one that writes is never shared out
    stos, steps, accounts, amounts = ([row[place] for row in found] for place in range(4))
    await session.execute(_WRITE, {"stos": stos, "steps": steps, "accounts": accounts, "amounts": amounts})


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
        wanted = wanted.where(AccountTally.sto_id.in_(stos))
    found = await session.execute(wanted, viewer.asking)
    return {int(row[0]): (int(row[1]), int(row[2])) for row in found.all()}


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
