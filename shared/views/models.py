"""The table of saved views: a name and what the queue's address says, one person's own. It knows no filter."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, String, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class SavedView(Table):
    """One view. query: the address after its question mark. starts: the queue opens with it; one a person at most."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("uq_saved_view_name", "person_id", "name", unique=True),
        Index("uq_saved_view_start", "person_id", unique=True, postgresql_where=text("starts")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(600))
    starts: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
