"""The table of photos that people sent to Telegram about an order. Only their ids: the pictures lie in files.py."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class OrderPhoto(Table):
    """One photo, as the message it came in. order_id: None until the registration it belongs to is complete.

    album: Telegram's id of the media group; only its first message has the caption. file_id and thumb_id: the largest
    size and a small one, both fetched with getFile. It goes with its order.
    """

    __tablename__ = "order_photo"
    __table_args__ = (
        Index("uq_order_photo_message", "chat_id", "message_id", unique=True),
        Index("ix_order_photo_order", "order_id", "id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_order_photo_album", "chat_id", "album", postgresql_where=text("album IS NOT NULL")),
        Index("ix_order_photo_loose", "at", postgresql_where=text("order_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    chat_id: Mapped[int]
    message_id: Mapped[int]
    album: Mapped[str | None] = mapped_column(String(64))
    sender_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    file_id: Mapped[str] = mapped_column(String(255))
    thumb_id: Mapped[str] = mapped_column(String(255))
    caption: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
