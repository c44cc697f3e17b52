"""Writing the audit log: one row an act, in the transaction of the act itself. It never changes or removes one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.models import AuditRow

# The trigger seals each row with the one before, which it sees although this very statement wrote it.
_ALL = text("""
    INSERT INTO audit (actor_id, source, ip, what, subject, details)
    SELECT actor_id, source, :ip, what, subject, CAST(details AS jsonb)
    FROM unnest(CAST(:actors AS bigint[]), CAST(:sources AS text[]), CAST(:whats AS text[]),
        CAST(:subjects AS text[]), CAST(:details AS text[]))
        WITH ORDINALITY AS noted(actor_id, source, what, subject, details, place)
    ORDER BY place
""")

_ip: ContextVar[str] = ContextVar("ip", default="")


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the log that is still to be written; its fields are the parameters of `note`."""

    actor_id: int | None
    source: str
    what: str
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


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


async def note_all(session: AsyncSession, notes: Sequence[Note]) -> None:
    """`note` several in their order, in one statement: their transaction keeps the log to itself for that long only."""
    if not notes:
        return
    written = {
        "ip": _ip.get(),
        "actors": [each.actor_id for each in notes],
        "sources": [each.source for each in notes],
        "whats": [each.what for each in notes],
        "subjects": [each.subject[:120] for each in notes],
        "details": [json.dumps(dict(each.details)) for each in notes],
    }
    await session.execute(_ALL, written)
