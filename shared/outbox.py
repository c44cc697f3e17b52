"""The queue between the doors: one row for each event and each service that must hear it.

Postgres is the queue. A row leaves the state `waiting` only in the transaction that did its work.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, String, Text, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table, after

GIVE_UP_AFTER = 8  # definite failures of one listener; then a person must look


class OutboxRow(Table):
    """What one service still has to hear. Rows of one stream (an order) are heard in order."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_stream", "consumer", "stream", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_outbox_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_outbox_dead", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_outbox_event", "event_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    consumer: Mapped[str] = mapped_column(String(16))
    stream: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")  # waiting, consumed, cancelled, dead
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    hinted_at: Mapped[datetime | None]
    hints: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None] = mapped_column(Text)
    consumed_at: Mapped[datetime | None]


async def head(session: AsyncSession, consumer: str, stream: str) -> OutboxRow | None:
    """Lock and return the oldest row that `consumer` has not heard of `stream`, once it is due.

    Waits for a worker that holds it: the head must be finished before the next row is looked at.
    """
    oldest = (
        select(OutboxRow, OutboxRow.due_at <= func.clock_timestamp())
        .where(OutboxRow.consumer == consumer, OutboxRow.stream == stream, OutboxRow.state == "waiting")
        .order_by(OutboxRow.id)
        .limit(1)
        .with_for_update()
    )
    found = (await session.execute(oldest)).first()
    return found[0] if found is not None and found[1] else None


async def due_of(session: AsyncSession, consumer: str, streams: Sequence[str]) -> list[str]:
    """Those of these streams that hold anything due for a service, in their order.

    In a busy hour most hints are old ones: hearing a stream that holds nothing any more would cost a transaction each.
    """
    due = select(OutboxRow.stream).where(
        OutboxRow.consumer == consumer,
        OutboxRow.stream.in_(streams),
        OutboxRow.state == "waiting",
        OutboxRow.due_at <= func.clock_timestamp(),
    )
    found = set(await session.scalars(due.distinct()))
    return [stream for stream in streams if stream in found]


async def waits(session: AsyncSession, consumer: str, stream: str) -> bool:
    """Whether a stream holds anything more for a service; a row that comes later brings its own hint."""
    more = exists().where(OutboxRow.consumer == consumer, OutboxRow.stream == stream, OutboxRow.state == "waiting")
    return bool(await session.scalar(select(more)))


async def consumed(session: AsyncSession, row_id: int) -> None:
    """Close a row whose work this very transaction did."""
    await session.execute(
        update(OutboxRow).where(OutboxRow.id == row_id).values(state="consumed", consumed_at=func.clock_timestamp())
    )


async def failed(session: AsyncSession, row_id: int, trouble: str) -> bool:
    """Note a failure of a listener and try later, doubling from one second; returns whether it was given up."""
    failures = (
        await session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == row_id, OutboxRow.state == "waiting")
            .values(
                failures=OutboxRow.failures + 1,
                trouble=trouble[:2000],
                hinted_at=None,
                due_at=func.clock_timestamp() + text("make_interval(secs => least(power(2, outbox.failures), 300))"),
            )
            .returning(OutboxRow.failures)
        )
    ).scalar_one_or_none()
    if failures is None or failures < GIVE_UP_AFTER:
        return False
    await session.execute(update(OutboxRow).where(OutboxRow.id == row_id).values(state="dead"))
    return True


async def take_back(session: AsyncSession, event_id: int) -> bool:
    """Cancel what nobody has heard yet of an event; False when it was heard (or is being heard) already."""
    taken = await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.event_id == event_id,
            OutboxRow.state == "waiting",
            OutboxRow.due_at > func.clock_timestamp(),
        )
        .values(state="cancelled")
        .returning(OutboxRow.id)
    )
    return taken.first() is not None


async def due_together(session: AsyncSession, event_ids: Sequence[int], hold: float) -> None:
    """Let all these events be heard at one moment, `hold` seconds from now, so that they can be taken back as one."""
    moment = select(after(hold)).scalar_subquery()  # once, and not anew for each row
    waiting = update(OutboxRow).where(OutboxRow.event_id.in_(event_ids), OutboxRow.state == "waiting")
    await session.execute(waiting.values(due_at=moment).execution_options(synchronize_session=False))


async def wait_longer(session: AsyncSession, event_ids: Sequence[int], seconds: float = 60) -> set[int]:
    """Keep those of these events that nobody may hear yet from being heard for a while; returns which.

    Their rows stay locked until the end of the transaction, so no listener comes between this and what follows.
    """
    held = (
        update(OutboxRow)
        .where(
            OutboxRow.event_id.in_(event_ids),
            OutboxRow.state == "waiting",
            OutboxRow.due_at > select(func.clock_timestamp()).scalar_subquery(),
        )
        .values(due_at=after(seconds))
        .returning(OutboxRow.event_id)
        .execution_options(synchronize_session=False)
    )
    return set((await session.execute(held)).scalars())
