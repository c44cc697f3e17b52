"""The table of thrown-away orders: who threw one away, when and why. The order itself stays where it is, marked."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Trashed(Table):
    """One deleted order; the row goes when it is restored or purged. `event_id`: the event that deleted it."""

    __tablename__ = "trash"
    __table_args__ = (Index("ix_trash_at", "deleted_at", "order_id"), Index("ix_trash_event", "event_id"))

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    deleted_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
