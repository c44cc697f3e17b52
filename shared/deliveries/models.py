"""Messages on their way to Telegram, one row each, and how each ended."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"  # claimed; at most one a chat
    UNKNOWN = "unknown"  # asked, and Telegram's answer never came; must be settled before the chat goes on
    SENT = "sent"
    MERGED = "merged"  # its words left inside another delivery
    HELD = "held"  # the policy says a person decides
    DEAD = "dead"  # given up; shown on the web page of troubled deliveries
    CANCELLED = "cancelled"


class Delivery(Table):
    """One message or edit for one chat. Its text is rendered when written; its id in Telegram is kept."""

    __tablename__ = "delivery"
    __table_args__ = (
        # Not a lock in Redis: the database says that at most one delivery of a chat is in flight or unsettled.
        Index(
            "uq_delivery_in_flight", "chat_id", unique=True, postgresql_where=text("state IN ('sending', 'unknown')")
        ),
        Index("uq_delivery_once", "event_id", "chat_id", "kind", unique=True),
        Index("ix_delivery_waiting", "chat_id", "lane", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_delivery_trouble", "state", "id", postgresql_where=text("state IN ('unknown', 'held', 'dead')")),
        Index("ix_delivery_message", "chat_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index("ix_delivery_order", "order_id", "id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_delivery_created", "created_at"),
        Index("ix_delivery_sent", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("ix_delivery_passing", "sent_at", postgresql_where=text("kind = 'passing' AND state = 'sent'")),
        Index("ix_delivery_file", "file_id", postgresql_where=text("file_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"))
    kind: Mapped[str] = mapped_column(String(32))  # receipt, status, card, card_edit, reply, …
    lane: Mapped[int]  # 0 a person waits for it, 1 news, 2 digests
    method: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]  # the call's parameters, without chat_id
    brief: Mapped[str] = mapped_column(Text, default="")  # one line of HTML, used when several leave as one
    button: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # the one button that goes along when merged
    file_id: Mapped[int | None] = mapped_column(ForeignKey("delivery_file.id"))  # what goes along, as `attach://file`
    keep: Mapped[bool] = mapped_column(default=True)  # False: a newer one of the same order replaces it when merging
    edits: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))  # the delivery whose message this edits
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))

    state: Mapped[State] = mapped_column(server_default="waiting", default=State.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)  # definite failures
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    settle_at: Mapped[datetime | None]
    repeated: Mapped[bool] = mapped_column(default=False)  # sent once more, marked, after it could not be settled
    floor_id: Mapped[int] = mapped_column(default=0)  # highest message id known in the chat when it was claimed
    message_id: Mapped[int | None]
    trouble: Mapped[str | None] = mapped_column(Text)  # the last thing that went wrong, in words
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]


class DeliveryFile(Table):
    """A file on its way to Telegram, kept as it was made until a week after, so that a repeat sends the very same."""

    __tablename__ = "delivery_file"
    __table_args__ = (Index("ix_delivery_file_made", "made_at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class BotPause(Table):
    """One row: until when nothing at all may be sent, and why (two chats flooded at once, token refused)."""

    __tablename__ = "bot_pause"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
