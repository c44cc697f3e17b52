"""Other systems that hear of events, and each message to them with every try."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table

_OPEN = "state IN ('waiting', 'sending')"


class WebhookEndpoint(Table):
    """An address of another system. Its secret signs what is sent; the old one still signs until `old_until`.

    off: why nothing is sent, as a key (paused by a person, gone by its own word); empty: it hears.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(ARRAY(String(48)))
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))  # None: everywhere
    secret: Mapped[str] = mapped_column(String(120))
    old_secret: Mapped[str | None] = mapped_column(String(120))
    old_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    off: Mapped[str] = mapped_column(String(16), default="", server_default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]  # nothing was taken since then; None: the last one was
    taken_at: Mapped[datetime | None]  # when it took a message last


class WebhookDelivery(Table):
    """One message for one endpoint, its bytes as they are signed; every try sends the same under the same name."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("uq_webhook_delivery_once", "event_id", "endpoint_id", unique=True),
        Index("ix_webhook_delivery_open", "endpoint_id", "id", postgresql_where=text(_OPEN)),
        Index("ix_webhook_delivery_sending", "endpoint_id", postgresql_where=text("state = 'sending'")),
        Index("ix_webhook_delivery_dead", "endpoint_id", postgresql_where=text("state = 'dead'")),
        Index("ix_webhook_delivery_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_webhook_delivery_log", "endpoint_id", "id"),
        Index("ix_webhook_delivery_made", "made_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))  # None: a test
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(48), unique=True)  # the header webhook-id
    kind: Mapped[str] = mapped_column(String(48))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")  # waiting, sending, sent, dead, cancelled
    attempts: Mapped[int] = mapped_column(server_default="0")
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    tries: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))  # [{at, status, ms, words}]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    sent_at: Mapped[datetime | None]
