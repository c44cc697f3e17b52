"""The table of questions that the office asks about an order, each with its answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class OrderQuestion(Table):
    """One question to the technician of an order. chat_id, message_id, thread_id: where it was asked in Telegram."""

    __tablename__ = "order_question"
    __table_args__ = (
        Index("ix_order_question_order", "order_id", "id"),
        Index("ix_order_question_open", "order_id", postgresql_where=text("answered_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    thread_id: Mapped[int | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, server_default="", default="")
