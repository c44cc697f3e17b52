"""What happened, told once: an event row beside its change, and an outbox row for each service that hears it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Double, ForeignKey, Identity, Index, String, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared import clock
from shared.db import Table


class Event(BaseModel):
    """A fact of the house. Subclasses name it, say who hears it, and only ever gain optional fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str] = ""
    heard_by: ClassVar[tuple[str, ...]] = ()
    known: ClassVar[dict[str, type["Event"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Enter the subclass into the register of known events."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.known[cls.name] = cls

    @classmethod
    def read(cls, payload: dict[str, Any]) -> Self:
        """The event that `payload` tells of; unknown fields are ignored."""
        return cls.model_validate(payload)


class EventRow(Table):
    """An event as it is kept: who did it, from where, when. An order's timeline is its rows here."""

    __tablename__ = "event"
    __table_args__ = (
        Index("uq_event_order_seq", "order_id", "seq", unique=True, postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_event_at", "at"),
        Index("ix_event_actor", "actor_id", "at"),
        # What the house said by itself lately, for those who try rules on it.
        Index(
            "ix_event_alert",
            "at",
            postgresql_where=text("name IN ('order.sla_alert', 'clock.alerted', 'house.alerted')"),
        ),
        # What stopped orders lately, for the dashboard: few events have a reason.
        Index(
            "ix_event_reason",
            "at",
            postgresql_where=text("name = 'order.changed' AND (payload ->> 'reason_id') IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    seq: Mapped[int | None]  # the order's version that this event made
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    source: Mapped[str] = mapped_column(String(8))
    payload: Mapped[dict[str, Any]]


# Every service that hears it, and other systems (`shared.webhooks`) only if one of them chose this event: in one trip.
_TELL = text("""
    WITH told AS (
        INSERT INTO outbox (event_id, consumer, stream, due_at)
        SELECT :event, who, :stream, clock_timestamp() + make_interval(secs => :hold)
        FROM (SELECT unnest(:services) AS who UNION ALL
              SELECT 'webhook' WHERE EXISTS (SELECT FROM webhook_endpoint WHERE active AND :name = ANY(events))) AS h
        RETURNING 1)
    SELECT pg_notify('sikpro_outbox', '') WHERE EXISTS (SELECT FROM told)
""").bindparams(
    bindparam("services", type_=ARRAY(String)),
    bindparam("hold", type_=Double),
    bindparam("stream", type_=String),
    bindparam("name", type_=String),
)

_untold: ContextVar[bool] = ContextVar("untold", default=False)


@contextmanager
def untold() -> Iterator[None]:
    """Within the block events are kept and no service hears them: history written down after the fact."""
    token = _untold.set(True)
    try:
        yield
    finally:
        _untold.reset(token)


async def emit(
    session: AsyncSession,
    event: Event,
    *,
    source: str,
    actor_id: int | None = None,
    order_id: int | None = None,
    seq: int | None = None,
    hold: float = 0,
) -> int:
    """Write `event` beside the change it tells of; it leaves only if both commit. Returns the event's id.

    hold: seconds before any service may hear it (a feedback that can still be taken back). Browsers are told at the
    commit either way.
    """
    event_id = (
        await session.execute(
            insert(EventRow)
            .values(
                name=event.name,
                order_id=order_id,
                seq=seq,
                actor_id=actor_id,
                source=source,
                at=clock.now(),
                payload=event.model_dump(mode="json"),
            )
            .returning(EventRow.id)
        )
    ).scalar_one()
    if not _untold.get():
        stream = f"order:{order_id}" if order_id else f"event:{event_id}"
        told = {"event": event_id, "services": list(event.heard_by), "stream": stream, "name": event.name, "hold": hold}
        await session.execute(_TELL, told)
    if order_id:
        await session.execute(select(func.pg_notify("sikpro_order", f"{event_id}:{order_id}")))
    return event_id
