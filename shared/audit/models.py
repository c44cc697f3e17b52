"""The table of the audit log. The database itself numbers and chains its rows and refuses to change one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class AuditRow(Table):
    """One act. A trigger (migration 0005) gives `id` and `hash`: no gaps, and each row is sealed with the one before.

    There is no foreign key to the person: a row outlives whom it names, and never waits for a lock on it.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at", "id"),
        Index("ix_audit_actor", "actor_id", "at", "id"),
        Index("ix_audit_what", "what", "at", "id"),
        Index("ix_audit_account", "subject", "at", postgresql_where=text("subject LIKE 'account:%'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default=text("0"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_id: Mapped[int | None]  # None: somebody unknown, or the house itself
    source: Mapped[str] = mapped_column(String(8))  # web, api, bot, system
    ip: Mapped[str] = mapped_column(String(45), server_default="")
    what: Mapped[str] = mapped_column(String(48))  # "login", "person.disabled", "delivery.sent_again"
    subject: Mapped[str] = mapped_column(String(120), server_default="")  # "person:12", "chat:-100…"
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    hash: Mapped[str] = mapped_column(String(64), server_default="")


class Anchor(Table):
    """The head of the log as it stood in an hour: rows that are removed later leave it pointing at nothing."""

    __tablename__ = "audit_anchor"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    audit_id: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
