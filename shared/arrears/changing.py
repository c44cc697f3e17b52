"""How an account's row changes: every act adds one to its version, and may insist on the version it saw. No rules."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears.models import Account
from shared.errors import Conflict, NotFound


class StaleAccount(Conflict):
    """The account changed meanwhile; `now` is how it stands."""

    def __init__(self, now: Account) -> None:
        super().__init__()
        self.now = now


async def touch(session: AsyncSession, account_id: int, version: int | None = None, **values: Any) -> Account:
    """Change an account, as seen at `version` if that matters. Raises StaleAccount."""
    changing = update(Account).where(Account.id == account_id)
    if version is not None:
        changing = changing.where(Account.version == version)
    changed: Account | None = await session.scalar(
        changing.values(version=Account.version + 1, changed_at=clock.now(), **values)
        .returning(Account)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        now = await session.get(Account, account_id, populate_existing=True)
        if now is None:
            raise NotFound
        session.expunge(now)  # so that it can still be read when this transaction is over
        raise StaleAccount(now)
    return changed
