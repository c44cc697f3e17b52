"""Rules of who hears what, what each person wishes, the steps of the clock's ladders and what was said already."""

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, false, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class NotifyStep(Table):
    """After how many minutes a step of a ladder is told. `since`: facts older than this are nobody's concern."""

    __tablename__ = "notify_step"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    minutes: Mapped[int]
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class NotifyRule(Table):
    """One line of who hears a kind at a step, in a Site Operation, in one STO or everywhere.

    audience: a role's code, `holder`, `asker`, `uploader`, `person` (person_id), `chat` (chat_id, a topic of it) or
    `desk`: the helpdesk's groups of the STO it is about.
    """

    __tablename__ = "notify_rule"
    __table_args__ = (
        CheckConstraint("(audience = 'person') = (person_id IS NOT NULL)", name="person"),
        CheckConstraint("(audience = 'chat') = (chat_id IS NOT NULL)", name="chat"),
        CheckConstraint("num_nonnulls(site_operation_id, sto_id) < 2", name="unit"),
        Index(
            "uq_notify_rule_line",
            *("kind", "step", "site_operation_id", "audience", "person_id", "chat_id", "thread_id", "sto_id"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(SmallInteger)
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))
    sto_id: Mapped[int | None] = mapped_column(ForeignKey("sto.id"))
    audience: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chat_id: Mapped[int | None] = mapped_column(ForeignKey("chat.id"))
    thread_id: Mapped[int | None]
    language: Mapped[str | None] = mapped_column(String(2))  # None: the person's own; Indonesian in a group
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class NotifyWish(Table):
    """What a person wishes about its own private messages. Escalations heed none of it."""

    __tablename__ = "notify_wish"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    muted: Mapped[list[str]] = mapped_column(ARRAY(String(20)), default=list, server_default=text("'{}'"))
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    hourly: Mapped[bool] = mapped_column(default=False, server_default=false())


class Escalation(Table):
    """That a step was told of a subject since a fact; the key is why nobody hears it twice. A new fact arms it anew."""

    __tablename__ = "escalation"
    __table_args__ = (Index("ix_escalation_at", "at"),)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # an order, a question, an import
    fact_at: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    at: Mapped[datetime]


class HouseTrouble(Table):
    """A part of the house that is unwell; the row is gone when it is well again. told_at None: nobody was told yet."""

    __tablename__ = "house_trouble"

    part: Mapped[str] = mapped_column(String(24), primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    told_at: Mapped[datetime | None]


class HousePulse(Table):
    """When a part of the house that ticks by itself was last alive; written by itself, read by the web."""

    __tablename__ = "house_pulse"

    part: Mapped[str] = mapped_column(String(24), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
