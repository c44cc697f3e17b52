"""The office sends a collector accounts to look at, by a message to its private chat. It gives nobody an account."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.arrears.events import AccountsSent
from shared.arrears.models import Account, AccountState
from shared.errors import Invalid
from shared.events import emit
from shared.people.access import Viewer
from shared.people.models import Person

SHOWN = 8  # accounts named in the message; the rest stand in the collector's list


async def send(session: AsyncSession, viewer: Viewer, accounts: Sequence[int], *, source: str) -> int:
    """Send each collector those of these accounts that it works; returns to how many people something leaves.

    Raises NotAllowed, Invalid(collector="missing" | "no_telegram") when nobody can be reached.
    """
    viewer.must("arrears.assign")
    rows = await session.execute(
        select(Account.collector_id, Account.id, Person.telegram_id)
        .join(Person, Person.id == Account.collector_id)
        .where(
            Account.id.in_(accounts),
            viewer.within(Account.sto_id),
            Account.state == AccountState.OPEN,
            Person.active,
        )
        .order_by(Account.collector_id, Account.amount.desc(), Account.id)
    )
    theirs: dict[int, list[int]] = {}
    deaf = False
    for collector_id, account_id, telegram_id in rows.all():
        if telegram_id is None:
            deaf = True
        else:
            theirs.setdefault(int(collector_id or 0), []).append(account_id)
    if not theirs:
        raise Invalid(collector="no_telegram" if deaf else "missing")
    for collector_id, mine in theirs.items():
        event = AccountsSent(person_id=collector_id, accounts=tuple(mine[:SHOWN]), more=max(len(mine) - SHOWN, 0))
        await emit(session, event, source=source, actor_id=viewer.person_id)
    for collector_id, mine in theirs.items():
        details = {"collector": collector_id, "accounts": mine[:100], "count": len(mine)}
        subject = f"account:{mine[0]}" if len(mine) == 1 else "account:list"
        await audit.note(session, viewer.person_id, source, "account.sent", subject, details)
    return len(theirs)
