"""Writing the audit log: one row an act, in the transaction of the act itself. It never changes or removes one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.models import AuditRow

_ip: ContextVar[str] = ContextVar("ip", default="")


@contextmanager
def came_from(ip: str) -> Iterator[None]:
    """Within the block every note says that it came from this address; the door knows it, operations need not."""
    token = _ip.set(ip[:45])
    try:
        yield
    finally:
        _ip.reset(token)


async def note(
    session: AsyncSession,
    actor_id: int | None,
    source: str,
    what: str,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down that a person did something. It stands exactly if the act it tells of is committed.

    what: a verb in the past, after its feature ("person.disabled"). subject: "<kind>:<id>". details: plain JSON, no
    secrets. Call it last: notes are written one after another, so from here to the commit others wait for this one.
    """
    row = {"actor_id": actor_id, "source": source, "ip": _ip.get(), "what": what, "subject": subject[:120]}
    await session.execute(insert(AuditRow).values(row | {"details": dict(details or {})}))
