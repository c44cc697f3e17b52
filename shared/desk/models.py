"""Tables of the office's desk: who is on, what is handed over, who is told, and who has an order open now."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Is(StrEnum):
    """Whether somebody of the office is at work."""

    ONLINE = "online"
    BREAK = "break"
    OFF = "off"


class Presence(Table):
    """What a person said last about being here; `seen_at` is the last moment a live page of it was open."""

    __tablename__ = "presence"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    state: Mapped[Is]
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Notice(Table):
    """Something a person of the office must hear about orders it holds or held: shown live, kept for its list."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_person", "person_id", "id"),
        Index("ix_notice_unseen", "person_id", "id", postgresql_where=text("seen_at IS NULL")),
        Index("ix_notice_at", "at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str] = mapped_column(String(24))  # see notices.KINDS
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("handover.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    n: Mapped[int] = mapped_column(default=0)  # how many orders it speaks of, when not of one
    seen_at: Mapped[datetime | None]


class Line(StrEnum):
    """How one order of a handover stands. GIVEN: it changed hands at once and may be declined."""

    WAITING = "waiting"
    GIVEN = "given"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Handover(Table):
    """Orders that one person hands to another: a whole shift (`shift`, waits for an answer) or one order (`order`)."""

    __tablename__ = "handover"
    __table_args__ = (
        Index("ix_handover_giver", "giver_id", "id"),
        Index("ix_handover_taker", "taker_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    giver_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]


class HandoverOrder(Table):
    """One order of a handover. promise: what was promised to whom until when, in the giver's words."""

    __tablename__ = "handover_order"
    __table_args__ = (
        # An order waits for one answer at a time; the index decides between two handovers.
        Index("uq_handover_order_waiting", "order_id", unique=True, postgresql_where=text("state = 'waiting'")),
        Index("ix_handover_order_order", "order_id", "handover_id"),
    )

    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    promise: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[Line]
    answered_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text, default="")  # why it was declined; of a skipped one: "closed" or "moved"


class OrderOpen(Table):
    """Who has an order's page open, by its heartbeat; worth nothing after a crash, so it is not logged."""

    __tablename__ = "order_open"
    __table_args__ = (Index("ix_order_open_seen", "seen_at"), {"prefixes": ["UNLOGGED"]})

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
